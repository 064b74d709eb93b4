"""What is read from one device, how often, and under which raw name it comes.

Each device has a fast and a slow instance of inputs.snmp. This module deals out its symbols
to the two: a symbol marked slow is read slowly, and with it whatever its points are named by,
so that both instances write to the same series. How this is written as TOML, and what becomes
of the raw points, stands elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from collectors.datamodel import FieldType, field_type
from collectors.facts import Facts, InterfaceKey
from collectors.knowledge.model import Chosen, Metric, Output, Symbol, placeholders
from collectors.knowledge.naming import name_columns
from collectors.telegraf import limits
from collectors.telegraf.model import Poll

INTERFACE = "interface"

# The raw point of all scalars of one instance; the script deals its fields out to the rules
# of the metrics. No metric has an id without a profile, so none can have this name.
SCALARS = ":scalars"


# The raw points of what stands at other rows: `column:OID`, each with one field.
ELSEWHERE = "column"
VALUE = "value"


class Naming(StrEnum):
    """What gives an interface its tag `ifName`; `any` tries all three, row by row."""

    NAME = InterfaceKey.NAME.value
    DESCR = InterfaceKey.DESCR.value
    INDEX = InterfaceKey.INDEX.value
    ANY = "any"

    @property
    def symbols(self) -> tuple[str, ...]:
        """The columns of IF-MIB that have to be read for it."""
        match self:
            case Naming.INDEX:
                return ()
            case Naming.ANY:
                return ("ifName", "ifDescr")
            case _:
                return (self.value,)


@dataclass(frozen=True, eq=False)
class Part:
    """What one instance reads of one metric: shared by all devices that answer alike.

    `naming` is None but for metrics that give points of `interface`. `beside` are the symbols
    that stand at other rows than the metric's own: the script fetches them from what came
    before (see `elsewhere`).
    """

    metric: Metric
    symbols: tuple[Symbol, ...]
    naming: Naming | None = None
    slow: bool = False
    beside: tuple[Symbol, ...] = ()

    @cached_property
    def raw_name(self) -> str:
        """The measurement of the raw points; it says which rule of the script they meet."""
        if self.native:
            return INTERFACE
        return f"{self.metric.id}#{self.naming}" if self.naming else self.metric.id

    @cached_property
    def columns(self) -> dict[str, Symbol]:
        """Field -> symbol, where every field is simply one integer column; else empty.

        Texts are left out: they come with the slow half, even those that name the rows.
        """
        named = {symbol.name: symbol for symbol in self.symbols}
        columns = {}
        for output in self.metric.outputs:
            for field, expression in output.fields.items():
                if field == "ifIndex" or not named.keys() & set(expression.names):
                    continue
                kind = field_type(output.measurement, field)
                if kind is FieldType.STRING:
                    continue
                text = expression.text.strip()
                if text not in named or kind is not FieldType.INTEGER:
                    return {}
                columns[field] = named[text]
        return columns

    @cached_property
    def names(self) -> frozenset[str]:
        """The columns of names, by key, behind which rows may have a number."""
        return frozenset(column.key for column in name_columns(self.metric).values())

    @cached_property
    def telling(self) -> tuple[int, ...]:
        """Positions of the symbols that fields are made of; the others only name rows."""
        names = {
            name
            for output in self.metric.outputs
            for names, _ in _names_of_fields(output)
            for name in names
        }
        return tuple(n for n, symbol in enumerate(self.symbols) if symbol.name in names)

    @cached_property
    def points_per_row(self) -> int:
        """Of outputs with a condition one is taken to fit a row: a sensor has one class."""
        always = {
            (out.measurement, *out.tags.items()) for out in self.metric.outputs if not out.where
        }
        return max(1, len(always) + any(output.where for output in self.metric.outputs))

    @cached_property
    def native(self) -> bool:
        """Whether Telegraf alone makes the points of it, without the script.

        Interfaces are most of all points, and the script costs ten times as much as a
        conversion. Slow columns hold texts, whose type only the script can make sure of.
        """
        if self.slow or self.beside or self.naming not in {Naming.NAME, Naming.DESCR}:
            return False
        outputs = self.metric.outputs
        return len(outputs) == 1 and outputs[0].where is None and bool(self.columns)


@dataclass(frozen=True, slots=True)
class Read:
    """A part on one device; `counts` says how many rows each of its symbols has there."""

    part: Part
    counts: tuple[int, ...]

    @property
    def points(self) -> int:
        """How many points come of one poll, by prediction."""
        rows = max((self.counts[number] for number in self.part.telling), default=0)
        return rows * self.part.points_per_row


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance of inputs.snmp: scalars, each a GET, then tables, each column a walk."""

    scalars: tuple[Read, ...] = ()
    tables: tuple[Read, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.scalars or self.tables)

    @property
    def reads(self) -> tuple[Read, ...]:
        """Scalars and tables."""
        return (*self.scalars, *self.tables)


