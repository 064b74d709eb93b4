"""What is printed and where: data to standard output, talk to standard error.

Texts of devices and files pass through `printable`, so that none of them can move the
cursor, change colours or hide what stands before it. Imports nothing heavy: `validate`
prints through this module too.
"""

from __future__ import annotations

import json
import os
import sys
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

WIDTH = 100

# Cc: C0 and C1 controls with ESC and DEL. Cf: directional overrides and joiners, which change
# what a line looks like. Zl, Zp: line ends that are none in a file. Cs: lone surrogates, which
# cannot be encoded.
_OBEYED = frozenset(("Cc", "Cf", "Zl", "Zp", "Cs"))


class Interrupted(Exception):
    """Ctrl-C; the text says what state things were left in, and is empty where that is clear."""


@contextmanager
def when_interrupted(word: str) -> Iterator[None]:
    """Turns Ctrl-C inside the block into Interrupted, with a word on what is left behind."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(word) from None


def printable(text: str) -> str:
    """The text with all that a terminal would obey replaced by `·`; newlines are, too."""
    if text.isascii() and text.isprintable():
        return text
    return "".join("·" if unicodedata.category(sign) in _OBEYED else sign for sign in text)


def data(text: str) -> None:
    """A line of data, to standard output."""
    _write(sys.stdout, text)


def say(text: str = "") -> None:
    """A line of talk, to standard error. The text may hold newlines, but no other control."""
    _write(sys.stderr, text)


def as_json(value: object) -> None:
    """A JSON document, to standard output."""
    data(json.dumps(value, indent=2, ensure_ascii=False))


def _write(stream: IO[str] | None, text: str) -> None:
    if stream is None:  # closed by whoever started us
        return
    lines = "\n".join(map(printable, text.split("\n")))
    encoding = getattr(stream, "encoding", None) or "utf-8"
    # A terminal with an encoding of its own must not end the program by a dash it lacks.
    stream.write(lines.encode(encoding, "replace").decode(encoding) + "\n")
    stream.flush()


def is_terminal(stream: IO[str]) -> bool:
    """Whether moving lines make sense there."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def seconds(value: float) -> str:
    """A time that a step took: `0.3 s`, `41 s`, `2 m 5 s`."""
    if value < 9.95:
        return f"{value:.1f} s"
    if round(value) < 120:
        return f"{round(value)} s"
    return f"{round(value) // 60} m {round(value) % 60} s"


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun: `1 fault`, `4 faults`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(words: Sequence[str], most: int = 6) -> str:
    """Words in a row, the rest counted: `a, b, c and 4 more`."""
    if len(words) <= most:
        return ", ".join(words)
    return f"{', '.join(words[:most])} and {len(words) - most} more"


def beside(label: str, text: str, *, width: int = 18, indent: int = 2) -> Iterator[str]:
    """A text beside its label, folded to a page's width; a long label stands above it."""
    label = " " * indent + printable(label)
    if len(label) >= width:
        yield label
        label = ""
    for line in textwrap.wrap(printable(text), WIDTH - width, break_on_hyphens=False) or [""]:
        yield f"{label:<{width}}{line}".rstrip()
        label = ""


def console(stream: IO[str]) -> Any:
    """A rich console on the stream, at most 100 columns wide; rich is imported here."""
    from rich.console import Console  # noqa: PLC0415 - heavy, and `validate` does without

    terminal = is_terminal(stream)
    made = Console(
        file=stream,
        highlight=False,
        markup=False,
        emoji=False,
        force_terminal=terminal,
        no_color=not terminal or bool(os.environ.get("NO_COLOR")),
        width=None if terminal else WIDTH,
    )
    made.width = min(made.width, WIDTH)
    return made
