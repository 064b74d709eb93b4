"""From files to a library: what a profile may say, inheritance, and every fault with its line.

Leaves out what an expression may hold (test_expression.py) and the shipped profiles
(tests/golden/test_profiles.py).
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.errors import ProfileError
from collectors.knowledge.document import Faults, read
from collectors.knowledge.load import load_library
from collectors.knowledge.model import Identity, IdentitySource, Symbol
from tests.unit.knowledge.library import Folder

FANS = """\
sysobjectid: [1.3.6.1.4.1.99999.1.*, 1.3.6.1.4.1.99999.7]
tigctl:
  sysdescr: '^Acme'
  answers: [.1.3.6.1.4.1.99999.2.1.0]
  description: routers by Acme
metadata:
  device:
    fields:
      vendor: {value: Acme}
      model:
        symbol: {OID: 1.3.6.1.2.1.1.1.0, name: sysDescr, extract_value: 'Acme (\\S+)'}
      serial_number:
        symbols:
        - {OID: 1.3.6.1.4.1.99999.2.2.0, name: acmeSerial}
        - {OID: .1.3.6.1.2.1.47.1.1.1.1.11.1, name: entPhysicalSerialNum}
      version: {value: "1"}
      location: {value: no use for it}
metrics:
- MIB: ACME-MIB
  table: {OID: 1.3.6.1.4.1.99999.3, name: acmeFanTable}
  symbols:
  - {OID: 1.3.6.1.4.1.99999.3.1.2, name: acmeFanState}
  - {OID: .1.3.6.1.4.1.99999.3.1.3, name: acmeFanSpeed}    # rpm
  - OID: 1.3.6.1.4.1.99999.3.1.4
    name: acmeFanOldSpeed
    tigctl: {unless: [acmeFanSpeed], slow: true}
  metric_tags:
  - {tag: sensor, symbol: {OID: 1.3.6.1.4.1.99999.3.1.1, name: acmeFanName}}
  - {tag: bay, index: 2}
  tigctl:
    additional: true
    outputs:
    - to: sensor
      tags: {class: fanspeed, sensor: "{acmeFanName} {index.2}"}
      fields: {value: acmeFanSpeed}
      where: acmeFanState != 9
    - to: sensor
      state: {of: acmeFanState, ok: {1: fine, 2: spare}, critical: {-1: broken}}
- MIB: ACME-MIB
  symbol: {OID: 1.3.6.1.4.1.99999.4.0, name: acmeLoad}
  tigctl:
  - {to: cpu, tags: {cpu: all}, fields: {usage_percent: acmeLoad}}
"""


def test_all_that_a_profile_can_say(profiles: Folder) -> None:
    profile = profiles.write(acme_router=FANS).load()["acme-router"]

    assert profile.object_ids == ("1.3.6.1.4.1.99999.1.*", "1.3.6.1.4.1.99999.7")
    assert (profile.descr_pattern, profile.answers) == ("^Acme", ("1.3.6.1.4.1.99999.2.1",))
    assert (profile.description, profile.own, profile.capability) == (
        "routers by Acme",
        True,
        False,
    )
    assert profile.identity["vendor"] == Identity("Acme")
    assert profile.identity["model"].sources == (
        IdentitySource("1.3.6.1.2.1.1.1.0", "sysDescr", r"Acme (\S+)"),
    )
    assert [source.oid for source in profile.identity["serial"].sources] == [
        "1.3.6.1.4.1.99999.2.2.0",
        "1.3.6.1.2.1.47.1.1.1.1.11.1",
    ]
    assert set(profile.identity) == {"vendor", "model", "serial", "os_version"}


def test_a_table_becomes_a_metric(profiles: Folder) -> None:
    fans, load = profiles.write(acme=FANS).load()["acme"].metrics

    assert (fans.id, fans.scalar, fans.additional) == ("acme:acmeFanTable", False, True)
    assert [symbol.name for symbol in fans.symbols] == [
        *("acmeFanState", "acmeFanSpeed", "acmeFanOldSpeed", "acmeFanName"),
    ]
    assert fans.symbols[2] == Symbol(
        *("1.3.6.1.4.1.99999.3.1.4", "acmeFanOldSpeed", "ACME-MIB"),
        unless=("acmeFanSpeed",),
        slow=True,
    )
    speed, state = fans.outputs
    assert speed.tags == {"class": "fanspeed", "sensor": "{acmeFanName} {index.2}"}
    assert speed.fields["value"].text == "acmeFanSpeed"
    assert speed.where
    assert speed.where.text == "acmeFanState != 9"
    # A tag of metric_tags that the measurement has is its default; `class` follows from `state`.
    assert state.tags == {"class": "state", "sensor": "{acmeFanName}"}
    assert state.state
    assert state.state.values == {1: (0, "fine"), 2: (0, "spare"), -1: (2, "broken")}
    assert (load.name, load.scalar, load.symbols[0].oid) == (
        *("acmeLoad", True, "1.3.6.1.4.1.99999.4"),
    )


def test_the_older_spelling_of_tags_is_read(profiles: Folder) -> None:
    text = FANS.replace("{tag: sensor, symbol: ", "{tag: sensor, column: ")

    assert profiles.write(acme=text).load() == profiles.write(acme=FANS).load()


def test_own_metrics_come_before_inherited_ones(profiles: Folder) -> None:
    child = """\
