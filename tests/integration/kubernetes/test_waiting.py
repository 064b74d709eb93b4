"""What an apply waits for on a real control plane: a volume that nobody makes, and one change after
the other, so that what cannot run stops those behind it.

Images that are not there, containers that end again and again: test_target.py. Nodes without room:
test_capacity.py. Quotas: test_quota.py.
"""

from __future__ import annotations

import copy

import pytest

from tests.integration.kubernetes.tenants import Object, Stage, bundle, objects
from tigctl.errors import TargetError
from tigctl.targets.kubernetes import waiting

pytestmark = pytest.mark.real


def test_a_volume_that_nobody_makes_is_named_with_the_reason(
    acme: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "FATAL_AFTER_S", {"VolumePending": 0})
    found = objects(acme.tenant)
    for one in found:
        if one["kind"] == "PersistentVolumeClaim":
            one["spec"]["storageClassName"] = "nowhere"
        if one["kind"] == "StatefulSet":
            claim = {"name": "data", "persistentVolumeClaim": {"claimName": "influxdb-data"}}
            one["spec"]["template"]["spec"]["volumes"] = [claim]

    with pytest.raises(TargetError, match="volume influxdb-data is pending: ") as refused:
        acme.apply(bundle(acme.tenant, found))

    assert "tigctl doctor" in str(refused.value)

    def said() -> bool:
        (one,) = (one for one in acme.target().components() if one.name == "influxdb")
        return 'storageclass.storage.k8s.io "nowhere" not found' in one.reason

    acme.plane.wait(said, "word of who makes volumes")


def two(stage: Stage, telegraf: str) -> tuple[Object, ...]:
    """The usual objects with a second Telegraf."""
    *others, first = objects(stage.tenant, telegraf=telegraf)
    second = copy.deepcopy(first)
    for one, shard in ((first, "0"), (second, "1")):
        one["metadata"]["name"] = f"telegraf-{shard}"
        one["spec"]["selector"]["matchLabels"]["shard"] = shard
        one["spec"]["template"]["metadata"]["labels"]["shard"] = shard
    return (*others, first, second)


def test_changes_are_made_one_by_one_and_end_at_the_first_that_does_not_run(
    acme: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "FATAL_AFTER_S", {"ImagePullBackOff": 0})
    acme.apply(bundle(acme.tenant, two(acme, "telegraf:1.39.3")))

    def changes() -> list[int]:
        names = ("telegraf-0", "telegraf-1")
        paths = (acme.path("deployments", name, "/apis/apps/v1") for name in names)
        return [int(acme.plane.api.get(path)["metadata"]["generation"]) for path in paths]

    first, second = changes()
    with pytest.raises(TargetError, match="Deployment telegraf-0 does not run"):
        acme.apply(bundle(acme.tenant, two(acme, "missing.invalid/telegraf:2")))
    assert changes() == [first + 2, second], "changed and put back; not touched"
