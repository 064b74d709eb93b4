"""The board Interfaces: the ports of one device, their traffic, errors and states."""

from __future__ import annotations

from collections.abc import Sequence

from tests.boards import ports
from tests.boards.columns import colored, in_order
from tests.boards.model import PORT_STATES, RISING, SHARES, Panel, Place, Written, mapping, override
from tests.boards.panels import graph, line, table, timeline
from tests.boards.ports import DISCARDS, ERRORS, IN, OUT
from tests.boards.variables import DEVICE, INTERFACE, ROLE, SITE

NAME = "${__field.labels.ifName}"


def board() -> Written:
    return Written(
        "tigctl-interfaces",
        "Interfaces",
        "The ports of a device: traffic, use, errors, discards, state over time.",
        [SITE, ROLE, DEVICE, INTERFACE],
        [_ports(), *_traffic(), _percentiles(), *_errors_and_discards()],
    )


def _ports() -> Panel:
    return table(
        "Ports",
        (0, 0, 24, 9),
        ports.glance(ports.PORTS),
        says="State now and when the time shown began; traffic as polled last.",
        overrides=[*ports.GLANCE_OVERRIDES, override("Port", custom__width=160)],
        transformations=in_order(ports.GLANCE_COLUMNS),
        reads=ports.GLANCE_READS,
        columns=ports.GLANCE_COLUMNS,
        nothing="no ports",
    )


def _traffic() -> list[Panel]:
    return [
        _one_way("In", (0, 9, 12, 9), IN, "Received bits a second."),
        _one_way("Out", (12, 9, 12, 9), OUT, "Sent bits a second."),
        graph(
            "Use of the speed",
            (0, 18, 12, 9),
            [ports.share_of_speed(IN, "in"), ports.share_of_speed(OUT, "out")],
            says="Traffic as a share of what the port can carry, each way.",
            unit="percent",
            defaults={
                "displayName": f"${{__field.labels.way}} {NAME}",
                "thresholds": RISING,
                "decimals": 1,
            },
            limits="dashed",
            overrides=[line("/^in /", dashed=False), line("/^out /", dashed=True)],
            reads=("interface.ifHCInOctets", "interface.ifHCOutOctets", "interface.ifHighSpeed"),
            columns=("_time", "_value", "ifName", "way"),
            nothing="no port tells its speed",
        ),
        timeline(
            "State, now and before",
            (12, 18, 12, 9),
            ports.TIMES,
            says="What each port said of itself.",
            defaults={"displayName": NAME, "mappings": mapping(PORT_STATES)},
            reads=("interface.ifOperStatus",),
            columns=("_time", "_value", "ifName"),
        ),
    ]


def _one_way(title: str, place: Place, direction: Sequence[str], says: str) -> Panel:
    return graph(
        title,
        place,
        [ports.traffic(direction)],
        says=says,
        unit="bps",
        defaults={"displayName": NAME, "color": {"mode": "palette-classic-by-name"}},
        fill=5,
        reads=_read(direction),
        columns=("_time", "_value", "ifName"),
    )


def _percentiles() -> Panel:
    figures = ports.FIGURES
    return table(
        "95th percentile, mean and greatest",
        (0, 27, 24, 8),
        ports.PERCENTILES,
        says=(
            "Of the time shown, from means of 5 minutes (of an hour beyond 7 days). Errors and"
            " discards as a share of the packets."
        ),
        overrides=[
            *(override(one, unit="bps", decimals=1) for one in figures[2:8]),
            *(colored(one, "percent", 3, SHARES) for one in figures[8:]),
            override("Port", custom__width=160),
        ],
        transformations=in_order(figures),
        reads=(
            *("interface.ifHCInOctets", "interface.ifHCOutOctets"),
            *("interface.ifInErrors", "interface.ifInDiscards"),
        ),
        columns=figures,
    )


def _errors_and_discards() -> list[Panel]:
    cable = "Both ways together; more than 0.1 % is worth a look at cable and transceiver."
    room = "Thrown away for want of room, both ways together."
    return [
        _of_packets("Errors, share of packets", 0, ERRORS, cable),
        _of_packets("Discards, share of packets", 12, DISCARDS, room),
        _per_second("Errors per second", 0, ERRORS),
        _per_second("Discards per second", 12, DISCARDS),
    ]


def _of_packets(title: str, x: int, counters: Sequence[str], says: str) -> Panel:
    return graph(
        title,
        (x, 35, 12, 8),
        [ports.bad_of_packets(counters)],
        says=says,
        unit="percent",
        defaults={"displayName": NAME, "thresholds": SHARES, "decimals": 3},
        limits="dashed",
        reads=_read((*counters, "ifHCInUcastPkts", "ifHCOutUcastPkts")),
        columns=("_time", "_value", "ifName"),
    )


def _per_second(title: str, x: int, counters: Sequence[str]) -> Panel:
    return graph(
        title,
        (x, 43, 12, 8),
        [ports.bad_per_second(counters)],
        says="Both ways together.",
        unit="suffix:/s",
        defaults={"displayName": NAME, "decimals": 3},
        reads=_read(counters),
        columns=("_time", "_value", "ifName"),
    )


def _read(counters: Sequence[str]) -> list[str]:
    return [f"interface.{one}" for one in counters]
