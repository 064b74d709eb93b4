"""Which objects a device answers, and with how many rows, in few requests.

First one GETNEXT per 32 objects tells which are there at all. Then the rows of those are
counted with GETBULK: of one column of each table at once, and once the tables' sizes are
known as many of their other columns per request as fit.

Not counted, but taken to have as many rows as the first column of their table: the other
columns of a table of more than 1,000 rows, and of every table of a device that takes more
than a second for an answer.

What a device cannot bear is found out on the way. An answer that would be too big, an error
or silence (while it still answers other requests) makes the next request half as big; an
object that is asked for alone and still fails counts as one that does not answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from collectors.knowledge import stranger
from collectors.snmp.ber import Oid, parse_oid
from collectors.snmp.errors import NoResponse
from collectors.snmp.message import ErrorStatus, Pdu, Varbind
from collectors.snmp.session import Session

SYS_OBJECT_ID: Oid = (1, 3, 6, 1, 2, 1, 1, 2, 0)

ENTERPRISES = parse_oid(stranger.ENTERPRISES)
MOST_ENTERPRISES = 16
"""More of them are not looked for; a host has two or three."""
MOST_REPETITIONS = 50
MOST_ROWS = 5_000
"""Rows of one column that are counted; what goes on after that is not followed."""
BIG_TABLE = 1_000
"""Beyond this many rows in a column, the others of its table are taken to have as many."""

# Objects in one GET or GETNEXT: 32 answers of 40 bytes fit one Ethernet frame.
_OBJECTS = 32
# A device that takes seconds for each answer is asked for more at a time.
_SLOW = 1.0
_SLOW_OBJECTS = 64
_SLOW_VARBINDS = 150


class Stalled(Exception):
    """The device answered at first and then does not, not even what it answered before."""

    def __init__(self, silence: NoResponse) -> None:
        super().__init__(str(silence))
        self.silence = silence


@dataclass(slots=True)
class Column:
    """A column, or a scalar, whose rows are being counted.

    `values` are kept by row where `keep` says so; with `whole` all of them are fetched, also where
    the table's size is known. `most` rows are followed; 0: MOST_ROWS.
    `failed` says that counting ended for another reason than the column's end.
    """

    oid: Oid
    last: Oid
    keep: bool = False
    whole: bool = False
    most: int = 0
    rows: int = 0
    done: bool = False
    failed: bool = False
    values: dict[Oid, Varbind] = field(default_factory=dict)

    @property
    def table(self) -> Oid:
        """The table's entry: what the columns of one table share."""
        return self.oid[:-1]

    def take(self, varbind: Varbind) -> bool:
        """Count one answer. False where it does not belong to the column: the column ends."""
        inside = varbind.oid[: len(self.oid)] == self.oid and varbind.oid > self.last
        if varbind.absent or not inside:
            self.done = True
            return False
        self.last = varbind.oid
        self.rows += 1
        self.done = self.rows >= (self.most or MOST_ROWS)
        if self.keep:
            self.values[varbind.oid[len(self.oid) :]] = varbind
        return True


