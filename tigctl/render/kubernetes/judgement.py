"""Judges a tenant's policies: is open what its files declare, all of it and nothing else?

Every pod of the tenant, the ones nobody thought of included, is held against every kind of peer:
its own pods, the parts of the cluster, other tenants, nodes, and all addresses there are (as
ranges, so that none is left out). Only documents are judged; what runs in a cluster may differ.
"""

from __future__ import annotations

import bisect
import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from collectors.device import Device
from tigctl.render.kubernetes.declared import CHALLENGE, COMPONENTS, Declared, declared, labels_of
from tigctl.render.kubernetes.model import NAME_LABEL, TENANT_LABEL, Object, Stack
from tigctl.render.kubernetes.reach import ANY, Direction, Opening, Pod, Policies, Port, Ports
from tigctl.spec.isolation import Destination, Source
from tigctl.spec.ranges import Ranges, show
from tigctl.spec.ranges import without as difference

_ENTITIES = ("host", "remote-node", "kube-apiserver", "ingress", "health")

# Cilium's default of bpf-policy-map-max: peers times ports of one pod; what does not fit is shut.
POLICY_MAP = 16_384

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another tenant of the same cluster."""

    name: str
    namespace: str
    devices: Sequence[Device] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found.

    `faults` are differences between what is open and what is declared, and ways from one tenant
    to another; `notes` are declared but worth a thought. `questions` counts what was judged.
    """

    faults: tuple[str, ...]
    notes: tuple[str, ...]
    questions: int


def judge(
    stack: Stack, documents: Iterable[Object], neighbours: Sequence[Neighbour] = ()
) -> Verdict:
    """Judges the documents as this tenant's policies. Raises NotJudged for unknown constructs."""
    policies, wanted = Policies(documents), declared(stack)
    own, peers = _own_pods(stack), _peers(stack, neighbours)
    others = {one.namespace: one.name for one in neighbours}
    faults: list[str] = []
    questions = 0
    directions: tuple[Direction, ...] = ("ingress", "egress")
    for name, pod in own.items():
        for direction in directions:
            reach = policies.reach(pod, direction)
            pair = _Pair(name, direction)
            if not reach.enforced:
                faults.append(pair.unenforced())
                continue
            for peer, other in {**own, **peers}.items():
                found = reach.with_pod(other)
                if found and other.namespace in others:
                    faults.append(pair.tenant(peer, others[other.namespace], found))
                else:
                    faults += pair.ports(peer, found, wanted.with_pod(pod, direction, other))
            for entity in _ENTITIES:
                declared_ports = wanted.with_entity(pod, direction, entity)
                faults += pair.ports(entity, reach.with_entity(entity), declared_ports)
            open_to, may = reach.addresses(), wanted.addresses(pod, direction)
            faults += pair.addresses(open_to, may)
            questions += len(own) + len(peers) + len(_ENTITIES) + len(open_to | may)
    notes = [*_shared(wanted, own, neighbours), *_size(policies, own["telegraf"])]
    return Verdict(tuple(dict.fromkeys(faults)), tuple(notes), questions)


@dataclass(frozen=True, slots=True)
class _Pair:
    """Words for one pod of the tenant and one direction."""

    name: str
    direction: Direction

    def unenforced(self) -> str:
        way = "be reached by anyone" if self.direction == "ingress" else "reach anyone"
        return f"{self.name} may {way}: no policy selects it for {self.direction}"

    def tenant(self, peer: str, tenant: str, ports: Ports) -> str:
        return f"{self._way(peer)} by {_listed(ports)}: a way to the pods of tenant {tenant}"

    def ports(self, peer: str, found: Ports, wanted: Ports) -> Iterator[str]:
        if more := found - wanted:
            yield f"{self._way(peer)} by {_listed(more)}: nothing declares that"
        if (less := wanted - found) and ANY not in found:
            yield f"{self._way(peer, 'cannot')} by {_listed(less)}: it is declared, but closed"

    def addresses(self, found: Mapping[Port, Ranges], wanted: Mapping[Port, Ranges]) -> list[str]:
        faults = []
        for port in sorted(found.keys() | wanted.keys()):
            one, other = found.get(port, Ranges(())), wanted.get(port, Ranges(()))
            if more := difference(one.joined, other.joined):
                what = f"{self._way(_some(more))} by {_listed({port})}"
                faults.append(f"{what}: nothing declares that")
            if less := difference(other.joined, one.joined):
                what = f"{self._way(_some(less), 'cannot')} by {_listed({port})}"
                faults.append(f"{what}: it is declared, but closed")
        return faults

    def _way(self, peer: str, may: str = "may") -> str:
        verb = "be reached from" if self.direction == "ingress" else "reach"
        return f"{self.name} {may} {verb} {peer}"


