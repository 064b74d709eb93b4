"""Covers what `tigctl capacity` counts and shows: nodes, disks, sizes, a lost failure domain;
tables of at most 100 columns; the typical tenants of docs/sizing.md.

Leaves out the command on a real cluster: tests/integration/kubernetes/test_capacity.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.kubernetes.nodes import GIB, ZONE, node, pod
from tigctl.cli import capacities
from tigctl.cli.capacities import Shown
from tigctl.render.kubernetes import sizing
from tigctl.spec.model import Fleet, TargetSettings, TenantSettings
from tigctl.spec.stack import Images
from tigctl.targets.kubernetes import fitting, typical
from tigctl.targets.kubernetes.longhorn import Disk, Space
from tigctl.targets.kubernetes.overview import Loss, Overview, overview
from tigctl.targets.kubernetes.room import Looked

PAGE = Path(__file__).parents[3] / "docs" / "sizing.md"
CLASS = {
    "kind": "StorageClass",
    "metadata": {
        "name": "longhorn",
        "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
    },
    "provisioner": "driver.longhorn.io",
}


def tenant(size: str, settings: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    target = TargetSettings.model_validate({"type": "kubernetes"})
    return typical.objects(size, TenantSettings.model_validate(settings or {}), target, Images())


def seen(*pods: Any, space: Space | None = None, zones: str = "123") -> Looked:
    nodes = [
        node(f"worker-{number}", cpu="8", memory="32Gi", zone=zone)
        for number, zone in enumerate(zones, start=1)
    ]
    return Looked(nodes, pods, [CLASS], space)


def of(looked: Looked, *sizes: str) -> Overview:
    return overview(looked, {size: tenant(size) for size in sizes}, ZONE)


def test_nodes_and_what_is_requested_of_them() -> None:
    looked = seen(pod("one", cpu="1500m", memory="3Gi", on="worker-1"))
    looked.nodes[1]["spec"]["unschedulable"] = True
    first, second, _ = of(looked).nodes
    assert (first.name, first.domain, first.closed) == ("worker-1", "1", "")
    assert first.requested == {"cpu": 1500, "memory": 3 * GIB, "pods": 1}
    assert [first.left(name) for name in ("cpu", "memory", "pods")] == [6500, 29 * GIB, 109]
    assert second.closed == "cordoned"


def test_a_large_tenant_fits_as_often_as_its_largest_pods_find_nodes() -> None:
    """8.75 GiB of 32 GiB by hand: three InfluxDBs of 8 GiB fit on a node, and little beside."""
    [large] = of(seen(), "large").sizes
    assert (large.pods, large.cpu, large.fit, large.short) == (5, 2.5, 6, ("memory",))
    assert large.after_loss == 4
    [none] = of(seen(pod("all", memory="31Gi", on="worker-1"), zones="1"), "large").sizes
    assert (none.fit, none.short) == (0, ("memory",))


def test_volume_space_runs_out_before_the_nodes_do() -> None:
    disks = tuple(Disk(f"worker-{number}", 100 * GIB, 16 * GIB) for number in (1, 2, 3))
    found = of(seen(space=Space(disks)), "small")
    assert found.disks is not None
    assert [(one.node, one.left // GIB) for one in found.disks] == [
        (f"worker-{number}", 84) for number in (1, 2, 3)
    ]
    assert (found.sizes[0].fit, found.sizes[0].short) == (4, ("volumes",))


def test_the_worst_loss_is_told() -> None:
    assert of(seen(zones="11"), "small").loss is None
    assert of(seen(), "small").loss == Loss("1", 1, 0)
    full = [
        pod(f"{node}-{number}", memory="15Gi", on=f"worker-{node}")
        for node in (1, 2, 3)
        for number in (1, 2)
    ]
    found = of(seen(*full[:-1]), "small")
    assert found.loss == Loss("1", 1, 1)
    assert found.sizes[0].fit > 0
    assert found.sizes[0].after_loss is None


@pytest.mark.parametrize("size", typical.SIZES)
def test_a_typical_tenant_is_what_the_page_of_sizes_says(size: str) -> None:
    pods = fitting.pods_of(tenant(size))
    influxdb = next(one for one in pods if one.name == "influxdb-0")
    needs = sizing.NAMED[size]
    assert influxdb.wants == {"cpu": needs.cpu, "memory": needs.memory, "pods": 1}
    telegrafs = [one for one in pods if one.name.startswith("telegraf")]
    row = f"| `{size}` | {typical.switches(size):,} | {len(telegrafs)} |"
    assert row in PAGE.read_text(encoding="utf-8")


def test_typical_tenants_are_placed_and_stored_as_the_fleet_says() -> None:
    defaults = {"placement": {"required": True}, "storage": {"grafana": "none"}}
    fleet = Fleet.model_validate({"defaults": defaults, "storage": {"influxdb": "7Gi"}})
    target = TargetSettings.model_validate({"type": "kubernetes"})
    settings = typical.settings_of(
        Fleet.model_validate({"defaults": defaults, "images": {"registry": "r.example"}})
    )
    found = typical.objects("large", settings, target, fleet.images)
    assert all(pod.apart for pod in fitting.pods_of(found) if pod.name != "grafana")
    assert [one["metadata"]["name"] for one in found if "Claim" in one["kind"]] == ["influxdb-data"]
    assert fitting.volume_bytes(typical.objects("small", fleet, target, fleet.images)) == 8 * GIB


def wide() -> Shown:
    """All as long as it may get."""
    there = [
        pod(f"p{number}", memory="7Gi", cpu="1999m", on="ip-10-132-17-211.eu-central-1.compute")
        for number in range(3)
    ]
    nodes = [
        node(
            "ip-10-132-17-211.eu-central-1.compute",
            cpu="127750m",
            memory="1031245Mi",
            zone="eu-central-1a-rack-42-row-7",
            unschedulable=True,
        ),
        node("worker-2", zone="b"),
    ]
    disk = Disk(nodes[0]["metadata"]["name"], 11 << 40, 3 << 39, closed="scheduling is disabled")
    looked = Looked(nodes, there, [CLASS], Space((disk,)))
    needs = {
        "pods": 3,
        "cpu": 1.0,
        "memory_bytes": GIB,
        "volume_bytes": GIB,
        "fits": False,
        "short": "influxdb-0: it asks for 40 GiB memory; left: " + "worker-2 30.7 GiB, " * 6,
    }
    return Shown("production-cluster", ZONE, of(looked, *typical.SIZES), "acme", needs)


def test_nothing_is_wider_than_a_hundred_columns(capsys: pytest.CaptureFixture[str]) -> None:
    capacities.show(wide())
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= 100
    for part in ("cordoned", "scheduling is disabled", "RUNS OUT", "no room", "3 pods"):
        assert part in said, part


def test_the_document_says_the_same_in_units() -> None:
    found = capacities.document(wide())
    assert found["target"] == "production-cluster"
    nodes, sizes = found["nodes"], found["sizes"]
    assert isinstance(nodes, list)
    assert isinstance(sizes, list)
    assert nodes[0]["cpu_left"] == pytest.approx(127.75 - 3 * 1.999)
    assert nodes[0]["reason"] == "cordoned"
    assert [one["size"] for one in sizes] == list(typical.SIZES)
    assert found["tenant"]["name"] == "acme"  # type: ignore[index, call-overload] - it is a mapping
    shown = Shown("x", ZONE, of(seen(zones="1"), "small"))
    assert capacities.document(shown)["volumes"] is None
    assert capacities.document(shown)["worst_loss"] is None
