"""From facts to the metrics that are polled, and why. Pure.

The order of precedence, which settles every tie:
1. the device's own kind: of all profiles whose sysObjectID pattern fits (and whose sysdescr
   pattern and `answers`, where it has them, fit too), own ones before shipped ones, then the
   longest pattern, then one that asks for more than sysObjectID before one that does not, then
   the name. Where the sysObjectID names nobody, or Net-SNMP, what the device answers may say
   more (see the module `stranger`);
2. capabilities the device answers: own ones before shipped ones, then by `rank`, then by name.
Of each measurement (of sensors: of each class) the first profile that gives any wins, unless
a metric says `additional`. Within one profile all metrics add up. What stands in a metric's
`unless` holds it, or some of its outputs, back.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from collectors.facts import Facts
from collectors.knowledge.family import resolved
from collectors.knowledge.identify import OF_SYSTEM, holds, identify
from collectors.knowledge.model import (
    Choice,
    Chosen,
    IdentitySource,
    Library,
    Match,
    Metric,
    Output,
    Profile,
    Questions,
    Symbol,
)
from collectors.knowledge.naming import asked
from collectors.knowledge.stranger import ENTERPRISES, candidates, most_told, unnamed

# What a device gets that was never probed: names of shipped profiles.
UNPROBED = ("if-mib", "system")

_SIZES = frozenset({"total_bytes", "capacity"})


def questions(
    library: Library, sys_object_id: str, sys_descr: str, enterprises: Sequence[str] = ()
) -> Questions:
    """What has to be asked to know which profiles fit, and which of their metrics answer.

    `enterprises` are those below which a device answers whose sysObjectID names nobody.
    """
    likely = _likely(library, sys_object_id, sys_descr)
    likely += candidates(library, enterprises, sys_descr)
    profiles = _placed(library, likely, sys_object_id)
    columns = dict.fromkeys(oid for profile in profiles for oid in profile.answers)
    metrics = [metric for profile in profiles for metric in profile.metrics]
    symbols = [symbol for metric in metrics for symbol in metric.symbols]
    columns |= dict.fromkeys(symbol.oid for symbol in symbols if not symbol.exact)
    sources = list(_sources(profiles))
    beside = (column for one in sources if one.rows for column in (one.oid, one.rows.beside))
    columns |= dict.fromkeys(filter(None, beside))
    conditions = [profile.when for profile in profiles] + [metric.when for metric in metrics]
    wanted = (condition.oid for group in conditions for condition in group)
    texts = dict.fromkeys(oid for oid in wanted if oid not in OF_SYSTEM)
    rows: dict[IdentitySource, None] = {}
    for source in sources:
        if source.rows:
            rows[source] = None
        elif source.oid not in OF_SYSTEM:
            texts[source.oid] = None
    exact = dict.fromkeys(symbol.oid for symbol in symbols if symbol.exact)
    names = asked(metrics)
    columns |= dict.fromkeys(oid for one in names for oid in (one.column, one.beside) if oid)
    return Questions(
        tuple(columns), tuple(texts), tuple(exact), tuple(rows), names, unnamed(sys_object_id)
    )


def _sources(profiles: Iterable[Profile]) -> Iterator[IdentitySource]:
    for profile in profiles:
        for identity in profile.identity.values():
            for source in identity.sources:
                yield source
                yield from source.more


def match(library: Library, facts: Facts | None) -> Match:
    """The metrics a device is polled for. Without facts: system and 64-bit interfaces."""
    if facts is None:
        chain = [profile for profile in capabilities(library) if profile.name in UNPROBED]
        chosen, passed_over = _chosen(_choice(library, chain, None, frozenset()), {})
        return Match(None, "never probed", chosen, passed_over)
    likely = _likely(library, facts.sys_object_id, facts.sys_descr)
    placed = (resolved(library, profile, facts.sys_object_id) for profile in likely)
    kind = next((profile for profile in placed if _fitting(profile, facts)), None)
    if unnamed(facts.sys_object_id) and (kind is None or _is_plain(kind)):
        kind = _by_enterprise(library, facts) or kind
    chain = _placed(library, [kind] if kind else [], facts.sys_object_id)
    answered = frozenset(oid for oid, rows in facts.answers.items() if rows)
    denied = _denied(library, chain, facts)
    chosen, passed_over = _chosen(_choice(library, chain, answered, denied), facts.answers)
    return Match(
        profile=kind,
        because=_because(kind, facts),
        chosen=chosen,
        passed_over=passed_over,
        identity=identify(chain, facts, {one.metric.profile for one in chosen}),
    )


def nearly(library: Library, facts: Facts) -> tuple[tuple[str, str], ...]:
    """Profiles whose sysObjectID fits although another one, or none, was taken; and why not they.

    In the order in which they would come.
    """
    taken = match(library, facts).profile
    found = []
    for profile, longest in _kinds(library, facts.sys_object_id):
        if taken and profile.name == taken.name:
            continue
        if profile.descr_pattern and not re.search(profile.descr_pattern, facts.sys_descr):
            why = f"sysDescr does not fit {profile.descr_pattern}"
        elif profile.answers and not any(facts.answers.get(oid) for oid in profile.answers):
            why = f"no answer to {profile.answers[0]}"
        elif missing := [one for one in profile.when if not holds((one,), facts)]:
            why = f"{missing[0].name or missing[0].oid} does not fit {missing[0].pattern}"
        else:
            why = f"fits as well, but {taken.name if taken else 'another one'} comes before it"
        found.append(((not profile.own, -longest, profile.name), (profile.name, why)))
    return tuple(near for _, near in sorted(found))


def _placed(library: Library, kinds: Sequence[Profile], sys_object_id: str) -> list[Profile]:
    """These kinds and all capabilities, with their OIDs where this device has them."""
    chain = {profile.name: profile for profile in (*kinds, *capabilities(library))}
    return [resolved(library, profile, sys_object_id) for profile in chain.values()]


def capabilities(library: Library) -> list[Profile]:
    """The profiles that may add to any device, in order of precedence."""
    found = [profile for profile in library.profiles if profile.capability]
    return sorted(found, key=lambda profile: (not profile.own, profile.rank, profile.name))


def fits(pattern: str, sys_object_id: str) -> bool:
    """Whether a sysObjectID fits a pattern; `1.3.6.1.4.1.9.*` takes 1.3.6.1.4.1.9 and all below.

    `*` takes any device, also one that tells none.
    """
    if pattern == "*":
        return True
    if pattern.endswith(".*"):
        # Many agents tell no more than the number of their enterprise.
        return f"{sys_object_id}.".startswith(pattern[:-1])
    return sys_object_id == pattern


def _likely(library: Library, sys_object_id: str, sys_descr: str) -> list[Profile]:
    """The kinds the device may be, best first: the last one asks for no answers."""
    found = []
    for profile, longest in _kinds(library, sys_object_id):
        if profile.descr_pattern and not re.search(profile.descr_pattern, sys_descr):
            continue
        picky = bool(profile.descr_pattern) + bool(profile.answers) + bool(profile.when)
        found.append(((not profile.own, -longest, -picky, profile.name), profile))
    likely = [profile for _, profile in sorted(found, key=lambda pair: pair[0])]
    certain = next((n for n, profile in enumerate(likely) if _certain(profile)), len(likely))
    return likely[: certain + 1]


def _kinds(library: Library, sys_object_id: str) -> tuple[tuple[Profile, int], ...]:
    """The profiles whose sysObjectID fits, each with the length of its pattern."""
    if (known := library.kinds.get(sys_object_id)) is None:
        found = []
        for profile in library.profiles:
            fitting = [pattern for pattern in profile.object_ids if fits(pattern, sys_object_id)]
            if fitting:
                longest = max(
                    pattern.count(".") + (not pattern.endswith("*")) for pattern in fitting
                )
                found.append((profile, longest))
        known = library.kinds[sys_object_id] = tuple(found)
    return known


def _by_enterprise(library: Library, facts: Facts) -> Profile | None:
    """The kind by what answers, where the sysObjectID leaves it open."""
    some = candidates(library, facts.enterprises, facts.sys_descr)
    return most_told([profile for profile in some if _fitting(profile, facts)], facts)


def _is_plain(profile: Profile) -> bool:
    """Whether only the sysObjectID speaks for it."""
    return _certain(profile) and not profile.descr_pattern


def _certain(profile: Profile) -> bool:
    """Whether nothing has to be asked before it is known that it fits."""
    return not profile.answers and not profile.when


def _fitting(profile: Profile, facts: Facts) -> bool:
    answered = not profile.answers or any(facts.answers.get(oid) for oid in profile.answers)
    return answered and holds(profile.when, facts)


def _denied(library: Library, chain: Sequence[Profile], facts: Facts) -> frozenset[str]:
    """The metrics whose conditions do not hold."""
    denied = []
    for profile in chain:
        if (metrics := library.conditional.get(id(profile))) is None:
            metrics = tuple(metric for metric in profile.metrics if metric.when)
            library.conditional[id(profile)] = metrics
        denied += [metric.id for metric in metrics if not holds(metric.when, facts)]
    return frozenset(denied)


def _because(kind: Profile | None, facts: Facts) -> str:
    if kind is None:
        given = facts.sys_object_id or "it tells no sysObjectID"
        return f"no profile knows sysObjectID {given}; only what standard MIBs tell"
    fitting = [pattern for pattern in kind.object_ids if fits(pattern, facts.sys_object_id)]
    if not fitting:
        roots = ", ".join(f"{ENTERPRISES}.{number}" for number in facts.enterprises)
        given = f"sysObjectID {facts.sys_object_id}" if facts.sys_object_id else "no sysObjectID"
        return f"{given} does not say what it is, and objects of this kind answer below {roots}"
    pattern = max(fitting, key=len)
    verb = "begins with" if pattern.endswith("*") else "is"
    reasons = [f"sysObjectID {facts.sys_object_id} {verb} {pattern.removesuffix('.*')}"]
    if pattern == "*":
        reasons = []
    if kind.descr_pattern:
        reasons.append(f"sysDescr fits {kind.descr_pattern}")
    if there := [oid for oid in kind.answers if facts.answers.get(oid)]:
        reasons.append(f"{there[0]} answers")
    reasons += [f"{one.name or one.oid} fits {one.pattern}" for one in kind.when]
    return " and ".join(reasons)


def _chosen(
    choice: Choice, answers: Mapping[str, int]
) -> tuple[tuple[Chosen, ...], Mapping[str, str]]:
    """A choice for one device, with its rows."""
    chosen = tuple(
        Chosen(metric, symbols, max(_rows(metric, symbols, answers), default=0))
        for metric, symbols in choice.metrics
    )
    return chosen, choice.passed_over


def _rows(metric: Metric, symbols: Iterable[Symbol], answers: Mapping[str, int]) -> Iterator[int]:
    for symbol in symbols:
        if metric.scalar or not symbol.elsewhere:
            yield answers.get(symbol.oid, 0)


def _choice(
    library: Library,
    chain: Sequence[Profile],
    answered: frozenset[str] | None,
    denied: frozenset[str],
) -> Choice:
    """As `_choose`, remembered: of 10,000 devices most are like another one."""
    # The library keeps each of them, so the identity stays its own.
    key = (tuple(map(id, chain)), answered, denied)
    if (known := library.choices.get(key)) is None:
        known = library.choices[key] = _choose(library, chain, answered, denied)
    return known


def _choose(
    library: Library,
    chain: Sequence[Profile],
    answered: frozenset[str] | None,
    denied: frozenset[str],
) -> Choice:
    """The metrics of a chain of profiles that answer; `answered` None: take all as answering."""
    chosen: list[tuple[Metric, tuple[Symbol, ...]]] = []
    passed_over: dict[str, str] = {}
    owner: dict[tuple[str, str], str] = {}
    polled: set[str] = set()
    given: dict[tuple[str, str], str] = {}
    for profile in chain:
        answering: set[str] = set()
        gives: dict[tuple[str, str], str] = {}
        for metric in profile.metrics:
            if metric.id in denied:
                passed_over[metric.id] = "not on this kind of device: its `when` does not hold"
                continue
            instead = [name for name in metric.unless if name in answering or name in polled]
            if instead:
                passed_over[metric.id] = f"{instead[0].removeprefix('*:')} answers"
                continue
            symbols = _answering(metric, answered)
            usable = tuple(output for output in metric.outputs if _computable(output, symbols))
            if not usable:
                passed_over[metric.id] = _unanswered(metric)
                continue
            answering.add(metric.name)
            free = tuple(
                output for output in usable if _free(output, metric, owner, profile.name, given)
            )
            if not free:
                first = _gives(usable[0])
                passed_over[metric.id] = f"{given.get(first) or owner[first]} gives {first[0]}"
                continue
            polled |= {metric.id, f"*:{metric.name}"}
            gives |= {_gives(output): profile.name for output in free}
            kept = _only(library, metric, free) if len(free) < len(metric.outputs) else metric
            needed = {symbol.name for symbol in kept.symbols}
            chosen.append((kept, tuple(symbol for symbol in symbols if symbol.name in needed)))
        # Within one profile all metrics add up.
        given = gives | given
    return Choice(tuple(chosen), passed_over)


def _free(
    output: Output,
    metric: Metric,
    owner: dict[tuple[str, str], str],
    profile: str,
    given: Mapping[tuple[str, str], str],
) -> bool:
    """Whether the output may give its points beside those of the profiles before."""
    gives = measurement, kind = _gives(output)
    if gives in given and {measurement, f"{measurement}/{kind}"}.intersection(metric.unless):
        return False
    return metric.additional or owner.setdefault(gives, profile) == profile


def _gives(output: Output) -> tuple[str, str]:
    """What only one profile may give: a measurement, of sensors a class of it."""
    return output.measurement, output.tags.get("class", "")


def _answering(metric: Metric, answered: frozenset[str] | None) -> tuple[Symbol, ...]:
    there = [symbol for symbol in metric.symbols if answered is None or symbol.oid in answered]
    own = {symbol.name for symbol in there if not symbol.row}
    if not metric.scalar and all(symbol.elsewhere for symbol in there):
        return ()  # without a column of its own the table has no rows
    # A column of another table is of no use without what says at which row.
    there = [symbol for symbol in there if own.issuperset(symbol.keys)]
    names = {symbol.name for symbol in there}
    return tuple(symbol for symbol in there if not names.intersection(symbol.unless))


def _computable(output: Output, symbols: Collection[Symbol]) -> bool:
    names = {symbol.name for symbol in symbols}
    if output.where and not names.issuperset(output.where.needed):
        return False
    if output.state and output.state.symbol in names:
        return True
    # How large something is makes no point where it is not told how much of it is used.
    telling = [one for name, one in output.fields.items() if name not in _SIZES]
    # A field made of literals alone does not make a point.
    return any(
        names.intersection(field.names) and names.issuperset(field.needed)
        for field in telling or output.fields.values()
    )


def _only(library: Library, metric: Metric, outputs: tuple[Output, ...]) -> Metric:
    """The metric cut to some of its outputs, under a name of its own."""
    numbers = "+".join(str(metric.outputs.index(output)) for output in outputs)
    key = f"{metric.id}~{numbers}"
    if key not in library.cut:
        needed = metric.needed({name for output in outputs for name in output.names})
        library.cut[key] = replace(
            metric,
            name=f"{metric.name}~{numbers}",
            symbols=tuple(symbol for symbol in metric.symbols if symbol.name in needed),
            outputs=outputs,
        )
    return library.cut[key]


def _unanswered(metric: Metric) -> str:
    if not metric.outputs:
        return "nothing of it goes into the data model"
    return "no answer to " + ", ".join(symbol.name for symbol in metric.symbols[:3])
