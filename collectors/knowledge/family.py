"""Inheritance of profiles, and OIDs that stand below another root than where they were written.

A vendor that licenses a system mostly moves its MIB below its own number and changes nothing
else: `extends: [{fastpath: {1.3.6.1.4.1.4413.1.1: 1.3.6.1.4.1.4526.10}}]`. An OID that begins with
`~` stands below the device's own sysObjectID, with `~~` one number higher up. Pure.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from collectors.errors import ProfileFault
from collectors.knowledge.document import Faults, Map
from collectors.knowledge.model import (
    Condition,
    Identity,
    IdentitySource,
    Library,
    Metric,
    Profile,
    Symbol,
)
from collectors.knowledge.values import oid

OWN = "~"
"""How an OID begins that stands below the device's sysObjectID."""


@dataclass(frozen=True, slots=True)
class Parent:
    """A profile that another one extends; `moves` says which roots stand where."""

    name: str
    moves: Mapping[str, str] = field(default_factory=dict)

    def moved(self, number: str) -> str:
        """The OID at its place."""
        for root, place in self.moves.items():
            if number == root or number.startswith(f"{root}."):
                return place + number[len(root) :]
        return number


Families = Mapping[str, tuple[Parent, ...]]
"""Profile -> what it extends, in order."""


def parents(document: Map, faults: Faults) -> tuple[Parent, ...]:
    """The key `extends`: names, or name: {root: place}."""
    given: Any = document.get("extends", [])
    line = document.lines.get("extends", 0)
    found = []
    for item in given if isinstance(given, list) else [given]:
        if isinstance(item, Map):
            for name, moves in item.items():
                if not isinstance(moves, Map):
                    faults.add(line, f"extends {name}: a mapping of OIDs, root: place")
                    continue
                pairs = {oid(a, line, faults): oid(b, line, faults) for a, b in moves.items()}
                found.append(Parent(_stem(name), pairs))
        elif str(item).strip():
            found.append(Parent(_stem(str(item).strip())))
    return tuple(found)


def family_faults(profiles: Mapping[str, Profile], extends: Families) -> Iterator[ProfileFault]:
    """Parents that are not there, and profiles that are among their own forebears."""
    for name, profile in profiles.items():
        for parent in extends[name]:
            if parent.name not in profiles:
                near = difflib.get_close_matches(parent.name, profiles, 1)
                advice = f"; did you mean {near[0]!r}?" if near else ""
                message = f"extends {parent.name!r}: no such profile{advice}"
                yield ProfileFault(profile.file, 0, message)
        if chain := _way_back(name, extends):
            yield ProfileFault(profile.file, 0, f"extends itself: {' → '.join(chain)}")


def inherit(name: str, profiles: Mapping[str, Profile], extends: Families) -> Profile:
    """The profile with what it extends: own metrics and facts first, then the parents'."""
    profile = profiles[name]
    metrics: dict[str, Metric] = {metric.name: metric for metric in profile.metrics}
    identity = dict(profile.identity)
    models = dict(profile.models)
    for parent in extends[name]:
        inherited = inherit(parent.name, profiles, extends)
        if parent.moves:
            inherited = _moved(inherited, parent.moved, name)
        models = {**inherited.models, **models}
        for metric in inherited.metrics:
            metrics.setdefault(metric.name, metric)
        for fact, where in inherited.identity.items():
            mine = identity.get(fact)
            identity[fact] = (
                Identity(mine.value or where.value, mine.sources + where.sources) if mine else where
            )
    return replace(profile, metrics=tuple(metrics.values()), identity=identity, models=models)


def resolved(library: Library, profile: Profile, sys_object_id: str) -> Profile:
    """The profile with the OIDs below the device's sysObjectID; itself where it has none such."""
    if (relative := library.relative.get(profile.name)) is None:
        relative = library.relative[profile.name] = _is_relative(profile)
    if not relative:
        return profile
    key = (profile.name, sys_object_id)
    if (known := library.resolved.get(key)) is None:
        # Without a sysObjectID nothing can answer below it.
        root = sys_object_id or "2.999"
        move = Parent("", {OWN: root, OWN * 2: root.rpartition(".")[0]}).moved
        known = library.resolved[key] = _moved(profile, move)
    return known


def _is_relative(profile: Profile) -> bool:
    numbers = [symbol.oid for metric in profile.metrics for symbol in metric.symbols]
    numbers += [source.oid for fact in profile.identity.values() for source in fact.sources]
    numbers += profile.answers
    return any(number.startswith(OWN) for number in numbers)


def _moved(profile: Profile, move: Callable[[str], str], owner: str = "") -> Profile:
    """The profile with its OIDs elsewhere; its metrics belong to `owner`, if there is one."""

    def source(one: IdentitySource) -> IdentitySource:
        rows = replace(one.rows, beside=move(one.rows.beside)) if one.rows else None
        return replace(one, oid=move(one.oid), more=tuple(map(source, one.more)), rows=rows)

    def conditions(when: tuple[Condition, ...]) -> tuple[Condition, ...]:
        return tuple(replace(one, oid=move(one.oid)) for one in when)

    def symbol(one: Symbol) -> Symbol:
        return replace(one, oid=move(one.oid))

    return replace(
        profile,
        answers=tuple(map(move, profile.answers)),
        models={move(number): model for number, model in profile.models.items()},
        when=conditions(profile.when),
        identity={
            fact: replace(where, sources=tuple(map(source, where.sources)))
            for fact, where in profile.identity.items()
        },
        metrics=tuple(
            replace(
                metric,
                profile=owner or metric.profile,
                symbols=tuple(map(symbol, metric.symbols)),
                when=conditions(metric.when),
            )
            for metric in profile.metrics
        ),
    )


def _stem(name: str) -> str:
    return re.sub(r"\.ya?ml$", "", name)


def _way_back(name: str, extends: Families) -> tuple[str, ...]:
    """How a profile comes to extend itself; empty where it does not."""
    ways: list[tuple[str, ...]] = [(name,)]
    seen: set[str] = set()
    for way in ways:  # grows while it is gone through
        for parent in extends.get(way[-1], ()):
            if parent.name == name:
                return (*way, name)
            if parent.name not in seen:
                seen.add(parent.name)
                ways.append((*way, parent.name))
    return ()
