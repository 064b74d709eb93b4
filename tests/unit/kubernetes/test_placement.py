"""Covers which rules of placement are rendered. Whether the scheduler then does what is meant is in
tests/integration/kubernetes/test_workloads.py.
"""

from __future__ import annotations

from typing import Any

from tests.unit.kubernetes.stacks import pod_of, stack, switches, workloads
from tigctl.render.kubernetes.model import Object

PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
ZONE, HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
KEEPERS = ("StatefulSet influxdb", "Deployment telegraf-0")


def found(**placement: Any) -> dict[str, Object]:
    return workloads(stack(switches(1), {"placement": placement}))


def rules(objects: dict[str, Object], key: str) -> Object:
    rule: Object = pod_of(objects, key)["affinity"]["podAntiAffinity"]
    return rule


def keys(objects: dict[str, Object], key: str) -> list[tuple[int, str]]:
    return [
        (term["weight"], term["podAffinityTerm"]["topologyKey"])
        for term in rules(objects, key)[PREFERRED]
    ]


def test_by_zone_and_else_by_host_name_preferred() -> None:
    objects = found()
    for key in (*KEEPERS, "Deployment grafana"):
        assert rules(objects, key).keys() == {PREFERRED}
        assert keys(objects, key) == [(100, ZONE), (50, HOST)]


def test_who_stores_is_kept_apart_from_who_keeps() -> None:
    objects = found()
    for key in KEEPERS:
        for term in rules(objects, key)[PREFERRED]:
            selector = term["podAffinityTerm"]["labelSelector"]
            assert selector["matchLabels"] == {"tigctl.dev/tenant": "acme"}
            assert selector["matchExpressions"] == [
                {
                    "key": "app.kubernetes.io/name",
                    "operator": "In",
                    "values": ["influxdb", "telegraf"],
                }
            ]


def test_another_label_and_the_host_name_itself() -> None:
    assert keys(found(spread_by="example.com/rack"), KEEPERS[0]) == [
        (100, "example.com/rack"),
        (50, HOST),
    ]
    assert keys(found(spread_by=HOST), KEEPERS[0]) == [(100, HOST)]


def test_required_for_those_that_keep_samples_only() -> None:
    objects = found(required=True)
    for key in KEEPERS:
        assert rules(objects, key).keys() == {REQUIRED}
        assert [term["topologyKey"] for term in rules(objects, key)[REQUIRED]] == [ZONE, HOST]
    assert rules(objects, "Deployment grafana").keys() == {PREFERRED}


def test_telegrafs_spread_evenly_over_nodes_and_never_wait_for_it() -> None:
    (one,) = pod_of(found(required=True, spread_by="example.com/rack"), "Deployment telegraf-0")[
        "topologySpreadConstraints"
    ]
    assert one["topologyKey"] == HOST  # the label would put nodes that lack it last
    assert one["whenUnsatisfiable"] == "ScheduleAnyway"
    assert one["labelSelector"]["matchLabels"] == {
        "tigctl.dev/tenant": "acme",
        "app.kubernetes.io/name": "telegraf",
    }
