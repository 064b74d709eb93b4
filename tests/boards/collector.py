"""The board Collector health: how Telegraf and InfluxDB fare themselves."""

from __future__ import annotations

from tests.boards import flux, overview
from tests.boards.model import (
    BAD,
    DOUBTFUL,
    GOOD,
    ROLE,
    SITE,
    Panel,
    Written,
    graph,
    link,
    override,
    stat,
    table,
    thresholds,
)

SCOPE = flux.SCOPE
ITSELF = "not exists r.device"
FULL = thresholds((None, GOOD), (30, DOUBTFUL), (80, BAD))
TO_DEVICE = [link("Open the device", "tigctl-device", device="${__field.labels.device}")]


def increase(condition: str, *counters: str) -> str:
    """How far counters of `collector` went up, as a stream `rises`; needs HEAD."""
    polled = flux.fields("collector", *counters)
    kept = flux.fields("collector", *(f"{one}_increase" for one in counters))
    return f"""\
rises =
    if bucket == "raw" then
        from(bucket: "raw")
            |> {flux.SHOWN}
            |> filter(fn: (r) => {polled} and {condition})
            |> difference(nonNegative: true, initialZero: true)
    else
        from(bucket: bucket)
            |> {flux.SHOWN}
            |> filter(fn: (r) => {kept} and {condition})
"""


def summed(title: str, x: int, counters: tuple[str, ...], says: str) -> Panel:
    return stat(
        title,
        (x, 0, 4, 4),
        f"{flux.HEAD}\n{increase(ITSELF, *counters)}\nrises\n    |> group()\n    |> sum()",
        says=says,
        defaults={"thresholds": thresholds((None, GOOD), (1, BAD)), "decimals": 0},
        reads=tuple(f"collector.{one}" for one in counters),
        columns=("_value",),
        nothing="not told yet",
    )


BUFFER = f"""{flux.HEAD}
{flux.series(flux.fields("collector", "buffer_size", "buffer_limit") + " and " + ITSELF)}
    |> aggregateWindow(every: every, fn: mean, createEmpty: false)
    |> group(columns: ["input"])
    |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
    |> filter(fn: (r) => exists r.buffer_size and exists r.buffer_limit)
    |> map(fn: (r) => ({{_time: r._time, input: r.input,
        _value: if r.buffer_limit > 0.0 then r.buffer_size / r.buffer_limit * 100.0 else 0.0}}))"""

TROUBLED = f"""\
{flux.HEAD}
{increase("exists r.device and " + SCOPE, "errors", "timeouts")}
{
    flux.wide(
        [
            flux.named(
                "rises |> filter(fn: (r) => r._field =~ /^errors/)"
                ' |> group(columns: ["device", "site", "role"]) |> sum()',
                "Errors",
            ),
            flux.named(
                "rises |> filter(fn: (r) => r._field =~ /^timeouts/)"
                ' |> group(columns: ["device", "site", "role"]) |> sum()',
                "Late",
            ),
            flux.named(
                flux.series(
                    flux.fields("collector", "gather_ms") + " and exists r.device and " + SCOPE
                )
                + ' |> group(columns: ["device", "site", "role"]) |> mean()',
                "Takes",
            ),
            flux.named(
                flux.series(
                    flux.fields("collector", "gather_ms") + " and exists r.device and " + SCOPE
                )
                + ' |> group(columns: ["device", "site", "role"]) |> max()',
                "At most",
            ),
        ]
    )
}
    |> rename(columns: {{device: "Device", site: "Site", role: "Role"}})
    |> sort(columns: ["Errors", "Late", "Takes"], desc: true)
    |> limit(n: 50)"""
COLUMNS = ("Device", "Site", "Role", "Errors", "Late", "Takes", "At most")


