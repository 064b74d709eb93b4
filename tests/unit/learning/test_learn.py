"""From what a device answered to a first profile: tables without a MIB, what is proposed with which
reason, what is left open, and that whatever a device says makes a profile that loads.

Walking is covered by test_learn_walk.py, the command by tests/integration/test_learn.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.facts import Facts
from collectors.knowledge.load import load_library
from collectors.knowledge.match import match
from collectors.knowledge.model import Library
from collectors.learning.learn import learn, roots
from collectors.learning.model import Kind, Origin, Proposal, Seen, Table, Walk
from collectors.learning.rows import ENTITY_NAME, IF_NAME
from collectors.learning.shapes import shapes
from collectors.learning.skeleton import skeleton
from collectors.snmp.ber import Oid

NUMBER = 99999
ACME: Oid = (1, 3, 6, 1, 4, 1, NUMBER)
NOBODY = Library(())

Value = int | str


def seen(oid: Oid, value: Value) -> Seen:
    return Seen(oid, Kind.INTEGER if isinstance(value, int) else Kind.TEXT, str(value))


def rows(table: str, *columns: list[Value], first: int = 1) -> list[Seen]:
    """A table's objects: column 1, 2 …, one row after the other."""
    entry = (*ACME, *map(int, table.split(".")), 1)
    return [
        seen((*entry, number, row), value)
        for number, column in enumerate(columns, 1)
        for row, value in enumerate(column, first)
    ]


def facts(
    object_id: str = f"1.3.6.1.4.1.{NUMBER}.1.7", descr: str = "AcmeOS 4.2 on XR-900"
) -> Facts:
    return Facts("default", object_id, descr, "rt1")


def learnt(*objects: Seen, **of: str) -> Proposal:
    return both(*objects, **of)[1]


def both(*objects: Seen, library: Library = NOBODY, **of: str) -> tuple[Origin, Proposal]:
    known = facts(**of)
    walk = Walk(tuple(sorted(objects, key=lambda one: one.oid)), 1)
    return learn(known, match(library, known), library, walk)


def test_the_devices_own_enterprise_is_walked_first() -> None:
    assert roots(facts()) == (ENTITY_NAME, IF_NAME, ACME, (1, 3, 6, 1, 4, 1))
    assert roots(facts("")) == (ENTITY_NAME, IF_NAME, (1, 3, 6, 1, 4, 1))


# -- shapes -------------------------------------------------------------------------------


def found(*objects: Seen) -> tuple[dict[Oid, tuple[list[int], int]], list[Oid]]:
    """Tables below the enterprise with their columns and how many rows, and scalars."""
    tables, scalars = shapes(objects, ACME)
    return (
        {one.oid[7:]: (sorted(one.columns), len(one.rows)) for one in tables},
        [one.oid[7:] for one in scalars],
    )


def test_tables_and_scalars_are_told_apart() -> None:
    objects = [
        seen((*ACME, 1, 1, 0), "a"),
        seen((*ACME, 1, 2, 0), 5),
        *rows("2.1", [1, 2, 3], ["a", "b", "c"]),
        *rows("2.3", [7, 8]),
    ]

    assert found(*objects) == ({(2, 1): ([1, 2], 3), (2, 3): ([1], 2)}, [(1, 1), (1, 2)])


def test_like_tables_beside_each_other_are_several() -> None:
    objects = [*rows("1.1", [1, 2], [3, 4]), *rows("1.2", [1, 2], [3, 4])]

    assert found(*objects)[0] == {(1, 1): ([1, 2], 2), (1, 2): ([1, 2], 2)}


def test_an_index_has_parts_and_columns_have_holes() -> None:
    entry = (*ACME, 5, 1)
    indices: list[Oid] = [(1, 1), (1, 2), (2, 1), (2, 9)]
    objects = [seen((*entry, column, *index), 1) for column in (2, 3) for index in indices]

    assert found(*objects[:-1])[0] == {(5,): ([2, 3], 4)}


def test_a_row_of_number_0_is_no_scalar() -> None:
    assert found(*rows("4", [1, 2], [3, 4], first=0)) == ({(4,): ([1, 2], 2)}, [])


