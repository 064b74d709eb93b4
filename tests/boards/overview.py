"""The board Overview: is the customer fine?"""

from __future__ import annotations

from tests.boards import flux
from tests.boards.model import (
    ANSWERED,
    BAD,
    DOUBTFUL,
    GOOD,
    HEAT,
    LOSS,
    RISING,
    ROLE,
    SITE,
    STATES,
    Panel,
    Written,
    alerts,
    graph,
    link,
    mapping,
    override,
    stat,
    table,
    thresholds,
    timeline,
)

TO_DEVICE = [link("Open the device", "tigctl-device", device="${__data.fields.Device}")]
TO_SITE = [link("Open the site", "tigctl-site", site="${__data.fields.Site}")]

PING = ("ping.percent_packet_loss",)
PRESENCE = (*PING, "system.uptime_seconds")

IMPORT = 'import "date"\n\n'


def _count(level: int) -> str:
    return f"{IMPORT}{flux.state()}\n" + flux.counted(
        "state(at: v.timeRangeStop)", f"r._value == {level}.0"
    )


def counted(title: str, level: int, x: int, color: str, says: str, *, width: int = 3) -> Panel:
    steps = thresholds((None, GOOD), (1, color)) if level else thresholds((None, GOOD))
    return stat(
        title,
        (x, 0, width, 4),
        _count(level),
        says=says,
        defaults={"thresholds": steps, "decimals": 0},
        color="background_solid" if level else "value",
        reads=PRESENCE,
        columns=("_value",),
        nothing="no devices",
    )


_BEFORE = """\
end = date.sub(d: %s, from: v.timeRangeStop)
before =
    from(bucket: "1h")
        |> range(start: date.sub(d: %s, from: end), stop: end)
        |> filter(fn: (r) => r._measurement == "ping" and r._field == "answered_percent" and %s)
        |> mean()

union(tables: [
    available(span: %s) |> group() |> mean() |> set(key: "when", value: "now"),
    before |> group() |> mean() |> set(key: "when", value: "the time before"),
])
    |> group(columns: ["when"])"""


def availability(title: str, span: str, x: int, y: int = 0, condition: str = flux.SCOPE) -> Panel:
    return stat(
        title,
        (x, y, 3, 4),
        f"{IMPORT}{flux.available(condition)}\n{_BEFORE % (span, span, condition, span)}",
        says=(
            "Answered pings, mean of all devices chosen: of whole hours from history, and of"
            " what came since. Below it the same of the time before that."
        ),
        unit="percent",
        defaults={
            "thresholds": ANSWERED,
            "decimals": 2,
            "displayName": "${__field.labels.when}",
        },
        text="value_and_name",
        reads=("ping.answered_percent", *PING),
        columns=("_value", "when"),
    )


def figures(condition: str, *, suffix: str = "") -> list[flux.Column]:
    """Of each device: state now and before, availability, and its worst figures.

    `suffix` is that of `state` and `available` in the query.
    """
    last = flux.recent
    key = '|> group(columns: ["device", "site", "role"])'
    return [
        flux.named(f"state{suffix}(at: v.timeRangeStop)", "Now"),
        flux.named(f"state{suffix}(at: v.timeRangeStart)", "Before"),
        flux.named(f"available{suffix}(span: 24h) {key} |> mean()", "Answered 24 h"),
        flux.named(
            f"{last(flux.fields('ping', 'percent_packet_loss') + ' and ' + condition)}", "Loss"
        ),
        flux.named(
            f"{last(flux.fields('ping', 'average_response_ms') + ' and ' + condition)}", "Response"
        ),
        flux.named(
            f"{last(flux.fields('cpu', 'usage_percent') + ' and ' + condition)} {key} |> mean()",
            "CPU",
        ),
        flux.named(
            f"{last(flux.fields('memory', 'used_percent') + ' and ' + condition)} {key} |> max()",
            "Memory",
        ),
        flux.named(
            f"{last(flux.fields('temperature', 'celsius') + ' and ' + condition)} {key} |> max()",
            "Hottest",
        ),
    ]


FIGURES = (
    *PRESENCE,
    "ping.answered_percent",
    "ping.average_response_ms",
    "cpu.usage_percent",
    "memory.used_percent",
    "temperature.celsius",
)
ANSWERS = (("0", "answered", GOOD), ("1", "in part", DOUBTFUL), ("2", "no answer", BAD))
STATE_CELL = {"type": "color-background", "mode": "basic"}
TEXT_CELL = {"type": "color-text"}
COLUMNS = (
    override("Device", links=TO_DEVICE, custom__minWidth=120),
    override("Site", links=TO_SITE),
    override("Now", mappings=mapping(STATES), custom__cellOptions=STATE_CELL, custom__width=90),
    override("Before", mappings=mapping(STATES), custom__cellOptions=TEXT_CELL, custom__width=90),
    override(
        "Answered 24 h",
        unit="percent",
        decimals=2,
        thresholds=ANSWERED,
        custom__cellOptions=TEXT_CELL,
    ),
    override("Loss", unit="percent", thresholds=LOSS, custom__cellOptions=TEXT_CELL, decimals=0),
    override("Response", unit="ms", decimals=1),
    override("CPU", unit="percent", thresholds=RISING, custom__cellOptions=TEXT_CELL, decimals=0),
    override(
        "Memory", unit="percent", thresholds=RISING, custom__cellOptions=TEXT_CELL, decimals=0
    ),
    override("Hottest", unit="celsius", thresholds=HEAT, custom__cellOptions=TEXT_CELL, decimals=0),
)
NAMES = (
    "Device",
    "Site",
    "Role",
    "Now",
    "Before",
    "Answered 24 h",
    "Loss",
    "Response",
    "CPU",
    "Memory",
    "Hottest",
)


