"""Covers ranges of addresses: membership, overlaps of owners; and circles of parents."""

from __future__ import annotations

import ipaddress
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tigctl.spec.check import circles
from tigctl.spec.ranges import (
    Ranges,
    address_range,
    network_range,
    overlaps,
    pool_range,
    show,
)

# Small enough that ranges meet often.
NUMBERS = st.integers(0, 60)
RANGES = st.lists(
    st.tuples(st.sampled_from([4, 6]), NUMBERS, NUMBERS).map(
        lambda found: (found[0], min(found[1:]), max(found[1:]))
    ),
    max_size=6,
)


def address(version: int, number: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number)


def members(ranges: list[tuple[int, int, int]]) -> set[tuple[int, int]]:
    return {(version, n) for version, first, last in ranges for n in range(first, last + 1)}


@given(RANGES)
def test_membership_is_that_of_the_plain_sets(ranges: list[tuple[int, int, int]]) -> None:
    held, wanted = Ranges(ranges), members(ranges)
    assert bool(held) == bool(wanted)
    for version in (4, 6):
        for number in range(65):
            assert (address(version, number) in held) == ((version, number) in wanted)


@given(st.dictionaries(st.sampled_from("abcd"), RANGES))
def test_overlaps_are_those_of_the_plain_sets(owned: dict[str, list[tuple[int, int, int]]]) -> None:
    found = {(overlap.one, overlap.other) for overlap in overlaps(owned)}
    wanted = {
        (one, other)
        for one, other in combinations(sorted(owned), 2)
        if members(owned[one]) & members(owned[other])
    }
    assert found == wanted
    for overlap in overlaps(owned):
        shared = members(owned[overlap.one]) & members(owned[overlap.other])
        assert members([overlap.example]) <= shared


def test_ranges_for_a_person() -> None:
    assert show(network_range("10.0.0.0/24")) == "10.0.0.0/24"
    assert show(address_range("2001:db8::1")) == "2001:db8::1"
    assert show((4, 1, 4)) == "0.0.0.1 to 0.0.0.4"
    # One number, two families: they never meet.
    assert overlaps({"a": [(4, 1, 1)], "b": [(6, 1, 1)]}) == ()


def test_ranges_of_a_pool() -> None:
    assert pool_range("192.0.2.8/30") == network_range("192.0.2.8/30")
    assert pool_range("192.0.2.8 - 192.0.2.9") == network_range("192.0.2.8/31")
    assert pool_range("2001:db8::-2001:db8::1") == network_range("2001:db8::/127")


@pytest.mark.parametrize("text", ["", "-", "192.0.2.9-192.0.2.8", "192.0.2.8-::1", "192.0.2.9/30"])
def test_what_is_no_range_of_a_pool(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its text is the caller's
        pool_range(text)


@given(RANGES)
def test_each_address_is_counted_once(ranges: list[tuple[int, int, int]]) -> None:
    assert Ranges(ranges).size == len(members(ranges))


def test_circles() -> None:
    assert circles({"a": "b", "b": "c"}) == []
    assert circles({"a": "a"}) == [("a",)]
    assert circles({"x": "a", "a": "b", "b": "a", "y": "b", "c": "d", "d": "c"}) == [
        ("a", "b"),
        ("c", "d"),
    ]


def test_a_long_line_of_parents_is_no_circle() -> None:
    assert circles({str(n): str(n + 1) for n in range(20_000)}) == []
