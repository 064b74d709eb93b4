"""`tigctl profiles check` on folders of others' profiles: each verdict with its reason, as a table
and as JSON, and that no file makes it fail.

The profiles are small ones written here, of the shapes that the open schema has.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.knowledge.foreign import Foreign, Judged, Verdict, is_foreign, judge
from collectors.knowledge.load import load_library
from collectors.knowledge.model import Library
from tests.unit.cli.conftest import Run

LIBRARY = load_library()
ACME = "1.3.6.1.4.1.99999"
OTHERS = f"""\
extends: [base.yaml, gone.yaml]
sysobjectid: [1.3.6.1.4.1.9.1.*, acmeProducts]
virtual_metrics: []
metadata:
  device:
    fields:
      vendor: {{value: acme}}
      model: {{symbol: {{OID: {ACME}.7.0, name: acmeModel}}}}
      serial_number: {{symbol: {{OID: {ACME}.8.0, name: acmeSerial, match_pattern: x}}}}
      version: {{symbol: {{OID: 1.3.6.1.2.1.1.1.0, name: sysDescr, extract_value: 'Acme .*'}}}}
      location: {{symbol: {{OID: 1.3.6.1.2.1.1.6.0, name: sysLocation}}}}
      os_version: {{}}
metrics:
- MIB: IF-MIB
  table: {{OID: 1.3.6.1.2.1.31.1.1, name: ifXTable}}
  symbols:
  - {{OID: .1.3.6.1.2.1.31.1.1.1.6, name: ifHCInOctets}}
- {{MIB: A-MIB, symbol: {{OID: {ACME}.1.0, name: cpu.usage, scale_factor: 0.1}}}}
- {{MIB: A-MIB, symbol: {{OID: {ACME}.2.0, name: memory.used, extract_value: '(\\d+)'}}}}
- MIB: A-MIB
  table: {{OID: {ACME}.3, name: acmeTable}}
  symbols:
  - {{OID: {ACME}.3.1.2, name: acmeDrops, metric_type: monotonic_count}}
  - {{OID: {ACME}.3.1.3, name: acmeFan, enum: {{up: 1}}}}
  - {{name: acmeRows, constant_value_one: true}}
  - {{OID: acme.4, name: acmeName}}
