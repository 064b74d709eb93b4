"""From a walk to a proposal: what is polled already is left out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from collectors.facts import Facts
from collectors.knowledge.identify import enterprise
from collectors.knowledge.model import Library, Match
from collectors.knowledge.stranger import AGENTS
from collectors.learning.inventory import facts as facts_of
from collectors.learning.model import Metric, Open, Origin, Proposal, Scalar, Seen, Standard, Walk
from collectors.learning.propose import is_number, of_scalar, of_table, unused
from collectors.learning.rows import ENTITY_NAME, IF_NAME, naming
from collectors.learning.shapes import shapes
from collectors.probe.survey import ENTERPRISES
from collectors.snmp.ber import Oid, parse_oid

# Agents that many vendors use: their number says nothing about the device.
_AGENTS = frozenset({"", "0"}) | AGENTS


def roots(facts: Facts) -> tuple[Oid, ...]:
    """What is worth walking, in order: what names rows, the device's own enterprise, all others."""
    number = enterprise(facts.sys_object_id)
    own = ((*ENTERPRISES, int(number)),) if number else ()
    return (ENTITY_NAME, IF_NAME, *own, ENTERPRISES)


def learn(facts: Facts, match: Match, library: Library, walk: Walk) -> tuple[Origin, Proposal]:
    """Where the device comes from, and what is proposed beyond what `match` polls of it."""
    used = {parse_oid(one.oid) for chosen in match.chosen for one in chosen.symbols}
    standard = Standard(_names(walk, ENTITY_NAME), _names(walk, IF_NAME))
    metrics: list[Metric] = []
    left: list[Open] = []
    tables: list[Oid] = []
    scalars: list[Scalar] = []
    for number in sorted({one.oid[6] for one in walk.objects if _below(one, ENTERPRISES)}):
        found, single = shapes(walk.objects, (*ENTERPRISES, number))
        scalars += single
        for table in found:
            tables.append(table.oid)
            if unused(table, used):
                metric, doubts = of_table(table, naming(table, standard))
                metrics += [metric] if metric else []
                left += doubts
    for scalar in scalars:
        if scalar.oid in used:
            continue
        if metric := of_scalar(scalar):
            metrics.append(metric)
        elif is_number(scalar.value):
            left.append(Open((*scalar.oid, 0), f"{scalar.value.text}, a number without a name"))
    offered = [(*oid, 1) for oid in tables] or [one.oid for one in scalars]
    origin = _origin(facts, match, library, offered)
    # What was only taken from sysDescr may stand better in an object of its own.
    known = [name for name, text in match.identity.items() if text not in facts.sys_descr]
    proposed = facts_of(scalars, facts.sys_descr, known)
    return origin, Proposal(proposed, tuple(metrics), tuple(left))


def _origin(facts: Facts, match: Match, library: Library, offered: Iterable[Oid]) -> Origin:
    number = enterprise(facts.sys_object_id)
    vendors: Mapping[str, str] = {}
    for profile in library.profiles:
        vendors = {**profile.vendors, **vendors}
    own = [oid for oid in offered if len(oid) > 6 and str(oid[6]) not in _AGENTS]
    vendor = match.identity.get("vendor") or vendors.get(number, "")
    if not vendor and own and number in _AGENTS:
        vendor = vendors.get(str(own[0][6]), "")
    return Origin(
        vendor=vendor,
        descr=facts.sys_descr[:200],
        object_id=facts.sys_object_id or "'*'",
        extends=match.profile.name if match.profile else "",
        answers=tuple(own[:1]) if number in _AGENTS else (),
    )


def _below(one: Seen, root: Oid) -> bool:
    return len(one.oid) > len(root) and one.oid[: len(root)] == root


def _names(walk: Walk, column: Oid) -> Mapping[int, str]:
    return {one.oid[-1]: one.text for one in walk.objects if one.oid[:-1] == column and one.text}
