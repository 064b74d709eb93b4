"""InfluxDB is away for 150 s under load; what is lost, and how much memory did waiting take?

Measured: points that Telegraf collected (it writes them to a file as well) against points in
InfluxDB after it is back; and the most memory Telegraf ever had resident against what the
bundle promised (`memory_bytes`).
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from tests.bench import points, stage
from tests.bench.report import Figure
from tests.integration.servers import InfluxServer, Server, free_port, influxd, telegraf

# A field that every point of the measurement holds.
_COUNTED = {"system": "uptime_seconds", "interface": "ifOperStatus", "ping": "result_code"}
_AWAY = 150.0  # seconds
_PATIENCE = 120.0  # seconds for the buffer to empty


def run(scale: stage.Scale, directory: Path) -> list[Figure]:
    """All figures of this measurement."""
    away = 30.0 if scale.quick else _AWAY
    lines, port = directory / "outage.lines", free_port()
    with stage.farm(stage.layout(scale, base="127.34.0.1")) as serving:
        root = stage.workspace(
            directory / "workspace",
            stage.devices_of(serving),
            f"polling: {{interval: {scale.interval}s}}\noutage: 5m\n",
        )
        stage.tigctl(root, "probe", stage.TENANT)
        config, promised = stage.rendered(root)
        copy = stage.to_file(config, lines, keep_outputs=True)
        with contextlib.ExitStack() as polling:
            with influxd(directory, organization=stage.TENANT, port=port) as influx:
                environ = {
                    "SNMP_COMMUNITY": stage.COMMUNITY,
                    "TIGCTL_INFLUXDB_URL": influx.url,
                    "TIGCTL_INFLUXDB_TOKEN": influx.token,
                    "GOMEMLIMIT": str(promised),  # as the local target sets it
                }
                running = polling.enter_context(telegraf(copy, directory, environ))
                stage.wait(scale.interval * 1.5, "InfluxDB is there")
            stage.wait(away, "InfluxDB is away")
            with influxd(directory, organization=stage.TENANT, port=port) as influx:
                stage.wait(scale.interval, "InfluxDB is back")
                peak = stage.peak_bytes(running.pid)
                polling.close()  # Telegraf writes what it still holds as it ends
                collected, kept = _settled(influx, lines)
    if not all(collected.values()):
        raise stage.Unfit(f"nothing was collected of some: {collected}\n{_last_words(running)}")
    lost = sum(collected[name] - kept.get(name, 0) for name in collected)
    return [
        Figure(f"outage: InfluxDB away for {away:.0f} s: samples lost", lost, "", 0),
        Figure("outage: samples collected", sum(collected.values()), ""),
        Figure("outage: peak memory of Telegraf, of promised", peak / promised, "×", 1.0),
        Figure("outage: peak memory of Telegraf", peak / 2**20, "MiB"),
        Figure("outage: promised by the bundle", promised / 2**20, "MiB"),
    ]


def _settled(influx: InfluxServer, lines: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Counts of what was collected and of what InfluxDB holds, once these are equal or given up."""
    collected = points.count(lines, _COUNTED)
    deadline = time.monotonic() + _PATIENCE
    while True:
        kept = {name: _held(influx, name, field) for name, field in _COUNTED.items()}
        if kept == collected or time.monotonic() > deadline:
            return collected, kept
        time.sleep(2)


def _held(influx: InfluxServer, measurement: str, field: str) -> int:
    rows = influx.query(
        f'from(bucket: "{influx.bucket}") |> range(start: -1h)'
        f' |> filter(fn: (r) => r._measurement == "{measurement}" and r._field == "{field}")'
        " |> toString() |> group() |> count()"
    )
    return sum(int(row["_value"]) for row in rows)


def _last_words(running: Server) -> str:
    return running.said()[-1500:]
