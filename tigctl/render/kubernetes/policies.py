"""The network policies of a tenant: a file of cnp/ each, with this tenant's own in it.

A policy is one conversation with both of its ends, so that taking away a file takes away exactly
that. What is decided here is which conversations there are and between whom; why stands in the
head of each file. Traps: an empty list of peers must never be left out (with the key gone, a rule
with ports opens to the whole internet); a peer in another namespace needs that namespace's label.
"""

from __future__ import annotations

import copy
import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from collectors.device import Device
from tigctl.render.kubernetes import reference
from tigctl.render.kubernetes.destinations import Networks, spread, to_devices, to_nodes
from tigctl.render.kubernetes.model import TENANT_LABEL, Object, Stack
from tigctl.spec.entrances import BY_NAME
from tigctl.spec.exposure import Entrance
from tigctl.spec.isolation import INTERNET, NOT_INTERNET, Controller, Destination, Source
from tigctl.spec.ranges import Ranges, network_range

TELEGRAF, INFLUXDB, GRAFANA, JOBS = "telegraf", "influxdb", "grafana", "jobs"

NAMESPACE_LABEL = "k8s:io.kubernetes.pod.namespace"

# A rule names one kind of peers only: Cilium refuses two in one.
Peers = Mapping[str, Sequence[Any]]


def policies(stack: Stack) -> list[Object]:
    """All policies of the tenant, in a stable order. Pure; each call gives fresh objects."""
    found = [
        _own(stack, "default-deny"),
        _dns(stack),
        _own(stack, "telegraf-to-influxdb"),
        _own(stack, "grafana-to-influxdb"),
        *_devices(stack),
    ]
    isolation = stack.settings.isolation
    if isolation.jobs.egress:
        found.append(_own(stack, "jobs-to-influxdb"))
    found += _entrances(stack)
    if declared := list(_declared(stack)):
        policy = _own(stack, "declared")
        policy["specs"] = declared
        found.append(policy)
    return found


def _own(stack: Stack, name: str) -> Object:
    """A policy of cnp/ as this tenant's own."""
    policy = reference.policy(name)
    policy["metadata"] = stack.metadata(name)
    _retenant(policy, stack.tenant)
    return policy


def _retenant(part: Any, tenant: str) -> None:
    """Puts the tenant's name where a selector names the reference tenant's."""
    if isinstance(part, dict):
        labels = part.get("matchLabels", {})
        if TENANT_LABEL in labels:
            labels[TENANT_LABEL] = tenant
        for below in part.values():
            _retenant(below, tenant)
    elif isinstance(part, list):
        for below in part:
            _retenant(below, tenant)


def _dns(stack: Stack) -> Object:
    """Who needs names: the collector and Grafana always, the others with an egress of their own."""
    policy = _own(stack, "dns")
    isolation = stack.settings.isolation
    asking = {TELEGRAF, GRAFANA}
    asking |= {JOBS} if isolation.jobs.egress else set()
    asking |= {INFLUXDB} if isolation.influxdb.egress else set()
    spec = policy["spec"]
    spec["endpointSelector"]["matchExpressions"][0]["values"] = sorted(asking)
    spec["egress"] = [_to_resolver(stack)]
    return policy


def _to_resolver(stack: Stack) -> Object:
    resolver = stack.target.isolation.dns
    peers: Peers = {"toEntities": ["host"]}
    if resolver.type == "pods":
        peers = {"toEndpoints": [_pods(resolver.namespace, resolver.pods)]}
    ports = [{"port": "53", "protocol": protocol} for protocol in ("UDP", "TCP")]
    return {**peers, "toPorts": [{"ports": ports}]}


def _devices(stack: Stack) -> Iterator[Object]:
    """The rules to the devices, over as many policies as needed; and those to nodes."""
    nodes = Ranges(map(network_range, stack.settings.isolation.telegraf.nodes))
    outside, inside = divided(stack.devices, nodes)
    rules = to_devices(outside, Networks(stack.settings.networks))
    for number, part in enumerate(spread(rules), start=1):
        policy = _own(stack, "telegraf-to-devices")
        if number > 1:
            policy["metadata"]["name"] += f"-{number}"
        policy["spec"]["egress"] = part
        yield policy
    if inside:
        policy = _own(stack, "telegraf-to-nodes")
        policy["spec"]["egress"] = to_nodes(inside)
        yield policy


def divided(devices: Iterable[Device], nodes: Ranges) -> tuple[list[Device], list[Device]]:
    """Devices that are not nodes of the cluster, and those that are."""
    apart: tuple[list[Device], list[Device]] = ([], [])
    for device in devices:
        apart[bool(nodes) and ipaddress.ip_address(device.address) in nodes].append(device)
    return apart


