"""A device: one row of the inventory."""

from __future__ import annotations

from dataclasses import dataclass

SNMP_PORT = 161


@dataclass(frozen=True, slots=True)
class Device:
    """One device as the inventory names it.

    Attributes:
        name: kept as written; the tag `device` of every point.
        address: IPv4 or IPv6 in canonical form, without brackets or zone.
        port: UDP port of the SNMP agent.
        site, role: tags of every point; empty where not known.
        parent: name of the device this one hangs on; empty where not known.
        credentials: name of the credentials to log in with; empty means the tenant's default.
        snmp, icmp: whether the device is asked by SNMP, by ping.
        tcp: ports whose TCP handshake is timed.
        interval: seconds between two polls; None means the tenant's `polling.interval`.
        tags: labels for selecting devices (alert routes, boards); never tags of points.
    """

    name: str
    address: str
    port: int = SNMP_PORT
    site: str = ""
    role: str = ""
    parent: str = ""
    credentials: str = ""
    snmp: bool = True
    icmp: bool = True
    tcp: tuple[int, ...] = ()
    interval: int | None = None
    tags: tuple[tuple[str, str], ...] = ()
