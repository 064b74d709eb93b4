"""The symbols and tags of one entry of `metrics`: what is read, and at which row of which table."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

from collectors.knowledge.document import Faults, Map, maps, texts
from collectors.knowledge.model import PLACEHOLDER, Symbol
from collectors.knowledge.values import oid, yes

_SYMBOL_KEYS = ("OID", "name", "description", "scale_factor", "extract_value", "tigctl")
_EXTENSION_KEYS = ("unless", "slow", "row", "bits")
_TAG_KEYS = ("tag", "symbol", "column", "index", "index_transform", "mapping", "MIB", "table")
# What the open schema does to a value before it is used; ours are said in the expression.
_UNUSED = ("scale_factor", "extract_value")

_ROW = re.compile(r"\d+(\.\d+)*")
_PART = re.compile(r"index(\.[1-9]\d*)?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def symbols_and_tags(
    entry: Map, mib: str, faults: Faults
) -> tuple[tuple[Symbol, ...], dict[str, str]]:
    """What one entry reads, each name once, and the tags it names: tag -> template."""
    table = isinstance(entry.get("table"), Map)
    given = entry.get("symbols", [])
    if isinstance(entry.get("symbol"), Map):
        given = [entry["symbol"], *given]
    line = entry.lines.get("symbols", entry.line)
    found = [
        _symbol(item, mib, faults, table=table) for item in maps(given, faults, line, "symbols")
    ]
    symbols = [one for one in found if one]
    if not symbols:
        faults.add(entry.line, "a metric needs `symbols:` (a list) or `symbol:`, with OID and name")
        return (), {}
    tags: dict[str, str] = {}
    line = entry.lines.get("metric_tags", entry.line)
    for tag in maps(entry.get("metric_tags", []), faults, line, "metric_tags"):
        _tag(tag, mib, symbols, tags, faults, table=table)
    unique = _unique(symbols, entry.line, faults)
    if table:
        _rows(unique, entry.line, faults)
    return unique, tags


def refuse_unused(entry: Map, faults: Faults) -> None:
    """Notes what the open schema would do to a value that an output uses."""
    items = [item for item in entry.get("symbols", []) if isinstance(item, Map)]
    items += [entry["symbol"]] if isinstance(entry.get("symbol"), Map) else []
    for item in items:
        for key in _UNUSED:
            if key in item:
                name = item.get("name", "")
                advice = f"write {name} * FACTOR" if key == "scale_factor" else "leave it out"
                faults.add(item.lines[key], f"`{key}` changes nothing of an output; {advice}")


def nearest(name: str, known: Iterable[str], what: str) -> str:
    """Words for a name that is not known, with the one that was probably meant."""
    known = list(known)
    near = difflib.get_close_matches(name, known, 1)
    return f"no {what}; " + (f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}")


def _symbol(item: Map, mib: str, faults: Faults, *, table: bool) -> Symbol | None:
    """One symbol; of a scalar the trailing `.0` of its OID is taken off."""
    faults.unknown_keys(item, _SYMBOL_KEYS, "a symbol")
    number = oid(item.get("OID", ""), item.lines.get("OID", item.line), faults)
    name = str(item.get("name", ""))
    if not _NAME.fullmatch(name):
        faults.add(item.line, f"symbol name {name!r}: write the object's name in its MIB")
        return None
    if not number:
        return None
    extension: Any = item.get("tigctl") or {}
    if isinstance(extension, Map):
        faults.unknown_keys(extension, _EXTENSION_KEYS, "`tigctl` of a symbol")
    elif extension:
        faults.add(item.lines["tigctl"], "`tigctl` of a symbol must be a mapping")
        extension = {}
    row = str(extension.get("row", ""))
    exact = bool(_ROW.fullmatch(row))
    if row and not exact and not (table and PLACEHOLDER.search(row)):
        wanted = "an index like 3 or 1.2" + (", or a template like {index.1}" if table else "")
        faults.add(item.line, f"row {row!r}: {wanted}")
    if exact:
        number = f"{number}.{row}"
    return Symbol(
        oid=number if table or exact else number.removesuffix(".0"),
        name=name,
        mib=mib,
        unless=texts(extension.get("unless", [])),
        slow=yes(extension.get("slow", "")),
        exact=exact,
        row="" if exact else row,
        bits=yes(extension.get("bits", "")),
    )


def _tag(
    tag: Map, mib: str, symbols: list[Symbol], tags: dict[str, str], faults: Faults, *, table: bool
) -> None:
    faults.unknown_keys(tag, _TAG_KEYS, "a metric tag")
    name = str(tag.get("tag", ""))
    given = tag.get("symbol", tag.get("column"))
    if isinstance(given, Map):
        if "index_transform" in tag:
            given = _transformed(tag, given, faults)
        found = _symbol(given, str(tag.get("MIB", mib)), faults, table=table)
        if found:
            symbols.append(found)
            tags[name or found.name] = "{" + found.name + "}"
    elif "index" in tag:
        tags[name] = "{index." + str(tag["index"]) + "}"
    else:
        faults.add(tag.line, "a metric tag needs `symbol: {OID, name}` or `index: N`")


def _transformed(tag: Map, given: Map, faults: Faults) -> Map:
    """The symbol with the row that `index_transform` of the open schema means, counted from 0."""
    line = tag.lines["index_transform"]
    parts: list[str] = []
    for piece in maps(tag["index_transform"], faults, line, "index_transform"):
        start, end = str(piece.get("start", "")), str(piece.get("end", ""))
        if not (start.isdecimal() and end.isdecimal() and int(start) <= int(end) < 128):
            faults.add(line, "index_transform: start and end, counted from 0, of the index's parts")
            return given
        parts += (f"{{index.{number + 1}}}" for number in range(int(start), int(end) + 1))
    moved = Map({**given, "tigctl": Map(row=".".join(parts))})
    moved.line, moved.lines = given.line, {**given.lines, "tigctl": line}
    moved["tigctl"].line, moved["tigctl"].lines = line, {"row": line}
    return moved


def _unique(symbols: list[Symbol], line: int, faults: Faults) -> tuple[Symbol, ...]:
    """The symbols, each name once; names in `unless` have to be among them."""
    found: dict[str, Symbol] = {}
    for symbol in symbols:
        other = found.setdefault(symbol.name, symbol)
        if other.oid != symbol.oid:
            faults.add(line, f"{symbol.name} is {other.oid} and {symbol.oid}: one of them is wrong")
    for symbol in found.values():
        for name in symbol.unless:
            if name not in found or name == symbol.name:
                known = [other for other in found if other != symbol.name]
                wrong = nearest(name, known, "other symbol of this metric")
                faults.add(line, f"{symbol.name} has `unless: {name}`: {wrong}")
    return tuple(found.values())


def _rows(symbols: tuple[Symbol, ...], line: int, faults: Faults) -> None:
    """What a row follows from has to be a column of the table itself, or its index."""
    own = [one.name for one in symbols if not one.elsewhere]
    for symbol in symbols:
        for name in PLACEHOLDER.findall(symbol.row):
            if name not in own and not _PART.fullmatch(name):
                wrong = nearest(name, own, "column of this table")
                faults.add(line, f"{symbol.name} has `row: {symbol.row}`: {wrong}")
    if all(one.elsewhere for one in symbols):
        faults.add(line, "no symbol is a column of the table itself, so it has no rows")
