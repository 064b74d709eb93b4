"""The tenant's volume claims, and a storage class where it wants one of its own."""

from __future__ import annotations

import json
from hashlib import sha256

from tigctl.render.kubernetes import reference
from tigctl.render.kubernetes.model import Object, Stack
from tigctl.spec.quantity import format_size
from tigctl.spec.stack import LONGHORN_KEYS, Storage


def claims(stack: Stack) -> list[Object]:
    """A claim for InfluxDB, one for Grafana unless nothing of it is kept, and their class.

    The class comes first: it is the cluster's, named by its content, and shared by all tenants
    that want the same.
    """
    storage = stack.settings.storage
    influxdb, grafana, longhorn = reference.load("storage")
    own = _class(longhorn, storage)
    found = [own] if own else []
    sizes = ((influxdb, "influxdb", storage.influxdb), (grafana, "grafana", storage.grafana))
    for claim, component, size in sizes:
        if not size:
            continue
        claim["metadata"] = stack.metadata(f"{component}-data", component)
        claim["spec"]["resources"]["requests"]["storage"] = format_size(size)
        if name := own["metadata"]["name"] if own else storage.class_:
            claim["spec"]["storageClassName"] = name
        found.append(claim)
    return found


def growth(live_bytes: int, wanted_bytes: int) -> str | None:
    """Why a volume that has `live_bytes` cannot get `wanted_bytes`; None where it can.

    A sentence to go behind the volume's name. What a volume has is the larger of what its claim
    requests and what its status says it got.
    """
    if wanted_bytes >= live_bytes:
        return None
    return (
        f"has {_shown(live_bytes)}, {_shown(wanted_bytes)} is wanted, and volumes never shrink;"
        f" write at least {_shown(_whole(live_bytes))}, or restore a backup into a new volume"
    )


def _whole(count: int) -> int:
    """The next size that can be written: a live one may be any number of bytes."""
    return -(-count // 1024) * 1024


def _shown(count: int) -> str:
    return f"{count:,} bytes" if count % 1024 else format_size(count)


def _class(longhorn: Object, storage: Storage) -> Object | None:
    """The class that the tenant's settings make; None where they name one or say nothing."""
    if storage.class_ or not storage.model_fields_set & set(LONGHORN_KEYS):
        return None
    parameters = longhorn["parameters"]
    parameters["numberOfReplicas"] = str(storage.replicas)
    for key, value in (
        ("dataLocality", storage.data_locality),
        ("nodeSelector", ",".join(sorted(storage.node_tags))),
        ("diskSelector", ",".join(sorted(storage.disk_tags))),
    ):
        if value:
            parameters[key] = value
    # Nothing but its metadata can be changed, so all the rest is what the name stands for.
    said = {key: value for key, value in longhorn.items() if key != "metadata"}
    content = json.dumps(said, sort_keys=True).encode()
    longhorn["metadata"]["name"] += f"-{sha256(content).hexdigest()[:8]}"
    return longhorn