@given(
    columns=st.sets(st.integers(2, 30), min_size=2, max_size=6),
    indices=st.sets(
        st.lists(st.integers(2, 50), min_size=2, max_size=2).map(tuple), min_size=2, max_size=6
    ),
)
def test_a_whole_table_is_found(columns: set[int], indices: set[Oid]) -> None:
    objects = [seen((*ACME, 7, 1, column, *row), 1) for column in columns for row in indices]

    assert found(*objects)[0] == {(7,): (sorted(columns), len(indices))}


# -- proposals ----------------------------------------------------------------------------


def outputs(proposal: Proposal) -> list[tuple[str, dict[str, str], str]]:
    return [
        (one.tags.get("class", one.to), dict(one.fields), one.where)
        for metric in proposal.metrics
        for one in metric.outputs
    ]


NAMES: list[Value] = ["Inlet temp", "Outlet temp", "CPU temperature"]


@pytest.mark.parametrize(
    ("names", "values", "expected"),
    [
        (NAMES[:2], [21, 43], ("temperature", {"celsius": "V"}, "V != 0")),
        (NAMES[:2], [215, 432], ("temperature", {"celsius": "V / 10"}, "V != 0")),
        (NAMES[:2], [21_500, 0], ("temperature", {"celsius": "V / 1000"}, "V != 0")),
        (["Fan A", "Fan B"], [3000, 3100], ("fanspeed", {"value": "V"}, "V != 0")),
        (["Humidity", "Humidity 2"], [40, 55], ("humidity", {"value": "V"}, "V != 0")),
        (["CPU 0", "CPU 1"], [3, 99], ("cpu", {"usage_percent": "V"}, "V != 0")),
        (
            ["Inlet temp", "Door"],
            [21, 43],
            ("temperature", {"celsius": "V"}, "V != 0 and contains(N, 'temp')"),
        ),
    ],
)
def test_rows_called_after_a_quantity(
    names: list[Value], values: list[Value], expected: tuple[str, dict[str, str], str]
) -> None:
    (output,) = outputs(learnt(*rows("3", names, values)))

    kind, fields, where = output
    short = [text.replace("column_99999_3_1_2", "V").replace("column_99999_3_1_1", "N")
             for text in (*fields.values(), where)]  # fmt: skip
    assert (kind, dict(zip(fields, short, strict=False)), short[-1]) == expected


@pytest.mark.parametrize(
    ("names", "values"),
    [
        (["Inlet temp", "Outlet temp"], [9000, 3]),  # no scale fits both
        (["Fan voltage", "Fan 2"], [4000, 4100]),  # volts, or revolutions?
        (["Voltage A", "Voltage B"], [120, 121]),  # volts, or tenths of them?
        (["Door", "Window"], [40, 41]),
        (["Fan A", "Fan B"], [1, 2]),
    ],
)
def test_what_may_be_several_things_is_left_open(names: list[Value], values: list[Value]) -> None:
    proposal = learnt(*rows("3", names, values))

    assert proposal.metrics == ()
    assert [one.oid[7:] for one in proposal.open] == [(3, 1, 2)]


def test_the_column_that_changes_is_the_reading_and_limits_are_left_open() -> None:
    proposal = learnt(*rows("3", NAMES, [70, 70, 70], [21, 43, 55], [80, 81, 81]))

    assert [fields for _, fields, _ in outputs(proposal)] == [{"celsius": "column_99999_3_1_3"}]
    assert [one.text.partition(":")[0] for one in proposal.open] == [
        "70 in all 3 rows",
        "80, 81, 81",
    ]


def test_a_column_of_units_says_what_each_row_is() -> None:
    proposal = learnt(*rows("3", ["a1", "b1", "c1"], ["C", "RPM", "C"], [30, 4000, 45]))

    assert sorted(outputs(proposal)) == [
        ("fanspeed", {"value": "column_99999_3_1_3"},
         "column_99999_3_1_3 != 0 and column_99999_3_1_2 == 'RPM'"),
        ("temperature", {"celsius": "column_99999_3_1_3"},
         "column_99999_3_1_3 != 0 and column_99999_3_1_2 == 'C'"),
    ]  # fmt: skip


def test_words_for_states_are_translated() -> None:
    (metric,) = learnt(*rows("3", ["PSU left", "PSU right"], ["OK", "Failed"])).metrics

    (output,) = metric.outputs
    assert (output.to, output.state) == ("sensor", "column_99999_3_1_2")
    assert output.reason == "words for how something is: OK (1 row), Failed (1 row)"


