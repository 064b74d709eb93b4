"""Nodes and pods for tests of capacity: as the API server shows them, with little in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tigctl.targets.kubernetes.pods import Pod

Object = dict[str, Any]
HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
GIB = 2**30


def node(
    name: str,
    *,
    cpu: str = "4",
    memory: str = "8Gi",
    pods: str = "110",
    zone: str = "",
    taints: Sequence[Mapping[str, str]] = (),
    ready: str = "True",
    **spec: Any,
) -> Object:
    labels = {HOST: name, **({ZONE: zone} if zone else {})}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {**({"taints": list(taints)} if taints else {}), **spec},
        "status": {
            "allocatable": {"cpu": cpu, "memory": memory, "pods": pods},
            "conditions": [{"type": "Ready", "status": ready}],
        },
    }


def container(cpu: str = "", memory: str = "") -> Object:
    wants = {"cpu": cpu, "memory": memory}
    return {"name": "main", "resources": {"requests": {k: v for k, v in wants.items() if v}}}


def pod(
    name: str,
    *,
    cpu: str = "100m",
    memory: str = "256Mi",
    namespace: str = "tig-acme",
    on: str = "",
    owner: str = "ReplicaSet",
    labels: Mapping[str, str] | None = None,
    **spec: Any,
) -> Pod:
    return Pod.of(
        {
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": labels or {},
                "ownerReferences": [{"kind": owner}],
            },
            "spec": {
                "containers": [container(cpu, memory)],
                **({"nodeName": on} if on else {}),
                **spec,
            },
        }
    )


def apart(*keys: str, labels: Mapping[str, str] | None = None, **term: Any) -> Object:
    """Required anti-affinity to pods with these labels, over each of the keys."""
    terms = [
        {"topologyKey": key, "labelSelector": {"matchLabels": dict(labels or {})}, **term}
        for key in keys
    ]
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
