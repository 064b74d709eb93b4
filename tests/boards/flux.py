"""Flux that many panels have in common. A query stands in its panel complete, as Grafana runs it.

`${site:regex}` and the like are the board's variables, `v.` is what Grafana puts in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

SCOPE = "r.site =~ /^${site:regex}$/ and r.role =~ /^${role:regex}$/"
DEVICES = f"{SCOPE} and r.device =~ /^${{device:regex}}$/"
ONE = 'r.device == "${device}"'
PORTS = f"{ONE} and r.ifName =~ /^${{interface:regex}}$/"

# Up to 6 h as polled, up to 7 d by 5 minutes, beyond by the hour. A window has four polls at
# least, so that a rate is one.
HEAD = """\
span = int(v: v.timeRangeStop) - int(v: v.timeRangeStart)
bucket = if span <= 21600000000000 then "raw" else if span <= 604800000000000 then "5m" else "1h"
seconds = if bucket == "1h" then 3600.0 else 300.0
least = if bucket == "raw" then 4m else if bucket == "5m" then 5m else 1h
every = if int(v: v.windowPeriod) > int(v: least) then v.windowPeriod else least
"""

SHOWN = "range(start: v.timeRangeStart, stop: v.timeRangeStop)"


def fields(measurement: str, *names: str) -> str:
    """The condition for a measurement and any of these fields."""
    inner = " or ".join(f'r._field == "{one}"' for one in names)
    inner = f"({inner})" if len(names) > 1 else inner
    return f'r._measurement == "{measurement}" and {inner}'


def series(condition: str, *, bucket: str = "bucket") -> str:
    """The series in the time shown, from the bucket that fits it."""
    return f"from(bucket: {bucket})\n    |> {SHOWN}\n    |> filter(fn: (r) => {condition})"


def recent(condition: str, span: str = "15m", *, until: str = "v.timeRangeStop") -> str:
    """The last value of each series as polled, not older than `span`."""
    return (
        'from(bucket: "raw")\n'
        f"    |> range(start: date.sub(d: {span}, from: {until}), stop: {until})\n"
        f"    |> filter(fn: (r) => {condition})\n    |> last()"
    )


def gauge(condition: str, label: Sequence[str], how: str = "mean") -> str:
    """A gauge over the time shown, a line per combination of `label`."""
    kept = _list(["_time", "_value", *label])
    return (
        f"{HEAD}\n{series(condition)}\n"
        f"    |> group(columns: {_list(label)})\n"
        f"    |> aggregateWindow(every: every, fn: {how}, createEmpty: false)\n"
        f"    |> keep(columns: {kept})"
    )


def rate(condition: str, *counters: str, factor: str = "1.0", name: str = "rates") -> str:
    """Increases a second of counters, as a stream `name`; needs HEAD.

    From polls the derivative, from history the increase by the length of its window.
    """
    polled = fields("interface", *counters)
    kept = fields("interface", *(f"{one}_increase" for one in counters))
    return f"""\
{name} =
    if bucket == "raw" then
        from(bucket: "raw")
            |> {SHOWN}
            |> filter(fn: (r) => {polled} and {condition})
            |> derivative(unit: 1s, nonNegative: true)
            |> map(fn: (r) => ({{r with _value: float(v: r._value) * {factor}}}))
    else
        from(bucket: bucket)
            |> {SHOWN}
            |> filter(fn: (r) => {kept} and {condition})
            |> map(fn: (r) => ({{r with _value: float(v: r._value) * {factor} / seconds}}))
"""


# A device is down where neither an echo nor an answer by SNMP came within 15 minutes, degraded
# where one of both is missing though it used to come.
STATE = """\
state%s = (at) =>
    from(bucket: "raw")
        |> range(start: date.sub(d: 24h, from: at), stop: at)
        |> filter(fn: (r) => (r._measurement == "ping" and r._field == "percent_packet_loss"
            or r._measurement == "system" and r._field == "uptime_seconds")
            and %s)
        |> last()
        |> group()
        |> sort(columns: ["device"])
        |> map(fn: (r) => ({r with _value:
            if int(v: at) - int(v: r._time) > 900000000000 then
                (if r._measurement == "ping" then 0.0 else 1000.0)
            else if r._measurement == "system" then 100.0
            else if r._value < 100.0 then 10.0
            else 1.0}))
        |> group(columns: ["device", "site", "role"])
        |> sum()
        |> group()
        |> sort(columns: ["device"])
        |> map(fn: (r) => ({r with _value:
            if r._value == 110.0 or r._value == 10.0 or r._value == 100.0 then 0.0
            else if r._value == 1010.0 or r._value == 101.0 then 1.0
            else 2.0}))
