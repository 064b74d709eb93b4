"""What a probe finds out about the names of rows, from real answers on a socket."""

from __future__ import annotations

import pytest

from collectors.knowledge.model import NameColumn
from collectors.probe.names import repeated
from collectors.probe.survey import MOST_ROWS, Column
from collectors.snmp.ber import Oid, parse_oid
from collectors.snmp.message import Varbind
from tests.simulator import ber
from tests.unit.probe.asking import Wanted, probe_one
from tests.unit.probe.fakes import SYSTEM, serving, well_behaved
from tests.unit.probe.test_interfaces import gauge

NAMES = "1.3.6.1.2.1.47.1.1.1.1.7"
VALUES = "1.3.6.1.2.1.99.1.1.1.4"


def text(said: str) -> bytes:
    return ber.tlv(ber.OCTETS, said.encode())


@pytest.mark.parametrize(
    ("names", "column", "found"),
    [
        (["fan", "fan", "inlet"], NameColumn(NAMES), {NAMES: ("fan",)}),
        # Only the rows of the sensors count: the second fan is none.
        (["fan", "fan", "inlet"], NameColumn(NAMES, VALUES), {f"{NAMES}/{VALUES}": ()}),
        # A device that has no such names is named by index, and so is one without such rows.
        ([], NameColumn(NAMES), {}),
        (["fan"], NameColumn(NAMES, "1.3.6.1.4.1.1.1.1"), {}),
    ],
)
def test_names_that_repeat_are_found_while_rows_are_counted(
    names: list[str], column: NameColumn, found: dict[str, tuple[str, ...]]
) -> None:
    objects = [
        *SYSTEM,
        *((f"{NAMES}.{row}", text(name)) for row, name in enumerate(names, 1)),
        *((f"{VALUES}.{row}", gauge(40)) for row in (1, 3)),
    ]
    objects.sort(key=lambda one: tuple(map(int, one[0].split("."))))

    with serving(well_behaved(objects)) as port:
        told = probe_one(port, wanted=Wanted(columns=(NAMES, VALUES), names=(column,)))

    assert told.facts
    assert told.facts.names == found


def test_octets_that_are_no_text_are_compared_as_telegraf_writes_them() -> None:
    raw = ber.tlv(ber.OCTETS, b"\xff\x00")
    objects = sorted(
        [*SYSTEM, (f"{NAMES}.1", raw), (f"{NAMES}.2", raw)],
        key=lambda one: tuple(map(int, one[0].split("."))),
    )

    with serving(well_behaved(objects)) as port:
        told = probe_one(port, wanted=Wanted(columns=(NAMES,), names=(NameColumn(NAMES),)))

    assert told.facts
    assert told.facts.names == {NAMES: ("ff00",)}


def kept(values: int, rows: int, *, failed: bool = False) -> Column:
    """A column of which so many rows were counted and so many of their names kept."""
    oid = parse_oid(NAMES)
    told: dict[Oid, Varbind] = {
        (row,): Varbind((*oid, row), ber.OCTETS, b"fan") for row in range(values)
    }
    return Column(oid, oid, keep=True, rows=rows, done=True, failed=failed, values=told)


def test_of_a_column_that_is_not_known_as_a_whole_nothing_is_said() -> None:
    def found(column: Column) -> dict[str, tuple[str, ...]]:
        return repeated([NameColumn(NAMES)], {column.oid: column})

    assert found(kept(3, 3)) == {NAMES: ("fan",)}
    assert found(kept(3, 4)) == {}, "its size was taken from the table"
    assert found(kept(3, 3, failed=True)) == {}, "counting it ended early"
    assert found(kept(MOST_ROWS, MOST_ROWS)) == {}, "there may be more of them"
