"""The keys of the settings models as they are written: which are known where, where one belongs."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from tigctl.spec.document import Path

# Keys that stand in fleet.yaml only, for the hint when one is in a tenant's file.
FLEET_KEYS = frozenset({"defaults", "targets", "classes", "images"})


def dotted(path: Path) -> str:
    """`polling.interval`, `networks[2]`; items count from 1."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += f".{part}" if text else part
    return text


def aliases(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Each key as it is written, with the attribute it becomes."""
    for name, info in model.model_fields.items():
        yield info.alias or name, name


def keys(model: type[BaseModel], path: Path) -> tuple[str, ...]:
    """The keys known at a place, in order; none where it is no section."""
    found: Any = model
    for part in path:
        found = _below(found, part)
    return tuple(name for name, _ in aliases(found)) if is_section(found) else ()


def home(key: str, model: type[BaseModel], around: Path) -> str | None:
    """Where a misplaced key belongs: one section up or down, if that is unambiguous."""
    if around and key in keys(model, around[:-1]):
        return dotted(around[:-1]) or "the top level"
    homes = [
        dotted((*around, section))
        for section in keys(model, around)
        if section not in FLEET_KEYS and key in keys(model, (*around, section))
    ]
    return homes[0] if len(homes) == 1 else None


def is_section(annotation: object) -> bool:
    """Whether a type is a settings model."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def bare(annotation: Any) -> Any:
    """An annotation without Annotated and without `| None`."""
    if get_origin(annotation) is Annotated:
        return bare(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        parts = [part for part in get_args(annotation) if part is not type(None)]
        return bare(parts[0])
    return annotation


def _below(around: Any, part: str | int) -> Any:
    """What stands below a key: of a model the field's type, of a mapping or list the item's."""
    if is_section(around):
        for alias, name in aliases(around):
            if alias == part:
                return bare(around.model_fields[name].annotation)
        return None
    arguments = get_args(around)
    wanted = 0 if isinstance(part, int) else 1
    return bare(arguments[wanted]) if len(arguments) > wanted else None
