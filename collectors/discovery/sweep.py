"""The sweep: pings and SNMP requests to many addresses, each from one socket, at a set pace.

SNMP goes login by login over all addresses: who has answered to one is not asked with the next,
so a device hears no wrong community without need. Pings run beside it.

At the end silent addresses are asked again. By ping all of them; by SNMP those where there is
a sign of somebody (ping, or an agent that wants a user of SNMPv3), and all of them where the
network lets no ping through. Where more than a tenth of all addresses answer ping but no SNMP,
they are asked again only if pings were lost: then the network is full of hosts without an
agent, and asking them all once more would double the time for nothing.
"""

from __future__ import annotations

import select
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace

from collectors.discovery.asking import Question, questions, seen, understand
from collectors.discovery.echo import Echo
from collectors.discovery.interview import Guest, interview
from collectors.discovery.ledger import Ledger
from collectors.discovery.model import Keeper, Kept, Observer, Options, Progress, Seen, Swept
from collectors.discovery.stream import WAIT, Stream
from collectors.discovery.targets import Targets
from collectors.discovery.wire import Wire
from collectors.errors import NoRight
from collectors.snmp.ber import Malformed
from collectors.snmp.credentials import Keys
from collectors.snmp.message import ErrorStatus, Pdu

_HEAR_AT_ONCE = 512
_LONGEST_WAIT = 0.1
_OBSERVE_EVERY, _KEEP_EVERY = 0.1, 5.0
# Up to so many targets it is looked at each time whether an answer is still waited for.
_FEW = 5_000

_NOT_ALLOWED = (ErrorStatus.NO_ACCESS, ErrorStatus.AUTHORIZATION_ERROR)


def sweep(
    targets: Targets,
    logins: Sequence[Keys],
    options: Options,
    *,
    observe: Observer,
    keep: Keeper,
    kept: Kept | None = None,
) -> Swept:
    """Who answers at the targets, to the first login that fits.

    With `kept` it goes on where a sweep of the same targets and logins was interrupted. An
    interruption (KeyboardInterrupt) is passed on after `keep` was told where it stands.
    """
    if kept is None or len(kept.flags) != len(targets):
        kept = Kept()  # it is none of these targets
    with ExitStack() as stack:
        run = _Sweep(targets, logins, options, kept, stack)
        try:
            run.run(observe, keep)
        except KeyboardInterrupt:
            keep(run.kept())
            raise
        return run.result()


