"""Symbols that stand at other rows than the metric's own, and metrics that stand back for those of
other profiles: what a profile may say, what is asked, chosen, read and written.

What the real Telegraf makes of them: tests/integration/test_joined_tables.py.
"""

from __future__ import annotations

import ast
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import collectors.telegraf
from collectors.device import Device
from collectors.facts import Facts
from collectors.knowledge.match import match, questions
from collectors.knowledge.model import Library, Symbol
from collectors.telegraf.budget import divided
from collectors.telegraf.model import Poll
from collectors.telegraf.reading import Reader
from collectors.telegraf.starlark import script
from tests.unit.knowledge.library import Folder
from tests.unit.telegraf.devices import V2C

ACME = "1.3.6.1.4.1.99999"
NAME = "1.3.6.1.2.1.47.1.1.1.1.7"
SENSORS = f"""\
sysobjectid: {ACME}.1
metrics:
- MIB: ACME-MIB
  table: {{OID: {ACME}.3, name: acmeSensorTable}}
  symbols:
  - {{OID: {ACME}.3.1.2, name: part}}
  - {{OID: {ACME}.3.1.3, name: reading}}
  - {{OID: {ACME}.2.1, name: scale, tigctl: {{row: 0}}}}
  - {{OID: {ACME}.4.1.2, name: slot, tigctl: {{row: "{{index.1}}.7"}}}}
  metric_tags:
  - {{tag: sensor, symbol: {{OID: {NAME}, name: entPhysicalName, tigctl: {{row: "{{part}}"}}}}}}
  tigctl:
  - to: temperature
    fields: {{celsius: reading * scale}}
    where: either(slot, 1) == 1
"""
TRANSFORMED = SENSORS.replace(
    'tigctl: {row: "{part}"}}}', "}, index_transform: [{start: 1, end: 2}, {start: 0, end: 0}]}"
).replace("name: entPhysicalName, }", "name: entPhysicalName}")
ALL = {f"{ACME}.3.1.2": 4, f"{ACME}.3.1.3": 4, f"{ACME}.2.1.0": 1, f"{ACME}.4.1.2": 9, NAME: 300}


def facts(answers: dict[str, int]) -> Facts:
    return Facts("default", f"{ACME}.1", "Acme", "r1", answers=answers, max_repetitions=50)


def poll(library: Library, answers: dict[str, int]) -> Poll:
    known = facts(answers)
    return Poll(Device("r1", "127.0.0.1"), V2C, known, match(library, known))


def test_a_row_is_a_number_or_a_template(profiles: Folder) -> None:
    (metric,) = profiles.write(acme=SENSORS).load()["acme"].metrics

    part, reading, scale, slot, name = metric.symbols
    assert scale == Symbol(f"{ACME}.2.1.0", "scale", "ACME-MIB", exact=True)
    assert (slot.row, name.row) == ("{index.1}.7", "{part}")
    assert [one.elsewhere for one in metric.symbols] == [False, False, True, True, True]
    assert (name.keys, slot.keys, part.keys, reading.keys) == ({"part"}, set(), set(), set())


def test_index_transform_of_the_open_schema_is_a_row(profiles: Folder) -> None:
    (metric,) = profiles.write(acme=TRANSFORMED).load()["acme"].metrics

    assert metric.symbols[-1].row == "{index.2}.{index.3}.{index.1}"


@pytest.mark.parametrize(
    ("said", "instead", "fault"),
    [
        (
            "{part}",
            "{parts}",
            "entPhysicalName has `row: {parts}`: no column of this table; did you",
        ),
        ("{part}", "{slot}", "entPhysicalName has `row: {slot}`: no column of this table; known:"),
        ("{part}", "{index.0}", "`row: {index.0}`: no column of this table"),
        ("{part}", "part", "row 'part': an index like 3 or 1.2, or a template like {index.1}"),
    ],
)
def test_a_row_that_stands_for_nothing_is_a_fault(
    profiles: Folder, said: str, instead: str, fault: str
) -> None:
    (found,) = profiles.write(acme=SENSORS.replace(f'"{said}"', f'"{instead}"')).faults()

    assert fault in found


def test_index_transform_counts_up_from_0(profiles: Folder) -> None:
    (found,) = profiles.write(acme=TRANSFORMED.replace("start: 1", "start: 3")).faults()

    assert found.startswith("acme.yaml:11: index_transform: start and end, counted from 0")


