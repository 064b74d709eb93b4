"""Covers which addresses a sweep has, how they are numbered, and its pace. No sockets."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.discovery.pacing import Pacer
from collectors.discovery.stream import WAIT, Stream
from collectors.discovery.targets import Range, Targets, hosts, without


def text(version: int, value: int) -> str:
    return str((ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address)(value))


@pytest.mark.parametrize(
    ("cidr", "first", "last"),
    [
        ("10.20.0.0/22", "10.20.0.1", "10.20.3.254"),
        ("10.20.0.0/31", "10.20.0.0", "10.20.0.1"),
        ("10.20.0.255/32", "10.20.0.255", "10.20.0.255"),
        ("2001:db8::/126", "2001:db8::", "2001:db8::3"),
    ],
)
def test_network_and_broadcast_address_are_no_hosts(cidr: str, first: str, last: str) -> None:
    version, low, high = hosts(cidr)
    assert (text(version, low), text(version, high)) == (first, last)


numbers = st.integers(0, 300)
spans = st.builds(
    lambda version, one, other: (version, min(one, other), max(one, other)),
    st.sampled_from([4, 6]),
    numbers,
    numbers,
)


@given(st.lists(spans, max_size=8), st.lists(spans, max_size=8))
def test_each_address_once_and_no_excluded_one(ranges: list[Range], holes: list[Range]) -> None:
    def every(some: list[Range]) -> set[tuple[int, int]]:
        return {(version, n) for version, low, high in some for n in range(low, high + 1)}

    kept = without(ranges, holes)
    assert every(kept) == every(ranges) - every(holes)
    assert sum(high - low + 1 for _, low, high in kept) == len(every(kept))
    assert kept == sorted(kept)


@given(st.lists(spans, min_size=1, max_size=8))
def test_an_index_leads_to_a_place_and_back(ranges: list[Range]) -> None:
    targets = Targets(without(ranges, []), 161, [("0.0.0.1", 1161), ("::2", 1161)])
    places = [targets.place(index) for index in range(len(targets))]
    assert len(set(places)) == len(targets)
    assert [targets.index(*place) for place in places] == list(range(len(targets)))
    assert places[-2:] == [("0.0.0.1", 1161), ("::2", 1161)]


def test_what_is_not_swept_has_no_index() -> None:
    targets = Targets([hosts("10.0.0.0/30"), hosts("10.0.1.0/30")], 161)
    for address in ("10.0.0.0", "10.0.0.3", "10.0.1.3", "9.9.9.9", "11.0.0.1", "::1", "what"):
        assert targets.of_address(address) is None
        assert address not in targets
    assert targets.index("10.0.0.1", 162) is None
    assert ("10.0.1.2", 161) in targets


@given(
    st.integers(1, 20_000),
    st.lists(st.floats(0, 2, allow_nan=False), max_size=60),
)
def test_the_pace_is_never_passed(rate: int, pauses: list[float]) -> None:
    pacer = Pacer(rate, 0.0)
    now, sent = 0.0, 0
    for pause in pauses:
        now += pause
        due = pacer.due(now)
        assert due <= max(1, rate * 0.1)
        pacer.spend(due)
        sent += due
        assert sent <= 1 + rate * now + 1e-6


def test_the_pace_is_reached() -> None:
    pacer = Pacer(1_000, 0.0)
    now, sent = 0.0, 0
    while now < 1.0:
        due = pacer.due(now)
        pacer.spend(due)
        sent += due
        now += max(pacer.wait, 0.0001)
    assert sent == pytest.approx(1_000, abs=2)


def test_a_stream_waits_and_holds_what_found_no_room() -> None:
    room, sent = [False, True, True, True], []

    def send(index: int) -> bool:
        free = room.pop(0)
        if free:
            sent.append(index)
        return free

    stream = Stream(iter([7, WAIT, 8, 9]), send, 1_000, 0.0)
    now = 0.0
    while (wait := stream.advance(now)) is not None:
        now += wait
    assert sent == [7, 8, 9]