- {{MIB: IF-MIB, table: ifTable, symbols: [ifInOctets]}}
- {{OID: {ACME}.5.0, name: acmeOld, scale_factor: 10}}
- {{MIB: A-MIB}}
"""
EXPECTED = [
    ("sysobjectid", "1.3.6.1.4.1.9.1.*", "usable", ""),
    ("sysobjectid", "acmeProducts", "unusable", "write numbers"),
    ("extends", "base.yaml", "usable", ""),
    ("extends", "gone.yaml", "unusable", "is not in this folder"),
    ("key", "virtual_metrics", "unusable", "nothing of the kind"),
    ("fact", "vendor", "usable", ""),
    ("fact", "model", "usable", ""),
    ("fact", "serial_number", "unusable", "`match_pattern`: write extract_value"),
    ("fact", "version", "unusable", "'Acme .*' needs exactly one group"),
    ("fact", "location", "unusable", "the inventory has vendor"),
    ("fact", "os_version", "unusable", "has neither value nor symbol"),
    ("symbol", "ifHCInOctets", "known", "if-mib, interface"),
    ("symbol", "cpu.usage", "usable", "cpu: usage_percent, write cpu.usage * 0.1"),
    ("symbol", "memory.used", "open", "memory: used_bytes; its `extract_value`"),
    ("symbol", "acmeDrops", "unusable", "a counter"),
    ("symbol", "acmeFan", "open", "its numbers have names: a state"),
    ("symbol", "acmeRows", "unusable", "counts rows only"),
    ("symbol", "acmeName", "unusable", "has no numeric OID"),
    ("symbol", "ifInOctets", "unusable", "has no OID"),
    ("symbol", "acmeOld", "open", "its name says no measurement, write acmeOld * 10"),
    ("metric", "", "unusable", "names nothing to poll"),
]


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    folder = tmp_path / "theirs"
    (folder / "more").mkdir(parents=True)
    (folder / "acme.yaml").write_text(OTHERS)
    (folder / "base.yaml").write_text("metrics: []\n")
    (folder / "more/broken.yaml").write_text("metrics: [\n")
    return folder


def found(folder: Path) -> dict[str, Foreign]:
    return {Path(one.file).name: one for one in judge(folder, LIBRARY)}


@pytest.mark.parametrize("number", range(len(EXPECTED)))
def test_each_part_has_a_verdict_and_a_reason(theirs: Path, number: int) -> None:
    part, name, verdict, reason = EXPECTED[number]

    judged = found(theirs)["acme.yaml"].judged

    assert len(judged) == len(EXPECTED)
    one = judged[number]
    assert (one.part, one.name, str(one.verdict)) == (part, name, verdict)
    assert reason in one.reason
    assert (one.reason == "") == (reason == "")


def test_lines_and_rivals_are_told(theirs: Path) -> None:
    acme = found(theirs)["acme.yaml"]

    assert "cisco" in acme.rivals
    assert next(one.line for one in acme.judged if one.name == "acmeFan") == 24
    broken = found(theirs)["broken.yaml"]
    assert [(one.part, one.line, one.verdict) for one in broken.judged] == [
        ("file", 2, Verdict.UNUSABLE)
    ]


def test_the_report_is_a_table_then_the_reasons(theirs: Path, workspace: Path, run: Run) -> None:
    said = run("profiles", "check", str(theirs))

    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0].split() == [
        *("FILE", "FITS", "FACTS", "USABLE", "KNOWN", "OPEN", "UNUSABLE", "OURS"),
    ]
    assert lines[1].split()[:7] == ["theirs/acme.yaml", "1", "2", "1", "1", "3", "5"]
    assert "  unusable  acmeRows (line 25): counts rows only: a state or a text says more" in lines
    assert lines[-1] == (
        "3 foreign profiles, of their objects: 1 usable, 1 known, 3 open, 5 unusable"
    )
    assert str(theirs).startswith(str(workspace))


def test_programs_get_everything(theirs: Path, workspace: Path, run: Run) -> None:
    said = json.loads(run("profiles", "check", str(theirs), "-o", "json").out)

    assert [Path(one["file"]).name for one in said] == ["acme.yaml", "base.yaml", "broken.yaml"]
    assert workspace
    assert said[0]["parts"][12] == {
        "part": "symbol",
        "name": "cpu.usage",
        "line": 18,
        "verdict": "usable",
        "reason": "cpu: usage_percent, write cpu.usage * 0.1",
    }


def test_own_profiles_are_checked_as_ever(theirs: Path, workspace: Path, run: Run) -> None:
    own = workspace / "own"
    own.mkdir()
    (own / "mine.yaml").write_text(f"sysobjectid: {ACME}\ntigctl: {{descripton: mine}}\n")

    both = run("profiles", "check", str(own), str(theirs))

    assert (both.code, is_foreign(own)) == (2, False)
    assert "unknown key 'descripton'" in both.err
    assert "foreign profiles" in both.out
    assert run("profiles", "check", str(own), "-o", "json").code == 2


SCALARS = st.sampled_from(
    ["", "1.3.6.1", f"{ACME}.1.0", "~.1", "cpu.usage", "x", "(", "\x1b[2J", "1"]
)
KEYS = st.sampled_from(
    ["OID", "name", "symbol", "symbols", "table", "metadata", "device", "fields", "model",
     "metrics", "sysobjectid", "extends", "metric_type", "value", "extract_value", "enum", "x"]
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=st.dictionaries(KEYS, VALUES, max_size=5), metrics=st.lists(VALUES, max_size=3))
def test_whatever_a_file_says_it_is_judged(
    tmp_path: Path, document: dict[str, object], metrics: list[object]
) -> None:
    text = yaml.safe_dump({**document, "metrics": metrics})
    (tmp_path / "one.yaml").write_text(text, encoding="utf-8")

    (one,) = judge(tmp_path, Library(()))

    assert all(isinstance(part, Judged) and part.name is not None for part in one.judged)
