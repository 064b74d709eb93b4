"""Wanted objects against what is there: the changes, field by field.

An object whose annotation names the same content, and whose fields are ours as they were after
the last apply, with none of anybody else beside, is as it should be: nothing of it is fetched. Any
other one is fetched and applied without effect (dry run), so that what the server defaults shows up
on both sides.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.backends.kubernetes.errors import Conflict, NotThere, QuotaExceeded, Refused
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.errors import TargetError, TigctlError
from tigctl.targets.keeping import Kept
from tigctl.targets.kubernetes import fieldpath, managed, names, showing, volumes
from tigctl.targets.kubernetes.fieldpath import Path
from tigctl.targets.kubernetes.inventory import Inventory
from tigctl.targets.kubernetes.snapshot import Metadata, Snapshot
from tigctl.targets.model import Action, Change, FieldChange

# Kinds that hold no data: where a field of them cannot be changed, they are made again.
_MADE_ANEW = frozenset({"StatefulSet", "Deployment", "Service", "PodDisruptionBudget"})
_UNPROCESSABLE = 422


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that is not as wanted: the change to show, and how to carry it out.

    `wanted` is what is applied (None: delete). `extra` are fields that others added and that
    have to go; `drift` is all that others set otherwise than wanted, with their values.
    `anew`: the API server does not change these fields in place, so the object is deleted and
    made again. `uid` is that of an object to be deleted: none that takes its name goes.
    """

    ref: Ref
    change: Change
    wanted: Object | None
    extra: tuple[Path, ...] = ()
    drift: tuple[tuple[Path, Any], ...] = ()
    anew: bool = False
    uid: str = ""


def stamped(wanted: Object) -> Object:
    """The object with the annotation that says what it was made from."""
    metadata = wanted["metadata"]
    document = json.dumps(wanted, sort_keys=True, separators=(",", ":"))
    digest = sha256(document.encode()).hexdigest()[:24]
    annotations = {**(metadata.get("annotations") or {}), names.DIGEST: digest}
    return {**wanted, "metadata": {**metadata, "annotations": annotations}}


def is_stamped(metadata: Metadata, wanted: Object) -> bool:
    """Whether an object that is there was applied from the same content."""
    digest = wanted["metadata"]["annotations"][names.DIGEST]
    return bool((metadata.get("annotations") or {}).get(names.DIGEST) == digest)


def kept(wanted: Object, decision: Kept | None) -> Object:
    """The object with the fields that stay as somebody made them."""
    if decision is None or not decision.values:
        return wanted
    changed = copy.deepcopy(wanted)
    for document, value in decision.values.items():
        fieldpath.put(changed, fieldpath.loads(document), value)
    return changed


def differences(
    cluster: Cluster,
    wanted: Sequence[Object],
    snapshot: Snapshot,
    inventory: Inventory,
    *,
    prune: bool = True,
    detail: bool = True,
) -> list[Difference]:
    """What is not as it should be, in the order of `wanted`, deletions last.

    Without `prune` nothing is deleted: `wanted` is a part only. Without `detail` the fields of
    what is new are not listed: to carry it out, nobody needs them.
    """
    by_ref = {}
    for one in wanted:
        ref = Ref.of(one)
        by_ref[ref] = stamped(kept(one, inventory.kept.get((ref.kind, ref.name))))
    unsure = [
        ref for ref in by_ref if not _untouched(ref, by_ref[ref], snapshot, inventory)
    ]  # in order

    def look(ref: Ref) -> Difference | None:
        there, one = snapshot.objects.get(ref), by_ref[ref]
        # Without a namespace there is nothing in it. Itself may be there all the same: among those
        # of many tenants one that somebody else made is not seen, and must not be taken unasked.
        live = cluster.get(ref) if there or snapshot.namespace or not ref.namespace else None
        if live is None or live["metadata"].get("deletionTimestamp"):
            fields = showing.all_fields(one) if detail else ()
            return Difference(ref, Change(Action.CREATE, ref.kind, ref.name, fields), one)
        return _changed(cluster, ref, one, live)

    if len(unsure) > 1 and snapshot.namespace is not None:
        with cluster.parallel() as threads:
            found = list(threads.map(look, unsure))
    else:
        found = [look(ref) for ref in unsure]
    gone = _deletions(by_ref.keys(), snapshot, inventory) if prune else ()
    return [*(one for one in found if one), *gone]


def _untouched(ref: Ref, wanted: Object, snapshot: Snapshot, inventory: Inventory) -> bool:
    there, applied = snapshot.objects.get(ref), inventory.objects.get(ref)
    if there is None or applied is None or there.get("deletionTimestamp"):
        return False
    return (
        is_stamped(there, wanted)
        and there.get("uid") == applied.uid
        and managed.fingerprint(there) == applied.fingerprint
        and not managed.beside_ours(there)
    )


def _deletions(wanted: Any, snapshot: Snapshot, inventory: Inventory) -> Iterator[Difference]:
    """What tigctl made for this tenant and what is not wanted any more.

    Only what carries tigctl's own mark as its maker, whatever the inventory says of it: a tigctl
    that was killed could not write down what it made, nor that it had deleted another of that
    name. Never volumes, and nothing of the cluster.
    """
    order = {kind: number for number, kind in enumerate(names.KINDS)}
    for ref in sorted(snapshot.objects, key=lambda ref: (-order[ref.kind], ref)):
        metadata = snapshot.objects[ref]
        labels = metadata.get("labels") or {}
        if (
            ref in wanted
            or not ref.namespace
            or labels.get(names.ROLE)
            or ref.name in names.SECRETS
            or labels.get(names.MANAGED) != "tigctl"
            or managed.ours(metadata) is None
            or metadata.get("deletionTimestamp")
            or _stays(ref, inventory)
        ):
            continue
        change = Change(Action.DELETE, ref.kind, ref.name, manager="tigctl")
        yield Difference(ref, change, None, uid=str(metadata["uid"]))


