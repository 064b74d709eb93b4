"""From facts to metrics: which profile fits and why, what is asked, what wins, what is passed over.

Profiles are small ones written here. What the shipped ones make of devices is shown by the cases
in tests/golden/profiles.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.facts import Facts
from collectors.knowledge.load import load_library
from collectors.knowledge.match import UNPROBED, fits, match, questions
from collectors.knowledge.model import Library, Match, Metric, Output, Profile, Symbol
from tests.unit.knowledge.library import Folder

ACME = "1.3.6.1.4.1.99999"


def facts(object_id: str = f"{ACME}.1.5", descr: str = "Acme OS", **more: object) -> Facts:
    answers = more.pop("answers", {})
    if not isinstance(answers, dict):
        answers = dict.fromkeys(answers, 2)  # type: ignore[call-overload]  # OIDs
    return Facts("default", object_id, descr, "sw1", answers=answers, **more)  # type: ignore[arg-type]  # texts


def kind(object_id: str, **keys: object) -> str:
    extension = "".join(f"  {key}: {value}\n" for key, value in keys.items())
    return f"sysobjectid: {object_id}\n" + (f"tigctl:\n{extension}" if extension else "")


def scalar(oid: str, to: str, *, name: str = "x", more: str = "") -> str:
    """A metric of one scalar with one output."""
    return f"""\
- MIB: ACME-MIB
  symbol: {{OID: {oid}.0, name: {name}}}
  tigctl:
    {more}
    outputs:
    - {{{to.replace("VALUE", name)}}}
