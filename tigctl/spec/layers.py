"""A tenant's settings from their layers: built in, fleet, class, tenant; the later one wins.

Each layer is validated by itself, so that a fault names the file and line it stands in; then
they are merged and validated as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tigctl.spec.document import Document, Path, Value
from tigctl.spec.faults import Faults
from tigctl.spec.fields import merge
from tigctl.spec.keys import FLEET_KEYS, dotted, keys
from tigctl.spec.model import LOCAL, Fleet, TenantSettings
from tigctl.spec.translate import add_faults

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Layer:
    """Tenant keys of one file, or of one part of it that begins at `prefix`.

    `values` are as written; `broken` names the keys at fault, which are not merged.
    """

    document: Document
    prefix: Path
    values: Mapping[str, Any]
    broken: frozenset[str] = frozenset()

    @property
    def sound(self) -> dict[str, Any]:
        """The keys without fault."""
        return {key: value for key, value in self.values.items() if key not in self.broken}

    def has(self, path: Path) -> bool:
        """Whether this layer sets the key at `path`."""
        found: Any = self.values
        for part in path:
            if not isinstance(found, Mapping) or part not in found:
                return False
            found = found[part]
        return True


@dataclass(frozen=True, slots=True)
class FleetFile:
    """fleet.yaml: the model (None where it has faults), its layers and those of its classes."""

    model: Fleet | None
    layers: tuple[Layer, ...]
    classes: Mapping[str, Layer]
    targets: tuple[str, ...]

    def place(self, path: Path) -> tuple[str, int]:
        """File and line of a key of fleet.yaml."""
        document = self.layers[0].document
        return document.file, document.line(path)


def read_fleet(document: Document, faults: Faults) -> FleetFile:
    """Takes fleet.yaml apart and reports its faults."""
    data = mapping(document, Fleet, faults)
    model, at_fault = validated(Fleet, data, document, faults)
    top = {key: value for key, value in data.items() if key not in FLEET_KEYS}
    layers = (
        _layer(document, (), top, at_fault),
        _layer(document, ("defaults",), data.get("defaults"), at_fault),
    )
    _check_twice(layers, faults)
    written = data.get("classes")
    classes = {
        name: _layer(document, ("classes", name), values, at_fault)
        for name, values in (written if isinstance(written, dict) else {}).items()
    }
    for name, layer in classes.items():
        if "class" in layer.values:
            path = ("classes", name, "class")
            faults.add(
                document.file, document.line(path), f"{dotted(path)}: a class cannot pick another"
            )
    found = data.get("targets")
    targets: dict[str, Any] = found if isinstance(found, dict) else {}
    _check_local(targets, document, faults)
    return FleetFile(model, layers, classes, (LOCAL, *targets))


def read_tenant(document: Document, faults: Faults) -> Layer:
    """The layer of tenant.yaml; its faults are reported."""
    values = mapping(document, TenantSettings, faults)
    _, at_fault = validated(TenantSettings, values, document, faults)
    return _layer(document, (), values, at_fault)


def mapping(document: Document, model: type[BaseModel], faults: Faults) -> dict[str, Any]:
    """The document's keys; a key of the model that is left empty counts as not written."""
    if document.data is None:
        return {}
    if not isinstance(document.data, dict):
        faults.add(document.file, 1, "is no mapping; write keys such as polling: {interval: 60s}")
        return {}
    return _written(document.data, model, ())


def validated(
    model: type[Model], data: Mapping[str, Any], document: Document, faults: Faults
) -> tuple[Model | None, frozenset[Path]]:
    """The model, or None with the paths that are at fault."""
    try:
        return model.model_validate(data), frozenset()
    except ValidationError as error:
        return None, add_faults(error, document, model, faults)


def merged(name: str, layers: Sequence[Layer]) -> TenantSettings:
    """A tenant's settings; the last layer wins, keys at fault count as not written."""
    result: dict[str, Any] = {}
    for layer in layers:
        values = layer.sound
        # Half of one login and half of another is none: credentials merge by name only.
        credentials = {**result.pop("credentials", {}), **values.pop("credentials", {})}
        result = {**merge(result, values), "credentials": credentials}
    if not result.get("namespace"):
        result["namespace"] = f"tig-{name}"
    settings = TenantSettings.model_validate(result)
    return settings.model_copy(update={"exposure": settings.exposure.of(name)})


def place(layers: Sequence[Layer], path: Path) -> tuple[str, int]:
    """File and line of the layer that set a key, else of the tenant's own layer."""
    for layer in reversed(layers):
        if layer.has(path):
            return layer.document.file, layer.document.line((*layer.prefix, *path))
    return layers[-1].document.file, 0


def credential_names(layers: Sequence[Layer]) -> tuple[str, ...]:
    """Names of the credentials that any layer writes, those at fault included."""
    names: dict[str, None] = {}
    for layer in layers:
        written = layer.values.get("credentials")
        if isinstance(written, Mapping):
            names.update(dict.fromkeys(written))
    return tuple(names)


def _layer(document: Document, prefix: Path, values: object, at_fault: frozenset[Path]) -> Layer:
    depth = len(prefix)
    broken = {str(path[depth]) for path in at_fault if len(path) > depth and path[:depth] == prefix}
    return Layer(document, prefix, values if isinstance(values, dict) else {}, frozenset(broken))


def _check_twice(layers: Sequence[Layer], faults: Faults) -> None:
    """Two layers of one file must not set the same key: which one counts is easily misread."""
    top, defaults = layers
    for key in defaults.values:
        if key in top.values:
            line = defaults.document.line((*defaults.prefix, key))
            faults.add(
                defaults.document.file,
                line,
                f"defaults.{key} stands at the top level too (line {top.document.line((key,))}); "
                "keep one of them",
            )


def _check_local(targets: Mapping[str, Any], document: Document, faults: Faults) -> None:
    local = targets.get(LOCAL)
    if isinstance(local, dict) and local.get("type") == "kubernetes":
        faults.add(
            document.file,
            document.line(("targets", LOCAL)),
            f"targets.{LOCAL}: this name means this machine in every workspace; give the cluster "
            "another one",
        )


def _written(value: dict[str, Value], model: type[BaseModel], path: Path) -> dict[str, Any]:
    known = keys(model, path)
    return {
        key: _written(below, model, (*path, key)) if isinstance(below, dict) else below
        for key, below in value.items()
        if below is not None or key not in known
    }
