"""What a walk saw of a device, and what is proposed for a profile. Plain frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from collectors.snmp.ber import Oid


class Kind(Enum):
    """What a value is, by its type on the wire."""

    INTEGER = auto()
    GAUGE = auto()
    COUNTER = auto()
    TICKS = auto()
    TEXT = auto()
    OTHER = auto()
    """OIDs, addresses, bytes that are no text."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One object: its complete OID, what kind of value it has, and the value as a text."""

    oid: Oid
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk found.

    Attributes:
        objects: in the order of their OIDs.
        requests: how many were sent.
        remarks: where it did not see everything, and why, for a person.
    """

    objects: tuple[Seen, ...]
    requests: int
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scalar:
    """An object that is there once; `oid` without the trailing `.0`."""

    oid: Oid
    value: Seen


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was found without a MIB.

    Attributes:
        oid: of the table; its entry is `oid.1`.
        columns: number of the column -> index of the row -> value.
    """

    oid: Oid
    columns: Mapping[int, Mapping[Oid, Seen]]

    @property
    def rows(self) -> tuple[Oid, ...]:
        """The indices of all rows, in order."""
        return tuple(sorted({index for column in self.columns.values() for index in column}))


@dataclass(frozen=True, slots=True)
class Standard:
    """What standard MIBs tell of the same device, that rows may be named by.

    `parts` are ENTITY-MIB's entPhysicalName by index, `ports` IF-MIB's ifName.
    """

    parts: Mapping[int, str]
    ports: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Field:
    """A symbol of the skeleton: number of its column (or OID of a scalar), and its name there."""

    oid: Oid
    name: str
    mib: str = ""
    row: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """One output that is proposed.

    Attributes:
        to: the measurement.
        tags: tag -> template.
        fields: field -> expression.
        where: a condition; empty takes all rows.
        reason: why, with the values that were seen.
        state: for class state, instead of fields: the symbol whose words it is.
    """

    to: str
    tags: Mapping[str, str]
    fields: Mapping[str, str]
    where: str
    reason: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """A table, or a scalar, with the outputs that are proposed for it.

    `reason` says how its rows are named.
    """

    oid: Oid
    name: str
    symbols: tuple[Field, ...]
    outputs: tuple[Output, ...]
    reason: str
    scalar: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One field of the inventory, and the scalar that may tell it; `oid` is complete."""

    name: str
    oid: Oid
    symbol: str
    reason: str


@dataclass(frozen=True, slots=True)
class Open:
    """What only a person with the MIB can decide: where it stands, and what was seen."""

    oid: Oid
    text: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """All that is proposed for one device."""

    facts: tuple[Fact, ...]
    metrics: tuple[Metric, ...]
    open: tuple[Open, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """The device a profile is learnt from.

    Attributes:
        vendor: by its profile or the number of its enterprise; empty where nobody knows.
        descr: its sysDescr.
        object_id: its sysObjectID, `*` where it tells none.
        extends: the profile that knew it until now; empty where none did.
        answers: columns one of which has to answer, where the sysObjectID is not the vendor's own.
    """

    vendor: str
    descr: str
    object_id: str
    extends: str = ""
    answers: tuple[Oid, ...] = ()