"""


def state(condition: str = SCOPE, *, suffix: str = "") -> str:
    """A function `state(at:)`: 0 up, 1 degraded, 2 down, a row for each device.

    `suffix` ends its name, where a query needs it twice.
    """
    return STATE % (suffix, condition)


def available(condition: str = SCOPE, *, suffix: str = "") -> str:
    """A function `available(span:, by:)`: the percentage of answered pings, a row for each `by`.

    It is the mean of hours, of which InfluxDB itself has the sums, and of the polls since then as
    one more value of each device. `suffix` ends the names of all that it defines, where a query
    needs it twice.
    """
    return f"""\
hour{suffix} = date.truncate(t: date.sub(d: 15m, from: v.timeRangeStop), unit: 1h)
present{suffix} =
    from(bucket: "raw")
        |> range(start: hour{suffix}, stop: v.timeRangeStop)
        |> filter(fn: (r) => {fields("ping", "percent_packet_loss")} and {condition})
        |> map(fn: (r) => ({{r with _value: if r._value < 100.0 then 100.0 else 0.0}}))
        |> mean()
        |> group()
        |> sort(columns: ["device"])
        |> map(fn: (r) => ({{r with total: r._value, hours: 1.0}}))
available{suffix} = (span, by) => {{
    past = () =>
        from(bucket: "1h")
            |> range(start: date.sub(d: span, from: v.timeRangeStop), stop: hour{suffix})
            |> filter(fn: (r) => {fields("ping", "answered_percent")} and {condition})

    return union(tables: [
        past()
            |> sum()
            |> group()
            |> sort(columns: ["device"])
            |> map(fn: (r) => ({{r with total: r._value, hours: 0.0}})),
        past()
            |> count()
            |> group()
            |> sort(columns: ["device"])
            |> map(fn: (r) => ({{r with total: 0.0, hours: float(v: r._value)}}))
            |> drop(columns: ["_value"]),
        present{suffix},
    ])
        |> keep(columns: ["device", "site", "role", "total", "hours"])
        |> group(columns: by)
        |> cumulativeSum(columns: ["total", "hours"])
        |> last(column: "total")
        |> group()
        |> map(fn: (r) => ({{r with _value: r.total / r.hours}}))
        |> drop(columns: ["total", "hours"])
}}
"""


def fitting(name: str, part: int, *, keys: str = "keys") -> str:
    """A regular expression `name` for one part of what `keys` holds."""
    return f"""\
{name} =
    regexp.compile(
        v: "^("
            + strings.joinStr(
                arr: array.map(
                    arr: {keys},
                    fn: (x) => regexp.quoteMeta(v: strings.split(v: x, t: "\\n")[{part}]),
                ),
                v: "|",
            )
            + ")$",
    )"""


def leading(
    ranked: str, tags: Sequence[str], most: int, *, least: bool = False, suffix: str = ""
) -> str:
    """The series that are greatest (or least), and functions by which only they are read.

    `ranked` has a row for each series; InfluxDB finds it without reading every value into Flux.
    `among` is for the first filter, so that InfluxDB reads few devices; where a series is more than
    a device, `leads` says it exactly. `suffix` ends these names, where a query needs them twice.
    """
    key = ' + "\\n" + '.join(f"r.{one}" for one in tags)
    keys, sign = f"keys{suffix}", "" if least else "-"
    leads = (
        f"leads{suffix} = (tables=<-) =>"
        f" tables |> filter(fn: (r) => contains(value: {key}, set: {keys}))\n"
        if len(tags) > 1
        else ""
    )
    return f"""\
import "array"
import "regexp"
import "strings"

