"""Who answers: devices by their state, availability, pings over time."""

from __future__ import annotations

from typing import Any

from tests.boards import flux
from tests.boards.columns import LINE_TO_DEVICE
from tests.boards.model import (
    ANSWERED,
    BAD,
    DOUBTFUL,
    GOOD,
    Panel,
    Place,
    mapping,
    thresholds,
)
from tests.boards.panels import graph, stat, timeline

PING = ("ping.percent_packet_loss",)
PRESENCE = (*PING, "system.uptime_seconds")
ANSWERS = (("0", "answered", GOOD), ("1", "in part", DOUBTFUL), ("2", "no answer", BAD))

IMPORT = 'import "date"\n\n'


def counted(title: str, level: int, x: int, color: str, says: str, *, width: int = 3) -> Panel:
    """How many devices are in a state: 0 up, 1 degraded, 2 down."""
    steps = thresholds((None, GOOD), (1, color)) if level else thresholds((None, GOOD))
    query = flux.counted("state(at: v.timeRangeStop)", f"r._value == {level}.0")
    return stat(
        title,
        (x, 0, width, 4),
        f"{IMPORT}{flux.state()}\n{query}",
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
    available(span: %s, by: []) |> keep(columns: ["_value"]) |> set(key: "when", value: "now"),
    before |> group() |> mean() |> set(key: "when", value: "the time before"),
])
    |> group(columns: ["when"])"""


def availability(title: str, span: str, x: int, condition: str = flux.SCOPE) -> Panel:
    """Answered pings of all devices chosen, in the last `span` and in that before it."""
    return stat(
        title,
        (x, 0, 3, 4),
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


def over_time(title: str, place: Place, condition: str, most: int, says: str) -> Panel:
    """Whether pings were answered: a row for each of the devices that answered least."""
    return timeline(
        title,
        place,
        worst_over_time(condition, most),
        says=says,
        defaults={
            "displayName": "${__field.labels.device}",
            "mappings": mapping(ANSWERS),
            "links": LINE_TO_DEVICE,
        },
        reads=("ping.answered_percent", *PING),
        columns=("_time", "_value", "device"),
        rows=most,
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


def most(title: str, place: Place, field: str, condition: str, **more: Any) -> Panel:
    """A field of `ping` over time, a line for each of the ten devices where it is greatest."""
    shown = {"displayName": "${__field.labels.device}", **more.pop("defaults")}
    return graph(
        title,
        place,
        [top(field, condition)],
        defaults={**shown, "links": LINE_TO_DEVICE},
        reads=(f"ping.{field}",),
        columns=("_time", "_value", "device"),
        **more,
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
