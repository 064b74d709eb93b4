"""What goes into rendering Telegraf configurations, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass, field

from collectors.device import Device
from collectors.facts import Facts
from collectors.knowledge.model import Match
from collectors.login import Login
from collectors.telegraf.rule import InterfaceRule


@dataclass(frozen=True, slots=True)
class Poll:
    """One device with all that its polling follows from.

    `facts` is None for a device that was never probed or never answered: it gets ping,
    system and interfaces. `login` is None only where the device's `snmp` is no.
    """

    device: Device
    login: Login | None
    facts: Facts | None
    match: Match


@dataclass(frozen=True, slots=True)
class Settings:
    """What the tenant sets for all of its polling. Durations are in seconds.

    `jitter` is the time over which the devices' first polls are spread. `ping_method` is
    `native` or `exec`: whoever calls has resolved `auto`. `outage` is how long no sample is
    lost while InfluxDB is away. `interfaces` says which of them give points.
    """

    organization: str
    bucket: str = "raw"
    interval: int = 60
    slow_interval: int = 21_600
    jitter: int = 20
    ping_count: int = 4
    ping_method: str = "native"
    outage: int = 900
    interfaces: InterfaceRule = field(default_factory=InterfaceRule)
    url_variable: str = "TIGCTL_INFLUXDB_URL"
    token_variable: str = "TIGCTL_INFLUXDB_TOKEN"  # noqa: S105 - a name, not a secret


@dataclass(frozen=True, slots=True)
class Budget:
    """What the polling of one device costs, by prediction.

    Attributes:
        interval: seconds between two polls, stretched where the device is too slow.
        requests: SNMP requests per poll.
        bytes: of requests and answers per poll.
        points: points per poll, ping and TCP included.
        worst_s: seconds that one poll takes at the worst (each answer at `answer_ms`).
    """

    interval: int
    requests: int
    bytes: int
    points: int
    worst_s: float


@dataclass(frozen=True, slots=True)
class Shard:
    """One Telegraf process: a complete configuration in one file, and what it needs.

    Attributes:
        name: `telegraf-0`, `telegraf-1` …; the file is `NAME.conf`.
        config: TOML text.
        devices: names, in order.
        digests: device -> digest of that device's part of the configuration, so that a plan
            can say which devices change.
        variables: environment variables it names, in order.
        buffer_points: metric_buffer_limit.
        memory_bytes: what the process may need at the worst, with the buffer full.
    """

    name: str
    config: str
    devices: tuple[str, ...]
    digests: dict[str, str]
    variables: tuple[str, ...]
    buffer_points: int
    memory_bytes: int
