"""One kind of packets of a sweep: in which order they are sent, and at which pace."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from collectors.discovery.pacing import Pacer

WAIT = -1
"""What an order yields where nothing may be sent yet."""

_AT_ONCE = 64
_NAP = 0.01


class Stream:
    """Sends what an order yields. `send` is False where there is no room for a packet now."""

    def __init__(
        self, order: Iterator[int], send: Callable[[int], bool], rate: float, now: float
    ) -> None:
        self._order = order
        self._send = send
        self._pacer = Pacer(rate, now)
        self._held: int | None = None

    def advance(self, now: float) -> float | None:
        """Send what may leave; seconds until more may, None when all is sent."""
        due = min(self._pacer.due(now), _AT_ONCE)
        for sent in range(due):
            index = next(self._order, None) if self._held is None else self._held
            if index is None or index == WAIT:
                self._pacer.spend(sent)
                return None if index is None else _NAP
            self._held = None if self._send(index) else index
            if self._held is not None:
                self._pacer.spend(sent)
                return _NAP
        self._pacer.spend(due)
        return self._pacer.wait
