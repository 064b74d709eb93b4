"""How the rows of a table nobody knows are named: by a column, or by standard MIBs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from collectors.learning.columns import are_names, shown
from collectors.learning.model import Field, Kind, Seen, Standard, Table
from collectors.snmp.ber import Oid

ENTITY_NAME: Oid = (1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 7)
IF_NAME: Oid = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1)

# Numbers of rows are small, and so are many other things: a column of 1, 2, 3 points nowhere.
_LEAST_PART = 10
_ENTERPRISES = 6  # parts of 1.3.6.1.4.1


@dataclass(frozen=True, slots=True)
class Naming:
    """How rows are named.

    Attributes:
        symbol: the symbol whose text it is; None: by the row's index.
        key: the column that says at which row of another table that stands.
        reason: why, for a person.
        names: the row's index -> its name.
    """

    symbol: Field | None
    key: Field | None
    reason: str
    names: Mapping[Oid, str]


def naming(table: Table, standard: Standard) -> Naming:
    """A column of names; else ENTITY-MIB or IF-MIB by the index; else ENTITY-MIB by a column."""
    rows = table.rows
    texts = [
        (len({one.text for one in column.values()}), -number)
        for number, column in table.columns.items()
        if len(column) == len(rows) and are_names(tuple(column.values()))
    ]
    if texts:
        number = -max(texts)[1]
        column = table.columns[number]
        names = {index: one.text for index, one in column.items()}
        symbol = _own(table, number)
        said = shown([column[index] for index in sorted(column)])
        return Naming(symbol, None, f"rows are named by {symbol.name}: {said}", names)
    for known, oid, name, mib in (
        (standard.parts, ENTITY_NAME, "entPhysicalName", "ENTITY-MIB"),
        (standard.ports, IF_NAME, "ifName", "IF-MIB"),
    ):
        if len(rows) > 1 and all(len(index) == 1 and index[0] in known for index in rows):
            names = {index: known[index[0]] for index in rows}
            reason = f"rows are numbered as in {mib}: {rows[0][0]} is {known[rows[0][0]][:40]!r}"
            return Naming(Field(oid, name, mib), None, reason, names)
    return _pointing(table, standard) or Naming(None, None, "no column names the rows", {})


def _pointing(table: Table, standard: Standard) -> Naming | None:
    """By a column that holds entPhysicalIndex."""
    for number, column in sorted(table.columns.items()):
        numbers = {index: _number(one) for index, one in column.items()}
        if len(column) < len(table.rows) or not all(
            value >= _LEAST_PART and value in standard.parts for value in numbers.values()
        ):
            continue
        key = _own(table, number)
        symbol = Field(ENTITY_NAME, "entPhysicalName", "ENTITY-MIB", f"{{{key.name}}}")
        names = {index: standard.parts[value] for index, value in numbers.items()}
        first = min(numbers)
        reason = (
            f"{key.name} holds numbers of ENTITY-MIB: {numbers[first]} is {names[first][:40]!r}"
        )
        return Naming(symbol, key, reason, names)
    return None


def _number(seen: Seen) -> int:
    return int(seen.text) if seen.kind in {Kind.INTEGER, Kind.GAUGE} else -1


def _own(table: Table, number: int) -> Field:
    oid = (*table.oid, 1, number)
    return Field(oid, symbol_name(oid, "column"))


def symbol_name(oid: Oid, what: str) -> str:
    """A name for an object nobody named: its numbers, from that of the enterprise on."""
    return "_".join((what, *map(str, oid[_ENTERPRISES:])))
