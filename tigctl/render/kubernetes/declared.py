"""Who may talk to whom by a tenant's files: the yardstick that its policies are judged by.

Derived from settings and inventory alone, on a way of its own: nothing here looks at a policy or
shares code with what renders them, so that a fault of the rendering shows.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from collectors.device import SNMP_PORT
from tigctl.render.kubernetes.model import INSTANCE_LABEL, NAME_LABEL, TENANT_LABEL, Stack
from tigctl.render.kubernetes.reach import Direction, Pod, Port, Ports
from tigctl.spec.isolation import INTERNET, NOT_INTERNET, Destination, Source
from tigctl.spec.ranges import Range, Ranges, address_range, network_range, without

COMPONENTS = ("telegraf", "influxdb", "grafana", "jobs")

# What the pods of cert-manager carry that answer HTTP-01 challenges, and where they listen.
CHALLENGE = {"acme.cert-manager.io/http01-solver": "true"}
_CHALLENGE_PORT = 8089

_LISTENS = {"influxdb": 8086, "grafana": 3000}
_WORLD: tuple[Range, ...] = ((4, 0, 2**32 - 1), (6, 0, 2**128 - 1))
_DNS: Ports = frozenset({("UDP", 53), ("TCP", 53)})


@dataclass(frozen=True, slots=True)
class Clause:
    """Pods with all of `labels` may talk to a peer by `ports`; the peer is one of three kinds.

    `pods` names a peer's namespace and labels. `why` is the reason as the files give it, or ours.
    """

    labels: Mapping[str, str]
    direction: Direction
    ports: Ports
    why: str
    pods: tuple[str, Mapping[str, str]] | None = None
    ranges: tuple[Range, ...] = ()
    entities: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Declared:
    """All clauses of a tenant."""

    namespace: str
    clauses: tuple[Clause, ...] = field(default=())

    def of(self, pod: Pod, direction: Direction) -> Iterator[Clause]:
        """The clauses for a pod of the tenant."""
        for one in self.clauses:
            if one.direction == direction and _carries(pod, self.namespace, one.labels):
                yield one

    def with_pod(self, pod: Pod, direction: Direction, peer: Pod) -> Ports:
        """The ports declared between a pod of the tenant and any other pod."""
        ports: set[Port] = set()
        for one in self.of(pod, direction):
            if one.pods and _carries(peer, *one.pods):
                ports |= one.ports
        return frozenset(ports)

    def with_entity(self, pod: Pod, direction: Direction, name: str) -> Ports:
        """The ports declared between a pod of the tenant and an entity."""
        ports: set[Port] = set()
        for one in self.of(pod, direction):
            ports |= one.ports if name in one.entities else frozenset()
        return frozenset(ports)

    def addresses(self, pod: Pod, direction: Direction) -> dict[Port, Ranges]:
        """The addresses declared for a pod of the tenant, by port."""
        found: dict[Port, list[Range]] = {}
        for one in self.of(pod, direction):
            if one.ranges:
                for port in one.ports:
                    found.setdefault(port, []).extend(one.ranges)
        return {port: Ranges(ranges) for port, ranges in found.items()}


def declared(stack: Stack) -> Declared:
    """What the tenant's files declare, in full."""
    found = [
        *_inside(stack),
        *_names(stack),
        *_devices(stack),
        *_entrances(stack),
        *_own_rules(stack),
    ]
    return Declared(stack.namespace, tuple(found))


def labels_of(stack: Stack, component: str) -> dict[str, str]:
    """The labels of a component's pods."""
    labels = {TENANT_LABEL: stack.tenant, NAME_LABEL: component}
    return labels | ({INSTANCE_LABEL: "telegraf-0"} if component == "telegraf" else {})


def _carries(pod: Pod, namespace: str, labels: Mapping[str, str]) -> bool:
    return pod.namespace == namespace and labels.items() <= pod.labels.items()


def _role(stack: Stack, component: str) -> dict[str, str]:
    return {TENANT_LABEL: stack.tenant, NAME_LABEL: component}


def _both(
    stack: Stack, source: Mapping[str, str], target: Mapping[str, str], port: Port, why: str
) -> Iterator[Clause]:
    """Two pods of the tenant: the one may connect, the other may be connected to."""
    own, ports = stack.namespace, frozenset({port})
    yield Clause(source, "egress", ports, why, pods=(own, target))
    yield Clause(target, "ingress", ports, why, pods=(own, source))


def _inside(stack: Stack) -> Iterator[Clause]:
    jobs = ["jobs"] if stack.settings.isolation.jobs.egress else []
    for component in ["telegraf", "grafana", *jobs]:
        source, target = _role(stack, component), _role(stack, "influxdb")
        yield from _both(stack, source, target, ("TCP", 8086), "the stack itself")


