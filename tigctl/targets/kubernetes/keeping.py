"""Kubernetes objects that others changed and that stay so: what is noted of them, and shown. Pure.

Kept are the fields that others set: what differs because files have changed is no drift.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from tigctl.backends.kubernetes.cluster import Object
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.errors import UsageError
from tigctl.targets.keeping import Held, Kept, Key, said
from tigctl.targets.kubernetes import fieldpath, names, showing
from tigctl.targets.kubernetes.objects import Difference, is_stamped, stamped
from tigctl.targets.kubernetes.objects import kept as with_kept
from tigctl.targets.kubernetes.snapshot import Snapshot
from tigctl.targets.model import Action, Change, FieldChange


def decided(found: Difference, former: Kept | None, since: str) -> Kept:
    """The decision that what others did to an object stays; what was kept of it before as well.

    Raises UsageError where nobody did anything to it, or where it is not ours.
    """
    key = found.ref.kind, found.ref.name
    if found.change.action is Action.ADOPT:
        raise UsageError(
            f"{said(key)} was made by {found.change.manager}, not by tigctl",
            hint="take over what others made, as it is: apply --adopt",
        )
    if found.wanted is None:
        return Kept(*key, since, {})
    if found.change.action is Action.CREATE:
        raise UsageError(
            f"{said(key)} is not there, so there is nothing to keep",
            hint="to be without it, change the tenant's files",
        )
    if not found.drift:
        raise UsageError(
            f"{said(key)} differs because the tenant's files have changed, not by anybody's hand",
            hint="to keep it as it is, change the files back",
        )
    return drifted(found, former, since)


def drifted(found: Difference, former: Kept | None, since: str) -> Kept:
    """What others set of an object, and what was kept of it before."""
    values = dict(former.values) if former else {}
    values |= {fieldpath.dumps(path): value for path, value in found.drift}
    fields = {
        fieldpath.text(fieldpath.loads(path)): fieldpath.shown(value)
        for path, value in values.items()
    }
    return Kept(found.ref.kind, found.ref.name, since, fields, values)


def all_drifted(
    found: Iterable[Difference], kept: Mapping[Key, Kept], since: str
) -> dict[Key, Kept]:
    """The decisions, and one for each object of which others set fields."""
    decisions = dict(kept)
    for one in found:
        key = one.ref.kind, one.ref.name
        if one.drift:
            decisions[key] = drifted(one, decisions.get(key), since)
    return decisions


def unshared(
    wanted: Iterable[Object],
    kept: Mapping[Key, Kept],
    there: Snapshot,
    changed: Collection[Ref],
) -> list[Difference]:
    """Objects that are as somebody keeps them, and that were not applied so yet.

    Applying them changes nothing but that the kept fields are tigctl's too. Until then each plan
    has to look at them field by field. Left out are those that are `changed` anyway.
    """
    found = []
    for one in wanted:
        ref = Ref.of(one)
        decision, metadata = kept.get((ref.kind, ref.name)), there.objects.get(ref)
        if decision and decision.values and metadata and ref not in changed:
            as_kept = stamped(with_kept(one, decision))
            if not is_stamped(metadata, as_kept):
                update = Change(Action.UPDATE, ref.kind, ref.name)
                found.append(Difference(ref, update, as_kept))
    return found


def held(kept: Iterable[Kept], wanted: Sequence[Object]) -> tuple[Held, ...]:
    """What the decisions about objects hold back: what files say in place of what is kept."""
    by_key = {(one["kind"], one["metadata"]["name"]): one for one in wanted}
    return tuple(
        Held(one, _without(one, by_key.get(one.key))) for one in kept if one.kind in names.KINDS
    )


def _without(one: Kept, wanted: Object | None) -> Change | None:
    if wanted is None:
        # Fields of an object that nobody wants any more hold nothing.
        return None if one.values else Change(Action.DELETE, one.kind, one.name, manager="tigctl")
    fields = tuple(_field(document, value, wanted) for document, value in one.values.items())
    differing = tuple(field for field in fields if field.live != field.wanted)
    return Change(Action.UPDATE, one.kind, one.name, differing) if differing else None


def _field(document: str, value: Any, wanted: Mapping[str, Any]) -> FieldChange:
    path = fieldpath.loads(document)
    return showing.changed(path, value, fieldpath.look_up(wanted, path))