def _stays(ref: Ref, inventory: Inventory) -> bool:
    """Whether somebody keeps the whole object, though no file wants it any more."""
    decision = inventory.kept.get((ref.kind, ref.name))
    return decision is not None and not decision.values


def _changed(cluster: Cluster, ref: Ref, wanted: Object, live: Object) -> Difference | None:
    metadata = live["metadata"]
    ours = managed.ours(metadata)
    if ref.kind == names.VOLUME:
        volumes.check(cluster, wanted, live)
    conflict = _conflicts(cluster, wanted)
    try:
        would = cluster.apply(wanted, force=True, dry_run=True)
    except NotThere:  # it went away between two looks
        return Difference(ref, Change(Action.CREATE, ref.kind, ref.name), wanted)
    except QuotaExceeded:
        # The quota that goes with it may be larger, and is applied before it.
        return _unasked(ref, wanted, live)
    except Refused as error:
        if error.status != _UNPROCESSABLE or ref.kind not in _MADE_ANEW:
            raise _explained(ref, wanted, live, error) from error
        return _unasked(ref, wanted, live, anew=True)
    fields = list(showing.field_changes(live, would))
    extra = tuple(_extra(metadata, wanted, live))
    if ours is None:
        change = Change(Action.ADOPT, ref.kind, ref.name, tuple(fields), managed.manager(metadata))
        # Who takes it over keeps what it has beside the wanted.
        beside = tuple((path, fieldpath.look_up(live, path)) for path in extra)
        return Difference(ref, change, wanted, drift=beside)
    fields += [showing.changed(path, fieldpath.look_up(live, path), None) for path in extra]
    if not fields:
        return None
    appliers = {name for name in conflict if _applies(metadata, name)}
    action = Action.CONFLICT if appliers else Action.UPDATE
    by = ", ".join(sorted(appliers)) or _who(metadata, conflict)
    change = Change(action, ref.kind, ref.name, tuple(fields), by)
    return Difference(ref, change, wanted, extra, tuple(_drift(metadata, live, would, extra)))


def _explained(ref: Ref, wanted: Object, live: Object, error: Refused) -> TigctlError:
    """The server's refusal in the words of who wrote the settings."""
    size = ("spec", "resources", "requests", "storage")
    if ref.kind != names.VOLUME or error.status != _UNPROCESSABLE:
        return error
    return TargetError(
        f"volume {ref.name} cannot be changed so: {fieldpath.look_up(live, size)} is there,"
        f" {fieldpath.look_up(wanted, size)} is wanted ({error.message})",
        hint="volumes only grow, and keep their class: set storage as it is, or restore a backup"
        " into a new volume",
    )


def _unasked(ref: Ref, wanted: Object, live: Object, *, anew: bool = False) -> Difference:
    """An object of which the API server does not say beforehand what it would become.

    `anew`: it has fields that cannot be changed in place.
    """
    was = showing.leaves(live)
    fields = [
        showing.changed(path, was.get(path), value)
        for path, value in showing.leaves(wanted).items()
        if was.get(path) != value
    ]
    if anew:
        uid = live["metadata"]["uid"]
        fields.append(FieldChange("metadata.uid", uid, "new: it is made again"))
    action = Action.UPDATE if managed.ours(live["metadata"]) else Action.ADOPT
    by = "" if action is Action.UPDATE else managed.manager(live["metadata"])
    change = Change(action, ref.kind, ref.name, tuple(fields), by)
    return Difference(ref, change, wanted, anew=anew)


def _drift(
    metadata: Metadata, live: Object, would: Object, extra: Sequence[Path]
) -> Iterator[tuple[Path, Any]]:
    """What others own and set otherwise, at the paths at which they own it."""
    for path in extra:
        yield path, fieldpath.look_up(live, path)
    for entry in managed.strangers(metadata):
        for path in managed.paths(entry):
            value = fieldpath.look_up(live, path)
            if value is not None and value != fieldpath.look_up(would, path):
                yield path, value


def _conflicts(cluster: Cluster, wanted: Object) -> set[str]:
    """Managers that set one of our fields to another value."""
    try:
        cluster.apply(wanted, dry_run=True)
    except Conflict as error:
        return {owner.manager for owner in error.owners}
    except (NotThere, Refused):  # the look with force tells why
        pass
    return set()


def _applies(metadata: Metadata, manager: str) -> bool:
    """Whether a manager applies (and will do so again), rather than having edited once."""
    return any(one.get("operation") == "Apply" for one in managed.of(metadata, {manager}))


def _who(metadata: Metadata, conflicting: set[str]) -> str:
    # Who took a label of ours is named, too; other labels are nobody's business.
    found = managed.of(metadata, conflicting) or managed.strangers(metadata)
    return "; ".join(map(managed.said, found))


def _extra(metadata: Metadata, wanted: Object, live: Object) -> Iterator[Path]:
    """Fields that others added beside ours, metadata left out, and that are still there."""
    seen: set[Path] = set()
    for entry in managed.strangers(metadata):
        for path in managed.paths(entry):
            ancestors = {path[:length] for length in range(1, len(path))}
            if path in seen or ancestors & seen:
                continue
            if fieldpath.look_up(wanted, path) is None and (
                fieldpath.look_up(live, path) is not None
            ):
                # The highest part that is not wanted goes as a whole: a container, not its name.
                top = next(
                    path[:length]
                    for length in range(1, len(path) + 1)
                    if fieldpath.look_up(wanted, path[:length]) is None
                )
                if top not in seen:
                    seen.add(top)
                    yield top
