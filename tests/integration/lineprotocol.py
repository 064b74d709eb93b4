"""InfluxDB line protocol as Telegraf writes it, read back with the types of its fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# In names and tags a backslash escapes a comma, an equals sign or a blank; before anything
# else it is itself.
_NAME = r"(?:\\[,= ]|[^,= \n])+"
_TEXT = r"(?:\\[,= ]|[^, \n])+"
_VALUE = r'(?:"(?:[^"\\]|\\.)*"|[^, \n]+)'
_POINT = re.compile(
    rf"(?P<name>{_TEXT})(?P<tags>(?:,{_NAME}={_TEXT})*) "
    rf"(?P<fields>{_NAME}={_VALUE}(?:,{_NAME}={_VALUE})*) (?P<time>\d+)\n",
    re.DOTALL,
)
_TAG = re.compile(rf",({_NAME})=({_TEXT})", re.DOTALL)
_FIELD = re.compile(rf"({_NAME})=({_VALUE})", re.DOTALL)


@dataclass(frozen=True)
class Point:
    """One point; `time` in nanoseconds. Integers come as int, floats as float."""

    measurement: str
    tags: dict[str, str]
    fields: dict[str, int | float | str | bool]
    time: int


def parse(text: str) -> list[Point]:
    """All points of a file. Raises ValueError where it is no line protocol."""
    return list(_points(text))


def _points(text: str) -> Iterator[Point]:
    at = 0
    while at < len(text):
        found = _POINT.match(text, at)
        if not found:
            raise ValueError(f"no line protocol: {text[at : at + 200]!r}")
        yield Point(
            _plain(found["name"]),
            {_plain(key): _plain(value) for key, value in _TAG.findall(found["tags"])},
            {_plain(key): _value(value) for key, value in _FIELD.findall(found["fields"])},
            int(found["time"]),
        )
        at = found.end()


def _plain(text: str) -> str:
    return re.sub(r"\\([,= ])", r"\1", text)


def _value(raw: str) -> int | float | str | bool:
    if raw.startswith('"'):
        return re.sub(r'\\(["\\])', r"\1", raw[1:-1])
    if raw in {"true", "false"}:
        return raw == "true"
    return int(raw[:-1]) if raw.endswith("i") else float(raw)
