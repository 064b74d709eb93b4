"""Walking a device to learn from it: what it sees, that it ends whatever the agent does, and that
it is polite. The agents are fakes of our own on loopback; no test asserts how long anything took.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from collectors.device import Device
from collectors.errors import CollectorError
from collectors.learning.model import Kind, Walk
from collectors.learning.walk import Pace, walk
from collectors.snmp import ber as wire
from collectors.snmp.ber import format_oid, parse_oid
from collectors.snmp.credentials import CommunityKeys
from collectors.snmp.errors import Refused, Report
from collectors.snmp.exchange import Timing
from collectors.snmp.session import Session
from tests.simulator import ber
from tests.unit.probe.fakes import (
    COMMUNITY,
    Behaviour,
    asked,
    response,
    serving,
    table,
    well_behaved,
)

ACME = "1.3.6.1.4.1.99999"
OTHER = "1.3.6.1.4.1.88888"
QUICK = Timing(0.2, 0)
OBJECTS = [
    (f"{OTHER}.1.0", ber.integer(5)),
    *table(f"{ACME}.3.1", (1, 2), 4),
    (f"{ACME}.4.0", ber.text("XR-900\r\n")),
    (f"{ACME}.5.0", ber.tlv(wire.OCTETS, b"\x00\x1b\x2c\xff")),
    (f"{ACME}.6.0", ber.tlv(wire.OBJECT_ID, ber.oid("1.3.6"))),
]


def walked(behave: Behaviour, *roots: str, version: str = "2c", **pace: object) -> Walk:
    keys = CommunityKeys("default", version, COMMUNITY.encode())
    given = Pace(requests=1000, timing=QUICK, **pace)  # type: ignore[arg-type]  # its fields
    with serving(behave) as port:
        device = Device("r1", "127.0.0.1", port=port)
        wanted = [parse_oid(one) for one in roots or ("1.3.6.1.4.1",)]
        return walk(device, keys, wanted, given, lambda _: None)


def oids(found: Walk) -> list[str]:
    return [format_oid(one.oid) for one in found.objects]


@pytest.mark.parametrize("version", ["1", "2c"])
def test_everything_below_a_root_is_seen(version: str) -> None:
    found = walked(well_behaved(OBJECTS), version=version)

    assert sorted(oids(found)) == sorted(oid for oid, _ in OBJECTS)
    assert found.remarks == ()
    kinds = {format_oid(one.oid): (one.kind, one.text) for one in found.objects}
    assert kinds[f"{ACME}.4.0"] == (Kind.TEXT, "XR-900")
    assert kinds[f"{ACME}.5.0"] == (Kind.OTHER, "00 1b 2c ff")
    assert kinds[f"{ACME}.6.0"] == (Kind.OTHER, "1.3.6")


def test_what_was_walked_is_not_walked_again() -> None:
    seen: list[str] = []
    agent = well_behaved(OBJECTS)

    def behave(request: bytes) -> Sequence[bytes]:
        seen.extend(format_oid(oid) for oid in asked(request)[2])
        return agent(request)

    found = walked(behave, ACME, "1.3.6.1.4.1", repetitions=2)

    assert sorted(oids(found)) == sorted(oid for oid, _ in OBJECTS)
    assert len(seen) == len(set(seen)) == found.requests


def test_of_a_long_column_the_beginning_is_enough() -> None:
    objects = [*table(f"{ACME}.3.1", (1, 2), 500), (f"{ACME}.9.0", ber.integer(1))]

    found = walked(well_behaved(objects), rows=30)

    columns = [oid.rsplit(".", 1)[0] for oid in oids(found)]
    assert {one: columns.count(one) for one in columns} == {
        f"{ACME}.3.1.1": 31,
        f"{ACME}.3.1.2": 31,
        f"{ACME}.9": 1,
    }


def test_many_scalars_are_no_long_column() -> None:
    objects = [(f"{ACME}.3.{number}.0", ber.integer(number)) for number in range(1, 90)]

    assert len(walked(well_behaved(objects), rows=30).objects) == 89


def test_it_ends_after_so_many_objects() -> None:
    objects = [(f"{ACME}.3.{number}.0", ber.integer(number)) for number in range(1, 300)]

    found = walked(well_behaved(objects), objects=100)

    assert len(found.objects) == 100
    assert found.remarks == (f"stopped after 100 objects, at {ACME}.3.100.0",)


def test_it_ends_where_oids_do_not_increase() -> None:
    def circle(request: bytes) -> Sequence[bytes]:
        rows = [(f"{ACME}.{n}.0", ber.integer(n)) for n in (1, 2, 3, 2)]
        return [response(request, rows)]

    found = walked(circle)

    assert len(found.objects) == 3
    (remark,) = found.remarks
    assert remark.startswith(f"{ACME}.2.0 follows {ACME}.3.0: its OIDs do not increase")


def test_an_agent_without_end_is_left_after_its_time() -> None:
    numbers = iter(range(1, 10_000_000))

    def endless(request: bytes) -> Sequence[bytes]:
        oid = f"{ACME}.{next(numbers)}.0"
        return [response(request, [(oid, ber.integer(1))])]

    found = walked(endless, seconds=0.5)

    assert found.remarks == ("stopped after 0.5 s, within 1.3.6.1.4.1",)


def test_an_agent_that_bears_few_objects_is_asked_for_fewer() -> None:
    agent = well_behaved(OBJECTS)

    def weak(request: bytes) -> Sequence[bytes]:
        _, repetitions, names = asked(request)
        if repetitions > 3:
            return [response(request, [(format_oid(names[0]), ber.integer(0))], status=1)]
        return agent(request)

    def mute(request: bytes) -> Sequence[bytes]:
        return agent(request) if asked(request)[1] <= 3 else []

    assert len(walked(weak).objects) == len(walked(mute).objects) == len(OBJECTS)


def test_what_was_seen_before_it_fell_silent_is_kept() -> None:
    agent = well_behaved(OBJECTS)

    def dying(request: bytes) -> Sequence[bytes]:
        return [] if asked(request)[2][0] > parse_oid(f"{ACME}.3.1.1.4") else agent(request)

    found = walked(dying, repetitions=2)

    assert 0 < len(found.objects) < len(OBJECTS)
    assert found.remarks == ("it stopped answering, within 1.3.6.1.4.1",)


def test_a_refusal_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> None:
        raise Refused(Report.USER_NAME)

    monkeypatch.setattr(Session, "get_bulk", refuse)

    with pytest.raises(CollectorError, match="r1 refused the walk: unknown user name"):
        walked(well_behaved(OBJECTS))
