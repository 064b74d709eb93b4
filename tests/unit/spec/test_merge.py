"""Covers merging rows into devices.csv as text: what a person wrote stays byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tigctl.errors import UsageError
from tigctl.spec import table
from tigctl.spec.faults import Faults
from tigctl.spec.inventory import from_csv
from tigctl.spec.merge import merged
from tigctl.spec.row import COLUMNS

NEW = {"name": "new", "address": "10.0.9.9", "credentials": "core", "snmp": ""}


def test_order_comments_and_columns_of_any_name_stay() -> None:
    text = (
        "# ours\nAddress;name;rack unit;site\n\n"
        '10.0.0.1;a;"12;13";hq\n# b was sold\n 10.0.0.2 ; c;;\n'
    )
    assert merged(text, [NEW], {"c": "10.0.0.3"}) == (
        "# ours\nAddress;name;rack unit;site;credentials\n\n"
        '10.0.0.1;a;"12;13";hq\n# b was sold\n 10.0.0.3 ; c;;\n10.0.9.9;new;;;core\n'
    )


def test_line_ends_and_byte_order_mark_stay() -> None:
    text = "\ufeffname,address\r\na,10.0.0.1"
    assert merged(text, [NEW], {}) == (
        "\ufeffname,address,credentials\r\na,10.0.0.1\r\nnew,10.0.9.9,core\r\n"
    )


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "\n\n"])
def test_a_file_without_a_header_gets_one(text: str) -> None:
    found = merged(text, [NEW], {})
    assert found.startswith(text + "name,address,site,role,parent,credentials,tags\n")
    assert [device.name for device in from_csv(found, "", Faults()).devices] == ["new"]


def test_separators_without_a_name_at_the_header_s_end_are_filled() -> None:
    assert merged("name,address,,\na,10.0.0.1,,\n", [NEW], {}) == (
        "name,address,credentials\na,10.0.0.1,,\nnew,10.0.9.9,core\n"
    )


def test_nothing_new_changes_nothing() -> None:
    text = "name,address,\n a,10.0.0.1\n"
    assert merged(text, [], {}) == text


def test_a_file_without_the_columns_is_refused() -> None:
    with pytest.raises(UsageError, match="no columns name and address"):
        merged("host;ip\na;10.0.0.1\n", [NEW], {})


cells = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=12)
comments = st.one_of(st.just(""), cells.map(lambda text: f"# {text}"))


@st.composite
def inventories(draw: st.DrawFn) -> tuple[str, list[str]]:
    """The text of an inventory, and the names of its devices."""
    separator = draw(st.sampled_from(",;\t"))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    odd = draw(st.lists(st.sampled_from(["rack", "room no", "Owner"]), unique=True))
    columns = draw(st.permutations(["name", "address", "site", *odd]))
    number = draw(st.integers(0, 5))
    lines = [*draw(st.lists(comments, max_size=2)), separator.join(columns)]
    names = [f"d{n}" for n in range(number)]
    for n, name in enumerate(names):
        values = {"name": name, "address": f"10.0.0.{n + 1}"}
        row = [values.get(column) or f'"{draw(cells).replace(chr(34), "")}"' for column in columns]
        lines += [*draw(st.lists(comments, max_size=1)), separator.join(row)]
    text = end.join(lines) + draw(st.sampled_from(["", end]))
    return draw(st.sampled_from(["", "\ufeff"])) + text, names


@given(inventories(), st.integers(0, 3), st.booleans())
def test_all_lines_stay_and_all_rows_are_there(
    inventory: tuple[str, list[str]], count: int, move: bool
) -> None:
    text, names = inventory
    rows = [{**NEW, "name": f"new{n}", "address": f"10.0.9.{n}"} for n in range(count)]
    moved = {names[0]: "10.0.7.7"} if move and names else {}
    found = merged(text, rows, moved)

    before, after = text.splitlines(), found.splitlines()
    changed = [n for n, line in enumerate(before) if after[n] != line]
    assert len(changed) <= (count > 0) + len(moved)

    def read(some: str) -> list[dict[str, str]]:
        parsed = table.parse(some.removeprefix("\ufeff"), "", COLUMNS, Faults())
        assert parsed
        return [dict(zip(parsed.header.cells, row.cells, strict=True)) for row in parsed.rows]

    was, now = read(text), read(found)
    assert len(now) == len(was) + count
    for old, new in zip(was, now, strict=False):
        address = moved.get(old["name"], old["address"])
        assert {key: new[key] for key in old} == {**old, "address": address}
        assert not any(new[key] for key in new.keys() - old.keys())
    for row, new in zip(rows, now[len(was) :], strict=True):
        assert {key: value for key, value in new.items() if value} == {
            key: value for key, value in row.items() if value
        }
