"""JSON Schemas of the workspace's files, for editors; made of the same models that validate.

The descriptions are the docstrings that stand below each key in the source.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from tigctl.spec.keys import aliases, is_section
from tigctl.spec.model import Fleet, TenantSettings
from tigctl.spec.row import Row

Schema = Mapping[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

# What `tigctl schema` offers, by the file it is for.
_FILES: Mapping[str, tuple[str, type[BaseModel]]] = {
    "fleet.yaml": ("tigctl: fleet.yaml", Fleet),
    "tenant.yaml": ("tigctl: tenant.yaml", TenantSettings),
    "devices.yaml": ("tigctl: devices.yaml", Row),
}


def schemas() -> Mapping[str, Schema]:
    """File name -> JSON Schema (draft 2020-12) for it."""
    return {name: _schema(title, model) for name, (title, model) in _FILES.items()}


def _schema(title: str, model: type[BaseModel]) -> Schema:
    references, definitions = models_json_schema([(model, "validation")], by_alias=True)
    defined: dict[str, Any] = definitions["$defs"]
    for known in _models(model):
        _describe(defined[known.__name__], known)
    own = references[model, "validation"]
    result: dict[str, Any] = {"$schema": _DIALECT, "title": title, "$defs": defined}
    if model is Row:
        items = {"type": "array", "items": own}
        held = {
            "type": "object",
            "properties": {"devices": items},
            "required": ["devices"],
            "additionalProperties": False,
        }
        return {**result, "anyOf": [items, held, {"type": "null"}]}
    return {**result, "anyOf": [own, {"type": "null"}]}


def _describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    said = descriptions(model)
    for key, name in aliases(model):
        schema["properties"][key]["description"] = said[name]


def _models(model: type[BaseModel]) -> set[type[BaseModel]]:
    found: set[type[BaseModel]] = set()

    def visit(annotation: Any) -> None:
        section = annotation if is_section(annotation) else None
        if section and section not in found:
            found.add(section)
            for info in section.model_fields.values():
                visit(info.annotation)
        for argument in getattr(annotation, "__args__", ()):
            visit(argument)

    visit(model)
    return found


@cache
def descriptions(model: type[BaseModel]) -> Mapping[str, str]:
    """Attribute -> the docstring below it, inherited ones included."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if base is not BaseModel and issubclass(base, BaseModel):
            found.update(_docstrings(base))
    return found


def _docstrings(model: type[BaseModel]) -> Mapping[str, str]:
    body = _classes(model.__module__)[model.__name__].body
    found: dict[str, str] = {}
    for statement, following in pairwise(body):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(following, ast.Expr)
            and isinstance(following.value, ast.Constant)
            and isinstance(following.value.value, str)
        ):
            found[statement.target.id] = " ".join(following.value.value.split())
    return found


@cache
def _classes(module: str) -> Mapping[str, ast.ClassDef]:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
