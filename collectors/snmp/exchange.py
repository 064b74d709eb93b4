"""One request and its answer: tries, time-outs, and how long the device takes.

Every try has an id of its own, so an answer tells which try it belongs to. That gives the
true time an answer takes, and an answer that comes after the next try was sent still counts:
a device that takes 4 s answers a request of 3 tries of 2 s.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

from collectors.snmp.ber import Malformed
from collectors.snmp.endpoint import Endpoint
from collectors.snmp.errors import Closed, DeadlinePassed, NoResponse, Unreachable
from collectors.snmp.message import Pdu
from collectors.snmp.usm import Engine

# After the word that the port is closed, the next try waits this long (seconds): an agent
# may be about to start.
_CLOSED_PAUSE = 0.3
_LARGEST_ID = 0x7FFF_FFFF


class Deadline:
    """When the time for one device is over, in seconds from the moment this is made.

    A device that proves to answer more slowly than the timeout, but answers, gets `slow`
    seconds instead.
    """

    def __init__(self, seconds: float, slow: float) -> None:
        self._started = time.monotonic()
        self._slow = slow
        self.seconds = seconds

    def left(self) -> float:
        """Seconds left. Raises DeadlinePassed where there are none."""
        left = self._started + self.seconds - time.monotonic()
        if left <= 0:
            raise DeadlinePassed
        return left

    def stretch(self) -> None:
        """The device is slow: give it the longer time."""
        self.seconds = max(self.seconds, self._slow)


@dataclass(frozen=True, slots=True)
class Timing:
    """How long to wait for an answer (seconds), and how often to ask again."""

    timeout: float = 2.0
    retries: int = 2


class Answer(NamedTuple):
    """An answer taken apart; `engine` is None with SNMPv1 and v2c."""

    id: int
    pdu: Pdu
    engine: Engine | None


@dataclass(slots=True)
class _Pending:
    """A request on its way: when each try was sent, which were answered, and the first answer."""

    changed: asyncio.Event = field(default_factory=asyncio.Event)
    sent: dict[int, float] = field(default_factory=dict)
    heard: set[int] = field(default_factory=set)
    answer: Answer | None = None
    took: float = 0.0
    error: OSError | None = None


class Exchange:
    """The way to one agent. Use it as a context manager, inside a running loop.

    Attributes:
        times: seconds that each answer took so far.
        timing: in force now; the timeout grows with what the device needs.
    """

    def __init__(
        self,
        address: str,
        port: int,
        decode: Callable[[bytes], Answer],
        timing: Timing,
        deadline: Deadline,
    ) -> None:
        """Raises Unreachable where the system knows no way to the address."""
        self.times: list[float] = []
        self.timing = timing
        self._patience = timing.timeout
        self._decode = decode
        self._deadline = deadline
        self._garbage = ""
        self._pending: _Pending | None = None
        # Random, so that nobody who cannot see the requests can answer them.
        self._random = random.SystemRandom()
        try:
            self._endpoint = Endpoint(address, port, self)
        except OSError as error:
            raise Unreachable(0, 0, error.strerror or str(error)) from error

    def __enter__(self) -> Self:
        self._endpoint.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._endpoint.__exit__()

    async def request(self, encode: Callable[[int], bytes], tries: int) -> Answer:
        """Send what `encode` makes of an id until an answer comes, at most `tries` times.

        Raises NoResponse, or DeadlinePassed.
        """
        pending = self._pending = _Pending()
        try:
            for left in reversed(range(tries)):
                number = self._random.randrange(1, _LARGEST_ID)
                pending.error = None
                pending.changed.clear()
                pending.sent[number] = time.time()
                pending.sent[number] = self._endpoint.send(encode(number))
                await self._wait(pending, self.timing.timeout)
                if pending.answer:
                    await self._settle(pending, pending.answer)
                    return pending.answer
                if pending.error and left:
                    await asyncio.sleep(min(_CLOSED_PAUSE, self._deadline.left()))
            raise self._failure(pending, tries)
        finally:
            self._pending = None

    def heard(self, data: bytes, at: float) -> None:
        """A datagram arrived (called by the endpoint)."""
        try:
            answer = self._decode(data)
        except Malformed as error:
            self._garbage = f"{len(data)} bytes that are no SNMP: {error}"
            return
        pending = self._pending
        if pending is None or answer.id not in pending.sent:
            return  # of an earlier request, whose answer we have
        took = max(0.0, at - pending.sent[answer.id])
        self.times.append(took)
        pending.heard.add(answer.id)
        if pending.answer is None:
            pending.answer, pending.took = answer, took
        pending.changed.set()

    def failed(self, error: OSError) -> None:
        """A datagram could not be delivered (called by the endpoint)."""
        if self._pending is not None:
            self._pending.error = error
            self._pending.changed.set()

    async def _wait(self, pending: _Pending, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, self._deadline.left())):
                await pending.changed.wait()

    async def _settle(self, pending: _Pending, answer: Answer) -> None:
        """Suit the timing to a slow device, and let it finish what else it was sent.

        An agent that works on one request after the other would answer the next request
        only after the tries it still has to answer, later and later each time.
        """
        if pending.took > self.timing.timeout / 2:
            self.timing = replace(self.timing, timeout=2 * pending.took)
        if pending.took > self._patience:
            self._deadline.stretch()
        last = next(reversed(pending.sent))
        if answer.id == last:
            return
        until = time.monotonic() + 2 * pending.took * len(pending.sent)
        while last not in pending.heard and (left := until - time.monotonic()) > 0:
            pending.changed.clear()
            await self._wait(pending, left)

    def _failure(self, pending: _Pending, tries: int) -> NoResponse:
        timeout = self.timing.timeout
        if isinstance(pending.error, ConnectionRefusedError):
            return Closed(tries, timeout)
        if pending.error:
            words = pending.error.strerror or str(pending.error)
            return Unreachable(tries, timeout, words)
        return NoResponse(tries, timeout, self._garbage)


def usual(times: Sequence[float]) -> float:
    """The time that nine of ten took no longer than; 0 where there is none."""
    return sorted(times)[math.ceil(0.9 * len(times)) - 1] if times else 0.0
