"""Devices into devices.csv that is there already, as text: nothing a person wrote is lost.

Order, comments, empty lines, quotes, line ends, a byte-order mark and columns of any name stay
as they are. Rows come at the end; columns they need and the header lacks are added behind the
others. Of a row that is there only one cell is ever changed: the address of a device that moved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tigctl.errors import UsageError
from tigctl.spec import table
from tigctl.spec.faults import Faults
from tigctl.spec.row import COLUMNS

_HEADER = ("name", "address", "site", "role", "parent", "credentials", "tags")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_BYTE_ORDER_MARK = "\ufeff"

Row = Mapping[str, str]
"""Column -> what stands in it; columns that are left out are empty."""


def merged(text: str, rows: Sequence[Row], addresses: Mapping[str, str]) -> str:
    """The file's text with these rows, and with new addresses of devices that are there.

    `addresses` maps names to addresses. Raises UsageError where the text has no header that
    could be understood, which loading the workspace reports with more words.
    """
    lines = _LINE.findall(text)
    found = table.parse(text.removeprefix(_BYTE_ORDER_MARK), "devices.csv", COLUMNS, Faults())
    if found is None:
        header = ",".join(_columns(_HEADER, rows))
        found = table.parse(header, "", COLUMNS, Faults())
        assert found is not None  # noqa: S101 - it was made to be one
        end = (_end_of(lines[0]) if lines else "") or "\n"
        lines = [*_ended(lines, end), header + end]
        return "".join([*lines, *_written(rows, found.header.cells, ",", end)])
    if not {"name", "address"} <= set(found.header.cells):
        raise UsageError(
            "devices.csv has no columns name and address", hint="see to it with: tigctl validate"
        )
    header_at = found.header.line - 1
    end = _end_of(lines[header_at]) or "\n"
    for row in found.rows:
        cells = dict(zip(found.header.cells, row.cells, strict=True))
        if address := addresses.get(cells["name"]):
            column = found.header.cells.index("address")
            at = row.line - 1
            lines[at] = _with_cell(lines[at], column, found.separator, address)
    if not rows:
        return "".join(lines)
    columns = _columns(found.header.cells, rows)
    if added := columns[len(found.header.cells) :]:
        lines[header_at] = _with_columns(lines[header_at], added, found.separator)
    return "".join([*_ended(lines, end), *_written(rows, columns, found.separator, end)])


def _columns(header: Sequence[str], rows: Sequence[Row]) -> tuple[str, ...]:
    """The header's columns, and behind them those the rows need besides, in our order."""
    used = {name for row in rows for name, value in row.items() if value}
    return (*header, *(name for name in COLUMNS if name in used and name not in header))


def _written(rows: Sequence[Row], columns: Sequence[str], separator: str, end: str) -> list[str]:
    return [
        separator.join(_quoted(row.get(name, ""), separator) for name in columns) + end
        for row in rows
    ]


def _quoted(value: str, separator: str) -> str:
    if separator in value or '"' in value or value != value.strip() or value.startswith("#"):
        return '"' + value.replace('"', '""') + '"'
    return value


def _ended(lines: Sequence[str], end: str) -> list[str]:
    """The lines, the last one with a line end."""
    if not lines or _end_of(lines[-1]):
        return list(lines)
    return [*lines[:-1], lines[-1] + end]


def _end_of(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def _with_columns(line: str, added: Sequence[str], separator: str) -> str:
    """A header with more columns; separators without a name at its end are filled."""
    end = _end_of(line)
    bare = line.removesuffix(end).rstrip(" \t" if separator != "\t" else " ")
    bare = bare.rstrip(separator + " ")
    return separator.join([bare, *added]) + end


def _with_cell(line: str, column: int, separator: str, value: str) -> str:
    """A line with another value in one cell; blanks around it and quotes stay."""
    start = 0
    for number, stop in enumerate(_stops(line, separator)):
        if number == column:
            cell = line[start:stop]
            inner = cell.strip().strip('"').strip()
            at = start + cell.index(inner)
            return line[:at] + value + line[at + len(inner) :]
        start = stop + 1
    return line


def _stops(line: str, separator: str) -> list[int]:
    """Where each cell ends."""
    stops, quoted = [], False
    for at, sign in enumerate(line.rstrip("\r\n")):
        if sign == '"':
            quoted = not quoted
        elif sign == separator and not quoted:
            stops.append(at)
    return [*stops, len(line.rstrip("\r\n"))]
