"""Objects as YAML that every reader takes the same way.

YAML 1.1, which Kubernetes' own reader follows, takes `n`, `y` and `off` for booleans and `1e3` for
a number; PyYAML leaves some of these bare. Here every text that is not plainly one is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import yaml

from tigctl.render.kubernetes.model import Object

_BASE: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

# At least two signs, a letter first: no number, no date, not `y`. PyYAML knows the longer words.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 ,._/()-]*[A-Za-z0-9)]")


class _Dumper(_BASE):  # type: ignore[misc]  # one of two classes of PyYAML
    """Quotes what another reader could take for something else; never writes an alias."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML calls it so
        return True


def _represent(dumper: Any, text: str) -> Any:
    style = None if _PLAIN.fullmatch(text) else "|" if "\n" in text else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent)


def dump(objects: Iterable[Object]) -> str:
    """The objects as one stream of YAML documents, keys in their order."""
    return str(
        yaml.dump_all(
            objects,
            Dumper=_Dumper,
            sort_keys=False,
            explicit_start=True,
            width=100,
            allow_unicode=True,
        )
    )
