"""YAML of profiles with the line of every key, and faults instead of exceptions.

Nothing here knows what a profile means.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import yaml

from collectors.errors import ProfileFault


class Map(dict[str, Any]):
    """A mapping of the document; `line` is where it begins, `lines` where each key stands."""

    line: int
    lines: dict[str, int]


class Faults:
    """Collects the faults of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[ProfileFault] = []

    def add(self, line: int, message: str) -> None:
        """Notes one fault; `line` counts from 1, 0 means the whole file."""
        self.found.append(ProfileFault(self.file, line, message))

    def unknown_keys(self, where: Map, known: Collection[str], what: str) -> None:
        """Notes each key of `where` that is not known, with the nearest one that is."""
        for key in where:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                advice = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
                self.add(where.lines[key], f"unknown key {key!r} in {what}; {advice}")


# The compiled loader is ten times as fast, but not in every build of PyYAML.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

DEEPEST = 20
# An alias makes a few lines stand for millions of values.
MOST_VALUES = 500_000
_NULL = frozenset({"", "~", "null", "Null", "NULL"})


def read(path: Path, faults: Faults) -> Map | None:
    """The document at `path`, or None (with faults noted) where there is none to work with."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        faults.add(0, "is not UTF-8 text; save it as UTF-8")
        return None
    except OSError as error:
        faults.add(0, f"cannot be read ({error.strerror})")
        return None
    try:
        value = _Reader(text, faults).document()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        faults.add(line, f"is no valid YAML ({error.problem})")
        return None
    except yaml.YAMLError as error:
        faults.add(0, f"is no valid YAML ({' '.join(str(error).split())})")
        return None
    if not isinstance(value, Map):
        faults.add(1, "is empty or no mapping; a profile begins with `sysobjectid:` or `tigctl:`")
        return None
    return value


class _Reader:
    """Events of the parser to plain data. Raises yaml.YAMLError.

    Not by way of PyYAML's nodes: composing them takes the whole process down where a file is
    nested some ten thousand deep.
    """

    def __init__(self, text: str, faults: Faults) -> None:
        self.loader = _LOADER(text)
        self.faults = faults
        self.count = 0
        # Anchor -> its value and how many values that stands for; None while it is being read.
        self.anchors: dict[str, tuple[Any, int] | None] = {}

    def document(self) -> Any:
        """The value of the only document; None where there is none."""
        self.loader.get_event()  # the stream's start
        if isinstance(self.loader.get_event(), yaml.StreamEndEvent):
            return None
        value = self._value(self.loader.get_event(), 0)
        self.loader.get_event()  # the document's end
        following = self.loader.get_event()
        if not isinstance(following, yaml.StreamEndEvent):
            raise _refused(following, "a second document begins here; a file holds one profile")
        return value

    def _value(self, event: Any, depth: int) -> Any:
        self.count += 1
        if isinstance(event, yaml.ScalarEvent) and not event.anchor:
            return _scalar(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if depth > DEEPEST:
            raise _refused(event, "nested too deeply")
        before = self.count
        if event.anchor:
            self.anchors[event.anchor] = None
        value: Any
        if isinstance(event, yaml.MappingStartEvent):
            value = self._mapping(event, depth + 1)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = []
            while not isinstance(item := self.loader.get_event(), yaml.SequenceEndEvent):
                value.append(self._value(item, depth + 1))
        else:
            value = _scalar(event)
        if event.anchor:
            self.anchors[event.anchor] = (value, self.count - before + 1)
        return value

    def _alias(self, event: Any) -> Any:
        known = self.anchors.get(event.anchor)
        if known is None:
            raise _refused(event, f"*{event.anchor} stands for nothing; quote a text that has a *")
        value, count = known
        self.count += count
        if self.count > MOST_VALUES:
            raise _refused(event, "stands for too many values; use fewer aliases (*name)")
        return value

    def _mapping(self, event: Any, depth: int) -> Map:
        found = Map()
        found.line = event.start_mark.line + 1
        found.lines = {}
        while not isinstance(key_event := self.loader.get_event(), yaml.MappingEndEvent):
            line = key_event.start_mark.line + 1
            if not isinstance(key_event, yaml.ScalarEvent):
                raise _refused(key_event, "a list, mapping or alias as a key; a key is a word")
            key = key_event.value
            value = self._value(self.loader.get_event(), depth)
            if key in found:
                first = found.lines[key]
                self.faults.add(line, f"key {key!r} stands here twice (first in line {first})")
                continue
            found[key] = value
            found.lines[key] = line
        return found


def _scalar(event: Any) -> str:
    # Texts stay texts: `OID: 1.3` is a float to YAML and an OID to us.
    value: str = event.value
    return "" if value in _NULL and event.implicit[0] else value


def _refused(event: Any, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)


def maps(value: Any, faults: Faults, line: int, what: str) -> Iterator[Map]:
    """The mappings in a list; whatever else stands there is a fault."""
    if not isinstance(value, list):
        faults.add(line, f"{what} must be a list, each item begun with `- `")
        return
    for item in value:
        if isinstance(item, Map):
            yield item
        else:
            faults.add(line, f"{what}: {item!r} is no mapping")


def texts(value: Any) -> tuple[str, ...]:
    """One text or a list of texts, as a tuple."""
    items = value if isinstance(value, list) else [value]
    return tuple(str(item).strip() for item in items if str(item).strip())
