"""What is odd about profiles that load without a fault: remarks for their authors. Pure.

A fault (load.py, metrics.py) makes a profile unusable. A remark means that it probably does not
do what was meant: it never fits, is told from another one by its name only, reads in vain, or
mistakes a unit.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations, product

from collectors.errors import ProfileFault
from collectors.knowledge.match import fits
from collectors.knowledge.model import Library, Metric, Output, Profile, Symbol, placeholders
from collectors.knowledge.stranger import ENTERPRISES

# Pools that may be full without any harm.
_PARTS_OF_MEMORY = frozenset({"Memory buffers", "Cached memory", "Shared memory"})


def remarks(library: Library, *, own: bool = False) -> tuple[ProfileFault, ...]:
    """What is odd, file by file; `own` leaves out the shipped profiles.

    The line is 0: a remark is about a profile as a whole.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for profile in library.profiles:
        found[profile.name] += _matching(profile, parent=_is_parent(profile, library))
        # An inherited metric is remarked on where it stands.
        mine = [metric for metric in profile.metrics if metric.profile == profile.name]
        for metric in mine:
            found[profile.name] += (f"{metric.name}: {text}" for text in _metric(metric))
        found[profile.name] += _objects(mine)
        found[profile.name] += _equal_names(profile)
    for first, second in combinations(library.profiles, 2):
        if pattern := _tie(first, second):
            found[second.name].append(
                f"fits the same devices as {first.name} ({pattern}), which comes before it by its"
                " name only; tell them apart by a longer pattern, sysdescr or answers"
            )
    return tuple(
        ProfileFault(profile.file, 0, message)
        for profile in library.profiles
        if profile.own or not own
        for message in found[profile.name]
    )


def _is_parent(profile: Profile, library: Library) -> bool:
    """Whether another profile has metrics, or products, of this one."""
    products = profile.models.keys()
    return any(
        (products and products <= other.models.keys())
        or any(metric.profile == profile.name for metric in other.metrics)
        for other in library.profiles
        if other.name != profile.name
    )


def _matching(profile: Profile, *, parent: bool) -> Iterator[str]:
    if not profile.object_ids:
        if profile.descr_pattern or profile.answers:
            yield "sysdescr and answers only count beside a sysobjectid"
        if not profile.capability and not parent:
            yield "has neither sysobjectid nor `capability: true`, and none extends it: never used"
    if not profile.description:
        yield "has no description"
    for pattern in profile.object_ids:
        prefix = pattern.removesuffix(".*")
        if pattern.endswith(".*") and not prefix.startswith(f"{ENTERPRISES}."):
            yield f"sysobjectid {pattern} fits devices of any vendor"
        for other in profile.object_ids:
            if (
                other not in {pattern, prefix, f"{prefix}.*"}
                and other.endswith(".*")
                and fits(other, prefix)
            ):
                yield f"sysobjectid {pattern} is within {other} already"


def _tie(first: Profile, second: Profile) -> str:
    """The pattern by which two profiles fit the same devices, neither before the other."""
    if first.own != second.own:
        return ""
    if any(profile.descr_pattern or profile.answers for profile in (first, second)):
        return ""
    return next(iter(sorted({*first.object_ids} & {*second.object_ids})), "")


def _metric(metric: Metric) -> Iterator[str]:
    if not metric.outputs:
        yield "has no outputs, so it is never polled"
        return
    if not all(symbol.mib for symbol in metric.symbols):
        yield "does not say its MIB"
    used = {name for output in metric.outputs for name in output.names}
    used.update(name for symbol in metric.symbols for name in (*symbol.unless, *symbol.keys))
    if unused := [symbol.name for symbol in metric.symbols if symbol.name not in used]:
        yield f"no output uses {', '.join(unused)}"
    for output in metric.outputs:
        yield from _units(output, metric)


def _units(output: Output, metric: Metric) -> Iterator[str]:
    given = {name for other in _alike(output, metric) for name in other.fields}
    part = output.tags.get("pool") in _PARTS_OF_MEMORY
    if {"used_bytes", "total_bytes"} & given and "used_percent" not in given and not part:
        yield f"{output.measurement} without used_percent, which boards and alerts go by"
    for field, expression in output.fields.items():
        if field.endswith("_percent") and _is_share(ast.parse(expression.text, mode="eval").body):
            yield f"{field}: {expression.text} runs from 0 to 1; write 100 * … for percent"


def _alike(output: Output, metric: Metric) -> Iterator[Output]:
    """The outputs that give fields of the same points."""
    for other in metric.outputs:
        if (other.measurement, other.tags) == (output.measurement, output.tags):
            yield other


def _is_share(tree: ast.expr) -> bool:
    """Whether this is one symbol over another, without any factor."""
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Div):
        below = {type(node) for node in ast.walk(tree.right)}
        return ast.Name in below and not any(
            isinstance(node, ast.Constant) and node.value != 0 for node in ast.walk(tree)
        )
    return False


def _objects(metrics: list[Metric]) -> Iterator[str]:
    """Objects under two names, and those whose value is taken twice."""
    seen: dict[str, tuple[Metric, Symbol]] = {}
    for metric in metrics:
        for symbol in metric.symbols:
            other, known = seen.setdefault(symbol.oid, (metric, symbol))
            if known.name != symbol.name:
                yield f"{symbol.oid} is called {known.name} and {symbol.name}"
            if other is metric or other.name in metric.unless or metric.name in other.unless:
                continue
            # What only names or chooses rows has to be read beside each table.
            if known.name == symbol.name and symbol.name in _values(metric) & _values(other):
                yield f"{symbol.name} is read by {other.name} and {metric.name}; join the two"


def _values(metric: Metric) -> set[str]:
    """The symbols whose value goes into a field."""
    names: set[str] = set()
    for output in metric.outputs:
        names.update(name for expression in output.fields.values() for name in expression.names)
        if output.state:
            names.add(output.state.symbol)
    return names


def _equal_names(profile: Profile) -> Iterator[str]:
    """Tables that would give one and the same point where a device answers both.

    Only names that stand in the profile can be compared: those a device gives its rows are not
    known before it is asked. Rows of equal numbers in two tables count as equal names.
    """
    for first, second in combinations(profile.metrics, 2):
        if profile.name not in {first.profile, second.profile}:
            continue  # remarked on in the profile that has both
        if first.when or second.when or _stands_back(first, second) or _stands_back(second, first):
            continue
        pairs = product(first.outputs, second.outputs)
        if name := next((_point(one) for one, two in pairs if _same_point(one, two)), ""):
            yield (
                f"{first.name} and {second.name} both give {name}; say by `unless` which stands"
                " back, or tell them apart by name"
            )


def _stands_back(metric: Metric, other: Metric) -> bool:
    return not {other.name, other.id, f"*:{other.name}"}.isdisjoint(metric.unless)


def _same_point(one: Output, two: Output) -> bool:
    if one.measurement != two.measurement or one.tags != two.tags:
        return False
    if any(name for tag in one.tags.values() for name in placeholders(tag)):
        return False
    return bool(one.fields.keys() & two.fields.keys()) or bool(one.state and two.state)


def _point(output: Output) -> str:
    """A point's name, for a person."""
    said = ", ".join(f"{tag} '{text}'" for tag, text in sorted(output.tags.items()))
    return f"{output.measurement} with {said}" if said else output.measurement
