"""Changes to right documents, with what must find them. A check that finds none of these is worth nothing."""

import copy

import relations
import schemas
from rendering import container, of_kind, only, pod, policy, reload_pod

# Each is a kind, a change of its document, and a part of the schemas' message.
SCHEMA_BREAKS = [
    ("StatefulSet", lambda d: d["spec"].update(replicaz=3), "'replicaz' was unexpected"),
    ("StatefulSet", lambda d: d["spec"].update(replicas="3"), "'3' is not of type"),
    ("StatefulSet", lambda d: d["spec"].pop("selector"), "'selector' is a required property"),
    ("StatefulSet", lambda d: container_of(d)["readinessProbe"].update(path="/readyz"), "'path' was unexpected"),
    ("StatefulSet", lambda d: container_of(d)["ports"][0].update(containerPort="8443"), "'8443' is not of type"),
    ("StatefulSet", lambda d: container_of(d)["securityContext"].update(runAsRoot=True), "'runAsRoot' was unexpected"),
    ("Service", lambda d: d["spec"]["ports"][0].pop("port"), "'port' is a required property"),
    ("Service", lambda d: d["spec"].update(externalTraffic="Local"), "'externalTraffic' was unexpected"),
    ("NetworkPolicy", lambda d: d["spec"].update(policyTypes="Ingress"), "'Ingress' is not of type"),
    ("PodDisruptionBudget", lambda d: d["spec"].update(maxUnavailible=1), "'maxUnavailible' was unexpected"),
    ("CronJob", lambda d: d["spec"].pop("schedule"), "'schedule' is a required property"),
    ("ServiceAccount", lambda d: d.update(automount=False), "'automount' was unexpected"),
    ("ConfigMap", lambda d: d["data"].update(number=1), "1 is not of type"),
    ("ConfigMap", lambda d: d.update(kind="ConfigMapp"), "Couldn't find schema for kind ConfigMapp"),
    ("PodMonitor", lambda d: endpoint_of(d).update(intervall="5s"), "intervall: unknown field"),
    ("PodMonitor", lambda d: endpoint_of(d).update(interval="5 s"), "String should match pattern"),
    ("PodMonitor", lambda d: d["spec"].pop("selector"), "spec.selector: Field required"),
    ("PrometheusRule", lambda d: rule_of(d).update(four="1m"), "four: unknown field"),
    ("PrometheusRule", lambda d: rule_of(d).pop("expr"), "expr: Field required"),
    ("PrometheusRule", lambda d: d.update(kind="PrometheusRuler"), "no schema of PrometheusRuler"),
]


def container_of(workload):
    return workload["spec"]["template"]["spec"]["containers"][0]


def endpoint_of(monitor):
    return monitor["spec"]["podMetricsEndpoints"][0]


def rule_of(rules):
    return rules["spec"]["groups"][0]["rules"][0]


def edit_toml(old, new):
    def change(documents):
        data = only(documents, "ConfigMap")["data"]
        assert old in data["gateway.toml"], old
        data["gateway.toml"] = data["gateway.toml"].replace(old, new)
    return change


def public(documents):
    return [s for s in of_kind(documents, "Service") if s["spec"].get("clusterIP") != "None"]


def workload(documents):
    return only(documents, "StatefulSet")["spec"]


