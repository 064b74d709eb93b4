"""The board Site: all devices of one site."""

from __future__ import annotations

from tests.boards import flux, overview
from tests.boards.interfaces import IN, OUT
from tests.boards.model import (
    BAD,
    DOUBTFUL,
    GOOD,
    ONE_SITE,
    PART_STATES,
    ROLE,
    Written,
    graph,
    link,
    mapping,
    override,
    table,
    timeline,
)

TO_DEVICE = [link("Open the device", "tigctl-device", device="${__field.labels.device}")]


def traffic(direction: tuple[str, ...]) -> str:
    """Bits a second of all ports of each device, the ten greatest."""
    return f"""{flux.HEAD}
{flux.rate(flux.SCOPE, *direction, factor="8.0", thin=True)}
lines =
    (if bucket == "raw" then
        rates
    else
        rates |> aggregateWindow(every: every, fn: mean, createEmpty: false, timeSrc: "_start"))
        |> group(columns: ["device"])
        |> aggregateWindow(every: every, fn: sum, createEmpty: false, timeSrc: "_start")
most =
    (lines
        |> mean()
        |> group()
        |> sort(columns: ["_value"], desc: true)
        |> limit(n: 10)
        |> findColumn(fn: (key) => true, column: "device"))

lines |> filter(fn: (r) => contains(value: r.device, set: most))"""


PARTS = f"""\
import "date"

{flux.recent('r._measurement == "sensor" and r._field == "status" and ' + flux.SCOPE)}
    |> keep(columns: ["device", "sensor", "_value"])
    |> group()
    |> sort(columns: ["_value"], desc: true)
    |> map(fn: (r) => ({{r with order: if r._value == 3 then 0 else r._value}}))
    |> sort(columns: ["order"], desc: true)
    |> limit(n: 20)
    |> rename(columns: {{device: "Device", sensor: "Part", _value: "Now"}})
    |> keep(columns: ["Device", "Part", "Now"])"""


def board() -> Written:
    panels = [
        overview.counted("Devices down", 2, 0, BAD, "Neither ping nor SNMP was answered."),
        overview.counted("Devices degraded", 1, 3, DOUBTFUL, "One of ping and SNMP is missing."),
        overview.counted("Devices up", 0, 6, GOOD, "Everything that is asked is answered."),
        overview.availability("Available 24 h", "24h", 9),
        overview.availability("Available 7 d", "7d", 12),
        overview.availability("Available 30 d", "30d", 15),
        table(
            "Parts that are not well",
            (18, 0, 6, 12),
            PARTS,
            says="Fans, supplies and the like, the worst first; what is ok comes last.",
            overrides=[
                override("Device", links=overview.TO_DEVICE),
                override(
                    "Now",
                    mappings=mapping(PART_STATES),
                    custom__width=80,
                    custom__cellOptions=overview.STATE_CELL,
                ),
            ],
            transformations=overview.in_order(("Device", "Part", "Now")),
            reads=("sensor.status",),
            columns=("Device", "Part", "Now"),
            nothing="no device tells states of its parts",
        ),
        table(
            "Devices",
            (0, 4, 18, 8),
            overview.devices(flux.SCOPE),
            says="All devices of the site, the worst first. A name leads to its board.",
            overrides=[one for one in overview.COLUMNS if one["matcher"]["options"] != "Site"],
            transformations=[
                {
                    "id": "organize",
                    "options": {
                        "indexByName": {name: at for at, name in enumerate(overview.NAMES)},
                        "excludeByName": {"Site": True},
                        "renameByName": {},
                    },
                }
            ],
            reads=overview.FIGURES,
            columns=overview.NAMES,
        ),
        timeline(
            "Devices over time",
            (0, 12, 12, 9),
            overview.worst_over_time(flux.SCOPE, 20),
            says="The twenty devices that answered least in the time shown.",
            defaults={
                "displayName": "${__field.labels.device}",
                "mappings": mapping(overview.ANSWERS),
                "links": TO_DEVICE,
            },
            reads=("ping.answered_percent", *overview.PING),
            columns=("_time", "_value", "device"),
        ),
        graph(
            "Response time",
            (12, 12, 12, 9),
            [overview.top("average_response_ms", flux.SCOPE)],
            says="The ten devices that are slowest to answer.",
            unit="ms",
            defaults={"displayName": "${__field.labels.device}", "decimals": 1, "links": TO_DEVICE},
            reads=("ping.average_response_ms",),
            columns=("_time", "_value", "device"),
        ),
        graph(
            "Traffic in",
            (0, 21, 12, 9),
            [traffic(IN)],
            says="Of all ports together, the ten devices with most of it.",
            unit="bps",
            defaults={"displayName": "${__field.labels.device}", "links": TO_DEVICE},
            reads=("interface.ifHCInOctets", "interface.ifInOctets"),
            columns=("_time", "_value", "device"),
        ),
        graph(
            "Traffic out",
            (12, 21, 12, 9),
            [traffic(OUT)],
            says="Of all ports together, the ten devices with most of it.",
            unit="bps",
            defaults={"displayName": "${__field.labels.device}", "links": TO_DEVICE},
            reads=("interface.ifHCOutOctets", "interface.ifOutOctets"),
            columns=("_time", "_value", "device"),
        ),
    ]
    return Written(
        "tigctl-site",
        "Site",
        "One site: its devices, worst first, how they answered, what they carry.",
        [ONE_SITE, ROLE],
        panels,
    )
