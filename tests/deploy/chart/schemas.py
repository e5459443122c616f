"""Compares documents with the schemas of the Kubernetes API and of the Prometheus operator."""

import kubernetes_validate
import pydantic
from cloudcoil.models.prometheus_operator import v1 as monitoring

# The oldest version that Chart.yaml admits, and the newest that the package has schemas of.
VERSIONS = ("1.30", "1.37")
MONITORING = {"PodMonitor": monitoring.PodMonitor, "PrometheusRule": monitoring.PrometheusRule}


def faults(document):
    """What a document has that its schemas do not permit."""
    if document["apiVersion"].startswith("monitoring.coreos.com/"):
        return list(monitoring_faults(document))
    return [fault for version in VERSIONS for fault in kubernetes_faults(document, version)]


def kubernetes_faults(document, version):
    try:
        kubernetes_validate.validate(document, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        yield f"{version}: {'.'.join(map(str, error.path))}: {error.message}"
    except kubernetes_validate.SchemaNotFoundError as error:
        yield error.message


def monitoring_faults(document):
    model = MONITORING.get(document["kind"])
    if not model:
        yield f"no schema of {document['kind']}"
        return
    try:
        read = model.model_validate(document).model_dump(mode="json", by_alias=True, exclude_unset=True)
    except pydantic.ValidationError as error:
        yield from (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        return
    # The model drops the fields that it does not know.
    yield from (f"{path}: unknown field" for path in dropped(document, read, document["kind"]))


def dropped(given, read, path):
    if isinstance(given, dict):
        for key, value in given.items():
            if not isinstance(read, dict) or key not in read:
                yield f"{path}.{key}"
            else:
                yield from dropped(value, read[key], f"{path}.{key}")
    elif isinstance(given, list):
        for index, value in enumerate(given):
            if index >= len(read):
                yield f"{path}.{index}"
            else:
                yield from dropped(value, read[index], f"{path}.{index}")
