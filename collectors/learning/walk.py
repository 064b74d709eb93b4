"""Walks what a device tells below some roots: paced, bounded, and never for ever.

A device that is asked for thousands of objects has its own work to do. So requests leave one by
one at a set pace, columns of many rows are left after the first of them, and the whole ends after
a set number of objects. An answer whose OIDs do not increase ends the walk of that root.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from collectors.device import Device
from collectors.errors import CollectorError
from collectors.learning.model import Kind, Seen, Walk
from collectors.probe.survey import ENTERPRISES
from collectors.probe.text import clean
from collectors.snmp import ber
from collectors.snmp.ber import Oid, format_oid
from collectors.snmp.credentials import Keys
from collectors.snmp.errors import DeadlinePassed, NoResponse, Refused
from collectors.snmp.exchange import Deadline, Timing
from collectors.snmp.message import ErrorStatus, Pdu, Varbind
from collectors.snmp.session import Session

_KINDS = {
    ber.INTEGER: Kind.INTEGER,
    ber.GAUGE32: Kind.GAUGE,
    ber.COUNTER32: Kind.COUNTER,
    ber.COUNTER64: Kind.COUNTER,
    ber.TIME_TICKS: Kind.TICKS,
    ber.OCTETS: Kind.TEXT,
}
_LARGEST = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Pace:
    """How a device is walked.

    Attributes:
        requests: per second, at most.
        repetitions: objects of one answer, at most.
        objects: the walk ends after so many.
        rows: of a column no more than these are looked at.
        seconds: the walk ends after this time.
        timing: how long an answer is waited for.
    """

    requests: float = 20.0
    repetitions: int = 20
    objects: int = 20_000
    rows: int = 100
    seconds: float = 300.0
    timing: Timing = field(default_factory=Timing)


Observer = Callable[[int], None]
"""Told how many objects were seen, after each answer."""


def walk(device: Device, keys: Keys, roots: Sequence[Oid], pace: Pace, observe: Observer) -> Walk:
    """Walks the roots one after the other; what was walked before is not walked again.

    Raises CollectorError where the device refuses this login.
    """

    async def run() -> Walk:
        deadline = Deadline(pace.seconds, pace.seconds)
        with Session(device.address, device.port, keys, pace.timing, deadline) as session:
            walker = _Walker(session, pace, observe)
            await walker.all(roots)
            return walker.found()

    try:
        return asyncio.run(run())
    except Refused as refused:
        raise CollectorError(
            f"{device.name} refused the walk: {refused.report}",
            hint="check what its SNMP view lets this user read",
        ) from refused


class _Walker:
    def __init__(self, session: Session, pace: Pace, observe: Observer) -> None:
        self._session = session
        self._pace = pace
        self._observe = observe
        self._objects: dict[Oid, Seen] = {}
        self._walked: list[Oid] = []
        self._requests = 0
        self._remarks: list[str] = []
        self._repetitions = pace.repetitions
        self._next = 0.0

    def found(self) -> Walk:
        """All that was seen until now."""
        objects = tuple(self._objects[oid] for oid in sorted(self._objects))
        return Walk(objects, self._requests, tuple(self._remarks))

    async def all(self, roots: Sequence[Oid]) -> None:
        """Walks each root, until there is no more time or room."""
        for root in roots:
            try:
                await self._root(root)
            except DeadlinePassed:
                self._remarks.append(f"stopped after {self._pace.seconds:g} s, {_at(root)}")
                return
            except NoResponse:
                self._remarks.append(f"it stopped answering, {_at(root)}")
                return
            self._walked.append(root)
            if len(self._objects) >= self._pace.objects:
                return

    async def _root(self, root: Oid) -> None:
        # Of the standard's columns all rows are wanted: they name those of the vendor's tables.
        rows = self._pace.rows if root[: len(ENTERPRISES)] == ENTERPRISES else _LARGEST
        last = root
        run: list[Oid] = []
        while True:
            varbinds = await self._ask(last)
            for varbind in varbinds:
                if varbind.absent or varbind.oid[: len(root)] != root:
                    return
                if varbind.oid <= last:
                    self._remarks.append(
                        f"{format_oid(varbind.oid)} follows {format_oid(last)}: its OIDs do not"
                        " increase, so what comes after was not seen"
                    )
                    return
                last = varbind.oid
                if done := next((one for one in self._walked if last[: len(one)] == one), None):
                    last, run = (*done, _LARGEST), []
                    break
                self._objects.setdefault(last, _seen(varbind))
                run.append(last)
                if len(self._objects) >= self._pace.objects:
                    self._remarks.append(
                        f"stopped after {len(self._objects):,} objects, at {format_oid(last)}"
                    )
                    return
                if column := _column(run, rows):
                    # The rest of a long column looks like its beginning.
                    last, run = (*column, _LARGEST), []
                    break
            self._observe(len(self._objects))
            if not varbinds:
                return

    async def _ask(self, last: Oid) -> Sequence[Varbind]:
        """What follows an OID; fewer at a time where the device does not bear so many."""
        while True:
            await self._wait()
            if self._session.keys.version == "1":
                pdu = await self._session.get_next([last])
                return pdu.varbinds if pdu.error_status == ErrorStatus.NO_ERROR else ()
            several = await self._bulk(last)
            if several is not None and several.error_status == ErrorStatus.NO_ERROR:
                return several.varbinds
            if self._repetitions == 1:
                return ()
            self._repetitions //= 2

    async def _bulk(self, last: Oid) -> Pdu | None:
        try:
            return await self._session.get_bulk([last], self._repetitions)
        except NoResponse:
            if self._repetitions == 1:
                raise
            return None

    async def _wait(self) -> None:
        now = time.monotonic()
        self._next = max(self._next, now) + 1 / self._pace.requests
        self._requests += 1
        if (left := self._next - 1 / self._pace.requests - now) > 0:
            await asyncio.sleep(left)


def _column(run: list[Oid], most: int) -> Oid:
    """The column whose rows these are, once there are more than enough; else empty.

    Only where it is certain without a MIB: one number after the other below the same OID.
    """
    if len(run) <= most:
        return ()
    above = run[-1][:-1]
    rows = run[-most - 1 :]
    if any(oid[:-1] != above for oid in rows):
        return ()
    return above


def _seen(varbind: Varbind) -> Seen:
    kind = _KINDS.get(varbind.tag, Kind.OTHER)
    if kind is Kind.TEXT and not _is_text(varbind):
        return Seen(varbind.oid, Kind.OTHER, varbind.value[:32].hex(" "))
    return Seen(varbind.oid, kind, clean(varbind.text))


def _is_text(varbind: Varbind) -> bool:
    """Whether bytes are meant to be read: not a MAC address, a date or a bit string."""
    text = varbind.text.rstrip("\0")
    return all(sign.isprintable() or sign in "\r\n\t" for sign in text)


def _at(root: Oid) -> str:
    return f"within {format_oid(root)}"
