"""Ping on loopback, by raw and by datagram sockets, and what happens where neither is allowed.

Left out: a host that does not answer, for all of 127.0.0.0/8 does (the demo has one).
"""

from __future__ import annotations

import asyncio
import itertools
import socket

import pytest

from collectors import icmp
from collectors.errors import NoRight

REAL_SOCKET = socket.socket


def forbid(monkeypatch: pytest.MonkeyPatch, *kinds: socket.SocketKind) -> None:
    """Let the system refuse ICMP sockets of these kinds, as it does to a plain user."""

    class Guarded(REAL_SOCKET):
        def __init__(
            self,
            family: int = -1,
            type: int = -1,  # noqa: A002 - its name there
            proto: int = -1,
            fileno: int | None = None,
        ) -> None:
            if type in kinds and proto in (socket.IPPROTO_ICMP, socket.IPPROTO_ICMPV6):
                raise PermissionError(1, "Operation not permitted")
            super().__init__(family, type, proto, fileno)

    monkeypatch.setattr(socket, "socket", Guarded)


def ping(address: str) -> float | None:
    return asyncio.run(icmp.ping(address, count=2, timeout=2.0))


@pytest.mark.skipif(not icmp.can_ping(), reason="this process may not ping")
def test_loopback_answers() -> None:
    for address in ("127.0.0.1", "127.9.8.7", "::1"):
        answer = ping(address)
        assert answer is not None, address
        assert answer < 2000, address


@pytest.mark.skipif(not icmp.can_ping(), reason="this process may not ping")
def test_an_address_nobody_can_reach_is_no_error() -> None:
    # The system sends nothing to all hosts of a network unless a socket asks for that.
    assert ping("255.255.255.255") is None


def test_without_any_right_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    forbid(monkeypatch, socket.SOCK_RAW, socket.SOCK_DGRAM)
    assert not icmp.can_raw()
    assert not icmp.can_ping()
    with pytest.raises(NoRight) as caught:
        ping("127.0.0.1")
    assert "ping_group_range" in str(caught.value.hint)


def test_without_raw_sockets_datagrams_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    import icmplib  # noqa: PLC0415 - as the adapter does

    asked: list[bool] = []

    async def async_ping(address: str, *, privileged: bool, **_: object) -> icmplib.Host:
        asked.append(privileged)
        return icmplib.Host(address, 1, [0.5])

    monkeypatch.setattr(icmplib, "async_ping", async_ping)
    monkeypatch.setattr(icmp, "can_raw", lambda: False)
    assert ping("127.0.0.1") == 0.5
    assert asked == [False]


def test_no_ping_has_the_number_that_lets_the_library_choose(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import icmplib  # noqa: PLC0415 - as the adapter does

    numbers: list[int] = []

    async def async_ping(address: str, **said: int) -> icmplib.Host:
        numbers.append(said["id"])
        return icmplib.Host(address, 1, [0.5])

    monkeypatch.setattr(icmplib, "async_ping", async_ping)
    monkeypatch.setattr(icmp, "_numbers", itertools.count(65533))
    for _ in range(4):
        ping("127.0.0.1")
    assert numbers == [65534, 65535, 1, 2]
