"""Answers that no sound agent gives: 12,000 messages broken in random places, and agents that
answer at random. Nothing but Malformed may come out of decoding, and a survey must end.

What is broken: bytes changed, cut, doubled, inserted; lengths that lie; in signed and encrypted
messages before they are signed, so that the damage reaches the decoder behind the cipher. Left
out: what a text of a device does to files and terminals (test_texts.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence
from typing import Any, cast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.discovery.asking import Question, questions, seen, understand
from collectors.login import AuthProtocol, PrivacyProtocol
from collectors.probe.survey import MOST_ENTERPRISES, MOST_ROWS, Stalled, Survey
from collectors.snmp import ber, keys
from collectors.snmp.ber import Malformed, Oid
from collectors.snmp.credentials import CommunityKeys, UserKeys
from collectors.snmp.errors import DeadlinePassed, NoResponse
from collectors.snmp.message import Kind, Pdu, Varbind, decode_community, encode_community
from collectors.snmp.session import Session
from collectors.snmp.usm import Engine, UserSecurity

MANY = settings(
    max_examples=4_000, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
ENGINE = Engine(b"\x80\x00\x4f\xb8\x05\x00\x00\x00\x01", 3, 1_000)
COMMUNITY = CommunityKeys("default", "2c", b"public")
_AUTH_KEY = keys.of_password(AuthProtocol.SHA256, b"authentication")
USER = UserKeys("core", "noc", "", AuthProtocol.SHA256, PrivacyProtocol.AES, _AUTH_KEY, _AUTH_KEY)
ID = 4_711

VALUES = (
    ber.octets(b"Fake \x1b[31mswitch\r\n\xff\xfe"),
    ber.integer(-5),
    ber.object_id((1, 3, 6, 1, 4, 1, 9, 1, 1208)),
    ber.tlv(ber.COUNTER64, b"\xff" * 8),
    ber.tlv(ber.COUNTER32, b"\x00\xff\xff\xff\xff"),
    ber.tlv(ber.TIME_TICKS, b""),
    ber.tlv(ber.IP_ADDRESS, b"\x0a\x00\x00\x01"),
    ber.EMPTY,
    ber.tlv(0x80),
    ber.tlv(0x82),
    ber.octets(b"x" * 300),
)


def response(kind: int = Kind.RESPONSE) -> bytes:
    """A PDU with a value of every kind."""
    rows = (
        ber.tlv(ber.SEQUENCE, ber.object_id((1, 3, 6, 1, 2, 1, 1, number, 0)), value)
        for number, value in enumerate(VALUES, 1)
    )
    return ber.tlv(
        kind, ber.integer(ID), ber.integer(0), ber.integer(0), ber.tlv(ber.SEQUENCE, *rows)
    )


def broken(whole: bytes, chance: random.Random) -> bytes:
    """The bytes with one to six faults."""
    data = bytearray(whole)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data)) if data else 0
        match chance.randrange(7):
            case 0:
                del data[at:]
            case 1:
                del data[at : at + chance.randint(1, 4)]
            case 2:
                data[at:at] = chance.randbytes(chance.randint(1, 6))
            case 3:
                data[at:at] = data[at : at + chance.randint(1, 40)]
            case 4 if data:
                data[at] = chance.choice((0x00, 0x7F, 0x80, 0x81, 0x84, 0x85, 0xFF, 0x30, 0x02))
            case _ if data:
                data[at] ^= 1 << chance.randrange(8)
    return bytes(data)


def take(pdu: Pdu) -> None:
    """What is done with an answer that could be read."""
    for varbind in pdu.varbinds:
        assert isinstance(varbind.text, str)
    seen(("127.0.0.1", 161), "default", pdu.varbinds)


def refused_or_taken(decode: Callable[[bytes], Pdu | None], data: bytes) -> None:
    with contextlib.suppress(Malformed):
        pdu = decode(data)
        # Outside of the decoder nobody expects Malformed any more.
        if pdu:
            try:
                take(pdu)
            except Malformed as error:
                raise AssertionError("a value that was accepted cannot be read") from error


@MANY
@given(st.randoms(use_true_random=False))
def test_messages_by_community(chance: random.Random) -> None:
    data = broken(encode_community("2c", b"public", response()), chance)
    refused_or_taken(lambda data: decode_community("2c", data), data)
    refused_or_taken(lambda data: decode_community("1", data), data)


@MANY
@given(st.integers(0, 2**64))
def test_messages_by_user(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - identifiers differ between runs, and so lengths
    security = UserSecurity(USER)
    security.learn(ENGINE)
    if chance.random() < 0.5:  # behind a signature that is right
        data = security.encode(ID, broken(response(), chance))
    else:
        data = broken(security.encode(ID, response()), chance)
    refused_or_taken(lambda data: security.decode(data)[1], data)


@MANY
@given(st.integers(0, 2**64))
def test_what_a_sweep_hears(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - identifiers differ between runs, and so lengths
    asked = {question.id: question for question in questions([COMMUNITY, USER])}
    asked[ID] = Question(ID, b"", community=COMMUNITY)
    discovery = next(question for question in asked.values() if question.users)
    sound = chance.choice(
        (
            encode_community("2c", b"public", response()),
            UserSecurity(USER).discovery(discovery.id),
            chance.randbytes(chance.randint(0, 80)),
        )
    )

    def decode(data: bytes) -> Pdu | None:
        heard = understand(data, asked)
        return heard.pdu if heard else None

    refused_or_taken(decode, broken(sound, chance))


class Whimsical:
    """A session whose agent answers whatever comes to its mind, and never tires."""

    keys = COMMUNITY
    slowest = 0.01
    usual = 0.01

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.requests = 0

    async def get(self, oids: Sequence[Oid], **_: int) -> Pdu:
        return self._answer(oids, len(oids))

    get_next = get

    async def get_bulk(self, oids: Sequence[Oid], repetitions: int, **_: int) -> Pdu:
        return self._answer(oids, len(oids) * repetitions)

    def _answer(self, oids: Sequence[Oid], most: int) -> Pdu:
        self.requests += 1
        assert self.requests < 20 * MOST_ROWS, "the survey does not end"
        chance = self._chance
        if chance.random() < 0.05:
            raise NoResponse(1, 2.0)
        status = chance.choice((0, 0, 0, 0, 0, 1, 2, 5, 99, -3))
        count = chance.choice((most, most, most, 0, 1, most // 2, most + 3))
        rows = tuple(self._row(oids[number % len(oids)]) for number in range(count))
        return Pdu(Kind.RESPONSE, 1, status, chance.choice((0, 1, most, 77, -1)), rows)

    def _row(self, oid: Oid) -> Varbind:
        chance = self._chance
        match chance.randrange(6):
            case 0:
                oid = oid[: chance.randint(2, len(oid))]
            case 1:
                oid = (1, 3, 6, 1, 9)
            case 2 | 3:
                oid = (*oid[:-1], oid[-1] + chance.randint(-2, 5))
            case _:
                oid = (*oid, chance.randint(0, 9))
        return Varbind(oid, chance.choice((2, 4, 6, 0x80, 0x82, 0x46, 5)), chance.randbytes(3))


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.randoms(use_true_random=False))
def test_a_survey_of_a_whimsical_agent_ends(chance: random.Random) -> None:
    session = Whimsical(chance)
    survey = Survey(cast("Session", cast("Any", session)))
    tables = [(1, 3, 6, 1, 2, 1, 2, 2, 1, column) for column in range(1, 9)]

    async def ask() -> None:
        columns = await survey.count(tables, tables[:1])
        await survey.get([(*oid, 1) for oid in tables])
        await survey.head(tables[:3], 64)
        assert len(await survey.enterprises()) <= MOST_ENTERPRISES
        assert all(0 <= column.rows <= MOST_ROWS for column in columns.values())

    with contextlib.suppress(Stalled, DeadlinePassed):
        asyncio.run(ask())
    assert 1 <= survey.max_repetitions <= 50
