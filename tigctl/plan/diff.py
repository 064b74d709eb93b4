"""From wanted and live resources to a plan. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tigctl.render.bundle import Bundle
from tigctl.targets.interface import Target
from tigctl.targets.model import Action, Change, FieldChange, Json, Plan, Resource

MANAGER = "tigctl"


def plan(bundle: Bundle, target: Target) -> Plan:
    """The difference between a bundle and its target. Reads only."""
    return diff(bundle.tenant, target.name, target.wanted(bundle), target.live(), needs(bundle))


def diff(
    tenant: str,
    target: str,
    wanted: Sequence[Resource],
    live: Sequence[Resource],
    needs: Mapping[str, Json],
) -> Plan:
    """The changes that make `live` what is `wanted`, in the order of `wanted`, deletions last.

    What is there, not wanted, and not managed by tigctl belongs to somebody: it stays.
    """
    there = {resource.key: resource for resource in live}
    keep = {resource.key for resource in wanted}
    changes = [
        change
        for resource in wanted
        if (change := _change(resource, there.get(resource.key))) is not None
    ]
    changes += [
        Change(Action.DELETE, resource.kind, resource.name, manager=resource.manager)
        for resource in reversed(live)
        if resource.key not in keep and resource.manager == MANAGER
    ]
    return Plan(tenant, target, tuple(changes), needs)


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


def needs(bundle: Bundle) -> dict[str, Json]:
    """What the bundle's polling needs, by prediction: figures for a person to weigh."""
    minute = [(device, 60 / device.budget.interval) for device in bundle.devices]
    return {
        "devices": len(bundle.devices),
        "telegraf_processes": len(bundle.telegraf),
        "telegraf_memory_bytes": sum(shard.memory_bytes for shard in bundle.telegraf),
        "points_per_minute": round(sum(one.budget.points * rate for one, rate in minute)),
        "requests_per_minute": round(sum(one.budget.requests * rate for one, rate in minute)),
        "bytes_per_minute": round(sum(one.budget.bytes * rate for one, rate in minute)),
    }
