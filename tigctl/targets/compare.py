"""From wanted and live resources to changes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tigctl.targets.model import Action, Change, FieldChange, Resource

MANAGER = "tigctl"


def changes(wanted: Sequence[Resource], live: Sequence[Resource]) -> tuple[Change, ...]:
    """The changes that make `live` what is `wanted`, in the order of `wanted`, deletions last.

    What is there, not wanted, and not managed by tigctl belongs to somebody: it stays.
    """
    there = {resource.key: resource for resource in live}
    keep = {resource.key for resource in wanted}
    found = [
        change
        for resource in wanted
        if (change := _change(resource, there.get(resource.key))) is not None
    ]
    found += [
        Change(Action.DELETE, resource.kind, resource.name, manager=resource.manager)
        for resource in reversed(live)
        if resource.key not in keep and resource.manager == MANAGER
    ]
    return tuple(found)


def _change(wanted: Resource, live: Resource | None) -> Change | None:
    if live is None:
        fields = tuple(FieldChange(path, None, value) for path, value in wanted.fields.items())
        return Change(Action.CREATE, wanted.kind, wanted.name, fields)
    fields = tuple(_fields(wanted, live))
    if not fields:
        return None
    stranger = live.manager if live.manager != wanted.manager else ""
    return Change(Action.UPDATE, wanted.kind, wanted.name, fields, stranger)


def _fields(wanted: Resource, live: Resource) -> Iterator[FieldChange]:
    """The fields that differ: wanted ones in their order, then those that should go."""
    for path in dict.fromkeys((*wanted.fields, *live.fields)):
        was, will = live.fields.get(path), wanted.fields.get(path)
        # True == 1 in Python, but a field that turns from one to the other has changed.
        if was != will or type(was) is not type(will):
            yield FieldChange(path, was, will)
