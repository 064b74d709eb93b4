"""Covers which copies of a volume find room on Longhorn's disks, from objects written after its
documentation (Node and Setting of longhorn.io/v1beta2).

Leaves out Longhorn itself: it is in no registry, so nothing here proves that it decides the same.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kubernetes.nodes import GIB
from tigctl.targets.kubernetes import longhorn
from tigctl.targets.kubernetes.longhorn import Disk, Space, Volume

Object = dict[str, Any]


def node(
    name: str,
    *,
    size: int = 100,
    scheduled: int = 0,
    available: int | None = None,
    disk: Object | None = None,
    status: Object | None = None,
    **spec: Any,
) -> Object:
    """A node of Longhorn with one disk, in GiB."""
    found = {
        "storageMaximum": size * GIB,
        "storageScheduled": scheduled * GIB,
        "storageAvailable": (size if available is None else available) * GIB,
    }
    return {
        "metadata": {"name": name},
        "spec": {"allowScheduling": True, "disks": {"d": {"allowScheduling": True, **(disk or {})}}}
        | spec,
        "status": {"diskStatus": {"d": {**found, **(status or {})}}},
    }


def condition(kind: str) -> Object:
    return {"conditions": [{"type": kind, "status": "False"}]}


@pytest.mark.parametrize(
    ("given", "settings", "left", "closed"),
    [
        ({}, {}, 100, ""),
        ({"scheduled": 60}, {}, 40, ""),
        ({"disk": {"storageReserved": 30 * GIB}}, {}, 70, ""),
        ({"scheduled": 60}, {"storage-over-provisioning-percentage": "200"}, 140, ""),
        ({}, {"storage-over-provisioning-percentage": '{"v1":"50","v2":"90"}'}, 50, ""),
        ({}, {"storage-over-provisioning-percentage": "many"}, 100, ""),
        ({"available": 25}, {}, 0, "disk full"),
        ({"available": 26}, {}, 100, ""),
        ({"available": 25}, {"storage-minimal-available-percentage": "10"}, 100, ""),
        ({"allowScheduling": False}, {}, 0, "scheduling is disabled"),
        ({"disk": {"allowScheduling": False}}, {}, 0, "scheduling is disabled"),
        ({"evictionRequested": True}, {}, 0, "being emptied"),
        ({"status": condition("Ready")}, {}, 0, "not ready"),
        ({"status": condition("Schedulable")}, {}, 0, "not schedulable"),
        ({"scheduled": 130}, {}, 0, ""),
    ],
)
def test_what_a_disk_still_takes(
    given: Object, settings: dict[str, str], left: int, closed: str
) -> None:
    [disk] = longhorn.space([node("a", **given)], settings).disks
    assert (disk.left, disk.closed) == (left * GIB, closed)


def test_a_disk_that_longhorn_has_not_looked_at_takes_nothing() -> None:
    fresh = node("a")
    del fresh["status"]["diskStatus"]
    assert [disk.left for disk in longhorn.space([fresh], {}).disks] == [0]


def test_copies_lie_on_different_nodes_and_all_count() -> None:
    space = longhorn.space([node("a"), node("b", size=50), node("c", scheduled=90)], {})
    after, copies = space.put(Volume("data", 30 * GIB, 3))
    assert copies == 2
    assert [disk.left // GIB for disk in after.disks] == [70, 20, 10]
    assert [disk.left // GIB for disk in space.disks] == [100, 50, 10], "as it was"


def test_tags_choose_nodes_and_disks() -> None:
    space = longhorn.space([node("a", tags=["fast"], disk={"tags": ["ssd", "new"]}), node("b")], {})
    for wanted, copies in (
        (Volume("data", GIB, 3), 2),
        (Volume("data", GIB, 3, nodes=frozenset({"fast"})), 1),
        (Volume("data", GIB, 3, disks=frozenset({"ssd"})), 1),
        (Volume("data", GIB, 3, disks=frozenset({"hdd"})), 0),
    ):
        assert space.put(wanted)[1] == copies, wanted


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 50)), max_size=8),
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 4)), max_size=5),
)
def test_no_disk_gives_more_than_it_has_and_no_node_holds_two_copies(
    disks: list[tuple[int, int]], volumes: list[tuple[int, int]]
) -> None:
    space = Space(tuple(Disk(f"n{node}", left, 0) for node, left in disks))
    for number, (size, replicas) in enumerate(volumes):
        before = space
        space, copies = before.put(Volume(f"v{number}", size, replicas))
        assert copies <= min(replicas, len({disk.node for disk in before.disks}))
        grown = [
            (one.given - was.given) for was, one in zip(before.disks, space.disks, strict=True)
        ]
        assert sum(grown) == copies * size
        assert all(disk.given <= disk.gives for disk in space.disks)


def test_how_many_more_fit_with_all_their_copies() -> None:
    space = longhorn.space([node("a"), node("b"), node("c", size=45)], {})
    volumes = [Volume("data", 20 * GIB, 3), Volume("boards", GIB, 3)]
    assert space.more(volumes, 99) == 2
    assert space.more(volumes, 1) == 1
    assert space.more([Volume("data", 20 * GIB, 2)], 99) == 6


def test_a_claim_of_a_class_is_a_volume() -> None:
    claim = {"metadata": {"name": "influxdb-data"}}
    parameters = {"numberOfReplicas": "2", "nodeSelector": "fast, near", "diskSelector": ""}
    assert longhorn.volume_of(claim, GIB, parameters, 3) == Volume(
        "influxdb-data", GIB, 2, frozenset({"fast", "near"})
    )
    assert longhorn.volume_of(claim, GIB, {"numberOfReplicas": "0"}, 3).replicas == 3
