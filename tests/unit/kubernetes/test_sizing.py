"""Covers what containers ask for: never less for more devices, coarse steps, named sizes, what a
tenant sets, the quota above it all; docs/sizing.md shows what is computed.

`pytest --update-golden` writes the page's tables anew. Leaves out whether the figures are true of
the programs: that was measured, and the page says how.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from collectors.telegraf.model import Budget, Shard
from tests.unit.kubernetes.stacks import pod_of, split, stack, switches, variables, workloads
from tigctl.render.bundle import DeviceSummary
from tigctl.render.kubernetes import sizing
from tigctl.render.kubernetes.model import Object, Stack
from tigctl.render.kubernetes.sizing import MEBIBYTE, Load, Needs
from tigctl.spec import quantity
from tigctl.spec.stack import Component

PAGE = Path(__file__).parents[3] / "docs" / "sizing.md"

DEVICES = st.builds(
    lambda points, interval, icmp: DeviceSummary(
        *("sw", "192.0.2.1", "", "", ""), True, icmp, True, (), Budget(interval, 9, 9, points, 1.0)
    ),
    st.integers(0, 5_000),
    st.integers(5, 86_400),
    st.booleans(),
)
LOADS = st.builds(
    Load,
    st.integers(0, 10**6),
    st.floats(0, 10**5),
    st.floats(0, 10**4),
    st.integers(0, 10**5),
)
MEMORY = st.integers(2**24, 2**34)


def shard(memory: int) -> Shard:
    return Shard("telegraf-0", "", (), {}, (), 10_000, memory)


def at_least(more: Needs, less: Needs) -> bool:
    return (
        more.cpu >= less.cpu
        and more.memory >= less.memory
        and more.memory_limit >= less.memory_limit
    )


# Figures


@given(st.lists(DEVICES, max_size=30), DEVICES)
def test_one_device_more_never_gets_less(devices: list[DeviceSummary], one: DeviceSummary) -> None:
    before, after = sizing.load(devices), sizing.load([*devices, one])
    assert at_least(sizing.influxdb(after), sizing.influxdb(before))
    assert at_least(sizing.telegraf(shard(2**27), after), sizing.telegraf(shard(2**27), before))


@given(LOADS, LOADS, MEMORY, MEMORY)
def test_more_of_anything_never_gets_less(one: Load, two: Load, here: int, there: int) -> None:
    less = Load(*map(min, zip(_figures(one), _figures(two), strict=True)))  # type: ignore[arg-type]  # as they were
    more = Load(*map(max, zip(_figures(one), _figures(two), strict=True)))  # type: ignore[arg-type]  # as they were
    assert at_least(sizing.influxdb(more), sizing.influxdb(less))
    assert at_least(
        sizing.telegraf(shard(max(here, there)), more),
        sizing.telegraf(shard(min(here, there)), less),
    )


def _figures(load: Load) -> tuple[float, ...]:
    return load.series, load.points_per_s, load.pings_per_s, load.pinged


@given(MEMORY, LOADS)
def test_telegraf_gets_all_it_may_need(memory: int, load: Load) -> None:
    needs = sizing.telegraf(shard(memory), load)
    assert needs.memory == needs.memory_limit >= memory * 1.1 + load.pinged * 300 * 1024
    # GOMEMLIMIT may not fall below what the buffer needs, or Go would do nothing else.
    assert needs.memory_limit * sizing.TELEGRAF_GO_SHARE >= memory * 0.97


@given(st.integers(0, 10**6))
def test_influxdb_gets_what_its_series_need_and_not_twice(series: int) -> None:
    wanted = 256 * MEBIBYTE + 64 * 1024 * series
    memory = sizing.influxdb(Load(series=series)).memory_limit
    assert wanted <= memory <= max(512 * MEBIBYTE, wanted * 1.5)


def test_one_device_more_does_not_restart_influxdb() -> None:
    sizes = [sizing.influxdb(Load(series=55 * count, points_per_s=count)) for count in range(2_000)]
    assert len(set(sizes)) < 25


@given(st.integers(0, 10**6), st.integers(60, 86_400))
def test_another_interval_does_not_restart_influxdb(series: int, interval: int) -> None:
    assert sizing.influxdb(Load(series, series / interval)) == sizing.influxdb(Load(series))
    assert sizing.influxdb(Load(series, series / 60 * 4)).cpu >= 50 + 0.5 * series / 60 * 4


def test_series_and_rates_of_a_switch() -> None:
    (summary,) = stack(switches(1)).summaries
    load = sizing.load([summary])
    # 48 ports, system and ping; inventory, the texts of system, three inputs.
    assert load.series == 48 + 2 + 5
    assert load.points_per_s == pytest.approx((48 + 2 + 3) / 60)
    assert load.pinged == 1


@given(st.integers(1, 10**6))
def test_quantities_are_as_the_api_server_writes_them(thousandths: int) -> None:
    text = sizing.cpu(thousandths)
    assert quantity.cpu(text) == thousandths
    assert not text.endswith("000m")
    shown = sizing.size(thousandths)
    assert thousandths <= quantity.size(shown) < thousandths + 1024


# What is rendered


def resources(objects: dict[str, Object], key: str) -> Any:
    return pod_of(objects, key)["containers"][0]["resources"]


def test_every_container_asks_for_processor_and_memory_and_has_no_processor_limit() -> None:
    for key, one in workloads(stack(switches(3))).items():
        if one["kind"] not in {"StatefulSet", "Deployment"}:
            continue
        pod = one["spec"]["template"]["spec"]
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}, key
            assert container["resources"]["limits"].keys() == {"memory"}, key


@pytest.mark.parametrize("named", ["small", "medium", "large"])
def test_a_named_size_pins_influxdb_and_leaves_telegraf_enough(named: str) -> None:
    polls = switches(300)
    auto, pinned = workloads(stack(polls)), workloads(stack(polls, {"size": named}))
    wanted = sizing.NAMED[named].resources()
    assert resources(pinned, "StatefulSet influxdb") == wanted
    for key in ("Deployment telegraf-0", "Deployment grafana"):
        assert resources(pinned, key) == resources(auto, key)


def test_named_sizes_are_those_of_auto_at_some_load() -> None:
    for needs in sizing.NAMED.values():
        most = sizing.series_served(needs.memory_limit)
        assert sizing.influxdb(Load(series=most)) == needs
        assert sizing.influxdb(Load(series=most + 1)).memory_limit > needs.memory_limit


def test_go_and_influxdb_know_the_limit() -> None:
    own = {"influxdb": {"limits": {"memory": "4Gi"}}, "telegraf": {"limits": {"memory": "1Gi"}}}
    objects = workloads(stack(switches(1), {"resources": own}))
    influx = variables(pod_of(objects, "StatefulSet influxdb")["containers"][0])
    assert influx["GOMEMLIMIT"] == "3276MiB"
    assert influx["INFLUXD_QUERY_MEMORY_BYTES"] == str(2**29)
    assert influx["INFLUXD_QUERY_MAX_MEMORY_BYTES"] == str(2**30)
    assert influx["INFLUXD_STORAGE_CACHE_MAX_MEMORY_SIZE"] == str(2**30)
    telegraf = variables(pod_of(objects, "Deployment telegraf-0")["containers"][0])
    assert telegraf["GOMEMLIMIT"] == "870MiB"


@pytest.mark.parametrize("memory", ["1Mi", "16Mi", "512Mi"])
def test_influxdb_s_bounds_hold_together(memory: str) -> None:
    """InfluxDB refuses to start where all queries may take less than they begin with."""
    own = {"influxdb": {"limits": {"memory": memory}}}
    objects = workloads(stack((), {"resources": own}))
    found = variables(pod_of(objects, "StatefulSet influxdb")["containers"][0])
    most, each, first, at_once = (
        int(found[f"INFLUXD_QUERY_{name}"])
        for name in ("MAX_MEMORY_BYTES", "MEMORY_BYTES", "INITIAL_MEMORY_BYTES", "CONCURRENCY")
    )
    assert most >= at_once * first
    assert each >= first


# What a tenant sets

DEFAULT = Needs(cpu=200, memory=2**30, memory_limit=2**31)


@pytest.mark.parametrize(
    ("own", "wanted"),
    [
        ({}, DEFAULT),
        ({"limits": {"memory": "4Gi"}}, replace(DEFAULT, memory_limit=2**32)),
        ({"limits": {"memory": "512Mi"}}, replace(DEFAULT, memory=2**29, memory_limit=2**29)),
        ({"requests": {"memory": "4Gi"}}, replace(DEFAULT, memory=2**32, memory_limit=2**32)),
        ({"requests": {"memory": "256Mi"}}, replace(DEFAULT, memory=2**28)),
        ({"requests": {"cpu": 2}}, replace(DEFAULT, cpu=2000)),
        ({"limits": {"cpu": 1}}, replace(DEFAULT, cpu_limit=1000)),
        ({"limits": {"cpu": "100m"}}, replace(DEFAULT, cpu=100, cpu_limit=100)),
    ],
)
def test_what_a_tenant_sets_and_what_gives_way(own: dict[str, Any], wanted: Needs) -> None:
    assert sizing.overridden(DEFAULT, Component.model_validate(own)) == wanted


SHARES = st.fixed_dictionaries(
    {}, optional={"cpu": st.integers(1, 64), "memory": st.sampled_from(["64Mi", "1Gi", "9Gi"])}
)


@given(SHARES, SHARES)
def test_a_request_never_exceeds_its_limit(
    requests: dict[str, Any], limits: dict[str, Any]
) -> None:
    own = Component.model_validate({"requests": requests, "limits": limits})
    for key in ("cpu", "memory"):  # those the workspace refuses
        request, limit = getattr(own.requests, key), getattr(own.limits, key)
        if request and limit and request > limit:
            return
    needs = sizing.overridden(DEFAULT, own)
    assert needs.memory <= needs.memory_limit
    assert not needs.cpu_limit or needs.cpu <= needs.cpu_limit


def test_a_size_too_small_is_told() -> None:
    polls = switches(200)
    assert sizing.notes(stack(polls)) == ()
    (note,) = sizing.notes(stack(polls, {"size": "small"}))
    assert note.startswith("InfluxDB gets 512Mi of memory, its 11,000 series may need 1Gi")
    (note,) = sizing.notes(
        stack(polls, {"resources": {"telegraf": {"limits": {"memory": "64Mi"}}}})
    )
    assert note.startswith("telegraf-0 gets 64Mi of memory and may need 4")


# The quota


def hard(given: Stack) -> dict[str, int]:
    found = workloads(given)["ResourceQuota tigctl"]["spec"]["hard"]
    return {
        "cpu": quantity.cpu(found["requests.cpu"]),
        "memory": quantity.size(found["requests.memory"]),
        "limit": quantity.size(found["limits.memory"]),
        "pods": int(found["pods"]),
    }


@pytest.mark.parametrize("shards", [1, 3])
def test_the_quota_has_room_to_move_and_for_jobs(shards: int) -> None:
    stack_ = split(stack(switches(50)), shards)
    needs = sizing.sizes(stack_)
    twice = (*needs.all(), *needs.telegraf, needs.grafana)
    found = hard(stack_)
    assert found["cpu"] >= sum(one.cpu for one in twice) + 500
    assert found["memory"] >= sum(one.memory for one in twice) + 2**30
    assert found["limit"] >= sum(one.memory_limit for one in twice) + 2**31
    assert found["pods"] >= len(twice) + 10


def test_the_quota_follows_what_is_set() -> None:
    own = {"influxdb": {"requests": {"memory": "64Gi", "cpu": 16}}}
    before, after = hard(stack(switches(1))), hard(stack(switches(1), {"resources": own}))
    assert after["cpu"] - before["cpu"] == 16_000 - 100
    assert after["limit"] - before["limit"] == after["memory"] - before["memory"] == 2**36 - 2**29


def test_the_quota_counts_no_processor_limit() -> None:
    # It would refuse every pod that has none, which are all of ours.
    found = workloads(stack(switches(1)))["ResourceQuota tigctl"]["spec"]["hard"]
    assert "limits.cpu" not in found


def test_who_says_nothing_gets_a_limit() -> None:
    (limit,) = workloads(stack())["LimitRange tigctl"]["spec"]["limits"]
    assert limit["type"] == "Container"
    assert {"memory"} <= limit["default"].keys()
    assert {"cpu", "memory"} <= limit["defaultRequest"].keys()


# docs/sizing.md


def rows() -> dict[str, list[str]]:
    return {
        "sizes": [_row(count) for count in (10, 50, 100, 250, 500, 1_000, 2_000)],
        "named": [
            f"| `{name}` | {_asked(needs)} | {sizing.series_served(needs.memory_limit):,} |"
            for name, needs in sizing.NAMED.items()
        ],
    }


def _row(count: int) -> str:
    given = stack(switches(count))
    needs = sizing.sizes(given)
    total = sizing.total(needs.all())
    quota = workloads(given)["ResourceQuota tigctl"]["spec"]["hard"]
    polled = max(needs.telegraf, key=lambda one: one.memory)
    each = f"{len(needs.telegraf)} × " if len(needs.telegraf) > 1 else ""
    return (
        f"| {count:,} | {sizing.load(given.summaries).series:,} | {_asked(needs.influxdb)}"
        f" | {each}{_asked(polled)} | {_asked(total)}"
        f" | {quota['requests.cpu']}, {quota['requests.memory']}; {quota['limits.memory']} |"
    )


def _asked(needs: Needs) -> str:
    return f"{sizing.cpu(needs.cpu)}, {sizing.size(needs.memory)}"


def filled(page: str) -> str:
    for name, lines in rows().items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        before, _, rest = page.partition(begin)
        old, _, after = rest.partition(end)
        head = "\n".join(old.splitlines()[:2])
        page = f"{before}{begin}{head}\n" + "\n".join(lines) + f"\n{end}{after}"
    return page


def test_the_page_shows_what_is_computed(update_golden: bool) -> None:
    if update_golden:
        PAGE.write_text(filled(PAGE.read_text()))
    assert PAGE.read_text() == filled(PAGE.read_text())


def test_the_page_s_example_comes_out_as_shown() -> None:
    written, shown = re.findall(r"```yaml[^\n]*\n(.*?)```", PAGE.read_text(), re.DOTALL)
    objects = workloads(stack(switches(10), yaml.safe_load(written)))
    expected = yaml.safe_load(shown)
    assert resources(objects, "StatefulSet influxdb") == expected["influxdb"]
    assert resources(objects, "Deployment grafana") == expected["grafana"]
