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
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        faults.add(line, f"is no valid YAML ({error.problem})")
        return None
    except yaml.YAMLError as error:
        faults.add(0, f"is no valid YAML ({error})")
        return None
    if not isinstance(root, yaml.MappingNode):
        faults.add(1, "is empty or no mapping; a profile begins with `sysobjectid:` or `tigctl:`")
        return None
    value = _value(root, faults)
    return value if isinstance(value, Map) else None


def _value(node: yaml.Node, faults: Faults) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, faults)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, faults) for item in node.value]
    # Texts stay texts: `OID: 1.3` is a float to YAML and an OID to us.
    return node.value if node.tag != "tag:yaml.org,2002:null" else ""


def _mapping(node: yaml.MappingNode, faults: Faults) -> Map:
    found = Map()
    found.line = node.start_mark.line + 1
    found.lines = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            faults.add(line, "a key must be a plain word")
            continue
        key = key_node.value
        if key in found:
            faults.add(line, f"key {key!r} stands here twice (first in line {found.lines[key]})")
            continue
        found[key] = _value(value_node, faults)
        found.lines[key] = line
    return found


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
