"""Who a device is: sources in order, rows found at probe time, texts made of several, products.

What the shipped profiles make of devices is shown by the cases in tests/golden/profiles.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.errors import ProfileError
from collectors.facts import Facts
from collectors.knowledge.identify import found_rows, told
from collectors.knowledge.load import load_library
from collectors.knowledge.match import match, questions
from tests.unit.knowledge.library import Folder

ACME = "1.3.6.1.4.1.99999"
CLASS, SERIAL = f"{ACME}.7.1.5", f"{ACME}.7.1.11"


def kind(metadata: str, extension: str = "{}") -> str:
    return f"""\
sysobjectid: {ACME}.1.*
tigctl: {extension}
metadata:
  device:
    fields:
{metadata}
"""


def identity(profiles: Folder, descr: str = "AcmeOS", **texts: str) -> dict[str, str]:
    oids = {
        f"{ACME}.{name.removeprefix('t').replace('_', '.')}": text for name, text in texts.items()
    }
    return dict(match(profiles.load(), Facts("", f"{ACME}.1.7", descr, "r1", texts=oids)).identity)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "N/A",
        "n/a",
        "NA",
        "Unknown",
        "none",
        "0000",
        "To Be Filled By O.E.M.",
        '""',
        "CHASSIS",
    ],
)
def test_what_tells_nothing_is_not_taken(text: str, profiles: Folder) -> None:
    assert not told(text)
    sources = f"      model: {{symbols: [{{OID: {ACME}.2.1.0}}, {{OID: {ACME}.2.2.0}}]}}"
    profiles.write(acme=kind(sources))
    assert identity(profiles, t2_1_0=text, t2_2_0="XR-100") == {"model": "XR-100"}


def test_a_text_is_made_of_groups_and_of_other_objects(profiles: Folder) -> None:
    sources = f"""\
      version:
        symbol:
          OID: 1.3.6.1.2.1.1.1.0
          extract_value: 'Version (\\S+) \\(Build (\\d+)\\)'
          tigctl: {{text: '{{1}}-{{2}}'}}
      model:
        symbols:
        - OID: {ACME}.2.1.0
          name: series
          tigctl: {{text: '{{series}}/{{ports}}', with: [{{OID: {ACME}.2.2.0, name: ports}}]}}
        - {{OID: {ACME}.2.1.0}}
"""
    profiles.write(acme=kind(sources))
    descr = "Acme, Version 6.2 (Build 85)"
    whole = identity(profiles, descr, t2_1_0="XR", t2_2_0="48")
    assert whole == {"os_version": "6.2-85", "model": "XR/48"}
    assert identity(profiles, t2_1_0="XR") == {"model": "XR"}


def test_a_word_may_end_the_search(profiles: Folder) -> None:
    sources = """\
      model:
        symbols:
        - {OID: 1.3.6.1.2.1.1.1.0, extract_value: '^Linux .*x86_64', tigctl: {text: PC}}
        - {OID: 1.3.6.1.2.1.1.1.0, extract_value: '^Linux', tigctl: {nothing: true}}
        - {OID: 1.3.6.1.2.1.1.1.0, extract_value: '^(\\w+)'}
"""
    profiles.write(acme=kind(sources))
    assert identity(profiles, "Linux a 6.1 x86_64") == {"model": "PC"}
    assert identity(profiles, "Linux a 6.1 weird") == {}
    assert identity(profiles, "Router 7") == {"model": "Router"}


def test_products_come_before_the_fixed_value(profiles: Folder) -> None:
    sources = f"      model: {{symbol: {{OID: {ACME}.2.1.0}}, value: some Acme}}"
    profiles.write(acme=kind(sources, "{models: {7: XR-100, 8.1: XR-200}}"))
    assert identity(profiles) == {"model": "XR-100"}
    assert identity(profiles, t2_1_0="told") == {"model": "told"}
    profiles.write(acme=kind(sources, "{models: {8: XR-100}}"))
    assert identity(profiles) == {"model": "some Acme"}


def test_several_profiles_share_a_table_of_products(profiles: Folder) -> None:
    profiles.write(
        products=f"tigctl: {{models_below: {ACME}, models: {{1.7: XR-100, 1.8: XR-200}}}}",
        acme="extends: [products]\n" + kind("      {}", "{models: {8: mine}}"),
    )
    assert identity(profiles) == {"model": "XR-100"}
    models = next(one.models for one in profiles.load().profiles if one.name == "acme")
    assert models == {f"{ACME}.1.7": "XR-100", f"{ACME}.1.8": "mine"}


ROWS = f"""\
      serial_number:
        symbols:
        - {{OID: {SERIAL}, tigctl: {{row: {{OID: {CLASS}, is: ["3"]}}}}}}
        - {{OID: {SERIAL}, tigctl: {{row: first}}}}
