"""What others keep in a tenant's namespace, or keep of its volumes, when the tenant goes.

Covers `destroy` with -P and -N beside every workload that may use a volume, another tenant in
the same namespace, copies of our objects, what controllers make; and `apply -P`. Leaves out
volumes of a real storage system.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.plane import Plane
from tests.integration.kubernetes import tenants
from tests.integration.kubernetes.tenants import Object, Stage, bundle, objects
from tigctl.errors import TargetError
from tigctl.targets.kubernetes import snapshot

pytestmark = pytest.mark.real

_NUMBERS = itertools.count(1)
CLAIM = {"name": "data", "persistentVolumeClaim": {"claimName": "influxdb-data"}}
APPS, BATCH = "apps/v1", "batch/v1"


@pytest.fixture
def acme(plane: Plane, tmp_path: Path) -> Iterator[Stage]:
    with tenants.stage(plane, f"strange-{next(_NUMBERS)}", tmp_path) as stage:
        stage.apply(bundle(stage.tenant))
        yield stage


def pod_spec(*, volumes: bool = True, **more: Any) -> Object:
    """A pod that Pod Security takes, and that uses the tenant's volume."""
    container = {"name": "main", "image": "any:1", "securityContext": tenants._CONTAINER_SECURITY}
    return {
        "securityContext": tenants._SECURITY,
        "containers": [container],
        "volumes": [CLAIM] if volumes else [],
        **more,
    }


def workload(kind: str, spec: Object | None = None) -> Object:
    """A workload by hand, without replicas where it can have none."""
    spec = spec or pod_spec()
    selected = {"matchLabels": {"app": "mine"}}
    template = {"metadata": {"labels": {"app": "mine"}}, "spec": spec}
    job = {"template": {"spec": {**spec, "restartPolicy": "Never"}}, "suspend": True}
    nowhere = {"nodeSelector": {"nobody": "has"}, **spec}
    return {
        "Pod": {"apiVersion": "v1", "spec": spec},
        "Deployment": {
            "apiVersion": APPS,
            "spec": {"replicas": 0, "selector": selected, "template": template},
        },
        "StatefulSet": {
            "apiVersion": APPS,
            "spec": {"replicas": 0, "selector": selected, "template": template, "serviceName": "x"},
        },
        "ReplicaSet": {
            "apiVersion": APPS,
            "spec": {"replicas": 0, "selector": selected, "template": template},
        },
        "DaemonSet": {
            "apiVersion": APPS,
            "spec": {"selector": selected, "template": {**template, "spec": nowhere}},
        },
        "Job": {"apiVersion": BATCH, "spec": job},
        "CronJob": {
            "apiVersion": BATCH,
            "spec": {"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": {"spec": job}},
        },
    }[kind] | {"kind": kind}


def made_by_hand(stage: Stage, wanted: Object, name: str = "mine") -> None:
    metadata = {"name": name, "namespace": stage.namespace, **wanted.get("metadata", {})}
    stage.plane.api.create({**wanted, "metadata": metadata}, fieldManager="kubectl-create")


KINDS = ("Pod", "Deployment", "StatefulSet", "ReplicaSet", "DaemonSet", "Job", "CronJob")


def test_a_volume_that_somebody_uses_is_not_deleted(acme: Stage) -> None:
    before = snapshot.take(acme.cluster, acme.namespace).objects.keys()
    for kind in KINDS:
        wanted = workload(kind)
        made_by_hand(acme, wanted)
        said = rf"influxdb-data is used by {kind} mine \(made by kubectl-create\)"
        with pytest.raises(TargetError, match=said):
            acme.target().destroy(volumes=True, observe=acme.observe)
        with pytest.raises(TargetError, match=said):
            acme.target().destroy(volumes=True, policies=True, namespace=True, observe=acme.observe)
        assert before <= snapshot.take(acme.cluster, acme.namespace).objects.keys()
        version = wanted["apiVersion"]
        group = f"/apis/{version}" if "/" in version else "/api/v1"
        path = acme.path(f"{kind.lower()}s", "mine", group)
        acme.plane.api.delete(path)
        acme.plane.wait(lambda path=path: acme.plane.api.find(path) is None, f"end of {kind}")
    acme.target().destroy(volumes=True, policies=True, namespace=True, observe=acme.observe)
    assert snapshot.take(acme.cluster, acme.namespace).namespace is None


