"""What a set of CiliumNetworkPolicy documents opens: a small model of how Cilium reads them.

It knows the constructs that tigctl renders and says NotJudged about all others, so that it never
guesses. `make isolation` holds it against Cilium's own engine. It judges documents, not a cluster:
that the pod's own node always gets in, for one, is no policy's doing and not seen here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tigctl.render.kubernetes.model import Object
from tigctl.spec.ranges import Range, Ranges, network_range, without

# Protocol and port; of ICMP and ICMPv6 the type. ANY stands for all of all protocols.
Port = tuple[str, int]
ANY: Port = ("ANY", 0)
Ports = frozenset[Port]

Direction = Literal["ingress", "egress"]

_NAMESPACE = "io.kubernetes.pod.namespace"
_EVERYWHERE: tuple[Range, ...] = ((4, 0, 2**32 - 1), (6, 0, 2**128 - 1))
_ENTITIES = frozenset({"host", "remote-node", "ingress", "health", "kube-apiserver", "world"})
_PROTOCOLS = frozenset({"TCP", "UDP", "SCTP"})
_ECHO_FAMILIES = {"IPv4": "ICMP", "IPv6": "ICMPv6"}


class NotJudged(ValueError):
    """A construct this model does not know; the text names it."""


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod: its namespace and labels are all that policies see of it."""

    namespace: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Selector:
    """Pods by namespace and labels; each label has a set of values that fit."""

    namespace: str
    labels: tuple[tuple[str, frozenset[str]], ...]

    def selects(self, pod: Pod) -> bool:
        """Whether the pod is meant."""
        if pod.namespace != self.namespace:
            return False
        return all(pod.labels.get(key) in values for key, values in self.labels)


@dataclass(frozen=True, slots=True)
class Opening:
    """Peers and the ports that are open between them and the pods the rule is for."""

    ports: Ports
    anyone: bool = False
    ranges: tuple[Range, ...] = ()
    entities: frozenset[str] = frozenset()
    selectors: tuple[Selector, ...] = ()


_EVERYTHING = Opening(ports=frozenset({ANY}), anyone=True)


@dataclass(frozen=True, slots=True)
class Reach:
    """All that is open to a pod in one direction; `enforced` is false where no policy is there."""

    enforced: bool
    openings: tuple[Opening, ...]

    def with_pod(self, peer: Pod) -> Ports:
        """The ports that are open with a pod."""
        return self._ports(lambda one: any(each.selects(peer) for each in one.selectors))

    def with_entity(self, name: str) -> Ports:
        """The ports that are open with an entity, such as `host`."""
        return self._ports(lambda one: name in one.entities)

    def addresses(self) -> dict[Port, Ranges]:
        """The addresses outside of the cluster that are open, by port."""
        found: dict[Port, list[Range]] = {}
        for one in self.openings:
            open_to = _EVERYWHERE if one.anyone or "world" in one.entities else one.ranges
            if open_to:
                for port in one.ports:
                    found.setdefault(port, []).extend(open_to)
        return {port: Ranges(ranges) for port, ranges in found.items()}

    def _ports(self, fits: Any) -> Ports:
        ports = (one.ports for one in self.openings if one.anyone or fits(one))
        return frozenset().union(*ports)


class Policies:
    """Policies, read once and asked often. Raises NotJudged for what the model does not know."""

    def __init__(self, documents: Iterable[Object]) -> None:
        self._rules: list[tuple[Selector, Direction, tuple[Opening, ...]]] = []
        for document in documents:
            namespace = document["metadata"]["namespace"]
            for spec in _specs(document):
                self._read(spec, namespace)

    def reach(self, pod: Pod, direction: Direction) -> Reach:
        """What is open to a pod; everything, where no policy with rules selects it."""
        own = [
            openings
            for selector, way, openings in self._rules
            if way == direction and selector.selects(pod)
        ]
        if not own:
            return Reach(enforced=False, openings=(_EVERYTHING,))
        return Reach(enforced=True, openings=tuple(one for some in own for one in some))

    def _read(self, spec: Object, namespace: str) -> None:
        _known(spec, {"description", "endpointSelector", "ingress", "egress"}, "a policy")
        # The namespace of what a policy is for cannot be chosen: it is the policy's own.
        subject = _selector(spec["endpointSelector"], namespace)
        if subject.namespace != namespace:
            raise NotJudged("an endpointSelector that names a namespace")
        directions: tuple[tuple[Direction, str], ...] = (("ingress", "from"), ("egress", "to"))
        for direction, way in directions:
            # Without a single rule a direction is not enforced.
            if rules := spec.get(direction):
                openings = tuple(_opening(rule, way, namespace) for rule in rules)
                self._rules.append((subject, direction, openings))