def _entrances(stack: Stack) -> Iterator[Object]:
    exposure, isolation = stack.settings.exposure, stack.settings.isolation
    entrances: tuple[tuple[str, Entrance, Sequence[str]], ...] = (
        (GRAFANA, exposure.grafana, isolation.grafana.clients),
        (INFLUXDB, exposure.influxdb, isolation.influxdb.clients),
    )
    for component, entrance, clients in entrances:
        if entrance.type == "none":
            continue
        policy = _own(stack, f"entrance-to-{component}")
        if entrance.type == "loadbalancer":
            ways = _clients(clients, shared=entrance.shared)
        else:
            ways = [_from(stack, entrance.type)]
        yield _admitting(policy, ways)
    # An address of its own answers no challenge: nobody but Grafana listens there.
    if any(entrance.tls.issuer and entrance.type in BY_NAME for _, entrance, _ in entrances):
        # The issuer picks the class of its solver by itself, so both kinds may come.
        ways = [_from(stack, "gateway"), _from(stack, "ingress")]
        ways = ways[:1] if ways[0] == ways[1] else ways
        yield _admitting(_own(stack, "entrance-to-challenge"), ways)


def _admitting(policy: Object, ways: Iterable[Peers]) -> Object:
    """The policy with a rule for each kind of peers, to the ports of the one it has."""
    ports = policy["spec"]["ingress"][0]["toPorts"]
    policy["spec"]["ingress"] = [{**peers, "toPorts": copy.deepcopy(ports)} for peers in ways]
    return policy


def _from(stack: Stack, kind: str) -> Peers:
    """Whose connections those of a gateway's or an ingress's clients are."""
    target = stack.target.isolation
    controller: Controller = target.gateway if kind == "gateway" else target.ingress
    match controller.type:
        case "cilium":
            return {"fromEntities": ["ingress"]}
        case "nodes":
            return {"fromEntities": ["host", "remote-node"]}
        case "pods":
            return {"fromEndpoints": [_pods(controller.namespace, controller.pods)]}


def _clients(networks: Sequence[str], *, shared: bool) -> list[Peers]:
    """Who comes by an address. Where it is shared, a node may stand in for its clients."""
    nodes = ["host", "remote-node"] if shared else []
    if not networks:
        return [{"fromEntities": ["world", *nodes]}]
    own: Peers = {"fromCIDRSet": [one for network in networks for one in _cidrs(network)]}
    return [own, {"fromEntities": nodes}] if nodes else [own]


def _declared(stack: Stack) -> Iterator[Object]:
    """A spec for each declared rule; two where the peer is of the tenant's own namespace."""
    isolation = stack.settings.isolation
    for component in (TELEGRAF, INFLUXDB, GRAFANA):
        for source in getattr(isolation, component).ingress:
            yield from _source(stack, component, source)
    for component in (TELEGRAF, INFLUXDB, GRAFANA, JOBS):
        for destination in getattr(isolation, component).egress:
            yield from _destination(stack, component, destination)


def _source(stack: Stack, component: str, rule: Source) -> Iterator[Object]:
    into = {**_peers("from", rule.from_, rule), **_port(rule)}
    yield _spec(rule.why, _component(stack, component), "ingress", into)
    if not (rule.from_ or rule.namespace):
        out = {"toEndpoints": [_component(stack, component)], **_port(rule)}
        yield _spec(rule.why, _pods("", rule.pods), "egress", out, _to_resolver(stack))


def _destination(stack: Stack, component: str, rule: Destination) -> Iterator[Object]:
    out = {**_peers("to", rule.to, rule), **_port(rule)}
    yield _spec(rule.why, _component(stack, component), "egress", out)
    if not (rule.to or rule.namespace):
        into = {"fromEndpoints": [_component(stack, component)], **_port(rule)}
        yield _spec(rule.why, _pods("", rule.pods), "ingress", into)


def _component(stack: Stack, name: str) -> Object:
    return {"matchLabels": stack.selector(name)}


def _spec(why: str, selector: Object, direction: str, *rules: Object) -> Object:
    return {"description": why, "endpointSelector": selector, direction: list(rules)}


def _peers(way: str, address: str, pods: Source | Destination) -> Peers:
    if address:
        return {f"{way}CIDRSet": _cidrs(address)}
    return {f"{way}Endpoints": [_pods(pods.namespace, pods.pods)]}


def _port(rule: Source | Destination) -> Object:
    return {"toPorts": [{"ports": [{"port": str(rule.port), "protocol": rule.protocol.upper()}]}]}


def _pods(namespace: str, labels: Mapping[str, str]) -> Object:
    """A selector of pods; without `namespace` those of the policy's own."""
    named = {NAMESPACE_LABEL: namespace} if namespace else {}
    return {"matchLabels": {**named, **labels}}


def _cidrs(address: str) -> list[Object]:
    """A CIDR, or what `internet` means."""
    if address != INTERNET:
        return [{"cidr": address}]
    return [
        {
            "cidr": whole,
            "except": [cidr for cidr in NOT_INTERNET if (":" in cidr) == (":" in whole)],
        }
        for whole in ("0.0.0.0/0", "::/0")
    ]