class Survey:
    """The survey of one device, over a session that has already answered.

    All methods raise Stalled, Refused and DeadlinePassed.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._slow = session.slowest > _SLOW
        self._objects = _SLOW_OBJECTS if self._slow else _OBJECTS
        self._most = _SLOW_VARBINDS if self._slow else MOST_REPETITIONS
        self._varbinds = self._most
        self._sizes: dict[Oid, int] = {}

    @property
    def max_repetitions(self) -> int:
        """The largest GETBULK the device was seen to bear."""
        return min(self._varbinds, MOST_REPETITIONS)

    async def get(self, oids: Sequence[Oid]) -> dict[Oid, Varbind]:
        """What the device answers to a GET of each of these; absent ones are left out."""
        answers = await self._each(oids, self._session.get)
        return {
            oid: answer
            for oid, answer in answers.items()
            if answer.oid == oid and not answer.absent
        }

    async def enterprises(self) -> tuple[str, ...]:
        """The numbers below enterprises (RFC 2578) under which anything answers, in order."""
        found: list[str] = []
        at = ENTERPRISES
        while len(found) < MOST_ENTERPRISES:
            answer = (await self._each([at], self._session.get_next)).get(at)
            if answer is None or answer.absent or answer.oid <= at:
                break
            number = answer.oid[len(ENTERPRISES) : len(ENTERPRISES) + 1]
            if not number or answer.oid[: len(ENTERPRISES)] != ENTERPRISES:
                break
            found.append(str(number[0]))
            at = (*ENTERPRISES, number[0] + 1)
        return tuple(found)

    async def count(
        self, oids: Iterable[Oid], keep: Iterable[Oid], glance: Iterable[Oid] = ()
    ) -> dict[Oid, Column]:
        """The columns and scalars that are there, with their rows.

        `keep`: with values too; `glance`: with values where it costs nothing more.
        """
        keep, glance = frozenset(keep), frozenset(glance)
        wanted = sorted({*oids, *keep, *glance})
        columns = []
        for oid, first in (await self._each(wanted, self._session.get_next)).items():
            column = Column(oid, oid, oid in keep or oid in glance, oid in keep)
            if column.take(first):
                columns.append(column)
        columns.sort(key=lambda column: column.oid)
        while pending := [column for column in columns if not column.done]:
            await self._advance(pending)
        return {column.oid: column for column in columns}

    async def head(self, oids: Iterable[Oid], most: int) -> dict[Oid, Column]:
        """The first rows of some columns that are there, with their values."""
        columns = [Column(oid, oid, keep=True, most=most) for oid in sorted({*oids})]
        while pending := [column for column in columns if not column.done]:
            await self._advance(pending)
        return {column.oid: column for column in columns}

    async def _advance(self, pending: Sequence[Column]) -> None:
        """One request for more rows of some columns."""
        leaders = self._leaders(pending)
        if self._session.keys.version == "1":
            group = (leaders or pending) if self._slow else pending
            await self._advance_by_row(group[: self._objects])
        elif leaders:
            group = leaders[: self._varbinds]
            await self._advance_in_bulk(group, max(1, self._varbinds // len(group)))
        else:
            need = self._need(pending[0])
            group = [column for column in pending if self._need(column) == need]
            await self._advance_in_bulk(group[: max(1, self._varbinds // need)], need)
        for column in group:
            self._close(column, pending)

    def _leaders(self, pending: Sequence[Column]) -> list[Column]:
        """The first column of each table whose size is not known."""
        unknown = [column for column in pending if column.table not in self._sizes]
        return list({column.table: column for column in reversed(unknown)}.values())[::-1]

    def _need(self, column: Column) -> int:
        """How many answers should show the end of a column."""
        size = self._sizes[column.table]
        left = min(size, column.most or size) - column.rows
        return self._varbinds if left < 0 else min(left + 1, self._varbinds)

    async def _advance_by_row(self, group: Sequence[Column]) -> None:
        answers = await self._each([column.last for column in group], self._session.get_next)
        for column in group:
            answer = answers.get(column.last)
            if answer is None:
                column.done = True
            else:
                column.take(answer)

    async def _advance_in_bulk(self, group: Sequence[Column], repetitions: int) -> None:
        tries = 0
        while (pdu := await self._bulk(group, repetitions, tries)) is None:
            if len(group) * repetitions <= 1:
                # It is this object the device does not bear; so it was none of the sizes.
                group[0].done = group[0].failed = True
                self._varbinds = self._most
                return
            self._varbinds = max(1, min(self._varbinds, len(group) * repetitions) // 2)
            repetitions = min(repetitions, self._varbinds)
            group = group[: max(1, self._varbinds // repetitions)]
            tries = 1  # it is there: silence now means that it does not bear this
        counted = 0
        for number, varbind in enumerate(pdu.varbinds):
            column = group[number % len(group)]
            if not column.done:
                counted += column.take(varbind)
        if not counted and not any(column.done for column in group):
            group[0].done = group[0].failed = True

    async def _bulk(self, group: Sequence[Column], repetitions: int, tries: int) -> Pdu | None:
        """The answer; None where the device does not bear the request."""
        try:
            pdu = await self._session.get_bulk(
                [column.last for column in group], repetitions, tries=tries
            )
        except NoResponse as silence:
            await self._still_there(silence)
            return None
        return None if pdu.error_status or not pdu.varbinds else pdu

    def _close(self, column: Column, pending: Sequence[Column]) -> None:
        """Once a column has ended, the size of its table is known."""
        if not column.done or column.failed:
            return
        size = max(column.rows, self._sizes.get(column.table, 0))
        self._sizes[column.table] = size
        if size > BIG_TABLE or self._slow:
            for other in pending:
                if other.table == column.table and not other.done and not other.whole:
                    other.rows, other.done = size, True

    async def _each(
        self, oids: Sequence[Oid], ask: Callable[..., Awaitable[Pdu]]
    ) -> dict[Oid, Varbind]:
        """One answer per object, however much the device bears at a time."""
        answers: dict[Oid, Varbind] = {}
        size = self._objects
        groups = [oids[at : at + size] for at in range(0, len(oids), size)]
        groups.reverse()
        tries = 0
        while groups:
            group = groups.pop()
            try:
                pdu = await ask(group, tries=tries)
            except NoResponse as silence:
                await self._still_there(silence)
                groups += _halves(group)
                tries = 1  # it is there: silence now means that it does not bear this
                continue
            tries = 0
            if pdu.error_status == ErrorStatus.NO_ERROR:
                answers.update(zip(group, pdu.varbinds, strict=False))
            elif pdu.error_status == ErrorStatus.TOO_BIG or not 0 < pdu.error_index <= len(group):
                groups += _halves(group)
            elif rest := _without(group, pdu, ask == self._session.get_next):
                groups.append(rest)
        return answers

    async def _still_there(self, silence: NoResponse) -> None:
        """Tell a device that is gone from one that does not bear a request."""
        try:
            await self._session.get([SYS_OBJECT_ID])
        except NoResponse:
            raise Stalled(silence) from silence


def _halves(group: Sequence[Oid]) -> list[Sequence[Oid]]:
    """Both halves, the second one first; nothing where there is only one object left."""
    middle = len(group) // 2
    return [group[middle:], group[:middle]] if middle else []


def _without(group: Sequence[Oid], pdu: Pdu, is_next: bool) -> Sequence[Oid]:
    """What is left to ask after an error about one object.

    SNMPv1 answers noSuchName to the GETNEXT of an object behind which nothing comes, so
    nothing comes behind the greater ones either.
    """
    wrong = group[pdu.error_index - 1]
    if is_next and pdu.error_status == ErrorStatus.NO_SUCH_NAME:
        return [oid for oid in group if oid < wrong]
    return [oid for oid in group if oid != wrong]
