"""Covers the reason a plan gives for a size that moved: of InfluxDB by series and points, of
Telegraf by its devices, of what files set, of volumes and the quota, and of what was edited.

Leaves out how sizes are computed (test_sizing) and how a plan is shown (tests/unit/cli).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from tests.unit.kubernetes.stacks import pod_of, stack, switches, workloads
from tigctl.render.bundle import Bundle, InfluxState
from tigctl.render.kubernetes.model import Stack
from tigctl.targets.kubernetes import sized
from tigctl.targets.model import Action, Change, FieldChange

_ASKED = "spec.template.spec.containers[{}].resources.{}"


def bundle(given: Stack) -> Bundle:
    inside = InfluxState("acme", (), ())
    return Bundle("acme", tuple(given.shards), inside, tuple(given.summaries))


def moved(before: Stack, after: Stack, kind: str, name: str) -> Change:
    """What a plan would show of a workload's resources."""
    container = name.partition("-")[0]
    was, will = (
        pod_of(workloads(one), f"{kind} {name}")["containers"][0]["resources"]
        for one in (before, after)
    )
    fields = tuple(
        FieldChange(_ASKED.format(container, f"{part}.{key}"), was[part][key], will[part][key])
        for part in ("limits", "requests")
        for key in will[part]
        if was[part][key] != will[part][key]
    )
    return Change(Action.UPDATE, kind, name, fields)


def why(before: Stack, after: Stack, kind: str, name: str) -> str:
    change = moved(before, after, kind, name)
    assert change.fields
    return sized.explained(change, bundle(after)).why


def influxdb(before: Stack, after: Stack) -> str:
    return why(before, after, "StatefulSet", "influxdb")


def test_influxdb_grew_and_shrank_with_its_series() -> None:
    few, many = stack(switches(50)), stack(switches(100))
    assert influxdb(few, many) == (
        "memory for 5,500 series: 512Mi serves up to 4,096, 768Mi serves up to 8,192;"
        " processor goes with the memory"
    )
    assert influxdb(many, few).startswith("memory for 2,750 series: 768Mi serves up to 8,192, 512")


def test_influxdb_polled_more_often_says_points() -> None:
    slow, fast = (
        stack(switches(100), {"polling": {"interval": interval}}) for interval in ("60s", "5s")
    )
    assert influxdb(slow, fast) == (
        "processor for 1,060 points/s: 150m serves up to 200, 600m serves up to 1,100"
    )


def test_what_files_set_is_told_as_such() -> None:
    auto, small = stack(switches(100)), stack(switches(100), {"size": "small"})
    assert influxdb(auto, small) == (
        "memory as size or resources.influxdb says, not for 5,500 series;"
        " processor as size or resources.influxdb says, not for 88 points/s"
    )
    own: dict[str, Any] = {"resources": {"grafana": {"requests": {"memory": "512Mi"}}}}
    given = stack(switches(1), own)
    assert why(stack(switches(1)), given, "Deployment", "grafana") == "resources.grafana says so"
    limits: dict[str, Any] = {"resources": {"telegraf": {"limits": {"memory": "4Gi"}}}}
    asked = why(stack(switches(1)), stack(switches(1), limits), "Deployment", "telegraf-0")
    assert asked == "memory as resources.telegraf says"


def test_telegraf_grew_with_its_devices() -> None:
    told = why(stack(switches(50)), stack(switches(250)), "Deployment", "telegraf-0")
    assert re.fullmatch(
        r"memory for 250 devices and a buffer of 2\d\d,\d{3} points;"
        r" processor for 221 points/s, 4\.2 pings/s",
        told,
    )


def test_an_edit_by_hand_of_any_value_has_a_reason() -> None:
    path = _ASKED.format("influxdb", "requests.memory")
    for live, said in (("64Mi", "64Mi serves up to 0, "), ("a lot", ""), (None, "")):
        change = Change(
            Action.UPDATE, "StatefulSet", "influxdb", (FieldChange(path, live, "512Mi"),), "anna"
        )
        told = sized.explained(change, bundle(stack(switches(1))))
        assert told.why == f"memory for 55 series: {said}512Mi serves up to 4,096"
        assert replace(told, why="") == change


def test_volumes_and_the_quota() -> None:
    grown = (FieldChange("spec.resources.requests.storage", "20Gi", "30Gi"),)
    of = bundle(stack(switches(1)))
    volume = Change(Action.UPDATE, "PersistentVolumeClaim", "influxdb-data", grown)
    assert sized.explained(volume, of).why == "storage.influxdb says so"
    quota = Change(
        Action.UPDATE, "ResourceQuota", "tigctl", (FieldChange("spec.hard[pods]", "15", "17"),)
    )
    assert sized.explained(quota, of).why == "follows from the sizes of all pods and volumes"


def test_what_is_new_or_has_no_size_gives_none() -> None:
    of = bundle(stack(switches(1)))
    field = FieldChange(_ASKED.format("influxdb", "requests.memory"), None, "512Mi")
    for change in (
        Change(Action.CREATE, "StatefulSet", "influxdb", (field,)),
        Change(Action.UPDATE, "StatefulSet", "influxdb", (FieldChange("spec.replicas", 0, 1),)),
        Change(Action.UPDATE, "Service", "influxdb", (field,)),
    ):
        assert sized.explained(change, of) is change
