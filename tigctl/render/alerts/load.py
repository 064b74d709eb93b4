"""Reading alert rules: those of a tenant, of its workspace, and those shipped.

A rule is a file `dashboards/alerts/NAME.yaml`; one of the same name in an earlier folder takes
the place of a later one. Files NAME.flux beside them are what several queries share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tigctl.render.alerts.model import Rule
from tigctl.render.boards import SHIPPED as BOARDS
from tigctl.spec import document, layers
from tigctl.spec.faults import Faults, suggest
from tigctl.spec.files import refused
from tigctl.spec.text import MEBIBYTE, read_text

FOLDER = "alerts"
SHIPPED = BOARDS / FOLDER


@dataclass(frozen=True, slots=True)
class Loaded:
    """A rule with its name, the file it comes from, and the Flux that it includes."""

    name: str
    file: Path
    rule: Rule
    included: str = ""

    @property
    def shipped(self) -> bool:
        """Whether it comes with tigctl."""
        return self.file.is_relative_to(SHIPPED)


def load(own: Sequence[Path], root: Path) -> Mapping[str, Loaded]:
    """All rules by name: of the folders `own`, earlier ones first, then the shipped ones.

    `own` are folders of boards, whose folder `alerts` is read; `root` is what paths in messages
    are relative to. Raises InvalidFiles with every fault of every file.
    """
    faults = Faults()
    found: dict[str, Loaded] = {}
    for place in own:
        for name, one in read(place / FOLDER, root, faults).items():
            found.setdefault(name, one)
    faults.raise_all()
    for name, one in _shipped().items():
        found.setdefault(name, one)
    return dict(sorted(found.items()))


@cache
def _shipped() -> Mapping[str, Loaded]:
    faults = Faults()
    found = read(SHIPPED, SHIPPED.parents[1], faults)
    faults.raise_all()
    return found


def read(folder: Path, root: Path, faults: Faults) -> dict[str, Loaded]:
    """The sound rules of one folder; a folder that is not there holds none."""
    try:
        paths = sorted(folder.glob("*.yaml"))
        shared = {path.stem: path for path in sorted(folder.glob("*.flux"))}
    except OSError as error:
        raise refused("list", folder, error) from error
    found = {}
    for path in paths:
        one = _rule(path, root, shared, faults)
        if one:
            found[path.stem] = one
    return found


def _rule(path: Path, root: Path, shared: Mapping[str, Path], faults: Faults) -> Loaded | None:
    shown = str(path.relative_to(root) if path.is_relative_to(root) else path)
    text = read_text(path, shown, faults, limit=MEBIBYTE)
    parsed = document.parse(text, shown, faults) if text is not None else None
    if parsed is None:
        return None
    data = layers.mapping(parsed, Rule, faults)
    rule, _ = layers.validated(Rule, data, parsed, faults)
    if rule is None:
        return None
    included = []
    for name in rule.include:
        if name not in shared:
            faults.add(
                shown,
                parsed.line(("include",)),
                f"include: {name!r} is no file {name}.flux beside it;"
                f" {suggest(name, shared, what='there')}",
            )
            return None
        included.append(read_text(shared[name], shared[name].name, faults, limit=MEBIBYTE) or "")
    return Loaded(path.stem, path, rule, "\n".join(included))
