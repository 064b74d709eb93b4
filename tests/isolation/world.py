"""Several tenants on one cluster, and the world that Cilium's engine is asked about.

The world holds every kind of pod of each tenant, the cluster's own pods, devices, strangers and
Cilium's entities; the flows are all pairs of them by all ports that any policy names and some that
none names. What is expected of each flow comes from the tenants' files (declared.py), never from a
policy, and for the two ends of a flow by themselves.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from collectors.device import Device
from tests.unit.kubernetes.isolated import reference_stack, stack
from tigctl.render.kubernetes.declared import CHALLENGE, Declared, declared, labels_of
from tigctl.render.kubernetes.model import Stack
from tigctl.render.kubernetes.reach import Direction, Pod, Port
from tigctl.spec.ranges import Ranges

Json = dict[str, Any]

COMPONENTS = ("telegraf", "influxdb", "grafana", "jobs")

# What policies name, and beside each something that no policy names.
PORTS: tuple[Port, ...] = (
    ("TCP", 8086),
    ("TCP", 3000),
    ("TCP", 8089),
    ("TCP", 443),
    ("TCP", 80),
    ("TCP", 587),
    ("TCP", 9000),
    ("TCP", 161),
    ("TCP", 22),
    ("TCP", 53),
    ("UDP", 53),
    ("UDP", 161),
    ("UDP", 162),
    ("UDP", 1161),
    ("UDP", 1162),
    ("UDP", 8086),
    ("SCTP", 161),
    ("ICMP", 8),
    ("ICMP", 0),
    ("ICMP", 13),
    ("ICMPv6", 128),
    ("ICMPv6", 135),
)

ENTITIES = ("host", "remote-node", "kube-apiserver", "ingress", "health")


def tenants() -> list[Stack]:
    """Tenants that differ in all that policies follow from; their networks overlap on purpose."""
    traefik = {"type": "pods", "namespace": "traefik", "pods": {"app": "traefik"}}
    shared = {"type": "loadbalancer", "address": "198.51.100.1", "shared": True}
    return [
        reference_stack(),
        stack(
            "globex",
            [Device("r1", "10.20.0.9"), Device("r2", "10.30.0.1", port=1161)],
            {
                "exposure": {"grafana": shared, "influxdb": shared},
                "isolation": {"influxdb": {"clients": ["192.0.2.0/24"]}},
            },
        ),
        stack(
            "initech",
            [
                Device("a", "10.20.0.77", tcp=(22, 443)),
                Device("b", "2001:db8:20::5", port=1162),
                Device("c", "10.40.0.0", icmp=False),
            ],
            {
                "networks": ["10.20.0.64/26", "10.40.0.0/16", "2001:db8:20::/64"],
                "exposure": {
                    "grafana": {
                        "type": "loadbalancer",
                        "host": "i.example",
                        "tls": {"issuer": "internal"},
                    },
                    "influxdb": {"type": "ingress", "host": "x.example"},
                },
                "isolation": {
                    "influxdb": {
                        "egress": [{"to": "internet", "port": 443, "why": "a copy elsewhere"}]
                    },
                    "telegraf": {
                        "ingress": [
                            {"from": "10.40.0.0/16", "port": 162, "protocol": "udp", "why": "traps"}
                        ]
                    },
                    "grafana": {
                        "egress": [{"pods": {"app": "proxy"}, "port": 443, "why": "proxy"}]
                    },
                },
            },
            {"isolation": {"gateway": traefik, "ingress": traefik}},
        ),
        # A namespace that YAML 1.1 reads as a boolean, and everything closed that can be.
        stack(
            "n",
            [Device("quiet", "10.50.0.1", snmp=False)],
            {"namespace": "n", "exposure": {"grafana": {"type": "none"}}},
            {"isolation": {"dns": {"type": "nodes"}, "gateway": {"type": "nodes"}}},
        ),
        # Too much for one rule and for one policy.
        stack(
            "large",
            [
                Device(f"d{n}", str(ipaddress.ip_address("10.60.0.0") + 2 * n), tcp=(443,))
                for n in range(2_500)
            ]
            + [Device(f"nat{n}", "10.70.0.1", port=1_100 + n) for n in range(100)],
        ),
    ]


@dataclass(frozen=True)
class Place:
    """One thing of the world: a pod, an address or an entity."""

    name: str
    pod: Pod | None = None
    address: str = ""
    entity: str = ""


def places(stacks: list[Stack]) -> list[Place]:
    """Everything there is."""
    found = []
    for one in stacks:
        own = {name: labels_of(one, name) for name in COMPONENTS}
        own |= {"bare": {}, "challenge": CHALLENGE}
        own |= {"importer": {"app": "importer"}, "proxy": {"app": "proxy"}}
        found += [
            Place(f"{one.tenant}-{name}", pod=Pod(one.namespace, labels))
            for name, labels in own.items()
        ]
    others = {
        "kube-dns": Pod("kube-system", {"k8s-app": "kube-dns"}),
        "system": Pod("kube-system", {"app": "other"}),
        "false-dns": Pod("default", {"k8s-app": "kube-dns"}),
        "traefik": Pod("traefik", {"app": "traefik"}),
        "prometheus": Pod("monitoring", {"app": "prometheus"}),
        "minio": Pod("minio", {"app": "minio"}),
        "stranger": Pod("default", labels_of(stacks[0], "telegraf")),
        "false-challenge": Pod("default", CHALLENGE),
    }
    found += [Place(name, pod=pod) for name, pod in others.items()]
    addresses = {
        *(device.address for one in stacks[:4] for device in one.devices),
        *("10.20.0.2", "10.20.3.255", "10.20.4.0", "10.40.255.255", "10.60.0.0", "10.60.0.1"),
        *("10.60.19.134", "10.60.19.136", "10.70.0.1", "192.0.2.25", "192.0.2.77", "203.0.113.10"),
        *("192.168.1.1", "100.64.0.1", "169.254.169.254", "2001:db8:20::6", "2001:db8:21::1"),
        *("fd00::1", "2a00::1"),
    }
    found += [Place(f"at {address}", address=address) for address in sorted(addresses)]
    return found + [Place(entity, entity=entity) for entity in ENTITIES]


def world(stacks: list[Stack]) -> Json:
    """The document the oracle is asked about, with what is expected of each flow."""
    there = places(stacks)
    by_namespace = {one.namespace: declared(one) for one in stacks}
    return {
        "config": {"ipv6": True},
        "endpoints": [
            {
                "name": one.name,
                "namespace": one.pod.namespace,
                "labels": {**one.pod.labels},
                "serviceAccount": "default",
            }
            for one in there
            if one.pod
        ],
        "peers": [
            {"name": one.name, "ip": one.address}
            if one.address
            else {"name": one.name, "entity": one.entity}
            for one in there
            if not one.pod and one.name not in {"host", "remote-node", "kube-apiserver"}
        ],
        "flows": list(_flows(there, by_namespace)),
    }


def _flows(there: list[Place], by_namespace: dict[str, Declared]) -> Iterator[Json]:
    expected = _Expected(by_namespace)
    for source in there:
        for target in there:
            ours = [
                one for one in (source, target) if one.pod and one.pod.namespace in by_namespace
            ]
            if source is target or not ours:
                continue
            for port in PORTS:
                if _possible(source, target, port):
                    yield _flow(source, target, port, expected)


def _possible(source: Place, target: Place, port: Port) -> bool:
    """Whether the protocol fits the addresses' family."""
    addresses = [one.address for one in (source, target) if one.address]
    family = {"ICMP": False, "ICMPv6": True}.get(port[0])
    return family is None or all((":" in one) is family for one in addresses)


