"""What can be known to be wrong with a board without asking anybody. Pure.

Shape: panels, their places and queries, data source, variables. Meaning: a rate over too short a
window, a title or unit that disagrees with its query, a bucket that does not fit the time shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tigctl.render import board_queries as queries
from tigctl.render.board_queries import Panel
from tigctl.render.bundle import Board
from tigctl.render.grafana import SOURCE_UID
from tigctl.spec.quantity import format_duration

# Below four polls a rate may rest on one difference, or on none.
POLLS = 4

_OTHER_SOURCES = {"-- Dashboard --", "-- Grafana --", "-- Mixed --", "grafana", SOURCE_UID}
_SILENT = {"text", "row", "alertlist", "dashlist", "news", "annolist"}
_DAY = 86_400
# The longest time that is read from a bucket whole, and the shortest that is worth it.
_FITS = {"raw": (0, 2 * _DAY), "5m": (3600, 31 * _DAY), "1h": (_DAY, 10**10)}

_DURATION = re.compile(r"(?<![\w.])(\d+)(ms|mo|[smhdwy])\b")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": _DAY, "w": 7 * _DAY, "mo": 30 * _DAY,
            "y": 365 * _DAY}  # fmt: skip
_FIELD = re.compile(r'r\._field == "(\w+)"|r\["_field"\] == "(\w+)"')
_MEASUREMENT = re.compile(r'r\._measurement == "(\w+)"|r\["_measurement"\] == "(\w+)"')
# Of a call its argument, wherever it stands.
_EVERY = re.compile(r"\b(?:aggregateWindow|window)\((?:[^()]*?,)?\s*every:\s*([^,)]+)")
_READ = re.compile(r'from\(bucket:\s*"(raw|5m|1h)"\)\s*\|>\s*range\(\s*start:\s*(-?[\w.]+)')
_BITS = re.compile(r"\*\s*8(?:\.0)?\b|\b8(?:\.0)?\s*\*")

# A field by its name, and the units that fit what is in it.
_UNITS = (
    (re.compile(r"_percent(_max)?$"), ("percent",)),
    (re.compile(r"_ms(_max)?$"), ("ms",)),
    (re.compile(r"_seconds$"), ("s", "dtdurations", "dthms", "clocks", "durationSeconds")),
    (re.compile(r"^celsius(_max)?$"), ("celsius",)),
    (re.compile(r"^(used|total|memory)_bytes(_max)?$"), ("bytes", "decbytes")),
)
# A word in a title, and what its query then has to ask for.
_WORDS = (
    (r"temperature|hottest|°C", r"celsius|r\.class"),
    (r"\bcpu\b|processor", r'"cpu"'),
    (r"memory|\bram\b", r'"memory"|memory_bytes'),
    (r"\berrors?\b", r"Errors|errors|timeouts"),
    (r"discards?", r"Discards"),
    (r"traffic|throughput|bandwidth", r"Octets"),
    (r"packet loss|packets lost", r"loss|packets_"),
    (r"uptime|running for", r"uptime"),
    (r"95th|\b95 ?%", r"0\.95"),
)


def check(board: Board, *, interval: int = 60) -> tuple[str, ...]:
    """Everything that is wrong with a board, a sentence each.

    `interval`: how often a device is polled, in seconds.
    """
    return tuple(_faults(board, interval))


def _faults(board: Board, interval: int) -> Iterator[str]:
    names = [one.name for one in queries.variables(board)]
    yield from _variables(board, names)
    seen: dict[object, str] = {}
    for panel in queries.panels(board):
        what = f"panel {panel.title!r}"
        number = panel.model.get("id")
        if number in seen and number is not None:
            yield f"{what} has the id {number} of panel {seen[number]!r}; give each its own"
        seen[number] = panel.title
        for fault in _panel(panel, names, board, interval):
            yield f"{what} {fault}"


def _variables(board: Board, names: list[str]) -> Iterator[str]:
    for at, one in enumerate(queries.variables(board)):
        if not one.name:
            yield f"variable {at + 1} has no name"
        for other in queries.unknown(one.query, names[:at]):
            yield (
                f"variable {one.name!r} needs {other!r}, which is none of those before it:"
                f" {', '.join(names[:at]) or 'there are none'}"
            )


def _panel(panel: Panel, names: list[str], board: Board, interval: int) -> Iterator[str]:
    if not panel.kind:
        yield "has no type, such as timeseries"
    place = panel.model.get("gridPos")
    sides = ("x", "y", "w", "h")
    if not isinstance(place, dict) or not all(isinstance(place.get(one), int) for one in sides):
        yield "has no gridPos with x, y, w and h"
    elif place["x"] + place["w"] > 24:
        yield f"reaches beyond the 24 columns: x {place['x']} and w {place['w']}"
    if panel.kind in _SILENT:
        return
    yield from _sources(panel)
    if not panel.queries:
        yield "asks nothing; give it a target with a query, or take it out"
    for letter, flux in panel.queries.items():
        for other in queries.unknown(flux, names):
            yield f"asks for variable {other!r} in query {letter}; the board has no such variable"
        yield from _window(panel, letter, flux, interval)
        yield from _bucket(letter, flux, board)
    yield from _meaning(panel)


def _sources(panel: Panel) -> Iterator[str]:
    sources = [panel.model.get("datasource")]
    sources += [one.get("datasource") for one in panel.model.get("targets") or ()]
    for one in sources:
        uid = one.get("uid") if isinstance(one, dict) else one
        if uid is None or (isinstance(uid, str) and (uid in _OTHER_SOURCES or uid.startswith("$"))):
            continue
        yield (
            f"names the data source {uid!r}; tigctl's is found by"
            f' "datasource": {{"type": "influxdb", "uid": "{SOURCE_UID}"}}'
        )
        return


# Rates


def _window(panel: Panel, letter: str, flux: str, interval: int) -> Iterator[str]:
    if not re.search(r"\b(derivative|difference|increase|rate)\(", flux):
        return
    least = POLLS * interval
    for every in _EVERY.findall(flux):
        shortest = _shortest(every.strip(), flux, panel)
        if shortest is not None and shortest < least:
            yield (
                f"takes a rate over windows of {every.strip()} in query {letter}, at the least"
                f" {format_duration(max(1, int(shortest)))}; four polls take"
                f" {format_duration(least)}"
            )


def _shortest(every: str, flux: str, panel: Panel, depth: int = 0) -> float | None:
    """The shortest that a window can be, in seconds; None where nobody can tell."""
    found = [int(number) * _SECONDS[unit] for number, unit in _DURATION.findall(every)]
    names = set(re.findall(r"(?<![.\w])([a-z]\w*)(?!\w*[:(.])", every)) - {
        "if",
        "then",
        "else",
        "v",
    }
    guarded = bool(re.search(r"int\(v: v\.windowPeriod\)\s*>", every))
    if "v.windowPeriod" in every and not guarded:
        found.append(_least_interval(panel))
    for name in names:
        definition = re.search(rf"^{name} = (.*)$", flux, re.MULTILINE)
        if definition and depth < 5:
            below = _shortest(definition[1], flux, panel, depth + 1)
            found += [] if below is None else [below]
    return min(found) if found else None


def _least_interval(panel: Panel) -> float:
    told = _DURATION.match(str(panel.model.get("interval") or ""))
    return int(told[1]) * _SECONDS[told[2]] if told else 0


# Buckets


def _bucket(letter: str, flux: str, board: Board) -> Iterator[str]:
    shown = queries.span_of(board, 10**9)
    for bucket, start in _READ.findall(flux.replace("v.defaultBucket", '"raw"')):
        if start == "v.timeRangeStart":
            seconds: float = shown.stop - shown.start
        elif told := _DURATION.match(start.removeprefix("-")):
            seconds = int(told[1]) * _SECONDS[told[2]]
        else:
            continue
        least, most = _FITS[bucket]
        quick = "|> last()" in flux or "|> first()" in flux
        if (seconds > most and not quick) or seconds < least:
            span = format_duration(int(seconds))
            yield (
                f"reads {span} from the bucket {bucket} in query {letter}; up to 6h fit raw,"
                " up to 7d fit 5m, what is longer fits 1h"
            )


# Meaning


def _meaning(panel: Panel) -> Iterator[str]:
    text = "\n".join(panel.queries.values())
    for word, wanted in _WORDS:
        found = re.search(word, panel.title, re.IGNORECASE)
        if found and not re.search(wanted, text):
            yield f"speaks of {found[0]!r}, but its query asks for {_asked(text)}"
    defaults = (panel.model.get("fieldConfig") or {}).get("defaults") or {}
    unit = defaults.get("unit")
    if not isinstance(unit, str) or panel.kind == "table":
        return
    octets = "Octets" in text
    share = re.search(r"ifHighSpeed", text)
    if octets and not share:
        bits = bool(_BITS.search(text))
        if unit in {"bps", "binbps"} and not bits:
            yield f"shows octets in {unit}; multiply them by 8, or let its unit be Bps"
        elif unit in {"Bps", "binBps"} and bits:
            yield f"shows bits in {unit}; let its unit be bps"
    # What a query makes of its fields, only its author knows.
    if octets or re.search(r"\bmap\(|count\(|difference\(|derivative\(", text):
        return
    for field in {one or other for one, other in _FIELD.findall(text)}:
        for pattern, units in _UNITS:
            if pattern.search(field) and unit not in units:
                yield f"shows {field} in the unit {unit!r}; {' or '.join(units)} fits"


def _asked(text: str) -> str:
    names = dict.fromkeys(one or other for one, other in _MEASUREMENT.findall(text))
    return ", ".join(names) or "something else"
