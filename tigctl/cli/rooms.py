"""How `plan` shows what a tenant asks of a cluster's nodes and whether it fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tigctl.cli.output import beside, count, listed
from tigctl.targets.kubernetes.amounts import size

_WIDTH = 12


def needed(room: Any) -> Iterator[str]:
    """The lines of a plan; `room` as in `Plan.needs`, None where nobody counted."""
    if not room:
        return
    volumes = f", {size(room['volume_bytes'], up=True)} of volumes" if room["volume_bytes"] else ""
    yield from _line(
        "needs",
        f"{_cpu(room['cpu'])}, {size(room['memory_bytes'], up=True)} of memory{volumes}, in"
        f" {count(room['pods'], 'pod')}",
    )
    if room["fits"] is None:
        yield from _line("fits", "not known: this user may not list nodes and pods (tigctl rbac)")
    elif not room["fits"]:
        yield from _line("no room", f"{room['short']} (tigctl capacity shows all nodes)")
    elif room["nodes"]:
        places = [_place(one) for one in room["nodes"]]
        tight = " Only just: it depends on where the scheduler begins." if room["tight"] else ""
        more = f" {room['more']:,} more of this size fit." if "more" in room else ""
        yield from _line("fits", f"{listed(places, 4)}.{tight}{more}")


def _place(one: Mapping[str, Any]) -> str:
    left = f"{_cpu(one['cpu_left'])}, {size(one['memory_left_bytes'])} left then"
    return f"{listed(one['pods'], 3)} on {one['name']} ({left})"


def _cpu(value: float) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".") + " CPU"


def _line(label: str, text: str) -> Iterator[str]:
    yield from beside(label, text, width=_WIDTH)