# Each is the relation that must find a change of the documents of values/everything.yaml.
RELATION_BREAKS = [
    (relations.selectors_match_the_pods_labels, lambda d: public(d)[0]["spec"]["selector"].update(tier="web")),
    (relations.selectors_match_the_pods_labels,
     lambda d: only(d, "PodMonitor")["spec"]["selector"].update(matchLabels={})),
    (relations.selectors_match_the_pods_labels, lambda d: pod(d)["metadata"]["labels"].pop("app.kubernetes.io/name")),
    (relations.ports_are_the_containers, lambda d: container(d)["ports"][0].update(containerPort=8444)),
    (relations.ports_are_the_containers, lambda d: public(d)[0]["spec"]["ports"][0].update(protocol="TCP")),
    (relations.ports_are_the_containers, lambda d: container(d)["livenessProbe"]["httpGet"].update(port="https")),
    (relations.ports_are_the_containers, lambda d: endpoint_of(only(d, "PodMonitor")).update(port="https")),
    (relations.ports_are_the_containers, edit_toml("[::]:9443", "[::]:9444")),
    (relations.ports_are_the_containers, lambda d: policy(d, "gateway")[0]["spec"]["ingress"][1].pop("from")),
    (relations.ports_are_the_containers, lambda d: policy(d, "gateway")[0]["spec"]["ingress"][0]["ports"].pop()),
    (relations.phones_reach_both_protocols_on_the_origins_port, lambda d: d.remove(public(d)[0])),
    (relations.phones_reach_both_protocols_on_the_origins_port, edit_toml("gate.example", "gate.example:8443")),
    (relations.phones_reach_both_protocols_on_the_origins_port,
     lambda d: public(d)[0]["spec"].pop("externalTrafficPolicy")),
    (relations.files_of_the_configuration_are_mounted, edit_toml("/etc/scangate/key.pem", "/etc/scangate/key")),
    (relations.files_of_the_configuration_are_mounted, lambda d: only(d, "ConfigMap")["data"].update(more="")),
    (relations.files_of_the_configuration_are_mounted, lambda d: only(d, "ConfigMap")["metadata"].update(name="x")),
    (relations.a_gateway_owns_its_data_folder, edit_toml('"/data/gateway"', '"/data"')),
    (relations.a_gateway_owns_its_data_folder, edit_toml("disk_mib_max = 4608", "disk_mib_max = 40960")),
    (relations.a_gateway_owns_its_data_folder,
     lambda d: workload(d)["volumeClaimTemplates"][0]["spec"].update(accessModes=["ReadWriteMany"])),
    (relations.a_gateway_owns_its_data_folder,
     lambda d: workload(d)["persistentVolumeClaimRetentionPolicy"].update(whenScaled="Delete")),
    (relations.a_gateway_owns_its_data_folder, lambda d: workload(d).update(serviceName="city-scangate-udp")),
    (relations.a_gateway_owns_its_data_folder, lambda d: container(d)["volumeMounts"][2].pop("subPathExpr")),
    (relations.pods_are_restricted, lambda d: container(d)["securityContext"].pop("readOnlyRootFilesystem")),
    (relations.pods_are_restricted, lambda d: pod(d)["spec"]["securityContext"].update(runAsUser=0)),
    (relations.pods_are_restricted, lambda d: pod(d)["spec"].update(hostNetwork=True)),
    (relations.pods_are_restricted, lambda d: d.append({"kind": "Secret"})),
    (relations.a_stop_leaves_time_for_the_drain, lambda d: pod(d)["spec"].update(terminationGracePeriodSeconds=30)),
    (relations.a_stop_leaves_time_for_the_drain,
     lambda d: only(d, "PodDisruptionBudget")["spec"].update(maxUnavailable=2)),
    (relations.metrics_are_named_as_the_alarms_expect, lambda d: only(d, "PodMonitor")["spec"].pop("jobLabel")),
    (relations.metrics_are_named_as_the_alarms_expect, lambda d: endpoint_of(only(d, "PodMonitor")).pop("relabelings")),
    (relations.gateways_reach_what_they_call, edit_toml("scylla.example", "scylla.example:9999")),
    (relations.pods_are_restricted, lambda d: reload_pod(d)["spec"].pop("automountServiceAccountToken")),
    (relations.the_reload_reaches_every_gateway, lambda d: workload(d).update(replicas=6)),
    (relations.the_reload_reaches_every_gateway, lambda d: workload(d).update(serviceName="city")),
    (relations.the_reload_reaches_every_gateway,
     lambda d: reload_pod(d)["metadata"]["labels"].update(pod(d)["metadata"]["labels"])),
    (relations.the_reload_reaches_every_gateway,
     lambda d: policy(d, "gateway")[0]["spec"]["ingress"][1]["from"].pop(0)),
    (relations.the_reload_reaches_every_gateway, lambda d: policy(d, "reload")[0]["spec"]["egress"].pop()),
    (relations.gateways_reach_what_they_call, edit_toml("faces.example:8444", "faces.example")),
]


def schema_breaks_not_found(documents):
    for kind, change, message in SCHEMA_BREAKS:
        document = copy.deepcopy(of_kind(documents, kind)[0])
        change(document)
        found = schemas.faults(document)
        if not any(message in fault for fault in found):
            yield f"{kind}: expected `{message}`, found {found or 'nothing'}"


def relation_breaks_not_found(documents):
    for number, (relation, change) in enumerate(RELATION_BREAKS, 1):
        broken = copy.deepcopy(documents)
        change(broken)
        if not list(relation(broken)):
            yield f"{relation.__name__} does not find the change {number} of the table"
