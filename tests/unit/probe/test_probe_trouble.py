"""Probing slow, silent and broken agents, each a fake of our own on loopback.

Covers unfit texts and types, answers that are none, patience, deadlines, and that no broken agent
stops a run. Times are scaled down; no test asserts how long anything took.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from collectors.device import Device
from collectors.errors import MissingVariable
from collectors.facts import Found, Reason
from collectors.login import Community, Secret
from collectors.probe import device as probing
from collectors.probe import survey
from collectors.probe.model import Ask
from collectors.probe.run import probe_with
from tests.simulator import ber
from tests.unit.probe.asking import (
    ANSWERS,
    ENVIRON,
    IF_ENTRY,
    OBJECTS,
    OPTIONS,
    STORAGE,
    V2C,
    VENDOR,
    WRONG,
    Wanted,
    facts_of,
    probe_one,
    silence_of,
)
from tests.unit.probe.fakes import (
    SYSTEM,
    Behaviour,
    asked,
    serving,
    table,
    well_behaved,
)


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
