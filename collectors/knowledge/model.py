"""Profiles in memory: what a kind of device can tell, after loading and inheritance.

The YAML is the open schema that Datadog NDM, Netdata and ktranslate share; the key `tigctl`
beside a metric is our extension and says which points of the data model come of it.
docs/profiles.md describes both.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from collectors.knowledge.expression import Expression

PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
"""What stands for a symbol in a tag's template."""


def placeholders(template: str) -> Iterator[str]:
    """The names in braces of a tag's template, `index` and its parts left out."""
    for name in PLACEHOLDER.findall(template):
        if name.partition(".")[0] != "index":
            yield name


@dataclass(frozen=True, slots=True)
class Symbol:
    """One object: a column of a table, or a scalar.

    Attributes:
        oid: numeric, without a leading dot; of a scalar without the trailing `.0`.
        name: the MIB's own name of the object.
        mib: the MIB module it stands in (its source).
        unless: names of symbols of the same metric; this one is polled only where none of
            them answered (32-bit counters, where there are no 64-bit ones).
        slow: polled at `polling.slow_interval`.
        exact: one row of a table, read as a scalar; `oid` is complete then.
        row: of a column of another table: at which row it is read, as a template of columns of
            the metric's own table and parts of its index. Empty: at the same row.
        bits: BITS of SMIv2, whose octets are no text.
    """

    oid: str
    name: str
    mib: str = ""
    unless: tuple[str, ...] = ()
    slow: bool = False
    exact: bool = False
    row: str = ""
    bits: bool = False

    @property
    def elsewhere(self) -> bool:
        """Whether it does not stand at the row itself, where it is a symbol of a table."""
        return self.exact or bool(self.row)

    @property
    def keys(self) -> frozenset[str]:
        """The columns that say at which row it is read."""
        names = (name.partition(".")[0] for name in PLACEHOLDER.findall(self.row))
        return frozenset(names) - {"index"}

    @property
    def instance(self) -> str:
        """The complete OID of a scalar."""
        return self.oid if self.exact else f"{self.oid}.0"


