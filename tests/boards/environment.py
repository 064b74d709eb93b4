"""The board Environment and power: temperatures, humidity, fans, supplies, UPS."""

from __future__ import annotations

from tests.boards import flux
from tests.boards.columns import LINE_TO_DEVICE, TO_DEVICE, TO_SITE, in_order, now_and_before
from tests.boards.model import (
    BAD,
    DOUBTFUL,
    GOOD,
    HEAT,
    PART_STATES,
    RISING,
    Json,
    Panel,
    Place,
    Written,
    override,
    thresholds,
)
from tests.boards.panels import graph, stat, table
from tests.boards.variables import ROLE, SITE

SCOPE = flux.SCOPE
NAME = "${__field.labels.device} ${__field.labels.sensor}"
CHARGE = thresholds((None, BAD), (30, DOUBTFUL), (60, GOOD))
RUNTIME = thresholds((None, BAD), (5, DOUBTFUL), (15, GOOD))
DAMP = thresholds((None, DOUBTFUL), (20, GOOD), (80, BAD))
CELSIUS = f"{flux.fields('temperature', 'celsius')} and {SCOPE}"


def board() -> Written:
    return Written(
        "tigctl-environment",
        "Environment and power",
        "Temperatures, humidity, fans, power supplies, UPS: what is hot, failing or on battery.",
        [SITE, ROLE],
        [*_now(), _parts(), _temperature(), *_sensors()],
    )


def _now() -> list[Panel]:
    charge, left, load = of_class("charge"), of_class("runtime"), of_class("load")
    return [
        parts("Parts critical", 2, 0, BAD),
        parts("Parts with a warning", 1, 4, DOUBTFUL),
        extreme("Hottest", 8, CELSIUS, "max", unit="celsius", steps=HEAT),
        extreme("Lowest charge", 12, charge, "min", unit="percent", steps=CHARGE),
        extreme("Least time on battery", 16, left, "min", unit="m", steps=RUNTIME),
        extreme("Greatest load", 20, load, "max", unit="percent", steps=RISING),
    ]


def _parts() -> Panel:
    return table(
        "Parts",
        (0, 4, 12, 10),
        PARTS,
        says="The worst first; now, and when the time shown began.",
        overrides=[
            override("Device", links=TO_DEVICE),
            override("Site", links=TO_SITE),
            *now_and_before(PART_STATES, 80),
        ],
        transformations=in_order(("Device", "Site", "Part", "Now", "Before", "It says")),
        reads=("sensor.status", "sensor.text"),
        columns=("Device", "Site", "Part", "Now", "It says"),
        nothing="no device tells states",
    )


def _temperature() -> Panel:
    return graph(
        "Temperature",
        (12, 4, 12, 10),
        [ten(CELSIUS)],
        says="The ten hottest sensors.",
        unit="celsius",
        defaults={
            "displayName": NAME,
            "thresholds": HEAT,
            "decimals": 0,
            "links": LINE_TO_DEVICE,
        },
        limits="dashed",
        reads=("temperature.celsius",),
        columns=("_time", "_value", "device", "sensor"),
    )


def _sensors() -> list[Panel]:
    return [
        sensors(
            "Charge of batteries",
            (0, 14, 8, 8),
            "charge",
            "percent",
            "The ten emptiest.",
            least=True,
            steps=CHARGE,
        ),
        sensors(
            "Time left on battery",
            (8, 14, 8, 8),
            "runtime",
            "m",
            "At the present load; the ten shortest.",
            least=True,
        ),
        sensors(
            "Load",
            (16, 14, 8, 8),
            "load",
            "percent",
            "Share of what a UPS, a circuit or a strip can bear.",
            steps=RISING,
        ),
        sensors("Power", (0, 22, 8, 8), "power", "watt", "What is drawn or given."),
        sensors("Current", (8, 22, 8, 8), "current", "amp", "The ten greatest."),
        sensors("Voltage", (16, 22, 8, 8), "voltage", "volt", "The ten greatest."),
        sensors("Humidity", (0, 30, 8, 8), "humidity", "percent", "The ten dampest.", steps=DAMP),
        sensors("Fans", (8, 30, 8, 8), "fanspeed", "rotrpm", "The ten slowest.", least=True),
        sensors("Frequency", (16, 30, 8, 8), "frequency", "hertz", "Of mains and of output."),
    ]