def _flow(source: Place, target: Place, port: Port, expected: _Expected) -> Json:
    number = {"icmpType": port[1]} if port[0].startswith("ICMP") else {"port": port[1]}
    flow: Json = {"from": source.name, "to": target.name, "protocol": port[0], **number}
    if said := expected.of(source, "egress", target, port):
        flow["expectEgress"] = said
    if said := expected.of(target, "ingress", source, port):
        # The pod's own node always gets in: Cilium's doing (allow-localhost), no policy's.
        flow["expectIngress"] = "allow" if source.entity == "host" else said
    return flow


class _Expected:
    """What the tenants' files say of one end of a flow."""

    def __init__(self, by_namespace: dict[str, Declared]) -> None:
        self._by_namespace = by_namespace
        self._addresses: dict[tuple[str, Direction], dict[Port, Ranges]] = {}

    def of(self, place: Place, direction: Direction, peer: Place, port: Port) -> str:
        """`allow` or `deny`; empty where the place is no tenant's pod."""
        if not place.pod or place.pod.namespace not in self._by_namespace:
            return ""
        wanted = self._by_namespace[place.pod.namespace]
        if peer.pod:
            ports = wanted.with_pod(place.pod, direction, peer.pod)
        elif peer.entity:
            ports = wanted.with_entity(place.pod, direction, peer.entity)
            if peer.entity == "kube-apiserver":  # here on a node of its own, so it is a node too
                ports |= wanted.with_entity(place.pod, direction, "remote-node")
        else:
            key = (place.name, direction)
            if key not in self._addresses:
                self._addresses[key] = wanted.addresses(place.pod, direction)
            ranges = self._addresses[key].get(port, Ranges(()))
            return "allow" if ipaddress.ip_address(peer.address) in ranges else "deny"
        return "allow" if port in ports else "deny"