@dataclass(frozen=True, slots=True)
class State:
    """How what the device says becomes a state: value -> (status 0..3, text).

    `texts` does the same for a device that answers in words: they are compared in lower case.
    """

    symbol: str
    values: Mapping[int, tuple[int, str]]
    texts: Mapping[str, tuple[int, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Condition:
    """A text of the device, read when it is probed, that has to match.

    `oid` is complete, with instance; a text that is not told matches nothing.
    """

    oid: str
    name: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Output:
    """The points of one measurement that come of each row of a metric.

    Attributes:
        measurement: its name in the data model.
        tags: tag -> template; `{name}` stands for a symbol's text, `{index}` for the row's
            index, `{index.2}` for one part of it (from 1). Whatever else is literal.
        fields: field -> expression over the metric's symbols.
        state: for class state, instead of fields.
        where: rows for which this is false give no point; None takes all.
    """

    measurement: str
    tags: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Expression] = field(default_factory=dict)
    state: State | None = None
    where: Expression | None = None

    @property
    def names(self) -> frozenset[str]:
        """The symbols it is made of; among them may be `index` and its parts."""
        names = set(self.where.names) if self.where else set()
        if self.state:
            names.add(self.state.symbol)
        for expression in self.fields.values():
            names.update(expression.names)
        for template in self.tags.values():
            names.update(PLACEHOLDER.findall(template))
        return frozenset(names)


@dataclass(frozen=True, slots=True)
class Metric:
    """A table, or a group of scalars, that is read together.

    Attributes:
        profile: name of the profile that defines it.
        name: the table's name in its MIB; unique within the profile.
        scalar: the symbols are scalars (one row, index 0).
        symbols: what is polled: fields and tags alike.
        outputs: what comes of it.
        additional: also used where a profile of higher precedence already gives the same
            measurements; otherwise the first profile that answers wins.
        unless: this one is used only where none of these is: names of metrics of the same
            profile (the old table of a vendor, where the new one is missing), `PROFILE:TABLE` of
            profiles before it, `*:TABLE` of any of them. A measurement, `temperature` or
            `sensor/state`, holds back the outputs that would give it.
        when: all of these have to hold, or the metric is not used.
    """

    profile: str
    name: str
    scalar: bool
    symbols: tuple[Symbol, ...]
    outputs: tuple[Output, ...]
    additional: bool = False
    unless: tuple[str, ...] = ()
    when: tuple[Condition, ...] = ()

    @property
    def id(self) -> str:
        """Unique over all profiles: `profile:table`."""
        return f"{self.profile}:{self.name}"

    def needed(self, names: Collection[str]) -> frozenset[str]:
        """These symbols, and what says at which row each of them is read."""
        keys = (one.keys for one in self.symbols if one.row and one.name in names)
        return frozenset(names).union(*keys)


@dataclass(frozen=True, slots=True)
class Identity:
    """Where one fact of the inventory (vendor, model, serial, os_version) stands.

    Objects that are tried in order, then, for the model, what the sysObjectID says, then a
    fixed `value`.
    """

    value: str = ""
    sources: tuple[IdentitySource, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """Which row of a table tells a fact: the first one with a text that fits.

    With `beside`, the OID of another column, only rows count where that has one of `values`.
    """

    beside: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IdentitySource:
    """One object that may hold a fact of the inventory.

    Attributes:
        oid: complete, with instance; with `rows` a column's.
        name: in its MIB.
        pattern: a regular expression (the subset RE2 and Python share) that the text has to
            match; its first group is taken. None takes the text as it is.
        text: what is made of it: `{1}` stands for the first group, `{NAME}` for another object
            of `more`; empty: the first group alone.
        more: objects that belong to the same text; all have to be told.
        rows: the row is found when the device is probed.
        nothing: where the text matches, what follows is not tried.
    """

    oid: str
    name: str
    pattern: str | None = None
    text: str = ""
    more: tuple[IdentitySource, ...] = ()
    rows: Rows | None = None
    nothing: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of device, or a capability that many kinds share.

    Attributes:
        name: the file's stem.
        file: path it was loaded from, for messages and `explain`.
        object_ids: patterns of sysObjectID (`1.3.6.1.4.1.9.1.*`); empty for a capability.
        descr_pattern: regular expression that sysDescr has to match as well; None: any.
        when: texts that have to match as well.
        answers: OIDs (columns, or scalars without `.0`) one of which has to answer as well, where
            many vendors share one sysObjectID; empty: none has to.
        capability: applies to every device that answers one of its metrics.
        rank: order among capabilities; the lower one is asked first.
        identity: field of `inventory` -> where it stands.
        models: sysObjectID -> model, from the vendor's list of products.
        vendors: enterprise number -> vendor, from IANA's list of enterprises.
        metrics: in order of precedence, inherited ones after own ones.
        own: from the workspace, so before the shipped ones.
    """

    name: str
    file: str
    object_ids: tuple[str, ...] = ()
    descr_pattern: str | None = None
    when: tuple[Condition, ...] = ()
    answers: tuple[str, ...] = ()
    capability: bool = False
    rank: int = 50
    identity: Mapping[str, Identity] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    vendors: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()
    own: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The metrics that are polled from all devices that answer alike, with their symbols."""

    metrics: tuple[tuple[Metric, tuple[Symbol, ...]], ...]
    passed_over: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Library:
    """All profiles, shipped and own, ready for matching.

    `cut` remembers metrics that matching cut to some of their outputs, so that devices that
    answer alike share one object and rendering can tell by it that they are alike. `choices`
    remembers what matching chose for devices that answer alike, `conditional` which metrics of
    a profile have a condition, `kinds` which profiles fit a sysObjectID. `resolved` and
    `relative` are knowledge.family's.
    """

    profiles: tuple[Profile, ...]
    cut: dict[str, Metric] = field(default_factory=dict, compare=False, repr=False)
    choices: dict[object, Choice] = field(default_factory=dict, compare=False, repr=False)
    conditional: dict[int, tuple[Metric, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )
    kinds: dict[str, tuple[tuple[Profile, int], ...]] = field(
        default_factory=dict, compare=False, repr=False
    )
    relative: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)
    resolved: dict[tuple[str, str], Profile] = field(
        default_factory=dict, compare=False, repr=False
    )

    def __getitem__(self, name: str) -> Profile:
        for profile in self.profiles:
            if profile.name == name:
                return profile
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class NameColumn:
    """A column that names rows.

    `beside` is a column of the table whose rows they are, where the names stand in another one:
    ENTITY-MIB names far more than sensors. Empty: all rows of the column itself.
    """

    column: str
    beside: str = ""

    @property
    def key(self) -> str:
        """What the facts and the script call it."""
        return f"{self.column}/{self.beside}" if self.beside else self.column


@dataclass(frozen=True, slots=True)
class Questions:
    """What probing has to find out of one device.

    Attributes:
        columns: OIDs of columns, and of scalars without the trailing `.0`; how many rows of
            each answer is asked.
        texts: complete OIDs, with instance, whose values tell who the device is.
        exact: complete OIDs of values in tables; which of them are there is asked.
        rows: columns in which the first row that fits is looked for.
        names: columns that name rows; which names more than one row has is asked.
        stranger: whether the sysObjectID names nobody; below which enterprises the device
            answers is worth asking.
    """

    columns: tuple[str, ...]
    texts: tuple[str, ...]
    exact: tuple[str, ...] = ()
    rows: tuple[IdentitySource, ...] = ()
    names: tuple[NameColumn, ...] = ()
    stranger: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """One metric that is polled from a device, cut to the symbols that it answers."""

    metric: Metric
    symbols: tuple[Symbol, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Match:
    """What matching found for one device.

    Attributes:
        profile: the device's own kind; None where only capabilities fit.
        because: why, for a person: `sysObjectID 1.3… begins with 1.3…`.
        chosen: the metrics that are polled, in order of precedence.
        passed_over: metric id -> why it is not polled although its profile fits.
        identity: field of `inventory` -> what is known of it now, from the facts.
    """

    profile: Profile | None
    because: str
    chosen: tuple[Chosen, ...]
    passed_over: Mapping[str, str] = field(default_factory=dict)
    identity: Mapping[str, str] = field(default_factory=dict)
