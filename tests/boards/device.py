"""The board Device: everything about one device, now and before."""

from __future__ import annotations

from tests.boards import flux, overview
from tests.boards.interfaces import GLANCE, GLANCE_COLUMNS, GLANCE_OVERRIDES, GLANCE_READS
from tests.boards.model import (
    ANSWERED,
    BAD,
    BLUE,
    DEVICE,
    DOUBTFUL,
    GOOD,
    HEAT,
    LOSS,
    PART_STATES,
    PORT_STATES,
    RISING,
    ROLE,
    SITE,
    SKY,
    STATES,
    TIME,
    Written,
    graph,
    line,
    mapping,
    override,
    stat,
    table,
    thresholds,
    timeline,
)

ONE = flux.ONE


def _line(measurement: str, field: str, how: str = "mean") -> str:
    """One line over the time shown: the mean (or `how`) of all of the device's."""
    return (
        f"{flux.HEAD}\n{flux.series(flux.fields(measurement, field) + ' and ' + ONE)}\n"
        f"    |> group()\n    |> aggregateWindow(every: every, fn: {how}, createEmpty: false)\n"
        '    |> keep(columns: ["_time", "_value"])'
    )


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

CHANGES = mapping(
    [*PORT_STATES, *((f"p{value}", text, color) for value, text, color in PART_STATES)]
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

PORTS_UP = 'import "date"\n\n' + flux.counted(
    flux.recent(flux.fields("interface", "ifOperStatus") + " and " + ONE), "r._value == 1"
)


PORTS_OF = {
    "title": "Open its ports",
    "url": f"/d/tigctl-interfaces?${{device:queryparam}}&{TIME}",
    "targetBlank": False,
}


def board() -> Written:
    port = {
        "title": "Open the port",
        "url": (
            "/d/tigctl-interfaces?${device:queryparam}"
            f"&var-interface=${{__data.fields.Port}}&{TIME}"
        ),
        "targetBlank": False,
    }
    glance = [*GLANCE_OVERRIDES, override("Port", links=[port], custom__minWidth=110)]
    panels = [
        stat(
            "State",
            (0, 0, 3, 4),
            f'import "date"\n\n{flux.state(ONE)}\nstate(at: v.timeRangeStop) |> group()',
            says="Down: neither ping nor SNMP was answered for 15 minutes.",
            defaults={"mappings": mapping(STATES), "thresholds": _steps(1, 2)},
            color="background_solid",
            fields="/^_value$/",
            reads=overview.PRESENCE,
            columns=("_value",),
        ),
        stat(
            "Running for",
            (3, 0, 3, 4),
            'import "date"\n\n'
            + flux.recent(flux.fields("system", "uptime_seconds") + " and " + ONE, "24h")
            + '\n    |> keep(columns: ["_value"])',
            says="Since the device, or its agent, started.",
            unit="dtdurations",
            defaults={"thresholds": thresholds((None, DOUBTFUL), (86_400, GOOD)), "decimals": 0},
            reads=("system.uptime_seconds",),
            columns=("_value",),
            nothing="does not tell",
        ),
        stat(
            "Response",
            (6, 0, 3, 4),
            _line("ping", "average_response_ms"),
            says="Round trip of a ping; the area is the time shown.",
            unit="ms",
            defaults={"decimals": 1},
            graph=True,
            reads=("ping.average_response_ms",),
            columns=("_time", "_value"),
            nothing="not pinged",
        ),
        stat(
            "Pings answered",
            (9, 0, 3, 4),
            overview.answering("device", ONE) + '\n    |> keep(columns: ["_time", "_value"])',
            says="Mean of the time shown.",
            unit="percent",
            defaults={"thresholds": ANSWERED, "decimals": 2},
            graph=True,
            calc="mean",
            reads=("ping.answered_percent", "ping.percent_packet_loss"),
            columns=("_time", "_value"),
            nothing="not pinged",
        ),
        stat(
            "CPU",
            (12, 0, 3, 4),
            _line("cpu", "usage_percent"),
            says="Mean of all its processors; the area is the time shown.",
            unit="percent",
            defaults={"thresholds": RISING, "decimals": 0, "min": 0, "max": 100},
            graph=True,
            reads=("cpu.usage_percent",),
            columns=("_time", "_value"),
            nothing="does not tell",
        ),
        stat(
            "Memory",
            (15, 0, 3, 4),
            _line("memory", "used_percent", "max"),
            says="The fullest of its memories; the area is the time shown.",
            unit="percent",
            defaults={"thresholds": RISING, "decimals": 0, "min": 0, "max": 100},
            graph=True,
            reads=("memory.used_percent",),
            columns=("_time", "_value"),
            nothing="does not tell",
        ),
        stat(
            "Hottest",
            (18, 0, 3, 4),
            _line("temperature", "celsius", "max"),
            says="Its hottest sensor; the area is the time shown.",
            unit="celsius",
            defaults={"thresholds": HEAT, "decimals": 0},
            graph=True,
            reads=("temperature.celsius",),
            columns=("_time", "_value"),
            nothing="does not tell",
        ),
        stat(
            "Ports up",
            (21, 0, 3, 4),
            PORTS_UP,
            says="Ports with a link, of all that it has.",
            defaults={"links": [PORTS_OF]},
            reads=("interface.ifOperStatus",),
            columns=("_value",),
            nothing="no ports",
        ),
        timeline(
            "Alive, now and before",
            (0, 4, 16, 5),
            ALIVE,
            says="Whether ping and SNMP were answered: all, some, none.",
            defaults={
                "displayName": "${__field.labels.what}",
                "mappings": mapping(overview.ANSWERS),
            },
            reads=("ping.answered_percent", "ping.percent_packet_loss", "system.uptime_seconds"),
            columns=("_time", "_value", "what"),
        ),
        table(
            "Who it is",
            (16, 4, 8, 9),
            IDENTITY,
            says="As the device told, and as probing found out.",
            overrides=[override("What", custom__width=130)],
            transformations=overview.in_order(("What", "Value")),
            reads=(
                *("inventory.vendor", "inventory.model", "inventory.serial", "system.sysName"),
                "system.sysDescr",
            ),
            columns=("What", "Value"),
        ),
        table(
            "What changed",
            (0, 9, 16, 6),
            CHANGED,
            says="Ports and parts that changed in the time shown, and the last start.",
            overrides=[
                override("When", unit="dateTimeAsIso", custom__width=180),
                override("Before", mappings=CHANGES, custom__cellOptions=overview.TEXT_CELL),
                override("Now", mappings=CHANGES, custom__cellOptions=overview.TEXT_CELL),
            ],
            transformations=overview.in_order(("When", "What", "Before", "Now")),
            reads=("interface.ifOperStatus", "sensor.status", "system.uptime_seconds"),
            columns=("When", "What", "Now"),
        ),
        table(
            "Parts",
            (16, 13, 8, 10),
            PARTS,
            says="Fans, supplies and the like: their states now, and when the time shown began.",
            overrides=[
                override(
                    "Now",
                    mappings=mapping(PART_STATES),
                    custom__width=80,
                    custom__cellOptions=overview.STATE_CELL,
                ),
                override(
                    "Before",
                    mappings=mapping(PART_STATES),
                    custom__width=80,
                    custom__cellOptions=overview.TEXT_CELL,
                ),
            ],
            transformations=overview.in_order(("Part", "Now", "Before", "It says")),
            reads=("sensor.status", "sensor.text"),
            columns=("Part", "Now", "It says"),
            nothing="it tells no states",
        ),
        table(
            "Ports at a glance",
            (0, 15, 16, 8),
            GLANCE,
            says="State now and when the time shown began, traffic now. A name leads to the port.",
            overrides=glance,
            transformations=overview.in_order(GLANCE_COLUMNS),
            reads=GLANCE_READS,
            columns=GLANCE_COLUMNS,
            nothing="no ports",
        ),
        graph(
            "Response time",
            (0, 23, 8, 8),
            [
                _named("ping", "minimum_response_ms", "fastest", "min"),
                _named("ping", "average_response_ms", "mean", "mean"),
                _named("ping", "maximum_response_ms", "slowest", "max"),
            ],
            says="Round trips of its pings.",
            unit="ms",
            overrides=[
                line("/fastest/", color=SKY, dashed=False),
                line("/mean/", color=BLUE, dashed=False),
                line("/slowest/", color=DOUBTFUL, dashed=True),
            ],
            defaults={"displayName": "${__field.labels.what}", "decimals": 1},
            reads=(
                "ping.minimum_response_ms",
                "ping.average_response_ms",
                "ping.maximum_response_ms",
            ),
            columns=("_time", "_value", "what"),
            nothing="not pinged",
        ),
        graph(
            "Packets lost",
            (8, 23, 8, 8),
            [_named("ping", "percent_packet_loss", "lost", "mean")],
            says="Share of its pings without an answer.",
            unit="percent",
            defaults={
                "displayName": "${__field.labels.what}",
                "max": 100,
                "thresholds": LOSS,
                "decimals": 0,
            },
            fill=20,
            reads=("ping.percent_packet_loss",),
            columns=("_time", "_value", "what"),
            nothing="not pinged",
        ),
        graph(
            "CPU by processor",
            (16, 23, 8, 8),
            [flux.gauge(f"{flux.fields('cpu', 'usage_percent')} and {ONE}", ["cpu"])],
            by_name=False,
            says="Load of each processor.",
            unit="percent",
            defaults={
                "displayName": "${__field.labels.cpu}",
                "max": 100,
                "thresholds": RISING,
                "decimals": 0,
            },
            limits="dashed",
            reads=("cpu.usage_percent",),
            columns=("_time", "_value", "cpu"),
            nothing="does not tell",
        ),
        graph(
            "Memory by pool",
            (0, 31, 8, 8),
            [flux.gauge(f"{flux.fields('memory', 'used_percent')} and {ONE}", ["pool"])],
            by_name=False,
            says="Use of each memory.",
            unit="percent",
            defaults={
                "displayName": "${__field.labels.pool}",
                "max": 100,
                "thresholds": RISING,
                "decimals": 0,
            },
            limits="dashed",
            reads=("memory.used_percent",),
            columns=("_time", "_value", "pool"),
            nothing="does not tell",
        ),
        graph(
            "Storage",
            (8, 31, 8, 8),
            [flux.gauge(f"{flux.fields('storage', 'used_percent')} and {ONE}", ["storage"])],
            by_name=False,
            says="How full each of its disks is.",
            unit="percent",
            defaults={
                "displayName": "${__field.labels.storage}",
                "max": 100,
                "thresholds": RISING,
                "decimals": 0,
            },
            limits="dashed",
            reads=("storage.used_percent",),
            columns=("_time", "_value", "storage"),
            nothing="has no disks",
        ),
        graph(
            "Temperatures",
            (16, 31, 8, 8),
            [flux.gauge(f"{flux.fields('temperature', 'celsius')} and {ONE}", ["sensor"])],
            by_name=False,
            says="Each of its sensors.",
            unit="celsius",
            defaults={"displayName": "${__field.labels.sensor}", "thresholds": HEAT, "decimals": 0},
            limits="dashed",
            reads=("temperature.celsius",),
            columns=("_time", "_value", "sensor"),
            nothing="does not tell",
        ),
    ]
    return Written(
        "tigctl-device",
        "Device",
        "One device: who it is, how it is now and was before, and what changed.",
        [SITE, ROLE, DEVICE],
        panels,
    )


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


def _named(measurement: str, field: str, name: str, how: str) -> str:
    return (
        f"{flux.HEAD}\n{flux.series(flux.fields(measurement, field) + ' and ' + ONE)}\n"
        f"    |> aggregateWindow(every: every, fn: {how}, createEmpty: false)\n"
        f'    |> map(fn: (r) => ({{_time: r._time, _value: r._value, what: "{name}"}}))\n'
        '    |> group(columns: ["what"])'
    )


def _steps(some: float, bad: float) -> dict[str, object]:
    return thresholds((None, GOOD), (some, DOUBTFUL), (bad, BAD))
