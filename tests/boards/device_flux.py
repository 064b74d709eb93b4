"""What the board Device asks of its device."""

from __future__ import annotations

from tests.boards import flux

ONE = flux.ONE


def over_time(measurement: str, field: str, how: str = "mean") -> str:
    """One line over the time shown: the mean (or `how`) of all of the device's."""
    return (
        f"{flux.HEAD}\n{flux.series(flux.fields(measurement, field) + ' and ' + ONE)}\n"
        f"    |> group()\n    |> aggregateWindow(every: every, fn: {how}, createEmpty: false)\n"
        '    |> keep(columns: ["_time", "_value"])'
    )


def named(measurement: str, field: str, name: str, how: str) -> str:
    """One line over the time shown, called `name`."""
    return (
        f"{flux.HEAD}\n{flux.series(flux.fields(measurement, field) + ' and ' + ONE)}\n"
        f"    |> aggregateWindow(every: every, fn: {how}, createEmpty: false)\n"
        f'    |> map(fn: (r) => ({{_time: r._time, _value: r._value, what: "{name}"}}))\n'
        '    |> group(columns: ["what"])'
    )


def each(field: str, label: str) -> str:
    """Lines of the ten greatest processors, memories, disks, sensors.

    `field` is `measurement.field`.
    """
    measurement, name = field.split(".")
    condition = f"{flux.fields(measurement, name)} and {ONE}"
    greatest = flux.leading(f"{flux.series(condition)}\n        |> max()", [label], 10)
    lines = flux.gauge(f"{condition} and r.{label} =~ among", [label])
    return lines.replace(flux.HEAD, f"{flux.HEAD}\n{greatest}")


_NOW_AND_BEFORE = """

union(tables: [
    %s(at: v.timeRangeStop) |> set(key: "when", value: "now"),
    %s(at: v.timeRangeStart) |> set(key: "when", value: "was before"),
])
    |> keep(columns: ["when", "_value"])
    |> group(columns: ["when"])"""

STATE = f'import "date"\n\n{flux.state(ONE)}' + _NOW_AND_BEFORE % ("state", "state")

RUNNING = (
    'import "date"\n\n'
    + flux.recent(flux.fields("system", "uptime_seconds") + " and " + ONE, "24h")
    + '\n    |> keep(columns: ["_value"])'
)

_LINKS = flux.recent(flux.fields("interface", "ifOperStatus") + " and " + ONE, until="at")
PORTS_UP = f'import "date"\n\nup = (at) =>\n    {flux.counted(_LINKS, "r._value == 1")}' + (
    _NOW_AND_BEFORE % ("up", "up")
)

ALIVE = f"""{flux.HEAD}
echo =
    (if bucket == "raw" then
        from(bucket: "raw")
            |> {flux.SHOWN}
            |> filter(fn: (r) => {flux.fields("ping", "percent_packet_loss")} and {ONE})
            |> map(fn: (r) => ({{r with _value: if r._value < 100.0 then 100.0 else 0.0}}))
    else
        from(bucket: bucket)
            |> {flux.SHOWN}
            |> filter(fn: (r) => {flux.fields("ping", "answered_percent")} and {ONE}))
        |> aggregateWindow(every: every, fn: mean, createEmpty: false)
        |> map(fn: (r) => ({{_time: r._time, what: "ping",
            _value: if r._value >= 99.0 then 0 else if r._value > 0.0 then 1 else 2}}))
snmp =
    from(bucket: bucket)
        |> {flux.SHOWN}
        |> filter(fn: (r) => {flux.fields("system", "uptime_seconds")} and {ONE})
        |> aggregateWindow(every: every, fn: count, createEmpty: true)
        |> map(fn: (r) => ({{_time: r._time, what: "SNMP", _value: if r._value > 0 then 0 else 2}}))

union(tables: [echo, snmp])
    |> group(columns: ["what"])
    |> sort(columns: ["_time"])"""

