"""Longhorn's nodes and disks: which copies of a volume still find room. Pure.

A disk takes a copy of a volume if all copies on it, each counted with its full size, stay below
what Longhorn may give away of it (`storage-over-provisioning-percentage` of its size less what is
reserved), and if enough of it is really free (`storage-minimal-available-percentage`). Copies of
one volume lie on different nodes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DRIVER = "driver.longhorn.io"
# Longhorn's own defaults, where a setting cannot be read.
OVER_PROVISIONING, MINIMAL_AVAILABLE, REPLICAS = 100, 25, 3


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume to be made; `nodes` and `disks` are the tags that it asks for."""

    name: str
    size: int
    replicas: int
    nodes: frozenset[str] = frozenset()
    disks: frozenset[str] = frozenset()


@dataclass(slots=True)
class Disk:
    """One disk with what can still be given away of it, in bytes."""

    node: str
    left: int
    node_tags: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Space:
    """All disks that take copies; `closed` names Longhorn nodes that take none, and why."""

    disks: tuple[Disk, ...]
    closed: Mapping[str, str] = field(default_factory=dict)

    @property
    def nodes(self) -> list[str]:
        """The nodes that take copies."""
        return list(dict.fromkeys(disk.node for disk in self.disks))

    def left(self, node: str) -> int:
        """What the largest disk of a node can still take in one piece."""
        return max((disk.left for disk in self.disks if disk.node == node), default=0)

    def copy(self) -> Space:
        """Another one, to try things in."""
        disks = (Disk(one.node, one.left, one.node_tags, one.tags) for one in self.disks)
        return Space(tuple(disks), self.closed)

    def put(self, volume: Volume) -> int:
        """Finds room for the copies of a volume and counts them; how many found it."""
        placed: set[str] = set()
        while len(placed) < volume.replicas:
            fitting = [
                disk
                for disk in self.disks
                if disk.node not in placed
                and disk.left >= volume.size
                and volume.nodes <= disk.node_tags
                and volume.disks <= disk.tags
            ]
            best = max(fitting, key=lambda disk: disk.left, default=None)
            if best is None:
                break
            best.left -= volume.size
            placed.add(best.node)
        return len(placed)

    def more(self, volumes: Sequence[Volume], most: int = 999) -> int:
        """How many times these volumes fit with all their copies."""
        tried = self.copy()
        for number in range(most):
            if any(tried.put(one) < one.replicas for one in volumes):
                return number
        return most


def space(nodes: Sequence[Mapping[str, Any]], settings: Mapping[str, str]) -> Space:
    """From Longhorn's Nodes and Settings (name -> value)."""
    over = number(settings, "storage-over-provisioning-percentage", OVER_PROVISIONING)
    least = number(settings, "storage-minimal-available-percentage", MINIMAL_AVAILABLE)
    disks: list[Disk] = []
    closed = {}
    for node in nodes:
        name, spec = node["metadata"]["name"], node.get("spec") or {}
        status = node.get("status") or {}
        if why := _closed(spec, status):
            closed[name] = why
            continue
        own = [
            Disk(
                name,
                left,
                frozenset(spec.get("tags") or ()),
                frozenset(disk.get("tags") or ()),
            )
            for key, disk in (spec.get("disks") or {}).items()
            if (left := _left(disk, (status.get("diskStatus") or {}).get(key), over, least)) > 0
        ]
        if not own:
            closed[name] = "no disk with room"
        disks += own
    return Space(tuple(disks), closed)


def _closed(spec: Mapping[str, Any], status: Mapping[str, Any]) -> str:
    if not spec.get("allowScheduling", True):
        return "scheduling is disabled"
    if spec.get("evictionRequested"):
        return "being emptied"
    for kind, said in (("Ready", "not ready"), ("Schedulable", "not schedulable")):
        if _condition(status, kind) == "False":
            return said
    return ""


def _left(disk: Mapping[str, Any], status: Mapping[str, Any] | None, over: int, least: int) -> int:
    if status is None or not disk.get("allowScheduling", True) or disk.get("evictionRequested"):
        return 0
    if _condition(status, "Ready") == "False" or _condition(status, "Schedulable") == "False":
        return 0
    most = int(status.get("storageMaximum", 0))
    if int(status.get("storageAvailable", 0)) <= most * least // 100:
        return 0
    bound = (most - int(disk.get("storageReserved", 0))) * over // 100
    return bound - int(status.get("storageScheduled", 0))


def _condition(status: Mapping[str, Any], kind: str) -> str:
    conditions = status.get("conditions") or ()
    return next((str(one["status"]) for one in conditions if one.get("type") == kind), "")


def number(settings: Mapping[str, str], name: str, default: int) -> int:
    """A setting that is a number; newer versions of Longhorn hold one for each data engine."""
    text = settings.get(name, "")
    try:
        found = json.loads(text)
        return int(found["v1"] if isinstance(found, dict) else found)
    except (ValueError, KeyError, TypeError):
        return default


def volume_of(
    claim: Mapping[str, Any], size: int, parameters: Mapping[str, str], replicas: int
) -> Volume:
    """What a claim with these parameters of its storage class makes of Longhorn's disks."""
    own = parameters.get("numberOfReplicas", "")
    return Volume(
        claim["metadata"]["name"],
        size,
        int(own) if own.isdigit() and int(own) else replicas,
        _tags(parameters.get("nodeSelector", "")),
        _tags(parameters.get("diskSelector", "")),
    )


def _tags(text: str) -> frozenset[str]:
    return frozenset(filter(None, (part.strip() for part in text.split(","))))
