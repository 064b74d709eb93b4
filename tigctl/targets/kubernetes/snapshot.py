"""What is there of a tenant's objects: their metadata only, in a few lists.

Bodies do not travel: labels say whose an object is, an annotation what it was made from, and
managedFields whether somebody else has touched it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tigctl.backends.kubernetes.cluster import Cluster
from tigctl.backends.kubernetes.kinds import KINDS, Ref
from tigctl.targets.kubernetes import names

Metadata = Mapping[str, Any]

# Objects of the cluster are shared by its tenants, but for a tenant's own namespace.
_NAMESPACED = tuple(kind for kind in names.KINDS if KINDS[kind].namespaced)
_OF_CLUSTER = tuple(
    kind for kind in names.KINDS if not KINDS[kind].namespaced and kind != "Namespace"
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Metadata by reference: of one namespace, with everything in it, whoever made it.

    `namespace` is the metadata of the namespace itself, None where it is not there.
    """

    namespace: Metadata | None
    objects: Mapping[Ref, Metadata] = field(default_factory=dict)

    def but(self, objects: Mapping[Ref, Metadata]) -> Snapshot:
        """The snapshot with these objects as they are by now."""
        return Snapshot(self.namespace, {**self.objects, **objects})

    @property
    def ending(self) -> bool:
        """Whether the namespace is being deleted."""
        return bool(self.namespace and self.namespace.get("deletionTimestamp"))


def take(cluster: Cluster, namespace: str) -> Snapshot:
    """What is there in one namespace, and of the cluster's objects that tigctl made.

    Where there is no namespace yet, one request tells it all: what is of the cluster is shared,
    and applying it once more does no harm.
    """
    there = cluster.get(Ref("Namespace", "", namespace), metadata_only=True)
    if there is None:
        return Snapshot(None)
    managed = {names.MANAGED: "tigctl"}

    def listed(kind: str) -> list[tuple[Ref, Metadata]]:
        if KINDS[kind].namespaced:
            found = cluster.objects(kind, namespace, metadata_only=True)
        else:
            found = cluster.objects(kind, labels=managed, metadata_only=True)
        return _referred(kind, found)

    with cluster.parallel() as threads:
        lists = list(threads.map(listed, (*_NAMESPACED, *_OF_CLUSTER)))
    return _snapshot(there["metadata"], (one for many in lists for one in many))


def take_all(cluster: Cluster, namespaces: Sequence[str]) -> dict[str, Snapshot]:
    """The same for many namespaces in one list per kind, of what tigctl made only."""
    managed = {names.MANAGED: "tigctl"}

    def listed(kind: str) -> list[tuple[Ref, Metadata]]:
        return _referred(kind, cluster.objects(kind, labels=managed, metadata_only=True))

    with cluster.parallel() as threads:
        own = threads.submit(listed, "Namespace")
        lists = list(threads.map(listed, (*_NAMESPACED, *_OF_CLUSTER)))
        there = {ref.name: metadata for ref, metadata in own.result()}
    by_namespace: dict[str, list[tuple[Ref, Metadata]]] = {}
    for ref, metadata in (one for many in lists for one in many):
        by_namespace.setdefault(ref.namespace, []).append((ref, metadata))
    shared = by_namespace.get("", [])
    return {
        name: _snapshot(there.get(name), (*by_namespace.get(name, ()), *shared))
        for name in namespaces
    }


def _referred(kind: str, found: Iterable[Mapping[str, Any]]) -> list[tuple[Ref, Metadata]]:
    return [
        (Ref(kind, one["metadata"].get("namespace", ""), one["metadata"]["name"]), one["metadata"])
        for one in found
    ]


def _snapshot(namespace: Metadata | None, found: Iterable[tuple[Ref, Metadata]]) -> Snapshot:
    objects = dict(found)
    if namespace is not None:
        objects[Ref("Namespace", "", str(namespace["name"]))] = namespace
    return Snapshot(namespace, objects)
