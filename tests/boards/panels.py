"""Panels of a board by their kind: figures, lines, tables, states over time, open alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.boards.flux import script
from tests.boards.model import (
    BAD,
    BLUE,
    GOOD,
    NEUTRAL,
    ORANGE,
    PURPLE,
    SKY,
    SOURCE,
    UNKNOWN,
    Json,
    Panel,
    Place,
)

# Lines of a graph, whose names nobody knows before: the last letter of a name and its last sign
# together give the colour, the sign before the last whether the line is dashed.
LINES = (BLUE, ORANGE, GOOD, PURPLE, SKY, BAD, UNKNOWN)
_SIGNS = "0123456789abcdefghijklmnopqrstuvwxyz"


def stat(title: str, place: Place, flux: str, **more: Any) -> Panel:
    """One figure, its colour by its thresholds; `graph` draws the time before behind it."""
    graph = more.pop("graph", False)
    text = more.pop("text", "auto")
    calc = more.pop("calc", "lastNotNull")
    options = {
        "colorMode": more.pop("color", "value"),
        "graphMode": "area" if graph else "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "textMode": text,
        "wideLayout": True,
        "showPercentChange": False,
        "percentChangeColorMode": "standard",
        "reduceOptions": {"calcs": [calc], "fields": "", "values": False},
    }
    return panel("stat", title, place, [flux], options=options, **more)


def graph(title: str, place: Place, queries: Sequence[str], **more: Any) -> Panel:
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


def table(title: str, place: Place, flux: str, **more: Any) -> Panel:
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


def timeline(title: str, place: Place, flux: str, **more: Any) -> Panel:
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


def alerts(title: str, place: Place, says: str, nothing: str) -> Panel:
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


def panel(
    type_: str,
    title: str,
    place: Place,
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


def query(flux: str, ref: str = "A") -> Json:
    """A target."""
    return {"refId": ref, "datasource": SOURCE, "query": script(flux)}


def line(name: str, *, color: str = "", dashed: bool | None = None) -> Json:
    """How lines differ whose name a regular expression fits."""
    properties: list[Json] = []
    if color:
        properties.append({"id": "color", "value": {"mode": "fixed", "fixedColor": color}})
    if dashed is not None:
        style = {"fill": "dash", "dash": [8, 4]} if dashed else {"fill": "solid"}
        properties.append({"id": "custom.lineStyle", "value": style})
    return {"matcher": {"id": "byRegexp", "options": name}, "properties": properties}


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
