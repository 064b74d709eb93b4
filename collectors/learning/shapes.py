"""From objects to tables and scalars, by their OIDs alone. Pure.

SMI gives a table the shape TABLE.1.COLUMN.INDEX, with (nearly) the same rows in each column. A MIB
says where that begins; without one it is looked for from the root down: the first OID below
which `.1` has several children with the same rows. A group of like tables looks the same from
above, so where one level further down fits as well, that is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from collectors.learning.model import Scalar, Seen, Table
from collectors.snmp.ber import Oid

# Columns of a table mostly have the same rows; a few have holes.
_ALIKE = 0.5
_MOST_OF = 0.6
_LARGEST_COLUMN = 1_000


def shapes(objects: Sequence[Seen], root: Oid) -> tuple[tuple[Table, ...], tuple[Scalar, ...]]:
    """The tables and scalars that these objects below `root` are, in the order of their OIDs."""
    tables: list[Table] = []
    scalars: list[Scalar] = []
    below = {one.oid[len(root) :]: one for one in objects if one.oid[: len(root)] == root}
    _descend(root, below, tables, scalars)
    return tuple(tables), tuple(scalars)


def _descend(
    at: Oid, below: Mapping[Oid, Seen], tables: list[Table], scalars: list[Scalar]
) -> None:
    # By hand: OIDs may be 128 deep, and a device chooses them.
    pending = [(at, below)]
    while pending:
        here, objects = pending.pop()
        if set(objects) == {(0,)}:
            scalars.append(Scalar(here, objects[(0,)]))
            continue
        if table := _table(here, objects):
            tables.append(table)
            continue
        children = sorted(_children(objects).items(), reverse=True)
        pending += [((*here, number), rest) for number, rest in children if () not in rest]


def _children(objects: Mapping[Oid, Seen]) -> dict[int, dict[Oid, Seen]]:
    found: dict[int, dict[Oid, Seen]] = {}
    for oid, seen in objects.items():
        if oid:
            found.setdefault(oid[0], {})[oid[1:]] = seen
    return found


def _table(at: Oid, objects: Mapping[Oid, Seen]) -> Table | None:
    """The table at this OID, if it is one."""
    columns = _columns(objects)
    if not columns or _is_group_of_tables(columns):
        return None
    return Table(at, columns)


def _columns(objects: Mapping[Oid, Seen]) -> dict[int, dict[Oid, Seen]]:
    """What stands below `.1`, by column, where that looks like a table's entry; else nothing."""
    entry = {oid[1:]: seen for oid, seen in objects.items() if oid[:1] == (1,)}
    if len(entry) != len(objects):
        return {}
    columns = _children(entry)
    indices = [set(column) for column in columns.values()]
    if any(() in one for one in indices) or all(one == {(0,)} for one in indices):
        return {}
    if any(not 0 < number <= _LARGEST_COLUMN for number in columns):
        return {}
    widest = max(indices, key=len)
    alike = sum(len(one & widest) >= _ALIKE * len(one | widest) for one in indices)
    if len(indices) == 1:
        return columns if len({len(index) for index in widest}) == 1 else {}
    return columns if alike >= _MOST_OF * len(indices) else {}


def _is_group_of_tables(columns: Mapping[int, Mapping[Oid, Seen]]) -> bool:
    """Whether each of these is a table itself."""
    return all(_is_table(column) for column in columns.values())


def _is_table(objects: Mapping[Oid, Seen]) -> bool:
    if any(len(oid) < 3 for oid in objects):  # entry, column and index
        return False
    columns = _columns(objects)
    return len(columns) > 1
