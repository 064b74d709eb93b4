"""What tells the rows of a table apart: their names, and a number only where it is needed.

A profile writes `{entPhysicalName} {index}`, because names repeat on some devices. On most they do
not: probing finds out which names more than one row has, and only those keep the number. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from collectors.knowledge.model import Metric, NameColumn

NUMBERED = re.compile(
    r"(?P<before>[^{}]*)\{(?P<name>\w+)\} \{(?P<index>index(\.\d+)?)\}(?P<after>[^{}]*)"
)
"""A tag's template in which a row's number stands behind its name."""

MOST = 50
"""Of a table in which more names than this repeat, all rows keep their numbers."""

LONGEST = 200
"""Characters of a tag; prelude.star cuts at the same place."""


def name_columns(metric: Metric) -> Mapping[str, NameColumn]:
    """Symbol -> the column, for all symbols behind which an output puts the row's number."""
    return dict(_name_columns(metric)) if not metric.scalar else {}


def _name_columns(metric: Metric) -> Iterator[tuple[str, NameColumn]]:
    own = {symbol.name: symbol for symbol in metric.symbols if not symbol.elsewhere}
    for output in metric.outputs:
        for template in output.tags.values():
            found = NUMBERED.fullmatch(template)
            if not found or found["name"] not in own:
                continue
            column = own[found["name"]].oid
            table = _table(column)
            others = (one.oid for one in own.values() if _table(one.oid) != table)
            yield found["name"], NameColumn(column, next(others, ""))


def _table(column: str) -> str:
    return column.rpartition(".")[0]


def clashing(columns: Mapping[NameColumn, Mapping[str, str]]) -> dict[str, tuple[str, ...]]:
    """Key of a column -> the names that more than one of its rows has, sorted.

    `columns` are the rows that count: index -> what the device says there.
    """
    found = {}
    for column, rows in columns.items():
        often = Counter(map(name_of, rows.values()))
        twice = sorted(name for name, rows in often.items() if rows > 1 and name)
        if len(twice) <= MOST:
            found[column.key] = tuple(twice)
    return found


def name_of(said: str) -> str:
    """A row's name as it stands in a tag; prelude.star's `word` does the same."""
    return " ".join(said.replace("\0", "").split())[:LONGEST]


def asked(metrics: Iterable[Metric]) -> tuple[NameColumn, ...]:
    """The columns whose names are compared when a device is probed."""
    return tuple(dict.fromkeys(column for one in metrics for column in name_columns(one).values()))
