"""Stacks for tests of isolation: the reference tenant of cnp/ with all declared, and others; and
what their policies open.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from typing import Any

from collectors.device import Device
from tigctl.render.kubernetes.declared import labels_of
from tigctl.render.kubernetes.model import Object, Stack
from tigctl.render.kubernetes.policies import policies
from tigctl.render.kubernetes.reach import Pod, Policies, Reach
from tigctl.spec.model import TargetSettings, TenantSettings
from tigctl.spec.ranges import Ranges
from tigctl.spec.stack import Images

REFERENCE_SETTINGS: dict[str, Any] = {
    "networks": ["10.20.0.0/22", "10.1.0.0/24", "198.51.100.7/32", "2001:db8:20::/64"],
    "exposure": {
        "grafana": {"type": "gateway", "host": "acme.example", "tls": {"issuer": "public"}},
        "influxdb": {"type": "loadbalancer"},
    },
    "isolation": {
        "telegraf": {"nodes": ["10.1.0.0/24"]},
        "influxdb": {
            "clients": ["192.0.2.0/24"],
            "ingress": [
                {
                    "pods": {"app": "importer"},
                    "port": 8086,
                    "why": "line protocol from a script of the tenant",
                }
            ],
        },
        "grafana": {
            "egress": [
                {"to": "192.0.2.25", "port": 587, "why": "alerts by mail"},
                {"to": "internet", "port": 443, "why": "alerts to a chat service"},
            ],
            "ingress": [
                {
                    "namespace": "monitoring",
                    "pods": {"app": "prometheus"},
                    "port": 3000,
                    "why": "metrics of Grafana",
                }
            ],
        },
        "jobs": {"egress": [{"namespace": "minio", "port": 9000, "why": "backup store"}]},
    },
}

REFERENCE_DEVICES = (
    Device("core-sw1", "10.20.0.1"),
    Device("sw-07", "10.20.1.7", tcp=(443, 80)),
    Device("old-ups", "10.20.1.9", snmp=False),
    Device("branch-rt1", "198.51.100.7", port=1161),
    Device("branch-rt2", "198.51.100.7", port=1162),
    Device("web", "2001:db8:20::5", snmp=False, tcp=(80, 443)),
    Device("node-1", "10.1.0.11"),
)


def stack(
    name: str,
    devices: Sequence[Device] = (),
    settings: dict[str, Any] | None = None,
    target: dict[str, Any] | None = None,
) -> Stack:
    """A tenant's stack, as much of it as policies need."""
    namespace = {"namespace": f"tig-{name}"}
    return Stack(
        tenant=name,
        namespace=f"tig-{name}",
        settings=TenantSettings.model_validate(namespace | (settings or {})),
        target=TargetSettings.model_validate({"type": "kubernetes"} | (target or {})),
        images=Images.model_validate({}),
        devices=tuple(devices),
        summaries=(),
        shards=(),
    )


def reference_stack() -> Stack:
    """The tenant that cnp/ is written for."""
    return stack("acme", REFERENCE_DEVICES, REFERENCE_SETTINGS)


def by_name(documents: list[Object]) -> dict[str, Object]:
    """Policies by their names."""
    return {one["metadata"]["name"]: one for one in documents}


def pod(of: Stack, component: str) -> Pod:
    """A component of a stack, as policies select it."""
    return Pod(of.namespace, labels_of(of, component))


def egress(of: Stack, component: str) -> Reach:
    """What a component of a stack reaches."""
    return Policies(policies(of)).reach(pod(of, component), "egress")


def ingress(of: Stack, component: str) -> Reach:
    """Who reaches a component of a stack."""
    return Policies(policies(of)).reach(pod(of, component), "ingress")


def shown(ranges: Ranges) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Ranges as networks."""
    make = {4: ipaddress.IPv4Address, 6: ipaddress.IPv6Address}
    return [
        network
        for version, first, last in ranges.joined
        for network in ipaddress.summarize_address_range(make[version](first), make[version](last))
    ]


def mappings(part: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in a document, the document itself first."""
    if isinstance(part, dict):
        yield part
    for below in (
        part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    ):
        yield from mappings(below)
