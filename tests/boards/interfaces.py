"""The board Interfaces: the ports of one device, their traffic, errors and states."""

from __future__ import annotations

from tests.boards import flux, overview
from tests.boards.model import (
    DEVICE,
    INTERFACE,
    PORT_STATES,
    RISING,
    ROLE,
    SHARES,
    SITE,
    Written,
    graph,
    line,
    mapping,
    override,
    table,
    timeline,
)

ONE, PORTS = flux.ONE, flux.PORTS
IN, OUT = ("ifHCInOctets", "ifInOctets"), ("ifHCOutOctets", "ifOutOctets")
PACKETS = ("ifHCInUcastPkts", "ifInUcastPkts"), ("ifHCOutUcastPkts", "ifOutUcastPkts")
ERRORS, DISCARDS = ("ifInErrors", "ifOutErrors"), ("ifInDiscards", "ifOutDiscards")

_BY = ("ifName",)
# A port stays the same one when it is described anew: its series go on under its name.
_MERGED = flux.grouped(_BY)
_EACH = flux.grouped([*_BY, "_field"])


def _now(direction: tuple[str, ...], condition: str) -> str:
    """Bits a second of the last polls, for each port."""
    return (
        'from(bucket: "raw") |> range(start: date.sub(d: 15m, from: v.timeRangeStop),'
        " stop: v.timeRangeStop)\n        |> filter(fn: (r) => "
        f"{flux.fields('interface', *direction)} and {condition})\n"
        "        |> derivative(unit: 1s, nonNegative: true)\n"
        f"        |> {_MERGED}\n        |> mean()\n"
        "        |> map(fn: (r) => ({r with _value: r._value * 8.0}))"
    )


def _last(field: str, condition: str, at: str = "v.timeRangeStop") -> str:
    found = flux.recent(f"{flux.fields('interface', field)} and {condition}", until=at)
    return f'{found}\n        |> {_MERGED}\n        |> sort(columns: ["_time"])\n        |> last()'


def _glance(condition: str) -> str:
    return (
        flux.described(condition)
        + flux.wide(
            [
                flux.named(_last("ifOperStatus", condition), "Now"),
                flux.named(_last("ifOperStatus", condition, "v.timeRangeStart"), "Before"),
                flux.named(_last("ifHighSpeed", condition), "Speed"),
                flux.named(_now(IN, condition), "In"),
                flux.named(_now(OUT, condition), "Out"),
            ],
            _BY,
        )
        + """
    |> map(fn: (r) => ({r with
        Speed: r.Speed * 1000000.0,
        In: if exists r.In then r.In else 0.0,
        Out: if exists r.Out then r.Out else 0.0,
        "In %": if r.Speed > 0.0 then r.In / r.Speed / 10000.0 else 0.0,
        "Out %": if r.Speed > 0.0 then r.Out / r.Speed / 10000.0 else 0.0,
        "Description": described(port: r.ifName, of: "${device}"),
    }))
    |> rename(columns: {ifName: "Port"})
    |> sort(columns: ["In"], desc: true)"""
    )


GLANCE = _glance(ONE)
GLANCE_COLUMNS = "Port", "Description", "Now", "Before", "Speed", "In", "Out", "In %", "Out %"
GLANCE_READS = (
    "interface.ifOperStatus",
    "interface.ifHighSpeed",
    "interface.ifHCInOctets",
    "interface.ifHCOutOctets",
)
GLANCE_OVERRIDES = [
    override(
        "Now",
        mappings=mapping(PORT_STATES),
        custom__cellOptions=overview.STATE_CELL,
        custom__width=95,
    ),
    override(
        "Before",
        mappings=mapping(PORT_STATES),
        custom__cellOptions=overview.TEXT_CELL,
        custom__width=95,
    ),
    override("Speed", unit="bps", decimals=0, custom__width=80),
    override("Description", custom__minWidth=190),
    override("In", unit="bps", decimals=1),
    override("Out", unit="bps", decimals=1),
    *(
        override(
            name,
            unit="percent",
            decimals=1,
            thresholds=RISING,
            custom__cellOptions=overview.TEXT_CELL,
            custom__width=80,
        )
        for name in ("In %", "Out %")
    ),
]


def _traffic(direction: tuple[str, ...]) -> str:
    return (
        f"{flux.HEAD}\n{flux.rate(PORTS, *direction, factor='8.0')}\nrates\n"
        f"    |> {_MERGED}\n"
        "    |> aggregateWindow(every: every, fn: mean, createEmpty: false)\n"
        '    |> keep(columns: ["_time", "_value", "ifName"])'
    )


def _share_of_speed(direction: tuple[str, ...], name: str) -> str:
    return f"""\
import "date"

{flux.HEAD}
{flux.rate(PORTS, *direction, factor="8.0")}
speeds =
    {_last("ifHighSpeed", PORTS)}
        |> filter(fn: (r) => r._value > 0)
        |> keep(columns: ["ifName", "_value"])
        |> group(columns: ["ifName"])
traffic =
    rates
        |> {_MERGED}
        |> aggregateWindow(every: every, fn: mean, createEmpty: false)
        |> keep(columns: ["_time", "_value", "ifName"])

join(tables: {{traffic: traffic, speed: speeds}}, on: ["ifName"])
    |> map(fn: (r) => ({{_time: r._time, ifName: r.ifName, way: "{name}",
        _value: r._value_traffic / float(v: r._value_speed) / 10000.0}}))
    |> group(columns: ["ifName", "way"])"""