def test_numbers_for_states_are_left_open() -> None:
    (left,) = learnt(*rows("3", ["PSU left", "PSU right"], [2, 5])).open

    assert left.text == "2 (1 row), 5 (1 row): a state? The MIB says what each number means"


PARTS = [seen((*ENTITY_NAME, 1001), "Fan left"), seen((*ENTITY_NAME, 1002), "Fan right")]


def test_rows_are_named_by_the_standards() -> None:
    by_index = rows("3", [3000, 3100], first=1001)
    by_column = rows("3", [1001, 1002], [3000, 3100])

    (metric,) = learnt(*PARTS, *by_index).metrics
    assert [(one.name, one.row) for one in metric.symbols] == [
        ("entPhysicalName", ""),
        ("column_99999_3_1_1", ""),
    ]
    assert metric.reason == "rows are numbered as in ENTITY-MIB: 1001 is 'Fan left'"
    (metric,) = learnt(*PARTS, *by_column).metrics
    assert metric.symbols[0].row == "{column_99999_3_1_1}"
    assert metric.outputs[0].tags["sensor"] == "{entPhysicalName}"


def test_texts_with_a_unit_are_readings() -> None:
    proposal = learnt(seen((*ACME, 2, 0), "41 C"), seen((*ACME, 3, 0), "41 apples"))

    assert outputs(proposal) == [("temperature", {"celsius": "figure(object_99999_2)"}, "")]


def test_facts_are_found_by_what_they_look_like() -> None:
    texts = ["10.0.0.1", "XR-900", "4.2.1", "FX19240077AB", "00:1b:2c:00:00:01", "unknown", "XR"]
    scalars = [seen((*ACME, number, 0), text) for number, text in enumerate(texts, 1)]

    assert [(one.name, one.oid[7]) for one in learnt(*scalars).facts] == [
        *(("model", 2), ("serial", 4), ("os_version", 3)),
    ]


def test_a_shared_object_id_needs_an_answer_of_the_vendors_own() -> None:
    origin, _ = both(*rows("3", NAMES, [21, 43, 50]), object_id="1.3.6.1.4.1.8072.3.2.10")

    assert origin.answers == ((*ACME, 3, 1),)
    assert both(*rows("3", NAMES, [21, 43, 50]))[0].answers == ()


# -- the file -----------------------------------------------------------------------------

TEXTS = st.text(max_size=40) | st.sampled_from(
    ["'", '"', "a: b", "# x", "\x1b[31m", "\u2028- x", "{index}", "temp'", "C", "OK", "41 C", "CPU"]
)
OBJECTS = st.lists(
    st.tuples(
        st.lists(st.integers(0, 4), min_size=1, max_size=6).map(tuple),
        st.sampled_from(list(Kind)),
        TEXTS | st.integers(-(2**63), 2**64).map(str),
    ),
    max_size=40,
    unique_by=lambda one: one[0],
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(objects=OBJECTS, descr=TEXTS, object_id=st.sampled_from(["", f"1.3.6.1.4.1.{NUMBER}.1"]))
def test_whatever_a_device_says_the_file_loads(
    tmp_path: Path, objects: list[tuple[Oid, Kind, str]], descr: str, object_id: str
) -> None:
    everything = [
        Seen((*ACME, *oid), kind, text if kind in {Kind.TEXT, Kind.OTHER} else _digits(text))
        for oid, kind, text in objects
    ]
    origin, proposal = both(*everything, object_id=object_id, descr=descr)
    text = skeleton(origin, proposal)
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")

    profile = load_library([tmp_path])["own"]

    assert sum(len(metric.outputs) for metric in profile.metrics) == len(outputs(proposal))
    assert all(sign == "\n" or sign.isprintable() for sign in text)
    assert set(yaml.safe_load(text)) <= {"sysobjectid", "tigctl", "metadata", "metrics"}


def _digits(text: str) -> str:
    return text if text.lstrip("-").isascii() and text.lstrip("-").isdigit() else "7"


def test_a_table_of_nothing_is_no_table() -> None:
    assert Table(ACME, {}).rows == ()
