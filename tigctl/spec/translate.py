"""The faults pydantic finds, in our words and with their line.

No word of pydantic's own reaches the user, and no value that might be a secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from tigctl.spec.document import Document, Path, is_secret
from tigctl.spec.faults import Faults, suggest
from tigctl.spec.keys import FLEET_KEYS, dotted, home, keys

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number, without quotes",
    "bool_type": "true or false, without quotes",
    "list_type": "a list: [first, second]",
    "tuple_type": "a list: [first, second]",
    "dict_type": "a mapping: key: value",
    "mapping_type": "a mapping: key: value",
    "model_type": "a mapping: key: value",
    "model_attributes_type": "a mapping: key: value",
}


@dataclass(frozen=True, slots=True)
class Detail:
    """One of pydantic's faults.

    `written` is how the value stands in the file where YAML takes it for something else than
    text, else None.
    """

    kind: str
    path: Path
    value: object
    context: Mapping[str, Any]
    written: str | None = None

    @property
    def shown(self) -> str:
        """The value at fault and a space; empty where it may be a secret or is too much."""
        if is_secret(self.path):
            return ""
        if self.written is not None:
            return f"{self.written} " if self.written else "nothing "
        if isinstance(self.value, str):
            return f"{self.value[:60]!r} "
        return "a list " if isinstance(self.value, list) else "a mapping "


def details(error: ValidationError, texts: Mapping[Path, str], around: Path) -> Iterator[Detail]:
    """What pydantic found; `around` is where in the document the validated part begins."""
    for found in error.errors(include_url=False):
        if found["type"] == "default_factory_not_called":
            continue  # it only follows from another fault of the same section
        path = tuple(part for part in found["loc"] if part != "[key]")
        written = texts.get((*around, *path))
        yield Detail(found["type"], path, found["input"], found.get("ctx", {}), written)


def add_faults(
    error: ValidationError, document: Document, model: type[BaseModel], faults: Faults
) -> frozenset[Path]:
    """Adds each fault of a whole document with its line; returns the paths at fault."""
    paths: set[Path] = set()
    for detail in details(error, document.texts, ()):
        if detail.kind == "extra_forbidden":
            message = _unknown_key(detail.path, model)
        else:
            place = dotted(detail.path)
            message = f"{place}: {say(detail)}" if place else say(detail)
        faults.add(document.file, document.line(detail.path), message)
        paths.add(detail.path)
    return frozenset(paths)


def say(detail: Detail) -> str:
    """What is wrong and what to write, to stand behind the name of the key."""
    kind, context, shown = detail.kind, detail.context, detail.shown
    said = f"{shown}cannot be used here; see docs/workspace.md"
    if kind == "value_error":
        text = str(context["error"])
        # A validator that got no text cannot show it; what was written helps here.
        said = (shown if detail.written and text.startswith("is ") else "") + text
    elif kind == "missing":
        said = "is missing; write it"
    elif kind == "string_type" and detail.written and shown:
        what = "a boolean" if isinstance(detail.value, bool) else "a number"
        said = f'{shown}is {what} to YAML; write it in quotes: "{detail.written}"'
    elif kind in _EXPECTED:
        said = f"{shown}is not what is expected here; write {_EXPECTED[kind]}"
    elif kind == "literal_error":
        words = str(context["expected"]).replace("'", "")
        said = f"{shown}is not known here; write {words}"
    elif kind == "greater_than_equal":
        said = f"{shown}is out of range; write at least {context['ge']}"
    elif kind == "less_than_equal":
        said = f"{shown}is out of range; write at most {context['le']}"
    elif kind == "string_too_short":
        said = "is empty; write some text or delete the key"
    elif kind == "string_too_long":
        said = f"is longer than {context['max_length']} characters; shorten it"
    return said


def _unknown_key(path: Path, model: type[BaseModel]) -> str:
    key, around = str(path[-1]), path[:-1]
    start = f"{dotted(around)}: " if around else ""
    known = keys(model, around)
    belongs = home(key, model, around)
    if is_secret(around):
        said = "unknown key; a secret takes the key env only: {env: NAME}"
    elif not known:
        said = f"unknown key {key!r}; {around[-1]} takes no keys in this version"
    elif key in FLEET_KEYS:
        said = f"unknown key {key!r} here; it stands at the top level of fleet.yaml only"
    elif belongs:
        said = f"unknown key {key!r} here; it belongs to {belongs}"
    else:
        said = f"unknown key {key!r}; {suggest(key, known)}"
    return start + said
