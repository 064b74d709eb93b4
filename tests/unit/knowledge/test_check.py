"""Remarks: what is odd about profiles that load. Faults are in test_load.py.

The shipped profiles give none.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from collectors.knowledge.check import remarks
from collectors.knowledge.load import load_library
from collectors.knowledge.model import Library, Profile
from tests.unit.knowledge.library import Folder

GOOD = """\
sysobjectid: 1.3.6.1.4.1.99999.1.*
tigctl: {description: routers by Acme}
metrics:
- MIB: ACME-MIB
  table: {OID: 1.3.6.1.4.1.99999.3, name: acmeTable}
  symbols:
  - {OID: 1.3.6.1.4.1.99999.3.1.2, name: acmeUsed}
  - {OID: 1.3.6.1.4.1.99999.3.1.3, name: acmeTotal}
  metric_tags:
  - {tag: pool, symbol: {OID: 1.3.6.1.4.1.99999.3.1.1, name: acmeName}}
  tigctl:
    unless: []
    outputs:
    - to: memory
      fields: {used_bytes: acmeUsed, used_percent: 100 * acmeUsed / acmeTotal}
"""
SECOND = """\
- MIB: ACME-MIB
  table: {OID: 1.3.6.1.4.1.99999.4, name: acmeOther}
  symbols:
  - {OID: 1.3.6.1.4.1.99999.4.1.2, name: acmeLoad}
  - {OID: 1.3.6.1.4.1.99999.3.1.2, name: acmeUsed}
  tigctl:
  - {to: cpu, tags: {cpu: "{index}"}, fields: {usage_percent: acmeLoad}, where: acmeUsed > 0}
"""


def found(profiles: Folder, **texts: str) -> list[str]:
    library = profiles.write(**texts).load()
    return [str(one).removeprefix(f"{profiles.path}/") for one in remarks(library)]


def test_nothing_is_odd_about_the_shipped_profiles() -> None:
    assert [str(one) for one in remarks(load_library())] == []


def test_nothing_is_odd_about_a_good_one(profiles: Folder) -> None:
    # What chooses the rows of one table may be a value of another.
    assert found(profiles, good=GOOD, better=GOOD.replace("99999.1", "99999.2") + SECOND) == []


@pytest.mark.parametrize(
    ("before", "after", "remark"),
    [
        ("1.3.6.1.4.1.99999.1.*", "1.3.6.1.4.1.*", "sysobjectid 1.3.6.1.4.1.* fits devices of any"),
        ("1.3.6.1.4.1.99999.1.*", "1.3.6.1.*", "sysobjectid 1.3.6.1.* fits devices of any vendor"),
        (
            "1.3.6.1.4.1.99999.1.*",
            "[1.3.6.1.4.1.99999.1.*, 1.3.6.1.4.1.99999.1.7.*]",
            "sysobjectid 1.3.6.1.4.1.99999.1.7.* is within 1.3.6.1.4.1.99999.1.* already",
        ),
        ("{description: routers by Acme}", "{}", "has no description"),
        ("sysobjectid: 1.3.6.1.4.1.99999.1.*\n", "", "has neither sysobjectid nor `capability: tr"),
        ("- MIB: ACME-MIB\n  table", "- table", "acmeTable: does not say its MIB"),
        ("100 * acmeUsed", "acmeUsed", "acmeTable: used_percent: acmeUsed / acmeTotal runs from 0"),
        (", used_percent: 100 * acmeUsed / acmeTotal", "", "acmeTable: memory without used_per"),
        (", used_percent: 100 * acmeUsed / acmeTotal", "", "acmeTable: no output uses acmeTotal"),
    ],
)  # fmt: skip
def test_what_is_odd(profiles: Folder, before: str, after: str, remark: str) -> None:
    assert before in GOOD

    remarked = found(profiles, odd=GOOD.replace(before, after, 1))

    assert any(one.startswith(f"odd.yaml: {remark}") for one in remarked), remarked


def test_a_metric_without_outputs_is_never_polled(profiles: Folder) -> None:
    without = GOOD[: GOOD.index("  tigctl:\n    unless")]

    assert found(profiles, odd=without) == [
        "odd.yaml: acmeTable: has no outputs, so it is never polled"
    ]


def test_a_base_profile_needs_no_sysobjectid_while_others_extend_it(profiles: Folder) -> None:
    base = GOOD.replace("sysobjectid: 1.3.6.1.4.1.99999.1.*\n", "")
    child = "sysobjectid: 1.3.6.1.4.1.99999.1.*\nextends: base\ntigctl: {description: x}\n"

    assert found(profiles, base=base, child=child) == []


def test_conditions_beside_no_sysobjectid_say_nothing(profiles: Folder) -> None:
    text = GOOD.replace("sysobjectid: 1.3.6.1.4.1.99999.1.*\n", "")
    text = text.replace("{description", "{capability: true, sysdescr: Acme, description")

    assert found(profiles, odd=text) == [
        "odd.yaml: sysdescr and answers only count beside a sysobjectid"
    ]


def test_profiles_that_only_their_names_tell_apart(profiles: Folder) -> None:
    picky = GOOD.replace("{description", "{sysdescr: Acme, description")

    (remark,) = found(profiles, b=GOOD, a=GOOD, picky=picky)

    assert remark.startswith("b.yaml: fits the same devices as a (1.3.6.1.4.1.99999.1.*), which")


def test_an_object_under_two_names_and_one_that_is_read_twice(profiles: Folder) -> None:
    misnamed = SECOND.replace("acmeUsed", "acmeInUse")
    twice = SECOND.replace("acmeLoad}, where: acmeUsed > 0", "acmeLoad - acmeUsed}")
    instead = twice.replace("  - {to: cpu", "    unless: [acmeTable]\n    outputs:\n    - {to: cpu")

    assert found(profiles, odd=GOOD + misnamed) == [
        "odd.yaml: 1.3.6.1.4.1.99999.3.1.2 is called acmeUsed and acmeInUse"
    ]
    assert found(profiles, odd=GOOD + twice) == [
        "odd.yaml: acmeUsed is read by acmeTable and acmeOther; join the two"
    ]
    assert found(profiles, odd=GOOD + instead) == []


ALIKE = """\
- MIB: ACME-MIB
  table: {OID: 1.3.6.1.4.1.99999.5, name: acmeFirst}
  symbols: [{OID: 1.3.6.1.4.1.99999.5.1.2, name: acmeVolts}]
  tigctl:
    outputs:
    - {to: sensor, tags: {class: voltage, sensor: "Phase {index}"}, fields: {value: acmeVolts}}
