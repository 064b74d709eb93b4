"""Shipped profiles: all load, each has a recorded case, and each case finds what it should.

Matching only: which profile fits, which metrics are polled, who the device is. The points that
come of it are made by the real Telegraf in tests/integration/test_profiles.py.
"""

from __future__ import annotations

import re

import pytest

from collectors.knowledge.load import SHIPPED, load_library
from collectors.knowledge.match import match
from tests.golden.profile_cases import about, case, names

CASES = names()
LIBRARY = load_library()
COMMON = {"system", "if-mib"}


def test_every_shipped_profile_has_a_case() -> None:
    assert {path.stem for path in SHIPPED.glob("*.y*ml")} == set(map(about, CASES))


def test_every_shipped_profile_says_what_it_is_and_where_it_is_from() -> None:
    for profile in LIBRARY.profiles:
        head = (SHIPPED / f"{profile.name}.yaml").read_text(encoding="utf-8").split("\ntigctl:")[0]
        assert profile.description, profile.name
        assert re.search(r"^# Source: |\. Source: |^# .*Source:", head, re.MULTILINE), profile.name


def test_every_kind_of_device_has_a_vendor() -> None:
    kinds = [profile for profile in LIBRARY.profiles if not profile.capability]

    assert len(kinds) >= 16
    assert [kind.name for kind in kinds if "vendor" not in kind.identity] == []


def test_every_object_names_its_mib() -> None:
    nameless = {
        symbol.oid
        for profile in LIBRARY.profiles
        for metric in profile.metrics
        for symbol in metric.symbols
        if not symbol.mib
    }
    assert nameless == set()


@pytest.mark.parametrize("name", CASES)
def test_the_profile_fits_and_its_metrics_are_chosen(name: str) -> None:
    found = match(LIBRARY, case(name).facts(LIBRARY))

    assert (found.profile.name if found.profile else None) == case(name).profile
    polled = [one.metric.id for one in found.chosen]
    if about(name) not in COMMON:
        polled = [metric for metric in polled if metric.split(":")[0] not in COMMON]
    assert polled == list(case(name).metrics)


@pytest.mark.parametrize("name", CASES)
def test_the_device_is_identified(name: str) -> None:
    found = match(LIBRARY, case(name).facts(LIBRARY))

    wanted = [point.fields for point in case(name).points if point.measurement == "inventory"]
    assert dict(found.identity) == (wanted[0] if wanted else {})


@pytest.mark.parametrize("name", sorted(set(map(about, CASES))))
def test_no_metric_of_a_profile_goes_untested(name: str) -> None:
    mine = [metric for metric in LIBRARY[name].metrics if metric.profile == name]
    given = {
        one.metric.id.partition("~")[0]
        for variant in CASES
        if about(variant) == name
        for one in match(LIBRARY, case(variant).facts(LIBRARY)).chosen
    }

    untested = {metric.id for metric in mine if metric.outputs} - given
    assert untested == set(), "give a case objects that reach these"