def _bad(counters: tuple[str, ...], title: str, share: bool) -> str:
    """Errors or discards of both ways; as a share, of these and the packets."""
    flat = (*PACKETS[0], *PACKETS[1])
    window = (
        '|> group(columns: ["ifName"])\n        |> aggregateWindow(every: every, fn: sum,'
        " createEmpty: false)"
    )
    if not share:
        return (
            f"{flux.HEAD}\n{flux.rate(PORTS, *counters)}\nrates\n    |> {_EACH}\n"
            "    |> aggregateWindow(every: every, fn: mean, createEmpty: false,"
            ' timeSrc: "_start")\n    |> group(columns: ["ifName"])\n'
            '    |> aggregateWindow(every: every, fn: sum, createEmpty: false, timeSrc: "_start")'
        )
    return f"""{flux.HEAD}
{flux.rate(PORTS, *counters, name="bad")}
{flux.rate(PORTS, *flat, name="good")}
union(
    tables: [
        bad {window}
            |> map(fn: (r) => ({{r with what: "bad"}})),
        good {window}
            |> map(fn: (r) => ({{r with what: "good"}})),
    ],
)
    |> group(columns: ["ifName"])
    |> pivot(rowKey: ["_time"], columnKey: ["what"], valueColumn: "_value")
    |> filter(fn: (r) => exists r.good and exists r.bad)
    |> map(fn: (r) => ({{_time: r._time, ifName: r.ifName,
        _value: if r.good + r.bad > 0.0 then r.bad / (r.good + r.bad) * 100.0 else 0.0}}))
    |> sort(columns: ["_time"])"""


PERCENTILES = (
    f"""{flux.HEAD}
{flux.described(PORTS)}
p95 = (tables=<-) =>
    tables
        |> {_MERGED}
        |> aggregateWindow(every: if bucket == "1h" then 1h else 5m, fn: mean, createEmpty: false)
        |> quantile(q: 0.95, method: "exact_selector")
{flux.rate(PORTS, *IN, factor="8.0", name="incoming")}
{flux.rate(PORTS, *OUT, factor="8.0", name="outgoing")}
{flux.rate(PORTS, *ERRORS, name="errors")}
{flux.rate(PORTS, *DISCARDS, name="discards")}
{flux.rate(PORTS, *PACKETS[0], *PACKETS[1], name="packets")}
"""
    + flux.wide(
        [
            flux.named("incoming |> p95()", "In 95 %"),
            flux.named("outgoing |> p95()", "Out 95 %"),
            flux.named(f"incoming |> {_MERGED} |> mean()", "In mean"),
            flux.named(f"outgoing |> {_MERGED} |> mean()", "Out mean"),
            flux.named(f"incoming |> {_MERGED} |> max()", "In greatest"),
            flux.named(f"outgoing |> {_MERGED} |> max()", "Out greatest"),
            flux.named(f"errors |> {_EACH} |> mean() |> {_MERGED} |> sum()", "e"),
            flux.named(f"discards |> {_EACH} |> mean() |> {_MERGED} |> sum()", "d"),
            flux.named(f"packets |> {_EACH} |> mean() |> {_MERGED} |> sum()", "p"),
        ],
        _BY,
    )
    + """
    |> filter(fn: (r) => exists r["In 95 %"])
    |> map(fn: (r) => ({
        "Port": r.ifName,
        "Description": described(port: r.ifName, of: "${device}"),
        "In 95 %": r["In 95 %"],
        "Out 95 %": r["Out 95 %"],
        "In mean": r["In mean"],
        "Out mean": r["Out mean"],
        "In greatest": r["In greatest"],
        "Out greatest": r["Out greatest"],
        "Errors": if r.p + r.e > 0.0 then r.e / (r.p + r.e) * 100.0 else 0.0,
        "Discards": if r.p + r.d > 0.0 then r.d / (r.p + r.d) * 100.0 else 0.0,
    }))
    |> sort(columns: ["In 95 %"], desc: true)"""
)
FIGURES = (
    *("Port", "Description", "In 95 %", "Out 95 %", "In mean", "Out mean", "In greatest"),
    *("Out greatest", "Errors", "Discards"),
)

TIMES = f"""{flux.HEAD}
{flux.series(flux.fields("interface", "ifOperStatus") + " and " + PORTS)}
    |> aggregateWindow(every: if bucket == "raw" then 1m else every, fn: last, createEmpty: false)
    |> keep(columns: ["_time", "_value", "ifName"])
    |> group(columns: ["ifName"])
    |> sort(columns: ["_time"])"""


