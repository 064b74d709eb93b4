"""Probing an agent that behaves well, a fake of our own on loopback.

Covers the survey (what answers, rows, the largest bulk) and login in order. Broken and slow agents
are in test_probe_trouble.py, SNMPv3 and real agents in tests/integration/test_probe.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from collectors.device import Device
from collectors.facts import InterfaceKey
from collectors.knowledge.model import IdentitySource, Rows
from collectors.login import Community
from collectors.probe import survey
from collectors.probe.interfaces import IF_DESCR, IF_NAME
from collectors.probe.model import Ask
from collectors.probe.run import probe_with
from collectors.snmp.ber import parse_oid
from tests.simulator import ber
from tests.unit.probe.asking import (
    ANSWERS,
    ENVIRON,
    IF_ENTRY,
    OBJECTS,
    OPTIONS,
    SERIAL,
    STORAGE,
    V1,
    V2C,
    VENDOR,
    WRONG,
    Wanted,
    facts_of,
    probe_one,
)
from tests.unit.probe.fakes import (
    SYSTEM,
    asked,
    response,
    serving,
    table,
    well_behaved,
)


@pytest.mark.parametrize("login", [V1, V2C], ids=["v1", "v2c"])
def test_all_is_found_out(login: Community) -> None:
    facts = facts_of(well_behaved(OBJECTS), login)
    assert facts.credentials == login.name
    assert facts.sys_object_id == "1.3.6.1.4.1.99999.1"
    assert (facts.sys_descr, facts.sys_name) == ("Fake switch", "fake-1")
    assert dict(facts.answers) == ANSWERS
    assert dict(facts.texts) == {SERIAL: "FCW1929B68S"}
    assert facts.interface_key is InterfaceKey.NAME
    assert facts.max_repetitions == 50
    assert facts.engine_id == ""


def test_few_requests_are_sent() -> None:
    behave, count = well_behaved(OBJECTS), [0]

    def counting(request: bytes) -> Sequence[bytes]:
        count[0] += 1
        return behave(request)

    facts_of(counting)
    # GET, GETNEXT, first columns, five columns of 52 rows in 50 at most each, texts.
    assert count[0] <= 16


@pytest.mark.parametrize("login", [V1, V2C], ids=["v1", "v2c"])
def test_a_stranger_is_asked_below_which_enterprises_it_answers(login: Community) -> None:
    objects = [
        *OBJECTS,
        ("1.3.6.1.4.1.2021.4.5.0", ber.integer(1)),
        ("1.3.6.1.4.1.8072.1.0", ber.integer(1)),
        ("1.3.6.1.4.1.88888.1.0", ber.integer(1)),
        ("1.3.6.1.6.3.10.2.1.2.0", ber.integer(1)),
    ]
    asked: list[tuple[str, ...]] = []

    def inquiry(_object_id: str, _descr: str, enterprises: tuple[str, ...]) -> Wanted:
        asked.append(enterprises)
        return Wanted(stranger=True)

    with serving(well_behaved(sorted(objects, key=lambda one: parse_oid(one[0])))) as port:
        ask = Ask(Device("fake", "127.0.0.1", port), (login,))
        found = probe_with([ask], inquiry, ENVIRON, OPTIONS, lambda *_: None)["fake"]
    assert found.facts, found.silence
    assert found.facts.enterprises == ("88888", "99999")
    assert asked == [(), ("88888", "99999")]
    assert dict(found.facts.answers) == ANSWERS
    assert facts_of(well_behaved(OBJECTS)).enterprises == ()


def test_ipv6() -> None:
    with serving(well_behaved(OBJECTS), address="::1") as port:
        found = probe_one(port, address="::1")
    assert found.facts
    assert dict(found.facts.answers) == ANSWERS


def test_logins_are_tried_in_order() -> None:
    assert facts_of(well_behaved(OBJECTS), WRONG, V2C).credentials == "default"
    assert facts_of(well_behaved(OBJECTS), V2C, WRONG).credentials == "default"


def test_a_table_whose_rows_begin_at_0_is_no_scalar() -> None:
    rows = [(f"{VENDOR}.2.{row}", ber.integer(1)) for row in range(7)]
    assert facts_of(well_behaved([*SYSTEM, *rows])).answers[f"{VENDOR}.2"] == 7


@pytest.mark.parametrize("login", [V1, V2C], ids=["v1", "v2c"])
def test_the_row_that_tells_a_fact_is_found(login: Community) -> None:
    parts = f"{VENDOR}.5.1"
    rows = [(1, 11, "SN1"), (70, 3, ""), (71, 3, "SN71"), (72, 3, "SN72"), (200, 3, "SN200")]
    objects = [
        *SYSTEM,
        *table(STORAGE, (6,), 3),
        *((f"{parts}.5.{row}", ber.integer(kind)) for row, kind, _ in rows),
        *((f"{parts}.11.{row}", ber.text(text)) for row, _, text in rows),
    ]
    source = IdentitySource(f"{parts}.11", "serial", rows=Rows(f"{parts}.5", ("3",)))
    absent = IdentitySource(f"{parts}.12", "model", rows=Rows())
    wanted = Wanted(
        columns=(f"{parts}.5", f"{parts}.11", f"{parts}.12"),
        texts=(),
        exact=(f"{STORAGE}.6.2", f"{STORAGE}.6.9"),
        rows=(source, absent),
    )
    with serving(well_behaved(objects)) as port:
        found = probe_one(port, login, wanted=wanted)
    assert found.facts
    assert dict(found.facts.texts) == {f"{parts}.11.71": "SN71", f"{parts}.5.71": "3"}
    assert found.facts.answers[f"{STORAGE}.6.2"] == 1
    assert f"{STORAGE}.6.9" not in found.facts.answers


def test_sparse_columns_are_counted_for_themselves() -> None:
    sparse = [(f"{STORAGE}.6.{row}", ber.integer(row)) for row in (2, 40)]
    more = table(STORAGE, (5,), 40)
    facts = facts_of(well_behaved([*SYSTEM, *table(STORAGE, (3,), 3), *more, *sparse]))
    counted = [facts.answers[f"{STORAGE}.{column}"] for column in (3, 5, 6)]
    assert counted == [3, 40, 2]


def test_a_column_behind_a_failing_first_one_is_counted() -> None:
    behave = well_behaved(OBJECTS)

    def failing(request: bytes) -> Sequence[bytes]:
        kind, _, oids = asked(request)
        if kind == ber.GET_BULK and any(oid[:10] == IF_DESCR for oid in oids):
            return []
        return behave(request)

    facts = facts_of(failing)
    assert facts.answers[f"{IF_ENTRY}.7"] == 52
    assert facts.answers[f"{IF_ENTRY}.2"] == 1
    assert facts.max_repetitions == 50


def test_the_largest_bulk_is_found_by_silence() -> None:
    behave = well_behaved(OBJECTS)

    def weak(request: bytes) -> Sequence[bytes]:
        kind, repetitions, oids = asked(request)
        too_much = kind == ber.GET_BULK and repetitions * len(oids) > 20
        return [] if too_much else behave(request)

    facts = facts_of(weak)
    assert dict(facts.answers) == ANSWERS
    assert 6 <= facts.max_repetitions <= 20


def test_the_largest_bulk_is_found_by_an_error() -> None:
    behave = well_behaved(OBJECTS)

    def strict(request: bytes) -> Sequence[bytes]:
        kind, repetitions, oids = asked(request)
        if len(oids) > 5 or (kind == ber.GET_BULK and repetitions * len(oids) > 20):
            return [response(request, [], status=1)]
        return behave(request)

    facts = facts_of(strict)
    assert dict(facts.answers) == ANSWERS
    assert 6 <= facts.max_repetitions <= 20


def test_an_object_the_device_does_not_bear_counts_as_not_answering() -> None:
    behave = well_behaved(OBJECTS)

    def brittle(request: bytes) -> Sequence[bytes]:
        *_, oids = asked(request)
        return (
            [] if any(oid[:9] == (1, 3, 6, 1, 2, 1, 99, 1, 1) for oid in oids) else behave(request)
        )

    assert dict(facts_of(brittle).answers) == ANSWERS


@pytest.mark.parametrize("status", [5, 16, 77])
def test_errors_about_one_object_leave_the_others(status: int) -> None:
    behave = well_behaved(OBJECTS)

    def refusing(request: bytes) -> Sequence[bytes]:
        *_, oids = asked(request)
        for index, oid in enumerate(oids, 1):
            if oid[:7] == (1, 3, 6, 1, 2, 1, 25):
                return [response(request, [], status=status, index=index)]
        return behave(request)

    without = {oid: rows for oid, rows in ANSWERS.items() if not oid.startswith(STORAGE)}
    assert dict(facts_of(refusing).answers) == without


def test_a_walk_that_goes_in_circles_ends() -> None:
    first = (f"{VENDOR}.2.1", ber.integer(1))
    behave = well_behaved(OBJECTS)

    def circling(request: bytes) -> Sequence[bytes]:
        _, repetitions, oids = asked(request)
        if any(oid[:8] == (1, 3, 6, 1, 4, 1, 99999, 7) and oid[8:9] == (2,) for oid in oids):
            return [response(request, [first] * len(oids) * max(1, repetitions))]
        return behave(request)

    assert facts_of(circling).answers[f"{VENDOR}.2"] == 1


def test_an_endless_walk_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "MOST_ROWS", 300)
    wanted = Wanted(columns=(f"{VENDOR}.3.1.2", f"{VENDOR}.3.1.3"), texts=())
    columns = {*map(parse_oid, wanted.columns), IF_NAME, IF_DESCR}

    def endless(request: bytes) -> Sequence[bytes]:
        kind, repetitions, oids = asked(request)
        if kind == ber.GET:
            return [response(request, [(".".join(map(str, o)), ber.integer(1)) for o in oids])]
        rows = []
        last = [[*oid, 0] if oid in columns else list(oid) for oid in oids]
        for _ in range(max(1, repetitions)):
            for oid in last:
                oid[-1] += 1
                rows.append((".".join(map(str, oid)), ber.integer(1)))
        return [response(request, rows)]

    with serving(endless) as port:
        found = probe_one(port, wanted=wanted)
    assert found.facts
    assert found.facts.answers[f"{VENDOR}.3.1.2"] == 300


def test_a_big_table_is_walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "BIG_TABLE", 200)
    sparse = [*table(VENDOR, (3,), 250), (f"{VENDOR}.4.9", ber.integer(1))]
    wanted = Wanted(columns=(f"{VENDOR}.3", f"{VENDOR}.4"), texts=())
    with serving(well_behaved([*SYSTEM, *sparse])) as port:
        found = probe_one(port, wanted=wanted)
    assert found.facts
    # Taken for the first column's size, which is documented, and not counted.
    assert found.facts.answers[f"{VENDOR}.4"] == 250
