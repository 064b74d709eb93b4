"""Whether a volume that is there can become the wanted one: said before anything is done."""

from __future__ import annotations

import math

from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.backends.kubernetes.errors import Refused
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.errors import TargetError
from tigctl.render.kubernetes.storage import growth
from tigctl.targets.kubernetes.amounts import quantity

_FORBIDDEN = 403


def check(cluster: Cluster, wanted: Object, live: Object) -> None:
    """Raises TargetError where a claim is to shrink, to change its class or cannot grow."""
    name = f"volume {live['metadata']['name']}"
    was, will = live["spec"], wanted["spec"]
    own = str(was.get("storageClassName") or "")
    asked = str(will.get("storageClassName") or own)
    if own and asked != own:
        raise TargetError(
            f"{name} is of storage class {own}, {asked} is wanted, and a volume keeps its class",
            hint=f"set storage as it was (class: {own}, or the keys that made it); or make a new"
            " volume and restore a backup; copies that are there are changed in Longhorn itself",
        )
    size, least = _bytes(was), _least(live)
    asked_size = _bytes(will)
    if asked_size < size and (why := growth(least, asked_size)):
        raise TargetError(
            f"{name} {why}", hint="set storage in the tenant's files, then plan again"
        )
    if asked_size > size and own:
        _check_expansion(cluster, name, own)


def _least(live: Object) -> int:
    """What a claim cannot get below: its size; after a growth that failed, what it really has.

    Kubernetes 1.34 and later take a smaller request back as long as it is more than the volume has.
    """
    capacity = ((live.get("status") or {}).get("capacity") or {}).get("storage")
    size = _bytes(live["spec"])
    return min(size, _count(str(capacity)) + 1) if capacity else size


def _check_expansion(cluster: Cluster, name: str, storage_class: str) -> None:
    try:
        found = cluster.get(Ref("StorageClass", "", storage_class))
    except Refused as error:
        if error.status == _FORBIDDEN:  # then the API server says it, while applying
            return
        raise
    if found is None or not found.get("allowVolumeExpansion"):
        why = "lets no volume grow" if found else "is not there"
        patch = (
            f"kubectl patch storageclass {storage_class} -p '{{\"allowVolumeExpansion\": true}}'"
        )
        raise TargetError(
            f"{name} cannot grow: its storage class {storage_class} {why}",
            hint=f"where its driver can do it: {patch}; else set storage as it was, or restore a"
            " backup into a new volume",
        )


def _bytes(spec: Object) -> int:
    return _count(str(spec["resources"]["requests"]["storage"]))


def _count(text: str) -> int:
    return math.ceil(quantity(text))
