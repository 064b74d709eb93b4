"""Texts of devices made fit, answer times rounded, reasons in words, interface names."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.facts import InterfaceKey, Reason
from collectors.probe import words
from collectors.probe.device import answer_ms
from collectors.probe.interfaces import IF_DESCR, IF_NAME, interface_key
from collectors.probe.survey import Column
from collectors.probe.text import clean, object_id
from collectors.probe.words import Attempt, Ping
from collectors.snmp import ber
from collectors.snmp.credentials import CommunityKeys, UserKeys
from collectors.snmp.errors import Closed, NoResponse, Refused, Report, Unreachable
from collectors.snmp.exchange import usual
from collectors.snmp.message import Varbind

ALIVE, LOST = Ping(asked=True, ms=184.0), Ping(asked=True)


@given(st.text(max_size=3000))
def test_clean_text_is_short_and_printable(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) <= 1024
    assert cleaned == cleaned.strip()
    assert not any(
        unicodedata.category(character)[0] == "C"
        for character in cleaned
        if unicodedata.category(character) not in {"Cn", "Co"}
    )
    assert clean(cleaned) == cleaned


def test_control_characters_become_spaces() -> None:
    assert clean("Cisco IOS\r\nVersion\t15\x00\x00") == "Cisco IOS  Version 15"
    assert clean("a\x1b[31mb\u202ec\u2028d") == "a [31mb c d"


def test_umlauts_stay() -> None:
    assert clean("Büro 3. Stock – Süd") == "Büro 3. Stock – Süd"


@pytest.mark.parametrize(
    ("tag", "value", "oid"),
    [
        (ber.OBJECT_ID, bytes((43, 6, 1, 4, 1, 9)), "1.3.6.1.4.1.9"),
        (ber.OBJECT_ID, b"\x00", ""),  # 0.0: it has none
        (ber.OCTETS, b".1.3.6.1.4.1.9", "1.3.6.1.4.1.9"),
        (ber.OCTETS, b"enterprises.9", ""),
        (ber.INTEGER, b"\x05", ""),
        (ber.NULL, b"", ""),
    ],
)
def test_sys_object_id_of_any_type(tag: int, value: bytes, oid: str) -> None:
    assert object_id(Varbind((1, 3), tag, value)) == oid


@pytest.mark.parametrize(
    ("seconds", "ms"),
    [(0.0, 10), (0.01, 10), (0.0101, 20), (0.18, 200), (4.02, 5000), (99, 50_000)],
)
def test_answer_times_are_rounded_up(seconds: float, ms: int) -> None:
    assert answer_ms(seconds) == ms


@pytest.mark.parametrize(
    ("times", "seconds"),
    [([], 0.0), ([0.2, 4.0], 4.0), ([0.01] * 18 + [1.0], 0.01), ([0.01] * 8 + [1.0] * 2, 1.0)],
)
def test_a_moments_trouble_does_not_make_a_device_slow(times: list[float], seconds: float) -> None:
    assert usual(times) == seconds


def column(oid: ber.Oid, *names: str) -> Column:
    values = {
        (row,): Varbind((*oid, row), ber.OCTETS, name.encode()) for row, name in enumerate(names, 1)
    }
    return Column(oid, oid, values=values, rows=len(values))


@pytest.mark.parametrize(
    ("names", "descriptions", "key"),
    [
        (["Gi1", "Gi2"], ["a", "b"], InterfaceKey.NAME),
        (["Gi1", "Gi1"], ["a", "b"], InterfaceKey.DESCR),
        (["Gi1", ""], ["a", "b"], InterfaceKey.DESCR),
        (["Gi1", ""], ["a", "a"], InterfaceKey.INDEX),
        (["Gi1"], ["a", "b"], InterfaceKey.DESCR),  # ifXTable lacks a row
        ([], ["a", "b"], InterfaceKey.DESCR),
        ([], [" ", "b"], InterfaceKey.INDEX),
        ([], [], InterfaceKey.NAME),
    ],
)
def test_what_names_the_interfaces(
    names: list[str], descriptions: list[str], key: InterfaceKey
) -> None:
    columns = {IF_NAME: column(IF_NAME, *names), IF_DESCR: column(IF_DESCR, *descriptions)}
    assert interface_key({oid: it for oid, it in columns.items() if it.rows}) is key


def community(name: str = "default") -> CommunityKeys:
    return CommunityKeys(name, "2c", b"secret-community")


def user(name: str = "core") -> UserKeys:
    return UserKeys(name, "noc", "vrf-a", None, None, b"secret-key", b"secret-key")


QUIET = NoResponse(3, 2.0)


@pytest.mark.parametrize(
    ("attempts", "ping", "reason", "text"),
    [
        (
            [Attempt(community(), QUIET), Attempt(user(), QUIET)],
            ALIVE,
            Reason.NO_ANSWER,
            "answers ping, but no credential fits (tried: default, core)",
        ),
        (
            [Attempt(community(), QUIET)],
            LOST,
            Reason.DEAD,
            "no answer to ping or SNMP (tried: default)",
        ),
        (
            [Attempt(community(), QUIET)],
            Ping(asked=False, why_not="no right"),
            Reason.NO_ANSWER,
            "no answer to SNMP (tried: default; not pinged: no right)",
        ),
        (
            [Attempt(community(), Closed(3, 2.0))],
            LOST,
            Reason.NO_ANSWER,
            "the host is there (ping lost), but UDP port 161 is closed: switch its SNMP agent on",
        ),
        (
            [Attempt(community(), Unreachable(3, 2.0, "No route to host"))],
            LOST,
            Reason.DEAD,
            "no way to this address: No route to host",
        ),
        (
            [Attempt(community(), NoResponse(3, 2.0, "4 bytes that are no SNMP: x"))],
            ALIVE,
            Reason.BROKEN,
            "what answers on UDP port 161 is no SNMP agent: 4 bytes that are no SNMP: x",
        ),
        (
            [Attempt(community(), QUIET), Attempt(user(), Refused(Report.USER_NAME))],
            ALIVE,
            Reason.REFUSED,
            "v3: unknown user name 'noc' (core)",
        ),
        (
            [Attempt(user(), Refused(Report.CONTEXT))],
            ALIVE,
            Reason.REFUSED,
            "v3: unknown context 'vrf-a' (core)",
        ),
    ],
)
def test_why_no_login_fits(attempts: list[Attempt], ping: Ping, reason: Reason, text: str) -> None:
    silence = words.nothing_fits(attempts, 161, ping)
    assert (silence.reason, silence.text) == (reason, text)


def test_every_report_has_words_of_its_own() -> None:
    texts = [
        words.nothing_fits([Attempt(user(), Refused(report))], 161, ALIVE).text for report in Report
    ]
    assert len(set(texts)) == len(Report)
    assert not any("secret" in text for text in texts)


def test_a_stalled_device_is_named_with_its_ping() -> None:
    assert words.stalled("ap-roof-2", QUIET, ALIVE).text == (
        "answered as ap-roof-2, then SNMP time-out after 3 tries of 2 s (ping 180 ms)"
    )


@pytest.mark.parametrize(
    ("ms", "text"), [(0.04, "ping under 1 ms"), (3.4, "ping 3 ms"), (184.0, "ping 180 ms")]
)
def test_pings_are_rounded_so_that_the_lock_stays_the_same(ms: float, text: str) -> None:
    assert str(Ping(asked=True, ms=ms)) == text
