"""The board Service desk: large, in plain words, for a screen on the wall."""

from __future__ import annotations

from tests.boards import alive, flux
from tests.boards.columns import STATE_CELL, TEXT_CELL, TO_DEVICE, TO_SITE, in_order
from tests.boards.model import (
    BAD,
    DOUBTFUL,
    GOOD,
    STATES,
    STEPS,
    Panel,
    Place,
    Written,
    mapping,
    override,
)
from tests.boards.panels import alerts, stat, table
from tests.boards.variables import ROLE, SITE

WORDS = (
    ("0", "Everything is fine", GOOD),
    ("1", "Something needs a look", DOUBTFUL),
    ("2", "Something is down", BAD),
)
TILES = (("0", "fine", GOOD), ("1", "needs a look", DOUBTFUL), ("2", "something is down", BAD))

WORST = f"""\
import "date"

{flux.state()}
state(at: v.timeRangeStop)
    |> group()
    |> max()
    |> keep(columns: ["_value"])"""

SITES = f"""\
import "date"

{flux.state()}
state(at: v.timeRangeStop)
    |> group(columns: ["site"])
    |> max()
    |> keep(columns: ["site", "_value"])"""

TROUBLE = (
    f"""\
import "date"

{flux.state()}
answered =
    from(bucket: "raw")
        |> range(start: date.sub(d: 7d, from: v.timeRangeStop), stop: v.timeRangeStop)
        |> filter(fn: (r) => (r._measurement == "ping" and r._field == "average_response_ms"
            or r._measurement == "system" and r._field == "uptime_seconds") and {flux.SCOPE})
        |> last()
        |> map(fn: (r) => ({{r with _value: float(v: int(v: r._time) / 1000000)}}))
        |> group(columns: ["device", "site", "role"])
        |> max()

"""
    + flux.wide(
        [
            flux.named("state(at: v.timeRangeStop)", "Now"),
            flux.named("state(at: v.timeRangeStart)", "Before"),
            flux.named("answered", "Last answer"),
        ]
    )
    + """
    |> rename(columns: {device: "Device", site: "Site", role: "Role"})
    |> map(fn: (r) => ({r with "What to do":
        if r.Now == 2.0 then "Is there power? Is the line up? Call the site."
        else if r.Now == 1.0 then "It lives, but does not tell everything. Pass it on to the NOC."
        else "Nothing"}))
    |> sort(columns: ["Now", "Last answer"], desc: true)
    |> limit(n: 12)"""
)

COLUMNS = ("Device", "Site", "Role", "Now", "Before", "Last answer", "What to do")

CALL = """\
**Somebody calls?** Look for the device's name below and open it. \
Its board shows whether it answers, which of its ports are up, and what changed.

**All devices of a site are down?** It is the site's line or power: one call for all.\
"""


def board() -> Written:
    return Written(
        "tigctl-service-desk",
        "Service desk",
        "Is the customer fine, in plain words; what is down, since when, and what to do first.",
        [SITE, ROLE],
        [
            *_now(),
            _text("What to do", (10, 4, 14, 4)),
            _sites(),
            _devices(),
            alerts("Open alerts", (17, 13, 7, 13), "What fires now.", "no open alerts"),
        ],
        refresh="30s",
    )


def _now() -> list[Panel]:
    down, degraded = "Neither ping nor SNMP was answered.", "One of ping and SNMP is missing."
    return [
        stat(
            "Is the customer fine?",
            (0, 0, 10, 8),
            WORST,
            says="The worst state of all devices chosen.",
            defaults={"mappings": mapping(WORDS), "thresholds": STEPS},
            color="background_solid",
            reads=alive.PRESENCE,
            columns=("_value",),
        ),
        alive.counted("Devices down", 2, 10, BAD, down, width=4),
        alive.counted("Devices degraded", 1, 14, DOUBTFUL, degraded, width=4),
        alive.availability("Available 24 h", "24h", 18),
        alive.availability("Available 30 d", "30d", 21),
    ]


def _sites() -> Panel:
    site = {
        "title": "Open the site",
        "url": "/d/tigctl-site?var-site=${__field.labels.site}",
        "targetBlank": False,
    }
    return stat(
        "Sites",
        (0, 8, 24, 5),
        SITES,
        says="A tile for each site, by the worst of its devices.",
        defaults={
            "mappings": mapping(TILES),
            "thresholds": STEPS,
            "displayName": "${__field.labels.site}",
            "links": [site],
        },
        color="background_solid",
        text="value_and_name",
        reads=alive.PRESENCE,
        columns=("_value", "site"),
    )


def _devices() -> Panel:
    states = mapping(STATES)
    return table(
        "Devices, worst first",
        (0, 13, 17, 13),
        TROUBLE,
        says="Now, before, the last answer, what to do. A name leads to its board.",
        overrides=[
            override("Device", links=TO_DEVICE, custom__width=150),
            override("Site", links=TO_SITE, custom__width=110),
            override("Role", custom__width=110),
            override("Now", mappings=states, custom__cellOptions=STATE_CELL, custom__width=100),
            override("Before", mappings=states, custom__width=100, custom__cellOptions=TEXT_CELL),
            override("Last answer", unit="dateTimeFromNow", custom__width=140),
            override("What to do", custom__minWidth=320),
        ],
        transformations=in_order(COLUMNS),
        reads=(*alive.PRESENCE, "ping.average_response_ms"),
        columns=COLUMNS,
    )


def _text(title: str, place: Place) -> Panel:
    x, y, width, height = place
    return Panel(
        {
            "type": "text",
            "title": title,
            "gridPos": {"x": x, "y": y, "w": width, "h": height},
            "options": {"mode": "markdown", "content": CALL},
        },
        exempt=True,
    )
