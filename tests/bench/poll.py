"""One Telegraf polls 500 devices × 48 ports every 60 s, 5 % of them dead.

Measured: processor time and SNMP packets of tigctl's configuration against those of a
configuration in the style of Telegraf's SNMP example (`official`) for the same devices, one
after the other in one run, over the same number of intervals after the first one; and the
intervals that a living device has no point for. Both write line protocol to a file. The official
style does not ping, so the goals are for tigctl's configuration with `icmp: no`; what it costs
with ping stands beside it. Both of tigctl's read CPU and storage as well; the other one does not.

Costs are by round: divided by how often a living device was polled in that time. By the clock
the official style looks cheaper than it is, for dead devices hold its rounds up and it misses
every other one.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench import official, points, stage
from tests.bench.report import Figure
from tests.integration.servers import telegraf


@dataclass(frozen=True, slots=True)
class Cost:
    """What some intervals of polling cost. `missed`: of all living devices, from the start on."""

    cpu_seconds: float
    packets: int
    rounds: float
    missed: int

    @property
    def cpu_per_round(self) -> float:
        """Seconds."""
        return self.cpu_seconds / self.rounds

    @property
    def packets_per_round(self) -> float:
        """SNMP packets in both directions, those to dead devices included."""
        return self.packets / self.rounds


def run(scale: stage.Scale, directory: Path) -> list[Figure]:
    """All figures of this measurement."""
    # The official style needs a minute for a round with dead devices; a quick one has none.
    dead = 0 if scale.quick else scale.devices // 20
    with stage.farm(stage.layout(scale, base="127.30.0.1", dead=dead)) as serving:
        pinging, quiet = (
            stage.workspace(
                directory / name,
                stage.devices_of(serving),
                f"polling: {{interval: {scale.interval}s}}\noutage: 5m\n",
                icmp=icmp,
            )
            for name, icmp in (("with-ping", True), ("snmp-alone", False))
        )
        probing = stage.tigctl(pinging, "probe", stage.TENANT)
        lock = Path("tenants", stage.TENANT, "devices.lock.json")
        shutil.copy(pinging / lock, quiet / lock)
        full, ours = (
            _measure(
                Subject(stage.rendered(root)[0], "system", "device"),
                serving,
                scale,
                directory / f"{root.name}-ours",
            )
            for root in (pinging, quiet)
        )
        agents = [f"udp://{address}:{port}" for address, port in stage.devices_of(serving).values()]
        other = official.write(directory / "usual.conf", agents, stage.COMMUNITY, scale.interval)
        theirs = _measure(
            Subject(other, "snmp", "hostname"), serving, scale, directory / "official"
        )
    name = f"{scale.devices} devices × {scale.ports} ports, {dead} dead, {scale.interval} s"
    return [
        Figure(f"probe: {name}", probing.seconds, "s"),
        Figure(f"poll: {name}: CPU per round, of official",
               ours.cpu_per_round / theirs.cpu_per_round, "×", 0.4),
        Figure(f"poll: {name}: packets per round, of official",
               ours.packets_per_round / theirs.packets_per_round, "×", 0.3),
        Figure(f"poll: {name}: intervals missed by living devices",
               full.missed + ours.missed, "", 0),
        Figure("poll: CPU per round", ours.cpu_per_round, "s"),
        Figure("poll with ping: CPU per round", full.cpu_per_round, "s"),
        Figure("poll with ping: CPU per round, of official",
               full.cpu_per_round / theirs.cpu_per_round, "×"),
        Figure("poll: packets per round", ours.packets_per_round, ""),
        Figure("official: CPU per round", theirs.cpu_per_round, "s"),
        Figure("official: packets per round", theirs.packets_per_round, ""),
        Figure("official: intervals missed by living devices", theirs.missed, ""),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subject:
    """A configuration, and by which measurement and tag its polls of a device are known."""

    config: Path
    measurement: str
    tag: str


def _measure(subject: Subject, serving: stage.FarmProcess, scale: stage.Scale, name: Path) -> Cost:
    lines = name.with_suffix(".lines")
    copy = stage.to_file(subject.config, lines)
    with telegraf(copy, lines.parent, {"SNMP_COMMUNITY": stage.COMMUNITY, **_NO_OUTPUT}) as running:
        began = time.time()
        stage.wait(scale.interval, f"{lines.stem}: first interval")
        opened, cpu, before = time.time(), stage.cpu_seconds(running.pid), serving.statistics()
        stage.wait(scale.interval * scale.rounds, f"{lines.stem}: {scale.rounds} intervals")
        if running.process.poll() is not None:
            raise stage.Unfit(f"Telegraf ended:\n{running.said()[-1500:]}")
        cpu, after = stage.cpu_seconds(running.pid) - cpu, serving.statistics()
        ended = time.time()
    found = points.times(lines, subject.measurement, subject.tag)
    alive = stage.living(serving)
    polls = sum(opened <= at < ended for device in alive for at in found.get(device, ()))
    if not polls:
        raise stage.Unfit(f"{lines.stem}: no device was polled in the time measured; more --rounds")
    return Cost(
        cpu_seconds=cpu,
        packets=after.packets - before.packets,
        rounds=polls / len(alive),
        missed=sum(
            points.missed(found.get(device, ()), scale.interval, began, ended) for device in alive
        ),
    )


# The variables of the output that was taken out; strict environment handling wants none of them,
# but a configuration may name them elsewhere.
_NO_OUTPUT = {"TIGCTL_INFLUXDB_URL": "http://127.0.0.1:1", "TIGCTL_INFLUXDB_TOKEN": "none"}
