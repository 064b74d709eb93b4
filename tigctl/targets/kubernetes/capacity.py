"""Whether pods fit on the nodes, by the arithmetic of Kubernetes' scheduler. Pure.

A node's room is what it can give away (`allocatable`) less what the pods on it request, whether
they use it or not. Counted are requests, the number of pods, cordons, taints, node selectors and
affinities, required anti-affinity in both directions, and required spread. Not counted: required
affinity to other pods, ports of the host, limits of volumes per node, and that a pod of higher
priority may push others out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from tigctl.targets.kubernetes import selecting
from tigctl.targets.kubernetes.amounts import CPU, MEMORY, Amounts, quantity, requests
from tigctl.targets.kubernetes.selecting import Labels

Object = Mapping[str, Any]

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
# Pods that are put somewhere while a way is searched that fits all of them.
_PATIENCE = 5_000


@dataclass(frozen=True)
class Pod:
    """A pod that runs on `node`, or one that wants to run somewhere (`node` empty)."""

    name: str
    namespace: str
    labels: Labels
    spec: Object
    wants: Amounts
    node: str = ""

    @classmethod
    def of(cls, found: Object) -> Pod:
        """From the API server's object."""
        metadata, spec = found["metadata"], found["spec"]
        return cls(
            metadata["name"],
            metadata.get("namespace", ""),
            metadata.get("labels") or {},
            spec,
            requests(spec, found.get("status")),
            spec.get("nodeName", ""),
        )

    @classmethod
    def wished(cls, workload: Object) -> Iterator[Pod]:
        """The pods of a Deployment or StatefulSet, as it would make them."""
        metadata, spec = workload["metadata"], workload["spec"]
        template = spec["template"]
        wants = requests(template["spec"])
        labels = (template.get("metadata") or {}).get("labels") or {}
        count = spec.get("replicas", 1)
        numbered = workload["kind"] == "StatefulSet" or count > 1
        for number in range(count):
            name = metadata["name"] + (f"-{number}" if numbered else "")
            yield cls(name, metadata.get("namespace", ""), labels, template["spec"], wants)

    @cached_property
    def apart(self) -> tuple[Object, ...]:
        """The terms of its required anti-affinity."""
        return tuple(self._anti_affinity.get(_REQUIRED) or ())

    @cached_property
    def rather_apart(self) -> tuple[tuple[int, Object], ...]:
        """The terms of its preferred anti-affinity, with their weights."""
        found = self._anti_affinity.get(_PREFERRED) or ()
        return tuple((one["weight"], one["podAffinityTerm"]) for one in found)

    @cached_property
    def spread(self) -> tuple[Object, ...]:
        """The required ones of its topology spread constraints."""
        found = self.spec.get("topologySpreadConstraints") or ()
        return tuple(one for one in found if one.get("whenUnsatisfiable") == "DoNotSchedule")

    @property
    def _anti_affinity(self) -> Object:
        affinity: Object = (self.spec.get("affinity") or {}).get("podAntiAffinity") or {}
        return affinity


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a node does not take a pod: a reason, or by resource how much is missing there."""

    why: str = ""
    missing: Amounts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of placing pods.

    Attributes:
        placed: pod -> node, for those that fit.
        refused: pod -> node -> why not, for those that fit nowhere beside the placed ones.
        tight: all fit, but not wherever the scheduler may put the first ones.
    """

    placed: Mapping[str, str]
    refused: Mapping[str, Mapping[str, Refusal]]
    tight: bool = False

    @property
    def fits(self) -> bool:
        """Whether every pod has a node."""
        return not self.refused


