"""Texts on their way to a terminal: nothing that moves the cursor, figures as people say them."""

from __future__ import annotations

import io
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tigctl.cli import output, tables


@given(st.text())
def test_nothing_that_a_terminal_obeys_gets_through(text: str) -> None:
    shown = output.printable(text)
    assert len(shown) == len(text)
    assert not [
        sign for sign in shown if unicodedata.category(sign) in {"Cc", "Cf", "Zl", "Zp", "Cs"}
    ]


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_plain_text_stays(text: str) -> None:
    assert output.printable(text) == text


@pytest.mark.parametrize("text", ["Zürich – 38 °C", "東京", "ports × columns"])
def test_other_alphabets_stay(text: str) -> None:
    assert output.printable(text) == text


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (119.4, "119 s"), (125, "2 m 5 s")],
)
def test_seconds(value: float, said: str) -> None:
    assert output.seconds(value) == said


def test_counts_and_lists() -> None:
    assert output.count(1, "fault") == "1 fault"
    assert output.count(1200, "fault") == "1,200 faults"
    assert output.count(2, "process", "processes") == "2 processes"
    assert output.listed(["a", "b"]) == "a, b"
    assert output.listed(list("abcdefgh"), most=3) == "a, b, c and 5 more"


def test_texts_beside_their_labels_fit_a_page() -> None:
    assert list(output.beside("sw1", "is down")) == ["  sw1             is down"]
    lines = list(output.beside("a-very-long-device-name", "word " * 40))
    assert lines[0] == "  a-very-long-device-name"
    assert all(line.startswith(" " * 18 + "word") for line in lines[1:])
    assert max(map(len, lines)) <= output.WIDTH


def test_a_stream_that_lacks_a_sign_does_not_end_the_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    output.data("38 °C – ok")
    assert raw.getvalue() == b"38 ?C ? ok\n"


@given(st.lists(st.text(max_size=200), min_size=1, max_size=4))
def test_a_table_takes_any_text_literally_within_100_columns(texts: list[str]) -> None:
    columns = [tables.Column("A", fold=True, most=28), tables.Column("B", fold=True, least=16)]
    made = tables.table(columns, [(text, f"[red]{text}") for text in texts])
    stream = io.StringIO()
    output.console(stream).print(made)
    lines = stream.getvalue().split("\n")
    assert all(len(line) <= output.WIDTH for line in lines)
    assert "\x1b" not in stream.getvalue()
    assert "[red]" in stream.getvalue().replace("\n", "")


def test_a_table_off_the_screen_has_no_trailing_blanks(capsys: pytest.CaptureFixture[str]) -> None:
    columns = [tables.Column("NAME"), tables.Column("STATE")]
    tables.show(tables.table(columns, [("a", "ok"), ("bbb", "silent")]))
    assert capsys.readouterr().out == "NAME  STATE\na     ok\nbbb   silent\n"
