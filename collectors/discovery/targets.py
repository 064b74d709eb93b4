"""The addresses of a sweep: ranges without what is excluded, each with an index of its own."""

from __future__ import annotations

import bisect
import ipaddress
import socket
from collections.abc import Iterable, Sequence
from itertools import accumulate

# Version (4 or 6), first and last address as numbers; both ends belong to the range.
Range = tuple[int, int, int]
Place = tuple[str, int]
"""An address and a UDP port."""

_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
_BYTES = {4: 4, 6: 16}


def hosts(cidr: str) -> Range:
    """The addresses of a CIDR that a device can have: without network and broadcast address.

    Those two belong to it where the CIDR is a single address, a pair (RFC 3021), or IPv6.
    """
    network = ipaddress.ip_network(cidr)
    first, last = int(network.network_address), int(network.broadcast_address)
    if network.version == 4 and network.prefixlen < 31:
        first, last = first + 1, last - 1
    return (network.version, first, last)


def without(ranges: Iterable[Range], excluded: Iterable[Range]) -> list[Range]:
    """The ranges, sorted and each address once, without the excluded ones."""
    holes = sorted(excluded)
    kept: list[Range] = []
    for version, first, last in sorted(ranges):
        free = max(first, kept[-1][2] + 1) if kept and kept[-1][0] == version else first
        for _, low, high in (one for one in holes if one[0] == version):
            if free <= high and low <= last:
                if low > free:
                    kept.append((version, free, low - 1))
                free = high + 1
        if free <= last:
            kept.append((version, free, last))
    return kept


class Targets:
    """What is swept: all addresses of some ranges at one port, and single places besides.

    Indices run over the addresses first, in order, then over the places.
    """

    def __init__(self, ranges: Sequence[Range], port: int, places: Sequence[Place] = ()) -> None:
        """`ranges` as `without` gives them: sorted, disjoint."""
        self.port = port
        self.places = tuple(places)
        self.ranges = tuple(ranges)
        sizes = [last - first + 1 for _, first, last in self.ranges]
        self._ends = list(accumulate(sizes))
        self.addresses = self._ends[-1] if sizes else 0
        self._index = {
            (address, port): self.addresses + number
            for number, (address, port) in enumerate(self.places)
        }

    def __len__(self) -> int:
        return self.addresses + len(self.places)

    @property
    def versions(self) -> tuple[int, ...]:
        """The versions of IP that are needed."""
        found = {version for version, _, _ in self.ranges}
        found |= {6 if ":" in address else 4 for address, _ in self.places}
        return tuple(sorted(found))

    def place(self, index: int) -> Place:
        """Address and port of an index."""
        if index >= self.addresses:
            return self.places[index - self.addresses]
        number = bisect.bisect_right(self._ends, index)
        version, _, last = self.ranges[number]
        value = last - (self._ends[number] - 1 - index)
        text = socket.inet_ntop(_FAMILY[version], value.to_bytes(_BYTES[version], "big"))
        return text, self.port

    def index(self, address: str, port: int) -> int | None:
        """The index of an address and port; None for what is not swept."""
        if port != self.port or not self.addresses:
            return self._index.get((address, port))
        found = self.of_address(address)
        return self._index.get((address, port)) if found is None else found

    def of_address(self, address: str) -> int | None:
        """The index of an address of the ranges."""
        version = 6 if ":" in address else 4
        try:
            value = int.from_bytes(socket.inet_pton(_FAMILY[version], address), "big")
        except OSError:
            return None
        number = bisect.bisect_right(self.ranges, (version, value, 1 << 128)) - 1
        if number < 0:
            return None
        found, first, last = self.ranges[number]
        if found != version or not first <= value <= last:
            return None
        return self._ends[number] - 1 - (last - value)

    def __contains__(self, place: object) -> bool:
        """Whether an address, or an address with its port, is swept."""
        if isinstance(place, str):
            return self.of_address(place) is not None
        return isinstance(place, tuple) and self.index(*place) is not None
