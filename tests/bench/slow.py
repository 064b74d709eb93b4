"""One device answers each request after 4 s; how late are the points of all others?

Measured: the most that two polls in a row of any other device lay further apart than the
interval, in per cent of the interval. Times are those of the points, to the millisecond.
"""

from __future__ import annotations

from pathlib import Path

from tests.bench import points, stage
from tests.bench.report import Figure
from tests.integration.servers import telegraf
from tests.simulator.model import device_name

DELAY = 4.0  # seconds


def run(scale: stage.Scale, directory: Path) -> list[Figure]:
    """All figures of this measurement."""
    slow = device_name(1)
    with stage.farm(stage.layout(scale, base="127.32.0.1", delays=((1, DELAY),))) as serving:
        root = stage.workspace(
            directory / "workspace",
            stage.devices_of(serving),
            f"polling: {{interval: {scale.interval}s}}\noutage: 5m\n",
        )
        stage.tigctl(root, "probe", stage.TENANT)
        config, _ = stage.rendered(root)
        lines = directory / "slow.lines"
        copy = stage.to_file(config, lines, precision="1ms")
        environ = {"SNMP_COMMUNITY": stage.COMMUNITY}
        with telegraf(copy, directory, environ) as running:
            stage.wait(scale.interval * (scale.rounds + 1), f"{scale.rounds + 1} intervals")
            if running.process.poll() is not None:
                raise stage.Unfit(f"Telegraf ended:\n{running.said()[-1500:]}")
    found = points.times(lines, "system", "device")
    others = {device: at for device, at in found.items() if device != slow}
    if len(others) < scale.devices - 1:
        raise stage.Unfit(f"points of {len(others)} of {scale.devices - 1} devices only")
    latest = max(points.lateness(at, scale.interval) for at in others.values())
    name = f"one of {scale.devices} devices answers after {DELAY:.0f} s"
    return [
        Figure(f"slow: {name}: others late by at most", 100 * latest, "% of interval", 10),
        Figure("slow: polls of the slow device itself", len(found.get(slow, ())), ""),
    ]
