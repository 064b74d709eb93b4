"""Why a size moved: what what is there is made for, and what devices make of it now. Pure.

Sizes follow from devices (`render.kubernetes.sizing`) unless files name them, and a plan shows
only that one figure turned into another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from collectors.telegraf.model import Shard
from tigctl.render.bundle import Bundle
from tigctl.render.kubernetes import sizing
from tigctl.render.kubernetes.influxdb import NAME as INFLUXDB
from tigctl.render.kubernetes.sizing import Load
from tigctl.targets.kubernetes import amounts, names
from tigctl.targets.model import Action, Change, FieldChange, Json

_ASKED = re.compile(
    r"spec\.template\.spec\.containers\[\w+\]\.resources\.(?:requests|limits)\.(cpu|memory)"
)
_WORKLOADS = frozenset({"StatefulSet", "Deployment"})


def explained(change: Change, bundle: Bundle) -> Change:
    """The change with the reason of a size that moved; as it is where none did."""
    why = ""
    if change.action is Action.CREATE or not change.fields:
        return change
    if change.kind == names.VOLUME and any("storage" in one.path for one in change.fields):
        component = change.name.removesuffix("-data")
        why = f"storage.{component} says so"
    elif change.kind == "ResourceQuota":
        why = "follows from the sizes of all pods and volumes"
    elif change.kind in _WORKLOADS and (moved := _moved(change)):
        why = "; ".join(filter(None, _reasons(change.name, moved, bundle)))
    return replace(change, why=why) if why else change


def _moved(change: Change) -> Mapping[str, FieldChange]:
    """What differs by resource; the request counts where the limit differs too."""
    return {
        found[1]: one
        for one in sorted(change.fields, key=lambda one: "requests" in one.path)
        if (found := _ASKED.fullmatch(one.path)) and one.wanted is not None
    }


def _reasons(name: str, moved: Mapping[str, FieldChange], bundle: Bundle) -> list[str]:
    if name == INFLUXDB:
        made = sizing.load(bundle.devices)
        return [_of_influxdb(key, field, made) for key, field in moved.items()]
    shards = {shard.name: shard for shard in bundle.telegraf}
    if name in shards:
        own = set(shards[name].devices)
        made = sizing.load(one for one in bundle.devices if one.name in own)
        return [_of_telegraf(key, field, shards[name], made) for key, field in moved.items()]
    return [f"resources.{name} says so"]


def _of_influxdb(key: str, field: FieldChange, made: Load) -> str:
    computed = sizing.influxdb(made)
    memory = key == amounts.MEMORY
    load = f"{made.series:,} series" if memory else f"{made.points_per_s:,.0f} points/s"
    serves = sizing.series_served if memory else sizing.points_served
    follows = computed.memory if memory else computed.cpu
    live, wanted = _amount(key, field.live), _amount(key, field.wanted)
    if wanted != follows:
        return f"{_WORD[key]} as size or resources.{INFLUXDB} says, not for {load}"
    if key == amounts.CPU and live is not None and serves(live) >= made.points_per_s:
        return "processor goes with the memory"
    steps = [f"{field.wanted} serves up to {serves(wanted):,}"]
    if live is not None:
        steps.insert(0, f"{field.live} serves up to {serves(live):,}")
    return f"{_WORD[key]} for {load}: {', '.join(steps)}"


def _of_telegraf(key: str, field: FieldChange, shard: Shard, made: Load) -> str:
    computed = sizing.telegraf(shard, made)
    follows = computed.memory if key == amounts.MEMORY else computed.cpu
    if _amount(key, field.wanted) != follows:
        return f"{_WORD[key]} as resources.telegraf says"
    if key == amounts.CPU:
        return f"processor for {made.points_per_s:,.0f} points/s, {made.pings_per_s:,.1f} pings/s"
    devices = len(shard.devices)
    return f"memory for {devices:,} devices and a buffer of {shard.buffer_points:,} points"


_WORD = {amounts.MEMORY: "memory", amounts.CPU: "processor"}


def _amount(key: str, value: Json) -> int | None:
    try:
        return amounts.amounts({key: value})[key] if value is not None else None
    except ValueError:
        return None
