"""Claims, classes and entrances of every type, as the real API server and the real definitions
take them: strict validation, no effect (dry run). What controllers make of them is left out.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.cluster import engineer
from tests.cluster.plane import Plane
from tigctl.backends.kubernetes.cluster import Cluster
from tigctl.render.kubernetes.exposure import entrances
from tigctl.render.kubernetes.model import Stack
from tigctl.render.kubernetes.storage import claims
from tigctl.spec.model import TargetSettings, TenantSettings
from tigctl.spec.stack import Images

pytestmark = pytest.mark.real

TLS = {"tls": {"issuer": "internal"}}
HOST = {"host": "noc.example", "path": "/acme"}


def stack(namespace: str, **settings: Any) -> Stack:
    target = {
        "type": "kubernetes",
        "gateway": {"name": "public", "namespace": "gateways", "section": "http"},
        "ingress_class": "cilium",
        "pool": {"name": "tenants", "addresses": ["192.0.2.10-192.0.2.250"]},
    }
    return Stack(
        "acme",
        namespace,
        TenantSettings.model_validate(settings),
        TargetSettings.model_validate(target),
        Images.model_validate({}),
        (),
        (),
        (),
    )


@pytest.mark.parametrize(
    "entrance",
    [
        {"type": "gateway", **HOST},
        {"type": "gateway", **HOST, **TLS},
        {"type": "gateway", **HOST, "tls": {"secret": "wildcard"}},
        {"type": "ingress", **HOST},
        {"type": "ingress", **HOST, **TLS},
        {"type": "loadbalancer"},
        {"type": "gateway", **HOST, "tls": {"outside": True}},
        {"type": "loadbalancer", "address": "192.0.2.10"},
        {"type": "loadbalancer", "address": "192.0.2.10", "shared": True},
        {"type": "loadbalancer", "host": "noc.example", **TLS},
        {"type": "loadbalancer", "address": "192.0.2.10", **TLS},
    ],
    ids=str,
)
def test_entrances_are_taken(plane: Plane, namespace: str, entrance: dict[str, Any]) -> None:
    cluster = Cluster(kubeconfig=str(engineer.kubeconfig(plane)))
    influxdb = {**entrance, "path": "/influxdb"}
    exposure = {"grafana": entrance, "influxdb": influxdb}
    clients = {"clients": ["internet", "192.0.2.0/24", "2001:db8::/32"]}
    made = entrances(stack(namespace, exposure=exposure, isolation={"grafana": clients}))
    assert len(made) >= 2
    for one in made:
        assert cluster.apply(one, dry_run=True)["kind"] == one["kind"]


@pytest.mark.parametrize(
    "storage",
    [
        {},
        {"class": "longhorn"},
        {"replicas": 2, "node_tags": ["ssd"], "disk_tags": ["nvme"]},
        {"replicas": 1, "data_locality": "strict-local"},
    ],
    ids=str,
)
def test_claims_are_taken(plane: Plane, namespace: str, storage: dict[str, Any]) -> None:
    cluster = Cluster(kubeconfig=str(engineer.kubeconfig(plane)))
    for one in claims(stack(namespace, storage=storage, exposure={"grafana": {"type": "none"}})):
        assert cluster.apply(one, dry_run=True)["kind"] == one["kind"]
