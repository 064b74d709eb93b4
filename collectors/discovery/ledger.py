"""What is known of every target while a sweep runs: a byte each, and more of who answered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from collectors.discovery.model import Kept, Seen
from collectors.discovery.targets import Targets

PINGED, FITS, CLOSED, AGENT = 1, 2, 4, 8
"""It answered ping; it answered to a login; its host says that nobody listens on the port;
something of an agent was heard."""
_SETTLED = FITS | CLOSED

# Above this share of all targets, hosts that answer ping alone are no sign of lost packets.
_MANY = 0.1


class Ledger:
    """The flags of all targets, who answered, and how many pings were lost on the way."""

    def __init__(self, targets: Targets, kept: Kept) -> None:
        self._targets = targets
        self._flags = bytearray(kept.flags or len(targets))
        self._lost = kept.lost
        self._seen: dict[int, Seen] = {}
        self._ranks: dict[int, int] = {}
        for one in kept.seen:
            index = targets.index(one.address, one.port)
            if index is not None:
                self._seen[index] = one

    # -- what was heard

    def pinged(self, index: int, attempt: int) -> None:
        """It answered a ping, sent at this attempt (0: the first)."""
        if not self._flags[index] & PINGED:
            self._flags[index] |= PINGED
            self._lost += attempt > 0

    def closed(self, index: int) -> None:
        """Its host says that nobody listens on the port."""
        self._flags[index] |= CLOSED

    def agent(self, index: int) -> None:
        """Something of an agent was heard."""
        self._flags[index] |= AGENT

    def troubled(self, index: int, seen: Seen) -> None:
        """An agent is there, but no login fits so far."""
        self._flags[index] |= AGENT
        if not self._flags[index] & FITS:
            self._seen[index] = seen

    def fits(self, index: int, seen: Seen, rank: int) -> bool:
        """It answered to a login; False where a better one was answered already.

        `rank` counts logins in the order they are tried: an answer to an earlier one that
        comes late still counts.
        """
        if self._flags[index] & FITS and self._ranks.get(index, -1) <= rank:
            return False
        self._flags[index] |= FITS | AGENT
        self._ranks[index] = rank
        self._seen[index] = seen
        return True

    # -- what follows

    def unpinged(self, index: int) -> bool:
        """Whether a ping would tell anything new."""
        return not self._flags[index] & (PINGED | _SETTLED)

    def open(self, index: int) -> bool:
        """Whether it may still answer to a login."""
        return not self._flags[index] & _SETTLED

    def waiting(self, index: int) -> bool:
        """Whether an agent is there that wants a user of SNMPv3, and none was found for it."""
        return self._flags[index] & (AGENT | FITS) == AGENT

    def agents(self) -> Iterator[int]:
        """All that are `waiting`."""
        return (found.start() for found in re.finditer(rb"[\x08-\x09\x0c-\x0d]", self._flags))

    def again(self, pinged: bool) -> list[int]:
        """Who is asked by SNMP once more; `pinged`: whether this process may ping at all."""
        open_ = [index for index in range(len(self._flags)) if self.open(index)]
        seen = (self._flags[index] for index in self._seen)
        if not pinged or any(flags & FITS and not flags & PINGED for flags in seen):
            return open_
        there = [index for index in open_ if self._flags[index] & (PINGED | AGENT)]
        if self._lost or len(there) <= max(1, _MANY * len(self._flags)):
            return there
        return [index for index in there if self._flags[index] & AGENT]

    @property
    def found(self) -> int:
        """How many have answered in any way."""
        return len(self._flags) - self._flags.count(0)

    def result(self) -> tuple[Seen, ...]:
        """Everybody who answered, in the order of the targets."""
        found = []
        for place in re.finditer(rb"[^\0]", self._flags):
            index = place.start()
            address, port = self._targets.place(index)
            own = self._targets.of_address(address)
            host = self._flags[index if own is None else own]
            one = self._seen.get(index)
            if one is None and index >= self._targets.addresses:
                continue  # another port of an address that has a place of its own
            one = one or Seen(address, port)
            closed = bool(self._flags[index] & CLOSED)
            found.append(replace(one, ping=bool(host & PINGED), closed=closed))
        return tuple(found)

    @property
    def flags(self) -> bytes:
        """The flags, to be kept."""
        return bytes(self._flags)

    @property
    def lost(self) -> int:
        """Pings that only a later attempt got an answer to."""
        return self._lost

    @property
    def seen(self) -> tuple[Seen, ...]:
        """Who answered by SNMP, to be kept."""
        return tuple(self._seen[index] for index in sorted(self._seen))
