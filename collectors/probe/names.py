"""Which names of rows a device has more than once: where they do not tell rows apart.

Nothing is asked for it: the values come along while the rows are counted. Where they do not (a
table of more than 1,000 rows, a slow device) nothing is known of its names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from collectors.knowledge.model import NameColumn
from collectors.knowledge.naming import clashing
from collectors.probe.survey import MOST_ROWS, Column
from collectors.snmp.ber import OCTETS, Oid, format_oid, parse_oid
from collectors.snmp.message import Varbind


def naming_columns(names: Iterable[NameColumn]) -> frozenset[Oid]:
    """The columns whose values are compared, or say which rows count."""
    return frozenset(parse_oid(oid) for one in names for oid in (one.column, one.beside) if oid)


def repeated(
    names: Sequence[NameColumn], columns: Mapping[Oid, Column]
) -> dict[str, tuple[str, ...]]:
    """Key of each column that is known as a whole -> the names that more than one row has."""
    known: dict[NameColumn, Mapping[str, str]] = {}
    for one in sorted(names, key=lambda one: one.key):
        named = _values(one.column, columns)
        beside = _values(one.beside, columns) if one.beside else named
        if named is not None and beside is not None:
            known[one] = {
                format_oid(row): _said(value) for row, value in named.items() if row in beside
            }
    return clashing(known)


def _values(oid: str, columns: Mapping[Oid, Column]) -> Mapping[Oid, Varbind] | None:
    column = columns.get(parse_oid(oid))
    if column is None or column.failed or column.rows != len(column.values):
        return None
    return column.values if column.rows < MOST_ROWS else None


def _said(value: Varbind) -> str:
    """As Telegraf hands it over: octets that are no UTF-8 in hexadecimal."""
    if value.tag == OCTETS:
        try:
            value.value.decode()
        except UnicodeDecodeError:
            return value.value.hex()
    return value.text
