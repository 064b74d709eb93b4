"""The board Capacity: what will be full when."""

from __future__ import annotations

from collections.abc import Sequence

from tests.boards import flux, overview
from tests.boards.interfaces import IN, OUT
from tests.boards.model import (
    BAD,
    DOUBTFUL,
    GOOD,
    RISING,
    ROLE,
    SITE,
    TIME,
    Panel,
    Written,
    graph,
    link,
    override,
    table,
    thresholds,
)

SCOPE = flux.SCOPE
SOON = thresholds((None, BAD), (30, DOUBTFUL), (90, GOOD))


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


def full(title: str, x: int, measurement: str, tag: str, label: str) -> Panel:
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
            override("Device", links=overview.TO_DEVICE),
            override(label, custom__minWidth=180),
            *(
                override(
                    one,
                    unit="percent",
                    decimals=0,
                    thresholds=RISING,
                    custom__cellOptions=overview.TEXT_CELL,
                    custom__width=90,
                )
                for one in ("Before", "Now")
            ),
            override("Growth a day", unit="percent", decimals=2),
            override(
                "Full in",
                unit="suffix: d",
                decimals=0,
                thresholds=SOON,
                custom__cellOptions=overview.TEXT_CELL,
                mappings=[
                    {
                        "type": "range",
                        "options": {
                            "from": 730,
                            "to": 10_000_000,
                            "result": {"text": "not foreseen", "color": GOOD, "index": 0},
                        },
                    }
                ],
            ),
        ],
        transformations=overview.in_order(columns),
        reads=(f"{measurement}.used_percent",),
        columns=columns,
        nothing="no device tells it",
    )


_BY = ("device", "ifName")
_MERGED = flux.grouped(_BY)

# All ports would be too many to ask: those of the devices that carry most hold the busiest.
_CARRIED = """\
from(bucket: "1h")
        |> range(start: date.sub(d: %s, from: v.timeRangeStop), stop: hour)
        |> filter(fn: (r) => %s)
        |> group(columns: %s)
        |> sum()"""
_INCOMING = flux.fields("interface", *(f"{one}_increase" for one in IN))
_EITHER = flux.fields("interface", *(f"{one}_increase" for one in (*IN, *OUT)))
_PORTS = flux.leading(
    _CARRIED % ("7d", f"{_EITHER} and {SCOPE} and r.device =~ among", '["device", "ifName"]'),
    ["device", "ifName"],
    60,
    suffix="Ports",
)
BUSIEST = f"""\
import "array"
import "date"
import "regexp"
import "strings"

hour = date.truncate(t: date.sub(d: 15m, from: v.timeRangeStop), unit: 1h)
{flux.leading(_CARRIED % ("2d", f"{_INCOMING} and {SCOPE}", '["device"]'), ["device"], 20)}
{_PORTS}
{flux.fitting("names", 1, keys="keysPorts")}
"""
_THESE = f"{SCOPE} and r.device =~ amongPorts and r.ifName =~ names"


