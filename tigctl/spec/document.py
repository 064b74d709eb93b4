"""YAML with line numbers. What other readers of YAML would take differently is a fault.

Keys are always text, as written: `5m`, `1`, `on` and `no` are names here. Values follow
YAML 1.1 for null, booleans, decimal integers and floats; whatever else YAML 1.1 would turn
into something (dates, `010`, `1:30`, `1_000`) stays text. Duplicate keys, tags, merge keys and
several documents in one file are faults. No message repeats a value: it might be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import yaml

from tigctl.spec.faults import Faults

Path = tuple[str | int, ...]
Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]

# An alias makes a few lines stand for millions of values; no workspace needs that many.
MOST_VALUES = 2_000_000
DEEPEST = 20

# Keys whose value is a secret by reference, or a secret that somebody wrote down.
SECRET_KEYS = frozenset({"community", "password"})

_BOOLEANS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_PREFIX = "tag:yaml.org,2002:"

# The words of libyaml, which differ little from those of PyYAML, and what to do about it.
_SYNTAX_HINTS = (
    ("cannot start any token", "a tab or a sign YAML reserves: indent by spaces, quote the text"),
    ("mapping values are not allowed", "text with a colon: put it in quotes, or check the indent"),
    ("did not find expected key", "check the indent of this line and of the one before"),
    ("did not find expected '-'", "check the indent of this line and of the one before"),
    ("could not find expected ':'", "a key without a colon, or a text that needs quotes"),
    ("did not find expected ',' or", "a bracket [ or { is not closed"),
    ("end of stream", "a quote or bracket is not closed"),
    ("found undefined tag handle", "text that begins with ! needs quotes"),
    ("unknown escape character", 'a backslash in "…" needs another one: \\\\'),
)


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file: its data, the line of each key and item, and how scalars were written.

    `texts` holds the written form only of values that are no text to YAML (`on`, `60`, `~`).
    """

    file: str
    data: Value
    lines: Mapping[Path, int] = field(default_factory=dict)
    texts: Mapping[Path, str] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """The line of a key or item, else of the nearest thing around it."""
        for end in range(len(path), -1, -1):
            if line := self.lines.get(path[:end]):
                return line
        return 1


def is_secret(path: Path) -> bool:
    """Whether what stands at or below this path could be a secret: messages never repeat it."""
    return not SECRET_KEYS.isdisjoint(path)


def parse(text: str, file: str, faults: Faults) -> Document | None:
    """The document, or None where it is no YAML; duplicate keys and the like become faults."""
    reader = _Reader(text, file, faults)
    try:
        data = reader.document()
    except yaml.MarkedYAMLError as error:
        faults.add(file, _line(error.problem_mark or error.context_mark), _problem(error))
    except yaml.reader.ReaderError as error:
        position = error.position if isinstance(error.position, int) else 0
        line = text.count("\n", 0, position) + 1
        faults.add(file, line, "a control character; YAML is plain text, delete it")
    except _Unreadable as error:
        faults.add(file, error.line, error.message)
    else:
        return Document(file, data, reader.lines, reader.texts)
    finally:
        reader.loader.dispose()
    return None


class _Unreadable(Exception):
    """What makes reading on pointless."""

    def __init__(self, at: yaml.Event, message: str) -> None:
        super().__init__(message)
        self.line = _line(at.start_mark)
        self.message = message


