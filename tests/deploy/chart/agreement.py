"""What the chart must share with the rest of the repository."""

import re
import tomllib

import yaml

from rendering import CHART, ROOT, VALUES, gateway_toml, render


def every_key_of_the_gateway_can_be_set():
    """Each key of gateway.example.toml stands in what values/everything.yaml renders."""
    example = (ROOT / "deploy/gateway.example.toml").read_text()
    # A key without a default is commented out there: `#origin = …`, `#[[channel]]`.
    known = set(keys(tomllib.loads(re.sub(r'^#(?=[\w"\[])', "", example, flags=re.MULTILINE))))
    rendered = set(keys(tomllib.loads(gateway_toml(render(VALUES / "everything.yaml")))))
    yield from (f"values cannot set {key}" for key in sorted(known - rendered))
    yield from (f"the gateway does not know {key}" for key in sorted(rendered - known))


def keys(table, path=""):
    for key, value in table.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            value = {name: one for entry in value for name, one in entry.items()}
        if isinstance(value, dict) and key != "translate":
            yield from keys(value, f"{path}{key}.")
        else:
            yield path + key


def versions_are_the_gateways():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    if chart["appVersion"] != version:
        yield f"appVersion is {chart['appVersion']}, and the gateway is {version}"


def the_readme_names_every_value():
    text = (ROOT / "deploy/kubernetes/README.md").read_text()
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    for name, value in values.items():
        inner = [f"{name}.{key}" for key in value] if isinstance(value, dict) and name not in WHOLE else []
        for path in inner or [name]:
            if f"`{path}`" not in text:
                yield f"README.md does not name {path}"


# Values that the README describes as one.
WHOLE = ("config", "nodeSelector", "resources")

ALL = [every_key_of_the_gateway_can_be_set, versions_are_the_gateways, the_readme_names_every_value]
