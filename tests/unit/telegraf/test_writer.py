"""From data to TOML: what goes in comes out, and no text can name an environment variable.

Whether Telegraf's own parser reads it alike is in tests/integration/test_telegraf.py.
"""

from __future__ import annotations

import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.telegraf.writer import Script, Table, Variable, document, dump, literal

# Everything a file or a device may hold, lone surrogates left out: they are replaced.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
SPITEFUL = st.sampled_from(
    [
        "$HOME",
        "${HOME}",
        "$$",
        "$${A}",
        "${A:-b}",
        "'''",
        '"""',
        "{{",
        "#",
        "\\",
        "\t",
        "\r\n",
        "\0",
    ]
)
ANY_TEXT = st.one_of(TEXTS, SPITEFUL, st.lists(SPITEFUL, max_size=5).map("".join))
KEYS = st.text("abcdefghijklmnopqrstuvwxyzABC0123456789_-.+", min_size=1, max_size=12)
SCALARS = st.one_of(ANY_TEXT, st.integers(-(2**63), 2**63 - 1), st.booleans(), st.floats(-1e9, 1e9))
VALUES = st.dictionaries(KEYS, st.one_of(SCALARS, st.lists(SCALARS, max_size=4)), max_size=6)


def doubled(value: object) -> object:
    if isinstance(value, str):
        return value.replace("$", "$$")
    return [doubled(item) for item in value] if isinstance(value, list) else value


@given(values=VALUES, inner=VALUES)
def test_a_parser_gets_back_what_was_written(
    values: dict[str, object], inner: dict[str, object]
) -> None:
    children = (Table('a.b."the list"', inner), Table('a.b."the one"', inner, array=False))

    read = tomllib.loads(dump(Table("a.b", values, children=children)))["a"]["b"][0]

    wanted = {key: doubled(value) for key, value in inner.items()}
    assert read.pop("the list") == [wanted]
    assert read.pop("the one") == wanted
    assert read == {key: doubled(value) for key, value in values.items()}


@given(text=ANY_TEXT)
def test_no_text_holds_a_single_dollar(text: str) -> None:
    written = literal(text)

    assert written.replace("$$", "$") == text
    assert all(len(run) % 2 == 0 for run in re.findall(r"\$+", written))


@given(text=ANY_TEXT)
def test_a_comment_stays_a_comment(text: str) -> None:
    assert tomllib.loads(document(text, [dump(Table("a", {"b": 1}))])) == {"a": [{"b": 1}]}


def test_only_a_variable_names_one() -> None:
    values = {"a": Variable("SNMP_COMMUNITY"), "b": "${SNMP_COMMUNITY}", "c": [Variable("X"), "$X"]}

    read = tomllib.loads(dump(Table("t", values, array=False)))["t"]

    assert read == {"a": "${SNMP_COMMUNITY}", "b": "$${SNMP_COMMUNITY}", "c": ["${X}", "$$X"]}


def test_equal_values_of_other_types_are_not_mixed_up() -> None:
    text = [dump(Table("t", {"a": value})) for value in (1, True, 1.0, [1], [True], [1.0], ["1"])]

    assert [piece.splitlines()[1] for piece in text[:3]] == ["a = 1", "a = true", "a = 1.0"]
    assert len(set(text)) == len(text)


def test_a_tab_is_escaped_because_telegraf_refuses_it() -> None:
    assert "\t" not in dump(Table("t", {"a": "x\ty", "b": ["\t"], "a\tkey": 1}))


def test_a_lone_surrogate_is_replaced_because_no_file_can_hold_it() -> None:
    assert dump(Table("t", {"a": "x\ud800"})).encode() == b'[[t]]\na = "x\xef\xbf\xbd"\n'


def test_a_script_is_written_line_by_line() -> None:
    text = 'def f():\n    return "\\n$A"\n'

    written = dump(Table("t", {"source": Script(text)}))

    assert "    return" in written
    assert tomllib.loads(written)["t"][0]["source"] == text.replace("$", "$$")


@pytest.mark.parametrize("text", ["a'''b", "a\x01", "a\x7f"])
def test_a_script_that_would_need_escapes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="as it is"):
        Script(text)
