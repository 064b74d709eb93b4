"""Volumes that are there against those that are wanted, on a real control plane: growth, refusals,
classes, and what a rollback leaves alone. Its stand-in for a driver binds and grows claims at
once; Longhorn itself, and full disks, are left out.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.kubernetes.tenants import Object, Stage, bundle, objects
from tigctl.errors import TargetError
from tigctl.targets.model import FieldChange

pytestmark = pytest.mark.real


def _volume(stage: Stage, **spec: Any) -> tuple[Object, ...]:
    """The usual objects with another volume."""
    found = objects(stage.tenant)
    for one in found:
        if one["kind"] == "PersistentVolumeClaim":
            one["spec"].update(spec)
    return found


def _sized(size: str) -> Object:
    return {"requests": {"storage": size}}


def test_a_volume_grows_and_is_never_asked_to_shrink(acme: Stage) -> None:
    acme.apply(bundle(acme.tenant, _volume(acme, resources=_sized("2Gi"))))
    claim = acme.path("persistentvolumeclaims", "influxdb-data")
    plane = acme.plane

    def has(size: str) -> None:
        plane.wait(lambda: plane.api.get(claim)["status"]["capacity"]["storage"] == size, size)

    has("2Gi")
    smaller = bundle(acme.tenant, _volume(acme, resources=_sized("1Gi")))
    with pytest.raises(TargetError, match=r"has 2Gi, 1Gi is wanted.* write at least 2Gi"):
        acme.plan(smaller)
    with pytest.raises(TargetError, match="volumes never shrink"):
        acme.apply(smaller)

    larger = bundle(acme.tenant, _volume(acme, resources=_sized("3Gi")))
    assert acme.plan(larger)["PersistentVolumeClaim influxdb-data"].fields == (
        FieldChange("spec.resources.requests.storage", "2Gi", "3Gi"),
    )
    acme.apply(larger)
    has("3Gi")
    # What somebody made larger by hand is drift that cannot be repaired.
    plane.api.patch(claim, {"spec": {"resources": _sized("4Gi")}})
    has("4Gi")
    with pytest.raises(TargetError, match="has 4Gi, 3Gi is wanted"):
        acme.plan(larger)
    assert acme.plan(bundle(acme.tenant, _volume(acme, resources=_sized("4Gi")))) == {}
    assert acme.plan(smaller, resize=False) == {}, "a rollback leaves it as it is"
    assert acme.plan(bundle(acme.tenant, objects(acme.tenant)), resize=False) == {}


def test_a_class_that_lets_no_volume_grow_is_named_before_anything_is_done(acme: Stage) -> None:
    stiff: Object = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": f"stiff-{acme.tenant}"},
        "provisioner": "driver.longhorn.io",
    }
    acme.plane.api.create(stiff)
    own = {"storageClassName": stiff["metadata"]["name"]}
    try:
        acme.apply(bundle(acme.tenant, _volume(acme, **own)))
        larger = bundle(acme.tenant, _volume(acme, **own, resources=_sized("2Gi")))
        with pytest.raises(TargetError, match=r"cannot grow: its storage class stiff-.* lets no"):
            acme.plan(larger)
        path = f"/apis/storage.k8s.io/v1/storageclasses/{stiff['metadata']['name']}"
        acme.plane.api.patch(path, {"allowVolumeExpansion": True})
        assert acme.plan(larger).keys() == {"PersistentVolumeClaim influxdb-data"}
    finally:
        acme.plane.api.delete(f"/apis/storage.k8s.io/v1/storageclasses/stiff-{acme.tenant}")
    with pytest.raises(TargetError, match=r"its storage class stiff-.* is not there"):
        acme.plan(larger)


def test_a_volume_keeps_its_class(acme: Stage) -> None:
    acme.apply(bundle(acme.tenant))
    moved = bundle(acme.tenant, _volume(acme, storageClassName="fast"))
    with pytest.raises(TargetError, match="of storage class longhorn, fast is wanted"):
        acme.plan(moved)
