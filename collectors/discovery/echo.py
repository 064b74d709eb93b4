"""Pings to many addresses from one socket: ICMP echo (RFC 792) and ICMPv6 echo (RFC 4443).

Datagram ICMP sockets where the system lets this process have them (Linux:
`net.ipv4.ping_group_range`), else raw ones (root, CAP_NET_RAW), else NoRight. icmplib, which
pings single hosts elsewhere, opens a socket for each of them.
"""

from __future__ import annotations

import secrets
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress

from collectors.icmp import no_right

_HEADER = struct.Struct("!BBHHH")  # type, code, checksum, identifier, sequence number
_REQUEST = {4: 8, 6: 128}
_REPLY = {4: 0, 6: 129}
_BUFFER = 4 << 20
# linux/icmp.h and linux/icmpv6.h; a set bit blocks a type.
_SOL_RAW, _ICMP_FILTER, _ICMP6_FILTER = 255, 1, 1


class Echo:
    """One socket for pings of one version of IP.

    What is sent carries a secret of this run, so that nobody can answer who did not hear it.
    """

    def __init__(self, version: int) -> None:
        """Raises NoRight."""
        self.version = version
        self._token = secrets.token_bytes(16)
        self._ident = secrets.randbelow(0x10000)
        family, protocol = (
            (socket.AF_INET, socket.IPPROTO_ICMP)
            if version == 4
            else (socket.AF_INET6, socket.IPPROTO_ICMPV6)
        )
        self._raw = False
        try:
            self._socket = socket.socket(family, socket.SOCK_DGRAM, protocol)
        except OSError:
            try:
                self._socket = socket.socket(family, socket.SOCK_RAW, protocol)
            except OSError as error:
                raise no_right() from error
            self._raw = True
            self._filter()
        self._socket.setblocking(False)
        with suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._socket.fileno()

    def close(self) -> None:
        """Ends it."""
        self._socket.close()

    def packet(self, attempt: int) -> bytes:
        """What is sent to every address; `attempt` comes back with the answer."""
        fields = (_REQUEST[self.version], 0, 0, self._ident, attempt & 0xFFFF)
        packet = _HEADER.pack(*fields) + self._token
        if self._raw and self.version == 4:
            # For IPv6 and for datagram sockets the kernel computes it.
            packet = packet[:2] + _checksum(packet) + packet[4:]
        return packet

    def send(self, packet: bytes, address: str) -> bool:
        """Send it to one address; False where the socket's buffer is full."""
        try:
            self._socket.sendto(packet, (address, 0))
        except BlockingIOError:
            return False
        except OSError:
            return True  # no way to there: as if it had been lost
        return True

    def answers(self, most: int) -> Iterator[tuple[str, int]]:
        """Who has answered by now, and which attempt; at most so many."""
        for _ in range(most):
            try:
                data, sender = self._socket.recvfrom(2048)
            except BlockingIOError:
                return
            except OSError:
                continue  # an error that belongs to something sent before
            attempt = self._attempt(data)
            if attempt is not None:
                yield sender[0].partition("%")[0], attempt

    def _attempt(self, data: bytes) -> int | None:
        if self._raw and self.version == 4 and data:
            data = data[(data[0] & 0x0F) * 4 :]  # behind the IP header
        if len(data) < _HEADER.size or data[_HEADER.size :] != self._token:
            return None
        kind, _, _, _, attempt = _HEADER.unpack_from(data)
        return attempt if kind == _REPLY[self.version] else None

    def _filter(self) -> None:
        """Hear replies only: a raw socket gets a copy of every ICMP packet of this host."""
        with suppress(OSError):
            if self.version == 4:
                blocked = struct.pack("I", 0xFFFFFFFF & ~(1 << _REPLY[4]))
                self._socket.setsockopt(_SOL_RAW, _ICMP_FILTER, blocked)
            else:
                words = [0xFFFFFFFF] * 8
                words[_REPLY[6] >> 5] &= ~(1 << (_REPLY[6] & 31))
                blocked = struct.pack("8I", *words)
                self._socket.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, blocked)


def _checksum(packet: bytes) -> bytes:
    """The Internet checksum (RFC 1071) of an even number of bytes."""
    total = sum(word for (word,) in struct.iter_unpack("!H", packet))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", ~total & 0xFFFF)
