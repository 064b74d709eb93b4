"""Takes a tenant's objects away, in the opposite order of making them."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tigctl.backends.kubernetes.cluster import Cluster
from tigctl.backends.kubernetes.errors import Stale
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.errors import TargetError
from tigctl.targets.interface import Observer
from tigctl.targets.kubernetes import managed, names, users
from tigctl.targets.kubernetes.snapshot import Snapshot
from tigctl.targets.kubernetes.users import User
from tigctl.targets.model import Json
from tigctl.targets.steps import step

_PATIENCE_S = 120.0
_NAMED = 5
_EVERYWHERE = frozenset({("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")})
_ORDER = {kind: number for number, kind in enumerate(names.KINDS)}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What goes beside the stack itself: `-P`, `-C`, `-N`."""

    volumes: bool
    policies: bool
    namespace: bool


def remove(
    cluster: Cluster,
    tenant: str,
    there: Snapshot,
    wishes: Wishes,
    *,
    observe: Observer,
    checked: Callable[[], None],
) -> Mapping[str, Json]:
    """Deletes what tigctl made for the tenant; returns what stays, by name."""
    namespace = str((there.namespace or {}).get("name", ""))
    ours = _ours(tenant, there)
    volumes = [ref for ref in ours if ref.kind == names.VOLUME]
    if wishes.namespace and volumes and not wishes.volumes:
        raise TargetError(
            f"{tenant}: {', '.join(ref.name for ref in volumes)} would go with the namespace",
            hint="say -P as well, if the data shall go; without -N the namespace stays",
        )
    if (volumes and wishes.volumes) or wishes.namespace:
        others = users.strangers(cluster, namespace, ours.keys())
        _refuse_users(tenant, volumes, others)
        if wishes.namespace:
            _refuse_strangers(tenant, there, ours.keys(), others)
    gone = [ref for ref in ours if _goes(ref, wishes)]
    gone.sort(key=lambda ref: (-_ORDER[ref.kind], ref))
    if gone:
        with step(observe, "objects") as said:
            _delete(cluster, gone, ours, checked)
            said(f"{len(gone)} deleted")
    if wishes.namespace:
        with step(observe, "namespace") as said:
            uid = str((there.namespace or {}).get("uid", ""))
            cluster.delete(Ref("Namespace", "", namespace), uid=uid)
            wait_gone(cluster, tenant, namespace)
            said(namespace)
    stays = [ref for ref in ours if ref not in gone and ref.kind in {names.VOLUME, names.POLICY}]
    kept: dict[str, Json] = {} if wishes.namespace else {"namespace": namespace}
    if stays and not wishes.namespace:
        kept["objects"] = [str(ref) for ref in sorted(stays)]
    return kept


def _ours(tenant: str, there: Snapshot) -> dict[Ref, Mapping[str, Any]]:
    wanted = names.labels(tenant)
    return {
        ref: metadata
        for ref, metadata in there.objects.items()
        if wanted.items() <= (metadata.get("labels") or {}).items()
        # A copy that somebody made of one of our objects has our labels, too.
        and (managed.ours(metadata) is not None or ref.kind == "Lease")
    }


def fate(tenant: str, there: Snapshot, wishes: Wishes) -> str:
    """What `remove` would do, for a person who has to agree."""
    ours = _ours(tenant, there)
    gone = [ref for ref in ours if _goes(ref, wishes)]
    counted = {kind: sum(ref.kind == kind for ref in ours) for kind in (names.VOLUME, names.POLICY)}
    keeps = [
        f"{counted[kind]} {word}"
        for kind, word, goes in (
            (names.VOLUME, "volumes with their secrets", wishes.volumes),
            (names.POLICY, "policies", wishes.policies),
        )
        if counted[kind] and not goes
    ]
    if wishes.namespace:
        return f"Deletes {len(gone)} objects of {tenant}, and its namespace with all that is in it."
    return (
        f"Deletes {len(gone)} objects of {tenant}. Keeps {', '.join([*keeps, 'the namespace'])}."
        "  (-P, -C, -N delete those too)"
    )


