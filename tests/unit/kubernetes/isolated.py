"""Stacks for tests of isolation: the reference tenant of cnp/ with all declared, and others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collectors.device import Device
from tigctl.render.kubernetes.model import Stack
from tigctl.spec.model import TargetSettings, TenantSettings
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
