"""Who hangs on whom, from what devices tell of their neighbours. Pure.

Links between listed devices make a net; seen from its root, each device hangs on the one before
it. The root is where the inventory already puts it: a device that is a parent and has none.
Where it says nothing, the device with the most neighbours is taken.

A suggestion is for people, who may know better. Root causes rely on what is sure alone: a device
that two others lead to hangs on none of them, and where two devices could as well be the root,
nothing is sure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from collectors.device import Device
from collectors.facts import Facts, Neighbour


@dataclass(frozen=True, slots=True)
class Link:
    """One device's link to another listed one."""

    device: str
    to: str
    by: Neighbour


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A parent for a device that has none; `why` names the link.

    `sure`: no other device could be it. What is sure never makes a circle, also together with
    the inventory: each step leads nearer to the root, and from a device that the inventory puts
    below another one there is no way back to one that it puts nowhere.
    """

    device: str
    parent: str
    why: str
    sure: bool


def links(devices: Sequence[Device], facts: Mapping[str, Facts]) -> tuple[Link, ...]:
    """The links between listed devices, each as its device tells it."""
    named = _by_name(devices, facts)
    found = []
    for device in devices:
        told = facts.get(device.name)
        for neighbour in told.neighbours if told else ():
            other = named.get(neighbour.name.lower()) or named.get(_short(neighbour.name))
            if other and other != device.name:
                found.append(Link(device.name, other, neighbour))
    return tuple(found)


def parents(devices: Sequence[Device], facts: Mapping[str, Facts]) -> tuple[Suggestion, ...]:
    """A parent for each device that has none and hangs on another one."""
    net: dict[str, dict[str, str]] = {}
    for link in links(devices, facts):
        near, far = link.by.port, link.by.far_port or "?"
        net.setdefault(link.device, {}).setdefault(link.to, f"{near} to {far}, {link.by.protocol}")
        net.setdefault(link.to, {}).setdefault(link.device, f"{far} to {near}, {link.by.protocol}")
    listed = {device.name: device.parent for device in devices}
    roots = {parent for parent in listed.values() if parent and not listed.get(parent)}
    found = []
    reached: set[str] = set()
    for root in _roots(net, roots):
        if root in reached:
            continue
        tree = list(_tree(net, root, roots, reached))
        rivals = [one for one, _, _ in tree if len(net[one]) == len(net[root])]
        rooted = root in roots or not rivals
        for device, parent, alone in tree:
            if not listed[device] and device not in roots:
                found.append(Suggestion(device, parent, net[device][parent], alone and rooted))
    order = {device.name: number for number, device in enumerate(devices)}
    return tuple(sorted(found, key=lambda one: order[one.device]))


def _roots(net: Mapping[str, Mapping[str, str]], known: set[str]) -> list[str]:
    return sorted(net, key=lambda name: (name not in known, -len(net[name]), name))


def _tree(
    net: Mapping[str, Mapping[str, str]], root: str, roots: set[str], reached: set[str]
) -> Iterator[tuple[str, str, bool]]:
    """Each device with the one before it, nearest first, and whether there is only that one.

    Other roots begin trees of their own.
    """
    # All known roots of one net grow at the same time, so that each device hangs on the nearest.
    level = [name for name in _roots(net, roots) if name in roots and name not in reached]
    level = level if root in roots else [root]
    reached.update(level)
    while level:
        below: dict[str, list[str]] = {}
        for name in level:
            for other in sorted(net[name]):
                if other not in reached:
                    below.setdefault(other, []).append(name)
        reached.update(below)
        yield from ((other, before[0], len(before) == 1) for other, before in below.items())
        level = list(below)


def _by_name(devices: Sequence[Device], facts: Mapping[str, Facts]) -> dict[str, str]:
    """The names neighbours may use for a device, lower case; ambiguous ones are left out."""
    found: dict[str, set[str]] = {}
    for device in devices:
        told = facts.get(device.name)
        names = {device.name.lower(), _short(device.name)}
        if told and told.sys_name:
            names |= {told.sys_name.lower(), _short(told.sys_name)}
        for name in names:
            found.setdefault(name, set()).add(device.name)
    return {name: next(iter(owners)) for name, owners in found.items() if len(owners) == 1}


def _short(name: str) -> str:
    """The host's part of a name in DNS."""
    return name.partition(".")[0].lower()
