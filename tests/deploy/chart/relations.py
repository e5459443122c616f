"""What must hold between the chart's documents. Each function yields what is wrong."""

import tomllib
from urllib.parse import urlsplit

from rendering import ROOT, container, gateway_toml, of_kind, only, pod, policy, reload_pod

FOLDER = "/etc/scangate/"
# The longest time between SIGTERM and the gateway's end: DRAIN_MAX.
DRAIN_S = 5
UNITS = {"Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "M": 10**6, "G": 10**9, "T": 10**12}


def selectors_match_the_pods_labels(documents):
    labels = pod(documents)["metadata"]["labels"]
    selectors = {"StatefulSet": only(documents, "StatefulSet")["spec"]["selector"]["matchLabels"]}
    for service in of_kind(documents, "Service"):
        selectors[f"Service {service['metadata']['name']}"] = service["spec"]["selector"]
    for kind in ("PodDisruptionBudget", "PodMonitor"):
        for document in of_kind(documents, kind):
            selectors[kind] = document["spec"]["selector"]["matchLabels"]
    for own in policy(documents, "gateway"):
        selectors["NetworkPolicy"] = own["spec"]["podSelector"]["matchLabels"]
    for constraint in pod(documents)["spec"]["topologySpreadConstraints"]:
        selectors[constraint["topologyKey"]] = constraint["labelSelector"]["matchLabels"]
    for name, selector in selectors.items():
        missing = {key: value for key, value in selector.items() if labels.get(key) != value}
        if missing or not selector:
            yield f"{name} selects {missing or 'every pod'}, and the pods have {labels}"


def ports_are_the_containers(documents):
    ports = {port["name"]: (port["containerPort"], port["protocol"]) for port in container(documents)["ports"]}
    listens = {name: number for name, (number, _) in ports.items()}
    config = tomllib.loads(gateway_toml(documents))
    for key, names in {"listen": ("http3", "https"), "admin": ("admin",)}.items():
        port = int(config[key].rsplit(":", 1)[1])
        for name in names:
            if listens[name] != port:
                yield f"{key} has port {port}, and the container's port {name} is {listens[name]}"
    for service in of_kind(documents, "Service"):
        for port in service["spec"]["ports"]:
            if ports.get(port["targetPort"], (0, ""))[1] != port["protocol"]:
                yield f"Service {service['metadata']['name']}: no port {port['targetPort']} of {port['protocol']}"
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        if container(documents)[probe]["httpGet"]["port"] != "admin":
            yield f"{probe} does not ask the admin listener"
    for monitor in of_kind(documents, "PodMonitor"):
        named = [endpoint["port"] for endpoint in monitor["spec"]["podMetricsEndpoints"]]
        if named != ["admin"]:
            yield f"PodMonitor scrapes {named}"
    annotated = pod(documents)["metadata"]["annotations"].get("prometheus.io/port")
    if annotated not in (None, str(listens["admin"])):
        yield f"the annotation prometheus.io/port is {annotated}"
    for own in policy(documents, "gateway"):
        admitted = {(p["port"], p["protocol"]) for rule in own["spec"]["ingress"] for p in rule["ports"]}
        if admitted != set(ports.values()):
            yield f"NetworkPolicy admits {sorted(admitted)}, and the container has {sorted(ports.values())}"
        for rule in own["spec"]["ingress"]:
            is_admin = any(port["port"] == listens["admin"] for port in rule["ports"])
            if is_admin != bool(rule.get("from")):
                yield "NetworkPolicy: phones come from anywhere, and only monitoring reaches the admin listener"


def phones_reach_both_protocols_on_the_origins_port(documents):
    origin = urlsplit(tomllib.loads(gateway_toml(documents))["origin"])
    public = [s for s in of_kind(documents, "Service") if s["spec"].get("clusterIP") != "None"]
    reached = sorted((port["protocol"], port["port"]) for s in public for port in s["spec"]["ports"])
    wanted = [("TCP", origin.port or 443), ("UDP", origin.port or 443)]
    if reached != wanted:
        yield f"the services have {reached}, and the origin needs {wanted}"
    for service in public:
        if service["spec"]["type"] != "ClusterIP" and service["spec"].get("externalTrafficPolicy") != "Local":
            yield "externalTrafficPolicy is not Local: gateways would see the nodes' addresses"
        if service["spec"].get("sessionAffinity") != "ClientIP":
            yield "sessionAffinity is not ClientIP"


def files_of_the_configuration_are_mounted(documents):
    spec = pod(documents)["spec"]
    mounts = {mount["name"]: mount for mount in container(documents)["volumeMounts"]}
    if mounts["settings"]["mountPath"] + "/" != FOLDER or mounts["settings"].get("readOnly") is not True:
        yield f"the settings are not mounted read-only at {FOLDER}"
    sources = next(volume for volume in spec["volumes"] if volume["name"] == "settings")["projected"]["sources"]
    config_map = only(documents, "ConfigMap")
    mounted, documented = set(), (ROOT / "deploy/kubernetes/scangate/values.yaml").read_text()
    for source in sources:
        if "configMap" in source:
            if source["configMap"]["name"] != config_map["metadata"]["name"]:
                yield f"the chart makes no ConfigMap {source['configMap']['name']}"
            mounted |= set(config_map["data"])
        for item in source.get("secret", {}).get("items", []):
            mounted.add(item["path"])
            if f"`{item['key']}`" not in documented:
                yield f"values.yaml does not describe the key {item['key']} of a Secret"
    named = set(strings(tomllib.loads(gateway_toml(documents)))) | set(container(documents)["args"])
    used = {text.split(FOLDER, 1)[1] for text in named if FOLDER in text}
    for path in sorted(used - mounted):
        yield f"{FOLDER}{path} is used and not mounted"
    for path in sorted(mounted - used):
        yield f"{FOLDER}{path} is mounted and not used"


def strings(value):
    """All texts of a TOML document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from strings(each)


def a_gateway_owns_its_data_folder(documents):
    data = tomllib.loads(gateway_toml(documents))["data"]
    workload = only(documents, "StatefulSet")["spec"]
    mount = next(m["mountPath"] for m in container(documents)["volumeMounts"] if m["name"] == "data")
    if not data.startswith(mount + "/"):
        yield f"the data folder {data} is not below the volume at {mount}"
    [claim] = workload["volumeClaimTemplates"]
    if claim["metadata"]["name"] != "data":
        yield f"the volume claim is {claim['metadata']['name']}"
    if claim["spec"]["accessModes"] not in (["ReadWriteOncePod"], ["ReadWriteOnce"]):
        yield f"{claim['spec']['accessModes']} lets two gateways mount one volume"
    if set(workload["persistentVolumeClaimRetentionPolicy"].values()) != {"Retain"}:
        yield "Kubernetes may delete a volume with check-ins"
    for volume in pod(documents)["spec"]["volumes"]:
        mount = next(m for m in container(documents)["volumeMounts"] if m["name"] == volume["name"])
        if data.startswith(mount["mountPath"]) or "persistentVolumeClaim" in volume and "subPathExpr" not in mount:
            yield f"gateways share {mount['mountPath']}"
    size = claim["spec"]["resources"]["requests"]["storage"]
    unit = next(unit for unit in UNITS if size.endswith(unit))
    journal = tomllib.loads(gateway_toml(documents)).get("journal", {}).get("disk_mib_max", 4096) * UNITS["Mi"]
    if float(size.removesuffix(unit)) * UNITS[unit] <= journal:
        yield f"the volume of {size} is not larger than the journal of {journal} bytes"
    headless = [s for s in of_kind(documents, "Service") if s["metadata"]["name"] == workload["serviceName"]]
    if not headless or headless[0]["spec"].get("clusterIP") != "None":
        yield f"{workload['serviceName']} is not a headless service"


def pods_are_restricted(documents):
    """The profile `restricted` of the Pod Security Standards, and a root folder that is read-only."""
    if of_kind(documents, "Secret"):
        yield "the chart makes a Secret"
    if only(documents, "ServiceAccount").get("automountServiceAccountToken") is not False:
        yield "the service account's token is mounted"
    pods = {"gateway": pod(documents)}
    if of_kind(documents, "CronJob"):
        pods["reload"] = reload_pod(documents)
    for name, template in pods.items():
        yield from (f"{name}: not so: {rule}" for rule, is_so in restrictions(template["spec"]).items() if not is_so)


def restrictions(spec):
    """The rules for a pod by name, with whether it keeps them."""
    [own] = spec["containers"]
    image = (ROOT / "deploy/compose/Dockerfile").read_text()
    user, security = spec["securityContext"], own["securityContext"]
    return {
        "the image's user": f"USER {user['runAsUser']}:{user['runAsGroup']}\n" in image,
        "runAsNonRoot": user.get("runAsNonRoot") is True,
        "seccompProfile": user.get("seccompProfile") == {"type": "RuntimeDefault"},
        "fsGroup": user.get("fsGroup") == user["runAsGroup"],
        "readOnlyRootFilesystem": security.get("readOnlyRootFilesystem") is True,
        "allowPrivilegeEscalation": security.get("allowPrivilegeEscalation") is False,
        "privileged": security.get("privileged") is False,
        "capabilities": security.get("capabilities") == {"drop": ["ALL"]},
        "no token of a service account": spec.get("automountServiceAccountToken") is False,
        "no variables of services": spec.get("enableServiceLinks") is False,
        "no host network, processes or volumes": not any(key.startswith("host") for key in spec),
        "limits": {"cpu", "memory"} <= set(own["resources"]["limits"]),
    }


def a_stop_leaves_time_for_the_drain(documents):
    deadlines = (ROOT / "gateway/src/serve/deadlines.rs").read_text()
    if f"DRAIN_MAX: Duration = Duration::from_secs({DRAIN_S});" not in deadlines:
        yield f"the gateway's DRAIN_MAX is not {DRAIN_S} s any more"
    before = container(documents)["lifecycle"]["preStop"]["sleep"]["seconds"]
    grace = pod(documents)["spec"]["terminationGracePeriodSeconds"]
    if grace < before + 2 * DRAIN_S:
        yield f"the grace period of {grace} s is too short for {before} s and a drain"
    if only(documents, "PodDisruptionBudget")["spec"].get("maxUnavailable") != 1:
        yield "more than one gateway may be away"


def gateways_reach_what_they_call(documents):
    config = tomllib.loads(gateway_toml(documents))
    wanted = {("UDP", 53), ("TCP", 53)}
    if config["store"] != "embedded":
        for host in config["store"].removeprefix("cql://").split("/")[0].split(","):
            port = urlsplit(f"//{host}").port
            wanted.add(("TCP", port or 9042))
    for key in ("sms_webhook", "face_webhook"):
        if key in config.get("registration", {}):
            wanted.add(("TCP", urlsplit(config["registration"][key]).port or 443))
    for own in policy(documents, "gateway"):
        opened = {(port["protocol"], port["port"]) for rule in own["spec"]["egress"] for port in rule["ports"]}
        if opened != wanted:
            yield f"NetworkPolicy opens {sorted(opened)}, and the gateway calls {sorted(wanted)}"


def the_reload_reaches_every_gateway(documents):
    for job in of_kind(documents, "CronJob"):
        labels = reload_pod(documents)["metadata"]["labels"]
        workload = only(documents, "StatefulSet")
        [script] = reload_pod(documents)["spec"]["containers"][0]["args"]
        host = f"{workload['metadata']['name']}-$number.{workload['spec']['serviceName']}"
        if f'"{host}"' not in script:
            yield f"{job['metadata']['name']} does not call {host}"
        if f"{{0..{workload['spec']['replicas'] - 1}}}" not in script:
            yield f"{job['metadata']['name']} does not call each of {workload['spec']['replicas']} gateways"
        selector = workload["spec"]["selector"]["matchLabels"]
        if selector.items() <= labels.items():
            yield "the services and the StatefulSet select the job's pods"
        for own in policy(documents, "gateway"):
            peers = [peer for rule in own["spec"]["ingress"] for peer in rule.get("from", [])]
            if not any(selects(peer, labels) for peer in peers):
                yield "NetworkPolicy keeps the job from the gateways"
        for own in policy(documents, "reload"):
            peers = [peer for rule in own["spec"]["egress"] for peer in rule.get("to", [])]
            if not any(selects(peer, pod(documents)["metadata"]["labels"]) for peer in peers):
                yield "the job's NetworkPolicy does not lead to the gateways"


def selects(peer, labels):
    """Whether a peer is the pods of this namespace with these labels."""
    return set(peer) == {"podSelector"} and peer["podSelector"]["matchLabels"].items() <= labels.items()


def metrics_are_named_as_the_alarms_expect(documents):
    """The alarms select `job="gateway"` and tell gateways apart by `instance`."""
    for monitor in of_kind(documents, "PodMonitor"):
        job = pod(documents)["metadata"]["labels"].get(monitor["spec"].get("jobLabel"))
        if job != "gateway":
            yield f"the job is called {job}"
        [endpoint] = monitor["spec"]["podMetricsEndpoints"]
        if not any(rule["targetLabel"] == "instance" for rule in endpoint.get("relabelings", [])):
            yield "the instance is an address, which changes with each restart"


ALL = [
    selectors_match_the_pods_labels,
    ports_are_the_containers,
    phones_reach_both_protocols_on_the_origins_port,
    files_of_the_configuration_are_mounted,
    a_gateway_owns_its_data_folder,
    pods_are_restricted,
    a_stop_leaves_time_for_the_drain,
    gateways_reach_what_they_call,
    the_reload_reaches_every_gateway,
    metrics_are_named_as_the_alarms_expect,
]
