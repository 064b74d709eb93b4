"""Requests, waiting times and intervals that follow from rows and answer times."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.telegraf import limits
from collectors.telegraf.budget import Pace, budget, divided, pace_of
from collectors.telegraf.reading import Reader
from tests.unit.telegraf.devices import (
    FANS,
    SETTINGS,
    STORAGE,
    SYSTEM,
    V1,
    facts,
    interfaces,
    poll,
    switch,
)


def paced(*, interval: int = 60, **changes: object) -> Pace:
    one = poll("sw1", **changes)
    return pace_of(Reader().split(one)[0], one, interval)


def test_a_column_of_48_ports_is_one_request() -> None:
    one = poll("sw1", interfaces(), known=facts(max_repetitions=50))

    pace = pace_of(Reader().split(one)[0], one, 60)

    assert pace.max_repetitions == 49  # 48 rows and the row that shows the end
    assert pace.requests == 5  # ifName, ifAlias, ifOperStatus, ifHighSpeed, ifHCInOctets


def test_never_more_repetitions_than_the_device_bears_or_a_frame_holds() -> None:
    weak = poll("sw1", interfaces(), known=facts(max_repetitions=10))
    huge = poll("sw1", interfaces(), rows=400, known=facts(max_repetitions=500))

    assert pace_of(Reader().split(weak)[0], weak, 60).max_repetitions <= 10
    assert pace_of(Reader().split(huge)[0], huge, 60).max_repetitions <= limits.MAX_REPETITIONS


def test_small_tables_ask_for_few_rows() -> None:
    one = poll("sw1", FANS, rows=2, known=facts(max_repetitions=50))

    assert pace_of(Reader().split(one)[0], one, 60).max_repetitions == 3


def test_snmp_v1_asks_row_by_row() -> None:
    one = poll("old", interfaces(), rows=4, login=V1)

    pace = pace_of(Reader().split(one)[0], one, 60)

    assert (pace.max_repetitions, pace.requests) == (1, 5 * 5)


def test_small_tables_beside_a_large_one_are_an_instance_of_their_own() -> None:
    one = switch(48)
    whole, _ = Reader().split(one)

    large, small = divided(whole, one, 60)

    assert large.scalars == whole.scalars
    assert not small.scalars
    assert {read.part.metric.name for read in large.tables} == {"ifTable"}
    assert {*large.tables, *small.tables} == {*whole.tables}
    paces = [pace_of(part, one, 60) for part in (large, small)]
    assert [pace.max_repetitions for pace in paces] == [49, 4]
    assert sum(pace.bytes for pace in paces) < 0.8 * pace_of(whole, one, 60).bytes
    assert budget(one, SETTINGS).requests == sum(pace.requests for pace in paces)


def test_what_saves_little_stays_one_instance() -> None:
    for one in (switch(48, small=40), switch(6), switch(48, answer_ms=2_000)):
        whole, _ = Reader().split(one)
        assert divided(whole, one, 60) == (whole,)


@given(ports=st.integers(0, 600), small=st.integers(0, 600))
def test_dividing_loses_no_table_and_never_costs_more(ports: int, small: int) -> None:
    one = switch(ports, small=small)
    whole, _ = Reader().split(one)
    parts = divided(whole, one, 60)
    assert sorted(id(read) for part in parts for read in part.reads) == sorted(
        id(read) for read in whole.reads
    )
    paces = [pace_of(part, one, 60) for part in parts]
    assert sum(map(_varbinds, paces)) <= _varbinds(pace_of(whole, one, 60))


def _varbinds(pace: Pace) -> int:
    return pace.requests * (limits.REQUEST_IN_VARBINDS + pace.max_repetitions)


def test_budget_counts_scalars_tables_ping_and_tcp() -> None:
    one = poll("sw1", SYSTEM, STORAGE, rows=3, known=facts(max_repetitions=50), tcp=(80, 443))

    cost = budget(one, SETTINGS)

    assert cost.requests == 1 + 5
    assert cost.points == 1 + 3 + 1 + 2
    assert cost.interval == 60
    assert cost.worst_s == pytest.approx(0.06)
    assert cost.bytes > cost.requests * limits.REQUEST_BYTES


def test_without_snmp_only_checks_are_counted() -> None:
    cost = budget(poll("sw1", snmp=False, icmp=False, tcp=(22,)), SETTINGS)

    assert (cost.requests, cost.bytes, cost.points, cost.worst_s) == (0, 0, 1, 0)


def test_an_interval_of_its_own_counts_before_the_tenants() -> None:
    assert budget(poll("sw1", interval=300), SETTINGS).interval == 300


def test_a_slow_device_is_polled_at_a_multiple_of_its_interval() -> None:
    # 6 requests of 10 s do not fit 60 s, nor 80 % of it.
    one = poll("slow", SYSTEM, interfaces(), rows=4, known=facts(answer_ms=10_000))

    cost = budget(one, SETTINGS)

    assert cost.requests == 6
    assert cost.worst_s == 60
    assert cost.interval == 120


def test_timeouts_are_twice_the_slowest_answer_and_a_second() -> None:
    slow = facts(answer_ms=5_000)

    assert paced(known=slow).timeout_ms == 11_000
    assert paced(known=facts(answer_ms=10)).timeout_ms == limits.MIN_TIMEOUT_MS
    assert paced(known=False).timeout_ms == limits.UNKNOWN_TIMEOUT_MS


@given(
    answer_ms=st.sampled_from([10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]),
    rows=st.integers(0, 2000),
    interval=st.integers(1, 3600),
    known=st.booleans(),
    repetitions=st.integers(1, 200),
)
def test_the_worst_case_fits_the_interval(
    answer_ms: int, rows: int, interval: int, known: bool, repetitions: int
) -> None:
    found = facts(answer_ms=answer_ms, max_repetitions=repetitions) if known else False
    pace = paced(interval=interval, rows=rows, known=found)
    answer = answer_ms if known else 10

    assert pace.interval % interval == 0
    assert pace.retries >= limits.MIN_RETRIES
    assert pace.timeout_ms >= 2 * answer + limits.TIMEOUT_MARGIN_MS
    assert pace.worst_s <= pace.interval * limits.BUSY_SHARE
    silent_s = (pace.retries + 1) * pace.timeout_ms / 1000
    assert pace.worst_s + silent_s <= pace.interval + 0.001
    shorter = pace.interval - interval
    if shorter:  # stretched no further than needed
        least_s = 2 * (2 * answer + limits.TIMEOUT_MARGIN_MS) / 1000
        fits = pace.worst_s <= shorter * limits.BUSY_SHARE and pace.worst_s + least_s <= shorter
        assert not fits


def test_settings_without_a_device_interval_are_the_tenants() -> None:
    assert budget(poll("sw1"), replace(SETTINGS, interval=300)).interval == 300