# Gives the slow instance a raw point to carry the identity, should no profile ask for a
# scalar slowly.
_IDENTITY = Metric(
    profile="",
    name="identity",
    scalar=True,
    symbols=(Symbol("1.3.6.1.2.1.1.2", "sysObjectID", "SNMPv2-MIB", slow=True),),
    outputs=(),
)
_IDENTITY_PART = Part(_IDENTITY, _IDENTITY.symbols, slow=True)

Halves = tuple[Part | None, Part | None]


def elsewhere(symbol: Symbol) -> Part:
    """What is read of a symbol that stands at other rows than the metric it belongs to.

    Its raw points are kept by the script until a row asks for them, by device and OID; so two
    metrics that ask for one column share it, and it has to be read before both.
    """
    alone = replace(symbol, name=VALUE, unless=(), row="")
    return Part(Metric(ELSEWHERE, symbol.oid, symbol.exact, (alone,), ()), (alone,))


class Reader:
    """Deals out what is read. Remembers, for one rendering, what devices have in common."""

    def __init__(self) -> None:
        self._elsewhere: dict[str, Part] = {}
        # By identity, which is quick; the parts keep the metrics and symbols alive.
        self._halves: dict[tuple[object, ...], Halves] = {}

    def split(self, poll: Poll, needed: frozenset[str] = frozenset()) -> tuple[Instance, Instance]:
        """The fast and the slow instance of one device; either may be empty.

        `needed` are symbols of interfaces that a rule of the tenant asks for.
        """
        if not poll.device.snmp or not poll.login:
            return Instance(), Instance()
        naming = Naming(poll.facts.interface_key.value) if poll.facts else Naming.ANY
        fast: list[Read] = []
        slow: list[Read] = []
        for chosen in poll.match.chosen:
            often, seldom = self._parts(chosen, naming, needed)
            if often:
                fast.append(Read(often, _counts(often, chosen, poll.facts)))
            if seldom:
                slow.append(Read(seldom, _counts(seldom, chosen, poll.facts)))
        fast = [*self._before(fast, poll.facts), *fast]
        slow = [*self._before(slow, poll.facts), *slow]
        if poll.match.identity and not any(read.part.metric.scalar for read in slow):
            slow.append(Read(_IDENTITY_PART, (1,)))
        return _instance(fast), _instance(slow)

    def _before(self, reads: Iterable[Read], facts: Facts | None) -> Iterator[Read]:
        """What has to be read before these, each object once."""
        for oid, symbol in {one.oid: one for read in reads for one in read.part.beside}.items():
            if (part := self._elsewhere.get(oid)) is None:
                part = self._elsewhere[oid] = elsewhere(symbol)
            rows = facts.answers.get(oid, 0) if facts else limits.UNKNOWN_ROWS
            yield Read(part, (1 if symbol.exact else rows,))

    def _parts(self, chosen: Chosen, naming: Naming, needed: frozenset[str]) -> Halves:
        named = naming if _of_interfaces(chosen.metric) else None
        key = (id(chosen.metric), named, tuple(map(id, chosen.symbols)), needed)
        if (known := self._halves.get(key)) is not None:
            return known
        fast, slow = _deal(chosen, naming, needed)
        halves = (
            _part(chosen.metric, fast, named) if fast else None,
            _part(chosen.metric, slow, named, slow=True) if slow else None,
        )
        self._halves[key] = halves
        return halves


