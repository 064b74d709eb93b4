"""Datagrams to many SNMP agents from one socket.

The socket is not connected, so the word of a host that nobody listens on a port (ICMP port
unreachable) does not come by itself: Linux keeps it in the socket's error queue, with the
address that was asked (IP_RECVERR, ip(7)).
"""

from __future__ import annotations

import errno
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress

_BUFFER = 8 << 20
_LARGEST = 65_535
_LINUX = sys.platform == "linux"
# linux/in.h, linux/in6.h, linux/errqueue.h and asm-generic/socket.h: Python does not name them.
_IP_RECVERR, _IPV6_RECVERR, _MSG_ERRQUEUE, _SO_RCVBUFFORCE = 11, 25, 0x2000, 33
_EXTENDED_ERROR = struct.Struct("=IBBBBII")  # struct sock_extended_err
_OFFENDER = {4: slice(20, 24), 6: slice(24, 40)}  # its address in the sockaddr behind that
_MOST_ERRORS = 1000


class Wire:
    """One UDP socket for one version of IP."""

    def __init__(self, version: int) -> None:
        self.version = version
        self._family = socket.AF_INET if version == 4 else socket.AF_INET6
        self._socket = socket.socket(self._family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        for option in (socket.SO_RCVBUF, *([_SO_RCVBUFFORCE] if _LINUX else [])):
            with suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
        if _LINUX:
            level, option = (
                (socket.IPPROTO_IP, _IP_RECVERR)
                if version == 4
                else (socket.IPPROTO_IPV6, _IPV6_RECVERR)
            )
            self._socket.setsockopt(level, option, 1)

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._socket.fileno()

    def close(self) -> None:
        """Ends it."""
        self._socket.close()

    def send(self, data: bytes, address: str, port: int) -> bool:
        """Send to one agent; False where the socket's buffer is full.

        The system may refuse with an error that belongs to what was sent before: it is asked
        twice. What it refuses then counts as lost on the way.
        """
        for _ in range(2):
            try:
                self._socket.sendto(data, (address, port))
            except BlockingIOError:
                return False
            except OSError:
                continue
            return True
        return True

    def answers(self, most: int) -> Iterator[tuple[bytes, str, int]]:
        """What has arrived by now, with the sender's address and port; at most so many."""
        for _ in range(most):
            try:
                data, sender = self._socket.recvfrom(_LARGEST)
            except BlockingIOError:
                return
            except OSError:
                continue  # the same word stands in the error queue
            yield data, sender[0].partition("%")[0], sender[1]

    def closed(self) -> Iterator[tuple[str, int]]:
        """Addresses and ports whose own host says that nobody listens there."""
        if not _LINUX:
            return
        for _ in range(_MOST_ERRORS):
            try:
                _, ancillary, _, asked = self._socket.recvmsg(0, 512, _MSG_ERRQUEUE)
            except OSError:
                return
            for _, _, content in ancillary:
                if self._is_its_own_word(content, asked[0]):
                    yield asked[0].partition("%")[0], asked[1]

    def _is_its_own_word(self, content: bytes, address: str) -> bool:
        """Whether the host itself said so: the word of a firewall on the way proves nothing."""
        if len(content) < _OFFENDER[self.version].stop:
            return False
        number = _EXTENDED_ERROR.unpack_from(content)[0]
        offender = content[_OFFENDER[self.version]]
        return bool(
            number == errno.ECONNREFUSED and offender == socket.inet_pton(self._family, address)
        )
