"""Claims and the storage class that settings make. Leaves out: what an API server makes of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kubernetes.stacks import REFERENCE
from tigctl.render.kubernetes import reference
from tigctl.render.kubernetes.model import Object, Stack
from tigctl.render.kubernetes.storage import claims, growth
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


def test_the_class_of_given_settings_never_changes_its_name() -> None:
    """A claim keeps its class for good: a new name would make every tenant's plan fail.

    So the class in manifests/ stays as it is, and what is added comes with a key of its own.
    """
    wanted = {"replicas": 2, "node_tags": ["ssd"], "disk_tags": ["nvme", "fast"]}
    assert claims(stack(wanted))[0]["metadata"]["name"] == "tigctl-longhorn-ece2a39d"
    turned = {**wanted, "disk_tags": ["fast", "nvme"]}
    assert claims(stack(turned))[0] == claims(stack(wanted))[0]


@pytest.mark.parametrize(
    "changed",
    [
        {"replicas": 3},
        {"data_locality": "disabled"},
        {"node_tags": ["hdd"]},
        {"node_tags": [], "disk_tags": ["ssd"]},
    ],
    ids=str,
)
def test_other_settings_make_another_class(changed: dict[str, Any]) -> None:
    base = {"replicas": 2, "node_tags": ["ssd"]}
    one, other = (claims(stack({**base, **more}))[0] for more in ({}, changed))
    assert one["metadata"]["name"] != other["metadata"]["name"]


def test_volumes_grow_but_never_shrink() -> None:
    assert growth(20 * 2**30, 20 * 2**30) is None
    assert growth(20 * 2**30, 21 * 2**30) is None
    assert growth(20 * 2**30, 512 * 2**20) == (
        "has 20Gi, 512Mi is wanted, and volumes never shrink; write at least 20Gi, or restore a"
        " backup into a new volume"
    )


def test_a_volume_of_any_number_of_bytes() -> None:
    # 20G, as somebody may have written by hand.
    said = growth(20 * 10**9 + 1, 2**30)
    assert said is not None
    assert "has 20,000,000,001 bytes, 1Gi is wanted" in said
    assert "at least 19531251Ki" in said


@given(st.integers(1, 2**50), st.integers(1, 2**50))
def test_every_smaller_size_is_refused_and_no_other(live: int, wanted: int) -> None:
    assert (growth(live, wanted) is None) == (wanted >= live)
