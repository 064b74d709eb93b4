"""Covers what the inventory takes for granted of a table: its shape and its separator.

Leaves out the faults of a table: test_inventory.py has them.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tigctl.spec.faults import Faults
from tigctl.spec.table import Row, parse


def test_every_row_is_as_wide_as_the_header() -> None:
    table = parse("a,b,c,,\n1,2,3,,,,\n1\n", "f.csv", ("a", "b"), Faults())
    assert table is not None
    assert table.header == Row(1, ("a", "b", "c"))
    assert table.rows == (Row(2, ("1", "2", "3")), Row(3, ("1", "", "")))


def test_the_separator_is_the_one_that_finds_columns() -> None:
    # More commas than semicolons, but only the semicolon finds `name` and `address`.
    table = parse("name;address;x,y,z,w\na;b;c\n", "f.csv", ("name", "address"), Faults())
    assert table is not None
    assert table.header.cells == ("name", "address", "x,y,z,w")


@given(st.text("ab,;\t\"#\n\r '"))
def test_rows_are_rectangular_and_in_order(text: str) -> None:
    table = parse("name,address\n" + text, "f.csv", ("name", "address"), Faults())
    assert table is not None
    assert all(len(row.cells) == 2 and any(row.cells) for row in table.rows)
    lines = [row.line for row in table.rows]
    assert lines == sorted(set(lines))
