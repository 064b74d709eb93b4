"""Asking single devices that are known to be there: users of SNMPv3, and big answers.

Here a session per device is worth its price: it knows engines, time windows and reports, and
asks again. Everywhere else the sweep's own packets do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from collectors.discovery.asking import SYSTEM, seen
from collectors.discovery.model import Seen
from collectors.discovery.targets import Place
from collectors.probe import words
from collectors.probe.device import ENGINE_ID, SERIAL
from collectors.probe.survey import Stalled, Survey
from collectors.probe.words import Attempt, Ping
from collectors.snmp.credentials import Keys
from collectors.snmp.errors import DeadlinePassed, NoResponse, Refused
from collectors.snmp.exchange import Deadline, Timing
from collectors.snmp.session import Session

_AT_ONCE = 100
_RETRIES = 2
_DEADLINE = 20.0


@dataclass(frozen=True, slots=True)
class Guest:
    """One to ask: its index among the targets, its place, and the logins to try, in order."""

    index: int
    place: Place
    logins: tuple[Keys, ...]


def interview(guests: Sequence[Guest], patience: float) -> Mapping[int, Seen]:
    """Who each of them is, by index; with `trouble` where no login fits.

    Runs an event loop of its own. `patience` is in seconds for each try of a request.
    """
    return asyncio.run(_all(guests, Timing(patience, _RETRIES))) if guests else {}


async def _all(guests: Sequence[Guest], timing: Timing) -> dict[int, Seen]:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(guest: Guest) -> Seen:
        async with gate:
            return await _one(guest, timing)

    found = await asyncio.gather(*(one(guest) for guest in guests))
    return {guest.index: who for guest, who in zip(guests, found, strict=True)}


async def _one(guest: Guest, timing: Timing) -> Seen:
    attempts: list[Attempt] = []
    deadline = Deadline(_DEADLINE, _DEADLINE)
    for keys in guest.logins:
        try:
            with Session(*guest.place, keys, timing, deadline) as session:
                return await _ask(session, guest.place)
        except (NoResponse, Refused) as failure:
            attempts.append(Attempt(keys, failure))
        except (DeadlinePassed, Stalled):
            attempts.append(Attempt(keys, NoResponse(1, timing.timeout)))
    unasked = Ping(asked=False, why_not="it was heard in a sweep")
    return Seen(*guest.place, trouble=words.nothing_fits(attempts, guest.place[1], unasked).text)


async def _ask(session: Session, place: Place) -> Seen:
    pdu = await session.get(SYSTEM)
    survey = Survey(session)
    found = list(pdu.varbinds)
    if pdu.error_status:  # too big for one answer, or one of them is not there
        found = list((await survey.get(SYSTEM)).values())
    found += (await survey.get((ENGINE_ID, SERIAL))).values()
    who = seen(place, session.keys.name, found)
    return replace(who, engine_id=who.engine_id or session.engine_id)
