"""Parts of a board's JSON model: panels, fields, thresholds, links, variables.

Colours are those of Okabe and Ito, which colour-blind people tell apart; no state is told by its
colour alone, each has its word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.boards.flux import script

Json = dict[str, Any]

SOURCE = {"type": "influxdb", "uid": "tigctl-influxdb"}
GOOD, DOUBTFUL, BAD, UNKNOWN = "#009E73", "#E69F00", "#D55E00", "#999999"
BLUE, SKY, ORANGE, PURPLE = "#0072B2", "#56B4E9", "#E69F00", "#CC79A7"

# Lines of a graph, whose names nobody knows before: the last letter of a name and its last sign
# together give the colour, the sign before the last whether the line is dashed.
LINES = (BLUE, ORANGE, GOOD, PURPLE, SKY, BAD, UNKNOWN)
_SIGNS = "0123456789abcdefghijklmnopqrstuvwxyz"

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


def _lines() -> list[Json]:
    """Overrides by the end of a line's name: sw-1 and sw-2 differ, srv-app1 and srv-mon1 too."""

    def each(rest: int, among: str = _SIGNS) -> str:
        signs = "".join(one for at, one in enumerate(_SIGNS) if at % count == rest and one in among)
        return f"[{signs}{signs.upper().lstrip(_SIGNS[:10])}]"

    count = len(LINES)
    found = []
    for at, color in enumerate(LINES):
        ends = [
            f"{each(letter, _SIGNS[10:])}[^A-Za-z]*{each((at - letter) % count)}"
            for letter in range(count)
        ]
        found.append(line(f"/(^[^A-Za-z]*{each(at)}|{'|'.join(ends)})$/", color=color))
    odd = _SIGNS[1::2]
    return [*found, line(f"/[{odd}{odd.upper()}].$/", dashed=True)]


def line(name: str, *, color: str = "", dashed: bool | None = None) -> Json:
    """How lines differ whose name a regular expression fits."""
    properties: list[Json] = []
    if color:
        properties.append({"id": "color", "value": {"mode": "fixed", "fixedColor": color}})
    if dashed is not None:
        style = {"fill": "dash", "dash": [8, 4]} if dashed else {"fill": "solid"}
        properties.append({"id": "custom.lineStyle", "value": style})
    return {"matcher": {"id": "byRegexp", "options": name}, "properties": properties}


def query(flux: str, ref: str = "A") -> Json:
    """A target."""
    return {"refId": ref, "datasource": SOURCE, "query": script(flux)}


def panel(
    type_: str,
    title: str,
    place: tuple[int, int, int, int],
    queries: Sequence[str],
    *,
    says: str,
    options: Json,
    reads: Sequence[str],
    columns: Sequence[str],
    unit: str = "",
    defaults: Mapping[str, Any] | None = None,
    custom: Mapping[str, Any] | None = None,
    overrides: Sequence[Json] = (),
    transformations: Sequence[Json] = (),
    nothing: str = "no data in this time",
    points: int | None = None,
    least: str | None = None,
) -> Panel:
    """A panel of any type at (x, y, width, height)."""
    x, y, width, height = place
    config: Json = {"noValue": nothing, "mappings": [], **(defaults or {})}
    if unit:
        config["unit"] = unit
    config.setdefault("thresholds", NEUTRAL)
    if custom is not None:
        config["custom"] = dict(custom)
    model: Json = {
        "type": type_,
        "title": title,
        "description": says,
        "gridPos": {"x": x, "y": y, "w": width, "h": height},
        "datasource": SOURCE,
        "targets": [query(one, chr(65 + at)) for at, one in enumerate(queries)],
        "fieldConfig": {"defaults": config, "overrides": list(overrides)},
        "options": options,
        "transparent": False,
    }
    if transformations:
        model["transformations"] = list(transformations)
    if points:
        model["maxDataPoints"] = points
    if least:
        model["interval"] = least
    return Panel(model, tuple(reads), tuple(columns))


def stat(title: str, place: tuple[int, int, int, int], flux: str, **more: Any) -> Panel:
    """One figure, its colour by its thresholds; `graph` draws the time before behind it."""
    graph = more.pop("graph", False)
    text = more.pop("text", "auto")
    calc = more.pop("calc", "lastNotNull")
    fields = more.pop("fields", "")
    options = {
        "colorMode": more.pop("color", "value"),
        "graphMode": "area" if graph else "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "textMode": text,
        "wideLayout": True,
        "showPercentChange": False,
        "percentChangeColorMode": "standard",
        "reduceOptions": {"calcs": [calc], "fields": fields, "values": False},
    }
    return panel("stat", title, place, [flux], options=options, **more)