def _own_pods(stack: Stack) -> dict[str, Pod]:
    """The tenant's pods by kind: of each component, of a challenge, declared ones, any other."""
    namespace = stack.namespace
    pods = {name: Pod(namespace, labels_of(stack, name)) for name in COMPONENTS}
    pods["any other pod"] = Pod(namespace, {})
    pods["a certificate challenge"] = Pod(namespace, CHALLENGE)
    for rule in _declared_peers(stack):
        if not rule.namespace:
            pods[_labels(rule.pods)] = Pod(namespace, dict(rule.pods))
    return pods


def _peers(stack: Stack, neighbours: Sequence[Neighbour]) -> dict[str, Pod]:
    """Pods of others: parts of the cluster, declared ones, strangers, other tenants' pods."""
    target = stack.target.isolation
    named = [target.dns, target.gateway, target.ingress, *_declared_peers(stack)]
    pods = {"a pod of default": Pod("default", {})}
    for one in named:
        if one.namespace:
            within = f" of {one.namespace}"
            pods[_labels(one.pods) + within] = Pod(one.namespace, dict(one.pods))
            pods["another pod" + within] = Pod(one.namespace, {})
        if one.pods:
            # The same labels in a namespace that is not meant.
            pods[f"{_labels(one.pods)} of default"] = Pod("default", dict(one.pods))
    for other in neighbours:
        for component in (*COMPONENTS, ""):
            labels = {TENANT_LABEL: other.name, NAME_LABEL: component} if component else {}
            pods[f"{component or 'any pod'} of {other.name}"] = Pod(other.namespace, labels)
            # A stranger who took our labels.
            posing = {TENANT_LABEL: stack.tenant, NAME_LABEL: component} if component else {}
            pods[f"{component or 'any pod'} of {other.name}, with our labels"] = Pod(
                other.namespace, posing
            )
    return pods


def _declared_peers(stack: Stack) -> Iterator[Source | Destination]:
    isolation = stack.settings.isolation
    for component in COMPONENTS:
        section = getattr(isolation, component)
        yield from (rule for rule in getattr(section, "ingress", ()) if not rule.from_)
        yield from (rule for rule in section.egress if not rule.to)


def _shared(
    wanted: Declared, own: Mapping[str, Pod], neighbours: Sequence[Neighbour]
) -> Iterator[str]:
    """Declared addresses that are another tenant's devices: allowed, but said."""
    for name in COMPONENTS:
        by_port = wanted.addresses(own[name], "egress")
        reached = Ranges(one for ranges in by_port.values() for one in ranges.joined)
        for other in neighbours if reached else ():
            shared = [
                device
                for device in other.devices
                if ipaddress.ip_address(device.address) in reached
            ]
            if shared:
                more = f" and {len(shared) - 1} more" if len(shared) > 1 else ""
                yield (
                    f"{name} may reach {shared[0].address}, which is device {shared[0].name} of "
                    f"tenant {other.name} too{more}: their networks overlap"
                )


def _size(policies: Policies, telegraf: Pod) -> Iterator[str]:
    entries = policy_entries(policies.reach(telegraf, "egress").openings)
    if entries > POLICY_MAP:
        yield (
            f"the policies of telegraf need about {entries:,} entries of Cilium's policy map; its "
            f"default size is {POLICY_MAP:,}, and what does not fit is closed. Declare networks, "
            "so that devices need no entry each, or raise bpf-policy-map-max"
        )


def policy_entries(openings: Iterable[Opening]) -> int:
    """About how many entries of Cilium's policy map the rules need, by address.

    Each CIDR that any rule names is an identity of its own, and a rule counts for each identity
    inside of its addresses, once per port.
    """
    rules = [one for one in openings if one.ranges]
    identities = sorted({one for rule in rules for one in rule.ranges})
    total = 0
    for rule in rules:
        for version, first, last in Ranges(rule.ranges).joined:
            low = bisect.bisect_left(identities, (version, first, 0))
            high = bisect.bisect_right(identities, (version, last, 2**128))
            total += len(rule.ports) * (high - low)
    return total


def _some(ranges: Sequence[tuple[int, int, int]]) -> str:
    found = list(map(show, Ranges(ranges).joined))
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(found[:_SHOWN]) + more


def _listed(ports: Iterable[Port]) -> str:
    return ", ".join(
        "anything" if port == ANY else f"{port[0]}/{port[1]}" for port in sorted(ports)
    )


def _labels(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in labels.items()) or "any pod"
