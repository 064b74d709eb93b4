"""What settings say in effect, flat, as a person would write it: for comparing two times of them.

No secret stands here, for settings only name the variables that hold them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tigctl.spec import fields, quantity

_WRITTEN: Mapping[Callable[..., Any], Callable[[int], str]] = {
    quantity.duration: quantity.format_duration,
    quantity.size: quantity.format_size,
    fields.size_or_none: quantity.format_size,
}


def said(settings: BaseModel, path: str = "") -> Iterator[tuple[str, str]]:
    """(`polling.interval`, `60s`), key by key; what is unset or empty is left out."""
    for name, info in type(settings).model_fields.items():
        value = getattr(settings, name)
        if value in (None, "", (), {}, frozenset()):
            continue
        yield from _value(f"{path}{info.alias or name}", value, info)


def _value(path: str, value: Any, info: FieldInfo | None) -> Iterator[tuple[str, str]]:
    if isinstance(value, BaseModel):
        yield from said(value, f"{path}.")
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _value(f"{path}.{key}", one, None)
    else:
        yield path, _text(value, info)


def _text(value: Any, info: FieldInfo | None) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and info:
        inner = (one for kind in get_args(info.annotation) for one in _metadata(kind))
        for one in (*info.metadata, *inner):
            written = _WRITTEN.get(getattr(one, "func", None))  # type: ignore[arg-type]  # None is no key
            if written and value:
                return written(value)
    if isinstance(value, str | int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return json.dumps(value, default=_plain, ensure_ascii=False, sort_keys=True)


def _metadata(kind: Any) -> tuple[Any, ...]:
    return tuple(getattr(kind, "__metadata__", ()))


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return sorted(value) if isinstance(value, set | frozenset) else str(value)
