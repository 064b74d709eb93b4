"""How many tenants more a cluster has room for, also once a failure domain is lost. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tigctl.targets.kubernetes.capacity import Refusal, Room, why_not
from tigctl.targets.kubernetes.pods import Pod


@dataclass(frozen=True, slots=True)
class More:
    """How many tenants more fit, and the resources that the next one finds too little of.

    `short` is empty where counting ended, or where it is not for want of a resource.
    """

    count: int
    short: tuple[str, ...] = ()


def more(room: Room, pods: Sequence[Pod], most: int) -> More:
    """How many tenants with these pods still fit, one after the other; `most` at the most."""
    tried = room.copy()
    for number in range(most):
        for pod in pods:
            # A tenant of its own: anti-affinity keeps within a namespace.
            other = replace(pod, namespace=f"{pod.namespace}#{number}")
            node = tried.choice(other)
            if node is None:
                return More(number, _scarce(why_not(tried, other)))
            tried.put(other, node)
    return More(most)


def _scarce(refusals: Mapping[str, Refusal]) -> tuple[str, ...]:
    """The resources that are too little on most nodes, the most frequent first."""
    found = Counter(name for one in refusals.values() for name in one.missing)
    return tuple(name for name, _ in found.most_common(2))


def domains(room: Room, key: str) -> dict[str, list[str]]:
    """The nodes of each failure domain; a node without the label is one of its own."""
    found: dict[str, list[str]] = {}
    for node in room.nodes:
        found.setdefault(room.domain(node, key) or node, []).append(node)
    return found


def without(room: Room, nodes: Iterable[str]) -> tuple[Room, list[Pod]]:
    """The room once these nodes are lost and their pods have moved, and those that could not."""
    lost = frozenset(nodes)
    pods = room.pods()
    after = Room(
        (one for name, one in room.nodes.items() if name not in lost),
        (pod for pod in pods if pod.node not in lost),
    )
    homeless = []
    for pod in pods:
        if pod.node in lost and not pod.bound:
            if node := after.choice(pod):
                after.put(pod, node)
            else:
                homeless.append(pod)
    return after, homeless
