"""The board Capacity: what will be full when."""

from __future__ import annotations

from tests.boards import flux
from tests.boards.busiest import PORTS, busiest
from tests.boards.columns import LINE_TO_DEVICE, TO_DEVICE, colored, in_order
from tests.boards.model import (
    BAD,
    DOUBTFUL,
    GOOD,
    RISING,
    TIME,
    Panel,
    Written,
    override,
    thresholds,
)
from tests.boards.panels import graph, table
from tests.boards.variables import ROLE, SITE

SCOPE = flux.SCOPE
SOON = thresholds((None, BAD), (30, DOUBTFUL), (90, GOOD))
NEVER = {
    "type": "range",
    "options": {
        "from": 730,
        "to": 10_000_000,
        "result": {"text": "not foreseen", "color": GOOD, "index": 0},
    },
}


def board() -> Written:
    return Written(
        "tigctl-capacity",
        "Capacity",
        "What will be full when: disks, memory, ports.",
        [SITE, ROLE],
        [
            full("Storage: full when?", 0, "storage", "storage", "Storage"),
            full("Memory: full when?", 12, "memory", "pool", "Memory"),
            _ports(),
            _fullest("Storage", 0, "storage", "storage"),
            _fullest("Memory", 12, "memory", "pool"),
        ],
        time="now-30d",
        refresh="15m",
    )


def full(title: str, x: int, measurement: str, tag: str, label: str) -> Panel:
    """What is used now, and in how many days all of it is."""
    columns = ("Device", label, "Before", "Now", "Growth a day", "Full in")
    return table(
        title,
        (x, 0, 12, 9),
        forecast(measurement, tag, label),
        says=(
            "By a straight line through the time shown. Before: when it began; without a past"
            " nothing is foreseen."
        ),
        overrides=[
            override("Device", links=TO_DEVICE),
            override(label, custom__minWidth=180),
            colored("Before", "percent", 0, RISING, custom__width=90),
            colored("Now", "percent", 0, RISING, custom__width=90),
            override("Growth a day", unit="percent", decimals=2),
            colored("Full in", "suffix: d", 0, SOON, mappings=[NEVER]),
        ],
        transformations=in_order(columns),
        reads=(f"{measurement}.used_percent",),
        columns=columns,
        nothing="no device tells it",
    )


def _ports() -> Panel:
    port = {
        "title": "Open the port",
        "url": (
            "/d/tigctl-interfaces?var-device=${__data.fields.Device}"
            f"&var-interface=${{__data.fields.Port}}&{TIME}"
        ),
        "targetBlank": False,
    }
    return table(
        "Busiest ports of a week",
        (0, 9, 24, 9),
        busiest(),
        says=(
            "95th percentile of hours in the last 7 days, as a share of the speed; those that"
            " carry most, on the twenty devices that carry most."
        ),
        overrides=[
            override("Device", links=TO_DEVICE),
            override("Port", links=[port]),
            override("Speed", unit="bps", decimals=0),
            colored("Use", "percent", 1, RISING),
            *(override(one, unit="bps", decimals=1) for one in PORTS[5:]),
        ],
        transformations=in_order(PORTS),
        reads=("interface.ifHCInOctets_increase", "interface.ifHighSpeed"),
        columns=PORTS,
        nothing="no hour has passed yet",
    )


def _fullest(title: str, x: int, measurement: str, tag: str) -> Panel:
    return graph(
        title,
        (x, 18, 12, 9),
        [_over_time(measurement, tag)],
        by_name=False,
        says="The ten that are fullest.",
        unit="percent",
        defaults={
            "displayName": f"${{__field.labels.device}} ${{__field.labels.{tag}}}",
            "max": 100,
            "decimals": 0,
            "thresholds": RISING,
            "links": LINE_TO_DEVICE,
        },
        limits="dashed",
        reads=(f"{measurement}.used_percent",),
        columns=("_time", "_value", "device", tag),
    )


