"""How many packets may leave now: a token bucket. Reads no clock."""

from __future__ import annotations

# Seconds of packets that may leave at once after a pause of the program.
_BURST_S = 0.1


class Pacer:
    """Lets `rate` packets a second go, evenly; never more than a tenth of them at once."""

    def __init__(self, rate: float, now: float) -> None:
        """`now` is in seconds of any clock that never goes back."""
        self.rate = rate
        self._most = max(1.0, rate * _BURST_S)
        self._allowed = 1.0
        self._last = now

    def due(self, now: float) -> int:
        """How many packets may leave now."""
        self._allowed = min(self._most, self._allowed + (now - self._last) * self.rate)
        self._last = now
        return int(self._allowed)

    def spend(self, packets: int) -> None:
        """So many have left."""
        self._allowed -= packets

    @property
    def wait(self) -> float:
        """Seconds from the last look until the next packet may leave."""
        return max(0.0, (1 - self._allowed) / self.rate)