def busiest() -> str:
    def of(direction: Sequence[str], name: str, how: str) -> flux.Column:
        kept = flux.fields("interface", *(f"{one}_increase" for one in direction))
        return flux.named(
            'from(bucket: "1h")\n'
            "        |> range(start: date.sub(d: 7d, from: v.timeRangeStop), stop: hour)\n"
            f"        |> filter(fn: (r) => {kept} and {_THESE})\n"
            f"        |> {how}\n"
            "        |> map(fn: (r) => ({r with _value: r._value * 8.0 / 3600.0}))",
            name,
        )

    fast = f"{flux.fields('interface', 'ifHighSpeed')} and {_THESE}"
    # A mean by itself is InfluxDB's own work; a port that got another description has several.
    p95 = f'toFloat() |> {_MERGED} |> quantile(q: 0.95, method: "exact_selector")'
    mean = f"mean() |> {_MERGED} |> mean()"
    return (
        BUSIEST
        + flux.described(_THESE)
        + "\n"
        + flux.wide(
            [
                of(IN, "In 95 %", p95),
                of(OUT, "Out 95 %", p95),
                of(IN, "In mean", mean),
                of(OUT, "Out mean", mean),
                flux.named(f"{flux.recent(fast)} |> {_MERGED} |> max()", "Speed"),
            ],
            _BY,
        )
        + """
    |> filter(fn: (r) => exists r["In 95 %"] and exists r["Out 95 %"] and exists r.Speed)
    |> filter(fn: (r) => r.Speed > 0.0)
    |> map(fn: (r) => ({r with
        Speed: r.Speed * 1000000.0,
        "Use": (if r["In 95 %"] > r["Out 95 %"] then r["In 95 %"] else r["Out 95 %"])
            / r.Speed / 10000.0,
        Description: described(port: r.ifName, of: r.device),
    }))
    |> rename(columns: {device: "Device", ifName: "Port"})
    |> sort(columns: ["Use"], desc: true)
    |> limit(n: 30)"""
    )


PORTS = (
    *("Device", "Port", "Description", "Speed", "Use", "In 95 %", "Out 95 %", "In mean"),
    "Out mean",
)


def board() -> Written:
    port = [
        {
            "title": "Open the port",
            "url": (
                "/d/tigctl-interfaces?var-device=${__data.fields.Device}"
                f"&var-interface=${{__data.fields.Port}}&{TIME}"
            ),
            "targetBlank": False,
        }
    ]
    panels = [
        full("Storage: full when?", 0, "storage", "storage", "Storage"),
        full("Memory: full when?", 12, "memory", "pool", "Memory"),
        table(
            "Busiest ports of a week",
            (0, 9, 24, 9),
            busiest(),
            says=(
                "95th percentile of hours in the last 7 days, as a share of the speed; those that"
                " carry most, on the twenty devices that carry most."
            ),
            overrides=[
                override("Device", links=overview.TO_DEVICE),
                override("Port", links=port),
                override("Speed", unit="bps", decimals=0),
                override(
                    "Use",
                    unit="percent",
                    decimals=1,
                    thresholds=RISING,
                    custom__cellOptions=overview.TEXT_CELL,
                ),
                *(override(one, unit="bps", decimals=1) for one in PORTS[5:]),
            ],
            transformations=overview.in_order(PORTS),
            reads=("interface.ifHCInOctets_increase", "interface.ifHighSpeed"),
            columns=PORTS,
            nothing="no hour has passed yet",
        ),
        graph(
            "Storage",
            (0, 18, 12, 9),
            [_over_time("storage", "storage")],
            by_name=False,
            says="The ten that are fullest.",
            unit="percent",
            defaults={
                "displayName": "${__field.labels.device} ${__field.labels.storage}",
                "max": 100,
                "decimals": 0,
                "thresholds": RISING,
                "links": [
                    link("Open the device", "tigctl-device", device="${__field.labels.device}")
                ],
            },
            limits="dashed",
            reads=("storage.used_percent",),
            columns=("_time", "_value", "device", "storage"),
        ),
        graph(
            "Memory",
            (12, 18, 12, 9),
            [_over_time("memory", "pool")],
            by_name=False,
            says="The ten that are fullest.",
            unit="percent",
            defaults={
                "displayName": "${__field.labels.device} ${__field.labels.pool}",
                "max": 100,
                "decimals": 0,
                "thresholds": RISING,
                "links": [
                    link("Open the device", "tigctl-device", device="${__field.labels.device}")
                ],
            },
            limits="dashed",
            reads=("memory.used_percent",),
            columns=("_time", "_value", "device", "pool"),
        ),
    ]
    return Written(
        "tigctl-capacity",
        "Capacity",
        "What will be full when: disks, memory, ports.",
        [SITE, ROLE],
        panels,
        time="now-30d",
        refresh="15m",
    )


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