"""


@pytest.mark.parametrize(
    ("classes", "serials", "expected"),
    [
        ({"64": "11", "1001": "3"}, {"64": "S64", "1001": "S1001"}, "S1001"),
        ({"64": "11", "1001": "3"}, {"64": "S64", "1001": "N/A"}, "S64"),
        ({"2": "3", "10": "3"}, {"10": "S10", "2": "S2"}, "S2"),
        ({}, {"1.2": "", "1.10": "S10", "2.1": "S21"}, "S10"),
    ],
)
def test_the_row_is_found_when_probing_and_again_in_the_lock(
    classes: dict[str, str], serials: dict[str, str], expected: str, profiles: Folder
) -> None:
    library = profiles.write(acme=kind(ROWS)).load()
    asked = questions(library, f"{ACME}.1.7", "")
    assert set(asked.columns) == {SERIAL, CLASS}
    texts = found_rows(asked.rows, {SERIAL: serials, CLASS: classes})
    facts = Facts("", f"{ACME}.1.7", "", "", texts=texts)
    assert match(library, facts).identity == {"serial": expected}


@pytest.mark.parametrize(
    ("metadata", "extension", "fault"),
    [
        ("      model: {symbol: {OID: 1.3.1.0, tigctl: {text: '{2}'}}}", "{}", "is no group of"),
        ("      model: {symbol: {OID: 1.3.1.0, tigctl: {row: last}}}", "{}", "`row` is `first`"),
        ("      model: {symbol: {OID: 1.3.1.0, tigctl: {rows: 1}}}", "{}", "did you mean 'row'"),
        ("      {}", "{models: {x: y}}", "is not what follows sysobjectid"),
        ("      {}", "{models: 7}", "must be a mapping"),
        ("      {}", "{models_below: x, models: {7: XR-100}}", "'x'"),
        ("      {}", "{when: [{OID: 1.3.1.0}]}", "needs `matches:`"),
        ("      {}", "{when: [{OID: 1.3.1.0, matches: '('}]}", "is no regular expression"),
    ],
)
def test_faults_are_named(metadata: str, extension: str, fault: str, profiles: Folder) -> None:
    assert fault in " ".join(profiles.write(acme=kind(metadata, extension)).faults())


def test_a_profile_may_hang_on_a_text(profiles: Folder) -> None:
    condition = f"{{when: [{{OID: {ACME}.9.0, name: acmeKind, matches: '^radio'}}]}}"
    anyone = f"sysobjectid: '*'\ntigctl: {condition}\n"
    library = profiles.write(anyone=anyone, acme=f"sysobjectid: {ACME}.1.7\n").load()
    text = {f"{ACME}.9.0": "radio 5"}

    assert questions(library, "", "").texts == (f"{ACME}.9.0",)
    found = match(library, Facts("", "", "", "", texts=text))
    assert found.profile == library["anyone"]
    assert found.because == "acmeKind fits ^radio"
    assert match(library, Facts("", "", "", "")).profile is None
    # A sysObjectID that fits says more than a text.
    known = match(library, Facts("", f"{ACME}.1.7", "", "", texts=text))
    assert known.profile == library["acme"]


def test_a_metric_may_hang_on_a_text_and_on_one_row(profiles: Folder) -> None:
    library = profiles.write(
        host=f"""\
tigctl: {{capability: true}}
metrics:
- MIB: ACME-MIB
  symbol: {{OID: {ACME}.5.1.6, name: used, tigctl: {{row: 6}}}}
  tigctl:
    when: [{{OID: {ACME}.5.1.3.6, matches: '^buffers$'}}]
    outputs:
    - {{to: memory, tags: {{pool: buffers}}, fields: {{used_bytes: used}}}}
