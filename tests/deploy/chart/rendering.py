"""Runs Helm on the chart, and reads what it renders."""

import os
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
CHART = ROOT / "deploy/kubernetes/scangate"
VALUES = Path(__file__).resolve().parent / "values"
TOOLS = ROOT / "target/test-kubernetes"


class UniqueKeysLoader(yaml.SafeLoader):
    """Reads YAML, and refuses a key that a mapping has twice: one of the two would be lost silently."""


def unique_mapping(loader, node, deep=False):
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key} is there twice", node.start_mark)
    return yaml.SafeLoader.construct_mapping(loader, node, deep)


UniqueKeysLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, unique_mapping)


def helm(*arguments, text=None):
    """Runs Helm. Returns its exit status, standard output and standard error."""
    program = os.environ.get("HELM", str(TOOLS / "bin/helm"))
    done = subprocess.run([program, *map(str, arguments)], input=text, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def render(values, *, release="city", extra=()):
    """The documents of the chart with a file of values."""
    status, out, error = helm("template", release, CHART, "--namespace", "city", "-f", values, *extra)
    if status:
        raise ValueError(error.strip())
    return [document for document in yaml.load_all(out, UniqueKeysLoader) if document]


def of_kind(documents, kind):
    return [document for document in documents if document["kind"] == kind]


def only(documents, kind):
    found = of_kind(documents, kind)
    if len(found) != 1:
        raise ValueError(f"{len(found)} documents of kind {kind}, one is expected")
    return found[0]


def pod(documents):
    """The template of the gateways' pods."""
    return only(documents, "StatefulSet")["spec"]["template"]


def reload_pod(documents):
    """The template of the pods that reload the gateways."""
    return only(documents, "CronJob")["spec"]["jobTemplate"]["spec"]["template"]


def policy(documents, component):
    """The network policies of a component's pods: one, or none where values switch them off."""
    label = "app.kubernetes.io/component"
    policies = of_kind(documents, "NetworkPolicy")
    return [one for one in policies if one["spec"]["podSelector"]["matchLabels"][label] == component]


def container(documents):
    return pod(documents)["spec"]["containers"][0]


def gateway_toml(documents):
    return only(documents, "ConfigMap")["data"]["gateway.toml"]
