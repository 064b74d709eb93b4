"""What a bundle would change on its target, and what its polling needs."""

from __future__ import annotations

from tigctl.plan.since import since
from tigctl.render.bundle import Bundle
from tigctl.targets.interface import Target
from tigctl.targets.model import Json, Plan


def plan(bundle: Bundle, target: Target, *, told: bool = False) -> Plan:
    """The difference between a bundle and its target. Reads only.

    With `told`, it is for a person: its `needs` also say whether what is to be made finds room, as
    `room`, and `since` what files say otherwise than at the last apply.
    """
    changes = target.changes(bundle)
    figures = needs(bundle)
    compared = None
    if told and changes:
        if found := target.room(bundle):
            figures["room"] = dict(found)
        if former := target.former():
            compared = since(*former, bundle)
    return Plan(bundle.tenant, target.name, changes, figures, target.held(), compared)


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
