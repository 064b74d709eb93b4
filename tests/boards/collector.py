"""The board Collector health: how Telegraf and InfluxDB fare themselves."""

from __future__ import annotations

from tests.boards import flux
from tests.boards.columns import LINE_TO_DEVICE, TEXT_CELL, TO_DEVICE, TO_SITE, in_order
from tests.boards.model import BAD, DOUBTFUL, GOOD, Panel, Written, override, thresholds
from tests.boards.panels import graph, stat, table
from tests.boards.variables import ROLE, SITE

SCOPE = flux.SCOPE
ITSELF = "not exists r.device"
# Over whole shards, which last an hour, a day or a week from Monday on, InfluxDB has the number; of
# a part of one it would look into each series.
SERIES = """\
import "date"
import "influxdata/influxdb"

monday = date.sub(d: 3d, from: date.truncate(t: date.add(d: 3d, to: now()), unit: 1w))

influxdb.cardinality(bucket: "raw", start: monday, stop: date.add(d: 1w, to: monday))"""
FULL = thresholds((None, GOOD), (30, DOUBTFUL), (80, BAD))
COLUMNS = ("Device", "Site", "Role", "Errors", "Late", "Takes", "At most")


def board() -> Written:
    return Written(
        "tigctl-collector",
        "Collector health",
        "Whether the monitoring itself is well: late polls, errors, buffers, InfluxDB's series.",
        [SITE, ROLE],
        [*_figures(), *_devices(), *_telegraf()],
    )


def _figures() -> list[Panel]:
    return [
        summed("Points lost", 0, "metrics_dropped", "Thrown away because the buffer was full."),
        summed("Points refused", 4, "metrics_rejected", "InfluxDB did not take them."),
        summed("Writes failed", 8, "write_errors", "Telegraf tries again; nothing is lost yet."),
        stat(
            "Written",
            (12, 0, 4, 4),
            _sum("metrics_written"),
            says="Points that InfluxDB took in the time shown.",
            unit="short",
            reads=("collector.metrics_written",),
            columns=("_value",),
            nothing="not told yet",
        ),
        stat(
            "Series",
            (16, 0, 4, 4),
            SERIES,
            says="Different series since Monday: what InfluxDB's memory depends on.",
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
    ]


def _devices() -> list[Panel]:
    trouble = thresholds((None, GOOD), (1, DOUBTFUL), (10, BAD))
    return [
        table(
            "Devices, most trouble first",
            (0, 4, 12, 10),
            TROUBLED,
            says=(
                "Errors: SNMP did not answer. Late: a poll was not done within its interval."
                " Both in the time shown."
            ),
            overrides=[
                override("Device", links=TO_DEVICE),
                override("Site", links=TO_SITE),
                *(
                    override(one, decimals=0, custom__cellOptions=TEXT_CELL, thresholds=trouble)
                    for one in ("Errors", "Late")
                ),
                *(override(one, unit="ms", decimals=0) for one in ("Takes", "At most")),
            ],
            transformations=in_order(COLUMNS),
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
                "links": LINE_TO_DEVICE,
            },
            reads=("collector.gather_ms",),
            columns=("_time", "_value", "device", "input"),
        ),
    ]


def _telegraf() -> list[Panel]:
    return [
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


def summed(title: str, x: int, counter: str, says: str) -> Panel:
    """How far a counter that should stay went up."""
    return stat(
        title,
        (x, 0, 4, 4),
        _sum(counter),
        says=says,
        defaults={"thresholds": thresholds((None, GOOD), (1, BAD)), "decimals": 0},
        reads=(f"collector.{counter}",),
        columns=("_value",),
        nothing="not told yet",
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


def _sum(counter: str) -> str:
    rises = increase(ITSELF, counter)
    return f"{flux.HEAD}\n{rises}\nrises\n    |> group()\n    |> sum()"


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


BUFFER = f"""{flux.HEAD}
{flux.series(flux.fields("collector", "buffer_size", "buffer_limit") + " and " + ITSELF)}
    |> aggregateWindow(every: every, fn: mean, createEmpty: false)
    |> group(columns: ["input"])
    |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
    |> filter(fn: (r) => exists r.buffer_size and exists r.buffer_limit)
    |> map(fn: (r) => ({{_time: r._time, input: r.input,
        _value: if r.buffer_limit > 0.0 then r.buffer_size / r.buffer_limit * 100.0 else 0.0}}))"""

_BY_DEVICE = '|> group(columns: ["device", "site", "role"])'
_POLLS = flux.series(flux.fields("collector", "gather_ms") + " and exists r.device and " + SCOPE)
_WIDE = flux.wide(
    [
        flux.named(
            f"rises |> filter(fn: (r) => r._field =~ /^errors/) {_BY_DEVICE} |> sum()", "Errors"
        ),
        flux.named(
            f"rises |> filter(fn: (r) => r._field =~ /^timeouts/) {_BY_DEVICE} |> sum()", "Late"
        ),
        flux.named(f"{_POLLS} {_BY_DEVICE} |> mean()", "Takes"),
        flux.named(f"{_POLLS} {_BY_DEVICE} |> max()", "At most"),
    ]
)
TROUBLED = f"""\
{flux.HEAD}
{increase("exists r.device and " + SCOPE, "errors", "timeouts")}
{_WIDE}
    |> rename(columns: {{device: "Device", site: "Site", role: "Role"}})
    |> sort(columns: ["Errors", "Late", "Takes"], desc: true)
    |> limit(n: 50)"""
