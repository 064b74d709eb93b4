"""The top row of the board Device: how it is now, in eight figures."""

from __future__ import annotations

from tests.boards import alive, device_flux
from tests.boards.model import (
    ANSWERED,
    DOUBTFUL,
    GOOD,
    HEAT,
    RISING,
    STATES,
    STEPS,
    TIME,
    Panel,
    mapping,
    thresholds,
)
from tests.boards.panels import stat

_WHEN = "${__field.labels.when}"

# Where the number of ports leads.
PORTS_OF = {
    "title": "Open its ports",
    "url": f"/d/tigctl-interfaces?${{device:queryparam}}&{TIME}",
    "targetBlank": False,
}


def row() -> list[Panel]:
    return [*_states(), *_figures()]


def _states() -> list[Panel]:
    return [
        stat(
            "State",
            (0, 0, 3, 4),
            device_flux.STATE,
            says="Down: neither ping nor SNMP was answered for 15 minutes.",
            defaults={"mappings": mapping(STATES), "thresholds": STEPS, "displayName": _WHEN},
            color="background_solid",
            text="value_and_name",
            reads=alive.PRESENCE,
            columns=("_value", "when"),
        ),
        stat(
            "Running for",
            (3, 0, 3, 4),
            device_flux.RUNNING,
            says="Since the device, or its agent, started.",
            unit="dtdurations",
            defaults={"thresholds": thresholds((None, DOUBTFUL), (86_400, GOOD)), "decimals": 0},
            reads=("system.uptime_seconds",),
            columns=("_value",),
            nothing="does not tell",
        ),
        stat(
            "Response",
            (6, 0, 3, 4),
            device_flux.over_time("ping", "average_response_ms"),
            says="Round trip of a ping; the area is the time shown.",
            unit="ms",
            defaults={"decimals": 1},
            graph=True,
            reads=("ping.average_response_ms",),
            columns=("_time", "_value"),
            nothing="not pinged",
        ),
        stat(
            "Pings answered",
            (9, 0, 3, 4),
            alive.answering("device", device_flux.ONE)
            + '\n    |> keep(columns: ["_time", "_value"])',
            says="Mean of the time shown.",
            unit="percent",
            defaults={"thresholds": ANSWERED, "decimals": 2},
            graph=True,
            calc="mean",
            reads=("ping.answered_percent", "ping.percent_packet_loss"),
            columns=("_time", "_value"),
            nothing="not pinged",
        ),
    ]


def _figures() -> list[Panel]:
    return [
        _share(
            "CPU",
            12,
            device_flux.over_time("cpu", "usage_percent"),
            "Mean of all its processors; the area is the time shown.",
            "cpu.usage_percent",
        ),
        _share(
            "Memory",
            15,
            device_flux.over_time("memory", "used_percent", "max"),
            "The fullest of its memories; the area is the time shown.",
            "memory.used_percent",
        ),
        stat(
            "Hottest",
            (18, 0, 3, 4),
            device_flux.over_time("temperature", "celsius", "max"),
            says="Its hottest sensor; the area is the time shown.",
            unit="celsius",
            defaults={"thresholds": HEAT, "decimals": 0},
            graph=True,
            reads=("temperature.celsius",),
            columns=("_time", "_value"),
            nothing="does not tell",
        ),
        stat(
            "Ports up",
            (21, 0, 3, 4),
            device_flux.PORTS_UP,
            says="Ports with a link, now and when the time shown began.",
            defaults={"links": [PORTS_OF], "displayName": _WHEN},
            text="value_and_name",
            reads=("interface.ifOperStatus",),
            columns=("_value", "when"),
            nothing="no ports",
        ),
    ]


def _share(title: str, x: int, flux: str, says: str, read: str) -> Panel:
    return stat(
        title,
        (x, 0, 3, 4),
        flux,
        says=says,
        unit="percent",
        defaults={"thresholds": RISING, "decimals": 0, "min": 0, "max": 100},
        graph=True,
        reads=(read,),
        columns=("_time", "_value"),
        nothing="does not tell",
    )