def _names(stack: Stack) -> Iterator[Clause]:
    isolation = stack.settings.isolation
    asking = [_role(stack, "telegraf"), _role(stack, "grafana")]
    asking += [_role(stack, "influxdb")] if isolation.influxdb.egress else []
    asking += [_role(stack, "jobs")] if isolation.jobs.egress else []
    for component in ("telegraf", "influxdb", "grafana"):
        for rule in getattr(isolation, component).ingress:
            asking += [rule.pods] if not (rule.from_ or rule.namespace) else []
    resolver = stack.target.isolation.dns
    for labels in asking:
        if resolver.type == "nodes":
            yield Clause(labels, "egress", _DNS, "names", entities=frozenset({"host"}))
        else:
            pods = (resolver.namespace, resolver.pods)
            yield Clause(labels, "egress", _DNS, "names", pods=pods)


def _devices(stack: Stack) -> Iterator[Clause]:
    nodes = Ranges(map(network_range, stack.settings.isolation.telegraf.nodes))
    networks = sorted(
        map(ipaddress.ip_network, stack.settings.networks), key=lambda one: -one.prefixlen
    )
    telegraf = _role(stack, "telegraf")
    found: dict[Port, list[Range]] = {}
    on_nodes: set[Port] = set()
    for device in stack.devices:
        address = ipaddress.ip_address(device.address)
        echo: Port = ("ICMP", 8) if address.version == 4 else ("ICMPv6", 128)
        common = [echo] * device.icmp
        common += [("UDP", SNMP_PORT)] * (device.snmp and device.port == SNMP_PORT)
        single: list[Port] = [("TCP", port) for port in device.tcp]
        single += [("UDP", device.port)] * (device.snmp and device.port != SNMP_PORT)
        if nodes and address in nodes:
            on_nodes.update(common, single)
            continue
        own = address_range(device.address)
        around = next((network_range(str(one)) for one in networks if address in one), own)
        for port in common:
            found.setdefault(port, []).append(around)
        for port in single:
            found.setdefault(port, []).append(own)
    for port, ranges in found.items():
        joined = tuple(Ranges(ranges).joined)
        yield Clause(telegraf, "egress", frozenset({port}), "polling", ranges=joined)
    if on_nodes:
        ports, every = frozenset(on_nodes), frozenset({"host", "remote-node"})
        yield Clause(telegraf, "egress", ports, "polling of nodes", entities=every)


def _entrances(stack: Stack) -> Iterator[Clause]:
    exposure, isolation = stack.settings.exposure, stack.settings.isolation
    both = (
        ("grafana", exposure.grafana, isolation.grafana.clients),
        ("influxdb", exposure.influxdb, isolation.influxdb.clients),
    )
    challenged = False
    for component, entrance, clients in both:
        labels, ports = _role(stack, component), frozenset({("TCP", _LISTENS[component])})
        challenged |= entrance.type in {"gateway", "ingress"} and bool(entrance.tls.issuer)
        if entrance.type == "loadbalancer":
            ranges = tuple(one for client in clients for one in _ranges(client)) or _WORLD
            nodes = frozenset({"host", "remote-node"} if entrance.shared else ())
            yield Clause(labels, "ingress", ports, "entrance", ranges=ranges, entities=nodes)
        elif entrance.type != "none":
            yield _controller(stack, entrance.type, labels, ports)
    if challenged:
        for kind in ("gateway", "ingress"):
            ports = frozenset({("TCP", _CHALLENGE_PORT)})
            yield _controller(stack, kind, CHALLENGE, ports)


def _controller(stack: Stack, kind: str, labels: Mapping[str, str], ports: Ports) -> Clause:
    target = stack.target.isolation
    controller = target.gateway if kind == "gateway" else target.ingress
    if controller.type == "pods":
        pods = (controller.namespace, controller.pods)
        return Clause(labels, "ingress", ports, "entrance", pods=pods)
    where = {"ingress"} if controller.type == "cilium" else {"host", "remote-node"}
    return Clause(labels, "ingress", ports, "entrance", entities=frozenset(where))


def _own_rules(stack: Stack) -> Iterator[Clause]:
    for component in COMPONENTS:
        section = getattr(stack.settings.isolation, component)
        labels = _role(stack, component)
        for rule in section.egress:
            yield from _own_rule(stack, labels, "egress", rule, rule.to)
        for rule in getattr(section, "ingress", ()):
            yield from _own_rule(stack, labels, "ingress", rule, rule.from_)


def _own_rule(
    stack: Stack,
    labels: Mapping[str, str],
    direction: Direction,
    rule: Source | Destination,
    address: str,
) -> Iterator[Clause]:
    port = (rule.protocol.upper(), rule.port)
    if address:
        ranges = tuple(_ranges(address))
        yield Clause(labels, direction, frozenset({port}), rule.why, ranges=ranges)
    elif rule.namespace:
        pods = (rule.namespace, rule.pods)
        yield Clause(labels, direction, frozenset({port}), rule.why, pods=pods)
    elif direction == "egress":
        yield from _both(stack, labels, rule.pods, port, rule.why)
    else:
        yield from _both(stack, rule.pods, labels, port, rule.why)


def _ranges(address: str) -> Iterable[Range]:
    if address == INTERNET:
        return without(_WORLD, map(network_range, NOT_INTERNET))
    return [network_range(address)]
