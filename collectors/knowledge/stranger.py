"""Devices whose sysObjectID does not say who made them: what they answer does. Pure.

Much is built on Net-SNMP and leaves its number there; other devices tell none at all. Of those
it is asked below which enterprises they answer. A profile of such an enterprise fits where
objects answer that are its own. A device with a number of its own is nobody else's, even if it
answers below another one too, such as that of the maker of its chips.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from collectors.facts import Facts
from collectors.knowledge.identify import enterprise
from collectors.knowledge.model import Library, Profile

ENTERPRISES = "1.3.6.1.4.1"
"""Below it each vendor has one number (RFC 2578)."""

AGENTS = frozenset({"2021", "8072"})
"""Enterprises whose objects any host may answer, whoever made it: UC Davis, Net-SNMP."""


def unnamed(sys_object_id: str) -> bool:
    """Whether a sysObjectID names nobody, or the maker of the agent."""
    return enterprise(sys_object_id) in {"", *AGENTS}


def candidates(library: Library, enterprises: Iterable[str], sys_descr: str) -> tuple[Profile, ...]:
    """The profiles that take any device of one of these enterprises, or ask for answers."""
    roots = [f"{ENTERPRISES}.{number}" for number in enterprises if number not in AGENTS]
    if not roots:
        return ()
    return tuple(
        profile
        for profile in library.profiles
        if any(_is_of(profile, root) for root in roots)
        and (not profile.descr_pattern or re.search(profile.descr_pattern, sys_descr))
    )


def _is_of(profile: Profile, root: str) -> bool:
    if root in profile.object_ids or f"{root}.*" in profile.object_ids:
        return True
    return any(oid.startswith(f"{root}.") for oid in profile.answers)


def most_told(profiles: Iterable[Profile], facts: Facts) -> Profile | None:
    """The one of which most objects of its enterprise answer; None where none of any does."""
    told = [(not one.own, -_told(one, facts), one.name, one) for one in profiles]
    return min((one for one in told if one[1]), default=(None,))[-1]


def _told(profile: Profile, facts: Facts) -> int:
    numbers = {symbol.oid for metric in profile.metrics for symbol in metric.symbols}
    numbers = {oid for oid in numbers if facts.answers.get(oid)}
    numbers |= {
        source.oid
        for identity in profile.identity.values()
        for source in identity.sources
        if source.oid in facts.texts
    }
    roots = tuple(f"{ENTERPRISES}.{number}." for number in facts.enterprises)
    return sum(oid.startswith(roots) for oid in numbers)