def graph(
    title: str, place: tuple[int, int, int, int], queries: Sequence[str], **more: Any
) -> Panel:
    """Lines over time, with a legend that tells the last, mean and greatest value.

    `by_name` False: the names are texts that may all end alike.
    """
    by_name = more.pop("by_name", True)
    wide = place[2] >= 12
    custom = {
        "drawStyle": "line",
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "fillOpacity": more.pop("fill", 0),
        "gradientMode": "none",
        "showPoints": "auto",
        "pointSize": 4,
        "spanNulls": False,
        "axisPlacement": "auto",
        "axisLabel": "",
        "axisSoftMin": 0,
        "scaleDistribution": {"type": "linear"},
        "stacking": {"mode": "none", "group": "A"},
        "thresholdsStyle": {"mode": more.pop("limits", "off")},
        **(more.pop("custom", {})),
    }
    options = {
        "legend": {
            "displayMode": "table" if wide else "list",
            "placement": "right" if wide else "bottom",
            "showLegend": True,
            "calcs": ["lastNotNull", "max"] if wide else [],
            **({"sortBy": "Max", "sortDesc": True} if wide else {}),
        },
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    more.setdefault("points", 300)
    if by_name:
        more["overrides"] = [*_lines(), *more.get("overrides", ())]
    return panel("timeseries", title, place, queries, options=options, custom=custom, **more)


def table(title: str, place: tuple[int, int, int, int], flux: str, **more: Any) -> Panel:
    """Rows and columns; the first name in each row leads one level deeper."""
    options = {
        "showHeader": True,
        "cellHeight": "sm",
        "sortBy": more.pop("sort", []),
    }
    custom = {
        "align": "auto",
        "cellOptions": {"type": "auto"},
        "inspect": False,
        "filterable": False,
        "minWidth": 70,
    }
    # What is told of a whole table without rows must not stand in each empty cell.
    cells = {
        "matcher": {"id": "byRegexp", "options": "/.*/"},
        "properties": [{"id": "noValue", "value": "–"}],
    }
    more["overrides"] = [cells, *more.get("overrides", ())]
    return panel("table", title, place, [flux], options=options, custom=custom, **more)


def timeline(title: str, place: tuple[int, int, int, int], flux: str, **more: Any) -> Panel:
    """States over time, one row each."""
    options = {
        "mergeValues": True,
        "showValue": "never",
        "alignValue": "left",
        "rowHeight": 0.8,
        "perPage": more.pop("rows", 20),
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "single", "sort": "none"},
    }
    custom = {"lineWidth": 0, "fillOpacity": 85}
    more.setdefault("points", 180)
    return panel("state-timeline", title, place, [flux], options=options, custom=custom, **more)


def bars(title: str, place: tuple[int, int, int, int], flux: str, **more: Any) -> Panel:
    """A bar for each row of a table."""
    options = {
        "displayMode": "basic",
        "orientation": "horizontal",
        "valueMode": "color",
        "namePlacement": "left",
        "showUnfilled": True,
        "sizing": "auto",
        "minVizWidth": 8,
        "minVizHeight": 16,
        "maxVizHeight": 24,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []},
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": True},
    }
    return panel("bargauge", title, place, [flux], options=options, **more)


def alerts(title: str, place: tuple[int, int, int, int], says: str, nothing: str) -> Panel:
    """Alerts that are open now; only a running Grafana knows them."""
    x, y, width, height = place
    return Panel(
        {
            "type": "alertlist",
            "title": title,
            "description": says,
            "gridPos": {"x": x, "y": y, "w": width, "h": height},
            "options": {
                "viewMode": "list",
                "groupMode": "default",
                "groupBy": [],
                "maxItems": 20,
                "sortOrder": 3,
                "dashboardAlerts": False,
                "alertName": "",
                "alertInstanceLabelFilter": "",
                "datasource": "",
                "folder": "",
                "showInstances": False,
                "stateFilter": {
                    "firing": True,
                    "pending": True,
                    "noData": False,
                    "normal": False,
                    "error": True,
                },
            },
            "fieldConfig": {"defaults": {"noValue": nothing}, "overrides": []},
        },
        exempt=True,
    )


# Variables


def variable(name: str, label: str, flux: str, *, multi: bool = True, says: str = "") -> Json:
    """A variable whose values are asked from the data."""
    chosen = {"selected": True, "text": ["All"], "value": ["$__all"]} if multi else {}
    return {
        "name": name,
        "label": label,
        "description": says,
        "type": "query",
        "datasource": SOURCE,
        "query": flux,
        "definition": flux,
        "refresh": 2,
        "regex": "",
        "sort": 7,
        "multi": multi,
        "includeAll": multi,
        **({"allValue": ".*"} if multi else {}),
        "hide": 0,
        "options": [],
        "current": chosen,
        "skipUrlSync": False,
    }


def _values(tag: str, condition: str) -> str:
    return (
        'import "influxdata/influxdb/schema"\n\n'
        f'schema.tagValues(bucket: "raw", tag: "{tag}", start: -7d, predicate: (r) => {condition})'
    )


_ANY = '(r._measurement == "ping" or r._measurement == "system")'
_SCOPED = f"{_ANY} and r.site =~ /^${{site:regex}}$/ and r.role =~ /^${{role:regex}}$/"

SITE = variable("site", "Site", _values("site", _ANY))
ONE_SITE = variable("site", "Site", _values("site", _ANY), multi=False)
ROLE = variable("role", "Role", _values("role", f"{_ANY} and r.site =~ /^${{site:regex}}$/"))
DEVICE = variable("device", "Device", _values("device", _SCOPED), multi=False)
ALL_DEVICES = variable("device", "Device", _values("device", _SCOPED))
INTERFACE = variable(
    "interface",
    "Interface",
    _values("ifName", 'r._measurement == "interface" and r.device == "${device}"'),
)