LABELS = (
    ("vendor", "Made by"),
    ("model", "Model"),
    ("serial", "Serial number"),
    ("os_version", "Software"),
    ("sysName", "Calls itself"),
    ("sysDescr", "Description"),
)
_ANY_LABEL = " or ".join(f'r._field == "{field}"' for field, _ in LABELS)
_LABEL = "".join(
    f'if r._field == "{field}" then "{at} {text}"\n            else '
    for at, (field, text) in enumerate(LABELS[:-1])
)
IDENTITY = f"""\
import "date"
import "strings"

from(bucket: "raw")
    |> range(start: date.sub(d: 2d, from: v.timeRangeStop), stop: v.timeRangeStop)
    |> filter(fn: (r) => (r._measurement == "inventory" or r._measurement == "system")
        and ({_ANY_LABEL})
        and {ONE})
    |> last()
    |> group()
    |> map(fn: (r) => ({{
        "What": {_LABEL}"{len(LABELS) - 1} {LABELS[-1][1]}",
        "Value": r._value,
    }}))
    |> sort(columns: ["What"])
    |> map(fn: (r) => ({{r with What: strings.substring(v: r.What, start: 2, end: 40)}}))"""

CHANGED = f"""\
import "date"

{flux.HEAD}
ports =
    from(bucket: bucket)
        |> {flux.SHOWN}
        |> filter(fn: (r) => {flux.fields("interface", "ifOperStatus")} and {ONE})
        |> duplicate(column: "_value", as: "is")
        |> difference()
        |> filter(fn: (r) => r._value != 0)
        |> map(fn: (r) => ({{When: r._time, What: "Port " + r.ifName,
            Before: string(v: r.is - r._value), Now: string(v: r.is)}}))
parts =
    from(bucket: bucket)
        |> {flux.SHOWN}
        |> filter(fn: (r) => {flux.fields("sensor", "status")} and {ONE})
        |> duplicate(column: "_value", as: "is")
        |> difference()
        |> filter(fn: (r) => r._value != 0)
        |> map(fn: (r) => ({{When: r._time, What: r.sensor,
            Before: "p" + string(v: r.is - r._value), Now: "p" + string(v: r.is)}}))
started =
    from(bucket: "raw")
        |> range(start: date.sub(d: 1h, from: v.timeRangeStop), stop: v.timeRangeStop)
        |> filter(fn: (r) => {flux.fields("system", "uptime_seconds")} and {ONE})
        |> last()
        |> map(fn: (r) => ({{
            When: time(v: int(v: r._time) - int(v: r._value) * 1000000000),
            What: "Started", Before: "", Now: "running"}}))

union(tables: [ports, parts, started])
    |> group()
    |> sort(columns: ["When"], desc: true)
    |> limit(n: 50)"""

PARTS = f"""\
import "date"

part = (at) =>
    from(bucket: "raw")
        |> range(start: date.sub(d: 15m, from: at), stop: at)
        |> filter(fn: (r) => r._measurement == "sensor"
            and (r._field == "status" or r._field == "text")
            and r.class == "state" and {ONE})
        |> last()
numbers = part(at: v.timeRangeStop) |> filter(fn: (r) => r._field == "status")
before = part(at: v.timeRangeStart) |> filter(fn: (r) => r._field == "status")
texts = part(at: v.timeRangeStop) |> filter(fn: (r) => r._field == "text")

union(tables: [
    numbers |> toString() |> map(fn: (r) => ({{r with what: "Now"}})),
    before |> toString() |> map(fn: (r) => ({{r with what: "Before"}})),
    texts |> toString() |> map(fn: (r) => ({{r with what: "It says"}})),
])
    |> keep(columns: ["sensor", "what", "_value"])
    |> group()
    |> pivot(rowKey: ["sensor"], columnKey: ["what"], valueColumn: "_value")
    |> rename(columns: {{sensor: "Part"}})
    |> sort(columns: ["Now"], desc: true)"""