def _goes(ref: Ref, wishes: Wishes) -> bool:
    if ref.kind in {"Namespace", "Lease"}:
        return False
    if ref.kind == names.VOLUME:
        return wishes.volumes
    if ref.kind == names.POLICY:
        return wishes.policies
    # Without its secrets the data that stays could not be used again.
    keeps = ref.kind == "Secret" or ref.name == names.INVENTORY
    return wishes.volumes or not keeps


def _refuse_users(tenant: str, volumes: Sequence[Ref], others: Sequence[User]) -> None:
    """A volume is not deleted while another tenant or a person uses it."""
    for volume in volumes:
        using = [str(user) for user in others if volume.name in user.claims]
        if using:
            raise TargetError(
                f"{tenant}: volume {volume.name} is used by {', '.join(using[:_NAMED])}",
                hint="end these, or leave -P out: the volume stays then; nothing was deleted",
            )


def _refuse_strangers(
    tenant: str, there: Snapshot, ours: Collection[Ref], others: Sequence[User]
) -> None:
    """A namespace is deleted only where nothing of others would go with it."""
    strangers = {
        str(ref)
        for ref, metadata in there.objects.items()
        if ref.namespace and ref not in ours and not _comes_by_itself(ref, metadata)
    }
    strangers |= {str(user.ref) for user in others}
    if strangers:
        raise TargetError(
            f"{tenant}: the namespace holds what tigctl did not make:"
            f" {', '.join(sorted(strangers)[:_NAMED])}",
            hint="move or delete these, or leave -N out; nothing was deleted",
        )


def _comes_by_itself(ref: Ref, metadata: Mapping[str, Any]) -> bool:
    """What every namespace has, and what a controller made of an object that is there itself."""
    if (ref.kind, ref.name) in _EVERYWHERE:
        return True
    issued = "cert-manager.io/certificate-name" in (metadata.get("annotations") or {})
    made = any(owner.get("controller") for owner in metadata.get("ownerReferences") or ())
    return made or (issued and ref.kind == "Secret")


def _delete(
    cluster: Cluster,
    gone: list[Ref],
    ours: Mapping[Ref, Mapping[str, object]],
    checked: Callable[[], None],
) -> None:
    """One kind after the other, the objects of a kind at once."""
    for kind in dict.fromkeys(ref.kind for ref in gone):
        checked()
        same = [ref for ref in gone if ref.kind == kind]

        def delete(ref: Ref) -> None:
            try:
                cluster.delete(ref, uid=str(ours[ref].get("uid", "")))
            except Stale:  # another one of that name by now: not ours to delete
                return

        with cluster.parallel() as threads:
            list(threads.map(delete, same))


def wait_gone(cluster: Cluster, tenant: str, namespace: str) -> None:
    """Returns once the namespace is gone. Raises TargetError with what holds it up."""
    deadline = time.monotonic() + _PATIENCE_S
    ref = Ref("Namespace", "", namespace)
    while (found := cluster.get(ref)) is not None:
        if time.monotonic() > deadline:
            raise TargetError(
                f"{tenant}: namespace {namespace} is still being deleted: {held_by(found)}",
                hint="it goes on by itself, unless a finalizer waits for something that is gone;"
                f" kubectl get namespace {namespace} -o yaml shows it whole",
            )
        time.sleep(0.5)


def held_by(namespace: Mapping[str, Any]) -> str:
    """What keeps a namespace from going, in the API server's words; empty where it says nothing."""
    said = [
        str(one.get("message", ""))
        for one in (namespace.get("status") or {}).get("conditions") or ()
        if one.get("status") == "True"
    ]
    waiting_for = namespace["metadata"].get("finalizers") or ()
    return " ".join([*said, *(f"finalizer {one} of the namespace" for one in waiting_for)])
