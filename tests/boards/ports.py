"""What is asked of ports: traffic, errors, states, and the table of all ports of a device."""

from __future__ import annotations

from collections.abc import Sequence

from tests.boards import flux
from tests.boards.columns import colored, now_and_before
from tests.boards.model import PORT_STATES, RISING, override

ONE, PORTS = flux.ONE, flux.PORTS
IN, OUT = ("ifHCInOctets", "ifInOctets"), ("ifHCOutOctets", "ifOutOctets")
PACKETS = ("ifHCInUcastPkts", "ifInUcastPkts"), ("ifHCOutUcastPkts", "ifOutUcastPkts")
ERRORS, DISCARDS = ("ifInErrors", "ifOutErrors"), ("ifInDiscards", "ifOutDiscards")

_BY = ("ifName",)
# A port stays the same one when it is described anew: its series go on under its name.
_MERGED = flux.grouped(_BY)
_EACH = flux.grouped([*_BY, "_field"])

GLANCE_COLUMNS = "Port", "Description", "Now", "Before", "Speed", "In", "Out", "In %", "Out %"
GLANCE_READS = (
    "interface.ifOperStatus",
    "interface.ifHighSpeed",
    "interface.ifHCInOctets",
    "interface.ifHCOutOctets",
)
GLANCE_OVERRIDES = [
    *now_and_before(PORT_STATES, 95),
    override("Speed", unit="bps", decimals=0, custom__width=80),
    override("Description", custom__minWidth=190),
    override("In", unit="bps", decimals=1),
    override("Out", unit="bps", decimals=1),
    colored("In %", "percent", 1, RISING, custom__width=80),
    colored("Out %", "percent", 1, RISING, custom__width=80),
]


def glance(condition: str) -> str:
    """The table of ports: states now and before, speed, traffic of the last polls."""
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


def _now(direction: Sequence[str], condition: str) -> str:
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


def traffic(direction: Sequence[str]) -> str:
    """Bits a second of each port over the time shown."""
    return (
        f"{flux.HEAD}\n{flux.rate(PORTS, *direction, factor='8.0')}\nrates\n"
        f"    |> {_MERGED}\n"
        "    |> aggregateWindow(every: every, fn: mean, createEmpty: false)\n"
        '    |> keep(columns: ["_time", "_value", "ifName"])'
    )


def share_of_speed(direction: Sequence[str], way: str) -> str:
    """Traffic of each port in percent of its speed; `way` tells in and out apart."""
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
    |> map(fn: (r) => ({{_time: r._time, ifName: r.ifName, way: "{way}",
        _value: r._value_traffic / float(v: r._value_speed) / 10000.0}}))
    |> group(columns: ["ifName", "way"])"""


def bad_per_second(counters: Sequence[str]) -> str:
    """Errors or discards a second, both ways together."""
    return (
        f"{flux.HEAD}\n{flux.rate(PORTS, *counters)}\nrates\n    |> {_EACH}\n"
        "    |> aggregateWindow(every: every, fn: mean, createEmpty: false,"
        ' timeSrc: "_start")\n    |> group(columns: ["ifName"])\n'
        '    |> aggregateWindow(every: every, fn: sum, createEmpty: false, timeSrc: "_start")'
    )


def bad_of_packets(counters: Sequence[str]) -> str:
    """Errors or discards of both ways in percent of these and the packets."""
    window = (
        '|> group(columns: ["ifName"])\n        |> aggregateWindow(every: every, fn: sum,'
        " createEmpty: false)"
    )
    return f"""{flux.HEAD}
{flux.rate(PORTS, *counters, name="bad")}
{flux.rate(PORTS, *PACKETS[0], *PACKETS[1], name="good")}
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


FIGURES = (
    *("Port", "Description", "In 95 %", "Out 95 %", "In mean", "Out mean", "In greatest"),
    *("Out greatest", "Errors", "Discards"),
)
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

TIMES = f"""{flux.HEAD}
{flux.series(flux.fields("interface", "ifOperStatus") + " and " + PORTS)}
    |> aggregateWindow(every: if bucket == "raw" then 1m else every, fn: last, createEmpty: false)
    |> keep(columns: ["_time", "_value", "ifName"])
    |> group(columns: ["ifName"])
    |> sort(columns: ["_time"])"""