"""


def metrics(*each: str) -> str:
    return "metrics:\n" + "".join(each)


CPU = "to: cpu, tags: {cpu: all}, fields: {usage_percent: VALUE}"
FAN = "to: sensor, tags: {class: fanspeed, sensor: fan}, fields: {value: VALUE}"
LOAD = "to: sensor, tags: {class: load, sensor: all}, fields: {value: VALUE}"
CAPABILITY = "tigctl: {capability: true"


def polled(found: Match) -> list[str]:
    return [one.metric.id for one in found.chosen]


@pytest.mark.parametrize(
    ("pattern", "object_id", "expected"),
    [
        (f"{ACME}.*", f"{ACME}.1.5", True),
        (f"{ACME}.*", f"{ACME}9.1", False),
        (f"{ACME}.*", ACME, True),
        (ACME, ACME, True),
        (ACME, f"{ACME}.1", False),
        ("1.3.6.1.4.1.9.1.*", "1.3.6.1.4.1.9.12.3", False),
        (f"{ACME}.*", "", False),
    ],
)
def test_patterns_go_by_whole_numbers(pattern: str, object_id: str, expected: bool) -> None:
    assert fits(pattern, object_id) is expected


OIDS = st.lists(st.integers(0, 30), min_size=2, max_size=8).map(
    lambda parts: ".".join(map(str, parts))
)


@given(prefix=OIDS, rest=OIDS)
def test_a_pattern_takes_all_below_it_and_nothing_else(prefix: str, rest: str) -> None:
    assert fits(f"{prefix}.*", f"{prefix}.{rest}")
    assert not fits(f"{prefix}.*", f"{prefix}{rest}") or f"{prefix}{rest}".startswith(f"{prefix}.")


def test_the_longest_pattern_wins(profiles: Folder) -> None:
    library = profiles.write(
        vendor=kind(f"{ACME}.*"), family=kind(f"{ACME}.1.*"), model=kind(f"{ACME}.1.5")
    ).load()

    found = match(library, facts())

    assert found.profile is library["model"]
    assert found.because == f"sysObjectID {ACME}.1.5 is {ACME}.1.5"
    assert match(library, facts(f"{ACME}.1.6")).profile is library["family"]
    other = match(library, facts(f"{ACME}.2"))
    assert other.profile is library["vendor"]
    assert other.because == f"sysObjectID {ACME}.2 begins with {ACME}"


def test_a_sysdescr_pattern_has_to_fit_and_then_comes_first(profiles: Folder) -> None:
    library = profiles.write(
        a=kind(f"{ACME}.1.*"), os=kind(f"{ACME}.1.*", sysdescr="'^Acme OS'")
    ).load()

    found = match(library, facts())

    assert found.profile is library["os"]
    assert found.because.endswith("and sysDescr fits ^Acme OS")
    assert match(library, facts(descr="Other")).profile is library["a"]
    profiles.write(model=kind(f"{ACME}.1.5"))
    assert match(profiles.load(), facts()).profile == profiles.load()["model"], (
        "but a longer pattern wins"
    )


def test_answers_tell_vendors_of_one_sysobjectid_apart(profiles: Folder) -> None:
    library = profiles.write(
        linux=kind("1.3.6.1.4.1.8072.3.2.10"),
        acme=kind("1.3.6.1.4.1.8072.3.2.10", answers=f"[{ACME}.2.1.0]"),
    ).load()
    device = "1.3.6.1.4.1.8072.3.2.10"

    there = match(library, facts(device, answers=[f"{ACME}.2.1"]))

    assert there.profile is library["acme"]
    assert there.because.endswith(f"and {ACME}.2.1 answers")
    assert match(library, facts(device)).profile is library["linux"]
    assert f"{ACME}.2.1" in questions(library, device, "").columns
    assert f"{ACME}.2.1" not in questions(library, ACME, "").columns


def test_own_profiles_come_before_longer_patterns(profiles: Folder) -> None:
    shipped = Profile("shipped", "", object_ids=(f"{ACME}.1.5",))
    own = profiles.write(own=kind(f"{ACME}.*")).load()["own"]

    assert match(Library((own, shipped)), facts()).profile is own


def test_of_equals_the_first_name_wins(profiles: Folder) -> None:
    library = profiles.write(b=kind(f"{ACME}.*"), a=kind(f"{ACME}.*")).load()

    assert match(library, facts()).profile is library["a"]


@pytest.mark.parametrize("object_id", ["1.3.6.1.4.1.8.1", ""])
def test_a_stranger_gets_what_standard_mibs_tell(profiles: Folder, object_id: str) -> None:
    library = profiles.write(
        acme=kind(f"{ACME}.*"), cap=f"{CAPABILITY}}}\nmetrics:\n{scalar('1.3.1', CPU)}"
    ).load()

    found = match(library, facts(object_id, answers=["1.3.1"]))

    assert found.profile is None
    assert (object_id or "it tells no sysObjectID") in found.because
    assert polled(found) == ["cap:x"]


def test_the_first_that_gives_a_measurement_wins(profiles: Folder) -> None:
    library = profiles.write(
        acme=kind(f"{ACME}.*") + metrics(scalar("1.3.1", CPU), scalar("1.3.5", LOAD, name="y")),
        early=f"{CAPABILITY}, rank: 1}}\n"
        + metrics(scalar("1.3.2", CPU), scalar("1.3.3", FAN, name="y")),
        late=f"{CAPABILITY}, rank: 9}}\n" + metrics(scalar("1.3.4", FAN)),
    ).load()
    answers = ["1.3.1", "1.3.2", "1.3.3", "1.3.4", "1.3.5"]

    found = match(library, facts(answers=answers))

    # Of sensors each class counts by itself.
    assert polled(found) == ["acme:x", "acme:y", "early:y"]
    assert found.passed_over == {"early:x": "acme gives cpu", "late:x": "early gives sensor"}
    silent = match(library, facts(answers=answers[1:]))
    assert polled(silent) == ["acme:y", "early:x", "early:y"]
    assert silent.passed_over["acme:x"] == "no answer to x"


def test_metrics_of_one_profile_add_up(profiles: Folder) -> None:
    library = profiles.write(
        acme=kind(f"{ACME}.*") + metrics(scalar("1.3.1", CPU), scalar("1.3.2", CPU, name="y"))
    ).load()

    assert polled(match(library, facts(answers=["1.3.1", "1.3.2"]))) == ["acme:x", "acme:y"]


def test_additional_metrics_are_polled_all_the_same(profiles: Folder) -> None:
    library = profiles.write(
        acme=kind(f"{ACME}.*") + "metrics:\n" + scalar("1.3.1", CPU),
        more=f"{CAPABILITY}}}\nmetrics:\n" + scalar("1.3.2", CPU, more="additional: true"),
    ).load()

    assert polled(match(library, facts(answers=["1.3.1", "1.3.2"]))) == ["acme:x", "more:x"]


def test_the_old_table_is_read_only_where_the_new_one_is_missing(profiles: Folder) -> None:
    library = profiles.write(
        acme=kind(f"{ACME}.*")
        + "metrics:\n"
        + scalar("1.3.1", CPU)
        + scalar("1.3.2", CPU, name="old", more="unless: [x]")
    ).load()

    both = match(library, facts(answers=["1.3.1", "1.3.2"]))

    assert polled(both) == ["acme:x"]
    assert both.passed_over == {"acme:old": "x answers"}
    assert polled(match(library, facts(answers=["1.3.2"]))) == ["acme:old"]


TABLE = """\
metrics:
- MIB: ACME-MIB
  table: {OID: 1.3.9, name: pools}
  symbols:
  - {OID: 1.3.9.1.2, name: used}
  - {OID: 1.3.9.1.3, name: total}
  - {OID: 1.3.9.1.4, name: used32, tigctl: {unless: [used]}}
  - {OID: 1.3.9.1.5, name: kind}
  metric_tags:
  - {tag: pool, symbol: {OID: 1.3.9.1.1, name: name}}
  tigctl:
  - to: memory
    fields: {used_bytes: used, used_percent: 100 * used / total}
    where: kind == 2
  - {to: memory, fields: {used_bytes: used32}}
  - {to: storage, tags: {storage: "{name}"}, fields: {used_bytes: total - total}}
