"""The ports that used most of their speed in a week, out of all ports of a customer."""

from __future__ import annotations

from tests.boards import flux
from tests.boards.ports import IN, OUT

SCOPE = flux.SCOPE
PORTS = (
    *("Device", "Port", "Description", "Speed", "Use", "In 95 %", "Out 95 %", "In mean"),
    "Out mean",
)

_BY = ("device", "ifName")

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
    40,
    suffix="Ports",
)
_THESE = f"{SCOPE} and r.device =~ amongPorts and r.ifName =~ names"

# InfluxDB's work goes by tables: rows become one as soon as InfluxDB itself has computed them. A
# percentile is the value of the hour at its rank, which is the same one for all ports.
BUSIEST = f"""\
import "array"
import "date"
import "regexp"
import "strings"

hour = date.truncate(t: date.sub(d: 15m, from: v.timeRangeStop), unit: 1h)
{flux.leading(_CARRIED % ("2d", f"{_INCOMING} and {SCOPE}", '["device"]'), ["device"], 20)}
{_PORTS}
{flux.fitting("names", 1, keys="keysPorts")}
carried = () =>
    from(bucket: "1h")
        |> range(start: date.sub(d: 7d, from: v.timeRangeStop), stop: hour)
        |> filter(fn: (r) => {_EITHER} and {_THESE})
        |> group(columns: ["device", "ifName", "_field"])
first = if length(arr: keys) > 0 then keys[0] else ""
told =
    (from(bucket: "1h")
        |> range(start: date.sub(d: 7d, from: v.timeRangeStop), stop: hour)
        |> filter(fn: (r) => {_EITHER} and r.device == first)
        |> count()
        |> group()
        |> max()
        |> findColumn(fn: (key) => true, column: "_value"))
hours = if length(arr: told) > 0 then told[0] else 1
ways = (tables=<-, what) =>
    tables
        |> group()
        |> map(fn: (r) => ({{
            device: r.device,
            ifName: r.ifName,
            what: (if r._field =~ /In/ then "In " else "Out ") + what,
            _value: float(v: r._value) * 8.0 / 3600.0,
        }}))
"""


def busiest() -> str:
    """The table of ports that used most of their speed in the last 7 days."""
    fast = flux.recent(f"{flux.fields('interface', 'ifHighSpeed')} and {_THESE}")
    return (
        BUSIEST
        + flux.described(_THESE)
        + f"""
union(tables: [
    carried() |> sum() |> ways(what: "sum"),
    carried()
        |> sort(columns: ["_value"], desc: true)
        |> limit(n: 1, offset: hours / 20)
        |> ways(what: "95 %"),
    {fast}
        |> group()
        |> map(fn: (r) => ({{
            device: r.device,
            ifName: r.ifName,
            what: "Speed",
            _value: float(v: r._value) * 1000000.0,
        }})),
])
    |> group()
    |> pivot(rowKey: ["device", "ifName"], columnKey: ["what"], valueColumn: "_value")
    |> filter(fn: (r) => exists r["In sum"] and exists r["Out sum"] and exists r.Speed)
    |> filter(fn: (r) => r.Speed > 0.0)
    |> map(fn: (r) => ({{
        "Device": r.device,
        "Port": r.ifName,
        Speed: r.Speed,
        "In 95 %": if exists r["In 95 %"] then r["In 95 %"] else 0.0,
        "Out 95 %": if exists r["Out 95 %"] then r["Out 95 %"] else 0.0,
        "In mean": r["In sum"] / float(v: hours),
        "Out mean": r["Out sum"] / float(v: hours),
    }}))
    |> map(fn: (r) => ({{r with
        "Use": (if r["In 95 %"] > r["Out 95 %"] then r["In 95 %"] else r["Out 95 %"])
            / r.Speed * 100.0,
    }}))
    |> sort(columns: ["Use"], desc: true)
    |> limit(n: 30)
    |> map(fn: (r) => ({{r with Description: described(port: r.Port, of: r.Device)}}))"""
    )