class Room:
    """Nodes with the pods on them. Objects are the API server's; finished pods do not count."""

    def __init__(self, nodes: Sequence[Object], pods: Sequence[Pod] = ()) -> None:
        self.nodes = {one["metadata"]["name"]: one for one in nodes}
        self.allocatable = {name: _allocatable(one) for name, one in self.nodes.items()}
        self.left = {name: dict(amounts) for name, amounts in self.allocatable.items()}
        self.pods: dict[str, list[Pod]] = {name: [] for name in self.nodes}
        self._apart: list[Pod] = []
        # Of which pods (by their spec, kept alive here) each node's own rules were asked before.
        self._asked: dict[tuple[str, int], tuple[Object, str]] = {}
        for pod in pods:
            if pod.node in self.nodes:
                self.put(pod, pod.node)

    def copy(self) -> Room:
        """Another room with the same pods, to try things in."""
        found = Room(())
        found.nodes, found.allocatable = self.nodes, self.allocatable
        found.left = {name: dict(left) for name, left in self.left.items()}
        found.pods = {name: list(pods) for name, pods in self.pods.items()}
        found._apart, found._asked = list(self._apart), self._asked
        return found

    def put(self, pod: Pod, node: str) -> None:
        """Counts a pod on a node."""
        self._count(pod, node, -1)
        placed = pod if pod.node == node else replace(pod, node=node)
        self.pods[node].append(placed)
        if placed.apart:
            self._apart.append(placed)

    def take(self, pod: Pod) -> None:
        """Counts a pod no more. Raises ValueError where it was not counted."""
        self.pods[pod.node].remove(pod)
        self._count(pod, pod.node, 1)
        if pod.apart:
            self._apart.remove(pod)

    def _count(self, pod: Pod, node: str, sign: int) -> None:
        left = self.left[node]
        for name, amount in pod.wants.items():
            left[name] = left.get(name, 0) + sign * amount

    def refusal(self, pod: Pod, node: str) -> Refusal | None:
        """Why a node does not take a pod; None where it does."""
        if why := self._rules(pod, node) or self._neighbours(pod, node) or self._uneven(pod, node):
            return Refusal(why)
        left = self.left[node]
        missing = {
            name: amount - left.get(name, 0)
            for name, amount in pod.wants.items()
            if amount > 0 and amount > left.get(name, 0)
        }
        return Refusal(missing=missing) if missing else None

    def _rules(self, pod: Pod, node: str) -> str:
        """What the node itself says: cordon, taints, labels."""
        key = node, id(pod.spec)
        if key not in self._asked:
            there = self.nodes[node]
            why = selecting.closed(there, pod.spec.get("tolerations") or ())
            if not why and not selecting.takes(there, pod.spec):
                why = "its labels are not those that are required"
            self._asked[key] = pod.spec, why
        return self._asked[key][1]

    def _neighbours(self, pod: Pod, node: str) -> str:
        """Who is there with whom the pod may not share, in either direction."""
        for term in pod.apart:
            domain = self._domain(node, term["topologyKey"])
            for there in self._in_domain(term["topologyKey"], domain) if domain else ():
                if _meant(term, pod, there):
                    return f"holds {there.name}, which has to be apart"
        for there in self._apart:
            for term in there.apart:
                domain = self._domain(node, term["topologyKey"])
                same = domain and domain == self._domain(there.node, term["topologyKey"])
                if same and _meant(term, there, pod):
                    return f"holds {there.name}, which has to be apart"
        return ""

    def _uneven(self, pod: Pod, node: str) -> str:
        for one in pod.spread:
            key, selector = one["topologyKey"], one.get("labelSelector")
            here = self._domain(node, key)
            if not here:
                return f"has no label {key}"
            counts: dict[str, int] = {}
            for name, there in self.nodes.items():
                domain = self._domain(name, key)
                if domain and selecting.takes(there, pod.spec):
                    counts[domain] = counts.get(domain, 0) + sum(
                        other.namespace == pod.namespace
                        and selecting.selects(selector, other.labels)
                        for other in self.pods[name]
                    )
            least = min(counts.values(), default=0)
            if len(counts) < one.get("minDomains", 1):
                least = 0
            own = selecting.selects(selector, pod.labels)
            if counts.get(here, 0) + own - least > one.get("maxSkew", 1):
                return f"{here} has more of them than other places"
        return ""

    def _domain(self, node: str, key: str) -> str:
        labels = self.nodes[node]["metadata"].get("labels") or {}
        return str(labels.get(key, ""))

    def _in_domain(self, key: str, domain: str) -> Iterator[Pod]:
        for name in self.nodes:
            if self._domain(name, key) == domain:
                yield from self.pods[name]

    def choice(self, pod: Pod) -> str | None:
        """The node that the scheduler would likely take; None where none takes the pod.

        It looks for distance from whom the pod would rather be apart, then for the emptiest.
        """
        open_nodes = [name for name in self.nodes if self.refusal(pod, name) is None]
        return min(open_nodes, key=lambda name: self._dislike(pod, name), default=None)

    def _dislike(self, pod: Pod, node: str) -> tuple[float, float, str]:
        shared = 0
        for weight, term in pod.rather_apart:
            domain = self._domain(node, term["topologyKey"])
            there = self._in_domain(term["topologyKey"], domain) if domain else ()
            shared += weight * sum(_meant(term, pod, other) for other in there)
        given, left = self.allocatable[node], self.left[node]
        free = sum(
            (left[name] - pod.wants.get(name, 0)) / given[name]
            for name in (CPU, MEMORY)
            if given.get(name)
        )
        return shared, -free, node


