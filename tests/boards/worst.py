"""The table of devices, the worst first: their states, availability and worst figures."""

from __future__ import annotations

from tests.boards import flux
from tests.boards.alive import IMPORT, PRESENCE
from tests.boards.columns import TEXT_CELL, TO_DEVICE, TO_SITE, colored, now_and_before
from tests.boards.model import ANSWERED, HEAT, LOSS, RISING, STATES, Json, override

NAMES = (
    *("Device", "Site", "Role", "Now", "Before", "Answered 24 h", "Loss", "Response", "CPU"),
    *("Memory", "Hottest"),
)
FIGURES = (
    *PRESENCE,
    "ping.answered_percent",
    "ping.average_response_ms",
    "cpu.usage_percent",
    "memory.used_percent",
    "temperature.celsius",
)


def _colored(name: str, unit: str, steps: Json) -> Json:
    return override(name, unit=unit, thresholds=steps, custom__cellOptions=TEXT_CELL, decimals=0)


_KEY = '["device", "site", "role"]'
WHO = (
    override("Device", links=TO_DEVICE, custom__minWidth=120),
    override("Site", links=TO_SITE),
    *now_and_before(STATES, 90),
)
DAY = colored("Answered 24 h", "percent", 2, ANSWERED)
COLUMNS = (
    *WHO,
    DAY,
    _colored("Loss", "percent", LOSS),
    override("Response", unit="ms", decimals=1),
    _colored("CPU", "percent", RISING),
    _colored("Memory", "percent", RISING),
    _colored("Hottest", "celsius", HEAT),
)


def figures(condition: str, *, suffix: str = "") -> list[flux.Column]:
    """Of each device: state now and before, availability, and its worst figures.

    `suffix` is that of `state` and `available` in the query.
    """
    key = f"|> group(columns: {_KEY})"

    def last(measurement: str, field: str) -> str:
        return flux.recent(f"{flux.fields(measurement, field)} and {condition}")

    named = flux.named
    return [
        named(f"state{suffix}(at: v.timeRangeStop)", "Now"),
        named(f"state{suffix}(at: v.timeRangeStart)", "Before"),
        named(f"available{suffix}(span: 24h, by: {_KEY})", "Answered 24 h"),
        named(last("ping", "percent_packet_loss"), "Loss"),
        named(last("ping", "average_response_ms"), "Response"),
        named(f"{last('cpu', 'usage_percent')} {key} |> mean()", "CPU"),
        named(f"{last('memory', 'used_percent')} {key} |> max()", "Memory"),
        named(f"{last('temperature', 'celsius')} {key} |> max()", "Hottest"),
    ]


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
