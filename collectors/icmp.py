"""Ping: the only module that imports icmplib.

Raw sockets where this process may open them (root, CAP_NET_RAW), else datagram ICMP sockets
(Linux: `net.ipv4.ping_group_range`), else NoRight.
"""

from __future__ import annotations

import itertools
import secrets
import socket
from typing import cast

from collectors.errors import NoRight

_GAP = 0.2
"""Seconds between two pings of one address."""

# A raw socket hears the answers to all processes' pings, and icmplib tells them apart by number
# alone, which it begins at the process's: two processes started one after the other would take a
# dead host for alive.
_numbers = itertools.count(secrets.randbelow(1 << 16))


def can_raw() -> bool:
    """Whether this process may open raw ICMP sockets, as Telegraf's native ping has to."""
    return _may_open(socket.SOCK_RAW)


def can_ping() -> bool:
    """Whether this process may ping at all."""
    return can_raw() or _may_open(socket.SOCK_DGRAM)


async def ping(address: str, *, count: int, timeout: float) -> float | None:
    """Average response of one address in ms, None where it never answered.

    `timeout` is in seconds per packet. Raises NoRight.
    """
    import icmplib  # noqa: PLC0415 - only a probe or a sweep needs it

    number = next(_numbers) % ((1 << 16) - 1) + 1  # 0 would let icmplib choose
    try:
        host = await icmplib.async_ping(
            address,
            count=count,
            interval=_GAP,
            timeout=timeout,
            id=number,
            privileged=can_raw(),
        )
    except icmplib.SocketPermissionError as error:
        raise no_right() from error
    except icmplib.ICMPLibError:
        return None
    return cast("float", host.avg_rtt) if host.is_alive else None


def _may_open(kind: socket.SocketKind) -> bool:
    try:
        socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
    except OSError:
        return False
    return True


def no_right() -> NoRight:
    """The error that names the right this process lacks."""
    return NoRight(
        "this process may not ping: neither raw nor datagram ICMP sockets are allowed",
        hint="run as root, give it CAP_NET_RAW, or let its group ping:"
        " sysctl -w net.ipv4.ping_group_range='0 2147483647'",
    )
