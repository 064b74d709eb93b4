"""Resources, changes and plans: one form for processes, buckets, boards and Kubernetes objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tigctl.targets.keeping import Held

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]


class Action(StrEnum):
    """What a change does."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    ADOPT = "adopt"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing on a target, as wanted or as found. Never holds a secret's value.

    `fields` are flat: a dotted path to a plain value.
    """

    kind: str
    name: str
    fields: Mapping[str, Json] = field(default_factory=dict)
    manager: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What makes a resource the same one."""
        return self.kind, self.name


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs; None where a side has no such field.

    `lines` are those of a long text that differ, as `textlines.differing` tells them.
    """

    path: str
    live: Json
    wanted: Json
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to do; `manager` names who else changed or owns the resource.

    `why` says what moved a figure that nobody wrote down: a size that follows from devices.
    """

    action: Action
    kind: str
    name: str
    fields: tuple[FieldChange, ...] = ()
    manager: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Since:
    """What files say otherwise than at the last apply, which left `revision`.

    `more`, `fewer` and `otherwise` name devices; the last are polled in another way. `same`:
    nothing at all follows from files that did not then, so what differs came about on the target.
    """

    revision: int
    settings: tuple[FieldChange, ...] = ()
    more: tuple[str, ...] = ()
    fewer: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()
    same: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The exact difference between a bundle and its target. `needs` are figures to show.

    `kept` is what differs as well, and is left as somebody made it. `since`: what files say
    otherwise than when they were applied last, None where that is not known.
    """

    tenant: str
    target: str
    changes: tuple[Change, ...]
    needs: Mapping[str, Json] = field(default_factory=dict)
    kept: tuple[Held, ...] = ()
    since: Since | None = None

    @property
    def summary(self) -> dict[str, int]:
        """How many changes of each action."""
        return {
            action.value: sum(change.action is action for change in self.changes)
            for action in Action
        }
