"""Covers what is kept of a device's interfaces: whether they were numbered anew, and how fast the
fastest one is where counters have 32 bits only. Which name they go by is in test_probe_text.py."""

from __future__ import annotations

import pytest

from collectors.facts import InterfaceKey
from collectors.probe.interfaces import IF_NAME, digests
from collectors.probe.survey import Column
from collectors.snmp.message import Varbind
from tests.simulator import ber
from tests.unit.probe.asking import Wanted, probe_one
from tests.unit.probe.fakes import SYSTEM, serving, well_behaved

IF, IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"


def named(**rows: int) -> dict[tuple[int, ...], Column]:
    values = {
        (row,): Varbind((*IF_NAME, row), ber.OCTETS, name.encode()) for name, row in rows.items()
    }
    return {IF_NAME: Column(IF_NAME, IF_NAME, values=values)}


def test_other_indices_change_the_second_digest_only() -> None:
    before = digests(named(a=1, b=2), InterfaceKey.NAME)
    assert digests(named(b=2, a=1), InterfaceKey.NAME) == before
    anew = digests(named(a=2, b=1), InterfaceKey.NAME)
    assert (anew[0] == before[0], anew[1] == before[1]) == (True, False)
    more = digests(named(a=1, b=2, c=3), InterfaceKey.NAME)
    assert more[0] != before[0]
    assert digests(named(a=1), InterfaceKey.INDEX) == ()
    assert digests({}, InterfaceKey.NAME) == ()


def gauge(value: int) -> bytes:
    return ber.tlv(ber.GAUGE32, value.to_bytes(5, "big"))


@pytest.mark.parametrize(
    ("more", "fastest"),
    [
        ([(f"{IFX}.6.1", ber.tlv(ber.COUNTER64, b"\x01"))], 0),
        ([], 1_000),
        ([(f"{IFX}.15.1", gauge(10_000))], 10_000),
    ],
)
def test_speeds_are_asked_where_counters_have_32_bits(
    more: list[tuple[str, bytes]], fastest: int
) -> None:
    objects = [
        *SYSTEM,
        (f"{IF}.5.1", gauge(100_000_000)),
        (f"{IF}.5.2", gauge(1_000_000_000)),
        (f"{IF}.10.1", ber.tlv(ber.COUNTER32, b"\x01")),
        *more,
    ]
    objects.sort(key=lambda one: tuple(map(int, one[0].split("."))))
    wanted = Wanted(columns=(f"{IF}.10", f"{IFX}.6"))
    with serving(well_behaved(objects)) as port:
        found = probe_one(port, wanted=wanted)
    assert found.facts
    assert found.facts.fastest == fastest
