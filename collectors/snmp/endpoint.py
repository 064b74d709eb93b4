"""One UDP socket to one agent, inside an asyncio loop.

The socket is connected, as Telegraf's is: an answer from another address is not heard, and
the word of the host that nobody listens there (ICMP port unreachable) is. The time of
arrival is the kernel's where it tells (Linux), so that a busy event loop does not make a
device look slow.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import time
from typing import Protocol, Self

_LARGEST = 65_535
# SO_TIMESTAMPNS of Linux, which Python's socket module does not name.
_TIMESTAMP = 35 if sys.platform == "linux" else None
_TIMESPEC = struct.Struct("@ll")


class Hearer(Protocol):
    """Who gets what arrives."""

    def heard(self, data: bytes, at: float) -> None:
        """A datagram arrived at this time (seconds since the epoch)."""

    def failed(self, error: OSError) -> None:
        """The network said that a datagram could not be delivered."""


class Endpoint:
    """A connected UDP socket. Use it as a context manager, inside a running loop.

    Opening raises OSError where the system knows no way to the address.
    """

    def __init__(self, address: str, port: int, hearer: Hearer) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._hearer = hearer
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            if _TIMESTAMP is not None:
                self._socket.setsockopt(socket.SOL_SOCKET, _TIMESTAMP, 1)
            self._socket.connect((address, port))
        except OSError:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        asyncio.get_running_loop().add_reader(self._socket, self._read)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def send(self, data: bytes) -> float:
        """Send one datagram; the time it left (seconds since the epoch).

        A full buffer counts as a datagram lost on the way, which a retry makes good.
        """
        at = time.time()
        try:
            self._socket.send(data)
        except BlockingIOError:
            pass
        except OSError as error:
            self._hearer.failed(error)
        return at

    def _read(self) -> None:
        try:
            data, ancillary, _, _ = self._socket.recvmsg(_LARGEST, 64)
        except BlockingIOError:
            return
        except OSError as error:
            self._hearer.failed(error)
            return
        self._hearer.heard(data, _arrival(ancillary))


def _arrival(ancillary: list[tuple[int, int, bytes]]) -> float:
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, _TIMESTAMP):
            seconds, nanoseconds = _TIMESPEC.unpack(content[: _TIMESPEC.size])
            return float(seconds + nanoseconds / 1e9)
    return time.time()
