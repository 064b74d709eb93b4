"""One entry of `metrics` to a metric: the outputs of our extension, and what symbols.py reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from collectors.datamodel import MEASUREMENTS, SENSOR_CLASSES, FieldType, Measurement, Status
from collectors.knowledge.document import Faults, Map, maps, texts
from collectors.knowledge.expression import Expression
from collectors.knowledge.kinds import Kind
from collectors.knowledge.model import Metric, Output, State
from collectors.knowledge.symbols import nearest, refuse_unused, symbols_and_tags
from collectors.knowledge.values import conditions, yes

_METRIC_KEYS = ("MIB", "table", "symbols", "symbol", "metric_tags", "metric_type", "tigctl")
_EXTENSION_KEYS = ("outputs", "additional", "unless", "when")
_OUTPUT_KEYS = ("to", "tags", "fields", "state", "where")

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def metric(entry: Map, profile: str, faults: Faults) -> Metric | None:
    """The metric of one entry, or None where it names nothing to poll (a fault is noted)."""
    faults.unknown_keys(entry, _METRIC_KEYS, "a metric")
    mib = str(entry.get("MIB", ""))
    table = entry.get("table")
    unique, default_tags = symbols_and_tags(entry, mib, faults)
    if not unique:
        return None
    extension = _extension(entry, faults)
    outputs = []
    for item in maps(extension.get("outputs", []), faults, extension.line, "outputs"):
        found = _output(item, {symbol.name for symbol in unique}, default_tags, faults)
        if found:
            _distinct(found, item, faults, rows=isinstance(table, Map))
            outputs.append(found)
    if outputs:
        refuse_unused(entry, faults)
    name = str(table.get("name", "")) if isinstance(table, Map) else unique[0].name
    if not name:
        faults.add(entry.line, "`table` needs a name: the table's name in its MIB")
    return Metric(
        profile=profile,
        name=name,
        scalar=not isinstance(table, Map),
        symbols=unique,
        outputs=tuple(outputs),
        additional=yes(extension.get("additional", "")),
        unless=texts(extension.get("unless", [])),
        when=conditions(extension, faults),
    )


def _extension(entry: Map, faults: Faults) -> Map:
    """The key `tigctl` of a metric; a list there is short for its outputs."""
    value = entry.get("tigctl", [])
    if not isinstance(value, Map):
        short = Map(outputs=value)
        short.line = entry.lines.get("tigctl", entry.line)
        short.lines = {"outputs": short.line}
        return short
    faults.unknown_keys(value, _EXTENSION_KEYS, "`tigctl` of a metric")
    return value


def _output(
    item: Map, known: set[str], defaults: Mapping[str, str], faults: Faults
) -> Output | None:
    faults.unknown_keys(item, _OUTPUT_KEYS, "an output")
    name = str(item.get("to", ""))
    measurement = MEASUREMENTS.get(name)
    if not measurement:
        faults.add(item.line, f"`to: {name}`: {nearest(name, MEASUREMENTS, 'measurement')}")
        return None
    tags = {tag: text for tag, text in defaults.items() if tag in measurement.tags}
    tags.update({tag: str(text) for tag, text in _map(item, "tags", faults).items()})
    line = item.lines.get("tags", item.line)
    for tag, template in tags.items():
        if tag not in measurement.tags:
            faults.add(line, f"tag {tag!r}: {nearest(tag, measurement.tags, f'tag of {name}')}")
        _template(template, known, line, faults)
    if name == "sensor":
        _sensor_class(item, tags, line, faults)
    fields = _fields(item, measurement, known, faults)
    state = _state(item, known, faults)
    if state and name != "sensor":
        faults.add(item.lines["state"], f"a state is a sensor, not {name}")
    if not item.get("fields") and not item.get("state"):
        faults.add(item.line, f"output to {name} has neither `fields` nor `state`")
    where = None
    if "where" in item:
        at = item.lines["where"]
        where = _expression(item["where"], known, at, faults)
        if where and where.kind is not Kind.TRUTH:
            faults.add(at, f"where: {where.text!r} is no condition; compare it with something")
    return Output(name, tags, fields, state, where) if fields or state else None


def _fields(
    item: Map, measurement: Measurement, known: set[str], faults: Faults
) -> dict[str, Expression]:
    fields: dict[str, Expression] = {}
    for field, text in _map(item, "fields", faults).items():
        line = item["fields"].lines[field]
        if field not in measurement.fields:
            what = f"field of {measurement.name}"
            faults.add(line, f"field {field!r}: {nearest(field, measurement.fields, what)}")
            continue
        if found := _expression(text, known, line, faults):
            textual = measurement.fields[field] is FieldType.STRING
            allowed = {Kind.ANY, Kind.TEXT if textual else Kind.NUMBER}
            if found.kind not in allowed:
                wanted = "a text" if textual else "a number"
                faults.add(line, f"field {field!r} is {wanted}; {found.text!r} is not")
            fields[field] = found
    return fields


def _distinct(output: Output, item: Map, faults: Faults, *, rows: bool) -> None:
    """Two points of one device may not have the same tags, or the later one replaces the first."""
    wanted = [tag for tag in MEASUREMENTS[output.measurement].tags if tag != "ifAlias"]
    missing = [tag for tag in wanted if not output.tags.get(tag)]
    if output.state and "class" in missing:
        missing.remove("class")
    for tag in missing:
        faults.add(item.line, f"output to {output.measurement} needs the tag {tag!r}")
    varies = any(map(_PLACEHOLDER.search, output.tags.values()))
    if rows and not missing and not varies and not output.where:
        faults.add(
            item.line,
            f"output to {output.measurement}: all rows would have the same tags;"
            " use a symbol or {index} in one of them",
        )


def _map(item: Map, key: str, faults: Faults) -> Map:
    value = item.get(key)
    if isinstance(value, Map):
        return value
    if value:
        faults.add(item.lines[key], f"`{key}` must be a mapping")
    empty = Map()
    empty.line, empty.lines = item.line, {}
    return empty


def _expression(text: Any, known: set[str], line: int, faults: Faults) -> Expression | None:
    try:
        return Expression.parse(str(text), known)
    except ValueError as error:
        faults.add(line, str(error))
        return None


def _template(template: str, known: set[str], line: int, faults: Faults) -> None:
    for name in _PLACEHOLDER.findall(template):
        part = name.removeprefix("index.")
        if name not in known and name != "index" and not (part != name and part.isdigit()):
            faults.add(line, f"{{{name}}} in {template!r} is no symbol of this metric, nor index")


def _sensor_class(item: Map, tags: dict[str, str], line: int, faults: Faults) -> None:
    if "state" in item:
        tags.setdefault("class", "state")
    if "state" in item and tags["class"] != "state":
        faults.add(line, "an output with `state` is of class state; leave `class` out")
    if "class" not in tags or tags["class"] not in SENSOR_CLASSES:
        given = tags.get("class", "")
        faults.add(line, f"class {given!r}: {nearest(given, SENSOR_CLASSES, 'class of sensor')}")


def _state(item: Map, known: set[str], faults: Faults) -> State | None:
    given = _map(item, "state", faults)
    if not given:
        return None
    of = str(given.get("of", ""))
    if of not in known:
        faults.add(given.line, f"state of {of!r}: no symbol of this metric")
    faults.unknown_keys(given, ("of", *(status.value for status in Status)), "state")
    values: dict[int, tuple[int, str]] = {}
    said: dict[str, tuple[int, str]] = {}
    for status in Status:
        for key, text in _map(given, status.value, faults).items():
            number = re.fullmatch(r"-?\d+", key)
            word = key.strip().lower()
            if word in said or (number and int(key) in values):
                faults.add(given.line, f"state: {key} stands under two statuses")
            elif number:
                values[int(key)] = (status.number, str(text))
            else:
                said[word] = (status.number, str(text))
    return State(of, values, said)
