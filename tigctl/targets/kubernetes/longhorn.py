"""Longhorn's nodes and disks: which copies of a volume still find room. Pure.

A disk takes a copy of a volume if all copies on it, each counted with its full size, stay below
what Longhorn may give away of it (`storage-over-provisioning-percentage` of its size less what is
reserved), and if enough of it is really free (`storage-minimal-available-percentage`). Copies of
one volume lie on different nodes. That is what Longhorn's documentation says of its scheduling
(Nodes and Volumes > Scheduling; References > Settings); Longhorn itself runs in no test here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tigctl.targets.kubernetes import conditions

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


@dataclass(frozen=True, slots=True)
class Disk:
    """One disk: the bytes that Longhorn may give away of it, and those that it gave already.

    `closed` says why it takes no copies; empty where it does.
    """

    node: str
    gives: int
    given: int
    node_tags: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    closed: str = ""

    @property
    def left(self) -> int:
        """Bytes that it still takes."""
        return 0 if self.closed else max(0, self.gives - self.given)

    def takes(self, volume: Volume) -> bool:
        """Whether it is one for a copy of this volume, and has room for it."""
        return (
            self.left >= volume.size
            and volume.nodes <= self.node_tags
            and volume.disks <= self.tags
        )


@dataclass(frozen=True, slots=True)
class Space:
    """All disks of Longhorn."""

    disks: tuple[Disk, ...]

    def put(self, volume: Volume) -> tuple[Space, int]:
        """The space with as many copies of a volume as find room, and how many do."""
        disks = list(self.disks)
        placed: set[str] = set()
        while len(placed) < volume.replicas:
            fitting = [
                number
                for number, disk in enumerate(disks)
                if disk.node not in placed and disk.takes(volume)
            ]
            best = max(fitting, key=lambda number: disks[number].left, default=None)
            if best is None:
                break
            placed.add(disks[best].node)
            disks[best] = replace(disks[best], given=disks[best].given + volume.size)
        return Space(tuple(disks)), len(placed)

    def more(self, volumes: Sequence[Volume], most: int) -> int:
        """How many times these volumes fit with all their copies; `most` at the most."""
        tried = self
        for number in range(most):
            for one in volumes:
                tried, copies = tried.put(one)
                if copies < one.replicas:
                    return number
        return most


def space(nodes: Sequence[Mapping[str, Any]], settings: Mapping[str, str]) -> Space:
    """From Longhorn's Nodes and Settings (name -> value)."""
    over = number(settings, "storage-over-provisioning-percentage", OVER_PROVISIONING)
    least = number(settings, "storage-minimal-available-percentage", MINIMAL_AVAILABLE)
    disks: list[Disk] = []
    for node in nodes:
        name, spec = node["metadata"]["name"], node.get("spec") or {}
        status = node.get("status") or {}
        known = status.get("diskStatus") or {}
        for key, disk in (spec.get("disks") or {}).items():
            found = known.get(key) or {}
            most = int(found.get("storageMaximum", 0))
            # One that is nearly full takes nothing, whatever was promised of it.
            full = int(found.get("storageAvailable", 0)) <= most * least // 100
            disks.append(
                Disk(
                    name,
                    (most - int(disk.get("storageReserved", 0))) * over // 100,
                    int(found.get("storageScheduled", 0)),
                    frozenset(spec.get("tags") or ()),
                    frozenset(disk.get("tags") or ()),
                    _closed(spec, status) or _closed(disk, found) or ("disk full" if full else ""),
                )
            )
    return Space(tuple(disks))


def _closed(spec: Mapping[str, Any], status: Mapping[str, Any]) -> str:
    """Why a node or a disk takes no copies; the same keys say so of both."""
    if not spec.get("allowScheduling", True):
        return "scheduling is disabled"
    if spec.get("evictionRequested"):
        return "being emptied"
    for kind, said in (("Ready", "not ready"), ("Schedulable", "not schedulable")):
        if conditions.among(status, kind).get("status") == "False":
            return said
    return ""


def number(settings: Mapping[str, str], name: str, default: int) -> int:
    """A setting that is a number; newer versions of Longhorn hold one for each data engine."""
    try:
        found = json.loads(settings.get(name, ""))
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