def forecast(measurement: str, tag: str, label: str) -> str:
    """Use now, at first, growth a day and days until full, by a straight line through history."""
    by = '["device", "site", "role", "' + tag + '"]'
    condition = f"{flux.fields(measurement, 'used_percent')} and {SCOPE}"
    return f"""\
import "date"

span = int(v: v.timeRangeStop) - int(v: v.timeRangeStart)
hour = date.truncate(t: date.sub(d: 15m, from: v.timeRangeStop), unit: 1h)
past =
    from(bucket: "1h")
        |> range(start: v.timeRangeStart, stop: hour)
        |> filter(fn: (r) => {condition})
        |> aggregateWindow(every: if span > 259200000000000 then 1d else 1h, fn: mean,
            createEmpty: false)
present =
    from(bucket: "raw")
        |> range(start: hour, stop: v.timeRangeStop)
        |> filter(fn: (r) => {condition})
        |> last()

union(tables: [past, present])
    |> keep(columns: ["_time", "_value", "device", "site", "role", "{tag}"])
    |> group(columns: {by})
    |> sort(columns: ["_time"])
    |> reduce(
        identity: {{n: 0.0, x: 0.0, y: 0.0, xx: 0.0, xy: 0.0, first: -1.0, last: 0.0}},
        fn: (r, accumulator) => {{
            x = float(v: int(v: v.timeRangeStop) - int(v: r._time)) / -86400000000000.0

            return {{
                n: accumulator.n + 1.0,
                x: accumulator.x + x,
                y: accumulator.y + r._value,
                xx: accumulator.xx + x * x,
                xy: accumulator.xy + x * r._value,
                first: if accumulator.first < 0.0 then r._value else accumulator.first,
                last: r._value,
            }}
        }},
    )
    |> group()
    |> sort(columns: ["device"])
    |> map(fn: (r) => ({{r with spread: r.n * r.xx - r.x * r.x}}))
    |> map(fn: (r) => ({{r with
        growth: if r.spread > 0.001 then (r.n * r.xy - r.x * r.y) / r.spread else 0.0}}))
    |> map(fn: (r) => ({{
        "Device": r.device,
        "{label}": r.{tag},
        "Before": r.first,
        "Now": r.last,
        "Growth a day": r.growth,
        "Full in": if r.last >= 100.0 then 0.0
            else if r.growth > 0.005 then (100.0 - r.last) / r.growth
            else 9999.0,
    }}))
    |> map(fn: (r) => ({{r with order: r["Full in"] - r.Now / 1000.0}}))
    |> sort(columns: ["order"])
    |> drop(columns: ["order"])
    |> limit(n: 50)"""


def _over_time(measurement: str, tag: str) -> str:
    condition = f"{flux.fields(measurement, 'used_percent')} and {SCOPE}"
    return f"""\
import "array"
import "date"
import "regexp"
import "strings"

{flux.HEAD}
recently =
    from(bucket: "raw")
        |> range(start: date.sub(d: 1h, from: v.timeRangeStop), stop: v.timeRangeStop)
        |> filter(fn: (r) => {condition})
        |> last()
fullest =
    recently
        |> map(fn: (r) => ({{r with key: r.device + " " + r.{tag}}}))
        |> group()
        |> sort(columns: ["_value"], desc: true)
        |> limit(n: 10)
keys = fullest |> findColumn(fn: (key) => true, column: "key")
names =
    array.map(
        arr: fullest |> findColumn(fn: (key) => true, column: "device"),
        fn: (x) => regexp.quoteMeta(v: x),
    )
among = regexp.compile(v: "^(" + strings.joinStr(arr: names, v: "|") + ")$")

union(tables: [
    from(bucket: bucket) |> {flux.SHOWN}
        |> filter(fn: (r) => {condition} and r.device =~ among)
        |> aggregateWindow(every: every, fn: mean, createEmpty: false),
    recently,
])
    |> filter(fn: (r) => contains(value: r.device + " " + r.{tag}, set: keys))
    |> keep(columns: ["_time", "_value", "device", "{tag}"])
    |> group(columns: ["device", "{tag}"])
    |> sort(columns: ["_time"])"""
