"""What a sweep is asked to do, what it says while it runs, and what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

DEFAULT_RATE = 1_000
MOST_RATE = 20_000
MOST_ADDRESSES = 1 << 24
"""As many as a /8 has; at the default rate five hours for each login."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a sweep goes about it. Times are in seconds.

    Attributes:
        rate: packets a second, of pings and of SNMP each.
        patience: how long an answer is waited for before an address is asked something else.
        retries: how often silent addresses are pinged again, and asked again by SNMP where
            there is a sign that somebody is there.
    """

    rate: int = DEFAULT_RATE
    patience: float = 2.0
    retries: int = 1


@dataclass(frozen=True, slots=True)
class Seen:
    """Somebody who answered.

    Attributes:
        credentials: name of the login that fits; empty where none does.
        ping: whether ping was answered. An address that answers SNMP is not always pinged.
        engine_id: in hexadecimal, empty if not told.
        serial: of the chassis, empty if not told.
        trouble: why there is no login that fits though an agent is there; empty where nothing
            of an agent was heard.
        closed: the host says that nobody listens on the port.
    """

    address: str
    port: int
    credentials: str = ""
    ping: bool = False
    sys_object_id: str = ""
    sys_descr: str = ""
    sys_name: str = ""
    engine_id: str = ""
    serial: str = ""
    trouble: str = ""
    closed: bool = False

    @property
    def snmp(self) -> bool:
        """Whether it answered to a login."""
        return bool(self.credentials)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep is. `left` is in seconds, by the packets still to be sent."""

    done: int
    total: int
    left: float
    found: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What has to be kept of an interrupted sweep, to go on with it later.

    Attributes:
        attempt, question, index: where the SNMP packets are: everything before was sent and
            had time to be answered. `question` counts the logins from 0.
        ping_attempt, ping_index: the same for pings; `ping_attempt` is -1 where all are sent.
        flags: one byte for each target; see the module `sweep`.
        lost: pings that only a later attempt got an answer to.
        seen: who answered to a login, or gave an agent's sign.
    """

    attempt: int = 0
    question: int = 0
    index: int = 0
    ping_attempt: int = 0
    ping_index: int = 0
    flags: bytes = b""
    lost: int = 0
    seen: tuple[Seen, ...] = ()


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found, in the order of addresses. `unpinged` says why nothing was pinged."""

    seen: tuple[Seen, ...]
    unpinged: str = ""


Observer = Callable[[Progress], None]
"""Told now and then how far it is, some times a second."""
Keeper = Callable[[Kept], None]
"""Given every few seconds, and when interrupted, what has to be kept."""
