"""Inheritance below another root, and OIDs below the device's own sysObjectID."""

from __future__ import annotations

from collectors.facts import Facts
from collectors.knowledge.match import match, questions
from tests.unit.knowledge.library import Folder

BROAD, ACME = "1.3.6.1.4.1.4413.1.1", "1.3.6.1.4.1.99999"

SWITCH = f"""\
sysobjectid: {BROAD}.*
metadata:
  device:
    fields:
      vendor: {{value: Broad}}
      model: {{symbol: {{OID: {BROAD}.1.3.0}}}}
      serial_number:
        symbol: {{OID: {BROAD}.2.4, tigctl: {{row: {{OID: {BROAD}.2.1, is: ["3"]}}}}}}
metrics:
- MIB: BROAD-MIB
  symbol: {{OID: {BROAD}.9.0, name: load}}
  tigctl:
    when: [{{OID: {BROAD}.1.9.0, matches: new}}]
    outputs:
    - {{to: cpu, tags: {{cpu: all}}, fields: {{usage_percent: load}}}}
"""


def test_a_tree_stands_below_another_root(profiles: Folder) -> None:
    child = f"sysobjectid: {ACME}.*\nextends: [{{broad: {{{BROAD}: {ACME}.10}}}}]\n"
    library = profiles.write(broad=SWITCH, acme=child).load()

    asked = questions(library, f"{ACME}.1", "")
    assert asked.columns == (f"{ACME}.10.9", f"{ACME}.10.2.4", f"{ACME}.10.2.1")
    assert asked.texts == (f"{ACME}.10.1.9.0", f"{ACME}.10.1.3.0")
    texts = {f"{ACME}.10.1.9.0": "new", f"{ACME}.10.1.3.0": "XR"}
    facts = Facts("", f"{ACME}.1", "", "", answers={f"{ACME}.10.9": 1}, texts=texts)
    found = match(library, facts)
    assert [one.metric.id for one in found.chosen] == ["acme:load"]
    assert found.chosen[0].symbols[0].instance == f"{ACME}.10.9.0"
    assert found.identity == {"vendor": "Broad", "model": "XR"}


def test_a_table_of_products_moves_too(profiles: Folder) -> None:
    broad = f"sysobjectid: {BROAD}.*\ntigctl: {{models: {{7: XR-100}}}}\n"
    child = f"sysobjectid: {ACME}.*\nextends: [{{broad: {{{BROAD}: {ACME}.10}}}}]\n"
    library = profiles.write(broad=broad, acme=child).load()
    found = match(library, Facts("", f"{ACME}.10.7", "", ""))
    assert found.identity == {"model": "XR-100"}


def test_what_lies_elsewhere_stays_where_it_is(profiles: Folder) -> None:
    child = f"sysobjectid: {ACME}.*\nextends: [{{broad: {{{BROAD}.2: {ACME}.10}}}}]\n"
    library = profiles.write(broad=SWITCH, acme=child).load()
    assert f"{BROAD}.9" in questions(library, f"{ACME}.1", "").columns


def test_oids_stand_below_the_sysobjectid(profiles: Folder) -> None:
    library = profiles.write(
        acme=f"""\
sysobjectid: {ACME}.*
metadata: {{device: {{fields: {{model: {{symbol: {{OID: ~.1.0}}}}}}}}}}
metrics:
- MIB: ACME-MIB
  table: {{OID: ~.5, name: fans}}
  symbols: [{{OID: ~.5.1.3, name: speed}}]
  tigctl: [{{to: sensor, tags: {{class: fanspeed, sensor: "{{index}}"}}, fields: {{value: speed}}}}]
"""
    ).load()
    for device in (f"{ACME}.7", f"{ACME}.8.1"):
        asked = questions(library, device, "")
        assert (asked.columns, asked.texts) == ((f"{device}.5.1.3",), (f"{device}.1.0",))
        facts = Facts("", device, "", "", answers={f"{device}.5.1.3": 2})
        [fans] = match(library, facts).chosen
        assert (fans.symbols[0].oid, fans.metric.id, fans.rows) == (
            *(f"{device}.5.1.3", "acme:fans"),
            2,
        )


def test_oids_stand_below_the_series(profiles: Folder) -> None:
    library = profiles.write(
        acme=f"sysobjectid: {ACME}.*\ntigctl: {{answers: [~~.5, ~.6]}}\n",
    ).load()
    assert questions(library, f"{ACME}.8.1", "").columns == (f"{ACME}.8.5", f"{ACME}.8.1.6")
    found = match(library, Facts("", f"{ACME}.8.1", "", "", answers={f"{ACME}.8.5": 1}))
    assert found.profile
    assert found.profile.name == "acme"


def test_faults_of_moves_are_named(profiles: Folder) -> None:
    faults = profiles.write(
        broad=SWITCH,
        a=f"extends: [{{broad: {ACME}}}]\n",
        b=f"extends: [{{broat: {{{BROAD}: {ACME}}}}}]\n",
        c=f"extends: [{{broad: {{{BROAD}: x}}}}]\n",
    ).faults()
    assert any("a mapping of OIDs, root: place" in fault for fault in faults)
    assert any(
        "extends 'broat': no such profile; did you mean 'broad'?" in fault for fault in faults
    )
    assert any("OID 'x' is not numeric" in fault for fault in faults)
