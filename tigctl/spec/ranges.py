"""Ranges of addresses: is one inside, and which tenants' ranges overlap."""

from __future__ import annotations

import bisect
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Version, first and last address as numbers; both ends belong to the range.
Range = tuple[int, int, int]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def network_range(cidr: str) -> Range:
    """The range of a CIDR."""
    network = ipaddress.ip_network(cidr)
    return (network.version, int(network.network_address), int(network.broadcast_address))


def pool_range(text: str) -> Range:
    """The range of a CIDR or of `FIRST-LAST`, as pools are written. Raises ValueError."""
    first, dash, last = text.partition("-")
    if not dash:
        return network_range(text)
    low, high = ipaddress.ip_address(first.strip()), ipaddress.ip_address(last.strip())
    if low.version != high.version or int(low) > int(high):
        raise ValueError(text)
    return (low.version, int(low), int(high))


def address_range(address: str) -> Range:
    """The range of one address."""
    found = ipaddress.ip_address(address)
    return (found.version, int(found), int(found))


def networks(found: Range) -> list[Network]:
    """The fewest networks that are the range."""
    version, first, last = found
    make: type[Address] = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    return list(ipaddress.summarize_address_range(make(first), make(last)))


def show(found: Range) -> str:
    """A range for a person: an address, a CIDR, or first to last."""
    version, first, last = found
    make = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    if first == last:
        return str(make(first))
    networks = list(ipaddress.summarize_address_range(make(first), make(last)))
    return str(networks[0]) if len(networks) == 1 else f"{make(first)} to {make(last)}"


class Ranges:
    """A set of ranges, joined where they touch, that answers quickly whether it holds one."""

    def __init__(self, ranges: Iterable[Range]) -> None:
        self.joined: list[Range] = []
        for version, first, last in sorted(ranges):
            if self.joined:
                before = self.joined[-1]
                if before[0] == version and first <= before[2] + 1:
                    self.joined[-1] = (version, before[1], max(before[2], last))
                    continue
            self.joined.append((version, first, last))

    def __bool__(self) -> bool:
        return bool(self.joined)

    @property
    def size(self) -> int:
        """How many addresses there are, each counted once."""
        return sum(last - first + 1 for _, first, last in self.joined)

    def __contains__(self, address: Address) -> bool:
        # Nothing that begins at this address or before it sorts behind this.
        index = bisect.bisect_right(self.joined, (address.version, int(address), 2**128)) - 1
        if index < 0:
            return False
        version, _, last = self.joined[index]
        return version == address.version and int(address) <= last


def without(ranges: Iterable[Range], holes: Iterable[Range]) -> list[Range]:
    """What is left of ranges when others are taken out of them, in order."""
    cuts = Ranges(holes).joined
    left: list[Range] = []
    at = 0
    for version, first, last in Ranges(ranges).joined:
        while at < len(cuts) and (cuts[at][0], cuts[at][2]) < (version, first):
            at += 1
        begin = first
        while at < len(cuts) and cuts[at][0] == version and cuts[at][1] <= last:
            if begin < cuts[at][1]:
                left.append((version, begin, cuts[at][1] - 1))
            begin = max(begin, cuts[at][2] + 1)
            if cuts[at][2] > last:
                break  # it reaches into the next range too
            at += 1
        if begin <= last:
            left.append((version, begin, last))
    return left


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two owners that share addresses: the first shared range, and how many ranges there are."""

    one: str
    other: str
    example: Range
    count: int


def overlaps(owned: Mapping[str, Iterable[Range]]) -> tuple[Overlap, ...]:
    """All pairs of owners whose ranges overlap, in order of their names."""
    events: list[tuple[int, int, int, str]] = []
    for owner, ranges in owned.items():
        events += [(*found, owner) for found in Ranges(ranges).joined]
    found: dict[tuple[str, str], list[Range]] = {}
    open_now: list[tuple[int, int, int, str]] = []
    for event in sorted(events):
        version, first, last, owner = event
        open_now = [one for one in open_now if one[0] == version and one[2] >= first]
        for one in open_now:
            pair = (min(owner, one[3]), max(owner, one[3]))
            found.setdefault(pair, []).append((version, first, min(last, one[2])))
        open_now.append(event)
    return tuple(
        Overlap(one, other, ranges[0], len(ranges))
        for (one, other), ranges in sorted(found.items())
    )