# The worst is least, so that those alike go by name.
_FINE = """
    |> map(fn: (r) => ({r with fine: -100.0 * r.Now
        - (if exists r.Loss then r.Loss else 0.0)
        - (if exists r["Answered 24 h"] then 100.0 - r["Answered 24 h"] else 0.0)}))"""


def devices(condition: str, *, suffix: str = "") -> str:
    """The table of devices, the worst first; `suffix` ends the names of what it defines."""
    order = ", ".join(f'"{one}"' for one in NAMES)
    return (
        f"{IMPORT}{flux.state(condition, suffix=suffix)}\n"
        f"{flux.available(condition, suffix=suffix)}\n"
        + flux.wide(figures(condition, suffix=suffix))
        + '\n    |> rename(columns: {device: "Device", site: "Site", role: "Role"})'
        + _FINE
        + '\n    |> sort(columns: ["fine", "Device"])'
        + f"\n    |> keep(columns: [{order}])"
    )


def worst_devices(condition: str, most: int) -> str:
    """The same of the worst only: who they are is asked of all, the rest of them alone."""
    all_ = figures(condition)
    hours = (
        'from(bucket: "1h")\n        |> range(start: date.sub(d: 24h, from: v.timeRangeStop),'
        " stop: v.timeRangeStop)\n        |> filter(fn: (r) => "
        f"{flux.fields('ping', 'answered_percent')} and {condition})\n        |> mean()"
    )
    ranked = flux.wide(
        [
            *(one for one in all_ if one.name in {"Now", "Loss"}),
            flux.named(hours, "Answered 24 h"),
        ]
    )
    ranked = ranked.removeprefix('import "array"\n\n').replace("\n", "\n    ")
    ranked += (
        _FINE.replace("\n", "\n    ") + "\n        |> map(fn: (r) => ({r with _value: r.fine}))"
    )
    return (
        f"{IMPORT}{flux.state(condition)}\n"
        + flux.leading(ranked, ["device"], most, least=True)
        + f"\n{devices(f'{condition} and r.device =~ among', suffix='OfFew')}"
    )


def in_order(names: tuple[str, ...]) -> list[dict[str, object]]:
    """The columns in the order in which they are read."""
    return [
        {
            "id": "organize",
            "options": {
                "indexByName": {name: at for at, name in enumerate(names)},
                "excludeByName": {},
                "renameByName": {},
            },
        }
    ]


def _sites() -> str:
    by = ("site",)
    return (
        f"{IMPORT}{flux.state()}\n{flux.available()}\n"
        'now_ = state(at: v.timeRangeStop) |> group(columns: ["site"])\n'
        'before = state(at: v.timeRangeStart) |> group(columns: ["site"])\n'
        "only = (tables=<-, least) => tables |> map(fn: (r) => "
        "({r with _value: if r._value >= least then 1.0 else 0.0})) |> sum()\n\n"
        + flux.wide(
            [
                flux.named("now_ |> count()", "Devices"),
                flux.named("now_ |> only(least: 2.0)", "Down"),
                flux.named("before |> only(least: 2.0)", "Down before"),
                flux.named("now_ |> only(least: 1.0)", "Not well"),
                flux.named(
                    'available(span: 24h) |> group(columns: ["site"]) |> mean()', "Answered 24 h"
                ),
                flux.named(
                    flux.recent(flux.fields("ping", "average_response_ms") + " and " + flux.SCOPE)
                    + ' |> group(columns: ["site"]) |> mean()',
                    "Response",
                ),
            ],
            by,
        )
        + '\n    |> rename(columns: {site: "Site"})'
        + '\n    |> sort(columns: ["Down", "Not well"], desc: true)'
    )


SITES = "Site", "Devices", "Not well", "Down", "Down before", "Answered 24 h", "Response"


def answering(label: str, condition: str) -> str:
    """Percentage of pings answered over the time shown, by `label`."""
    return f"""{flux.HEAD}
answered =
    if bucket == "raw" then
        from(bucket: "raw")
            |> {flux.SHOWN}
            |> filter(fn: (r) => {flux.fields("ping", "percent_packet_loss")} and {condition})
            |> map(fn: (r) => ({{r with _value: if r._value < 100.0 then 100.0 else 0.0}}))
    else
        from(bucket: bucket)
            |> {flux.SHOWN}
            |> filter(fn: (r) => {flux.fields("ping", "answered_percent")} and {condition})

answered
    |> group(columns: ["{label}"])
    |> aggregateWindow(every: every, fn: mean, createEmpty: false)
    |> keep(columns: ["_time", "_value", "{label}"])"""


