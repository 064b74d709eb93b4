"""From data to TOML as Telegraf reads it.

Telegraf expands `$NAME` and `${NAME}` in every string of a configuration, so each `$` of a
text is doubled here; a `Variable` is the only way to name an environment variable. Nothing
here knows a plugin.

Values are dumped by tomli_w. Headers are written here, because a table that many devices
share is dumped once and then reused as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NewType

import tomli_w

_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")

# A piece of TOML, complete with its header.
Toml = NewType("Toml", str)


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable that Telegraf puts in when it reads the configuration."""

    name: str


@dataclass(frozen=True, slots=True)
class Script:
    """A text of ours over many lines, without three apostrophes in a row or control characters.

    It is written as it is, so that a person can read it. Raises ValueError for any other text.
    """

    text: str

    def __post_init__(self) -> None:
        if "'''" in self.text or _CONTROL.search(self.text):
            raise ValueError("this text cannot be written as it is")


Value = str | int | float | bool | Variable | Script | Sequence["Value"]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of TOML: `path` as in its header, an element of an array where `array` is true.

    `children` follow in order; tables that were dumped before come as text.
    """

    path: str
    values: Mapping[str, Value] = field(default_factory=dict)
    array: bool = True
    children: Sequence[Table | Toml] = ()


def dump(table: Table) -> Toml:
    """One table with its children as TOML, ending in a line break."""
    header = f"[[{table.path}]]\n" if table.array else f"[{table.path}]\n"
    parts = [header, _values(table.values)]
    for child in table.children:
        parts.append("\n")
        parts.append(dump(child) if isinstance(child, Table) else child)
    return Toml("".join(parts))


def document(comment: str, parts: Iterable[Toml]) -> str:
    """A whole file: the comment's lines, then the parts, one empty line between them."""
    head = "".join(f"# {line}".rstrip() + "\n" for line in _words(comment).split("\n"))
    return "\n".join((head, *parts))


def literal(text: str) -> str:
    """A text as it has to stand in a string, so that Telegraf reads it as it is."""
    # A lone surrogate (a byte that was no UTF-8) cannot be written to any file.
    return _SURROGATE.sub("\ufffd", text).replace("$", "$$")


def _words(comment: str) -> str:
    # TOML forbids control characters in comments; a line break ends one.
    return _CONTROL.sub(" ", _SURROGATE.sub("\ufffd", comment))


def _values(values: Mapping[str, Value]) -> str:
    return "".join([_line(key, value) for key, value in values.items()])


def _line(key: str, value: Value) -> str:
    if isinstance(value, Script):
        return f"{key} = '''\n{literal(value.text)}'''\n"
    if isinstance(value, list):
        value = tuple(value)
    if isinstance(value, tuple) and not all(isinstance(item, str) for item in value):
        return _dumped.__wrapped__(key, value)  # 1, 1.0 and True in a tuple are one key
    return _dumped(key, value)


@lru_cache(maxsize=8192, typed=True)
def _dumped(key: str, value: Value) -> str:
    """`key = value`. Most values of a device's instances are those of the next device's."""
    # tomli_w leaves a tab as it is, which TOML allows and Telegraf's parser refuses. It
    # writes none of its own, and only basic strings, where the escape says the same.
    return tomli_w.dumps({key: _plain(value)}, indent=2).replace("\t", "\\t")


def _plain(value: Value) -> object:
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, Variable):
        return f"${{{value.name}}}"
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
