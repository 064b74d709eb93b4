"""What somebody changed by hand and means to keep: the decisions, and what they hold back. Pure.

A decision is about one difference of a plan, named by its kind and name. There are two ways:

values      a field of a Kubernetes object, a bucket's retention, where a data source leads: what
            was live is wanted from then on, so a further change by hand is repaired to it
hands off   tasks, folders, boards, alert rules, contact points, policies: the thing stays as it
            is. tigctl has no copy to go back to, so a further change by hand is shown as a
            conflict, and left alone until somebody decides again
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tigctl.errors import UsageError
from tigctl.targets.model import Action, Change, Json, Resource

Key = tuple[str, str]

# By kind, the fields that can be wanted otherwise; all else of these kinds is repaired.
_VALUES: Mapping[str, tuple[str, ...]] = {
    "Bucket": ("retention",),
    "DataSource": ("url", "organization", "bucket"),
}
_HANDS_OFF = frozenset(
    {"Task", "Folder", "Board", "AlertRule", "ContactPoint", "NotificationPolicy"}
)
# A stack does its work without these, so that one is gone can be kept too.
_MAY_BE_GONE = frozenset({"Task", "Board", "AlertRule"})
_LATER = "after it was kept"


@dataclass(frozen=True, slots=True)
class Kept:
    """One decision. Holds no secret.

    Attributes:
        since: when, as `2026-11-20T14:02:11Z`.
        fields: what was live, by path; None where nothing was there, and nothing shall be.
        values: what is wanted instead of what files say; empty where the thing is left alone.
    """

    kind: str
    name: str
    since: str
    fields: Mapping[str, Json] | None
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """Kind and name."""
        return self.kind, self.name


@dataclass(frozen=True, slots=True)
class Held:
    """A decision and what an apply would do without it; None: nothing."""

    kept: Kept
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """Changes to make, and what decisions hold back; `live` is what was found, by its key."""

    changes: tuple[Change, ...] = ()
    held: tuple[Held, ...] = ()
    live: Mapping[Key, Resource] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """What an apply takes on: `only` these changes (None: all), none that a decision holds back."""

    kept: Mapping[Key, Kept] = field(default_factory=dict)
    only: frozenset[Key] | None = None

    def takes(self, kind: str, name: str) -> bool:
        """Whether the thing was chosen, or nothing was."""
        return self.only is None or (kind, name) in self.only

    def leaves(self, kind: str, name: str, *, there: bool) -> bool:
        """Whether the thing stays as it is; `there`: whether it is there at all."""
        one = self.kept.get((kind, name))
        if one is None or one.values:
            return not self.takes(kind, name)
        return there is (one.fields is not None) or not self.takes(kind, name)


def said(key: Key) -> str:
    """How a change is named on the command line."""
    return "/".join(key)


def decided(change: Change, live: Resource | None, former: Kept | None, since: str) -> Kept:
    """The decision that a difference inside InfluxDB or Grafana stays; `former`: what was kept.

    Raises UsageError for one that cannot stay.
    """
    key = change.kind, change.name
    if change.kind in _VALUES and live and change.action in {Action.UPDATE, Action.ADOPT}:
        differing = {one.path for one in change.fields}
        values = {path: live.fields[path] for path in _VALUES[change.kind] if path in differing}
        if not values:
            raise UsageError(
                f"{said(key)}: {', '.join(sorted(differing))} cannot be kept; of a {change.kind}"
                f" only {', '.join(_VALUES[change.kind])} can"
            )
        values = {**(former.values if former else {}), **values}
        return Kept(*key, since, values, values)
    if change.kind not in _HANDS_OFF | _VALUES.keys():
        raise UsageError(
            f"{said(key)} cannot be kept: without it as tigctl wants it the stack does not work",
            hint="put what you mean into the tenant's files; `tigctl explain` says what is asked",
        )
    if live is None and change.kind not in _MAY_BE_GONE:
        raise UsageError(
            f"{said(key)} is not there, so there is nothing to keep",
            hint="to be without it, change the tenant's files",
        )
    return Kept(*key, since, dict(live.fields) if live else None)


def settled(
    raw: Iterable[Change],
    now: Iterable[Change],
    live: Sequence[Resource],
    kept: Iterable[Kept],
) -> Settled:
    """What is left to do once the decisions hold back what they cover.

    `raw` is the difference to the files, `now` that to the files with the kept values in them.
    A thing left alone stays also where files do not name it any more; one that is gone is made
    anew, unless that it is gone was kept.
    """
    entries = {one.key: one for one in kept}
    there = {one.key: one for one in live}
    without = {(one.kind, one.name): one for one in raw}
    found = tuple(
        told
        for change in now
        if (told := _left(change, entries.get((change.kind, change.name)), there)) is not None
    )
    held = tuple(Held(one, without.get(key)) for key, one in entries.items())
    return Settled(found, held, there)


def _left(change: Change, one: Kept | None, there: Mapping[Key, Resource]) -> Change | None:
    """What is to do of a change in spite of a decision."""
    if one is None:
        return change
    if change.action is Action.DELETE:
        return None
    if one.values:
        return change
    if change.action is Action.CREATE:
        return None if one.fields is None else change
    if one.fields is None:
        return change
    live = there.get(one.key)
    if live is not None and dict(live.fields) == dict(one.fields):
        return None
    by = f"{change.manager or 'somebody'}, {_LATER}"
    return replace(change, action=Action.CONFLICT, manager=by)


def ended(kept: Mapping[Key, Kept], made: Iterable[Key]) -> dict[Key, Kept]:
    """The decisions without those on things left alone that were gone and are made anew."""
    anew = frozenset(made)
    return {
        key: one for key, one in kept.items() if key not in anew or one.values or one.fields is None
    }


def of_kinds(kept: Mapping[Key, Kept], kinds: Iterable[str]) -> tuple[Kept, ...]:
    """The decisions about things of these kinds."""
    chosen = frozenset(kinds)
    return tuple(one for one in kept.values() if one.kind in chosen)


# As it is stored


def dumped(kept: Mapping[Key, Kept]) -> list[dict[str, Any]]:
    """The decisions as JSON."""
    return [
        {
            "kind": one.kind,
            "name": one.name,
            "since": one.since,
            "fields": None if one.fields is None else dict(one.fields),
            "values": dict(one.values),
        }
        for one in kept.values()
    ]


def loaded(found: Iterable[Mapping[str, Any]]) -> dict[Key, Kept]:
    """The opposite of `dumped`. Raises TypeError, KeyError or ValueError for anything else."""
    kept = {}
    for one in found:
        fields = one["fields"]
        entry = Kept(
            str(one["kind"]),
            str(one["name"]),
            str(one["since"]),
            None if fields is None else dict(fields),
            dict(one["values"]),
        )
        kept[entry.key] = entry
    return kept
