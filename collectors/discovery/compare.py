"""What a sweep found against what is listed: new, gone, changed, at another address. Pure.

A device is known again by its serial number, with the same sysObjectID, or by its SNMP engine
ID, with the same sysName: engine IDs alone come twice where a configuration or a virtual
machine was copied.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from collectors.device import SNMP_PORT, Device
from collectors.discovery.model import Seen
from collectors.discovery.targets import Place

_NAME = re.compile(r"[A-Za-z0-9._+-]{1,128}")


class State(StrEnum):
    """What became of a place, or of a listed device."""

    NEW = "new"
    LISTED = "listed"
    CHANGED = "changed"
    MOVED = "moved"  # it was listed at another address, which is silent now
    SAME = "same"  # another address of a device that is listed or new
    GONE = "gone"  # listed, asked, and silent


@dataclass(frozen=True, slots=True)
class Known:
    """What the lock knows a listed device by; empty where it knows nothing."""

    credentials: str = ""
    sys_object_id: str = ""
    sys_name: str = ""
    engine_id: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        name: of the listed device, or the one proposed for a new one.
        seen: who answered; None for one that is gone.
        device: as listed; None for a new one, and for SAME of a new one.
        why: what changed, or how it is known again; a few words.
    """

    state: State
    name: str
    seen: Seen | None
    device: Device | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the sweep asked: whether it covered a place, with which logins, whether it pinged."""

    covers: Container[Place]
    credentials: Collection[str]
    pinged: bool


def compare(
    seen: Sequence[Seen],
    devices: Sequence[Device],
    known: Mapping[str, Known],
    asked: Asked,
) -> tuple[Finding, ...]:
    """A finding for everybody who answered, in that order, then those that are gone."""
    return _Comparison(seen, devices, known, asked).findings()


class _Comparison:
    def __init__(
        self,
        seen: Sequence[Seen],
        devices: Sequence[Device],
        known: Mapping[str, Known],
        asked: Asked,
    ) -> None:
        self._seen = seen
        self._devices = devices
        self._known = known
        self._asked = asked
        self._at: dict[Place, Device] = {(one.address, one.port): one for one in devices}
        self._ports: dict[str, list[Device]] = {}
        for device in devices:
            self._ports.setdefault(device.address, []).append(device)
        self._answered = {(one.address, one.port) for one in seen}
        self._pinged = {one.address for one in seen if one.ping}
        self._by_serial: dict[tuple[str, str], str] = {}
        self._by_engine: dict[tuple[str, str], str] = {}
        for device in devices:
            self._note(device.name, known.get(device.name, Known()))
        self._named = {device.name: device for device in devices}
        self._taken = {device.name.lower() for device in devices}
        self._twins = _twice(seen)

    def findings(self) -> tuple[Finding, ...]:
        found = [finding for one in self._seen if (finding := self._finding(one))]
        moved = {one.name for one in found if one.state is State.MOVED}
        gone = [
            Finding(State.GONE, device.name, None, device, "no answer")
            for device in self._devices
            if device.name not in moved and self._is_silent(device)
        ]
        return (*found, *gone)

    def _finding(self, one: Seen) -> Finding | None:
        device = self._at.get((one.address, one.port))
        if device:
            why = self._change(device, one)
            return Finding(State.CHANGED if why else State.LISTED, device.name, one, device, why)
        if not one.snmp and (others := self._ports.get(one.address)):
            # The host of devices that are listed with other ports, which speak for themselves.
            silent = [o for o in others if (o.address, o.port) not in self._answered]
            return Finding(State.LISTED, silent[0].name, one, silent[0]) if silent else None
        if one.snmp and (name := self._again(one)):
            return self._elsewhere(name, one)
        return self._new(one)

    def _new(self, one: Seen) -> Finding:
        wanted = one.sys_name
        usable = _NAME.fullmatch(wanted) and wanted.lower() not in self._taken
        name = wanted if usable and wanted.lower() not in self._twins else _of_address(one)
        while name.lower() in self._taken:
            name += "+"
        self._taken.add(name.lower())
        self._note(name, Known("", one.sys_object_id, one.sys_name, one.engine_id, one.serial))
        return Finding(State.NEW, name, one, None, one.trouble)

    def _elsewhere(self, name: str, one: Seen) -> Finding:
        device = self._named.get(name)
        if device is None:
            return Finding(State.SAME, name, one, None, "another address of it")
        how = "same serial number" if self._by_serial.get(_serial(one)) == name else "same engine"
        if self._is_silent(device):
            return Finding(State.MOVED, name, one, device, f"{how}; silent at {device.address}")
        return Finding(State.SAME, name, one, device, f"{how} as {device.address}")

    def _change(self, device: Device, one: Seen) -> str:
        known = self._known.get(device.name)
        if not one.snmp:
            login = (known and known.credentials) or device.credentials
            asked = device.snmp and known and login in self._asked.credentials
            return one.trouble or "answers ping, SNMP no more" if asked else ""
        if not device.snmp:
            return f"answers SNMP ({one.credentials}), but is listed with snmp: no"
        if device.credentials and one.credentials != device.credentials:
            return f"answers to {one.credentials}, listed with {device.credentials}"
        if known is None:
            return ""
        pairs = (
            ("serial number", one.serial, known.serial),
            ("sysObjectID", one.sys_object_id, known.sys_object_id),
            ("engine ID", one.engine_id, known.engine_id),
            ("sysName", one.sys_name, known.sys_name),
        )
        changed = [
            f"{what} {now}, was {before}"
            for what, now, before in pairs
            if now and before and now != before
        ]
        return "; ".join(changed)

    def _is_silent(self, device: Device) -> bool:
        """Whether the device was asked in every way it is listed with, and said nothing."""
        place = (device.address, device.port)
        if place not in self._asked.covers or place in self._answered:
            return False
        if device.address in self._pinged:
            return False
        return self._asked.pinged or device.snmp

    def _note(self, name: str, known: Known) -> None:
        if known.serial:
            self._by_serial.setdefault((known.serial, known.sys_object_id), name)
        if known.engine_id:
            self._by_engine.setdefault((known.engine_id, known.sys_name), name)

    def _again(self, one: Seen) -> str | None:
        found = self._by_serial.get(_serial(one)) if one.serial else None
        if found is None and one.engine_id:
            found = self._by_engine.get((one.engine_id, one.sys_name))
        return found


def _serial(one: Seen) -> tuple[str, str]:
    return one.serial, one.sys_object_id


def _of_address(one: Seen) -> str:
    name = one.address.replace(":", "-")
    # What begins with a dash would be taken for an option.
    name = f"0{name}" if name.startswith("-") else name
    return f"{name}-{one.port}" if one.snmp and one.port != SNMP_PORT else name


def _twice(seen: Iterable[Seen]) -> frozenset[str]:
    """Names that several devices give themselves, lower case; addresses of one count once."""
    bearers: dict[tuple[str, ...], str] = {}
    for one in seen:
        if one.serial:
            key: tuple[str, ...] = ("serial", *_serial(one))
        elif one.engine_id:
            key = ("engine", one.engine_id, one.sys_name)
        else:
            key = ("place", one.address, str(one.port))
        bearers[key] = one.sys_name.lower()
    return frozenset(name for name, number in Counter(bearers.values()).items() if number > 1)
