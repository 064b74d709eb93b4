"""A board's JSON model, and what its panels have in common: colours, words, thresholds, links.

Colours are those of Okabe and Ito, which colour-blind people tell apart; no state is told by its
colour alone, each has its word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Place = tuple[int, int, int, int]  # x, y, width, height; a board is 24 wide

SOURCE = {"type": "influxdb", "uid": "tigctl-influxdb"}
GOOD, DOUBTFUL, BAD, UNKNOWN = "#009E73", "#E69F00", "#D55E00", "#999999"
BLUE, SKY, ORANGE, PURPLE = "#0072B2", "#56B4E9", "#E69F00", "#CC79A7"

STATES = (("0", "up", GOOD), ("1", "degraded", DOUBTFUL), ("2", "down", BAD))
PORT_STATES = (
    ("1", "up", GOOD),
    ("2", "down", BAD),
    ("3", "testing", DOUBTFUL),
    ("4", "unknown", UNKNOWN),
    ("5", "dormant", DOUBTFUL),
    ("6", "not there", UNKNOWN),
    ("7", "lower layer down", BAD),
)
PART_STATES = (
    ("0", "ok", GOOD),
    ("1", "warning", DOUBTFUL),
    ("2", "critical", BAD),
    ("3", "unknown", UNKNOWN),
)
TIME = "${__url_time_range}"


@dataclass(frozen=True)
class Panel:
    """A panel's model, and what it promises: columns of its answer, and what they are read from.

    `columns` empty: it asks nothing (a text) or a running Grafana (`exempt`).
    """

    model: Json
    reads: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    exempt: bool = False


@dataclass(frozen=True)
class Written:
    """A board: its model and its panels in order."""

    uid: str
    title: str
    says: str
    variables: Sequence[Json]
    panels: Sequence[Panel]
    time: str = "now-6h"
    refresh: str = "1m"

    @property
    def json(self) -> Json:
        """The board's JSON model."""
        return {
            "id": None,
            "uid": self.uid,
            "title": self.title,
            "description": self.says,
            "tags": ["network"],
            "schemaVersion": 41,
            "editable": True,
            "graphTooltip": 1,
            "timezone": "browser",
            "refresh": self.refresh,
            "time": {"from": self.time, "to": "now"},
            "links": [
                {
                    "title": "Boards",
                    "type": "dashboards",
                    "tags": ["network"],
                    "asDropdown": True,
                    "includeVars": True,
                    "keepTime": True,
                    "targetBlank": False,
                    "icon": "external link",
                    "tooltip": "",
                    "url": "",
                }
            ],
            "annotations": {"list": []},
            "templating": {"list": list(self.variables)},
            "panels": [
                {"id": number, **panel.model} for number, panel in enumerate(self.panels, 1)
            ],
        }


def thresholds(*steps: tuple[float | None, str]) -> Json:
    """Absolute thresholds: (from, colour), the first one from None."""
    return {"mode": "absolute", "steps": [{"value": at, "color": color} for at, color in steps]}


RISING = thresholds((None, GOOD), (80, DOUBTFUL), (90, BAD))
LOSS = thresholds((None, GOOD), (10, DOUBTFUL), (50, BAD))
SHARES = thresholds((None, GOOD), (0.1, DOUBTFUL), (1, BAD))
ANSWERED = thresholds((None, BAD), (99, DOUBTFUL), (99.9, GOOD))
HEAT = thresholds((None, GOOD), (60, DOUBTFUL), (75, BAD))
STEPS = thresholds((None, GOOD), (1, DOUBTFUL), (2, BAD))  # of STATES
NEUTRAL = thresholds((None, BLUE))


def mapping(states: Sequence[tuple[str, str, str]]) -> list[Json]:
    """Value mappings: a word and a colour for each number."""
    options = {
        value: {"text": text, "color": color, "index": at}
        for at, (value, text, color) in enumerate(states)
    }
    return [{"type": "value", "options": options}]


def link(title: str, board: str, **variables: str) -> Json:
    """A link one level deeper; variables by name, in Grafana's own template."""
    query = "&".join(f"var-{name}={value}" for name, value in variables.items())
    return {
        "title": title,
        "url": f"/d/{board}?{query}&{TIME}" if query else f"/d/{board}?{TIME}",
        "targetBlank": False,
    }


def override(name: str, **properties: Any) -> Json:
    """How one column or line differs; `__` in a property's name stands for a dot."""
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [
            {"id": key.replace("__", "."), "value": value} for key, value in properties.items()
        ],
    }
