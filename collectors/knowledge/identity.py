"""`metadata`, `models` and `vendors` of a profile: where it stands who the device is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from collectors.knowledge.document import Faults, Map, maps, texts
from collectors.knowledge.model import PLACEHOLDER, Identity, IdentitySource, Rows
from collectors.knowledge.values import oid, regex, yes

# What the open schema calls a fact, and what the data model calls it.
_FACTS = {
    "vendor": "vendor",
    "model": "model",
    "serial_number": "serial",
    "version": "os_version",
    "os_version": "os_version",
}
_EXTENSION_KEYS = ("text", "with", "row", "nothing")
_TAIL = re.compile(r"\d+(\.\d+)*")


def identities(document: Map, faults: Faults) -> Mapping[str, Identity]:
    """Field of `inventory` -> where it stands."""
    fields: Any = document.get("metadata", {})
    for key in ("device", "fields"):
        fields = fields.get(key, {}) if isinstance(fields, Map) else {}
    found: dict[str, Identity] = {}
    for name, given in fields.items() if isinstance(fields, Map) else ():
        if name not in _FACTS:
            # The open schema has more facts (name, location, type …); we have no use for them.
            continue
        line = fields.lines[name]
        if not isinstance(given, Map):
            faults.add(line, f"{name} must be a mapping: `value:`, `symbol:` or `symbols:`")
            continue
        faults.unknown_keys(given, ("value", "symbol", "symbols"), f"metadata of {name}")
        sources = [given["symbol"]] if "symbol" in given else []
        sources += given.get("symbols") or []
        found[_FACTS[name]] = Identity(
            value=str(given.get("value", "")),
            sources=tuple(
                source
                for item in maps(sources, faults, line, f"symbols of {name}")
                if (source := _source(item, faults))
            ),
        )
    return found


def models(extension: Map, object_ids: Sequence[str], faults: Faults) -> Mapping[str, str]:
    """The model by sysObjectID, from the tails behind `models_below` or the profile's patterns."""
    given = extension.get("models")
    if "models_below" in extension:
        below = oid(extension["models_below"], extension.lines["models_below"], faults)
        object_ids = [below] if below else []
    if not given:
        return {}
    if not isinstance(given, Map):
        faults.add(extension.lines["models"], "`models` must be a mapping: number: model")
        return {}
    roots = [pattern.removesuffix(".*") for pattern in object_ids if pattern != "*"]
    if not roots:
        faults.add(extension.lines["models"], "`models` count from `sysobjectid`, which is missing")
    found = {}
    for tail, model in given.items():
        if not _TAIL.fullmatch(tail):
            faults.add(given.lines[tail], f"models: {tail!r} is not what follows sysobjectid")
        found.update({f"{root}.{tail}": str(model) for root in roots})
    return found


def vendors(extension: Map, faults: Faults) -> Mapping[str, str]:
    """The vendor by enterprise number."""
    given = extension.get("vendors")
    if not given:
        return {}
    if not isinstance(given, Map):
        faults.add(extension.lines["vendors"], "`vendors` must be a mapping: number: vendor")
        return {}
    for number in given:
        if not number.isdecimal():
            faults.add(given.lines[number], f"vendors: {number!r} is no enterprise number")
    return {number: str(vendor) for number, vendor in given.items()}


def _source(item: Map, faults: Faults, *, further: bool = False) -> IdentitySource | None:
    number = oid(item.get("OID", ""), item.lines.get("OID", item.line), faults)
    extension: Any = item.get("tigctl") or {}
    if not isinstance(extension, Map) or further:
        if extension:
            faults.add(item.lines["tigctl"], "`tigctl` of this symbol: a mapping, not below `with`")
        extension = Map()
        extension.line, extension.lines = item.line, {}
    faults.unknown_keys(extension, _EXTENSION_KEYS, "`tigctl` of a fact's symbol")
    pattern = str(item.get("extract_value", "")) or None
    groups = 0
    if pattern is not None:
        line = item.lines["extract_value"]
        groups = regex(pattern, line, faults)
        if not extension.keys() & {"text", "nothing"} and groups != 1:
            faults.add(line, f"{pattern!r} needs exactly one group (…): what is taken")
    source = IdentitySource(number, str(item.get("name", "")), pattern)
    if "with" in extension:
        others = maps(extension["with"], faults, extension.lines["with"], "with")
        more = [_source(other, faults, further=True) for other in others]
        source = replace(source, more=tuple(one for one in more if one))
    if "text" in extension:
        source = replace(source, text=str(extension["text"]))
        known = {*map(str, range(1, groups + 1)), *(one.name for one in source.more)}
        known |= {source.name} if not pattern else set()
        for name in PLACEHOLDER.findall(source.text):
            if name not in known:
                faults.add(
                    extension.lines["text"],
                    f"{{{name}}} is no group of extract_value, and no symbol of `with`",
                )
    if "row" in extension:
        source = replace(source, rows=_rows(extension, faults))
    if "nothing" in extension:
        source = replace(source, nothing=yes(extension["nothing"]))
    return source if number else None


def _rows(extension: Map, faults: Faults) -> Rows:
    given, line = extension["row"], extension.lines["row"]
    if given == "first":
        return Rows()
    if not isinstance(given, Map):
        faults.add(line, "`row` is `first`, or a mapping: {OID: of a column, is: [values]}")
        return Rows()
    faults.unknown_keys(given, ("OID", "name", "is"), "`row`")
    return Rows(oid(given.get("OID", ""), line, faults), texts(given.get("is", [])))