def test_a_table_has_a_column_of_its_own(profiles: Folder) -> None:
    rows = SENSORS.replace("name: part}", 'name: part, tigctl: {row: "{index}"}}')
    text = rows.replace("name: reading}", 'name: reading, tigctl: {row: "{index}"}}')

    assert any(
        "no symbol is a column of the table itself" in one
        for one in profiles.write(a=text).faults()
    )


def test_scalars_are_asked_whole_and_columns_counted(profiles: Folder) -> None:
    asked = questions(profiles.write(acme=SENSORS).load(), f"{ACME}.1", "")

    assert asked.exact == (f"{ACME}.2.1.0",)
    assert set(asked.columns) == {*ALL} - {f"{ACME}.2.1.0"}


def test_the_rows_are_those_of_the_metric_itself(profiles: Folder) -> None:
    (chosen,) = match(profiles.write(acme=SENSORS).load(), facts(ALL)).chosen

    assert (chosen.rows, len(chosen.symbols)) == (4, 5)


@pytest.mark.parametrize(
    ("missing", "left"),
    [
        (f"{ACME}.3.1.2", {"reading", "scale", "slot"}),  # nothing says which part it is
        (NAME, {"part", "reading", "scale", "slot"}),
        (f"{ACME}.4.1.2", {"part", "reading", "scale", "entPhysicalName"}),
        (f"{ACME}.2.1.0", set()),
        (f"{ACME}.3.1.3", set()),
    ],
)
def test_what_does_not_answer_is_not_read(profiles: Folder, missing: str, left: set[str]) -> None:
    answers = {oid: rows for oid, rows in ALL.items() if oid != missing}

    found = match(profiles.write(acme=SENSORS).load(), facts(answers)).chosen

    assert {symbol.name for one in found for symbol in one.symbols} == left


def test_other_tables_are_no_rows_of_their_own(profiles: Folder) -> None:
    only = SENSORS.replace("reading * scale", "scale").replace("where: either(slot, 1) == 1", "")

    assert match(profiles.write(acme=only).load(), facts({f"{ACME}.2.1.0": 1})).chosen == ()


def test_what_stands_elsewhere_is_read_first_and_once(profiles: Folder) -> None:
    again = SENSORS + SENSORS.partition("metrics:\n")[2].replace(
        "acmeSensorTable", "acmeOtherTable"
    )
    one = poll(profiles.write(acme=again).load(), ALL)

    fast, slow = Reader().split(one)

    names = [read.part.raw_name for read in fast.tables]
    assert names == [
        *(f"column:{ACME}.4.1.2", f"column:{NAME}"),
        *("acme:acmeSensorTable", "acme:acmeOtherTable"),
    ]
    assert [read.counts for read in fast.tables] == [(9,), (300,), (4, 4), (4, 4)]
    assert [read.part.raw_name for read in fast.scalars] == [f"column:{ACME}.2.1.0"]
    assert [read.points for read in fast.reads] == [0, 0, 0, 4, 4]
    assert not slow
    # The order would be lost between two instances, which ask at the same time.
    assert divided(fast, one, 60) == (fast,)


def test_the_rule_fetches_them(profiles: Folder) -> None:
    fast, _ = Reader().split(poll(profiles.write(acme=SENSORS).load(), ALL))

    made = script(read.part for read in fast.reads)

    assert f'"scale": ("{ACME}.2.1.0", "")' in made
    assert f'"slot": ("{ACME}.4.1.2", part(index, 1) + ".7")' in made
    assert f'"entPhysicalName": ("{NAME}", word(f, "part"))' in made


@pytest.fixture
def prelude() -> dict[str, Any]:
    """What the script stands on, run as Python: of what is used here, both do the same."""
    text = (Path(collectors.telegraf.__file__).parent / "prelude.star").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(compile(ast.parse(text), "prelude.star", "exec"), names)  # noqa: S102 - our own file
    return names


def raw(device: str, time: int) -> SimpleNamespace:
    return SimpleNamespace(tags={"device": device}, time=time)


