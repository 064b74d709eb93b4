"""Whether pods fit on the nodes, by the arithmetic of Kubernetes' scheduler. Pure.

A node's room is what it can give away (`allocatable`) less what the pods on it request, whether
they use it or not. Counted are requests, the number of pods, cordons, taints, node selectors and
affinities, and required anti-affinity in both directions. Not counted: required affinity to other
pods, required spread, ports of the host, limits of volumes per node, containers that are being
resized, and that a pod of higher priority may push others out. No pod of tigctl's asks for these.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tigctl.targets.kubernetes import selecting
from tigctl.targets.kubernetes.amounts import CPU, MEMORY, Amounts, quantity, total
from tigctl.targets.kubernetes.pods import Object, Pod

_ANY = ""  # namespace


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a node does not take a pod: a reason, or by resource how much is missing there."""

    why: str = ""
    missing: Amounts = field(default_factory=dict)


class Room:
    """Nodes with the pods on them. Objects are the API server's; finished pods do not count."""

    def __init__(self, nodes: Iterable[Object], pods: Iterable[Pod] = ()) -> None:
        self.nodes = {one["metadata"]["name"]: one for one in nodes}
        self.allocatable = {name: _allocatable(one) for name, one in self.nodes.items()}
        self.left = {name: dict(amounts) for name, amounts in self.allocatable.items()}
        self._labels = {
            name: one["metadata"].get("labels") or {} for name, one in self.nodes.items()
        }
        self._taints = {name: selecting.closing(one) for name, one in self.nodes.items()}
        self._pods: dict[str, list[Pod]] = {}  # by namespace
        # By the namespace they speak of: terms of anti-affinity, each with whose it is.
        self._terms: dict[str, list[tuple[Pod, Object]]] = {}
        for pod in pods:
            self.put(pod, pod.node)

    def copy(self) -> Room:
        """Another room with the same pods, to try things in."""
        found = Room(())
        found.nodes, found.allocatable = self.nodes, self.allocatable
        found._labels, found._taints = self._labels, self._taints
        found.left = {name: dict(left) for name, left in self.left.items()}
        found._pods = {space: list(pods) for space, pods in self._pods.items()}
        found._terms = {space: list(terms) for space, terms in self._terms.items()}
        return found

    def pods(self, namespace: str = _ANY) -> list[Pod]:
        """The pods of one namespace, or all."""
        if namespace != _ANY:
            return list(self._pods.get(namespace, ()))
        return [pod for pods in self._pods.values() for pod in pods]

    def put(self, pod: Pod, node: str) -> None:
        """Counts a pod on a node; on one that is not there it takes no room."""
        if node not in self.nodes:
            return
        self._count(pod, node, -1)
        placed = pod if pod.node == node else replace(pod, node=node)
        self._pods.setdefault(pod.namespace, []).append(placed)
        for term in placed.apart:
            for space in _spaces(term, placed):
                self._terms.setdefault(space, []).append((placed, term))

    def take(self, pod: Pod) -> None:
        """Counts a pod no more. Raises ValueError where it was not counted."""
        self._pods[pod.namespace].remove(pod)
        self._count(pod, pod.node, 1)
        for term in pod.apart:
            for space in _spaces(term, pod):
                self._terms[space].remove((pod, term))

    def _count(self, pod: Pod, node: str, sign: int) -> None:
        left = self.left[node]
        for name, amount in pod.wants.items():
            left[name] = left.get(name, 0) + sign * amount

    def domain(self, node: str, key: str) -> str:
        """The value of a node's label; empty where it has none."""
        return str(self._labels[node].get(key, ""))

    def refusal(self, pod: Pod, node: str) -> Refusal | None:
        """Why a node does not take a pod; None where it does."""
        if why := self._rules(pod, node) or self._neighbour(pod, node):
            return Refusal(why)
        left = self.left[node]
        missing = {
            name: amount - left.get(name, 0)
            for name, amount in pod.wants.items()
            if amount > left.get(name, 0) and amount > 0
        }
        return Refusal(missing=missing) if missing else None

    def _rules(self, pod: Pod, node: str) -> str:
        """What the node itself says: cordon, taints, labels."""
        taints = self._taints[node]
        if taints and (why := selecting.closed(taints, pod.spec.get("tolerations") or ())):
            return why
        if selecting.takes(self.nodes[node], pod.spec):
            return ""
        return "its labels are not those that are required"

    def _neighbour(self, pod: Pod, node: str) -> str:
        """Who is there with whom the pod may not share, in either direction."""
        theirs = [*self._terms.get(pod.namespace, ()), *self._terms.get(_ANY, ())]
        for owner, term in theirs:
            if self._together(owner.node, node, term) and _selects(term, pod):
                return f"holds {owner.name}, which has to be apart"
        for term in pod.apart:
            if there := next(self._meant(term, pod, node), None):
                return f"holds {there.name}, which has to be apart"
        return ""

    def _together(self, one: str, other: str, term: Object) -> bool:
        here = self.domain(one, term["topologyKey"])
        return bool(here) and here == self.domain(other, term["topologyKey"])

    def _meant(self, term: Object, owner: Pod, node: str) -> Iterator[Pod]:
        """The pods in a node's domain that a term of `owner` speaks of."""
        for space in _spaces(term, owner):
            for there in self.pods(space):
                if self._together(there.node, node, term) and _selects(term, there):
                    yield there

    def open_nodes(self, pod: Pod) -> list[str]:
        """The nodes that take a pod."""
        return [name for name in self.nodes if self.refusal(pod, name) is None]

    def choice(self, pod: Pod) -> str | None:
        """The node that the scheduler would likely take; None where none takes the pod.

        It looks for distance from whom the pod would rather be apart, then for the emptiest.
        """
        return min(self.open_nodes(pod), key=lambda name: self._dislike(pod, name), default=None)

    def _dislike(self, pod: Pod, node: str) -> tuple[float, float, str]:
        shared = sum(
            weight * sum(1 for _ in self._meant(term, pod, node))
            for weight, term in pod.rather_apart
        )
        given, left = self.allocatable[node], self.left[node]
        free = sum(
            (left[name] - pod.wants.get(name, 0)) / given[name]
            for name in (CPU, MEMORY)
            if given.get(name)
        )
        return shared, -free, node


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of placing pods.

    Attributes:
        after: the room with all of them that fit.
        placed: pod -> node, for those that fit.
        refused: those that fit nowhere beside the placed ones, each with node -> why not.
        sure: they fit wherever the scheduler puts each; else only if it chooses well.
    """

    after: Room
    placed: Mapping[str, str]
    refused: Sequence[tuple[Pod, Mapping[str, Refusal]]]
    sure: bool

    @property
    def fits(self) -> bool:
        """Whether every pod has a node."""
        return not self.refused


def place(room: Room, pods: Sequence[Pod]) -> Verdict:
    """Where pods go that are made in this order; `room` stays as it is."""
    after = room.copy()
    placed: dict[str, str] = {}
    refused: list[tuple[Pod, Mapping[str, Refusal]]] = []
    for pod in pods:
        node = after.choice(pod)
        if node is None:
            refused.append((pod, why_not(after, pod)))
        else:
            after.put(pod, node)
            placed[pod.name] = node
    sure = not refused and all(_sure(room, pod, pods) for pod in pods)
    return Verdict(after, placed, refused, sure)


def why_not(room: Room, pod: Pod) -> dict[str, Refusal]:
    """Of each node that does not take a pod, why."""
    asked = ((name, room.refusal(pod, name)) for name in room.nodes)
    return {name: refusal for name, refusal in asked if refusal}


def _sure(room: Room, pod: Pod, beside: Sequence[Pod]) -> bool:
    """Whether a pod fits wherever the others of its tenant go, if they go anywhere.

    Either one node has room for all of them. Or more nodes take the pod than the others can take
    away: each its own, and the rest of its failure domain where they may not share one.
    """
    nodes = frozenset(room.open_nodes(pod))
    keys = {term["topologyKey"] for one in beside for term in one.apart}
    if not keys:
        every = total(one.wants for one in beside)
        if any(all(room.left[node].get(key, 0) >= every[key] for key in every) for node in nodes):
            return True
        return len(nodes) >= len(beside)
    taken = {
        frozenset(one for one in nodes if one == node or _share(room, one, node, keys))
        for node in room.nodes
    }
    largest = sorted(map(len, taken), reverse=True)[: len(beside) - 1]
    return len(nodes) > sum(largest)


def _share(room: Room, one: str, other: str, keys: Iterable[str]) -> bool:
    return any((at := room.domain(one, key)) and at == room.domain(other, key) for key in keys)


def _allocatable(node: Object) -> dict[str, int]:
    """What a node can give away, rounded down: the API's own rounding is up."""
    status = node.get("status") or {}
    found = status.get("allocatable") or status.get("capacity") or {}
    return {
        name: math.floor(quantity(str(value)) * (1000 if name == CPU else 1))
        for name, value in found.items()
    }


def _spaces(term: Object, owner: Pod) -> tuple[str, ...]:
    """The namespaces that a term speaks of.

    Of namespaces that are selected by labels nothing is known here: they may be any.
    """
    if term.get("namespaceSelector") is not None:
        return (_ANY,)
    return tuple(term.get("namespaces") or (owner.namespace,))


def _selects(term: Object, pod: Pod) -> bool:
    return selecting.selects(term.get("labelSelector"), pod.labels)
