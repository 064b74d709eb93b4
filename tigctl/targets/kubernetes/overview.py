"""What a cluster has left, node by node and disk by disk, and how many tenants more that is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tigctl.backends.kubernetes.cluster import Object
from tigctl.targets.kubernetes import fitting, growth, selecting
from tigctl.targets.kubernetes.amounts import CPU, MEMORY, PODS, Amounts
from tigctl.targets.kubernetes.capacity import Room
from tigctl.targets.kubernetes.longhorn import Space
from tigctl.targets.kubernetes.room import Looked, volumes

COUNTED = (CPU, MEMORY, PODS)
VOLUMES = "volumes"
# The largest failure domains, whose loss is tried out.
_DOMAINS = 8


@dataclass(frozen=True, slots=True)
class NodeRoom:
    """One node: what it can give away of `COUNTED`, and what of it is requested.

    `closed` says why it takes no further pods; empty where it does.
    """

    name: str
    domain: str
    allocatable: Amounts
    requested: Amounts
    closed: str

    def left(self, name: str) -> int:
        """What may still be requested, whether it takes pods or not."""
        return max(0, self.allocatable[name] - self.requested[name])


@dataclass(frozen=True, slots=True)
class DiskRoom:
    """The disks of one Longhorn node, in bytes; `largest` is what fits in one piece."""

    node: str
    gives: int
    given: int
    left: int
    largest: int
    closed: str


@dataclass(frozen=True, slots=True)
class SizeRoom:
    """What tenants of one size request, and how many more fit: now, and after a loss.

    `short` names the resources that the next one finds too little of. `after_loss` is None where
    all nodes are one failure domain, or where not even what runs now would find room.
    """

    size: str
    pods: int
    cpu: float
    memory: int
    volume_bytes: int
    fit: int
    short: tuple[str, ...]
    after_loss: int | None


@dataclass(frozen=True, slots=True)
class Loss:
    """What the worst loss of one failure domain does: pods that would find no other node."""

    domain: str
    nodes: int
    homeless: int


@dataclass(frozen=True, slots=True)
class Overview:
    """All of it. `disks` is None where Longhorn is not there or may not be looked at.

    `loss` is None where all nodes are one failure domain.
    """

    nodes: Sequence[NodeRoom]
    disks: Sequence[DiskRoom] | None
    sizes: Sequence[SizeRoom]
    loss: Loss | None


def overview(looked: Looked, tenants: Mapping[str, Sequence[Object]], key: str) -> Overview:
    """What `looked` has left, for tenants with these objects; `key`: label of failure domains."""
    room = looked.room()
    losses = list(_losses(room, key))
    worst = max((loss for loss, _ in losses), key=lambda loss: loss.homeless, default=None)
    rooms = [after for loss, after in losses] if worst and not worst.homeless else []
    return Overview(
        [_node(room, name, key) for name in sorted(room.nodes)],
        _disks(looked.space) if looked.space else None,
        [_size(name, objects, looked, room, rooms) for name, objects in tenants.items()],
        worst,
    )


def _node(room: Room, name: str, key: str) -> NodeRoom:
    allocatable = {one: room.allocatable[name].get(one, 0) for one in COUNTED}
    requested = {one: allocatable[one] - room.left[name].get(one, 0) for one in COUNTED}
    closed = selecting.closed(selecting.closing(room.nodes[name]), ())
    return NodeRoom(name, room.domain(name, key) or name, allocatable, requested, closed)


def _disks(space: Space) -> list[DiskRoom]:
    found = []
    for node in sorted({disk.node for disk in space.disks}):
        own = [disk for disk in space.disks if disk.node == node]
        closed = {disk.closed for disk in own}
        found.append(
            DiskRoom(
                node,
                sum(disk.gives for disk in own),
                sum(disk.given for disk in own),
                sum(disk.left for disk in own),
                max(disk.left for disk in own),
                "" if "" in closed else ", ".join(sorted(closed)),
            )
        )
    return found


def _losses(room: Room, key: str) -> Iterator[tuple[Loss, Room]]:
    found = growth.domains(room, key)
    if len(found) < 2:
        return
    memory = {
        name: sum(room.allocatable[node].get(MEMORY, 0) for node in nodes)
        for name, nodes in found.items()
    }
    for name in sorted(found, key=lambda name: (-memory[name], name))[:_DOMAINS]:
        after, homeless = growth.without(room, found[name])
        yield Loss(name, len(found[name]), len(homeless)), after


def _size(
    name: str, objects: Sequence[Object], looked: Looked, room: Room, losses: Sequence[Room]
) -> SizeRoom:
    pods, asked = fitting.pods_of(objects), volumes(looked, objects)
    nodes = growth.more(room, pods, fitting.MOST)
    fit, short = nodes.count, nodes.short
    if looked.space is not None and asked:
        disks = looked.space.more(asked, fit)
        if disks < fit:
            fit, short = disks, (VOLUMES,)
    after = [growth.more(lost, pods, fit).count for lost in losses]
    summed = fitting.summed(pods)
    return SizeRoom(
        name,
        len(pods),
        float(summed["cpu"]),
        int(summed["memory_bytes"]),
        fitting.volume_bytes(objects),
        fit,
        short,
        min(after, default=None),
    )
