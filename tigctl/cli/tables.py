"""Tables of at most 100 columns: headings, rows of text, colour where a terminal shows it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tigctl.cli.output import console, printable

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, whether it is set to the right, whether long texts fold.

    `least` and `most` bound its width.
    """

    heading: str
    right: bool = False
    fold: bool = False
    least: int | None = None
    most: int | None = None


def table(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], styles: Sequence[str] = ()
) -> Table:
    """A table without lines; `styles` gives a rich style per row for its last cell.

    Texts are taken literally: nothing in them is markup, and nothing moves the cursor.
    """
    from rich.table import Table  # noqa: PLC0415 - heavy, and most commands do without
    from rich.text import Text  # noqa: PLC0415

    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(
            column.heading,
            justify="right" if column.right else "left",
            no_wrap=not column.fold,
            overflow="fold" if column.fold else "ellipsis",
            min_width=column.least,
            max_width=column.most,
        )
    for row, style in zip(rows, styles or [""] * len(rows), strict=True):
        *cells, last = row
        made.add_row(*(Text(printable(cell)) for cell in cells), Text(printable(last), style=style))
    return made


def show(made: Table) -> None:
    """Prints a table to standard output."""
    out = console(sys.stdout)
    if out.is_terminal:
        out.print(made)
        return
    # Where nobody looks at a screen, the blanks that fill the last column are noise.
    with out.capture() as captured:
        out.print(made)
    sys.stdout.write("\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n")
    sys.stdout.flush()
