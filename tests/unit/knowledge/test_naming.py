"""Which columns name rows, and which names do not tell them apart.

Left out: what the script makes of it (tests/integration/test_equal_names.py).
"""

from __future__ import annotations

import pytest

from collectors.knowledge.model import Metric, NameColumn, Output, Symbol
from collectors.knowledge.naming import MOST, clashing, name_columns, name_of

NAME = Symbol("1.3.6.1.2.1.47.1.1.1.1.7", "entPhysicalName")
VALUE = Symbol("1.3.6.1.2.1.99.1.1.1.4", "entPhySensorValue")


def metric(template: str, *symbols: Symbol, scalar: bool = False) -> Metric:
    return Metric(
        "p", "t", scalar=scalar, symbols=symbols, outputs=(Output("cpu", {"cpu": template}),)
    )


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("{entPhysicalName} {index}", True),
        ("Fan {entPhysicalName} {index.2} speed", True),
        ("{entPhysicalName}", False),
        ("{index} {entPhysicalName}", False),
        ("{entPhysicalName} {index} of {index.2}", False),
        ("{other} {index}", False),
    ],
)
def test_a_number_behind_a_name_is_what_may_go(template: str, found: bool) -> None:
    wanted = NameColumn(NAME.oid, VALUE.oid)

    assert name_columns(metric(template, VALUE, NAME)) == (
        {"entPhysicalName": wanted} if found else {}
    )


def test_names_of_the_same_table_are_compared_in_all_rows() -> None:
    beside = Symbol("1.3.6.1.2.1.47.1.1.1.1.5", "entPhysicalClass")

    assert name_columns(metric("{entPhysicalName} {index}", beside, NAME)) == {
        "entPhysicalName": NameColumn(NAME.oid)
    }


def test_names_that_stand_at_other_rows_and_scalars_keep_their_number() -> None:
    elsewhere = Symbol(NAME.oid, NAME.name, row="{index.1}")

    assert name_columns(metric("{entPhysicalName} {index}", VALUE, elsewhere)) == {}
    assert name_columns(metric("{entPhysicalName} {index}", VALUE, NAME, scalar=True)) == {}


def test_names_are_compared_as_they_stand_in_tags() -> None:
    column, other = NameColumn("1.1"), NameColumn("1.1", "1.2")

    found = clashing({column: {"1": " a\tb ", "2": "a b\0", "3": "c"}, other: {"1": "", "2": ""}})

    assert found == {"1.1": ("a b",), "1.1/1.2": ()}, "rows without a name have their number anyway"
    assert len(name_of("x" * 300)) == 200


def test_where_many_names_repeat_all_rows_keep_their_numbers() -> None:
    rows = {f"{name}.{twice}": f"n{name}" for name in range(MOST + 1) for twice in (1, 2)}

    assert clashing({NameColumn("1.1"): rows}) == {}
