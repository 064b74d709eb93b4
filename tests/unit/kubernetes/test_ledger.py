"""Covers what a tenant asks for beside what it has, and that room is promised once, whatever asks
at the same time. Nodes, pods and disks are made up.

Leaves out how a cluster is looked at, and the words of a refusal: tests/integration does that.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.unit.kubernetes.nodes import GIB, container, node, pod
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.targets.kubernetes.longhorn import Disk, Space
from tigctl.targets.kubernetes.objects import Difference
from tigctl.targets.kubernetes.pods import Pod
from tigctl.targets.kubernetes.room import Ledger, Looked
from tigctl.targets.model import Action, Change

Object = dict[str, Any]
LABELS = {"app": "influxdb"}
LONGHORN: Object = {
    "kind": "StorageClass",
    "metadata": {"name": "longhorn"},
    "provisioner": "driver.longhorn.io",
    "parameters": {"numberOfReplicas": "2"},
}


def workload(memory: str, *, replicas: int = 1, kind: str = "StatefulSet") -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "influxdb", "namespace": "tig-acme"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": LABELS},
            "template": {
                "metadata": {"labels": LABELS},
                "spec": {"containers": [container(memory=memory)]},
            },
        },
    }


def claim(size: str, storage_class: str = "longhorn") -> Object:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "influxdb-data", "namespace": "tig-acme"},
        "spec": {
            **({"storageClassName": storage_class} if storage_class else {}),
            "resources": {"requests": {"storage": size}},
        },
    }


def different(wanted: Object, action: Action = Action.CREATE) -> Difference:
    metadata = wanted["metadata"]
    ref = Ref(wanted["kind"], metadata.get("namespace", ""), metadata["name"])
    return Difference(ref, Change(action, ref.kind, ref.name), wanted)


def there(memory: str, on: str = "a", **more: Any) -> Pod:
    return pod("influxdb-0", memory=memory, cpu="", on=on, labels=LABELS, **more)


def looked(*pods: Pod, **more: Any) -> Looked:
    return Looked([node("a")], pods, **more)


@pytest.mark.parametrize(
    ("has", "wants", "asked"),
    [
        ([], workload("1Gi"), 1),
        ([there("1Gi")], workload("1Gi"), 0),
        ([there("2Gi")], workload("1Gi"), 0),
        ([there("1Gi")], workload("2Gi"), 1),
        ([there("1Gi")], workload("1Gi", replicas=2, kind="Deployment"), 2),
        ([there("1Gi", namespace="other")], workload("1Gi"), 1),
        ([], workload("1Gi", replicas=0), 0),
    ],
)
def test_only_what_is_new_or_grows_asks_for_room(has: list[Pod], wants: Object, asked: int) -> None:
    answer = Ledger(looked(*has)).ask("tig-acme", [different(wants, Action.UPDATE)])
    assert len(answer.asked.pods) == asked


def test_what_grows_gives_its_room_back_first() -> None:
    ledger = Ledger(looked(there("5Gi")))
    assert ledger.ask("tig-acme", [different(workload("8Gi"), Action.UPDATE)]).fits
    assert not ledger.ask("tig-globex", [different(workload("1Gi"))]).fits, "the node is full now"


def test_what_is_refused_takes_no_room_and_what_is_promised_is_asked_once() -> None:
    ledger = Ledger(looked())
    assert not ledger.ask("tig-acme", [different(workload("9Gi"))]).fits
    assert ledger.ask("tig-acme", [different(workload("8Gi"))]).fits
    again = ledger.ask("tig-acme", [different(workload("8Gi"))])
    assert again.fits
    assert again.asked.pods == []


def test_pods_that_wait_come_first_where_they_can() -> None:
    waits = there("5Gi", on="", namespace="tig-globex")
    never = pod("giant", memory="99Gi", namespace="tig-initech")
    ledger = Ledger(looked(waits, never))
    assert not ledger.ask("tig-acme", [different(workload("4Gi"))]).fits
    assert ledger.ask("tig-acme", [different(workload("3Gi"))]).fits


def test_a_pod_of_ones_own_that_waits_in_vain_can_be_made_smaller() -> None:
    ledger = Ledger(looked(there("99Gi", on="")))
    assert ledger.ask("tig-acme", [different(workload("8Gi"), Action.UPDATE)]).fits


def test_many_at_once_are_never_promised_the_same_room() -> None:
    """16 threads want the room of 8; eight get it, whoever they are."""
    ledger = Ledger(looked())

    def ask(number: int) -> bool:
        wanted = workload("1Gi")
        wanted["metadata"]["namespace"] = f"tig-{number}"
        return ledger.ask(f"tig-{number}", [different(wanted)]).fits

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(ask, range(16))) == 8


def space(*left: int) -> Space:
    return Space(tuple(Disk(f"n{number}", gib * GIB, 0) for number, gib in enumerate(left)))


def test_new_volumes_are_counted_on_disks_and_promised_too() -> None:
    ledger = Ledger(looked(classes=[LONGHORN], space=space(30, 10)))
    assert ledger.ask("tig-acme", [different(claim("20Gi"))]).fits, "with one copy of two, at first"
    refused = ledger.ask("tig-globex", [different(claim("20Gi"))])
    assert [one.name for one in refused.homeless] == ["influxdb-data"]
    assert ledger.ask("tig-globex", [different(claim("10Gi"))]).fits


def test_volumes_of_other_classes_and_those_that_are_there_ask_nothing() -> None:
    default: Object = {
        **LONGHORN,
        "metadata": {
            "name": "best",
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
    }
    local = {"kind": "StorageClass", "metadata": {"name": "local"}, "provisioner": "local"}
    ledger = Ledger(looked(classes=[LONGHORN, default, local], space=space(1)))
    for wanted, action, fits in (
        (claim("20Gi"), Action.CREATE, False),
        (claim("20Gi"), Action.UPDATE, True),
        (claim("20Gi", "local"), Action.CREATE, True),
        (claim("20Gi", "unknown"), Action.CREATE, True),
        (claim("20Gi", ""), Action.CREATE, False),
    ):
        assert ledger.ask("tig-acme", [different(wanted, action)]).fits is fits, wanted
    assert Ledger(looked(classes=[LONGHORN])).ask("tig-acme", [different(claim("20Gi"))]).fits


def test_a_class_that_the_tenant_brings_counts() -> None:
    own = {**LONGHORN, "apiVersion": "storage.k8s.io/v1", "metadata": {"name": "own"}}
    ledger = Ledger(looked(space=space(10)))
    wanted = [different(own), different(claim("20Gi", "own"))]
    assert not ledger.ask("tig-acme", wanted).fits
