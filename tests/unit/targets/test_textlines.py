"""Which lines of a text differ: that they make one text of the other, and hold no secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tigctl.targets import textlines

TEXTS = st.lists(st.sampled_from(["[a]", "  b = 1", "  c = 2", "", "# d"])).map("\n".join)


def patched(before: str, lines: tuple[str, ...]) -> list[str]:
    """What comes of a text by these differences."""
    left, made = before.splitlines(), list[str]()
    for line in lines:
        if line.startswith("@@ line "):
            while len(made) < int(line.removeprefix("@@ line ")) - 1:
                made.append(left.pop(0))
        elif line.startswith("-"):
            assert left.pop(0) == line[1:]
        else:
            made.append(line[1:])
    return made + left


@given(TEXTS, TEXTS)
def test_the_lines_make_one_text_of_the_other(one: str, other: str) -> None:
    lines = textlines.differing(one, other)
    assert patched(one, lines) == other.splitlines()
    gone, come = textlines.counted(lines)
    assert come - gone == len(other.splitlines()) - len(one.splitlines())


def test_a_text_in_which_all_is_different_is_told_as_a_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(textlines, "_MOST", 2)
    lines = textlines.differing("same\na\nb\nc\nend", "same\nA\nb\nC\nend")
    assert lines == ("@@ line 2", "-a", "-b", "-c", "+A", "+b", "+C")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('  community = "s3cret"', "  community = <secret>"),
        ('  auth_password = "s3cret word"', "  auth_password = <secret>"),
        ("  password: s3cret", "  password: <secret>"),
        ('"adminPassword": "s3cret"', '"adminPassword": <secret>'),
        ('  urls = ["http://me:s3cret@db:8086"]', '  urls = ["http://<secret>@db:8086"]'),
        ('  community = "${SNMP_COMMUNITY}"', '  community = "${SNMP_COMMUNITY}"'),
        ("  token: $TOKEN", "  token: $TOKEN"),
        ('  urls = ["http://influxdb:8086"]', '  urls = ["http://influxdb:8086"]'),
    ],
)
def test_no_secret_that_somebody_wrote_into_a_text_is_told(line: str, said: str) -> None:
    assert textlines.differing(f"a\n{line}", "a") == ("@@ line 2", f"-{said}")
