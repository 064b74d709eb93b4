"""Claims and the storage class that settings make. Leaves out: what an API server makes of them."""

from __future__ import annotations

from typing import Any

from tests.unit.kubernetes.stacks import REFERENCE
from tigctl.render.kubernetes import reference
from tigctl.render.kubernetes.model import Object, Stack
from tigctl.render.kubernetes.storage import claims
from tigctl.spec.model import TargetSettings, TenantSettings
from tigctl.spec.stack import Images


def stack(storage: dict[str, Any] | None = None, tenant: str = "acme") -> Stack:
    settings = TenantSettings.model_validate({**REFERENCE, "storage": storage or {}})
    target = TargetSettings(type="kubernetes")
    images = Images.model_validate({})
    return Stack(tenant, f"tig-{tenant}", settings, target, images, (), (), ())


def by_name(storage: dict[str, Any] | None = None) -> dict[str, Object]:
    return {one["metadata"]["name"]: one for one in claims(stack(storage))}


def test_by_default_claims_are_those_of_the_reference() -> None:
    influxdb, grafana, _ = reference.load("storage")
    assert claims(stack()) == [influxdb, grafana]


def test_sizes_and_a_class_by_name() -> None:
    found = by_name({"class": "fast", "influxdb": "42Gi", "grafana": "512Mi"})
    spec = found["influxdb-data"]["spec"]
    assert spec["resources"]["requests"]["storage"] == "42Gi"
    assert spec["storageClassName"] == "fast"
    assert found["grafana-data"]["spec"]["resources"]["requests"]["storage"] == "512Mi"
    assert by_name({"grafana": "none"}).keys() == {"influxdb-data"}


def test_what_longhorn_is_told_makes_a_class_of_its_own() -> None:
    wanted = {
        "replicas": 2,
        "data_locality": "best-effort",
        "node_tags": ["ssd", "rack-1"],
        "disk_tags": ["nvme"],
    }
    made, influxdb, grafana = claims(stack(wanted))
    assert made["kind"] == "StorageClass"
    assert made["parameters"] == {
        "numberOfReplicas": "2",
        "staleReplicaTimeout": "30",
        "fsType": "ext4",
        "dataLocality": "best-effort",
        "nodeSelector": "rack-1,ssd",
        "diskSelector": "nvme",
    }
    assert made["allowVolumeExpansion"] is True
    for claim in (influxdb, grafana):
        assert claim["spec"]["storageClassName"] == made["metadata"]["name"]


def test_tenants_that_want_the_same_share_the_class_and_others_do_not() -> None:
    names = [
        claims(stack({"replicas": replicas}, tenant))[0]["metadata"]["name"]
        for tenant, replicas in (("acme", 2), ("globex", 2), ("initech", 3))
    ]
    assert names[0] == names[1] != names[2]
    labels = claims(stack({"replicas": 2}))[0]["metadata"]["labels"]
    assert "tigctl.dev/tenant" not in labels, "it is nobody's, so nobody's destroy takes it"
