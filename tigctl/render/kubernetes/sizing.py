"""What each container asks for, from devices and series; docs/sizing.md says why.

Pure arithmetic: more devices never get less. Figures are rounded up to coarse steps, because a
change of them restarts the pod: one device more shall not do that every day.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from collectors.telegraf.model import Shard
from tigctl.render.bundle import DeviceSummary
from tigctl.render.kubernetes.model import Stack
from tigctl.spec.quantity import format_size
from tigctl.spec.stack import Component

MEBIBYTE = 2**20

# Series that polling a device makes besides its points: `inventory`, the texts of `system`, and
# `collector` of up to three inputs.
SERIES_PER_DEVICE = 5
# Points that Telegraf writes about the inputs of a device, per poll.
OWN_POINTS = 3

# InfluxDB. Memory: 25,000 series of 11 fields, written and queried, took 1.7 GiB; the buckets of
# means hold each series again. Processor: a point of 11 fields costs 0.065 ms with all that follows
# from it; the rest is for queries.
INFLUXDB_BYTES = 256 * MEBIBYTE
SERIES_BYTES = 64 * 1024
INFLUXDB_LEAST = 512 * MEBIBYTE
INFLUXDB_CPU = 50
CPU_PER_STORED_POINT = 0.5
CPU_LEAST = 100
# Seconds between two polls that each step of memory has processor for, whatever the real interval:
# a longer one, or one more minute of it, shall not restart InfluxDB.
CPU_INTERVAL = 60

# Telegraf. A point costs 0.12 ms to poll, which is doubled and more for its script and its write;
# a ping is a process of its own: 3 ms and 0.3 MiB.
TELEGRAF_CPU = 20
CPU_PER_POLLED_POINT = 0.4
CPU_PER_PING = 5.0
TELEGRAF_CPU_LEAST = 50
PING_BYTES = 512 * 1024
TELEGRAF_MARGIN = 1.15
TELEGRAF_STEP = 32 * MEBIBYTE

# Shares of the limit at which Go begins to save memory. What it does not count needs the rest:
# Flux's and SQLite's own in InfluxDB, pings beside Telegraf.
INFLUXDB_GO_SHARE = 0.8
TELEGRAF_GO_SHARE = 0.85


@dataclass(frozen=True, slots=True)
class Needs:
    """What one container asks for: processor in thousandths, memory in bytes.

    `cpu_limit` 0 means none, as by default: the processor's time that nobody else wants is free.
    """

    cpu: int
    memory: int
    memory_limit: int
    cpu_limit: int = 0

    def resources(self) -> dict[str, dict[str, str]]:
        """As a container of Kubernetes has them."""
        limits = {"memory": size(self.memory_limit)}
        if self.cpu_limit:
            limits = {"cpu": cpu(self.cpu_limit), **limits}
        return {"requests": {"cpu": cpu(self.cpu), "memory": size(self.memory)}, "limits": limits}


@dataclass(frozen=True, slots=True)
class Load:
    """What polling makes of some devices; rates are per second."""

    series: int = 0
    points_per_s: float = 0.0
    pings_per_s: float = 0.0
    pinged: int = 0


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the containers of a tenant ask for; `telegraf` in the order of the shards."""

    influxdb: Needs
    telegraf: tuple[Needs, ...]
    grafana: Needs

    def all(self) -> tuple[Needs, ...]:
        """All of them."""
        return (self.influxdb, *self.telegraf, self.grafana)


# Grafana's use follows from its visitors, not from devices. A rendering of a large board by many at
# once is what the limit is for.
GRAFANA = Needs(cpu=100, memory=256 * MEBIBYTE, memory_limit=1024 * MEBIBYTE)

# InfluxDB of a named size, and the series it is made for. Telegraf follows from its devices in
# every size, because with less it would be ended in the middle of the outage it keeps samples for.
NAMED: Mapping[str, Needs] = {
    "small": Needs(100, 512 * MEBIBYTE, 512 * MEBIBYTE),
    "medium": Needs(300, 2048 * MEBIBYTE, 2048 * MEBIBYTE),
    "large": Needs(1200, 8192 * MEBIBYTE, 8192 * MEBIBYTE),
}


def sizes(stack: Stack) -> Sizes:
    """What each container of the tenant asks for, with what the tenant sets by hand."""
    own = stack.settings.resources
    named = NAMED.get(stack.settings.size)
    by_name = {summary.name: summary for summary in stack.summaries}
    return Sizes(
        influxdb=overridden(named or influxdb(load(stack.summaries)), own.influxdb),
        telegraf=tuple(
            overridden(telegraf(shard, _load_of(shard, by_name)), own.telegraf)
            for shard in stack.shards
        ),
        grafana=overridden(GRAFANA, own.grafana),
    )