def board() -> Written:
    count = thresholds((None, GOOD), (1, BAD))
    some = thresholds((None, GOOD), (1, DOUBTFUL))
    panels = [
        counted("Devices down", 2, 0, BAD, "Neither ping nor SNMP was answered for 15 minutes."),
        counted(
            "Devices degraded",
            1,
            3,
            DOUBTFUL,
            "They answer one of ping and SNMP, but not the other.",
        ),
        counted("Devices up", 0, 6, GOOD, "Everything that is asked is answered."),
        availability("Available 24 h", "24h", 9),
        availability("Available 7 d", "7d", 12),
        availability("Available 30 d", "30d", 15),
        alerts("Open alerts", (18, 0, 6, 16), "What fires now.", "no open alerts"),
        table(
            "Worst ten devices",
            (0, 4, 18, 12),
            worst_devices(flux.SCOPE, 10),
            says=(
                "Those that are down come first, then those that lose most. Now and Before: at the"
                " end and at the beginning of the time shown. A name leads to its board."
            ),
            overrides=COLUMNS,
            transformations=in_order(NAMES),
            reads=FIGURES,
            columns=NAMES,
        ),
        table(
            "Sites",
            (0, 16, 12, 9),
            _sites(),
            says="How each site is; its name leads to its board.",
            overrides=[
                override("Site", links=TO_SITE),
                override("Down", thresholds=count, custom__cellOptions=TEXT_CELL),
                override("Down before", thresholds=count, custom__cellOptions=TEXT_CELL),
                override("Not well", thresholds=some, custom__cellOptions=TEXT_CELL),
                *COLUMNS[5:6],
                *COLUMNS[4:5],
                override("Response", unit="ms", decimals=1),
            ],
            transformations=in_order(SITES),
            reads=(*PRESENCE, "ping.answered_percent", "ping.average_response_ms"),
            columns=SITES,
        ),
        graph(
            "Pings answered by site",
            (12, 16, 12, 9),
            [answering("site", flux.SCOPE)],
            says="100 %: every device of the site answered every time.",
            unit="percent",
            defaults={"displayName": "${__field.labels.site}", "max": 100, "decimals": 1},
            reads=("ping.answered_percent", *PING),
            columns=("_time", "_value", "site"),
        ),
        graph(
            "Response time by site",
            (0, 25, 12, 8),
            [
                flux.gauge(
                    f"{flux.fields('ping', 'average_response_ms')} and {flux.SCOPE}", ["site"]
                )
            ],
            says="Mean round trip of all devices of the site.",
            unit="ms",
            defaults={"displayName": "${__field.labels.site}", "decimals": 1},
            reads=("ping.average_response_ms",),
            columns=("_time", "_value", "site"),
        ),
        timeline(
            "Devices over time",
            (12, 25, 12, 8),
            worst_over_time(flux.SCOPE, 15),
            says="The fifteen devices that answered least in the time shown.",
            defaults={
                "displayName": "${__field.labels.device}",
                "mappings": mapping(ANSWERS),
                "links": [
                    link("Open the device", "tigctl-device", device="${__field.labels.device}")
                ],
            },
            reads=("ping.answered_percent", *PING),
            columns=("_time", "_value", "device"),
            rows=15,
        ),
    ]
    return Written(
        "tigctl-overview",
        "Overview",
        "Is the customer fine? Devices up, degraded and down, sites, availability, open alerts.",
        [SITE, ROLE],
        panels,
    )


def worst_over_time(condition: str, most: int) -> str:
    """How pings were answered, of the devices that answered least."""
    lost = f"{flux.series(flux.fields('ping', 'percent_packet_loss') + ' and ' + condition)}"
    worst = flux.leading(f"{lost}\n        |> mean()", ["device"], most)
    lines = answering("device", f"{condition} and r.device =~ among")
    return (
        lines.replace(flux.HEAD, f"{flux.HEAD}\n{worst}")
        + """
    |> map(fn: (r) => ({r with _value:
        if r._value >= 99.0 then 0 else if r._value > 0.0 then 1 else 2}))"""
    )


def top(field: str, condition: str) -> str:
    """A field of `ping` over time, of the ten devices where it is greatest."""
    wanted = f"{flux.fields('ping', field)} and {condition}"
    mean = f"{flux.series(wanted)}\n        |> mean()"
    return f"""{flux.HEAD}
{flux.leading(mean, ["device"], 10)}
{flux.series(f"{wanted} and r.device =~ among")}
    |> aggregateWindow(every: every, fn: mean, createEmpty: false)
    |> keep(columns: ["_time", "_value", "device"])
    |> group(columns: ["device"])"""
