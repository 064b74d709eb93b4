"""What probing found out about a device. Plain data: the lock file is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class InterfaceKey(StrEnum):
    """What names an interface on this device: the first of these that is there and unique."""

    NAME = "ifName"
    DESCR = "ifDescr"
    INDEX = "index"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Who stands at the other end of a link.

    Attributes:
        protocol: `lldp` or `cdp`.
        port: this device's port, as it names it.
        name: the neighbour's sysName or device ID; its chassis address where it has no name.
        far_port: the neighbour's port; empty if not told.
    """

    protocol: str
    port: str
    name: str
    far_port: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a device told when it was probed.

    Attributes:
        credentials: name of the credentials it answered to.
        sys_object_id: dotted, without a leading dot; empty if it tells none.
        sys_descr, sys_name: as told, cut to 1,024 characters, control characters replaced.
        engine_id: of its SNMP engine, in hexadecimal; empty if not known.
        serial: entPhysicalSerialNum.1, which a sweep asks for too; with the engine ID it tells
            the device again at another address. Empty if not told.
        answers: OID of a table's column or of a scalar (without the trailing .0) to the number
            of rows that answered. What is not in it was asked for and did not answer, or was
            not asked for. This says which capabilities the device has and how big they are.
        texts: the OIDs profiles name for identity (full OID, with instance) to what they said.
        interface_key: what names this device's interfaces uniquely.
        max_repetitions: the largest GETBULK repetition count the device was seen to bear.
        answer_ms: in which nine of ten answers came, rounded up to 10, 20, 50, 100, 200, 500 … ms,
            so that two probes of an unchanged device give the same lock.
        fastest: Mbit/s of the fastest interface, found out only of a device that has 32-bit
            counters alone: it says how soon they wrap. 0: not known, or not needed.
        names: columns that name rows (`OID`, or `OID/OID` where only the rows of another column
            count) to the names that more than one row has. What is not in it is not known.
        interfaces: digest of the interfaces' names, and one of names with their indices. Where
            the first stays and the second changes, the device has numbered them anew.
        neighbours: by LLDP and CDP, sorted.
        enterprises: numbers below 1.3.6.1.4.1 under which it answers, but for those of agents;
            asked only of a device whose sysObjectID names nobody, or Net-SNMP.
    """

    credentials: str
    sys_object_id: str
    sys_descr: str
    sys_name: str
    engine_id: str = ""
    serial: str = ""
    answers: Mapping[str, int] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    interface_key: InterfaceKey = InterfaceKey.NAME
    max_repetitions: int = 25
    answer_ms: int = 10
    fastest: int = 0
    interfaces: tuple[str, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    enterprises: tuple[str, ...] = ()

    @property
    def wrap_s(self) -> float | None:
        """Seconds in which a 32-bit counter of octets wraps on the fastest interface."""
        return 2**32 * 8 / (self.fastest * 1e6) if self.fastest else None


class Reason(StrEnum):
    """Why a device gave no facts."""

    DEAD = "dead"  # neither ping nor SNMP answers
    NO_ANSWER = "no-answer"  # ping answers, SNMP does not: wrong community, filter, no agent
    REFUSED = "refused"  # SNMPv3 answered with a report: unknown user, wrong password …
    TIMEOUT = "timeout"  # it began to answer, then the deadline passed
    BROKEN = "broken"  # what it answers is no SNMP, or makes no sense
    NO_SNMP = "no-snmp"  # not asked: the inventory says snmp: no


@dataclass(frozen=True, slots=True)
class Silence:
    """Why the last probe gave no facts, in a code and in words for a person."""

    reason: Reason
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """One device's entry in the lock: what is known of it and why the last probe failed.

    `facts` stay when a later probe finds the device silent: an outage must not change what is
    polled. `address` and `port` say who was asked; an entry for another address is stale.
    """

    address: str
    port: int
    facts: Facts | None
    silence: Silence | None = None
