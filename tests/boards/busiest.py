"""The ports that used most of their speed in a week, out of all ports of a customer."""

from __future__ import annotations

from collections.abc import Sequence

from tests.boards import flux
from tests.boards.ports import IN, OUT

SCOPE = flux.SCOPE
PORTS = (
    *("Device", "Port", "Description", "Speed", "Use", "In 95 %", "Out 95 %", "In mean"),
    "Out mean",
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
    """The table of ports that used most of their speed in the last 7 days."""

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
