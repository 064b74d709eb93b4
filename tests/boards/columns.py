"""Columns of tables: their order, their colours, where their names lead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.boards.model import Json, link, mapping, override

STATE_CELL = {"type": "color-background", "mode": "basic"}
TEXT_CELL = {"type": "color-text"}

# Where the name in a table's row leads, and a line of a graph.
TO_DEVICE = [link("Open the device", "tigctl-device", device="${__data.fields.Device}")]
TO_SITE = [link("Open the site", "tigctl-site", site="${__data.fields.Site}")]
LINE_TO_DEVICE = [link("Open the device", "tigctl-device", device="${__field.labels.device}")]


def in_order(names: Sequence[str], *, without: Sequence[str] = ()) -> list[Json]:
    """The columns in the order in which they are read."""
    return [
        {
            "id": "organize",
            "options": {
                "indexByName": {name: at for at, name in enumerate(names)},
                "excludeByName": dict.fromkeys(without, True),
                "renameByName": {},
            },
        }
    ]


def now_and_before(states: Sequence[tuple[str, str, str]], width: int) -> list[Json]:
    """The columns Now and Before, each state with its word and colour; Now stands out."""
    return [
        override(
            name,
            mappings=mapping(states),
            custom__cellOptions=cell,
            custom__width=width,
        )
        for name, cell in (("Now", STATE_CELL), ("Before", TEXT_CELL))
    ]


def colored(name: str, unit: str, decimals: int, steps: Json, **more: Any) -> Json:
    """A column of figures, coloured by thresholds."""
    return override(
        name,
        unit=unit,
        decimals=decimals,
        thresholds=steps,
        custom__cellOptions=TEXT_CELL,
        **more,
    )