sysobjectid: 1.3.6.1.4.1.99999.1.5
extends: [acme.yaml]
metadata:
  device:
    fields:
      version: {value: "2"}
      serial_number: {symbol: {OID: 1.3.9.0, name: acmeSerial}}
metrics:
- MIB: ACME-MIB
  symbol: {OID: 1.3.6.1.4.1.99999.5.0, name: acmeNewLoad}
  tigctl:
  - {to: cpu, tags: {cpu: all}, fields: {usage_percent: acmeNewLoad}}
- MIB: ACME-MIB
  symbol: {OID: 1.3.6.1.4.1.99999.6.0, name: acmeLoad}
  tigctl:
  - {to: cpu, tags: {cpu: all}, fields: {usage_percent: acmeLoad / 10}}
"""
    found = profiles.write(acme=FANS, acme_five=child).load()["acme-five"]

    assert [metric.id for metric in found.metrics] == [
        *("acme-five:acmeNewLoad", "acme-five:acmeLoad", "acme:acmeFanTable"),
    ]
    assert found.identity["vendor"].value == "Acme"
    assert found.identity["os_version"].value == "2"
    assert [source.oid for source in found.identity["serial"].sources] == [
        *("1.3.9.0", "1.3.6.1.4.1.99999.2.2.0", "1.3.6.1.2.1.47.1.1.1.1.11.1"),
    ]


def test_an_earlier_folder_hides_a_later_one(profiles: Folder, tmp_path: Path) -> None:
    everyone = Folder(tmp_path / "everyone").write(
        acme=FANS.replace("by Acme", "by others"), b=FANS
    )

    library = profiles.write(acme=FANS).load(everyone)

    assert [profile.name for profile in library.profiles] == ["acme", "b"]
    assert library["acme"].description == "routers by Acme"


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert load_library([tmp_path / "none"]) == load_library()


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("metrics:", "metric:", "acme.yaml:18: unknown key 'metric' in a profile; did you mean"),
        ("  description", "  descripton", "acme.yaml:5: unknown key 'descripton' in `tigctl` of a"),
        ("1.3.6.1.4.1.99999.7]", "1.3.6.*.7]", "acme.yaml:1: sysobjectid '1.3.6.*.7': write num"),
        ("'^Acme'", "'^Acme('", "acme.yaml:3: '^Acme(' is no regular expression"),
        ("'^Acme'", "'^(?!Acme)'", "acme.yaml:3: '^(?!Acme)': look-around and back-references"),
        ("'Acme (\\S+)'", "'Acme'", "acme.yaml:11: 'Acme' needs exactly one group"),
        ("'Acme (\\S+)'", "'(A)\\1'", "acme.yaml:11: '(A)\\\\1': look-around and back-ref"),
        ("'Acme (\\S+)'", "'(A)(B)'", "acme.yaml:11: '(A)(B)' needs exactly one group"),
        ("{value: Acme}", "Acme", "acme.yaml:9: vendor must be a mapping"),
        ("{value: Acme}", "{valu: Acme}", "acme.yaml:9: unknown key 'valu' in metadata of vendor"),
        ("OID: 1.3.6.1.4.1.99999.2.2.0", "OID: acmeSerial.0", "acme.yaml:14: OID 'acmeSerial.0'"),
        ("  symbols:\n  -", "  symbole:\n  -", "acme.yaml:21: unknown key 'symbole' in a metric"),
        ("99999.3.1.2, name", "99999.x, name", "acme.yaml:22: OID '1.3.6.1.4.1.99999.x' is not"),
        ("name: acmeFanState", "name: fan-state", "acme.yaml:22: symbol name 'fan-state'"),
        ("slow: true", "slo: true", "acme.yaml:26: unknown key 'slo' in `tigctl` of a symbol"),
        ("[acmeFanSpeed], slow", "[acmeSpeed], slow", "acmeFanOldSpeed has `unless: acmeSpeed`"),
        ("{unless: [acmeFanSpeed], slow: true}", "slow", "acme.yaml:26: `tigctl` of a symbol must"),
        ("{tag: bay, index: 2}", "{tag: bay}", "acme.yaml:29: a metric tag needs `symbol: {OID"),
        ("additional", "aditional", "unknown key 'aditional' in `tigctl` of a metric; did you"),
        ("to: cpu", "to: cpus", "acme.yaml:42: `to: cpus`: no measurement; did you mean 'cpu'?"),
        ("{cpu: all}", "{core: all}", "acme.yaml:42: tag 'core': no tag of cpu; known: cpu"),
        ("{cpu: all}", "{}", "acme.yaml:42: output to cpu needs the tag 'cpu'"),
        ("usage_percent:", "usage:", "acme.yaml:42: field 'usage': no field of cpu; known: usag"),
        ("acmeLoad}}", "acmeload}}", "acme.yaml:42: acmeload in 'acmeload' is no symbol of this"),
        ("acmeLoad}}", "acmeLoad > 1}}", "acme.yaml:42: field 'usage_percent' is a number; 'acm"),
        ("fields: {usage_percent: acmeLoad}", "where: acmeLoad > 1", "acme.yaml:42: output to cp"),
        ("acmeFanState != 9", "acmeFanState", "acme.yaml:36: where: 'acmeFanState' is no conditi"),
        ("fanspeed,", "fanspeeds,", "acme.yaml:34: class 'fanspeeds': no class of sensor; did y"),
        ("class: fanspeed,", "", "acme.yaml:34: class '': no class of sensor; known: voltage"),
        ("{acmeFanName} {index.2}", "{fanName}", "acme.yaml:34: {fanName} in '{fanName}' is no s"),
        ("{acmeFanName} {index.2}", "{index.x}", "acme.yaml:34: {index.x} in '{index.x}' is no"),
        ("of: acmeFanState", "of: acmeFans", "acme.yaml:38: state of 'acmeFans': no symbol of t"),
        ("critical:", "fatal:", "acme.yaml:38: unknown key 'fatal' in state; known: of, ok, warni"),
        ("-1: broken", "'': x, Up: y, up: z", "acme.yaml:38: state: up stands under two statuses"),
        ("-1: broken", "2: broken", "acme.yaml:38: state: 2 stands under two statuses"),
        ("- {to: cpu,", "- {to: temperature, state: {of: acmeLoad}}\n  - {to: cpu,", "a state is"),
        ("name: acmeLoad}", "name: acmeLoad, scale_factor: 2}", "`scale_factor` changes no"),
        ("99999.3.1.1, name", "99999.3.1.9, O: 1, name", "unknown key 'O' in a symbol"),
    ],
)  # fmt: skip
def test_faults_say_where_and_what_instead(
    profiles: Folder, before: str, after: str, fault: str
) -> None:
    assert before in FANS

    faults = profiles.write(acme=FANS.replace(before, after, 1)).faults()

    assert any(fault in one for one in faults), faults


def test_all_faults_of_all_files_come_at_once(profiles: Folder) -> None:
    profiles.write(
        a="extends: [b, nothere]\nmetrics: {}\n",
        b="extends: c\nnonsense: 1\n",
        c="extends: [a.yaml]\n",
        d=FANS.replace("cpu: all", "core: all").replace("-1: broken", "2: broken"),
        e=FANS.replace("    outputs:", "    unless: [rows, acmeFanTable]\n    outputs:"),
        f="- just\n- a list\n",
        g="a: [unclosed\n",
        h="",
        acme_x="extends: acme-y",
        acme_z="{}",
    )

    assert profiles.faults() == [
        "a.yaml: extends 'nothere': no such profile",
        "a.yaml: extends itself: a → b → c → a",
        "a.yaml:2: metrics must be a list, each item begun with `- `",
        "acme-x.yaml: extends 'acme-y': no such profile; did you mean 'acme-z'?",
        "b.yaml: extends itself: b → c → a → b",
        "b.yaml:2: unknown key 'nonsense' in a profile; known: "
        + ", ".join(
            *(("sysobjectid", "extends", "metadata", "metrics", "metric_tags", "device", "tigctl"),)
        ),
        "c.yaml: extends itself: c → a → b → c",
        "d.yaml:38: state: 2 stands under two statuses",
        "d.yaml:42: output to cpu needs the tag 'cpu'",
        "d.yaml:42: tag 'core': no tag of cpu; known: cpu",
        "f.yaml:1: is empty or no mapping; a profile begins with `sysobjectid:` or `tigctl:`",
        "g.yaml:2: is no valid YAML (did not find expected ',' or ']')",
        "h.yaml:1: is empty or no mapping; a profile begins with `sysobjectid:` or `tigctl:`",
    ]


def test_unless_has_to_name_another_metric(profiles: Folder) -> None:
    wrong = "    unless: [rows, acmeFanTable]\n    outputs:"
    profiles.write(e=FANS.replace("    outputs:", wrong), f="extends: e\n")

    assert profiles.faults() == [
        "e.yaml: acmeFanTable: `unless: acmeFanTable` is no other metric here",
        "e.yaml: acmeFanTable: `unless: rows` is no other metric here",
    ]


def test_a_metric_stands_once_and_its_name_means_one_object(profiles: Folder) -> None:
    twice = FANS.replace("99999.4.0, name: acmeLoad", "99999.4.0, name: acmeFanTable")
    other = FANS.replace("name: acmeFanOldSpeed", "name: acmeFanSpeed")

    faults = profiles.write(
        a=twice.replace("cent: acmeLoad", "cent: acmeFanTable"), b=other
    ).faults()

    assert "a.yaml:39: metric 'acmeFanTable' stands here twice; join the two" in faults
    assert (
        "b.yaml:19: acmeFanSpeed is 1.3.6.1.4.1.99999.3.1.3 and 1.3.6.1.4.1.99999.3.1.4:"
        " one of them is wrong"
    ) in faults


def test_rows_have_to_be_told_apart(profiles: Folder) -> None:
    same = FANS.replace('sensor: "{acmeFanName} {index.2}"', "sensor: fan")
    same = same.replace("      where: acmeFanState != 9\n", "")

    faults = profiles.write(acme=same).faults()

    (fault,) = faults
    assert fault.startswith(
        "acme.yaml:33: output to sensor: all rows would have the same tags; use"
    )


def read_text(path: Path, text: str | bytes) -> tuple[object, list[str]]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    faults = Faults(path.name)
    found = read(path, faults)
    return found, [str(fault) for fault in faults.found]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"\xff\xfe\x00", "x.yaml: is not UTF-8 text; save it as UTF-8"),
        ("a: 1\nb: 2\na: 3\n", "x.yaml:3: key 'a' stands here twice (first in line 1)"),
        ("a:\n\tb: 1\n", "x.yaml:2: is no valid YAML (found character that cannot start"),
        ("a: \x07\n", "x.yaml: is no valid YAML (unacceptable character #x0007"),
        ("a: 1\n---\nb: 2\n", "x.yaml:2: is no valid YAML (a second document begins here"),
        ("? [a]\n: 1\n", "x.yaml:1: is no valid YAML (a list, mapping or alias as a key"),
        ("a: *b\n", "x.yaml:1: is no valid YAML (*b stands for nothing"),
        ("a: &b [*b]\n", "x.yaml:1: is no valid YAML (*b stands for nothing"),
        ("[" * 30_000, "x.yaml:1: is no valid YAML (nested too deeply)"),
        ("a: " + "{a: " * 40, "x.yaml:1: is no valid YAML (nested too deeply)"),
        (
            "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
            + "".join(
                f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n"
                for before, name in zip("abcdefgh", "bcdefghi", strict=True)
            ),
            "x.yaml:6: is no valid YAML (stands for too many values",
        ),
    ],
    ids=lambda value: None if len(value) < 60 else "",
)  # fmt: skip
def test_files_that_cannot_be_read(tmp_path: Path, text: str | bytes, fault: str) -> None:
    _, faults = read_text(tmp_path / "x.yaml", text)

    assert len(faults) == 1
    assert fault in faults[0]


def test_scalars_stay_texts_and_aliases_are_followed(tmp_path: Path) -> None:
    text = "\ufeffa: 1.30\nb: yes\nc: ~\nd: '~'\ne: &x {f: 0x1}\ng: *x\nh:\n- null\n- &y 5\n- *y\n"

    found, faults = read_text(tmp_path / "x.yaml", text)

    assert faults == []
    assert found == {
        "a": "1.30", "b": "yes", "c": "", "d": "~", "e": {"f": "0x1"}, "g": {"f": "0x1"},
        "h": ["", "5", "5"],
    }  # fmt: skip


def test_a_folder_in_place_of_a_file(profiles: Folder) -> None:
    (profiles.path / "x.yaml").mkdir()

    assert profiles.faults() == ["x.yaml: cannot be read (Is a directory)"]


def test_two_files_of_one_name(profiles: Folder) -> None:
    profiles.write(acme=FANS)
    (profiles.path / "acme.yml").write_text(FANS, encoding="utf-8")

    assert profiles.faults() == [
        f"acme.yml: is a second profile 'acme', beside {profiles.path}/acme.yaml"
    ]


LINES = FANS.splitlines(keepends=True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_profile_gives_faults_or_a_library(profiles: Folder, data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        column = data.draw(st.integers(0, len(lines[at])))
        piece = data.draw(st.sampled_from(["", "[", "{}", ": ", "- ", "x", "''", "1", "\n", "&a"]))
        lines[at] = lines[at][:column] + piece + lines[at][column + 1 :]
    # Anything else that is raised fails the test.
    with contextlib.suppress(ProfileError):
        profiles.write(acme="".join(lines)).load()
