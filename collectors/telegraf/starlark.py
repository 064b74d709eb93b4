"""From the outputs of profiles to the script that turns raw points into those of the data model.

The script is prelude.star followed by one rule per metric and a table of the rules. It is the
same for all devices of a Telegraf, so it depends on what is polled, not on who is polled.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from collectors.datamodel import FieldType, field_type
from collectors.knowledge.expression import Access, Expression
from collectors.knowledge.model import NameColumn, Output, Symbol
from collectors.knowledge.naming import NUMBERED, name_columns
from collectors.telegraf.reading import INTERFACE, Part


def script(parts: Iterable[Part]) -> str:
    """The script for everything that these parts read. Parts that need none are passed over."""
    rules = {part.raw_name: part for part in parts if not part.native and part.metric.outputs}
    names = sorted(rules)
    functions = [_rule(number, rules[name]) for number, name in enumerate(names)]
    table = "".join(f"    {quoted(name)}: rule_{number},\n" for number, name in enumerate(names))
    made = "\n\n".join([*functions, f"RULES = {{\n{table}}}\n"])
    # What could end the string of TOML around it occurs in texts of profiles only.
    made = made.replace("'", "\\u0027").replace("\x7f", "\\u007f")
    return f"{_prelude()}\n\n{made}"


@cache
def _prelude() -> str:
    return Path(__file__).with_name("prelude.star").read_text(encoding="utf-8")


def quoted(text: str) -> str:
    """A text as a literal of Starlark."""
    # JSON's escapes are Starlark's too, as long as no character is written as two surrogates.
    return json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False)


def _rule(number: int, part: Part) -> str:
    lines = [f"def rule_{number}(metric, f, index, out):"]
    if part.beside:
        rows = (f"{quoted(one.name)}: ({quoted(one.oid)}, {_row(one)})" for one in part.beside)
        lines.append(f"    f = beside(metric, f, {{{', '.join(rows)}}})")
    for group in _groups(part.metric.outputs):
        lines += _points(group, part)
    return "\n".join(lines) + "\n"


def _groups(outputs: Sequence[Output]) -> Iterable[list[Output]]:
    """Outputs that give the same points, differing in fields only, belong together."""
    groups: dict[object, list[Output]] = {}
    for number, output in enumerate(outputs):
        where = output.where.text if output.where else ""
        alone = number if output.state else None
        key = (output.measurement, tuple(output.tags.items()), where, alone)
        groups.setdefault(key, []).append(output)
    return groups.values()


def _points(group: Sequence[Output], part: Part) -> list[str]:
    first = group[0]
    lines = [f"tags = {_tags(first, part)}"]
    if first.state and first.state.symbol in {one.name for one in part.metric.symbols if one.bits}:
        numbers = _states(first.state.values)
        lines.append(f"fields = told_bits(f, {quoted(first.state.symbol)}, {numbers})")
    elif first.state:
        numbers, texts = _states(first.state.values), _states(first.state.texts)
        lines.append(f"fields = told_state(f, {quoted(first.state.symbol)}, {numbers}, {texts})")
    else:
        lines += ["fields = {", *(f"    {field}," for field in _fields(group)), "}"]
    # Whose tag holds the whole index meets no other row of its table in its series.
    whole = any("{index}" in template for template in first.tags.values())
    row = "" if part.metric.scalar else ", index"
    row += ", True" if row and whole and not name_columns(part.metric) else ""
    lines.append(f"emit(out, metric, {quoted(first.measurement)}, tags, fields{row})")
    if first.where:
        # Unknown (None) is not true.
        condition = first.where.starlark(_numbers(first.measurement), _text)
        return [f"    if ({condition}) == True:", *(f"        {line}" for line in lines)]
    return [f"    {line}" for line in lines]


def _fields(group: Sequence[Output]) -> list[str]:
    """`field: value` for each field. The index of an interface is not read but known."""
    measurement = group[0].measurement
    made: dict[str, str] = {}
    for output in group:
        for name, expression in output.fields.items():
            value = _typed(measurement, name, expression)
            made[name] = f"either({made[name]}, {value})" if name in made else value
    if measurement == INTERFACE:
        made["ifIndex"] = "integer(parse(index))"
    return [f"{quoted(name)}: {value}" for name, value in made.items()]


def _typed(measurement: str, name: str, value: Expression) -> str:
    match field_type(measurement, name):
        case FieldType.STRING:
            return value.starlark(_text)
        case FieldType.INTEGER if value.text.strip() in value.names:
            return f"whole(f, {quoted(value.text.strip())})"
        case FieldType.INTEGER:
            return f"integer({value.starlark(_numbers(measurement), _text)})"
        case FieldType.FLOAT:
            return value.starlark(_numbers(measurement), _text)


# Those measurements whose numbers are readings of a sensor, which may be absent.
_READINGS = {"temperature": "NO_TEMPERATURE", "sensor": "NO_READING"}


def _numbers(measurement: str) -> Access:
    """How a symbol is fetched as a number."""
    if absent := _READINGS.get(measurement):
        return lambda symbol: f"reading(f, {quoted(symbol)}, {absent})"
    return lambda symbol: f"num(f, {quoted(symbol)})"


def _text(symbol: str) -> str:
    return f"text(f, {quoted(symbol)})"


def _states(states: Mapping[int, tuple[int, str]] | Mapping[str, tuple[int, str]]) -> str:
    pairs = (
        f"{quoted(said) if isinstance(said, str) else said}: ({status}, {quoted(text)})"
        for said, (status, text) in sorted(states.items())
    )
    return "{" + ", ".join(pairs) + "}"


def _tags(output: Output, part: Part) -> str:
    naming, columns = part.naming, name_columns(part.metric)
    if output.measurement == INTERFACE and naming:
        names = " or ".join((*(f'raw(f, "{name}")' for name in naming.symbols), "index"))
        return '{"ifName": ' + names + ', "ifAlias": raw(f, "ifAlias")}'
    tags = {name: _template(template, columns) for name, template in output.tags.items()}
    if output.state and output.measurement == "sensor":
        tags.setdefault("class", '"state"')
    return "{" + ", ".join(f"{quoted(name)}: {value}" for name, value in tags.items()) + "}"


def _row(symbol: Symbol) -> str:
    """An expression of Starlark for the row at which a symbol stands; a scalar has none."""
    if symbol.exact:
        return '""'
    pieces = []
    for position, piece in enumerate(_PIECE.split(symbol.row)):
        if position % 2 == 0:
            pieces += [quoted(piece)] if piece else []
        elif piece.partition(".")[0] == "index":
            pieces.append(_index(piece))
        else:
            pieces.append(f"word(f, {quoted(piece)})")
    return " + ".join(pieces)


def _index(piece: str) -> str:
    return "index" if piece == "index" else f"part(index, {int(piece.removeprefix('index.'))})"


_PIECE = re.compile(r"\{([^{}]+)\}")


def _template(template: str, columns: Mapping[str, NameColumn]) -> str:
    """An expression of Starlark for a tag's template."""
    numbered = NUMBERED.fullmatch(template)
    if numbered and (column := columns.get(numbered["name"])):
        index = "spoken(index)" if numbered["index"] == "index" else _index(numbered["index"])
        name = f"word(f, {quoted(numbered['name'])})"
        told = f"numbered(metric, {name}, {index}, {quoted(column.key)})"
        around = [quoted(numbered["before"]), told, quoted(numbered["after"])]
        return "(" + " + ".join(piece for piece in around if piece != '""') + ").strip()"
    names = _PIECE.findall(template)
    pieces = []
    for position, piece in enumerate(_PIECE.split(template)):
        if position % 2 == 0:
            if piece:
                pieces.append(quoted(piece))
        elif piece == "index":
            pieces.append("spoken(index)")
        elif piece.startswith("index."):
            pieces.append(_index(piece))
        elif len(names) == 1:
            # A row that does not tell its name is told apart by its index.
            pieces.append(f"(word(f, {quoted(piece)}) or spoken(index))")
        else:
            pieces.append(f"word(f, {quoted(piece)})")
    return pieces[0] if len(pieces) == 1 else "(" + " + ".join(pieces or ['""']) + ").strip()"
