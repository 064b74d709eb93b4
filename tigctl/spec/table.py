"""A CSV file as spreadsheets write it, taken apart into rows with line numbers.

Any of comma, semicolon and tab may separate; empty lines, lines of empty cells and lines
beginning with # are skipped. A cell never spans lines. What the cells mean is not known here.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tigctl.spec.faults import Faults

_SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one line, stripped; `line` counts from 1."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A header, lower case, and the rows below it, each exactly as wide as the header."""

    header: Row
    rows: tuple[Row, ...]
    separator: str


def parse(text: str, file: str, known: Sequence[str], faults: Faults) -> Table | None:
    """The table, or None where no line names columns.

    The separator is the one that finds the most of the `known` columns in the header.
    """
    lines = _lines(text)
    first = next(lines, None)
    if first is not None and re.fullmatch(r"sep=.", first[1].strip(), re.IGNORECASE):
        first = next(lines, None)  # a line Excel writes and reads
    if first is None:
        faults.add(file, 1, f"is empty; the first line names the columns: {','.join(known[:2])},…")
        return None
    number, line = first
    separator = max(_SEPARATORS, key=lambda candidate: _hits(line, candidate, known))
    header = _cells(line, number, separator, file, faults)
    if header is None:
        return None
    names = [re.sub(r"\s+", "_", cell.lower()) for cell in header]
    while names and not names[-1]:
        names.pop()
    rows = tuple(_rows(lines, separator, len(names), file, faults))
    return Table(Row(number, tuple(names)), rows, separator)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith(("#", '"#')):
            yield number, line


def _hits(line: str, separator: str, known: Sequence[str]) -> int:
    cells = {cell.strip().strip('"').strip().lower() for cell in line.split(separator)}
    return len(cells.intersection(known))


def _rows(
    lines: Iterator[tuple[int, str]], separator: str, width: int, file: str, faults: Faults
) -> Iterator[Row]:
    padding = [""] * width
    for number, line in lines:
        cells = _cells(line, number, separator, file, faults)
        if cells is None or not any(cells):
            continue
        if len(cells) > width:
            if any(cells[width:]):
                faults.add(file, number, _too_many(len(cells), width, separator))
                continue
            del cells[width:]
        elif len(cells) < width:
            cells += padding[len(cells) :]
        yield Row(number, tuple(cells))


def _cells(line: str, number: int, separator: str, file: str, faults: Faults) -> list[str] | None:
    if '"' not in line:
        return [cell.strip() for cell in line.split(separator)]
    try:
        # The csv module wants to go on with the next line where a quote is open: there is none.
        cells = next(csv.reader([line], delimiter=separator, strict=True, skipinitialspace=True))
    except csv.Error:
        faults.add(
            file,
            number,
            'a quote is not closed in this line, or text follows it; write "…", and "" for a '
            "quote inside of it",
        )
        return None
    return [cell.strip() for cell in cells]


def _too_many(found: int, width: int, separator: str) -> str:
    name = {"\t": "tab", ";": "semicolon", ",": "comma"}[separator]
    hint = (
        "put a cell that holds a semicolon in quotes, or part its items by spaces"
        if separator == ";"
        else f"put a cell that holds a {name} in quotes"
    )
    return f"{found} cells, but the header names {width} columns; {hint}"
