"""Shipped profiles on the real Telegraf: probed, matched, rendered, polled once.

Every recorded case (tests/golden/profiles) is served by snmpsim, each on an address of its own;
the points that Telegraf writes are compared with what the case expects. Which metrics are chosen
is tested without any network in tests/unit/knowledge/test_recorded_cases.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest

from collectors.datamodel import MEASUREMENTS
from collectors.device import Device
from collectors.knowledge.load import load_library
from collectors.probe.model import Options
from tests.golden.profile_cases import Case, Wanted, case, names
from tests.integration import chain
from tests.integration.agents import agents
from tests.integration.lineprotocol import Point
from tests.integration.test_telegraf import assert_in_data_model

pytestmark = pytest.mark.real

CASES = names()
LIBRARY = load_library()

# Of these a device may tell nothing that its case does not expect.
COMPLETE = ("inventory", "cpu", "memory", "storage", "temperature", "sensor", "supply")

# The simulator is one process: it starts slowly with many devices, and asked by all of them at
# once it answers the last ones too late.
AT_ONCE = 50

Series = dict[tuple[str, frozenset[tuple[str, str]]], dict[str, object]]


def device(case: Case, number: int, port: int) -> Device:
    return Device(case.name, f"127.43.{number // 250}.{number % 250 + 1}", port=port, icmp=False)


@pytest.fixture(scope="module")
def points_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Point]]:
    """For a case the points that Telegraf writes, those of its fast and of its slow poll."""

    @cache
    def part(number: int) -> list[Point]:
        some = CASES[number * AT_ONCE : (number + 1) * AT_ONCE]
        points = polled([case(name) for name in some], tmp_path_factory.mktemp("profiles"))
        assert_in_data_model(points)
        return points

    return lambda name: [
        point
        for point in part(CASES.index(name) // AT_ONCE)
        if point.tags.get("device") == name and point.measurement != "collector"
    ]


@pytest.fixture(scope="module")
def told(points_of: Callable[[str], list[Point]]) -> Callable[[str], Series]:
    """For a case the series that Telegraf writes, merged over its fast and slow poll."""
    return lambda name: merged(points_of(name))


def polled(cases: list[Case], directory: Path) -> list[Point]:
    """The points of these cases, all served, probed, rendered and polled once."""
    served = {device(case, number, 0).address: case.objects for number, case in enumerate(cases)}
    with agents(directory, served) as port:
        devices = [device(case, number, port) for number, case in enumerate(cases)]
        return chain.polled(devices, LIBRARY, Options(timeout=10, concurrency=8), directory)


def series_of(point: Point) -> tuple[str, frozenset[tuple[str, str]]]:
    tags = frozenset((key, text) for key, text in point.tags.items() if key != "device")
    return point.measurement, tags


def merged(points: list[Point]) -> Series:
    series: Series = {}
    for point in points:
        series.setdefault(series_of(point), {}).update(point.fields)
    return series


def fitting(fields: Mapping[str, float | str]) -> dict[str, object]:
    """Floats are compared to nine digits: scaling by powers of ten rounds the last ones."""
    return {
        name: pytest.approx(value, rel=1e-9) if isinstance(value, float) else value
        for name, value in fields.items()
    }


def key(wanted: Wanted) -> tuple[str, frozenset[tuple[str, str]]]:
    return wanted.measurement, frozenset(wanted.tags.items())


@pytest.mark.parametrize("name", CASES)
def test_what_a_case_expects_comes_out(told: Callable[[str], Series], name: str) -> None:
    series = told(name)
    for wanted in case(name).points:
        assert series.get(key(wanted)) == fitting(wanted.fields), wanted


@pytest.mark.parametrize("name", CASES)
def test_nothing_else_comes_out(told: Callable[[str], Series], name: str) -> None:
    wanted = {key(point) for point in case(name).points}

    assert {one for one in told(name) if one[0] in COMPLETE} - wanted == set()


@pytest.mark.parametrize("name", CASES)
def test_no_value_is_told_twice(points_of: Callable[[str], list[Point]], name: str) -> None:
    """Rows that one name means, of one table or of two, would overwrite each other."""
    complete = [one for one in points_of(name) if one.measurement in COMPLETE]
    often = Counter((series_of(one), field) for one in complete for field in one.fields)

    assert [value for value, number in often.items() if number > 1] == []


def test_the_cases_cover_what_profiles_can_give() -> None:
    given = {
        output.measurement
        for profile in LIBRARY.profiles
        for metric in profile.metrics
        for output in metric.outputs
    }
    wanted = {point.measurement for name in CASES for point in case(name).points}

    assert given | {"inventory"} == wanted
    assert given <= set(MEASUREMENTS)
