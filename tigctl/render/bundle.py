"""Everything rendered for one tenant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from collectors.telegraf.model import Budget, Shard


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of InfluxDB; `retention` in seconds, at least 3,600."""

    name: str
    retention: int


@dataclass(frozen=True, slots=True)
class Token:
    """An authorization of InfluxDB, found again by its description.

    `read` and `write` name the buckets it may read or write, and nothing else.
    """

    description: str
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InfluxState:
    """What InfluxDB must hold for a tenant."""

    organization: str
    buckets: tuple[Bucket, ...]
    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class DeviceSummary:
    """What the bundle expects of one device; `status` and `verify` judge by it.

    `expects` names the measurements that should arrive (`ping`, `system`, `interface` …);
    `silence` says why probing got no answer, empty where it did or was not done.
    """

    name: str
    address: str
    profile: str
    site: str
    role: str
    snmp: bool
    icmp: bool
    probed: bool
    expects: tuple[str, ...]
    budget: Budget
    silence: str = ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """All of one tenant, ready for a target."""

    tenant: str
    telegraf: tuple[Shard, ...]
    influxdb: InfluxState
    devices: tuple[DeviceSummary, ...]
    notes: tuple[str, ...] = ()
    kubernetes: Mapping[str, str] = field(default_factory=dict)