def parts(title: str, level: int, x: int, color: str) -> Panel:
    """How many parts are in a state: 1 warning, 2 critical."""
    last = flux.recent(flux.fields("sensor", "status") + " and " + SCOPE)
    return stat(
        title,
        (x, 0, 4, 4),
        'import "date"\n\n' + flux.counted(last, f"r._value == {level}"),
        says="Fans, power supplies and whatever else tells a state.",
        defaults={"thresholds": thresholds((None, GOOD), (1, color)), "decimals": 0},
        reads=("sensor.status",),
        columns=("_value",),
        nothing="no device tells states",
    )


def extreme(title: str, x: int, condition: str, how: str, *, unit: str, steps: Json) -> Panel:
    """The greatest or least of all sensors chosen."""
    return stat(
        title,
        (x, 0, 4, 4),
        f'import "date"\n\n{flux.recent(condition)}\n    |> group()\n    |> {how}()\n'
        '    |> keep(columns: ["_value"])',
        says="Of all sensors chosen, as polled last.",
        unit=unit,
        defaults={"thresholds": steps, "decimals": 0},
        reads=("temperature.celsius",) if "celsius" in condition else ("sensor.value",),
        columns=("_value",),
        nothing="no device tells it",
    )


def sensors(
    title: str,
    place: Place,
    class_: str,
    unit: str,
    says: str,
    *,
    least: bool = False,
    steps: Json | None = None,
) -> Panel:
    """The ten greatest (or least) of a class of sensors, over time."""
    return graph(
        title,
        place,
        [ten(of_class(class_), least=least)],
        says=says,
        unit=unit,
        defaults={
            "displayName": NAME,
            "links": LINE_TO_DEVICE,
            **({"thresholds": steps} if steps else {}),
        },
        limits="dashed" if steps else "off",
        reads=("sensor.value",),
        columns=("_time", "_value", "device", "sensor"),
        nothing="no device tells it",
    )


def ten(condition: str, *, least: bool = False) -> str:
    """A gauge over time, of the ten sensors where it is greatest (or least)."""
    last = f"{flux.series(condition)}\n        |> last()"
    return f"""{flux.HEAD}
{flux.leading(last, ["device", "sensor"], 10, least=least)}
{flux.series(condition + " and r.device =~ among")}
    |> aggregateWindow(every: every, fn: mean, createEmpty: false)
    |> keep(columns: ["_time", "_value", "device", "sensor"])
    |> leads()
    |> group(columns: ["device", "sensor"])"""


def of_class(*names: str) -> str:
    """The condition for sensors of these classes."""
    inner = " or ".join(f'r.class == "{one}"' for one in names)
    return f"{flux.fields('sensor', 'value')} and ({inner}) and {SCOPE}"


PARTS = f"""\
import "date"

part = (at, field) =>
    from(bucket: "raw")
        |> range(start: date.sub(d: 15m, from: at), stop: at)
        |> filter(fn: (r) => r._measurement == "sensor" and r._field == field
            and r.class == "state" and {SCOPE})
        |> last()
        |> toString()

union(tables: [
    part(at: v.timeRangeStop, field: "status") |> map(fn: (r) => ({{r with what: "Now"}})),
    part(at: v.timeRangeStart, field: "status") |> map(fn: (r) => ({{r with what: "Before"}})),
    part(at: v.timeRangeStop, field: "text") |> map(fn: (r) => ({{r with what: "It says"}})),
])
    |> keep(columns: ["device", "site", "sensor", "what", "_value"])
    |> group()
    |> pivot(rowKey: ["device", "site", "sensor"], columnKey: ["what"], valueColumn: "_value")
    |> map(fn: (r) => ({{r with order: if r.Now == "3" then "0" else r.Now}}))
    |> sort(columns: ["order"], desc: true)
    |> limit(n: 200)
    |> rename(columns: {{device: "Device", site: "Site", sensor: "Part"}})
    |> drop(columns: ["order"])"""