class _Reader:
    """Events of the parser to plain data, noting where each value stands.

    Not by way of PyYAML's nodes: composing them takes the whole process down where a file is
    nested some ten thousand deep.
    """

    def __init__(self, text: str, file: str, faults: Faults) -> None:
        self.loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        self.file = file
        self.faults = faults
        self.lines: dict[Path, int] = {}
        self.texts: dict[Path, str] = {}
        self.count = 0
        # Anchor -> its value and how many values that stands for; None while it is being read.
        self.anchors: dict[str, tuple[Value, int] | None] = {}

    def document(self) -> Value:
        """The value of the only document; None where there is none."""
        self.loader.get_event()  # the stream's start
        if isinstance(self.loader.get_event(), yaml.StreamEndEvent):
            return None
        data = self._value(self.loader.get_event(), ())
        self.loader.get_event()  # the document's end
        following = self.loader.get_event()
        if not isinstance(following, yaml.StreamEndEvent):
            message = "a second document begins here (---); a file holds one"
            raise _Unreadable(following, message)
        return data

    def _value(self, event: yaml.Event, path: Path) -> Value:
        self.count += 1
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if len(path) > DEEPEST:
            raise _Unreadable(event, "is nested too deeply")
        before = self.count
        anchor = getattr(event, "anchor", None)
        if anchor:
            self.anchors[anchor] = None
        value: Value
        if isinstance(event, yaml.MappingStartEvent):
            self._check_tag(event, "map")
            value = self._mapping(path)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._check_tag(event, "seq")
            value = self._sequence(path)
        elif isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event, path)
        else:
            raise TypeError(f"no value begins with {type(event)}")
        if anchor:
            self.anchors[anchor] = (value, self.count - before + 1)
        return value

    def _alias(self, event: yaml.AliasEvent) -> Value:
        if event.anchor not in self.anchors:
            raise _Unreadable(event, "not valid YAML: text that begins with * needs quotes")
        known = self.anchors[event.anchor]
        if known is None:
            message = "an alias (*name) inside of what it stands for"
            raise _Unreadable(event, message)
        value, count = known
        self.count += count
        if self.count > MOST_VALUES:
            message = "stands for too many values; use fewer aliases (*name)"
            raise _Unreadable(event, message)
        return value

    def _mapping(self, path: Path) -> dict[str, Value]:
        found: dict[str, Value] = {}
        while not isinstance(event := self.loader.get_event(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                message = "a list, mapping or alias as a key; a key is plain text"
                raise _Unreadable(event, message)
            key = event.value
            here = (*path, key)
            following = self.loader.get_event()
            if key == "<<" and event.implicit[0]:
                self._fault(event, "merge keys (<<) are not understood; use classes of fleet.yaml")
            elif key in found:
                # Below a secret a key may be the secret itself, so it is not named there.
                name = "this key" if is_secret(path) else f"key {key!r}"
                message = f"{name} stands in line {self.lines[here]} already; keep one of them"
                self._fault(event, message)
            else:
                self.lines[here] = _line(event.start_mark)
                found[key] = self._value(following, here)
                continue
            # What stands below is read, so that the parser gets past it, and forgotten.
            lines, texts = dict(self.lines), dict(self.texts)
            self._value(following, here)
            self.lines, self.texts = lines, texts
        return found

    def _sequence(self, path: Path) -> list[Value]:
        items: list[Value] = []
        while not isinstance(event := self.loader.get_event(), yaml.SequenceEndEvent):
            here = (*path, len(items))
            self.lines[here] = _line(event.start_mark)
            items.append(self._value(event, here))
        return items

    def _scalar(self, event: yaml.ScalarEvent, path: Path) -> Value:
        text: str = event.value
        self._check_tag(event, "str")
        tag = event.tag or self.loader.resolve(yaml.ScalarNode, text, event.implicit)
        value = _plain(tag.removeprefix(_PREFIX), text)
        if not isinstance(value, str):
            self.texts[path] = text
        return value

    def _check_tag(self, event: yaml.CollectionStartEvent | yaml.ScalarEvent, wanted: str) -> None:
        if event.tag is not None and event.tag != _PREFIX + wanted:
            self._fault(event, "tags (!name) are not understood; quote text that begins with !")

    def _fault(self, event: yaml.Event, message: str) -> None:
        self.faults.add(self.file, _line(event.start_mark), message)


def _plain(tag: str, text: str) -> Value:
    if tag == "null":
        return None
    if tag == "bool":
        return _BOOLEANS.get(text.lower(), text)
    if tag == "int" and re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", text):
        return int(text)
    if tag == "float" and re.fullmatch(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,17}", text):
        return float(text)
    return text


class _Mark(Protocol):
    """A place in a file, as libyaml and PyYAML give it; lines count from 0."""

    line: int


def _line(mark: _Mark | None) -> int:
    return mark.line + 1 if mark else 0


def _problem(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or ""
    for words, hint in _SYNTAX_HINTS:
        if words in problem or words in (error.context or ""):
            return f"not valid YAML: {hint}"
    # Quoted parts of the parser's words may come from the file.
    return "not valid YAML: " + re.sub(r"'[^']*'|\"[^\"]*\"", "…", problem or "check this line")