"""


def test_symbols_that_do_not_answer_are_left_out(profiles: Folder) -> None:
    library = profiles.write(acme=kind(f"{ACME}.*") + TABLE).load()
    answers = {"1.3.9.1.2": 3, "1.3.9.1.1": 3, "1.3.9.1.4": 3, "1.3.9.1.5": 2, "1.3.9.1.3": 0}

    (chosen,) = match(library, facts(answers=answers)).chosen

    # 32-bit only where there is no 64-bit; the rows are those of the longest column.
    assert [symbol.name for symbol in chosen.symbols] == ["used", "kind", "name"]
    assert chosen.rows == 3
    assert [output.where.text for output in chosen.metric.outputs if output.where] == ["kind == 2"]


def test_an_output_whose_condition_cannot_be_judged_is_dropped(profiles: Folder) -> None:
    library = profiles.write(acme=kind(f"{ACME}.*") + TABLE).load()

    found = match(library, facts(answers=["1.3.9.1.2", "1.3.9.1.1"]))

    assert polled(found) == []
    assert found.passed_over == {"acme:pools": "no answer to used, total, used32"}
    (old,) = match(library, facts(answers=["1.3.9.1.4", "1.3.9.1.1"])).chosen
    assert [symbol.name for symbol in old.symbols] == ["used32", "name"]


def test_a_metric_cut_to_some_of_its_outputs_reads_only_what_they_need(profiles: Folder) -> None:
    library = profiles.write(
        acme=kind(f"{ACME}.*") + TABLE.replace("pools", "own").replace("1.3.9", "1.3.8"),
        cap=f"{CAPABILITY}}}\n{TABLE}",
    ).load()
    answers = ["1.3.8.1.4", "1.3.8.1.1", *(f"1.3.9.1.{n}" for n in range(1, 6))]

    own, cut = match(library, facts(answers=answers)).chosen

    assert own.metric.id == "acme:own~1", "cut to the only output that can be computed"
    assert cut.metric.id == "cap:pools~2"
    assert [symbol.name for symbol in cut.symbols] == ["total", "name"]
    again = match(library, facts(answers=answers))
    assert again.chosen[1].metric is cut.metric, "devices that answer alike share one object"


IDENTITY = """\
metadata:
  device:
    fields:
      vendor: {value: Acme}
      model:
        symbols:
        - {OID: 1.3.7.1.0, name: model, extract_value: '^(\\w+)'}
        - {OID: 1.3.6.1.2.1.1.1.0, name: sysDescr, extract_value: 'model (\\S+)'}
      serial_number: {symbol: {OID: 1.3.7.2.0, name: serial}, value: none}
      version: {symbol: {OID: 1.3.6.1.2.1.1.5.0, name: sysName}}
