"""Covers devices.lock.json: round trip, stable bytes, what a damaged one says.

Leaves out what the facts mean: the collectors' tests have that.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.facts import Facts, Found, InterfaceKey, Reason, Silence
from tigctl.errors import InvalidFiles
from tigctl.spec import lock

SWITCH = Found(
    "10.20.1.7",
    1161,
    Facts(
        credentials="core",
        sys_object_id="1.3.6.1.4.1.9.1.1208",
        sys_descr='Cisco IOS "C2960X", Grün',
        sys_name="sw-07",
        engine_id="80000009030",
        answers={"1.3.6.1.2.1.2.2.1.10": 52, "1.3.6.1.2.1.2.2.1.2": 52, "1.3.6.1.2.1.1.3": 1},
        texts={"1.3.6.1.2.1.47.1.1.1.1.11.1": "FCW1929B68S"},
        interface_key=InterfaceKey.DESCR,
        max_repetitions=10,
        answer_ms=50,
        names={"1.3.6.1.2.1.47.1.1.1.1.7": ("PSU $1", "fan"), "1.3.6.1.4.1.9.2": ()},
        enterprises=("9", "35"),
    ),
)
DEAD = Found("10.20.1.8", 161, None, Silence(Reason.DEAD, "no answer to ping or SNMP"))

TEXT = """\
{
  "version": 1,
  "devices": {
    "dead": {
      "address": "10.20.1.8",
      "port": 161,
      "silence": {"reason": "dead", "text": "no answer to ping or SNMP"}
    },
    "sw-07": {
      "address": "10.20.1.7",
      "port": 1161,
      "facts": {
        "credentials": "core",
        "sys_object_id": "1.3.6.1.4.1.9.1.1208",
        "sys_descr": "Cisco IOS \\"C2960X\\", Gr\\u00fcn",
        "sys_name": "sw-07",
        "engine_id": "80000009030",
        "interface_key": "ifDescr",
        "max_repetitions": 10,
        "answer_ms": 50,
        "enterprises": ["9", "35"],
        "names": {
          "1.3.6.1.2.1.47.1.1.1.1.7": ["PSU $1", "fan"],
          "1.3.6.1.4.1.9.2": []
        },
        "texts": {
          "1.3.6.1.2.1.47.1.1.1.1.11.1": "FCW1929B68S"
        },
        "answers": {
          "1.3.6.1.2.1.1": {"3": 1},
          "1.3.6.1.2.1.2.2.1": {"2": 52, "10": 52}
        }
      }
    }
  }
}
"""


def faults(path: Path, text: str | bytes) -> str:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InvalidFiles) as caught:
        lock.read(path)
    return str(caught.value)


def test_the_bytes_a_person_reviews(tmp_path: Path) -> None:
    path = tmp_path / "devices.lock.json"
    lock.write(path, {"sw-07": SWITCH, "dead": DEAD})
    assert path.read_text() == TEXT
    assert lock.read(path) == {"sw-07": SWITCH, "dead": DEAD}


def test_no_file_and_no_device(tmp_path: Path) -> None:
    path = tmp_path / "devices.lock.json"
    assert lock.read(path) == {}
    lock.write(path, {})
    assert path.read_text() == '{\n  "version": 1,\n  "devices": {}\n}\n'
    assert lock.read(path) == {}


TEXTS = st.text(st.characters(codec=None))
OIDS = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=6).map(
    lambda parts: ".".join(map(str, parts))
)
FACTS = st.builds(
    Facts,
    credentials=TEXTS,
    sys_object_id=TEXTS,
    sys_descr=TEXTS,
    sys_name=TEXTS,
    engine_id=TEXTS,
    answers=st.dictionaries(OIDS, st.integers(0, 2**31)),
    texts=st.dictionaries(OIDS, TEXTS),
    interface_key=st.sampled_from(InterfaceKey),
    max_repetitions=st.integers(1, 100),
    answer_ms=st.integers(0, 10_000),
)
FOUND = st.builds(
    Found,
    address=st.sampled_from(["10.0.0.1", "2001:db8::1"]),
    port=st.integers(1, 65_535),
    facts=st.none() | FACTS,
    silence=st.none() | st.builds(Silence, st.sampled_from(Reason), TEXTS),
)


@given(st.dictionaries(TEXTS, FOUND, max_size=4), st.randoms())
def test_entries_survive_and_their_order_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, entries: dict[str, Found], random: object
) -> None:
    path = tmp_path_factory.mktemp("lock") / "devices.lock.json"
    lock.write(path, entries)
    first = path.read_bytes()
    assert first.isascii()
    assert json.loads(first)["version"] == lock.VERSION
    assert lock.read(path) == entries
    lock.write(path, dict(reversed(entries.items())))
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "devices.lock.json:1: is no JSON; delete the file and run tigctl probe"),
        (TEXT[:-20], "devices.lock.json:33: is no JSON; delete the file and run tigctl probe"),
        (TEXT.replace('    "sw-07": {', '<<<<<<< HEAD\n    "sw-07": {'), ":9: a merge conflict"),
        ("[]", ":1: is no lock of tigctl; delete the file"),
        ('{"devices": {}}', ":1: is no lock of tigctl; delete the file"),
        ('{"version": 1, "devices": []}', ":1: is no lock of tigctl; delete the file"),
        ('{"version": 7, "devices": {}}', ":1: is of version 7, this tigctl writes 1; delete the"),
        (TEXT.replace('"dead"', '"gone"', 2), ":4: entry 'gone' is damaged; delete the file"),
        (TEXT.replace("1161", '"1161"'), ":9: entry 'sw-07' holds something else where a number"),
        (TEXT.replace('"port": 1161', '"prt": 1161'), ":9: entry 'sw-07' has a key 'prt' that is"),
        (TEXT.replace('"port": 1161,', ""), ":9: entry 'sw-07' lacks 'port'; delete the file"),
        (TEXT.replace('"answer_ms"', '"answer"'), ":9: entry 'sw-07' lacks 'answer_ms'"),
        (TEXT.replace("ifDescr", "ifX"), ":9: entry 'sw-07' is damaged"),
        (TEXT.replace('"10": 52', '"10": "52"'), ":9: entry 'sw-07' counts rows by something"),
        (TEXT.replace('"10": 52', '"10": -1'), ":9: entry 'sw-07' counts rows by something"),
        (TEXT.replace('"10": 52', '"x": 52'), ":9: entry 'sw-07' names an OID that is none"),
        (TEXT.replace('{"3": 1}', "[]"), ":9: entry 'sw-07' is damaged"),
        (TEXT.replace('"dead": {', '"sw-07": {', 1), "devices.lock.json: holds 'sw-07' twice"),
        (b"\xff\xfe{\0}\0", "devices.lock.json: is UTF-16 text"),
        ("[" * 100_000, "devices.lock.json: is nested too deeply; delete the file"),
    ],
)
def test_what_a_damaged_lock_says(tmp_path: Path, text: str | bytes, message: str) -> None:
    folder = tmp_path / "tenants" / "acme"
    folder.mkdir(parents=True)
    said = faults(folder / "devices.lock.json", text)
    assert said.startswith("tenants/acme/devices.lock.json")
    assert message in said


def test_all_damaged_entries_are_named(tmp_path: Path) -> None:
    said = faults(tmp_path / "x.json", TEXT.replace('"address"', '"adress"'))
    assert said.count("has a key 'adress'") == 2
