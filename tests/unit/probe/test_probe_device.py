"""Probing well-behaved, slow and broken agents, each a fake of our own on loopback.

Covers the survey (what answers, rows, the largest bulk), login in order, patience, and that
no broken agent stops a run. Left out: SNMPv3 and real agents (tests/integration/test_probe.py).
Times are scaled down; no test asserts how long anything took.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest

from collectors.device import Device
from collectors.errors import MissingVariable
from collectors.facts import Facts, Found, InterfaceKey, Reason
from collectors.knowledge.model import IdentitySource, NameColumn, Rows
from collectors.login import Community, Secret
from collectors.probe import device as probing
from collectors.probe import survey
from collectors.probe.interfaces import IF_DESCR, IF_NAME
from collectors.probe.model import Ask, Options
from collectors.probe.run import probe_with
from collectors.snmp.ber import parse_oid
from tests.simulator import ber
from tests.unit.probe.fakes import (
    COMMUNITY,
    SYSTEM,
    Behaviour,
    asked,
    response,
    serving,
    table,
    well_behaved,
)

ENVIRON = {"COMMUNITY": COMMUNITY, "WRONG": "nobody-knows"}
V1 = Community("old", "1", Secret("COMMUNITY"))
V2C = Community("default", "2c", Secret("COMMUNITY"))
WRONG = Community("wrong", "2c", Secret("WRONG"))
OPTIONS = Options(timeout=0.2, retries=2, patience=0.6, deadline=5.0, slow_deadline=20.0)

IF_ENTRY, IF_X_ENTRY = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
STORAGE, VENDOR = "1.3.6.1.2.1.25.2.3.1", "1.3.6.1.4.1.99999.7"
SERIAL = f"{VENDOR}.1.0"


@dataclass(frozen=True)
class Wanted:
    """Questions of a test."""

    columns: tuple[str, ...] = (
        *(f"{IF_ENTRY}.{column}" for column in (2, 7, 8)),
        *(f"{IF_X_ENTRY}.{column}" for column in (1, 6, 10)),
        *(f"{STORAGE}.{column}" for column in (3, 5, 6)),
        *("1.3.6.1.2.1.1.5", "1.3.6.1.2.1.99.1.1.1.4", f"{VENDOR}.1", f"{VENDOR}.2"),
    )
    texts: tuple[str, ...] = (SERIAL, f"{VENDOR}.9.0")
    exact: tuple[str, ...] = ()
    rows: tuple[IdentitySource, ...] = ()
    names: tuple[NameColumn, ...] = ()
    stranger: bool = False


OBJECTS = [
    *SYSTEM,
    *table(IF_ENTRY, (2, 7, 8), 52),
    *table(IF_X_ENTRY, (1, 6, 10), 52),
    *table(STORAGE, (3, 5, 6), 3),
    (SERIAL, ber.text("FCW1929B68S")),
]
ANSWERS = {
    **dict.fromkeys((f"{IF_ENTRY}.{column}" for column in (2, 7, 8)), 52),
    **dict.fromkeys((f"{IF_X_ENTRY}.{column}" for column in (1, 6, 10)), 52),
    **dict.fromkeys((f"{STORAGE}.{column}" for column in (3, 5, 6)), 3),
    "1.3.6.1.2.1.1.5": 1,
    f"{VENDOR}.1": 1,
}


def probe_one(
    port: int,
    *logins: Community,
    options: Options = OPTIONS,
    wanted: Wanted | None = None,
    address: str = "127.0.0.1",
) -> Found:
    ask = Ask(Device("fake", address, port), logins or (V2C,))
    inquiry = lambda *_: wanted or Wanted()  # noqa: E731 - a constant function
    return probe_with([ask], inquiry, ENVIRON, options, lambda *_: None)["fake"]


def facts_of(behave: Behaviour, *logins: Community, delay: float = 0.0) -> Facts:
    with serving(behave, delay=delay) as port:
        found = probe_one(port, *logins)
    assert found.facts, found.silence
    return found.facts


def silence_of(behave: Behaviour, *logins: Community) -> tuple[Reason, str]:
    with serving(behave) as port:
        found = probe_one(port, *logins)
    assert found.silence, found.facts
    return found.silence.reason, found.silence.text


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


def _system(sys_descr: bytes, sys_object_id: bytes, sys_name: bytes) -> list[tuple[str, bytes]]:
    values = (sys_descr, sys_object_id, sys_name)
    return [(oid, value) for (oid, _), value in zip(SYSTEM, values, strict=True)]


@pytest.mark.parametrize(
    ("sys_descr", "expected"),
    [
        (b"B\xfcro", "Büro"),
        ("Größe".encode(), "Größe"),
        (b"a\x00b\r\n\x1b[2J\x07", "a b   [2J"),
        (b"x" * 60_000, "x" * 1024),
        (b"", ""),
    ],
    ids=["latin-1", "utf-8", "control", "60 kB", "empty"],
)
def test_texts_are_made_fit(sys_descr: bytes, expected: str) -> None:
    oid = ber.tlv(ber.OBJECT_ID, ber.oid("1.3.6.1.4.1.9.1"))
    objects = _system(ber.text(sys_descr), oid, ber.text(b"\xff\xfe"))
    facts = facts_of(well_behaved(objects, max_size=65_000))
    assert facts.sys_descr == expected
    assert facts.sys_name == "ÿþ"


def test_wrong_types_are_taken_for_what_they_are() -> None:
    objects = _system(ber.integer(-5), ber.integer(7, ber.COUNTER32), ber.NOTHING)
    facts = facts_of(well_behaved([*objects, *table(IF_ENTRY, (2,), 2)]))
    assert (facts.sys_object_id, facts.sys_descr, facts.sys_name) == ("", "-5", "")


def test_a_device_that_tells_nothing_of_itself_has_facts() -> None:
    facts = facts_of(well_behaved(table(STORAGE, (3,), 2)))
    assert (facts.sys_object_id, dict(facts.answers)) == ("", {f"{STORAGE}.3": 2})


def _broken(change: Callable[[bytes], list[bytes]]) -> Behaviour:
    behave = well_behaved(OBJECTS)
    return lambda request: [changed for answer in behave(request) for changed in change(answer)]


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: [answer[:-7]],
        lambda _: [b"\x30\x84\xff\xff\xff\xff"],
        lambda _: [b"HTTP/1.1 400 Bad Request\r\n\r\n"],
        lambda _: [b""],
        lambda answer: [answer.replace(b"\x06\x08", b"\x1f\x88")],
    ],
    ids=["cut off", "huge length", "not SNMP", "empty", "wrong tag"],
)
def test_what_is_no_snmp_is_called_broken(change: Callable[[bytes], list[bytes]]) -> None:
    reason, text = silence_of(_broken(change))
    assert reason is Reason.BROKEN
    assert "no SNMP agent" in text


def test_answers_with_a_wrong_id_are_not_believed() -> None:
    def forge(answer: bytes) -> list[bytes]:
        at = answer.index(b"\xa2") + 4
        return [answer[: at + 1] + bytes([answer[at + 1] ^ 1]) + answer[at + 2 :]]

    reason, _ = silence_of(_broken(forge))
    assert reason is Reason.NO_ANSWER


def test_garbage_beside_good_answers_does_no_harm() -> None:
    facts = facts_of(_broken(lambda answer: [b"\x30\x05junk", answer, answer]))
    assert dict(facts.answers) == ANSWERS


def test_a_device_that_stalls_half_way_has_no_facts() -> None:
    behave, count = well_behaved(OBJECTS), [0]

    def stalling(request: bytes) -> Sequence[bytes]:
        count[0] += 1
        return behave(request) if count[0] < 4 else []

    reason, text = silence_of(stalling)
    assert reason is Reason.TIMEOUT
    assert text.startswith("answered as fake-1, then SNMP time-out after 3 tries of 0.2 s (ping")


def test_the_deadline_ends_a_device_that_never_stops() -> None:
    behave = well_behaved(OBJECTS)
    wanted = Wanted(columns=tuple(f"{VENDOR}.5.1.{column}" for column in range(1, 60)))

    def brittle(request: bytes) -> Sequence[bytes]:
        kind, _, _ = asked(request)
        return behave(request) if kind == ber.GET else []

    with serving(brittle) as port:
        found = probe_one(port, wanted=wanted, options=replace(OPTIONS, deadline=1.5))
    assert found.silence
    assert found.silence.reason is Reason.TIMEOUT
    assert "1.5 s were not enough" in found.silence.text


def test_a_slow_agent_is_heard_after_the_next_try_was_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(survey, "_SLOW", 0.2)
    facts = facts_of(well_behaved(OBJECTS), delay=0.25)
    assert dict(facts.answers) == ANSWERS
    assert facts.answer_ms >= 500


def test_a_slow_agent_may_finish_what_it_was_sent_before_it_is_asked_more() -> None:
    behave, early = well_behaved(OBJECTS), []

    def serve(server: socket.socket) -> None:
        first, peer = server.recvfrom(9000)
        second, _ = server.recvfrom(9000)  # the same, asked again
        server.sendto(behave(first)[0], peer)
        server.settimeout(0.1)
        with contextlib.suppress(TimeoutError):
            early.append(server.recvfrom(9000))
        server.sendto(behave(second)[0], peer)
        server.settimeout(1.0)
        with contextlib.suppress(TimeoutError):
            while True:
                request, peer = server.recvfrom(9000)
                server.sendto(behave(request)[0], peer)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        found = probe_one(int(server.getsockname()[1]))
        thread.join()
    assert not early
    assert found.facts
    assert dict(found.facts.answers) == ANSWERS


def test_a_slower_agent_is_heard_by_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "_SLOW", 0.2)
    options = replace(OPTIONS, timeout=0.05, patience=3.0)
    with serving(well_behaved(OBJECTS), delay=0.4) as port:
        found = probe_one(port, options=options)
    assert found.facts, found.silence
    assert dict(found.facts.answers) == ANSWERS


def test_a_wrong_community_is_told_from_a_closed_port() -> None:
    reason, text = silence_of(well_behaved(OBJECTS), WRONG)
    assert reason is Reason.NO_ANSWER
    assert text.endswith("no credential fits (tried: wrong)") or "not pinged" in text
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        port = int(unused.getsockname()[1])
    found = probe_one(port)
    assert found.silence
    assert f"UDP port {port} is closed" in found.silence.text


def test_a_host_that_is_lost_to_ping_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lost(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr(probing.icmp, "ping", lost)
    reason, text = silence_of(well_behaved(OBJECTS), WRONG)
    assert (reason, text) == (Reason.DEAD, "no answer to ping or SNMP (tried: wrong)")


def test_one_broken_device_stops_no_other() -> None:
    with serving(well_behaved(OBJECTS)) as good, serving(_broken(lambda a: [a[:9]])) as bad:
        asks = [
            Ask(Device("a", "127.0.0.1", bad), (V2C,)),
            Ask(Device("b", "127.0.0.1", good), (V2C,)),
            Ask(Device("c", "127.0.0.1", good, snmp=False), (V2C,)),
            Ask(Device("d", "127.0.0.1", good), ()),
        ]
        seen: list[tuple[str, Found]] = []
        thread = threading.current_thread()

        def observe(name: str, found: Found) -> None:
            assert threading.current_thread() is thread
            seen.append((name, found))

        found = probe_with(asks, lambda *_: Wanted(), ENVIRON, OPTIONS, observe)
    assert list(found) == ["a", "b", "c", "d"]
    assert dict(seen) == found
    assert len(seen) == 4
    reasons = {name: it.silence and it.silence.reason for name, it in found.items()}
    expected = {"a": Reason.BROKEN, "b": None, "c": Reason.NO_SNMP, "d": Reason.NO_ANSWER}
    assert reasons == expected


def test_a_fault_of_ours_stays_with_its_device() -> None:
    def inquiry(_object_id: str, sys_descr: str, _enterprises: tuple[str, ...]) -> Wanted:
        raise KeyError(sys_descr)

    with serving(well_behaved(OBJECTS)) as port:
        ask = Ask(Device("fake", "127.0.0.1", port), (V2C,))
        found = probe_with([ask], inquiry, ENVIRON, OPTIONS, lambda *_: None)["fake"]
    assert found.silence
    assert found.silence.reason is Reason.BROKEN
    assert "KeyError" in found.silence.text


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_what_the_observer_raises_ends_the_run(error: type[BaseException]) -> None:
    def observe(name: str, _: Found) -> None:
        raise error(name)

    with serving(well_behaved(OBJECTS)) as good, serving(lambda _: []) as silent:
        asks = [
            Ask(Device("good", "127.0.0.1", good), (V2C,)),
            Ask(Device("silent", "127.0.0.1", silent), (V2C,)),
        ]
        with pytest.raises(error):
            probe_with(asks, lambda *_: Wanted(), ENVIRON, OPTIONS, observe)


def test_a_missing_variable_is_told_before_the_first_packet() -> None:
    received: list[bytes] = []
    with serving(lambda request: received.append(request) or []) as port:  # type: ignore[func-returns-value]  # append's None is the point
        ask = Ask(Device("fake", "127.0.0.1", port), (V2C, Community("x", "2c", Secret("UNSET"))))
        with pytest.raises(MissingVariable, match="UNSET"):
            probe_with([ask], lambda *_: Wanted(), ENVIRON, OPTIONS, lambda *_: None)
    assert not received