"""
    ).load()
    asked = questions(library, "", "")
    assert (asked.columns, asked.exact) == ((), (f"{ACME}.5.1.6.6",))

    def chosen(text: str, row: str) -> list[str]:
        facts = Facts(
            *("", "", "", ""), answers={f"{ACME}.5.1.6.{row}": 1}, texts={f"{ACME}.5.1.3.6": text}
        )
        return [one.symbols[0].instance for one in match(library, facts).chosen]

    assert chosen("buffers", "6") == [f"{ACME}.5.1.6.6"]
    assert chosen("C:", "6") == []
    assert chosen("buffers", "7") == []


def test_a_capability_that_does_not_fit_says_nothing_of_the_description(profiles: Folder) -> None:
    library = profiles.write(
        agent=f"""\
tigctl: {{capability: true}}
metadata:
  device:
    fields:
      version: {{symbol: {{OID: 1.3.6.1.2.1.1.1.0, extract_value: '(\\d+)'}}}}
metrics:
- MIB: ACME-MIB
  symbol: {{OID: {ACME}.5.0, name: load}}
  tigctl: [{{to: cpu, tags: {{cpu: all}}, fields: {{usage_percent: load}}}}]
"""
    ).load()
    silent, telling = (
        Facts("", "", "Router 6248", "", answers=answers) for answers in ({}, {f"{ACME}.5": 1})
    )
    assert match(library, silent).identity == {}
    assert match(library, telling).identity == {"os_version": "6248"}


def test_the_vendor_follows_from_the_enterprise_where_nothing_tells_it(profiles: Folder) -> None:
    profiles.write(iana="tigctl: {capability: true, vendors: {99999: Acme, 9999: Other}}")
    assert identity(profiles) == {"vendor": "Acme"}

    profiles.write(acme=kind("      vendor: {value: Acme Systems}"))
    assert identity(profiles) == {"vendor": "Acme Systems"}


def test_vendors_are_numbered(profiles: Folder) -> None:
    profiles.write(iana="tigctl: {capability: true, vendors: {1.9: Acme}}")
    with pytest.raises(ProfileError, match=r"'1\.9' is no enterprise number"):
        profiles.load()


SHIPPED = load_library()


@given(st.text(max_size=200))
def test_no_description_gives_an_absurd_serial_or_version(descr: str) -> None:
    found = match(SHIPPED, Facts("", f"{ACME}.1", descr, "r1")).identity
    for fact in ("serial", "os_version"):
        assert not found.get(fact) or re.search(r"\d", found[fact]), found
        assert "\n" not in found.get(fact, "")


@pytest.mark.parametrize(
    ("descr", "fact", "wanted"),
    [
        ("HP MSA 2050 SAN", "os_version", None),
        ("SSG5-Serial version 6.3.0r24.0", "serial", None),
        ("Switch, serial console 9600 baud", "serial", None),
        ("Unit S/N=000176. App Ver=4.17", "serial", "000176"),
        ("iConverter v5.2.14 s/n 00827399 - x", "serial", "00827399"),
        ("Acme Systems Inc. XR-7 Router", "model", "XR-7"),
        ("ACME, XR-7AX, Indoor Wireless AP, v1.23", "model", "XR-7AX"),
        ("Switch, 24 ports, managed", "model", "Switch"),
        ("Acme Networks EOS version 4.33.6M running on an Acme XR-7-48", "model", "Acme XR-7-48"),
        ("XR-7 SoftWare Version XR-7_6.0.220.41 BootRom XR-7_2.0.2", "os_version", "6.0.220.41"),
        ("XR230, AcmeOS 10.0r7a build-232353", "os_version", "10.0r7a"),
        ("Acme XR (AcmeOS 4.02.C.1.0-1): XR-1", "os_version", "4.02.C.1.0-1"),
        ("ACME 1830 XR 10G R23.6", "os_version", "R23.6"),
        ("ACME J9029A - PA.03.10", "os_version", "PA.03.10"),
        ("ACME R750 rack, U.S.A", "os_version", None),
    ],
)
def test_a_description_is_read_with_care(descr: str, fact: str, wanted: str | None) -> None:
    assert match(SHIPPED, Facts("", f"{ACME}.1", descr, "r1")).identity.get(fact) == wanted
