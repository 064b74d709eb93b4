"""From what a walk found to proposals for a profile, each with its reason. Pure.

Proposed is what a row's name, a unit, or a number with its unit says. What only its size speaks
for (a number that could be a temperature) is left open, for a person with the MIB.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from collectors.learning import columns as looks
from collectors.learning.columns import QUANTITIES, Quantity, named_by, shown
from collectors.learning.model import Field, Kind, Metric, Open, Output, Scalar, Seen, Table
from collectors.learning.rows import Naming, symbol_name
from collectors.snmp.ber import Oid

_LARGEST_STATE = 20
_PERCENT = 100
_MEASUREMENTS = {"temperature": "celsius", "cpu": "usage_percent"}

_PARTS = {1: "", 10: " as tenths", 100: " as hundredths", 1000: " as thousandths"}

Column = Mapping[Oid, Seen]


def of_scalar(scalar: Scalar) -> Metric | None:
    """A reading that is a text with its unit; a bare number says nothing."""
    found = looks.reading(scalar.value)
    if not found:
        return None
    name = symbol_name(scalar.oid, "object")
    reason = f"the text {shown([scalar.value])!r} is a number with its unit"
    output = _output(found[0], f"figure({name})", name, "", reason)
    return Metric(scalar.oid, name, (Field(scalar.oid, name),), (output,), "", scalar=True)


def of_table(table: Table, naming: Naming) -> tuple[Metric | None, tuple[Open, ...]]:
    """What is proposed of a table, and which of its columns are left open."""
    reader = _Reader(table, naming)
    outputs: list[Output] = []
    left: list[Open] = []
    for number, column in sorted(table.columns.items(), key=_liveliest):
        made = list(reader.outputs(number, column))
        outputs += made
        if not made and (text := reader.doubt(number, column)):
            left.append(Open((*table.oid, 1, number), text))
    left.sort(key=lambda one: one.oid)
    if not outputs:
        return None, tuple(left)
    symbols = tuple(_needed(reader.fields, outputs))
    name = symbol_name(table.oid, "table")
    return Metric(table.oid, name, symbols, tuple(outputs), naming.reason), tuple(left)


def _liveliest(item: tuple[int, Column]) -> tuple[int, int]:
    """Columns whose values differ come first: limits are mostly the same in all rows."""
    number, column = item
    return -len({one.text for one in column.values()}), number


def _needed(fields: Sequence[Field], outputs: Sequence[Output]) -> Iterator[Field]:
    """The symbols that the outputs mention, and what these are found by."""
    said = " ".join(
        " ".join((one.where, one.state, *one.fields.values(), *one.tags.values()))
        for one in outputs
    )
    words = set(re.findall(r"\w+", said))
    words |= {word for one in fields if one.name in words for word in re.findall(r"\w+", one.row)}
    yield from (one for one in fields if one.name in words)


@dataclass(frozen=True, slots=True)
class _Group:
    """Rows that measure the same: what, which, the condition that finds them, and why so."""

    quantity: Quantity
    rows: frozenset[Oid]
    where: str
    reason: str
    told: bool = False


class _Reader:
    """What the columns of one table may be."""

    def __init__(self, table: Table, naming: Naming) -> None:
        self._table = table
        self._naming = naming
        self._groups, units = self._grouped()
        self._taken: set[Quantity] = set()
        columns = (self._field(number) for number in table.columns)
        known = [one for one in (naming.symbol, naming.key, units) if one]
        self.fields = list({one.name: one for one in (*known, *columns)}.values())

    def _field(self, number: int) -> Field:
        oid = (*self._table.oid, 1, number)
        return Field(oid, symbol_name(oid, "column"))

    def outputs(self, number: int, column: Column) -> Iterator[Output]:
        """The outputs of one column; none where nobody can know."""
        field = self._field(number)
        if field in (self._naming.symbol, self._naming.key):
            return
        if looks.are_states(tuple(column.values())):
            reason = f"words for how something is: {looks.counted(tuple(column.values()))}"
            yield Output("sensor", {"sensor": self._tag()}, {}, "", reason, field.name)
            return
        for group in self._groups:
            values = [column[index] for index in sorted(group.rows & column.keys())]
            scale = group.quantity.scale(looks.numbers(values), told=group.told)
            if not scale or group.quantity in self._taken:
                continue
            self._taken.add(group.quantity)
            expression = field.name if scale == 1 else f"{field.name} / {scale}"
            reason = f"{group.reason}, and {shown(values)} fit{_PARTS[scale]}"
            output = _output(group.quantity, expression, self._tag(), group.where, reason)
            yield replace(output, where=_both(f"{field.name} != 0", group.where))

    def _tag(self) -> str:
        named = self._naming.symbol
        return f"{{{named.name}}}" if named else "Sensor {index}"

    def _grouped(self) -> tuple[list[_Group], Field | None]:
        """Which rows measure what, by a column of units or by the rows' names."""
        for number, column in self._table.columns.items():
            field = self._field(number)
            if units := looks.are_units(tuple(column.values())):
                return [self._by_unit(field, column, text, units[text]) for text in units], field
        named = self._naming.symbol
        if not named:
            return [], None
        found = (self._by_name(named, quantity) for quantity in QUANTITIES)
        return [one for one in found if one], None

    def _by_unit(self, field: Field, column: Column, text: str, quantity: Quantity) -> _Group:
        rows = frozenset(index for index, value in column.items() if value.text == text)
        where = f"{field.name} == '{text}'" if len(rows) < len(column) else ""
        return _Group(quantity, rows, where, f"{field.name} tells the unit {text}", told=True)

    def _by_name(self, named: Field, quantity: Quantity) -> _Group | None:
        names = self._naming.names
        words = {index: named_by(quantity, text) for index, text in names.items()}
        said = sorted({word for word in words.values() if word})
        if not said:
            return None
        rows = frozenset(index for index, word in words.items() if word)
        stronger = QUANTITIES[: QUANTITIES.index(quantity)]
        if any(named_by(other, names[index]) for other in stronger for index in rows):
            return None  # "fan temperature" is none of a fan's speed
        where = ""
        if len(rows) < len(names):
            where = " or ".join(f"contains({named.name}, '{word}')" for word in said)
        first = names[min(rows)]
        return _Group(quantity, rows, where, f"rows are called after it ({first[:40]!r})")

    def doubt(self, number: int, column: Column) -> str:
        """What a person should look up of a column; empty where there is nothing to it."""
        field = self._field(number)
        values = tuple(column.values())
        found = looks.numbers(values)
        if field in (self._naming.symbol, self._naming.key) or not found:
            return ""
        if len(set(found)) == 1 and len(found) > 1:
            return f"{shown(values[:1])} in all {len(found)} rows: a limit, or a setting"
        if all(one == int(one) and 0 <= one <= _LARGEST_STATE for one in found):
            return f"{looks.counted(values)}: a state? The MIB says what each number means"
        likely = [one.name for one in QUANTITIES if one.scale(found, told=True)]
        if all(0 <= one <= _PERCENT for one in found):
            likely.append("a percentage")
        said = f": {', '.join(likely)}?" if likely else ""
        return f"{shown(values)}{said}"


def _both(*conditions: str) -> str:
    some = [one for one in conditions if one]
    return " and ".join(f"({one})" if " or " in one else one for one in some)


def _output(quantity: Quantity, value: str, tag: str, where: str, reason: str) -> Output:
    field = _MEASUREMENTS.get(quantity.name)
    if field and quantity.name == "cpu":
        return Output("cpu", {"cpu": tag}, {field: value}, where, reason)
    if field:
        return Output(quantity.name, {"sensor": tag}, {field: value}, where, reason)
    return Output(
        "sensor", {"class": quantity.name, "sensor": tag}, {"value": value}, where, reason
    )


def is_number(seen: Seen) -> bool:
    """Whether a scalar is a bare number, which only the MIB explains."""
    return seen.kind in {Kind.INTEGER, Kind.GAUGE}


def unused(table: Table, used: Collection[Oid]) -> bool:
    """Whether none of a table's columns is polled already."""
    return not any((*table.oid, 1, number) in used for number in table.columns)
