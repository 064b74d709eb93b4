"""The board Device: everything about one device, now and before."""

from __future__ import annotations

from tests.boards import alive, device_flux, device_now, ports
from tests.boards.columns import STATE_CELL, TEXT_CELL, in_order
from tests.boards.model import (
    BLUE,
    DOUBTFUL,
    HEAT,
    LOSS,
    PART_STATES,
    PORT_STATES,
    RISING,
    SKY,
    TIME,
    Panel,
    Place,
    Written,
    mapping,
    override,
)
from tests.boards.panels import graph, line, table, timeline
from tests.boards.variables import DEVICE, ROLE, SITE

CHANGES = mapping(
    [*PORT_STATES, *((f"p{value}", text, color) for value, text, color in PART_STATES)]
)

# Where the name of a port leads.
PORT = {
    "title": "Open the port",
    "url": (
        f"/d/tigctl-interfaces?${{device:queryparam}}&var-interface=${{__data.fields.Port}}&{TIME}"
    ),
    "targetBlank": False,
}


def board() -> Written:
    return Written(
        "tigctl-device",
        "Device",
        "One device: who it is, how it is now and was before, and what changed.",
        [SITE, ROLE, DEVICE],
        [
            *device_now.row(),
            *_who_and_what(),
            *_parts_and_ports(),
            *_pings(),
            *_loads(),
        ],
    )


def _who_and_what() -> list[Panel]:
    return [
        timeline(
            "Alive, now and before",
            (0, 4, 16, 5),
            device_flux.ALIVE,
            says="Whether ping and SNMP were answered: all, some, none.",
            defaults={
                "displayName": "${__field.labels.what}",
                "mappings": mapping(alive.ANSWERS),
            },
            reads=("ping.answered_percent", "ping.percent_packet_loss", "system.uptime_seconds"),
            columns=("_time", "_value", "what"),
        ),
        table(
            "Who it is",
            (16, 4, 8, 9),
            device_flux.IDENTITY,
            says="As the device told, and as probing found out.",
            overrides=[override("What", custom__width=130)],
            transformations=in_order(("What", "Value")),
            reads=(
                *("inventory.vendor", "inventory.model", "inventory.serial", "system.sysName"),
                "system.sysDescr",
            ),
            columns=("What", "Value"),
        ),
        table(
            "What changed",
            (0, 9, 16, 6),
            device_flux.CHANGED,
            says="Ports and parts that changed in the time shown, and the last start.",
            overrides=[
                override("When", unit="dateTimeAsIso", custom__width=180),
                override("Before", mappings=CHANGES, custom__cellOptions=TEXT_CELL),
                override("Now", mappings=CHANGES, custom__cellOptions=TEXT_CELL),
            ],
            transformations=in_order(("When", "What", "Before", "Now")),
            reads=("interface.ifOperStatus", "sensor.status", "system.uptime_seconds"),
            columns=("When", "What", "Now"),
        ),
    ]


def _parts_and_ports() -> list[Panel]:
    states = mapping(PART_STATES)
    return [
        table(
            "Parts",
            (16, 13, 8, 10),
            device_flux.PARTS,
            says="Fans, supplies and the like: their states now, and when the time shown began.",
            overrides=[
                override("Now", mappings=states, custom__width=80, custom__cellOptions=STATE_CELL),
                override(
                    "Before", mappings=states, custom__width=80, custom__cellOptions=TEXT_CELL
                ),
            ],
            transformations=in_order(("Part", "Now", "Before", "It says")),
            reads=("sensor.status", "sensor.text"),
            columns=("Part", "Now", "It says"),
            nothing="it tells no states",
        ),
        table(
            "Ports at a glance",
            (0, 15, 16, 8),
            ports.glance(ports.ONE),
            says="State now and when the time shown began, traffic now. A name leads to the port.",
            overrides=[
                *ports.GLANCE_OVERRIDES,
                override("Port", links=[PORT], custom__minWidth=110),
            ],
            transformations=in_order(ports.GLANCE_COLUMNS),
            reads=ports.GLANCE_READS,
            columns=ports.GLANCE_COLUMNS,
            nothing="no ports",
        ),
    ]


def _pings() -> list[Panel]:
    return [
        graph(
            "Response time",
            (0, 23, 8, 8),
            [
                device_flux.named("ping", "minimum_response_ms", "fastest", "min"),
                device_flux.named("ping", "average_response_ms", "mean", "mean"),
                device_flux.named("ping", "maximum_response_ms", "slowest", "max"),
            ],
            says="Round trips of its pings.",
            unit="ms",
            overrides=[
                line("/fastest/", color=SKY, dashed=False),
                line("/mean/", color=BLUE, dashed=False),
                line("/slowest/", color=DOUBTFUL, dashed=True),
            ],
            defaults={"displayName": "${__field.labels.what}"},
            reads=(
                *("ping.minimum_response_ms", "ping.average_response_ms"),
                "ping.maximum_response_ms",
            ),
            columns=("_time", "_value", "what"),
            nothing="not pinged",
        ),
        graph(
            "Packets lost",
            (8, 23, 8, 8),
            [device_flux.named("ping", "percent_packet_loss", "lost", "mean")],
            says="Share of its pings without an answer.",
            unit="percent",
            defaults={
                "displayName": "${__field.labels.what}",
                "max": 100,
                "thresholds": LOSS,
                "decimals": 0,
            },
            fill=20,
            reads=("ping.percent_packet_loss",),
            columns=("_time", "_value", "what"),
            nothing="not pinged",
        ),
    ]


def _loads() -> list[Panel]:
    return [
        _each(
            "CPU by processor",
            (16, 23, 8, 8),
            "cpu.usage_percent",
            "cpu",
            "Load of its processors, the ten busiest.",
        ),
        _each(
            "Memory by pool",
            (0, 31, 8, 8),
            "memory.used_percent",
            "pool",
            "Use of its memories, the ten fullest.",
        ),
        _each(
            "Storage",
            (8, 31, 8, 8),
            "storage.used_percent",
            "storage",
            "How full its disks are, the ten fullest.",
            nothing="has no disks",
        ),
        graph(
            "Temperatures",
            (16, 31, 8, 8),
            [device_flux.each("temperature.celsius", "sensor")],
            by_name=False,
            says="Its ten hottest sensors.",
            unit="celsius",
            defaults={"displayName": "${__field.labels.sensor}", "thresholds": HEAT, "decimals": 0},
            limits="dashed",
            reads=("temperature.celsius",),
            columns=("_time", "_value", "sensor"),
            nothing="does not tell",
        ),
    ]


def _each(
    title: str,
    place: Place,
    field: str,
    label: str,
    says: str,
    *,
    nothing: str = "does not tell",
) -> Panel:
    """A percentage of each processor, memory or disk; `field` is `measurement.field`."""
    return graph(
        title,
        place,
        [device_flux.each(field, label)],
        by_name=False,
        says=says,
        unit="percent",
        defaults={
            "displayName": f"${{__field.labels.{label}}}",
            "max": 100,
            "thresholds": RISING,
            "decimals": 0,
        },
        limits="dashed",
        reads=(field,),
        columns=("_time", "_value", label),
        nothing=nothing,
    )