def _specs(document: Object) -> Sequence[Object]:
    if document.get("kind") != "CiliumNetworkPolicy":
        raise NotJudged(f"kind {document.get('kind')}")
    specs = [document["spec"]] if "spec" in document else []
    return [*specs, *document.get("specs", ())]


def _opening(rule: Object, way: str, namespace: str) -> Opening:
    endpoints, cidrs, entities = f"{way}Endpoints", f"{way}CIDRSet", f"{way}Entities"
    _known(rule, {endpoints, cidrs, entities, "toPorts", "icmps"}, "a rule")
    named = [key for key in (endpoints, cidrs, entities) if key in rule]
    if len(named) > 1 or ("toPorts" in rule and "icmps" in rule):
        raise NotJudged(f"a rule with {', '.join(rule)}: Cilium refuses it")
    ports = _ports(rule)
    if not named:
        # Nothing at all admits nobody; ports alone admit everybody.
        return Opening(ports, anyone=bool(rule))
    unknown = set(rule.get(entities, ())) - _ENTITIES
    if unknown:
        raise NotJudged(f"the entities {', '.join(sorted(unknown))}")
    return Opening(
        ports,
        ranges=tuple(part for one in rule.get(cidrs, ()) for part in _cidr(one)),
        entities=frozenset(rule.get(entities, ())),
        selectors=tuple(_selector(one, namespace) for one in rule.get(endpoints, ())),
    )


def _ports(rule: Object) -> Ports:
    if "icmps" in rule:
        return frozenset(_icmp(field) for one in rule["icmps"] for field in one["fields"])
    if "toPorts" not in rule:
        return frozenset({ANY})
    ports: set[Port] = set()
    for one in rule["toPorts"]:
        _known(one, {"ports"}, "toPorts")
        for port in one["ports"]:
            _known(port, {"port", "protocol"}, "a port")
            ports.update(_port(port["port"], port["protocol"]))
    if not ports:
        raise NotJudged("toPorts without a port")
    return frozenset(ports)


def _port(number: object, protocol: object) -> Iterable[Port]:
    if not isinstance(number, str) or not number.isdecimal() or not 1 <= int(number) <= 65_535:
        raise NotJudged(f"the port {number!r}; Cilium wants a number as text")
    if protocol == "ANY":
        return [(each, int(number)) for each in _PROTOCOLS]
    if protocol not in _PROTOCOLS:
        raise NotJudged(f"the protocol {protocol!r}")
    return [(str(protocol), int(number))]


def _icmp(field: Object) -> Port:
    _known(field, {"family", "type"}, "a field of icmps")
    kind = field["type"]
    # Type 0 is stored as the wildcard and opens every type.
    if not isinstance(kind, int) or not 1 <= kind <= 255:
        raise NotJudged(f"ICMP type {kind!r}")
    return (_ECHO_FAMILIES[field["family"]], kind)


def _cidr(one: Object) -> list[Range]:
    _known(one, {"cidr", "except"}, "a CIDR")
    left = [network_range(one["cidr"])]
    for hole in one.get("except", ()):
        left = without(left, [network_range(hole)])
    return left


def _selector(written: Object, namespace: str) -> Selector:
    _known(written, {"matchLabels", "matchExpressions"}, "a selector")
    labels: dict[str, frozenset[str]] = {
        key.removeprefix("k8s:"): frozenset({value})
        for key, value in written.get("matchLabels", {}).items()
    }
    for expression in written.get("matchExpressions", ()):
        if expression["operator"] != "In":
            raise NotJudged(f"the operator {expression['operator']}")
        key = expression["key"].removeprefix("k8s:")
        labels[key] = labels.get(key, frozenset(expression["values"])) & set(expression["values"])
    named = labels.pop(_NAMESPACE, frozenset({namespace}))
    if len(named) != 1:
        raise NotJudged("a selector of several namespaces")
    return Selector(next(iter(named)), tuple(labels.items()))


def _known(part: Object, keys: set[str], what: str) -> None:
    if unknown := set(part) - keys:
        raise NotJudged(f"{what} with {', '.join(sorted(unknown))}")
