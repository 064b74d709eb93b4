"""What a probe's findings mean for the lock and for whoever asked. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collectors.device import Device
from collectors.facts import Found, Reason
from collectors.knowledge.match import match
from collectors.knowledge.model import Library
from tigctl.cli.output import count

_NAMED = 4  # profiles that the summary names; the rest is counted


def merged(
    devices: Sequence[Device], former: Mapping[str, Found], found: Mapping[str, Found]
) -> dict[str, Found]:
    """The new lock: listed devices only, in the inventory's order.

    Facts of a device that is silent now stay, because an outage must not change what is
    polled, but only if the same address and port were asked. A device that was not asked this
    time keeps its entry under the same condition.
    """
    entries = {}
    for device in devices:
        old, new = former.get(device.name), found.get(device.name)
        if old and (old.address, old.port) != (device.address, device.port):
            old = None
        entry = _newer(old, new)
        if entry:
            entries[device.name] = entry
    return entries


def _newer(old: Found | None, new: Found | None) -> Found | None:
    if new is None:
        return old
    if new.facts or not old or (new.silence and new.silence.reason is Reason.NO_SNMP):
        return new
    return Found(new.address, new.port, old.facts, new.silence)


def renumbered(former: Mapping[str, Found], found: Mapping[str, Found]) -> tuple[str, ...]:
    """The devices that gave their interfaces other indices since the last probe."""

    def digests(entries: Mapping[str, Found], name: str) -> tuple[str, ...]:
        entry = entries.get(name)
        return entry.facts.interfaces if entry and entry.facts else ()

    pairs = ((name, digests(former, name), digests(found, name)) for name in found)
    return tuple(
        name for name, old, new in pairs if old and new and old[0] == new[0] and old[1:] != new[1:]
    )


def silent(found: Mapping[str, Found]) -> tuple[str, ...]:
    """The devices that were asked and did not answer."""
    return tuple(
        name
        for name, one in found.items()
        if one.silence and one.silence.reason is not Reason.NO_SNMP
    )


@dataclass(frozen=True, slots=True)
class Needy:
    """What needs a person: which devices, what is the matter and what to do next."""

    devices: tuple[str, ...]
    text: str
    next: str = ""


def summary(found: Mapping[str, Found], library: Library) -> str:
    """`58 of 61 identified: 21 cisco-ios, 14 aruba-aoscx, … 8 others in 5 profiles.`"""
    asked = [one for one in found.values() if not _unasked(one)]
    kinds: Counter[str] = Counter()
    for one in asked:
        if one.silence is None and (profile := match(library, one.facts).profile):
            kinds[profile.name] += 1
    ranked = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    parts = [f"{number} {name}" for name, number in ranked[:_NAMED]]
    if rest := ranked[_NAMED:]:
        others = sum(number for _, number in rest)
        parts.append(f"{count(others, 'other')} in {count(len(rest), 'profile')}")
    said = f"{kinds.total()} of {len(asked)} identified"
    if skipped := len(found) - len(asked):
        parts.append(f"{skipped} not asked (snmp: no)")
    return f"{said}: {', '.join(parts)}." if parts else f"{said}."


def needy(tenant: str, found: Mapping[str, Found], library: Library) -> list[Needy]:
    """Who needs a person: silent devices in the order of asking, then kinds nobody knows.

    Devices of one unknown kind are one matter: a single profile would help them all.
    """
    rows = []
    unknown: dict[str, list[str]] = {}
    for name, one in found.items():
        if one.silence and not _unasked(one):
            rows.append(Needy((name,), one.silence.text, _next(tenant, name, one.silence.reason)))
        elif one.facts and match(library, one.facts).profile is None:
            unknown.setdefault(one.facts.sys_object_id or "none", []).append(name)
    for object_id, names in unknown.items():
        text = f"sysObjectID {object_id}: no profile knows it; polled by standard MIBs only"
        rows.append(
            Needy(tuple(names), text, f"tigctl profiles learn {names[0]} --tenant {tenant}")
        )
    return rows


def _next(tenant: str, name: str, reason: Reason) -> str:
    again = f"tigctl probe {tenant} --device {name}"
    match reason:
        case Reason.DEAD:
            return f"check address and power, then {again}"
        case Reason.NO_ANSWER:
            return f"check community, access list and agent, then {again}"
        case Reason.REFUSED:
            return f"check user, passwords and protocols, then {again}"
        case Reason.TIMEOUT:
            return f"check the link and the device's load, then {again}"
    return f"tigctl explain {tenant} {name}"


def _unasked(found: Found) -> bool:
    return found.silence is not None and found.silence.reason is Reason.NO_SNMP
