"""What names the interfaces of a device, whether they were numbered anew, how fast they are.

All of it from IF-MIB.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from collectors.facts import InterfaceKey
from collectors.probe.survey import Column, Survey
from collectors.probe.text import clean
from collectors.snmp.ber import Oid

IF_DESCR: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1, 2)
IF_NAME: Oid = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1)

_OCTETS: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1, 10)  # ifInOctets
_HC_OCTETS: Oid = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6)  # ifHCInOctets
_SPEED: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1, 5)  # ifSpeed, bit/s
_HIGH_SPEED: Oid = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 15)  # ifHighSpeed, Mbit/s
_MOST_SPEEDS = 512


async def fastest(survey: Survey, columns: Mapping[Oid, Column]) -> int:
    """Mbit/s of the fastest interface of a device with 32-bit counters alone, else 0.

    Raises as the survey does.
    """
    if _OCTETS not in columns or _HC_OCTETS in columns:
        return 0
    speeds = await survey.head((_SPEED, _HIGH_SPEED), _MOST_SPEEDS)

    def most(oid: Oid) -> int:
        told = (int.from_bytes(value.value[-8:], "big") for value in speeds[oid].values.values())
        return max(told, default=0)

    # ifSpeed ends at 4,294,967,295, and says so of anything faster.
    return min(max(most(_SPEED) // 1_000_000, most(_HIGH_SPEED)), 1_000_000)


def digests(columns: Mapping[Oid, Column], key: InterfaceKey) -> tuple[str, ...]:
    """Digest of the interfaces' names, and of names with indices; nothing without names."""
    oid = IF_NAME if key is InterfaceKey.NAME else IF_DESCR
    if key is InterfaceKey.INDEX or oid not in columns or not columns[oid].values:
        return ()
    named = {clean(value.text): row for row, value in columns[oid].values.items()}
    parts = [f"{name}={row}" for name, row in sorted(named.items())]
    return _digest(sorted(named)), _digest(parts)


def _digest(texts: list[str]) -> str:
    return sha256("\n".join(texts).encode()).hexdigest()[:12]


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
