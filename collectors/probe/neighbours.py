"""Which devices stand next to this one, by LLDP (LLDP-MIB) and CDP (CISCO-CDP-MIB)."""

from __future__ import annotations

from collections.abc import Mapping

from collectors.facts import Neighbour
from collectors.probe.interfaces import IF_NAME
from collectors.probe.survey import Column, Survey
from collectors.probe.text import clean
from collectors.snmp.ber import OCTETS, Oid
from collectors.snmp.message import Varbind

# lldpRemTable, indexed by time mark, local port number, remote index.
_LLDP: Oid = (1, 0, 8802, 1, 1, 2, 1, 4, 1, 1)
LLDP_CHASSIS = (*_LLDP, 5)  # lldpRemChassisId
_LLDP_PORT_KIND, _LLDP_PORT, _LLDP_PORT_DESC, _LLDP_NAME = (
    (*_LLDP, column) for column in (6, 7, 8, 9)
)
# lldpLocPortTable, indexed by local port number.
_LOCAL_KIND, _LOCAL_PORT, _LOCAL_DESC = (
    (1, 0, 8802, 1, 1, 2, 1, 3, 7, 1, column) for column in (2, 3, 4)
)
# cdpCacheTable, indexed by ifIndex and device index.
_CDP: Oid = (1, 3, 6, 1, 4, 1, 9, 9, 23, 1, 2, 1, 1)
CDP_DEVICE = (*_CDP, 6)  # cdpCacheDeviceId
_CDP_PORT = (*_CDP, 7)  # cdpCacheDevicePort

ASKED = (LLDP_CHASSIS, CDP_DEVICE)
"""Columns that tell whether a device has neighbours to tell of."""

MOST = 512
"""Neighbours that are read of one device by each protocol."""

# lldpPortIdSubtype: interfaceAlias, interfaceName and local are texts, macAddress is none.
_TEXT_KINDS = {1, 5, 7}
_MAC_KIND = 3


async def neighbours(survey: Survey, columns: Mapping[Oid, Column]) -> tuple[Neighbour, ...]:
    """The neighbours, sorted. `columns` are those that were counted, with the names kept.

    Raises as the survey does.
    """
    found: set[Neighbour] = set()
    if LLDP_CHASSIS in columns:
        wanted = (LLDP_CHASSIS, _LLDP_PORT_KIND, _LLDP_PORT, _LLDP_PORT_DESC, _LLDP_NAME)
        heads = await survey.head((*wanted, _LOCAL_KIND, _LOCAL_PORT, _LOCAL_DESC), MOST)
        found |= set(_by_lldp({oid: one.values for oid, one in heads.items()}, _names(columns)))
    if CDP_DEVICE in columns:
        heads = await survey.head((CDP_DEVICE, _CDP_PORT), MOST)
        found |= set(_by_cdp({oid: one.values for oid, one in heads.items()}, _names(columns)))
    return tuple(sorted(found, key=lambda one: (one.port, one.protocol, one.name, one.far_port)))


_Values = Mapping[Oid, Mapping[Oid, Varbind]]


def _names(columns: Mapping[Oid, Column]) -> Mapping[Oid, str]:
    """The names of interfaces by their indices."""
    values = columns[IF_NAME].values if IF_NAME in columns else {}
    return {index: clean(value.text) for index, value in values.items()}


def _by_lldp(values: _Values, names: Mapping[Oid, str]) -> list[Neighbour]:
    found = []
    for row, chassis in values[LLDP_CHASSIS].items():
        if len(row) != 3:
            continue
        local = row[1:2]
        kind, port = values[_LOCAL_KIND].get(local), values[_LOCAL_PORT].get(local)
        # Port numbers of LLDP are ifIndex on most devices, but need not be.
        near = _port(kind, port) or _text(values[_LOCAL_DESC].get(local)) or names.get(local, "")
        far = _port(values[_LLDP_PORT_KIND].get(row), values[_LLDP_PORT].get(row))
        far = far or _text(values[_LLDP_PORT_DESC].get(row)) or _mac(values[_LLDP_PORT].get(row))
        name = _text(values[_LLDP_NAME].get(row)) or _mac(chassis) or clean(chassis.text)
        if name:
            found.append(Neighbour("lldp", near or str(local[0]), name, far))
    return found


def _by_cdp(values: _Values, names: Mapping[Oid, str]) -> list[Neighbour]:
    found = []
    for row, device in values[CDP_DEVICE].items():
        if len(row) != 2:
            continue
        # `sw1.example(FOC1234X0AB)`: some devices put the serial number behind the name.
        name = clean(device.text).partition("(")[0].strip() or _mac(device)
        near = names.get(row[:1]) or str(row[0])
        if name:
            found.append(Neighbour("cdp", near, name, _text(values[_CDP_PORT].get(row))))
    return found


def _port(kind: Varbind | None, port: Varbind | None) -> str:
    """A port's name, where its kind says that it is one."""
    number = int.from_bytes(kind.value[:4], "big") if kind else 0
    return _text(port) if number in _TEXT_KINDS or (number != _MAC_KIND and _plain(port)) else ""


def _plain(varbind: Varbind | None) -> bool:
    return bool(varbind and varbind.value.isascii() and varbind.value.decode("ascii").isprintable())


def _text(varbind: Varbind | None) -> str:
    return clean(varbind.text) if varbind and varbind.tag == OCTETS else ""


def _mac(varbind: Varbind | None) -> str:
    return varbind.value.hex(":") if varbind and len(varbind.value) == 6 else ""
