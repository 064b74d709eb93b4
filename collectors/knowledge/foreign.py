"""What profiles of others could give: each part of a file with a verdict and the reason. Pure.

They are of the same open schema, which says what to poll and not what it is in the data model.
So an object is usable by itself only where its name is one of the few that other projects agree
upon; most are known already, or open: somebody has to write an output for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from collectors.knowledge.document import Faults, Map, read, texts
from collectors.knowledge.match import fits
from collectors.knowledge.model import Library
from collectors.knowledge.values import OID, regex


class Verdict(StrEnum):
    """What can be done with a part of a foreign profile."""

    USABLE = "usable"
    """As it is: it says the same to us."""
    KNOWN = "known"
    """Shipped or own profiles read it already."""
    OPEN = "open"
    """It can be polled; an output has to say what it is."""
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class Judged:
    """One part: what it is (`sysobjectid`, `fact`, `symbol` …), its name, line and verdict."""

    part: str
    name: str
    line: int
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class Foreign:
    """One file. `rivals` are the profiles of ours for the same sysObjectIDs."""

    file: str
    judged: tuple[Judged, ...]
    rivals: tuple[str, ...]

    def count(self, verdict: Verdict, *parts: str) -> int:
        """How many of these parts got this verdict."""
        return sum(one.verdict is verdict and one.part in parts for one in self.judged)


# Names that profiles of others give to what they normalise, and what that is to us.
_AGREED = {
    "cpu.usage": "cpu: usage_percent",
    "CPU": "cpu: usage_percent",
    "memory.usage": "memory: used_percent",
    "MemoryUtilization": "memory: used_percent",
    "memory.used": "memory: used_bytes",
    "MemoryUsed": "memory: used_bytes",
    "memory.total": "memory: total_bytes",
    "MemoryTotal": "memory: total_bytes",
}
_FACTS = {"vendor", "model", "serial_number", "version", "os_version"}
_KEYS = {"sysobjectid", "extends", "metadata", "metrics", "tigctl"}
_COUNTERS = {"monotonic_count", "monotonic_count_and_rate", "rate", "counter"}
_SHAPED = ("extract_value", "match_pattern", "format")

Known = Mapping[str, str]
"""OID of a symbol -> the profile and measurement that have it."""


def is_foreign(folder: Path) -> bool:
    """Whether no file of the folder says anything of tigctl, and one says what to poll."""
    documents = [read(path, Faults(str(path))) for path in files(folder)]
    some = [one for one in documents if one is not None]
    return any("metrics" in one for one in some) and not any(map(_extended, some))


def files(folder: Path) -> list[Path]:
    """The profiles of a folder and of those below it, in order."""
    return sorted((*folder.rglob("*.yaml"), *folder.rglob("*.yml")))


def judge(folder: Path, library: Library) -> tuple[Foreign, ...]:
    """All files of a folder, beside what the library has."""
    known = _known(library)
    paths = files(folder)
    stems = {path.stem for path in paths}
    found = []
    for path in paths:
        faults = Faults(str(path))
        document = read(path, faults)
        judged = [
            Judged("file", path.name, fault.line, Verdict.UNUSABLE, fault.message)
            for fault in faults.found
        ]
        if document is not None:
            judged += _judged(document, stems, known)
        patterns = [one.name for one in judged if one.part == "sysobjectid"]
        found.append(Foreign(str(path), tuple(judged), _rivals(patterns, library)))
    return tuple(found)


def _extended(value: Any) -> bool:
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, Map):
            if "tigctl" in one:
                return True
            pending += one.values()
        elif isinstance(one, list):
            pending += one
    return False


def _known(library: Library) -> Known:
    known: dict[str, str] = {}
    for profile in library.profiles:
        for metric in profile.metrics:
            for output in metric.outputs:
                for symbol in metric.symbols:
                    if symbol.name in output.names:
                        known.setdefault(symbol.oid, f"{profile.name}, {output.measurement}")
    return known


def _rivals(patterns: Sequence[str], library: Library) -> tuple[str, ...]:
    prefixes = {pattern.removesuffix(".*") for pattern in patterns}
    return tuple(
        profile.name
        for profile in library.profiles
        if any(fits(one, prefix) for one in profile.object_ids for prefix in prefixes if one != "*")
    )


def _judged(document: Map, stems: set[str], known: Known) -> Iterator[Judged]:
    for pattern in texts(document.get("sysobjectid", [])):
        line = document.lines["sysobjectid"]
        if OID.fullmatch(pattern.removesuffix(".*")) and "~" not in pattern:
            yield Judged("sysobjectid", pattern, line, Verdict.USABLE, "")
        else:
            reason = "write numbers, at most `.*` at the end"
            yield Judged("sysobjectid", pattern, line, Verdict.UNUSABLE, reason)
    for name in texts(document.get("extends", [])):
        there = name.removesuffix(".yaml").removesuffix(".yml") in stems
        verdict = Verdict.USABLE if there else Verdict.UNUSABLE
        reason = "" if there else "is not in this folder"
        yield Judged("extends", name, document.lines["extends"], verdict, reason)
    for key in (one for one in document if one not in _KEYS):
        reason = "tigctl has nothing of the kind"
        yield Judged("key", key, document.lines[key], Verdict.UNUSABLE, reason)
    yield from _facts(document)
    metrics = document.get("metrics")
    for entry in metrics if isinstance(metrics, list) else ():
        if isinstance(entry, Map):
            yield from _metric(entry, known)


def _facts(document: Map) -> Iterator[Judged]:
    fields: Any = document.get("metadata", {})
    for key in ("device", "fields"):
        fields = fields.get(key, {}) if isinstance(fields, Map) else {}
    for name, given in fields.items() if isinstance(fields, Map) else ():
        line = fields.lines[name]
        if name not in _FACTS:
            reason = "the inventory has vendor, model, serial number and version"
            yield Judged("fact", name, line, Verdict.UNUSABLE, reason)
            continue
        reason = _why_no_fact(given)
        verdict = Verdict.UNUSABLE if reason else Verdict.USABLE
        yield Judged("fact", name, line, verdict, reason)


def _why_no_fact(given: Any) -> str:
    if not isinstance(given, Map):
        return "is no mapping"
    several = given.get("symbols")
    sources = [given.get("symbol"), *(several if isinstance(several, list) else [])]
    maps = [one for one in sources if isinstance(one, Map)]
    if not maps:
        return "" if given.get("value") else "has neither value nor symbol"
    for one in maps:
        if not OID.fullmatch(str(one.get("OID", "")).strip().removeprefix(".")):
            return "its OID is not numeric"
        if key := next((key for key in ("match_pattern", "format") if key in one), ""):
            return f"`{key}`: write extract_value with one group, or `tigctl: {{text}}`"
        pattern = str(one.get("extract_value", ""))
        if pattern and (fault := _why_no_pattern(pattern)):
            return fault
    return ""


def _why_no_pattern(pattern: str) -> str:
    faults = Faults("")
    groups = regex(pattern, 0, faults)
    if faults.found:
        return faults.found[0].message
    return "" if groups == 1 else f"{pattern!r} needs exactly one group"


def _metric(entry: Map, known: Known) -> Iterator[Judged]:
    several = entry.get("symbols")
    symbols = [entry.get("symbol"), *(several if isinstance(several, list) else [])]
    if "OID" in entry:  # the oldest spelling: one scalar, without `symbol`
        symbols.append(entry)
    kind = str(entry.get("metric_type", entry.get("forced_type", "")))
    table = isinstance(entry.get("table"), Map)
    for symbol in symbols:
        if symbol is None:
            continue
        if not isinstance(symbol, Map):
            reason = "has no OID, and tigctl reads no MIB"
            yield Judged("symbol", str(symbol), entry.line, Verdict.UNUSABLE, reason)
            continue
        name = str(symbol.get("name", "")) or "a symbol without a name"
        verdict, reason = _symbol(symbol, kind, known, table=table)
        yield Judged("symbol", name, symbol.line, verdict, reason)
    if not any(symbols):
        yield Judged("metric", "", entry.line, Verdict.UNUSABLE, "names nothing to poll")


def _symbol(symbol: Map, kind: str, known: Known, *, table: bool) -> tuple[Verdict, str]:
    name = str(symbol.get("name", ""))
    number = str(symbol.get("OID", "")).strip().removeprefix(".")
    if str(symbol.get("constant_value_one", "")).lower() == "true":
        return Verdict.UNUSABLE, "counts rows only: a state or a text says more"
    if not OID.fullmatch(number):
        return Verdict.UNUSABLE, "has no numeric OID, and tigctl reads no MIB"
    if there := known.get(number if table else number.removesuffix(".0")):
        return Verdict.KNOWN, there
    if str(symbol.get("metric_type", kind)) in _COUNTERS:
        return Verdict.UNUSABLE, "a counter; the data model has those of interfaces only"
    changed = next((key for key in _SHAPED if key in symbol), "")
    scale = f", write {name} * {symbol['scale_factor']}" if "scale_factor" in symbol else ""
    if meant := _AGREED.get(name):
        if changed:
            return Verdict.OPEN, f"{meant}; its `{changed}` has to become figure() or after()"
        return Verdict.USABLE, f"{meant}{scale}"
    words = "mapping" in symbol or "enum" in symbol
    said = "its numbers have names: a state" if words else "its name says no measurement"
    return Verdict.OPEN, f"{said}{scale}"
