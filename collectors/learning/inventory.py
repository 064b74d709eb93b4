"""Which scalars may be model, serial number and version. Pure.

A text that sysDescr holds as well is about the device; the rest goes by what such texts look like.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from collectors.knowledge.identify import told
from collectors.learning.columns import shown
from collectors.learning.model import Fact, Kind, Scalar
from collectors.learning.rows import symbol_name

_VERSION = re.compile(r"[vV]?\d+\.\d+[\w.()-]{0,30}")
_SERIAL = re.compile(r"(?=[^\d]*\d[^\d]*\d[^\d]*\d)(?=\S*[A-Z])[A-Z0-9][A-Z0-9-]{6,23}")
_MODEL = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w .+/-]{3,40}")
_ADDRESS = re.compile(r"(?i)([0-9a-f]{2}[:-]){5}[0-9a-f]{2}|(\d{1,3}\.){3}\d{1,3}")
_LEAST = 3


def facts(scalars: Sequence[Scalar], descr: str, known: Collection[str]) -> tuple[Fact, ...]:
    """The first scalar for each fact that is not `known` (fields of `inventory`) already."""
    found: dict[str, Fact] = {}
    for scalar in scalars:
        for fact in _maybe(scalar, descr):
            if fact.name not in known:
                found.setdefault(fact.name, fact)
    return tuple(found[name] for name in ("model", "serial", "os_version") if name in found)


def _maybe(scalar: Scalar, descr: str) -> Iterator[Fact]:
    text = scalar.value.text.strip()
    if scalar.value.kind is not Kind.TEXT or not told(text) or _ADDRESS.fullmatch(text):
        return
    oid, symbol = (*scalar.oid, 0), symbol_name(scalar.oid, "object")
    said = shown([scalar.value])
    within = len(text) >= _LEAST and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", descr)
    if _VERSION.fullmatch(text):
        reason = f"{said!r} looks like a version" + (", and sysDescr has it" if within else "")
        yield Fact("os_version", oid, symbol, reason)
    elif within and _MODEL.fullmatch(text):
        yield Fact("model", oid, symbol, f"{said!r} stands in sysDescr as well")
    elif not within and _SERIAL.fullmatch(text):
        yield Fact("serial", oid, symbol, f"{said!r} looks like a serial number")
