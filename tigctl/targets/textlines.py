"""Which lines of a text differ from another's, for a person to read. Pure.

A text that somebody edited by hand may hold what none of ours does: values that look like secrets
are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

# More lines than these, beginning and end in common left out, are told as gone and come as a whole.
_MOST = 4_000
_LINE = re.compile(r"@@ line \d+")
# `community = "public"`, `password: x`, `"auth_password": "x"`; not `token = "${VARIABLE}"`.
_SECRET = re.compile(
    r"""((?:community|passw|passphrase|secret|token|credential)[\w.-]*["']?\s*[:=]\s*)"""
    r"""(?!["']?(?:\$|@\{|%\())\S.*""",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"//[^/\s@]+@")


def differing(before: str, after: str) -> tuple[str, ...]:
    """Lines that go begin with `-`, those that come with `+`; before each place `@@ line N`.

    N counts from 1 in `after`. Empty where both have the same lines.
    """
    was, will = before.splitlines(), after.splitlines()
    start = _same(was, will)
    end = _same(was[start:][::-1], will[start:][::-1])
    was, will = was[start : len(was) - end], will[start : len(will) - end]
    return tuple(
        line for at, gone, come in _places(was, will) for line in _told(start + at, gone, come)
    )


def counted(lines: Sequence[str]) -> tuple[int, int]:
    """How many lines go, and how many come."""
    found = [line[0] for line in lines if not _LINE.fullmatch(line)]
    return found.count("-"), found.count("+")


def _same(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines both begin with."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _places(was: list[str], will: list[str]) -> Iterator[tuple[int, list[str], list[str]]]:
    if max(len(was), len(will)) > _MOST:
        yield 0, was, will
        return
    # Lines that are everywhere are no landmarks; leaving them out keeps it fast, too.
    matcher = SequenceMatcher(None, was, will, autojunk=True)
    for what, start, end, new_start, new_end in matcher.get_opcodes():
        if what != "equal":
            yield new_start, was[start:end], will[new_start:new_end]


def _told(at: int, gone: Sequence[str], come: Sequence[str]) -> Iterator[str]:
    if gone or come:
        yield f"@@ line {at + 1}"
        yield from (f"-{_without_secrets(line)}" for line in gone)
        yield from (f"+{_without_secrets(line)}" for line in come)


def _without_secrets(line: str) -> str:
    return _LOGIN.sub("//<secret>@", _SECRET.sub(r"\1<secret>", line))
