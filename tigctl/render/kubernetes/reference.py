"""The reference tenant's objects, from manifests/ and cnp/: parsed once, handed out as copies."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import cast

import yaml

from tigctl.render.kubernetes.model import Object

# In the checkout they lie beside the package, in an installed wheel inside it.
_PACKAGE = Path(__file__).parents[2]
_HOME = _PACKAGE / "reference" if (_PACKAGE / "reference").is_dir() else _PACKAGE.parent


def load(name: str) -> list[Object]:
    """The objects of manifests/NAME.yaml, in the file's order; the caller may change them."""
    return _copy(_HOME / "manifests" / f"{name}.yaml")


def policy(name: str) -> Object:
    """The policy of cnp/NAME.yaml; the caller may change it."""
    return _copy(_HOME / "cnp" / f"{name}.yaml")[0]


def policies() -> tuple[str, ...]:
    """The names of all policies in cnp/, sorted."""
    return tuple(sorted(path.stem for path in (_HOME / "cnp").glob("*.yaml")))


def _copy(path: Path) -> list[Object]:
    # A tenth of what copy.deepcopy takes; with hundreds of tenants that is a second.
    return cast("list[Object]", json.loads(_parsed(path)))


@cache
def _parsed(path: Path) -> str:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return json.dumps(list(yaml.load_all(path.read_text(), Loader=loader)))