def place(room: Room, pods: Sequence[Pod]) -> Verdict:
    """Where pods go that are made in this order; `room` stays as it is.

    Where the scheduler's likely way leaves one over, others are tried, for a while.
    """
    tried = room.copy()
    placed: dict[str, str] = {}
    refused: dict[str, Mapping[str, Refusal]] = {}
    for pod in pods:
        node = tried.choice(pod)
        if node is None:
            refused[pod.name] = why_not(tried, pod)
        else:
            tried.put(pod, node)
            placed[pod.name] = node
    if not refused:
        return Verdict(placed, refused)
    another = _search(room, pods)
    return Verdict(another, {}, tight=True) if another else Verdict(placed, refused)


def why_not(room: Room, pod: Pod) -> dict[str, Refusal]:
    """Of each node that does not take a pod, why."""
    asked = ((name, room.refusal(pod, name)) for name in room.nodes)
    return {name: refusal for name, refusal in asked if refusal}


def _search(room: Room, pods: Sequence[Pod]) -> dict[str, str] | None:
    """Any way that fits all; the largest first, because it has the fewest choices."""
    order = sorted(pods, key=lambda pod: (-pod.wants.get(MEMORY, 0), -pod.wants.get(CPU, 0)))
    tried, left = room.copy(), [_PATIENCE]
    placed: dict[str, str] = {}

    def rest(number: int) -> bool:
        if number == len(order):
            return True
        pod = order[number]
        for node in tried.nodes:
            if tried.refusal(pod, node) is not None:
                continue
            left[0] -= 1
            if left[0] < 0:
                return False
            tried.put(pod, node)
            placed[pod.name] = node
            if rest(number + 1):
                return True
            tried.take(tried.pods[node][-1])
        return False

    return placed if rest(0) else None


def more(room: Room, pods: Sequence[Pod], most: int = 999) -> int:
    """How many tenants with these pods still fit, one after the other; `most` at the most."""
    tried = room.copy()
    for number in range(most):
        for pod in pods:
            # A tenant of its own: anti-affinity keeps within a namespace.
            other = replace(pod, namespace=f"{pod.namespace}#{number}")
            node = tried.choice(other)
            if node is None:
                return number
            tried.put(other, node)
    return most


def _allocatable(node: Object) -> dict[str, int]:
    """What a node can give away, rounded down: the API's own rounding is up."""
    status = node.get("status") or {}
    found = status.get("allocatable") or status.get("capacity") or {}
    return {
        name: math.floor(quantity(str(value)) * (1000 if name == CPU else 1))
        for name, value in found.items()
    }


def _meant(term: Object, owner: Pod, other: Pod) -> bool:
    """Whether a term of anti-affinity of `owner` speaks of another pod.

    Of namespaces that are selected by labels nothing is known here: they may be any.
    """
    if "namespaceSelector" not in term or term["namespaceSelector"] is None:
        spaces = term.get("namespaces") or [owner.namespace]
        if other.namespace not in spaces:
            return False
    return selecting.selects(term.get("labelSelector"), other.labels)