def test_rows_of_an_earlier_poll_are_forgotten(prelude: dict[str, Any]) -> None:
    keep, beside = prelude["keep"], prelude["beside"]
    wanted = {"name": ("1.2", "7")}

    keep(raw("r1", 100), "1.2", "6", "six")
    keep(raw("r1", 100), "1.2", "7", "seven")
    keep(raw("r1", 100), "1.3", "7", "other")
    assert beside(raw("r1", 101), {"x": 1}, wanted) == {"x": 1, "name": "seven"}
    assert beside(raw("r2", 101), {"x": 1}, wanted) == {"x": 1}

    keep(raw("r1", 160), "1.2", "6", "six")
    assert beside(raw("r1", 161), {"x": 1}, wanted) == {"x": 1}
    assert beside(raw("r1", 161), {}, {"name": ("1.3", "7")}) == {"name": "other"}


VENDOR = f"""\
sysobjectid: {ACME}.1
metrics:
- MIB: ACME-MIB
  symbol: {{OID: {ACME}.5.0, name: acmeHeat}}
  tigctl:
  - {{to: temperature, tags: {{sensor: box}}, fields: {{celsius: acmeHeat}}}}
"""
STANDARD = """\
tigctl: {capability: true}
metrics:
- MIB: STANDARD-MIB
  table: {OID: 1.3.9, name: stdTable}
  symbols:
  - {OID: 1.3.9.1.2, name: heat}
  - {OID: 1.3.9.1.3, name: speed}
  tigctl:
    additional: true
    unless: UNLESS
    outputs:
    - {to: temperature, tags: {sensor: "{index}"}, fields: {celsius: heat}}
    - {to: sensor, tags: {class: fanspeed, sensor: "{index}"}, fields: {value: speed}}
"""
HEAT, STD = f"{ACME}.5", {"1.3.9.1.2": 3, "1.3.9.1.3": 3}


@pytest.mark.parametrize(
    ("unless", "polled", "passed_over"),
    [
        ("[]", ["acme:acmeHeat", "standard:stdTable"], {}),
        ("[sensor]", ["acme:acmeHeat", "standard:stdTable"], {}),
        ("[temperature]", ["acme:acmeHeat", "standard:stdTable~1"], {}),
        ("[sensor/fanspeed, supply]", ["acme:acmeHeat", "standard:stdTable"], {}),
        *(
            (f"['{name}']", ["acme:acmeHeat"], {"standard:stdTable": f"{said} answers"})
            for name, said in (("acme:acmeHeat", "acme:acmeHeat"), ("*:acmeHeat", "acmeHeat"))
        ),
    ],
)
def test_a_standard_stands_back_where_the_vendor_knows_better(
    profiles: Folder, unless: str, polled: list[str], passed_over: dict[str, str]
) -> None:
    library = profiles.write(acme=VENDOR, standard=STANDARD.replace("UNLESS", unless)).load()

    found = match(library, facts({HEAT: 1, **STD}))

    assert [one.metric.id for one in found.chosen] == polled
    assert found.passed_over == passed_over


def test_a_standard_does_not_stand_back_for_what_does_not_answer(profiles: Folder) -> None:
    unless = STANDARD.replace("UNLESS", "['acme:acmeHeat', temperature]")

    found = match(profiles.write(acme=VENDOR, standard=unless).load(), facts(STD))

    assert [one.metric.id for one in found.chosen] == ["standard:stdTable"]


def test_what_stands_back_altogether_says_for_whom(profiles: Folder) -> None:
    heat = STANDARD.replace("UNLESS", "[temperature]").splitlines(keepends=True)
    library = profiles.write(acme=VENDOR, standard="".join(heat[:-1])).load()

    assert match(library, facts({HEAT: 1, **STD})).passed_over == {
        "standard:stdTable": "acme gives temperature"
    }


@pytest.mark.parametrize(
    ("unless", "meant"),
    [
        ("acme:acmeHeart", "did you mean 'acme:acmeHeat'?"),
        ("sensor/fanspede", "did you mean 'sensor/fanspeed'?"),
        ("'*:stdTables'", "did you mean '*:stdTable'?"),
    ],
)
def test_a_name_of_nothing_is_a_fault(profiles: Folder, unless: str, meant: str) -> None:
    text = STANDARD.replace("UNLESS", f"[{unless}]")

    (found,) = profiles.write(acme=VENDOR, standard=text).faults()

    assert found.endswith(f"is no other metric here; {meant}")
