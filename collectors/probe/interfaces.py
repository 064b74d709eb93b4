"""What names the interfaces of a device uniquely: ifName, ifDescr or the index (IF-MIB)."""

from __future__ import annotations

from collections.abc import Mapping

from collectors.facts import InterfaceKey
from collectors.probe.survey import Column
from collectors.probe.text import clean
from collectors.snmp.ber import Oid

IF_DESCR: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1, 2)
IF_NAME: Oid = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1)


def interface_key(columns: Mapping[Oid, Column]) -> InterfaceKey:
    """The first of ifName and ifDescr that gives every interface a name of its own.

    An interface is a row of either column. A device without any gets ifName, as one that was
    never probed.
    """
    candidates = ((InterfaceKey.NAME, IF_NAME), (InterfaceKey.DESCR, IF_DESCR))
    named = [(key, columns[oid]) for key, oid in candidates if oid in columns]
    rows = {row for _, column in named for row in column.values}
    if not rows:
        return InterfaceKey.NAME
    for key, column in named:
        names = {clean(value.text) for value in column.values.values()} - {""}
        if len(names) == len(rows):
            return key
    return InterfaceKey.INDEX