"""


@pytest.mark.parametrize(
    ("texts", "descr", "model", "serial"),
    [
        ({"1.3.7.1.0": "X1 rev 2", "1.3.7.2.0": " 42\n"}, "", "X1", "42"),
        ({"1.3.7.1.0": "  "}, "model Y2 x", "Y2", "none"),
        ({"1.3.7.1.0": "-"}, "model Y2", "Y2", "none"),
        ({}, "nothing", None, "none"),
    ],
)
def test_identity_is_the_first_source_that_tells(
    profiles: Folder, texts: dict[str, str], descr: str, model: str | None, serial: str
) -> None:
    library = profiles.write(acme=kind(f"{ACME}.*") + IDENTITY).load()

    found = match(library, facts(descr=descr, texts=texts)).identity

    assert found.get("model") == model
    assert found["serial"] == serial
    assert found["vendor"] == "Acme"
    assert found["os_version"] == "sw1"


def test_a_fixed_value_of_a_capability_counts_only_where_it_gives_something(
    profiles: Folder,
) -> None:
    library = profiles.write(
        cap=f"{CAPABILITY}}}\n{IDENTITY}metrics:\n{scalar('1.3.1', CPU)}"
    ).load()

    assert "vendor" not in match(library, facts()).identity
    assert match(library, facts(answers=["1.3.1"])).identity["vendor"] == "Acme"
    told = match(library, facts(texts={"1.3.7.2.0": "42"})).identity
    assert told["serial"] == "42", "what the device itself tells always counts"


def test_questions_are_those_of_the_likely_profiles_and_all_capabilities(profiles: Folder) -> None:
    library = profiles.write(
        acme=kind(f"{ACME}.*") + IDENTITY + "metrics:\n" + scalar("1.3.1", CPU),
        other=kind("1.3.6.1.4.1.8.*") + "metrics:\n" + scalar("1.3.2", CPU),
        cap=f"{CAPABILITY}}}\nmetrics:\n{scalar('1.3.3', CPU)}{scalar('1.3.1', LOAD, name='y')}",
    ).load()

    asked = questions(library, f"{ACME}.1", "")

    assert asked.columns == ("1.3.1", "1.3.3")
    # What the probe fetches anyway is not asked again.
    assert asked.texts == ("1.3.7.1.0", "1.3.7.2.0")
    assert questions(library, "1.3.6.1.4.1.7", "").columns == ("1.3.3", "1.3.1")


def test_a_device_never_probed_gets_system_and_64_bit_interfaces() -> None:
    found = match(load_library(), None)

    assert found.because == "never probed"
    assert found.profile is None
    assert {one.metric.profile for one in found.chosen} == set(UNPROBED)
    names = {symbol.name for one in found.chosen for symbol in one.symbols}
    assert {"ifHCInOctets", "ifHighSpeed", "sysUpTime", "sysName"} <= names
    assert not {"ifInOctets", "ifSpeed"} & names
    assert found.identity == {}


def test_matching_has_no_memory_of_other_devices(profiles: Folder, tmp_path: Path) -> None:
    library = profiles.write(acme=kind(f"{ACME}.*") + TABLE).load()
    one, two = facts(answers={"1.3.9.1.4": 3, "1.3.9.1.1": 3}), facts(answers={"1.3.9.1.4": 9})

    first, second = match(library, one), match(library, two)

    assert [chosen.rows for chosen in first.chosen + second.chosen] == [3, 9]
    assert match(library, one) == first


COLUMNS = [f"1.3.9.1.{number}" for number in range(1, 6)]


@given(answers=st.dictionaries(st.sampled_from(COLUMNS), st.integers(0, 9)))
def test_what_is_chosen_answered_and_can_be_computed(answers: dict[str, int]) -> None:
    symbols = tuple(
        Symbol(oid, name, unless=("used",) if name == "used32" else ())
        for oid, name in zip(COLUMNS, ["name", "used", "total", "used32", "kind"], strict=True)
    )
    known = [symbol.name for symbol in symbols]
    from collectors.knowledge.expression import Expression  # noqa: PLC0415  # used here only

    outputs = tuple(
        Output("memory", {"pool": "{name}"}, {"used_bytes": Expression.parse(text, known)})
        for text in ("used", "used32", "total * 2")
    )
    metric = Metric("p", "t", scalar=False, symbols=symbols, outputs=outputs)
    library = Library((Profile("p", "", object_ids=(f"{ACME}.*",), metrics=(metric,)),))

    found = match(library, facts(answers=answers))

    there = {oid for oid, rows in answers.items() if rows}
    for chosen in found.chosen:
        assert {symbol.oid for symbol in chosen.symbols} <= there
        names = {symbol.name for symbol in chosen.symbols}
        assert not {"used", "used32"} <= names
        assert chosen.rows > 0
    assert bool(found.chosen) == bool(there & {COLUMNS[1], COLUMNS[2], COLUMNS[3]})


def test_a_size_alone_makes_no_point(profiles: Folder) -> None:
    both = f"""\
- MIB: ACME-MIB
  symbols:
  - {{OID: {ACME}.6.0, name: size}}
  - {{OID: {ACME}.7.0, name: used}}
  tigctl:
  - {{to: memory, tags: {{pool: a}}, fields: {{used_bytes: used, total_bytes: size}}}}
"""
    library = profiles.write(acme=kind(f"{ACME}.1.5") + metrics(both)).load()

    assert polled(match(library, facts(answers=[f"{ACME}.6", f"{ACME}.7"]))) == ["acme:size"]
    assert polled(match(library, facts(answers=[f"{ACME}.7"]))) == ["acme:size"]
    assert polled(match(library, facts(answers=[f"{ACME}.6"]))) == []