def test_without_p_the_volume_stays_beside_who_uses_it(acme: Stage) -> None:
    made_by_hand(acme, workload("Pod"))
    kept = acme.target().destroy(volumes=False, observe=acme.observe)
    assert "PersistentVolumeClaim influxdb-data" in str(kept["objects"])
    assert acme.plane.api.find(acme.path("pods", "mine"))
    acme.plane.api.delete(acme.path("pods", "mine"))


def test_a_pod_that_uses_no_volume_holds_the_namespace_only(acme: Stage) -> None:
    made_by_hand(acme, workload("Pod", pod_spec(volumes=False)))
    with pytest.raises(TargetError, match="tigctl did not make: Pod mine"):
        acme.target().destroy(volumes=True, policies=True, namespace=True, observe=acme.observe)
    assert acme.target().components(), "nothing was deleted"
    acme.target().destroy(volumes=True, policies=True, observe=acme.observe)
    assert acme.plane.api.find(acme.path("pods", "mine"))
    acme.plane.api.delete(f"/api/v1/namespaces/{acme.namespace}")


def test_another_tenant_that_uses_the_volume_keeps_it(acme: Stage, tmp_path: Path) -> None:
    """Two tenants may share a namespace; the other one's workload is as good as anybody's."""
    theirs = workload("Deployment")
    theirs["metadata"] = {"labels": tenants.labels("neighbour", "influxdb"), "name": "theirs"}
    theirs["metadata"]["namespace"] = acme.namespace
    acme.cluster.apply({**theirs, "metadata": theirs["metadata"]}, force=True)
    with pytest.raises(TargetError, match=r"influxdb-data is used by Deployment theirs"):
        acme.target().destroy(volumes=True, observe=acme.observe)
    assert acme.target().components(), "nothing was deleted"
    acme.plane.api.delete(f"/api/v1/namespaces/{acme.namespace}")


def test_a_copy_with_our_labels_is_not_ours(acme: Stage) -> None:
    copied = acme.plane.api.get(acme.path("configmaps", "telegraf-0"))
    labels = copied["metadata"]["labels"]
    made_by_hand(acme, {**copied, "metadata": {"labels": labels}}, "a-copy")
    acme.target().destroy(volumes=True, policies=True, observe=acme.observe)
    assert acme.plane.api.find(acme.path("configmaps", "a-copy"))
    with pytest.raises(TargetError, match="ConfigMap a-copy"):
        acme.target().destroy(volumes=True, namespace=True, observe=acme.observe)
    acme.plane.api.delete(f"/api/v1/namespaces/{acme.namespace}")


def test_what_controllers_make_holds_nothing_up(acme: Stage) -> None:
    """The Secret that cert-manager writes stays when its Certificate goes."""
    issued = {"annotations": {"cert-manager.io/certificate-name": "grafana"}, "name": "grafana-tls"}
    issued["namespace"] = acme.namespace  # type: ignore[assignment]  # a mapping of both kinds
    acme.plane.api.create({"apiVersion": "v1", "kind": "Secret", "metadata": issued})
    acme.target().destroy(volumes=True, policies=True, namespace=True, observe=acme.observe)
    assert snapshot.take(acme.cluster, acme.namespace).namespace is None


def test_without_volumes_no_storage_class_is_made(plane: Plane, tmp_path: Path) -> None:
    with tenants.stage(plane, "classless", tmp_path) as stage:
        made = {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": "tigctl-classless", "labels": tenants.labels("classless")},
            "provisioner": "driver.longhorn.io",
        }
        wanted = bundle("classless", (*objects("classless"), made))
        stage.apply(wanted, volumes=False)
        path = "/apis/storage.k8s.io/v1/storageclasses/tigctl-classless"
        assert plane.api.find(path) is None
        assert "StorageClass tigctl-classless" in stage.plan(wanted)
        plane.api.delete(f"/api/v1/namespaces/{stage.namespace}")
