"""A namespace's ResourceQuota that leaves too little, as the real API server refuses: what an
engineer is told in status, plan and apply, and that a quota may grow together with what it counts.

What the quota of a rendered tenant has room for: tests/unit/kubernetes/test_sizing.py.
"""

from __future__ import annotations

import re

import pytest

from tests.cluster.api import ApiError
from tests.integration.kubernetes.tenants import Object, Stage, bundle, labels, objects
from tigctl.backends.kubernetes.errors import QuotaExceeded
from tigctl.errors import TargetError
from tigctl.targets.kubernetes import waiting

pytestmark = pytest.mark.real


def quota(stage: Stage, hard: dict[str, str], name: str = "tigctl") -> Object:
    metadata = {"name": name, "namespace": stage.namespace}
    if name == "tigctl":
        metadata["labels"] = labels(stage.tenant)  # type: ignore[assignment]  # JSON
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": metadata,
        "spec": {"hard": hard},
    }


def with_quota(stage: Stage, hard: dict[str, str], storage: str = "1Gi") -> tuple[Object, ...]:
    """The usual objects with a quota, and a volume of that size."""
    namespace, *others = objects(stage.tenant)
    for one in others:
        if one["kind"] == "PersistentVolumeClaim":
            one["spec"]["resources"]["requests"]["storage"] = storage
    return namespace, quota(stage, hard), *others


def enforced(stage: Stage, spec: Object, kind: str, *, refusal: bool = True) -> None:
    """Waits until the API server refuses such a thing, or does not any more.

    It learns of quotas in its own time.
    """
    wanted = {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": "tried", "namespace": stage.namespace},
        "spec": spec,
    }

    def refused() -> bool:
        try:
            stage.plane.api.create(wanted, dryRun="All")
        except ApiError as error:
            return "exceeded quota" in error.message
        return False

    stage.plane.wait(lambda: refused() is refusal, "quota as it was set")


CLAIM: Object = {
    "accessModes": ["ReadWriteOnce"],
    "storageClassName": "longhorn",
    "resources": {"requests": {"storage": "900Gi"}},
}


def test_a_quota_made_smaller_by_hand_is_named_with_what_is_short(acme: Stage) -> None:
    wanted = bundle(acme.tenant, with_quota(acme, {"pods": "4"}))
    acme.apply(wanted, wait=0)
    path = acme.path("resourcequotas", "tigctl")
    acme.plane.api.patch(path, {"spec": {"hard": {"pods": "0"}}}, fieldManager="kubectl-edit")
    pod = acme.path("pods", "influxdb-0")

    def said() -> str:
        # One that came before the API server knew of the change goes once more.
        if acme.plane.api.find(pod):
            acme.plane.api.delete(pod, gracePeriodSeconds="0")
        found = {one.name: one for one in acme.target().components()}["influxdb"]
        return found.reason if found.state == "failed" else ""

    told = acme.plane.wait(said, "a word on the quota")
    short = r"ResourceQuota tigctl leaves too little: pods: 1 asked, \d+ of 0 in use"
    assert re.fullmatch(short, told), told
    change = acme.plan(wanted, objects_only=True)["ResourceQuota tigctl"]
    assert [(one.path, one.live, one.wanted) for one in change.fields] == [
        ("spec.hard.pods", "0", "4")
    ]
    assert change.manager.startswith("kubectl-edit")
    acme.apply(wanted, wait=0)
    assert "ResourceQuota tigctl" not in acme.plan(wanted, objects_only=True)


def test_a_pod_beyond_somebody_elses_quota_ends_the_apply_with_that_word(
    acme: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "FATAL_AFTER_S", {"QuotaExceeded": 0, "FailedCreate": 0})
    acme.apply(bundle(acme.tenant))
    acme.plane.api.create(quota(acme, {"requests.memory": "1Mi"}, "project"))
    changed = objects(acme.tenant, telegraf="telegraf:1.39.4")
    pod = changed[-1]["spec"]["template"]["spec"]
    pod["containers"][0]["resources"] = {"requests": {"memory": "5Mi"}}
    enforced(acme, pod, "Pod")

    with pytest.raises(TargetError) as refused:
        acme.apply(bundle(acme.tenant, changed))

    said = "ResourceQuota project leaves too little: requests.memory: 5Mi asked, 0 of 1Mi in use"
    assert re.search(rf"Deployment telegraf-0 does not run after \d+ s: {said}", str(refused.value))
    assert "make that quota larger" in str(refused.value)


def test_a_volume_beyond_somebody_elses_quota_is_refused_and_nothing_is_lost(acme: Stage) -> None:
    acme.plane.api.create(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": acme.namespace}}
    )
    project = quota(acme, {"requests.storage": "512Mi"}, "project")
    acme.plane.api.create(project)
    enforced(acme, CLAIM, "PersistentVolumeClaim")
    wanted = bundle(acme.tenant)

    with pytest.raises(QuotaExceeded) as refused:
        acme.apply(wanted, wait=0, adopt=True)

    assert (
        "refused to apply PersistentVolumeClaim influxdb-data: ResourceQuota project leaves too"
        " little: requests.storage: 1Gi asked, 0 of 512Mi in use"
    ) in str(refused.value)
    acme.plane.api.delete(acme.path("resourcequotas", "project"))
    enforced(acme, CLAIM, "PersistentVolumeClaim", refusal=False)
    acme.apply(wanted, wait=0)
    assert acme.plan(wanted, objects_only=True) == {}


def test_a_volume_grows_together_with_its_quota(acme: Stage) -> None:
    """Beyond what the former quota has: the API server would refuse to say what would be."""
    acme.apply(bundle(acme.tenant, with_quota(acme, {"requests.storage": "2Gi"})), wait=0)
    enforced(acme, CLAIM, "PersistentVolumeClaim")
    larger = bundle(acme.tenant, with_quota(acme, {"requests.storage": "10Gi"}, storage="5Gi"))

    planned = acme.plan(larger, objects_only=True)

    fields = planned["PersistentVolumeClaim influxdb-data"].fields
    assert [(one.path, one.live, one.wanted) for one in fields] == [
        ("spec.resources.requests.storage", "1Gi", "5Gi")
    ]
    assert planned.keys() == {"ResourceQuota tigctl", "PersistentVolumeClaim influxdb-data"}
    acme.apply(larger, wait=0)
    assert acme.plan(larger, objects_only=True) == {}
