"""The tenant's volume claims."""

from __future__ import annotations

from tigctl.render.kubernetes.model import Object, Stack
from tigctl.spec.quantity import format_size


def claims(stack: Stack) -> list[Object]:
    """A claim for InfluxDB, and one for what people make in Grafana unless that is not kept."""
    storage = stack.settings.storage
    sizes = {"influxdb": storage.influxdb, "grafana": storage.grafana}
    return [_claim(stack, component, size) for component, size in sizes.items() if size]


def _claim(stack: Stack, component: str, size: int) -> Object:
    spec: Object = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": format_size(size)}},
    }
    if stack.settings.storage.class_:
        spec["storageClassName"] = stack.settings.storage.class_
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": stack.metadata(f"{component}-data", component),
        "spec": spec,
    }
