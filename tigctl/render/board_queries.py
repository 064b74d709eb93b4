"""A board's queries as Grafana would send them: variables and times filled in. Pure.

Grafana replaces `${name}`, `$name` and `[[name]]` in any text, with formats such as
`${name:regex}`, and in Flux `v.timeRangeStart` and the like by literals.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tigctl.render.bundle import Board

# What a time series panel asks for where it says nothing; Grafana takes its width.
POINTS = 1000

_VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}|\$(\w+)|\[\[(\w+)(?::(\w+))?\]\]")
_ESCAPED = re.compile(r"[\\^$*+?.()|\[\]{}/]")
_UNITS = {
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86_400,
    "w": 7 * 86_400,
    "M": 30 * 86_400,
    "y": 365 * 86_400,
}


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel with its queries, by letter; rows are none."""

    title: str
    kind: str
    model: Mapping[str, Any]
    queries: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that is asked from the data, or has fixed values."""

    name: str
    kind: str
    query: str
    many: bool
    all_value: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A time that is shown, in seconds since 1970."""

    start: int
    stop: int


class AllOf(str):
    """What a variable's `allValue` says: it is put in as it is, whatever the format."""

    __slots__ = ()


Values = Mapping[str, Sequence[str] | str]


def panels(board: Board) -> tuple[Panel, ...]:
    """All panels of a board, those in closed rows as well."""
    return tuple(map(_panel, _flat(json.loads(board.json).get("panels") or ())))


def _flat(models: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for one in models:
        if one.get("type") != "row":
            yield one
        yield from _flat(one.get("panels") or ())


def _panel(model: Mapping[str, Any]) -> Panel:
    targets = [one for one in model.get("targets") or () if isinstance(one, dict)]
    queries = {
        str(one.get("refId") or at): one["query"]
        for at, one in enumerate(targets)
        if isinstance(one.get("query"), str) and not one.get("hide")
    }
    title = str(model.get("title") or f"number {model.get('id')}")
    return Panel(title, str(model.get("type") or ""), model, queries)


def variables(board: Board) -> tuple[Variable, ...]:
    """The board's variables in their order."""
    listed = (json.loads(board.json).get("templating") or {}).get("list") or ()
    return tuple(_variable(one) for one in listed if isinstance(one, dict))


def _variable(model: Mapping[str, Any]) -> Variable:
    query = model.get("query")
    text = query.get("query", "") if isinstance(query, dict) else str(query or "")
    fixed: tuple[str, ...] = ()
    kind = str(model.get("type") or "")
    if kind in {"custom", "interval"}:
        parts = (one.strip() for one in text.split(","))
        fixed = tuple(one.rpartition(" : ")[2] for one in parts if one)
    elif kind in {"constant", "textbox"}:
        fixed = (text,)
    return Variable(
        name=str(model.get("name") or ""),
        kind=kind,
        query=text if kind == "query" else "",
        many=bool(model.get("multi")) or bool(model.get("includeAll")),
        all_value=str(model.get("allValue") or ""),
        values=fixed,
    )


def span_of(board: Board, now: int) -> Span:
    """The time a board shows when it is opened. Only what is relative to now is understood."""
    time = json.loads(board.json).get("time")
    start = re.fullmatch(r"now-(\d+)([smhdwMy])(?:/\w)?", str((time or {}).get("from")))
    length = int(start[1]) * _UNITS[start[2]] if start else 6 * 3600
    return Span(now - length, now)


def fill(text: str, values: Values, shown: Span, *, points: int = POINTS, least: int = 1) -> str:
    """A query with everything filled in. `least`: the shortest window, in seconds.

    A variable that is not in `values` stays as it is.
    """
    window = max((shown.stop - shown.start) // points, least)
    literals = {
        "v.timeRangeStart": _iso(shown.start),
        "v.timeRangeStop": _iso(shown.stop),
        "v.windowPeriod": f"{window}s",
        "v.defaultBucket": '"raw"',
        "$__interval": f"{window}s",
    }
    named = _VARIABLE.sub(lambda found: _value(found, values), text)
    pattern = "|".join(rf"{re.escape(one)}\b" for one in literals)
    return re.sub(pattern, lambda found: literals[found[0]], named)


def unknown(text: str, known: Sequence[str]) -> tuple[str, ...]:
    """The variables in a text that are neither in `known` nor Grafana's own."""
    names = (one[1] or one[3] or one[4] for one in _VARIABLE.finditer(text))
    return tuple(
        dict.fromkeys(one for one in names if not one.startswith("__") and one not in known)
    )


def _value(found: re.Match[str], values: Values) -> str:
    name = found[1] or found[3] or found[4]
    if name not in values:
        return found[0]
    value = values[name]
    if isinstance(value, AllOf):
        return str(value)
    if isinstance(value, str):
        many, one = [value], value
    else:
        many, one = list(value), "{" + ",".join(value) + "}" if len(value) > 1 else "".join(value)
    match found[2] or found[5]:
        case "regex":
            escaped = [_ESCAPED.sub(r"\\\g<0>", each) for each in many]
            return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"
        case "pipe":
            return "|".join(many)
        case "csv" | "raw" | "text":
            return ",".join(many)
        case "json":
            return json.dumps(value)
        case "doublequote":
            return ",".join(json.dumps(each) for each in many)
    return one


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