def board() -> Written:
    panels = [
        summed("Points lost", 0, ("metrics_dropped",), "Thrown away because the buffer was full."),
        summed("Points refused", 4, ("metrics_rejected",), "InfluxDB did not take them."),
        summed("Writes failed", 8, ("write_errors",), "Telegraf tries again; nothing is lost yet."),
        stat(
            "Written",
            (12, 0, 4, 4),
            f"{flux.HEAD}\n{increase(ITSELF, 'metrics_written')}\n"
            "rises\n    |> group()\n    |> sum()",
            says="Points that InfluxDB took in the time shown.",
            unit="short",
            reads=("collector.metrics_written",),
            columns=("_value",),
            nothing="not told yet",
        ),
        stat(
            "Series",
            (16, 0, 4, 4),
            'import "influxdata/influxdb"\n\ninfluxdb.cardinality(bucket: "raw", start: -1h)',
            says="Different series in the last hour: what InfluxDB's memory depends on.",
            unit="short",
            reads=("influxdb.cardinality",),
            columns=("_value",),
        ),
        stat(
            "Devices that answer SNMP",
            (20, 0, 4, 4),
            'import "date"\n\n'
            + flux.recent(flux.fields("system", "uptime_seconds") + " and " + SCOPE)
            + "\n    |> group()\n    |> count()",
            says="Within the last 15 minutes.",
            reads=("system.uptime_seconds",),
            columns=("_value",),
            nothing="none",
        ),
        table(
            "Devices, most trouble first",
            (0, 4, 12, 10),
            TROUBLED,
            says=(
                "Errors: SNMP did not answer. Late: a poll was not done within its interval."
                " Both in the time shown."
            ),
            overrides=[
                override("Device", links=overview.TO_DEVICE),
                override("Site", links=overview.TO_SITE),
                *(
                    override(
                        one,
                        decimals=0,
                        custom__cellOptions=overview.TEXT_CELL,
                        thresholds=thresholds((None, GOOD), (1, DOUBTFUL), (10, BAD)),
                    )
                    for one in ("Errors", "Late")
                ),
                *(override(one, unit="ms", decimals=0) for one in ("Takes", "At most")),
            ],
            transformations=overview.in_order(COLUMNS),
            reads=("collector.errors", "collector.timeouts", "collector.gather_ms"),
            columns=COLUMNS,
        ),
        graph(
            "Slowest polls",
            (12, 4, 12, 10),
            [_slowest()],
            says="How long a poll of a device took, the ten longest.",
            unit="ms",
            defaults={
                "displayName": "${__field.labels.device} ${__field.labels.input}",
                "decimals": 0,
                "links": TO_DEVICE,
            },
            reads=("collector.gather_ms",),
            columns=("_time", "_value", "device", "input"),
        ),
        graph(
            "Buffer",
            (0, 14, 8, 8),
            [BUFFER],
            says="Points that wait for InfluxDB, as a share of what fits; beyond, the oldest go.",
            unit="percent",
            defaults={
                "displayName": "${__field.labels.input}",
                "max": 100,
                "thresholds": FULL,
                "decimals": 1,
            },
            limits="dashed",
            reads=("collector.buffer_size", "collector.buffer_limit"),
            columns=("_time", "_value", "input"),
        ),
        _itself("Time of a write", 8, "write_ms", "ms", "How long InfluxDB takes."),
        _itself("Memory of Telegraf", 16, "memory_bytes", "bytes", "What each process holds."),
    ]
    return Written(
        "tigctl-collector",
        "Collector health",
        "Whether the monitoring itself is well: late polls, errors, buffers, InfluxDB's series.",
        [SITE, ROLE],
        panels,
    )


def _itself(title: str, x: int, field: str, unit: str, says: str) -> Panel:
    return graph(
        title,
        (x, 14, 8, 8),
        [flux.gauge(f"{flux.fields('collector', field)} and {ITSELF}", ["input"])],
        says=says,
        unit=unit,
        defaults={"displayName": "${__field.labels.input}", "decimals": 1},
        reads=(f"collector.{field}",),
        columns=("_time", "_value", "input"),
    )


def _slowest() -> str:
    condition = flux.fields("collector", "gather_ms") + " and exists r.device and " + SCOPE
    mean = f"{flux.series(condition)}\n        |> mean()"
    return f"""{flux.HEAD}
{flux.leading(mean, ["device", "input"], 10)}
{flux.series(condition + " and r.device =~ among")}
    |> aggregateWindow(every: every, fn: max, createEmpty: false)
    |> keep(columns: ["_time", "_value", "device", "input"])
    |> leads()
    |> group(columns: ["device", "input"])"""