def _part(
    metric: Metric, symbols: tuple[Symbol, ...], naming: Naming | None, *, slow: bool = False
) -> Part:
    if metric.scalar:
        return Part(metric, symbols, naming, slow)
    own = tuple(symbol for symbol in symbols if not symbol.elsewhere)
    beside = tuple(symbol for symbol in symbols if symbol.elsewhere)
    return Part(metric, own, naming, slow, beside)


def _instance(reads: Iterable[Read]) -> Instance:
    reads = tuple(reads)
    return Instance(
        tuple(read for read in reads if read.part.metric.scalar),
        tuple(read for read in reads if not read.part.metric.scalar),
    )


def _counts(part: Part, chosen: Chosen, facts: Facts | None) -> tuple[int, ...]:
    if part.metric.scalar:
        return (1,) * len(part.symbols)
    if facts is None:
        return (limits.UNKNOWN_ROWS,) * len(part.symbols)
    answers = facts.answers
    return tuple([answers.get(symbol.oid, chosen.rows) for symbol in part.symbols])


def _of_interfaces(metric: Metric) -> bool:
    return any(output.measurement == INTERFACE for output in metric.outputs)


def _deal(
    chosen: Chosen, naming: Naming, needed: frozenset[str]
) -> tuple[tuple[Symbol, ...], tuple[Symbol, ...]]:
    """The symbols of one metric that are read fast, and those that are read slowly."""
    slow_names = {symbol.name for symbol in chosen.symbols if symbol.slow}
    slow_names |= _texts_of_interfaces(chosen.metric)
    answered = {symbol.name for symbol in chosen.symbols}
    fast: set[str] = set()
    slow: set[str] = set()
    for output in chosen.metric.outputs:
        row = _names_of_rows(output, naming)
        row |= needed if output.measurement == INTERFACE else frozenset()
        for names, essential in _names_of_fields(output):
            # A field that lacks a symbol cannot be computed: what is left of it is not read.
            if names & answered and essential <= answered:
                half = slow if names & slow_names else fast
                half |= chosen.metric.needed(names | row)
    return (
        tuple(symbol for symbol in chosen.symbols if symbol.name in fast),
        tuple(symbol for symbol in chosen.symbols if symbol.name in slow),
    )


def _texts_of_interfaces(metric: Metric) -> set[str]:
    # Only the script can make sure that a text is a text, and it would cost too much here.
    return {
        name
        for output in metric.outputs
        if output.measurement == INTERFACE
        for field, expression in output.fields.items()
        if field_type(INTERFACE, field) is FieldType.STRING
        for name in expression.names
    }


def _names_of_rows(output: Output, naming: Naming) -> set[str]:
    """What has to be read beside any field: for the tags, and to know which rows count."""
    names = set(output.where.names) if output.where else set()
    if output.measurement == INTERFACE:
        return names | {"ifAlias", *naming.symbols}
    for template in output.tags.values():
        names.update(placeholders(template))
    return names


def _names_of_fields(output: Output) -> Iterator[tuple[set[str], set[str]]]:
    """For each field the symbols it is made of, and those among them that it needs."""
    if output.state:
        yield {output.state.symbol}, {output.state.symbol}
    for field, expression in output.fields.items():
        if not (output.measurement == INTERFACE and field == "ifIndex"):
            yield set(expression.names), set(expression.needed)
