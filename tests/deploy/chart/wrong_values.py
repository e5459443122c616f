"""Values that the chart must refuse, with a part of the message. They change `values/city.yaml`."""

import json

from rendering import CHART, VALUES, helm

WRONG = [
    ({"replica": 3}, "additional properties 'replica' not allowed"),
    ({"replicas": 0}, "at '/replicas': minimum: got 0, want 1"),
    ({"replicas": "3"}, "at '/replicas': got string, want integer"),
    ({"origin": ""}, "at '/origin': '' does not match pattern"),
    ({"origin": "http://gate.example"}, "at '/origin': 'http://gate.example' does not match pattern"),
    ({"origin": "https://gate.example/path"}, "at '/origin': 'https://gate.example/path' does not match"),
    ({"origin": "https://gate.example"}, "leads phones to port 443, and service.port is 8443"),
    ({"service": {"port": 443}}, "leads phones to port 8443, and service.port is 443"),
    ({"service": {"port": 70000}}, "at '/service/port': maximum: got 70,000, want 65,535"),
    ({"service": {"type": "ExternalName"}}, "at '/service/type': value must be one of"),
    ({"service": {"layout": "both"}}, "at '/service/layout': value must be one of"),
    ({"service": {"annotations": {"a": 1}}}, "at '/service/annotations/a': got number, want string"),
    ({"service": {"externalTrafficPolicy": "Cluster"}}, "additional properties 'externalTrafficPolicy'"),
    ({"store": {"kind": "embedded", "hosts": []}}, "at '/replicas': value must be 1"),
    ({"store": {"kind": "memory"}}, "at '/store/kind': value must be one of 'cql', 'embedded'"),
    ({"store": {"hosts": []}}, "at '/store/hosts': minItems: got 0, want 1"),
    ({"store": {"hosts": ["cql://a"]}}, "at '/store/hosts/0': 'cql://a' does not match"),
    ({"store": {"keyspace": "my-city"}}, "at '/store/keyspace': 'my-city' does not match"),
    ({"secrets": {"deployment": ""}}, "at '/secrets/deployment': '' does not match"),
    ({"secrets": {"deployment": "City"}}, "at '/secrets/deployment': 'City' does not match"),
    ({"secrets": {"password": "x"}}, "additional properties 'password' not allowed"),
    ({"config": {"worker": 2}}, "additional properties 'worker' not allowed"),
    ({"config": {"listen": "0.0.0.0:1"}}, "additional properties 'listen' not allowed"),
    ({"config": {"workers": 257}}, "at '/config/workers': maximum: got 257, want 256"),
    ({"config": {"retention_days": 1.5}}, "at '/config/retention_days': got number, want integer"),
    ({"config": {"journal": {"disk_mib": 1}}}, "additional properties 'disk_mib' not allowed"),
    ({"config": {"cql": {"consistency": "two"}}}, "at '/config/cql/consistency': value must be one of"),
    ({"config": {"cql": {"login": "/x"}}}, "additional properties 'login' not allowed"),
    ({"config": {"tracer": {"tell_after": "1w"}}}, "at '/config/tracer/tell_after': '1w' does not match"),
    ({"config": {"channel": [{"name": "a"}]}}, "missing property 'requests_a_second_max'"),
    ({"logFormat": "xml"}, "at '/logFormat': value must be one of 'json', 'text'"),
    ({"listenAddress": "127.0.0.1"}, "at '/listenAddress': value must be one of"),
    ({"reload": {"schedule": "daily"}}, "at '/reload/schedule': 'daily' does not match"),
    ({"endpointsRemovedSeconds": 0}, "at '/endpointsRemovedSeconds': minimum: got 0, want 1"),
    ({"image": {"digest": "sha256:12"}}, "at '/image/digest': 'sha256:12' does not match"),
    ({"image": {"pullPolicy": "Sometimes"}}, "at '/image/pullPolicy': value must be one of"),
    ({"volume": {"accessMode": "ReadWriteMany"}}, "at '/volume/accessMode': value must be one of"),
    ({"volume": {"size": "10"}}, "at '/volume/size': '10' does not match"),
    ({"resources": {"limits": {"cpu": "four"}}}, "at '/resources/limits/cpu': 'four' does not match"),
    ({"resources": {"limits": {"gpu": 1}}}, "additional properties 'gpu' not allowed"),
    ({"spread": {"nodes": "Always"}}, "at '/spread/nodes': value must be one of"),
    ({"tolerations": [{"operator": "Like"}]}, "at '/tolerations/0/operator': value must be one of"),
    ({"networkPolicy": {"monitoring": ["prometheus"]}}, "at '/networkPolicy/monitoring/0': got string, want object"),
    ({"networkPolicy": {"store": [{}]}}, "at '/networkPolicy/store/0': minProperties: got 0, want 1"),
    ({"networkPolicy": {"store": [{"ipBlock": {"cidr": "10.0.0.1"}}]}}, "/ipBlock/cidr': '10.0.0.1' does not match"),
    ({"monitoring": {"rules": {"Slow": "groups: []"}}}, "invalid propertyName 'Slow'"),
    ({"monitoring": {"rules": {"slow": "rules: []"}}}, "monitoring.rules.slow is not a file of Prometheus rules"),
    ({"files": {"mark": "x" * 16_385}}, "at '/files/mark': maxLength: got 16,385, want 16,384"),
]


def refusal(changes):
    """What Helm says of the changed values; empty if it renders them. JSON is YAML too."""
    values = ["-f", VALUES / "city.yaml", "-f", "-"]
    status, _, error = helm("template", "city", CHART, *values, text=json.dumps(changes))
    return error.strip() if status else ""


def descriptions_missing():
    """The values of the schema without a description, and the objects that admit unknown values."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    return list(undescribed(schema, ""))


def undescribed(node, path):
    for key, value in node.get("properties", {}).items():
        if "description" not in value and "$ref" not in value and path != "/$defs":
            yield f"{path}/{key} has no description"
        yield from undescribed(value, f"{path}/{key}")
    if "properties" in node and "if" not in node and node.get("additionalProperties") is not False:
        yield f"{path} admits unknown values"
    if isinstance(node.get("items"), dict):
        yield from undescribed(node["items"], f"{path}/items")
    for key, value in node.get("$defs", {}).items():
        yield from undescribed(value, f"{path}/$defs/{key}")
