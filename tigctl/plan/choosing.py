"""From `KIND/NAME` on the command line to things of a plan. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatchcase

from tigctl.errors import UsageError
from tigctl.targets.keeping import Kept, Key, said
from tigctl.targets.model import Change

_NEAR = 3


def of_plan(
    tenant: str, patterns: Iterable[str], changes: Sequence[Change], kept: Iterable[Kept]
) -> tuple[Key, ...]:
    """The changes of a plan that these patterns name, in the order of the plan.

    A pattern is `KIND/NAME`; in NAME, `*` and `?` stand for any characters. Raises UsageError
    for one that names nothing, with the names that are near.
    """
    known = {said(one.key): one for one in kept}
    keys = tuple(dict.fromkeys((one.kind, one.name) for one in changes))
    found: set[Key] = set()
    for pattern in patterns:
        named = _matching(pattern, keys)
        if not named and pattern in known:
            since = known[pattern].since
            raise UsageError(
                f"{pattern} of {tenant} is kept since {since}, and is as it was then",
                hint=f"to end that: tigctl apply {tenant} --give-back {_quoted(pattern)}",
            )
        if not named:
            raise UsageError(
                f"{tenant}: no change of the plan is named {pattern}",
                hint=_hint(pattern, keys, f"tigctl plan {tenant} -v shows what differs"),
            )
        found |= set(named)
    return tuple(key for key in keys if key in found)


def of_kept(tenant: str, patterns: Iterable[str], kept: Iterable[Kept]) -> tuple[Key, ...]:
    """The decisions that these patterns name. Raises UsageError as `of_plan`."""
    keys = tuple(one.key for one in kept)
    found: set[Key] = set()
    for pattern in patterns:
        named = _matching(pattern, keys)
        if not named:
            raise UsageError(
                f"{tenant}: nothing that is kept is named {pattern}",
                hint=_hint(pattern, keys, f"tigctl status {tenant} lists what is kept"),
            )
        found |= set(named)
    return tuple(key for key in keys if key in found)


def _matching(pattern: str, keys: Collection[Key]) -> list[Key]:
    """Names may hold characters that mean something in a pattern, so the exact one comes first."""
    kind, slash, name = pattern.partition("/")
    if not (kind and slash and name):
        raise UsageError(
            f"{pattern} names no change; expected KIND/NAME",
            hint="as a plan shows them, such as Bucket/raw or 'Board/*'",
        )
    if (kind, name) in keys:
        return [(kind, name)]
    return [key for key in keys if key[0] == kind and fnmatchcase(key[1], name)]


def _hint(pattern: str, keys: Collection[Key], otherwise: str) -> str:
    by_lower = {said(key).lower(): said(key) for key in keys}
    near = difflib.get_close_matches(pattern.lower(), by_lower, n=_NEAR, cutoff=0.5)
    if near:
        return f"did you mean {', '.join(by_lower[one] for one in near)}?"
    return otherwise


def _quoted(pattern: str) -> str:
    return f"'{pattern}'" if " " in pattern else pattern
