"""The state of what tigctl made in a tenant's namespace, as `status` shows it."""

from __future__ import annotations

from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.render.kubernetes.grafana import ROOT_URL
from tigctl.targets.interface import Component
from tigctl.targets.kubernetes import names, removing, waiting

_FAILED = {
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "InvalidImageName",
    "FailedCreate",
    "QuotaExceeded",
}


def components(cluster: Cluster, tenant: str, namespace: str) -> tuple[Component, ...]:
    """The workloads and load balancers; the namespace alone where it is being deleted."""
    labels = {names.MANAGED: "tigctl", names.TENANT: tenant}
    found = [
        {**one, "kind": kind}
        for kind in ("StatefulSet", "Deployment")
        for one in cluster.objects(kind, namespace, labels=labels)
    ]
    entrances = [
        one
        for one in cluster.objects("Service", namespace, labels=labels)
        if one["spec"].get("type") == "LoadBalancer"
    ]
    if not found and (ending := _ending(cluster, namespace)):
        return (ending,)
    return (
        *(_workload(cluster, one) for one in found),
        *(_entrance(cluster, one) for one in entrances),
    )


def url_of(workload: Object) -> str:
    """Where people reach a workload; empty for all but a Grafana that was told it."""
    containers = workload["spec"]["template"]["spec"]["containers"]
    for variable in (one for each in containers for one in each.get("env") or ()):
        if variable["name"] == ROOT_URL and "%(" not in variable.get("value", ""):
            return str(variable["value"])
    return ""


def _ending(cluster: Cluster, namespace: str) -> Component | None:
    space = cluster.get(Ref("Namespace", "", namespace))
    if space is None or not space["metadata"].get("deletionTimestamp"):
        return None
    since = space["metadata"]["deletionTimestamp"]
    held = removing.held_by(space)
    reason = f"is being deleted since {since}" + (f": {held}" if held else "")
    return Component(f"namespace {namespace}", "stopped", reason)


def _entrance(cluster: Cluster, service: Object) -> Component:
    name = service["metadata"]["name"]
    if waiting.addresses_of(service):
        return Component(name, "running")
    said = waiting.trouble_of_address(cluster, service).said
    return Component(name, "starting", f"no address: {said}")


def _workload(cluster: Cluster, workload: Object) -> Component:
    name = workload["metadata"]["name"]
    if workload["spec"].get("replicas", 1) == 0:
        return Component(name, "stopped", "scaled to 0 replicas")
    if waiting.is_ready(workload):
        return Component(name, "running", url=url_of(workload))
    trouble = waiting.trouble_of(cluster, Ref.of(workload), workload)
    if trouble is None:
        return Component(name, "starting")
    return Component(name, "failed" if trouble.kind in _FAILED else "starting", trouble.said)