- MIB: ACME-MIB
  table: {OID: 1.3.6.1.4.1.99999.6, name: acmeSecond}
  symbols:
  - {OID: 1.3.6.1.4.1.99999.6.1.2, name: acmeMillivolts}
  - {OID: 1.3.6.1.4.1.99999.6.1.3, name: acmeText}
  tigctl:
    outputs:
    - to: sensor
      tags: {class: voltage, sensor: "Phase {index}"}
      fields: {value: acmeMillivolts / 1000}
      where: acmeText != ''
"""


def test_two_tables_that_would_give_one_and_the_same_point(profiles: Folder) -> None:
    def remarked(before: str, after: str) -> list[str]:
        assert before in ALIKE
        first, _, second = ALIKE.rpartition(before)
        return found(profiles, odd=GOOD + first + after + second)

    (remark,) = remarked("Phase {index}", "Phase {index}")
    assert remark.startswith(
        "odd.yaml: acmeFirst and acmeSecond both give sensor with class 'voltage', sensor"
        " 'Phase {index}'; say by `unless`"
    )
    second = "    outputs:\n    - to"
    assert remarked(second, f"    unless: [acmeFirst]\n{second}") == []
    assert remarked(second, f"    unless: ['*:acmeFirst']\n{second}") == []
    assert remarked("Phase {index}", "Row {index}") == []
    assert remarked("class: voltage", "class: current") == []
    # What the device calls its rows is not known, and both may make up one point.
    assert remarked("Phase {index}", "Phase {acmeText}") == []
    child = "sysobjectid: 1.3.6.1.4.1.99999.2.*\nextends: base\ntigctl: {description: x}\n"
    base, _, other = ALIKE.partition("- MIB: ACME-MIB\n  table: {OID: 1.3.6.1.4.1.99999.6")
    other = f"metrics:\n- MIB: ACME-MIB\n  table: {{OID: 1.3.6.1.4.1.99999.6{other}"
    (profiles.path / "odd.yaml").unlink()
    (remark,) = found(profiles, base=GOOD + base, child=child + other)
    assert remark.startswith("child.yaml: acmeSecond and acmeFirst both give sensor with class")


def test_a_symbol_that_only_stands_for_newer_devices_is_used(profiles: Folder) -> None:
    newer = "{OID: 1.3.6.1.4.1.99999.3.1.9, name: acmeNew}"
    gate = f"name: acmeTotal, tigctl: {{unless: [acmeNew]}}}}\n  - {newer}"

    assert found(profiles, good=GOOD.replace("name: acmeTotal}", gate)) == []


def test_own_profiles_alone(profiles: Folder) -> None:
    library = profiles.write(odd=GOOD.replace("{description: routers by Acme}", "{}")).load()

    assert [one.message for one in remarks(library, own=True)] == ["has no description"]
    assert remarks(load_library(), own=True) == ()
    own, shipped = (
        profiles.write(odd=GOOD).load()["odd"],
        Profile("x", "", ("1.3.6.1.4.1.99999.1.*",)),
    )
    tied = remarks(Library((replace(shipped, description="x"), own)))
    assert tied == (), "an own profile is there to come before a shipped one"
