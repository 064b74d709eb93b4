"""Who uses a tenant's volumes and lives in its namespace beside tigctl: pods, and what makes pods.

Asked before anything is taken away for good. What a controller made counts as the work of who
made the controller: a pod of our Deployment is ours.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.targets.kubernetes import managed

# Makers before what they make, so that one look decides.
WORKLOADS = ("CronJob", "Job", "DaemonSet", "Deployment", "StatefulSet", "ReplicaSet", "Pod")
_ENDED = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True, slots=True)
class User:
    """A workload or pod that is not ours; `claims` are the volume claims it names."""

    ref: Ref
    manager: str
    claims: frozenset[str] = field(default_factory=frozenset)

    def __str__(self) -> str:
        return f"{self.ref} (made by {self.manager})"


def strangers(cluster: Cluster, namespace: str, ours: Collection[Ref]) -> list[User]:
    """All in a namespace that is neither among `ours` nor made by one of them.

    What a stranger made is left out, for the stranger is named; a pod that has ended is named
    too, but uses nothing any more.
    """
    with cluster.parallel() as threads:
        lists = list(threads.map(lambda kind: cluster.objects(kind, namespace), WORKLOADS))
    known = set(ours)
    stands_for: dict[Ref, Ref] = {}  # what a stranger made -> the stranger
    found: dict[Ref, User] = {}
    for kind, objects in zip(WORKLOADS, lists, strict=True):
        for one in objects:
            ref = Ref(kind, namespace, one["metadata"]["name"])
            maker = _maker(one, namespace)
            if ref in known or maker in known:
                known.add(ref)
                continue
            first = stands_for[ref] = stands_for.get(maker, ref) if maker else ref
            user = found.get(first) or User(first, managed.manager(one["metadata"]))
            found[first] = replace(user, claims=user.claims | _claims(kind, one))
    return list(found.values())


def _maker(one: Object, namespace: str) -> Ref | None:
    """The controller that an object names as its owner."""
    for owner in one["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            return Ref(str(owner["kind"]), namespace, str(owner["name"]))
    return None


def _claims(kind: str, one: Object) -> frozenset[str]:
    """The claims that pods of an object use or would use."""
    spec: Mapping[str, Any] = one.get("spec") or {}
    if kind == "Pod" and (one.get("status") or {}).get("phase") in _ENDED:
        return frozenset()
    if kind == "CronJob":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    if kind != "Pod":
        spec = (spec.get("template") or {}).get("spec") or {}
    return frozenset(
        str(volume["persistentVolumeClaim"]["claimName"])
        for volume in spec.get("volumes") or ()
        if volume.get("persistentVolumeClaim")
    )