def board() -> Written:
    name = "${__field.labels.ifName}"
    traffic = {"displayName": name, "color": {"mode": "palette-classic-by-name"}}
    both = ("interface.ifHCInUcastPkts", "interface.ifHCOutUcastPkts")
    panels = [
        table(
            "Ports",
            (0, 0, 24, 9),
            _glance(PORTS),
            says="State now and when the time shown began; traffic as polled last.",
            overrides=[*GLANCE_OVERRIDES, override("Port", custom__width=160)],
            transformations=overview.in_order(GLANCE_COLUMNS),
            reads=GLANCE_READS,
            columns=GLANCE_COLUMNS,
            nothing="no ports",
        ),
        graph(
            "In",
            (0, 9, 12, 9),
            [_traffic(IN)],
            says="Received bits a second.",
            unit="bps",
            defaults=traffic,
            fill=5,
            reads=("interface.ifHCInOctets", "interface.ifInOctets"),
            columns=("_time", "_value", "ifName"),
        ),
        graph(
            "Out",
            (12, 9, 12, 9),
            [_traffic(OUT)],
            says="Sent bits a second.",
            unit="bps",
            defaults=traffic,
            fill=5,
            reads=("interface.ifHCOutOctets", "interface.ifOutOctets"),
            columns=("_time", "_value", "ifName"),
        ),
        graph(
            "Use of the speed",
            (0, 18, 12, 9),
            [_share_of_speed(IN, "in"), _share_of_speed(OUT, "out")],
            says="Traffic as a share of what the port can carry, each way.",
            unit="percent",
            defaults={
                "displayName": f"${{__field.labels.way}} {name}",
                "thresholds": RISING,
                "decimals": 1,
            },
            limits="dashed",
            overrides=[line("/^in /", dashed=False), line("/^out /", dashed=True)],
            reads=("interface.ifHCInOctets", "interface.ifHCOutOctets", "interface.ifHighSpeed"),
            columns=("_time", "_value", "ifName", "way"),
            nothing="no port tells its speed",
        ),
        timeline(
            "State, now and before",
            (12, 18, 12, 9),
            TIMES,
            says="What each port said of itself.",
            defaults={"displayName": name, "mappings": mapping(PORT_STATES)},
            reads=("interface.ifOperStatus",),
            columns=("_time", "_value", "ifName"),
        ),
        table(
            "95th percentile, mean and greatest",
            (0, 27, 24, 8),
            PERCENTILES,
            says=(
                "Of the time shown, from means of 5 minutes (of an hour beyond 7 days). Errors and"
                " discards as a share of the packets."
            ),
            overrides=[
                *(override(one, unit="bps", decimals=1) for one in FIGURES[2:8]),
                *(
                    override(
                        one,
                        unit="percent",
                        decimals=3,
                        thresholds=SHARES,
                        custom__cellOptions=overview.TEXT_CELL,
                    )
                    for one in FIGURES[8:]
                ),
                override("Port", custom__width=160),
            ],
            transformations=overview.in_order(FIGURES),
            reads=(
                "interface.ifHCInOctets",
                "interface.ifHCOutOctets",
                "interface.ifInErrors",
                "interface.ifInDiscards",
            ),
            columns=FIGURES,
        ),
        graph(
            "Errors, share of packets",
            (0, 35, 12, 8),
            [_bad(ERRORS, "errors", True)],
            says="Both ways together; more than 0.1 % is worth a look at cable and transceiver.",
            unit="percent",
            defaults={"displayName": name, "thresholds": SHARES, "decimals": 3},
            limits="dashed",
            reads=("interface.ifInErrors", "interface.ifOutErrors", *both),
            columns=("_time", "_value", "ifName"),
        ),
        graph(
            "Discards, share of packets",
            (12, 35, 12, 8),
            [_bad(DISCARDS, "discards", True)],
            says="Thrown away for want of room, both ways together.",
            unit="percent",
            defaults={"displayName": name, "thresholds": SHARES, "decimals": 3},
            limits="dashed",
            reads=("interface.ifInDiscards", "interface.ifOutDiscards", *both),
            columns=("_time", "_value", "ifName"),
        ),
        graph(
            "Errors per second",
            (0, 43, 12, 8),
            [_bad(ERRORS, "errors", False)],
            says="Both ways together.",
            unit="suffix:/s",
            defaults={"displayName": name, "decimals": 3},
            reads=("interface.ifInErrors", "interface.ifOutErrors"),
            columns=("_time", "_value", "ifName"),
        ),
        graph(
            "Discards per second",
            (12, 43, 12, 8),
            [_bad(DISCARDS, "discards", False)],
            says="Both ways together.",
            unit="suffix:/s",
            defaults={"displayName": name, "decimals": 3},
            reads=("interface.ifInDiscards", "interface.ifOutDiscards"),
            columns=("_time", "_value", "ifName"),
        ),
    ]
    return Written(
        "tigctl-interfaces",
        "Interfaces",
        "The ports of a device: traffic, use, errors, discards, state over time.",
        [SITE, ROLE, DEVICE, INTERFACE],
        panels,
    )
