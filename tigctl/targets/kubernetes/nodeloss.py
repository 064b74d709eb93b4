"""Pods with whom nothing is wrong but that their node is silent or gone."""

from __future__ import annotations

from collections.abc import Iterable

from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.backends.kubernetes.errors import Forbidden
from tigctl.targets.kubernetes import conditions


def why(cluster: Cluster, kind: str, pods: Iterable[Object]) -> str:
    """What keeps one of a workload's pods from running; empty where its node is well.

    `kind` is the workload's: a StatefulSet starts no other pod while the former one may run.
    """
    for pod in pods:
        node = (pod.get("spec") or {}).get("nodeName", "")
        lost = _silence(cluster, str(node)) if node and not conditions.holds(pod, "Ready") else ""
        if not lost:
            continue
        name = pod["metadata"]["name"]
        if not pod["metadata"].get("deletionTimestamp"):
            return f"{name}: {lost}; soon the pod is given up there"
        if kind != "StatefulSet":
            return f"{name}: {lost}; another pod takes its place"
        return (
            f"{name}: {lost}; it starts elsewhere when the node is back, the pod is deleted by"
            " force, or the node has the taint node.kubernetes.io/out-of-service"
        )
    return ""


def _silence(cluster: Cluster, name: str) -> str:
    """Since when a node has not been heard of; empty where it is well, or nobody may look."""
    try:
        nodes = cluster.objects("Node", fields=f"metadata.name={name}")
    except Forbidden:
        return ""
    if not nodes:
        return f"its node {name} is gone"
    ready = conditions.of(nodes[0], "Ready")
    if not ready or ready["status"] == "True":
        return ""
    since = str(ready.get("lastTransitionTime", "")).replace("T", " ").rstrip("Z")
    return f"its node {name} is not ready since {since} UTC ({ready.get('reason', 'no reason')})"