class _Sweep:
    def __init__(
        self,
        targets: Targets,
        logins: Sequence[Keys],
        options: Options,
        kept: Kept,
        stack: ExitStack,
    ) -> None:
        self._targets = targets
        self._options = options
        self._questions = questions(logins)
        self._asked = {question.id: question for question in self._questions}
        self._logins = {keys.name: keys for keys in logins}
        self._ranks = {keys.name: rank for rank, keys in enumerate(logins)}
        self._ledger = Ledger(targets, kept)
        self._unclear: dict[int, str] = {}
        self._wires = {
            version: stack.enter_context(closing(Wire(version))) for version in targets.versions
        }
        self._unpinged = ""
        self._echoes: dict[int, Echo] = {}
        try:
            for version in targets.versions:
                self._echoes[version] = stack.enter_context(closing(Echo(version)))
        except NoRight as error:
            self._unpinged = f"{error.message}; {error.hint}"
            self._echoes.clear()
        # Where both kinds of packets are, and where they were at times before.
        self._at = replace(kept, flags=b"", seen=())
        if not self._echoes:
            self._at = replace(self._at, ping_attempt=-1)
        self._trail: deque[tuple[float, Kept]] = deque([(0.0, self._at)])
        self._message = b""
        self._pings: dict[int, bytes] = {}
        self._total = len(self._questions) * len(targets) or targets.addresses

    # -- the loop

    def run(self, observe: Observer, keep: Keeper) -> None:
        """Send and listen until all is asked and had time to be answered."""
        poll = select.poll()
        sockets: tuple[Wire | Echo, ...] = (*self._wires.values(), *self._echoes.values())
        for one in sockets:
            poll.register(one.fileno(), select.POLLIN)
        rate, now = self._options.rate, time.monotonic()
        streams = [
            Stream(self._snmp_order(), self._ask, rate, now),
            Stream(self._ping_order(), self._ping, rate, now),
        ]
        observed = kept = now
        while streams:
            now = time.monotonic()
            waits = [(stream, stream.advance(now)) for stream in streams]
            streams = [stream for stream, wait in waits if wait is not None]
            wait = min([_LONGEST_WAIT, *(wait for _, wait in waits if wait is not None)])
            if poll.poll(wait * 1000):
                self._hear()
            if now - observed >= _OBSERVE_EVERY:
                observed = now
                self._trail.append((now, self._at))
                observe(self._progress())
            if now - kept >= _KEEP_EVERY:
                kept = now
                keep(self.kept())
        observe(self._progress())

    def result(self) -> Swept:
        """What was found."""
        return Swept(self._ledger.result(), self._unpinged)

    def kept(self) -> Kept:
        """Where it stands: at what was sent so long ago that all answers are there."""
        settled = time.monotonic() - self._options.patience
        while len(self._trail) > 1 and self._trail[1][0] <= settled:
            self._trail.popleft()
        ledger = self._ledger
        return replace(self._trail[0][1], flags=ledger.flags, lost=ledger.lost, seen=ledger.seen)

    def _progress(self) -> Progress:
        at, size = self._at, len(self._targets)
        done = self._total if at.attempt else at.question * size + at.index
        if not self._questions:
            done = self._targets.addresses if at.ping_attempt else at.ping_index
        left = (self._total - done) / self._options.rate + self._options.patience
        return Progress(done, self._total, left, self._ledger.found)

    # -- what is sent

    def _ask(self, index: int) -> bool:
        address, port = self._targets.place(index)
        return self._wires[6 if ":" in address else 4].send(self._message, address, port)

    def _ping(self, index: int) -> bool:
        address, _ = self._targets.place(index)
        version = 6 if ":" in address else 4
        return self._echoes[version].send(self._pings[version], address)

    def _ping_order(self) -> Iterator[int]:
        """The indices to ping, attempt by attempt."""
        first, start = self._at.ping_attempt, self._at.ping_index
        most = self._options.retries
        for attempt in range(first, 1 + most) if first >= 0 else ():
            self._pings = {version: echo.packet(attempt) for version, echo in self._echoes.items()}
            begun = time.monotonic()
            for index in range(start, self._targets.addresses):
                if self._ledger.unpinged(index):
                    self._at = replace(self._at, ping_attempt=attempt, ping_index=index)
                    yield index
            start = 0
            last = attempt == most
            yield from self._wait(time.monotonic() if last else begun, self._ledger.unpinged)
        self._at = replace(self._at, ping_attempt=-1, ping_index=0)

    def _snmp_order(self) -> Iterator[int]:
        """The indices to ask, attempt by attempt and login by login."""
        position = self._at
        for attempt in range(position.attempt, 1 + self._options.retries):
            whom: Iterable[int] = range(len(self._targets))
            if attempt:
                while self._at.ping_attempt >= 0:
                    yield WAIT
                whom = self._ledger.again(pinged=bool(self._echoes))
            for number, question in enumerate(self._questions):
                if (attempt, number) < (position.attempt, position.question):
                    continue
                same = (attempt, number) == (position.attempt, position.question)
                start = position.index if same else 0
                yield from self._one_login(attempt, number, whom, start)
                self._interview(question)

    def _one_login(
        self, attempt: int, number: int, whom: Iterable[int], start: int
    ) -> Iterator[int]:
        question = self._questions[number]
        self._at = replace(self._at, attempt=attempt, question=number, index=start)
        begun, sent = time.monotonic(), False
        asked_before = any(one.users for one in self._questions[:number])
        if not (question.users and asked_before):
            self._message = question.message
            for index in whom:
                if index >= start and self._ledger.open(index):
                    self._at = replace(self._at, index=index)
                    sent = True
                    yield index
        self._at = replace(self._at, index=len(self._targets))
        if sent:
            # What comes next for the first of them may follow when it had its time; what is
            # done now for all of them, when the last one had it.
            last = question.users or number == len(self._questions) - 1
            yield from self._wait(time.monotonic() if last else begun, self._ledger.open)

    def _wait(self, since: float, missing: Callable[[int], bool]) -> Iterator[int]:
        """Until answers had their time, or all are there."""
        size = len(self._targets)
        while time.monotonic() < since + self._options.patience:
            if size <= _FEW and not any(map(missing, range(size))):
                return
            yield WAIT

    # -- what is heard

    def _hear(self) -> None:
        for wire in self._wires.values():
            for data, address, port in wire.answers(_HEAR_AT_ONCE):
                index = self._targets.index(address, port)
                if index is not None:
                    self._take(index, data)
            for address, port in wire.closed():
                index = self._targets.index(address, port)
                if index is not None:
                    self._ledger.closed(index)
        for echo in self._echoes.values():
            for address, attempt in echo.answers(_HEAR_AT_ONCE):
                index = self._targets.of_address(address)
                if index is not None:
                    self._ledger.pinged(index, attempt)

    def _take(self, index: int, data: bytes) -> None:
        """An answer of SNMP, or what should be one."""
        place = self._targets.place(index)
        try:
            heard = understand(data, self._asked)
        except Malformed as error:
            said = f"what answers is no SNMP: {len(data)} bytes, {error}"
            self._ledger.troubled(index, Seen(*place, trouble=said))
            return
        if heard is None:
            return
        community = heard.question.community
        if community is None:
            self._ledger.agent(index)
        elif heard.pdu.error_status in _NOT_ALLOWED:
            said = f"the agent does not let {community.name} read"
            self._ledger.troubled(index, Seen(*place, trouble=said))
        else:
            self._welcome(index, community.name, heard.pdu)

    def _welcome(self, index: int, credentials: str, pdu: Pdu) -> None:
        who = seen(self._targets.place(index), credentials, pdu.varbinds)
        if self._ledger.fits(index, who, self._ranks[credentials]) and pdu.error_status:
            self._unclear[index] = credentials

    def _interview(self, question: Question) -> None:
        """Ask single devices: with users, and where the answer was an error."""
        place = self._targets.place
        guests = [
            Guest(index, place(index), (self._logins[name],))
            for index, name in sorted(self._unclear.items())
        ]
        self._unclear.clear()
        if question.users:
            guests += [Guest(i, place(i), question.users) for i in self._ledger.agents()]
        for index, who in interview(guests, self._options.patience).items():
            if who.snmp:
                self._ledger.fits(index, who, self._ranks[who.credentials])
            else:
                self._ledger.troubled(index, who)
