"""One request per login, encoded once and sent to everybody; what answers say.

A request asks who is there in one message: the system group, and with v2c and v3 the engine ID
(SNMP-FRAMEWORK-MIB) and the serial number of the first chassis (ENTITY-MIB), which tell a
device again at another address. SNMPv1 refuses a whole request for one object that is not
there, so it is asked less. A user of SNMPv3 cannot ask before an agent's engine is known:
the request of the sweep is then the one that asks for the engine (RFC 3414, section 4),
which is the same for every user.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from collectors.discovery.model import Seen
from collectors.knowledge.identify import told
from collectors.probe.device import ENGINE_ID, SERIAL, SYS_DESCR, SYS_NAME
from collectors.probe.survey import SYS_OBJECT_ID
from collectors.probe.text import clean, engine_id, object_id
from collectors.snmp import ber
from collectors.snmp.ber import Malformed, Oid
from collectors.snmp.credentials import CommunityKeys, Keys, UserKeys
from collectors.snmp.message import (
    Kind,
    Pdu,
    Varbind,
    decode_community,
    encode_community,
    encode_request,
)
from collectors.snmp.usm import UserSecurity

SYSTEM: tuple[Oid, ...] = (SYS_OBJECT_ID, SYS_NAME, SYS_DESCR)
_ALL = (*SYSTEM, ENGINE_ID, SERIAL)

_VERSIONS = {0: "1", 1: "2c"}
_LARGEST_ID = 0x7FFF_FFFF


@dataclass(frozen=True, slots=True)
class Question:
    """What is sent to every address for one login, or for all users of SNMPv3.

    `users` are the users whose turn comes once an engine is known; empty for a community.
    """

    id: int
    message: bytes
    community: CommunityKeys | None = None
    users: tuple[UserKeys, ...] = ()


class Heard(NamedTuple):
    """An answer to one of the questions; `pdu` is what it holds."""

    question: Question
    pdu: Pdu


def questions(logins: Sequence[Keys]) -> tuple[Question, ...]:
    """The questions of some logins, in order; users that follow on each other share one."""
    # Random, so that nobody who did not hear the request can answer it.
    numbers = random.SystemRandom().sample(range(1, _LARGEST_ID), len(logins))
    made: list[Question] = []
    for login, number in zip(logins, numbers, strict=True):
        if isinstance(login, UserKeys):
            if made and made[-1].users:
                last = made.pop()
                made.append(Question(last.id, last.message, users=(*last.users, login)))
            else:
                made.append(Question(number, UserSecurity(login).discovery(number), users=(login,)))
            continue
        oids = SYSTEM if login.version == "1" else _ALL
        pdu = encode_request(Kind.GET, number, oids, 0)
        message = encode_community(login.version, login.community, pdu)
        made.append(Question(number, message, community=login))
    return tuple(made)


def understand(data: bytes, asked: dict[int, Question]) -> Heard | None:
    """Which question this answers and how; None where it answers none of them.

    `asked` are the questions by their ids. Raises Malformed where it is no SNMP.
    """
    at, end = ber.expect(data, 0, len(data), ber.SEQUENCE)
    number, _ = ber.expect_integer(data, at, end)
    if version := _VERSIONS.get(number):
        pdu = decode_community(version, data)
        question = asked.get(pdu.request_id)
        if question is None or question.community is None or question.community.version != version:
            return None
        return Heard(question, pdu)
    if number != 3:
        raise Malformed(f"version number {number}")
    users = next((question.users for question in asked.values() if question.users), ())
    if not users:
        return None
    message_id, pdu, _ = UserSecurity(users[0]).decode(data)
    question = asked.get(message_id)
    return Heard(question, pdu) if question and question.users else None


def seen(place: tuple[str, int], credentials: str, varbinds: Iterable[Varbind]) -> Seen:
    """Who is at a place that answered to a login."""
    values = {varbind.oid: varbind for varbind in varbinds if not varbind.absent}

    def text(oid: Oid) -> str:
        return clean(values[oid].text) if oid in values else ""

    serial = text(SERIAL)
    return Seen(
        *place,
        credentials=credentials,
        sys_object_id=object_id(values[SYS_OBJECT_ID]) if SYS_OBJECT_ID in values else "",
        sys_descr=text(SYS_DESCR),
        sys_name=text(SYS_NAME),
        engine_id=engine_id(values.get(ENGINE_ID)),
        serial=serial if told(serial) else "",
    )
