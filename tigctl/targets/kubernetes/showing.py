"""Two states of an object, field by field, as a plan shows what differs. Pure.

Items that have a name are compared with that of the same name. All others are matched in their
order, so that one more network in a list is one difference, not one for each that comes behind it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from tigctl.backends.kubernetes.cluster import Object
from tigctl.targets import textlines
from tigctl.targets.kubernetes import fieldpath, names
from tigctl.targets.kubernetes.fieldpath import Item, Path
from tigctl.targets.model import FieldChange

# What the server itself keeps about an object.
_SERVERS = frozenset(
    {"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"}
)
_NOTHING: tuple[object, ...] = (None, {}, [])
# From this share of equal leaves on, an item is a changed one rather than another one.
_ALIKE = 0.3

Found = Iterator[tuple[Path, Any, Any]]


def leaves(found: Object) -> dict[Path, Any]:
    """What an object says by its paths, without what the server keeps about it."""
    flat = fieldpath.flatten({key: found[key] for key in found if key != "status"})
    return {path: value for path, value in flat.items() if _counts(path, value)}


def all_fields(wanted: Object) -> tuple[FieldChange, ...]:
    """Those of an object that is to be made."""
    return tuple(
        FieldChange(fieldpath.text(path), None, fieldpath.shown(value))
        for path, value in leaves(wanted).items()
    )


def field_changes(live: Object, would: Object) -> Iterator[FieldChange]:
    """What would be otherwise. An item that comes has its place in `would`, one that goes its own.

    An item that comes or goes as a whole is one difference, unless its list is one of names.
    """
    was, will = ({key: one[key] for key in one if key != "status"} for one in (live, would))
    for path, before, after in _differing(was, will, ()):
        if _counts(path, before) or _counts(path, after):
            yield changed(path, before, after)


def changed(path: Path, before: Any, after: Any) -> FieldChange:
    """One field that differs; of texts of several lines those that do."""
    name = fieldpath.text(path)
    if isinstance(before, str) and isinstance(after, str) and max(map(_breaks, (before, after))):
        lines = textlines.differing(before, after)
        return FieldChange(name, fieldpath.digest(before), fieldpath.digest(after), lines)
    return FieldChange(name, fieldpath.shown(before), fieldpath.shown(after))


def _breaks(text: str) -> int:
    return text.strip().count("\n")


def _counts(path: Path, value: Any) -> bool:
    return not (
        path[0] in {"apiVersion", "kind"}
        or (path[0] == "metadata" and len(path) > 1 and path[1] in _SERVERS)
        or path == ("metadata", "annotations", names.DIGEST)
        or (path[0] == "metadata" and value in _NOTHING)
    )


def _differing(before: Any, after: Any, path: Path) -> Found:
    """The paths at which two values differ, with both; None where a side has nothing."""
    some = before or after  # what is empty on both sides has nothing below it
    if some and isinstance(some, dict) and _may_be(before, dict) and _may_be(after, dict):
        for key in dict.fromkeys((*(after or ()), *(before or ()))):
            yield from _differing((before or {}).get(key), (after or {}).get(key), (*path, key))
    elif some and isinstance(some, list) and _may_be(before, list) and _may_be(after, list):
        yield from _items(before or [], after or [], path)
    elif before != after or type(before) is not type(after):
        yield path, before, after


def _may_be(value: Any, kind: type) -> bool:
    return value is None or isinstance(value, kind)


def _items(before: Sequence[Any], after: Sequence[Any], path: Path) -> Found:
    key = fieldpath.key_of(before, after)
    if key is None:
        yield from _in_order(before, after, path)
        return
    was, will = ({one[key]: one for one in items} for items in (before, after))
    for name in dict.fromkeys((*will, *was)):
        yield from _differing(was.get(name), will.get(name), (*path, Item(key, name)))


def _in_order(before: Sequence[Any], after: Sequence[Any], path: Path) -> Found:
    was, will = ([json.dumps(one, sort_keys=True) for one in items] for items in (before, after))
    matcher = SequenceMatcher(None, was, will, autojunk=False)
    for what, start, end, new_start, new_end in matcher.get_opcodes():
        if what != "equal":
            yield from _replaced(before, after, range(start, end), range(new_start, new_end), path)


def _replaced(
    before: Sequence[Any], after: Sequence[Any], gone: range, come: range, path: Path
) -> Found:
    """Items of one place in a list against those of another: changed ones, new ones, gone ones."""
    left = [one for one in gone if isinstance(before[one], Mapping)]
    for one in gone:
        if one not in left:  # a value: another value is another item
            yield (*path, one), before[one], None
    for place in come:
        least = 0.0 if len(left) == come.stop - place else _ALIKE
        at = next((n for n, one in enumerate(left) if _alike(before[one], after[place], least)), -1)
        # Those before the former one have no successor, for a list keeps its order.
        for one in left[:at] if at > 0 else ():
            yield (*path, one), before[one], None
        if at < 0:
            yield (*path, place), None, after[place]
        else:
            yield from _differing(before[left[at]], after[place], (*path, place))
            left = left[at + 1 :]
    for one in left:
        yield (*path, one), before[one], None


def _alike(one: Any, other: Any, least: float) -> bool:
    """Whether an item is another one changed: it has its keys, and that share of its leaves."""
    if not (isinstance(one, Mapping) and isinstance(other, Mapping) and one.keys() == other.keys()):
        return False
    some, more = (set(_values(each)) for each in (one, other))
    return len(some & more) >= least * max(len(some), len(more))


def _values(found: Any) -> Iterator[str]:
    """Each leaf with its keys, its place in lists left out."""
    for path, value in fieldpath.flatten(found).items():
        keys = [part for part in path if isinstance(part, str)]
        yield json.dumps([keys, value], sort_keys=True)