def notes(stack: Stack) -> tuple[str, ...]:
    """What a person should know of the chosen sizes before they are carried out, in sentences."""
    given = sizes(stack)
    made = load(stack.summaries)
    wanted = influxdb(made).memory_limit
    said = []
    if given.influxdb.memory_limit < wanted:
        said.append(
            f"InfluxDB gets {size(given.influxdb.memory_limit)} of memory, its {made.series:,}"
            f" series may need {size(wanted)}: expect it to be restarted under load"
        )
    said += [
        f"{shard.name} gets {size(needs.memory_limit)} of memory and may need"
        f" {size(_up(shard.memory_bytes, MEBIBYTE))} in an outage of InfluxDB: samples may be lost"
        for shard, needs in zip(stack.shards, given.telegraf, strict=True)
        if needs.memory_limit < shard.memory_bytes
    ]
    return tuple(said)


def load(summaries: Iterable[DeviceSummary]) -> Load:
    """What polling makes of these devices."""
    series = pinged = 0
    points = pings = 0.0
    for summary in summaries:
        budget = summary.budget
        series += budget.points + SERIES_PER_DEVICE
        points += (budget.points + OWN_POINTS) / budget.interval
        if summary.icmp:
            pinged += 1
            pings += 1 / budget.interval
    return Load(series, points, pings, pinged)


def _load_of(shard: Shard, by_name: Mapping[str, DeviceSummary]) -> Load:
    return load(by_name[name] for name in shard.devices if name in by_name)


def influxdb(made: Load) -> Needs:
    """InfluxDB for this load. All memory is requested: page cache and queries come and go.

    Its processor goes with its memory; only more points than its series give once a minute ask
    for more.
    """
    memory = _step(INFLUXDB_BYTES + SERIES_BYTES * made.series, INFLUXDB_LEAST)
    usual = series_served(memory) / CPU_INTERVAL
    processor = INFLUXDB_CPU + CPU_PER_STORED_POINT * max(made.points_per_s, usual)
    return Needs(_step(processor, CPU_LEAST), memory, memory)


def series_served(memory: int) -> int:
    """The series that InfluxDB with this memory is made for."""
    return max(0, (memory - INFLUXDB_BYTES) // SERIES_BYTES)


def points_served(processor: int) -> int:
    """The points a second that InfluxDB with these thousandths of a processor is made for."""
    return max(0, int((processor - INFLUXDB_CPU) / CPU_PER_STORED_POINT))


def telegraf(shard: Shard, made: Load) -> Needs:
    """One Telegraf, its buffer full. All of it is requested.

    A pod above its request is the first to go when a node runs short, and Telegraf's buffer fills
    exactly when something else is wrong already.
    """
    most = (shard.memory_bytes + PING_BYTES * made.pinged) * TELEGRAF_MARGIN
    memory = _up(most, TELEGRAF_STEP)
    processor = (
        TELEGRAF_CPU + CPU_PER_POLLED_POINT * made.points_per_s + CPU_PER_PING * made.pings_per_s
    )
    return Needs(_step(processor, TELEGRAF_CPU_LEAST), memory, memory)


def overridden(needs: Needs, own: Component) -> Needs:
    """`needs` with what the tenant sets; what it leaves out gives way where it must."""
    limit = own.limits.memory or max(needs.memory_limit, own.requests.memory or 0)
    cpu_limit = own.limits.cpu or needs.cpu_limit
    return Needs(
        cpu=own.requests.cpu or (min(needs.cpu, cpu_limit) if cpu_limit else needs.cpu),
        memory=own.requests.memory or min(needs.memory, limit),
        memory_limit=limit,
        cpu_limit=cpu_limit,
    )


def total(needs: Sequence[Needs]) -> Needs:
    """The sum of several containers."""
    return Needs(
        cpu=sum(one.cpu for one in needs),
        memory=sum(one.memory for one in needs),
        memory_limit=sum(one.memory_limit for one in needs),
        cpu_limit=sum(one.cpu_limit for one in needs),
    )


def size(count: int) -> str:
    """Bytes as the API server writes them; part of a KiB counts as one."""
    return format_size(_up(count, 1024))


def cpu(thousandths: int) -> str:
    """Thousandths of a processor as the API server writes them."""
    return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)


def _up(value: float, step: int) -> int:
    return math.ceil(value / step) * step


def _step(value: float, least: int) -> int:
    """The next of `least` times 1, 1.5, 2, 3, 4, 6, 8 …"""
    step = least
    while value > step:
        if value <= step * 3 // 2:
            return step * 3 // 2
        step *= 2
    return step