{keys} =
    ({ranked}
        |> group()
        |> map(fn: (r) => ({{key: {key}, _value: {sign}float(v: r._value)}}))
        |> sort(columns: ["_value", "key"])
        |> limit(n: {most})
        |> findColumn(fn: (key) => true, column: "key"))
{fitting(f"among{suffix}", 0, keys=keys)}
{leads}"""


@dataclass(frozen=True)
class Column:
    """A column of a wide table: its name, and a stream with a value for each key."""

    name: str
    stream: str


def described(condition: str) -> str:
    """A function `described(port:, of:)`: the newest description of a port, empty without one.

    A port is the same one whatever it is called, so its series go by name only. `of` is its device.
    """
    # An array without elements would have another type; one that no port has keeps it from that.
    polled = fields("interface", "ifOperStatus")
    return f"""\
import "array"
import "date"
import "dict"
import "strings"

descriptions =
    from(bucket: "raw")
        |> range(start: date.sub(d: 15m, from: v.timeRangeStop), stop: v.timeRangeStop)
        |> filter(fn: (r) => {polled} and {condition} and exists r.ifAlias)
        |> last()
        |> group()
        |> sort(columns: ["_time"])
        |> map(fn: (r) => ({{pair: r.device + "\\n" + r.ifName + "\\t" + r.ifAlias}}))
        |> findColumn(fn: (key) => true, column: "pair")
pair = (text) => {{
    parts = strings.split(v: text, t: "\\t")

    return {{key: parts[0], value: parts[1]}}
}}
some = array.concat(arr: descriptions, v: ["\\t"])
newest = dict.fromList(pairs: array.map(arr: some, fn: (x) => pair(text: x)))
described = (port, of) => dict.get(dict: newest, key: of + "\\n" + port, default: "")
"""


def grouped(by: Sequence[str]) -> str:
    """The step after which all rows with these in common are one table."""
    return f"group(columns: {_list(by)})"


def counted(stream: str, condition: str) -> str:
    """How many rows of a stream fulfil a condition; 0 where none does.

    By reduce: Flux 0.200 loses what `map` to nothing but a constant makes, once it is summed.
    """
    return (
        f"{stream}\n    |> group()\n    |> reduce(\n        identity: {{_value: 0}},\n"
        "        fn: (r, accumulator) => ({_value: accumulator._value + (if "
        f"{condition} then 1 else 0)}}),\n    )"
    )


def named(stream: str, name: str) -> Column:
    """A stream as a column of `wide`."""
    return Column(name, stream)


def wide(columns: Sequence[Column], by: Sequence[str] = ("device", "site", "role")) -> str:
    """One table with a row per key and a column for each stream.

    A row that is taken out again sees to it that every column is there, whoever tells nothing.
    """
    kept = _list([*by, "_value", "what"])
    keys = ", ".join(f'{one}: ""' for one in by)
    blank = ",\n        ".join(f'{{{keys}, what: "{one.name}", _value: 0.0}}' for one in columns)
    streams = ",\n    ".join(
        f'{one.stream}\n        |> group()\n        |> sort(columns: ["{by[0]}"])\n'
        "        |> map(fn: (r) => ({r with _value: float(v: r._value),"
        f' what: "{one.name}"}}))\n        |> keep(columns: {kept})'
        for one in columns
    )
    return (
        f'import "array"\n\nunion(tables: [\n    array.from(rows: [\n        {blank},\n    ]),\n'
        f"    {streams},\n])\n    |> group()\n"
        f'    |> pivot(rowKey: {_list(by)}, columnKey: ["what"], valueColumn: "_value")\n'
        f'    |> filter(fn: (r) => r.{by[0]} != "")'
    )


def script(text: str) -> str:
    """A query with its imports at the top, each once."""
    lines = text.split("\n")
    imports = sorted({one for one in lines if one.startswith("import ")})
    rest = "\n".join(one for one in lines if not one.startswith("import ")).strip("\n")
    body = re.sub(r"\n{3,}", "\n\n", rest)
    return "\n".join((*imports, "", body)) if imports else body


def _list(names: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{one}"' for one in names) + "]"
