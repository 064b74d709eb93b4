"""The board Site: all devices of one site."""

from __future__ import annotations

from collections.abc import Sequence

from tests.boards import alive, flux, worst
from tests.boards.columns import LINE_TO_DEVICE, TO_DEVICE, in_order, now_and_before
from tests.boards.model import BAD, DOUBTFUL, GOOD, PART_STATES, Panel, Written, override
from tests.boards.panels import graph, table
from tests.boards.ports import IN, OUT
from tests.boards.variables import ONE_SITE, ROLE


def board() -> Written:
    return Written(
        "tigctl-site",
        "Site",
        "One site: its devices, worst first, how they answered, what they carry.",
        [ONE_SITE, ROLE],
        [*_now(), *_tables(), *_over_time()],
    )


def _now() -> list[Panel]:
    return [
        alive.counted("Devices down", 2, 0, BAD, "Neither ping nor SNMP was answered."),
        alive.counted("Devices degraded", 1, 3, DOUBTFUL, "One of ping and SNMP is missing."),
        alive.counted("Devices up", 0, 6, GOOD, "Everything that is asked is answered."),
        alive.availability("Available 24 h", "24h", 9),
        alive.availability("Available 7 d", "7d", 12),
        alive.availability("Available 30 d", "30d", 15),
    ]


def _tables() -> list[Panel]:
    return [
        table(
            "Parts, worst first",
            (18, 0, 6, 12),
            PARTS,
            says="Fans, supplies and the like: their states now, and when the time shown began.",
            overrides=[override("Device", links=TO_DEVICE), *now_and_before(PART_STATES, 80)],
            transformations=in_order(("Device", "Part", "Now", "Before")),
            reads=("sensor.status",),
            columns=("Device", "Part", "Now", "Before"),
            nothing="no device tells states of its parts",
        ),
        table(
            "Devices",
            (0, 4, 18, 8),
            worst.devices(flux.SCOPE),
            says="All devices of the site, the worst first. A name leads to its board.",
            overrides=[one for one in worst.COLUMNS if one["matcher"]["options"] != "Site"],
            transformations=in_order(worst.NAMES, without=["Site"]),
            reads=worst.FIGURES,
            columns=worst.NAMES,
        ),
    ]


def _over_time() -> list[Panel]:
    return [
        alive.over_time(
            "Devices over time",
            (0, 12, 12, 9),
            flux.SCOPE,
            20,
            "The twenty devices that answered least in the time shown.",
        ),
        alive.most(
            "Response time",
            (12, 12, 12, 9),
            "average_response_ms",
            flux.SCOPE,
            says="The ten devices that are slowest to answer.",
            unit="ms",
            defaults={},
        ),
        _traffic("Traffic in", 0, IN),
        _traffic("Traffic out", 12, OUT),
    ]


def _traffic(title: str, x: int, direction: Sequence[str]) -> Panel:
    return graph(
        title,
        (x, 21, 12, 9),
        [traffic(direction)],
        says="Of all ports together, the ten devices with most of it.",
        unit="bps",
        defaults={"displayName": "${__field.labels.device}", "links": LINE_TO_DEVICE},
        reads=[f"interface.{one}" for one in direction],
        columns=("_time", "_value", "device"),
    )


def traffic(direction: Sequence[str]) -> str:
    """Bits a second of all ports of each device, the ten greatest.

    Of polls the last of each window is read, at its beginning, since there are many ports; a window
    that the time shown cuts off is left out: its last poll is not where the next one's is. What
    was computed once goes two ways, so that it is not computed again to find the greatest.
    """
    polled = flux.fields("interface", *direction)
    kept = flux.fields("interface", *(f"{one}_increase" for one in direction))
    return f"""import "date"

{flux.HEAD}
carried =
    if bucket == "raw" then
        from(bucket: "raw")
            |> range(
                start: date.truncate(t: v.timeRangeStart, unit: every),
                stop: date.truncate(t: v.timeRangeStop, unit: every),
            )
            |> filter(fn: (r) => {polled} and {flux.SCOPE})
            |> aggregateWindow(every: every, fn: last, createEmpty: false, timeSrc: "_start")
            |> derivative(unit: 1s, nonNegative: true)
    else
        from(bucket: bucket)
            |> {flux.SHOWN}
            |> filter(fn: (r) => {kept} and {flux.SCOPE})
            |> aggregateWindow(every: every, fn: mean, createEmpty: false, timeSrc: "_start")
per = if bucket == "raw" then 1.0 else seconds
lines =
    carried
        |> group(columns: ["device"])
        |> aggregateWindow(every: every, fn: sum, createEmpty: false, timeSrc: "_start")
        |> map(fn: (r) => ({{r with _value: r._value * 8.0 / per}}))
most =
    lines
        |> mean()
        |> group()
        |> sort(columns: ["_value"], desc: true)
        |> limit(n: 10)
        |> keep(columns: ["device"])

join(tables: {{line: lines |> group(), most: most}}, on: ["device"])
    |> keep(columns: ["_time", "_value", "device"])
    |> group(columns: ["device"])
    |> sort(columns: ["_time"])"""


PARTS = f"""\
import "date"

part = (at, what) =>
    from(bucket: "raw")
        |> range(start: date.sub(d: 15m, from: at), stop: at)
        |> filter(fn: (r) => {flux.fields("sensor", "status")} and {flux.SCOPE})
        |> last()
        |> set(key: "what", value: what)

union(tables: [part(at: v.timeRangeStop, what: "Now"), part(at: v.timeRangeStart, what: "Before")])
    |> group()
    |> pivot(rowKey: ["device", "sensor"], columnKey: ["what"], valueColumn: "_value")
    |> filter(fn: (r) => exists r.Now)
    |> map(fn: (r) => ({{r with order: if r.Now == 3 then 0 else r.Now}}))
    |> sort(columns: ["order", "Now"], desc: true)
    |> limit(n: 20)
    |> rename(columns: {{device: "Device", sensor: "Part"}})
    |> keep(columns: ["Device", "Part", "Now", "Before"])"""
