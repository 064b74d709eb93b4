"""Paths into objects: how a difference is named, and how a value is put there or taken away.

Items of a list are named by what makes them the same one, where there is such a thing:
`spec.template.spec.containers[grafana].image`, `spec.ports[http].port`, `spec.rules[0]`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

from tigctl.targets.model import Json

# Fields that tell the items of a list apart, the first one that all items have.
_KEYS = ("name", "mountPath", "containerPort", "topologyKey", "key", "port", "ip", "type")

# Texts longer than this are shown by their digest: a plan is for reading.
_LONG = 160


@dataclass(frozen=True, slots=True)
class Item:
    """The item of a list whose field `key` has this value."""

    key: str
    value: str | int

    def matches(self, item: object) -> bool:
        """Whether this is the item."""
        return isinstance(item, Mapping) and item.get(self.key) == self.value


Part = str | int | Item
Path = tuple[Part, ...]


@lru_cache(8_192)  # tenants are alike, and their new objects have a thousand fields each
def text(path: Path) -> str:
    """A path as people read it."""
    shown = ""
    for part in path:
        if isinstance(part, Item):
            shown += f"[{part.value}]"
        elif isinstance(part, int):
            shown += f"[{part}]"
        elif re.fullmatch(r"[A-Za-z0-9_$-]+", part):
            shown += f".{part}" if shown else part
        else:
            shown += f"[{part}]"
    return shown


def shown(value: Any) -> Json:
    """A value as a plan shows it: long texts by length and digest."""
    if isinstance(value, str) and len(value) > _LONG:
        return digest(value)
    return value  # type: ignore[no-any-return]  # leaves of an object are JSON


def digest(text: str) -> str:
    """What tells a text from others without showing it."""
    return f"{len(text):,} characters, sha256 {sha256(text.encode()).hexdigest()[:12]}"


def flatten(found: Any, path: Path = ()) -> dict[Path, Any]:
    """All leaves of an object by their paths; empty lists and objects are leaves."""
    leaves: dict[Path, Any] = {}
    _flatten(found, path, leaves)
    return leaves


def _flatten(found: Any, path: Path, leaves: dict[Path, Any]) -> None:
    if isinstance(found, Mapping) and found:
        for key, value in found.items():
            _flatten(value, (*path, key), leaves)
    elif isinstance(found, list) and found:
        for part, value in zip(parts_of(found), found, strict=True):
            _flatten(value, (*path, part), leaves)
    else:
        leaves[path] = found


def parts_of(items: Sequence[Any]) -> list[Part]:
    """What the items of a list are named by."""
    key = key_of(items)
    return [Item(key, item[key]) for item in items] if key else list(range(len(items)))


def key_of(*lists: Sequence[Any]) -> str | None:
    """The field that tells the items of a list apart, in all of these states of it."""
    return next((key for key in _KEYS if all(_names(key, items) for items in lists)), None)


def _names(key: str, items: Sequence[Any]) -> bool:
    values = [item.get(key) if isinstance(item, Mapping) else None for item in items]
    return all(isinstance(value, str | int) for value in values) and len(set(values)) == len(items)


def look_up(found: Any, path: Path) -> Any:
    """What stands at a path; None where nothing does."""
    for part in path:
        step = _step(found, part)
        if step is None:
            return None
        found = found[step]
    return found


def put(found: Any, path: Path, value: Any) -> bool:
    """Puts a value at a path of an object; returns whether there was a place for it."""
    *way, last = path
    for part in way:
        step = _step(found, part)
        if step is None:
            if not (isinstance(found, dict) and isinstance(part, str)):
                return False
            found[part] = {}
            step = part
        found = found[step]
    step = _step(found, last)
    if step is None and isinstance(found, dict) and isinstance(last, str):
        step = last
    if step is None and isinstance(found, list) and isinstance(last, Item):
        found.append(value)
        return True
    if step is None:
        return False
    found[step] = value
    return True


def pointer(found: Any, path: Path) -> str | None:
    """The JSON pointer (RFC 6901) of a path in this very object; None where nothing is there."""
    parts = []
    for part in path:
        step = _step(found, part)
        if step is None:
            return None
        parts.append(str(step).replace("~", "~0").replace("/", "~1"))
        found = found[step]
    return "".join(f"/{part}" for part in parts)


def _step(found: Any, part: Part) -> str | int | None:
    """The key or index by which `part` is reached, None where it is not there."""
    if isinstance(found, Mapping):
        return part if isinstance(part, str) and part in found else None
    if isinstance(found, list):
        if isinstance(part, Item):
            return next((at for at, item in enumerate(found) if part.matches(item)), None)
        return part if isinstance(part, int) and part < len(found) else None
    return None


def owned(fields: Mapping[str, Any], path: Path = ()) -> Iterator[Path]:
    """The leaves of a `fieldsV1`, as paths."""
    for key, inside in fields.items():
        if key == ".":
            continue
        kind, _, name = key.partition(":")
        part = _part(kind, name)
        if part is None:
            continue
        if inside and inside.keys() != {"."}:
            yield from owned(inside, (*path, part))
        else:
            yield (*path, part)


def _part(kind: str, name: str) -> Part | None:
    """`f:` a field, `k:` an item by its keys, `i:` by its index; `v:` a value of a set: none."""
    match kind:
        case "f":
            return name
        case "i":
            return int(name)
        case "k":
            keys: dict[str, Any] = json.loads(name)
            for key in _KEYS:
                if key in keys:
                    return Item(key, keys[key])
            return Item(*next(iter(keys.items())))
        case _:
            return None


def dumps(path: Path) -> str:
    """A path as JSON, for keeping; `loads` reads it."""
    return json.dumps([[part.key, part.value] if isinstance(part, Item) else part for part in path])


def loads(document: str) -> Path:
    """The opposite of `dumps`."""
    return tuple(Item(*part) if isinstance(part, list) else part for part in json.loads(document))
