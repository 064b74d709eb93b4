"""Covers YAML with line numbers: what is read, what is refused, that no value is repeated.

Leaves out what the keys mean: test_model.py and the golden cases have that.
"""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tigctl.spec.document import Document, parse
from tigctl.spec.faults import Faults


def read(text: str) -> tuple[Document | None, list[str]]:
    faults = Faults()
    return parse(text, "f.yaml", faults), [str(fault) for fault in faults.found]


def test_values_lines_and_written_forms() -> None:
    document, faults = read("a: 1\nb:\n  c: on\n  d: [x, ~]\n'e': \"on\"\n")
    assert document is not None
    assert faults == []
    assert document.data == {"a": 1, "b": {"c": True, "d": ["x", None]}, "e": "on"}
    assert document.lines["b", "c"] == 3
    assert document.lines["b", "d", 1] == 4
    assert document.texts == {("a",): "1", ("b", "c"): "on", ("b", "d", 1): "~"}


def test_the_line_of_what_is_not_there_is_that_of_what_is_around_it() -> None:
    document, _ = read("a: 1\nb:\n  c: 2\n")
    assert document is not None
    assert document.line(("b", "c", "d")) == 3
    assert document.line(("b", "x")) == 2
    assert document.line(("z",)) == 1


def test_keys_are_text_as_written() -> None:
    document, faults = read("on: 1\n5m: 2\n10: 3\nno: 4\n~: 5\n1.0: 6\n")
    assert document is not None
    assert faults == []
    assert list(document.data or {}) == ["on", "5m", "10", "no", "~", "1.0"]


@pytest.mark.parametrize(
    "text", ["010", "1:30", "1_000", "0x1F", "2026-01-01", "1e3", ".5", ".inf", "0b1", "+5"]
)
def test_what_only_yaml_1_1_takes_for_a_number_or_date_stays_text(text: str) -> None:
    document, _ = read(f"a: {text}\n")
    assert document is not None
    assert document.data == {"a": text}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~\n"])
def test_an_empty_file_holds_nothing(text: str) -> None:
    document, faults = read(text)
    assert document is not None
    assert document.data is None
    assert faults == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3: key 'a' stands in line 1 already; keep one of them"),
        ("a: b: c\n", "f.yaml:1: not valid YAML: text with a colon"),
        ("a:\n\tb: 1\n", "f.yaml:2: not valid YAML: a tab"),
        ("a: [1, 2\nb: 3\n", "f.yaml:2: not valid YAML: a bracket"),
        ("a: 'x\n", "f.yaml:2: not valid YAML: a quote or bracket is not closed"),
        ("a: \x07\n", "f.yaml:1: a control character"),
        ("a: 1\nb: &x [*x]\n", "f.yaml:2: an alias (*name) inside of what it stands for"),
        ("a: 1\n<<: {b: 2}\n", "f.yaml:2: merge keys (<<) are not understood"),
        ("---\na: 1\n---\nb: 2\n", "f.yaml:3: a second document begins here"),
        ("? [a]\n: 1\n", "f.yaml:1: a list, mapping or alias as a key"),
        ("a: !!python/name:os.system x\n", "f.yaml:1: tags (!name) are not understood"),
        ("a: !x {}\n", "f.yaml:1: tags (!name) are not understood"),
        ("a: " + "[" * 40 + "]" * 40, "f.yaml:1: is nested too deeply"),
        ("[" * 50_000, "f.yaml"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    _, faults = read(text)
    assert any(message in fault for fault in faults), faults


def test_aliases_that_stand_for_millions_of_values_are_refused() -> None:
    rungs = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    _, faults = read("\n".join(["a0: &a0 [x]", *rungs]))
    assert any("stands for too many values" in fault for fault in faults)


@pytest.mark.parametrize(
    "text",
    [
        "password: *hunter2\n",
        "password: !hunter2\n",
        "password: !hunter2!x y\n",
        "password: 'hunter2\n",
        "password: {hunter2: 1, hunter2: 2}\n",
        "community: {a: {hunter2: 1, hunter2: 2}}\n",
        "community: hunter2: x\n",
        'community: "hunter2\\q"\n',
        "community: @hunter2\n",
        "community: &hunter2\n  - *hunter2\n",
    ],
)
def test_no_message_repeats_a_secret(text: str) -> None:
    _, faults = read(text)
    assert faults
    assert not any("hunter2" in fault for fault in faults)


KEYS = st.text("abcdefgh", min_size=1, max_size=4)
VALUES = st.recursive(
    st.one_of(st.text(st.characters(codec="utf-8", exclude_categories=["C"])), st.integers(0, 99)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=15,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_data_survives_and_every_key_has_its_line(data: dict[str, object]) -> None:
    text = yaml.safe_dump(data, default_flow_style=False, allow_unicode=True)
    document, faults = read(text)
    assert document is not None
    assert faults == []
    assert (document.data or {}) == data
    lines = text.splitlines()
    for path, line in document.lines.items():
        if isinstance(path[-1], str):
            # A long key may stand as `? key`; these here are short.
            assert f"{path[-1]}:" in lines[line - 1].replace("'", "")
        else:
            assert lines[line - 1].lstrip().startswith("-")


@given(st.text())
def test_no_text_raises(text: str) -> None:
    read(text)
