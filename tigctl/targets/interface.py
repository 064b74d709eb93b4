"""What every target offers: the same verbs, whatever is behind them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tigctl.render.bundle import Bundle
from tigctl.targets.keeping import Held, Kept, Key
from tigctl.targets.model import Change, Json


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a running stack (influxdb, telegraf-0, grafana).

    `state` is `running`, `starting`, `stopped` or `failed`; `reason` says why it is not running,
    `url` where people reach it.
    """

    name: str
    state: str
    reason: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach a tenant's InfluxDB; `token` may read only."""

    url: str
    organization: str
    token: str


@dataclass(frozen=True, slots=True)
class Opening:
    """A way in for an engineer: where, as whom, and where the secrets lie. Holds none itself.

    `lasts`: whether the address answers after this program has ended. `public`: where everybody
    else comes in, empty where nobody does.
    """

    url: str
    user: str
    password: str
    token: str = ""
    lasts: bool = True
    public: str = ""


@dataclass(frozen=True, slots=True)
class Revision:
    """An apply of the past; `created` as `2026-11-20T14:02:11Z`."""

    number: int
    created: str


@dataclass(frozen=True, slots=True)
class Step:
    """An event of an apply or destroy, for whoever shows progress.

    `done` of `total` where the step can count; `seconds` once it has ended.
    """

    name: str
    detail: str = ""
    done: int = 0
    total: int = 0
    seconds: float | None = None


Observer = Callable[[Step], None]


class Target(Protocol):
    """Where a bundle is made real."""

    name: str

    def ping_method(self, setting: str) -> str:
        """`native` or `exec`: what the setting `ping.method` comes to here."""

    def changes(self, bundle: Bundle) -> tuple[Change, ...]:
        """What makes the target what the bundle says, in order. Reads only."""

    def room(self, bundle: Bundle) -> Mapping[str, Json]:
        """What the bundle asks of the target's machines, and whether it fits; after `changes`.

        Figures for a plan, as `tigctl.targets.kubernetes.fitting.needs` describes; empty where
        nobody counts.
        """

    def held(self) -> tuple[Held, ...]:
        """What decisions hold back; after `changes`, which leaves that out."""

    def kept(self) -> tuple[Kept, ...]:
        """The decisions to leave things as somebody made them; empty where nothing is there."""

    def keep(self, bundle: Bundle, chosen: Collection[Key], since: str) -> None:
        """Notes that these differences, by kind and name, stay from now on; changes nothing else.

        `since` as `2026-11-20T14:02:11Z`. Raises UsageError for one that cannot stay; none is
        noted then.
        """

    def give_back(self, chosen: Collection[Key]) -> None:
        """Ends decisions; what they held back is a change again."""

    def narrow(self, only: Collection[Key]) -> None:
        """From now on `changes` and `apply` know these changes only.

        Raises UsageError where the target cannot carry them out alone.
        """

    def apply(
        self,
        bundle: Bundle,
        changes: Sequence[Change],
        environ: Mapping[str, str],
        observe: Observer,
    ) -> None:
        """Carries out the changes and waits until the components run, not for data."""

    def components(self) -> tuple[Component, ...]:
        """The state of each component, now."""

    def access(self) -> Access | None:
        """How to read the data, or None where nothing is there.

        Raises BackendError where there is no way to it.
        """

    def exists(self) -> bool:
        """Whether anything is there that `destroy` would take away."""

    def fate(self, *, volumes: bool, policies: bool = False, namespace: bool = False) -> str:
        """What `destroy` would do, in a sentence or two for a person."""

    def destroy(
        self,
        *,
        volumes: bool,
        observe: Observer,
        policies: bool = False,
        namespace: bool = False,
    ) -> Mapping[str, Json]:
        """Ends and removes everything; the data only with `volumes`. Returns what was kept.

        `policies` and `namespace` mean something on a cluster only.
        """

    def revisions(self) -> tuple[Revision, ...]:
        """The applies that can be gone back to, oldest first. Raises UsageError without history."""

    def bundle_of(self, revision: int) -> Bundle:
        """The bundle that an apply carried out. Raises TargetError where it is not kept."""

    def former(self) -> tuple[int, Bundle] | None:
        """The last apply's revision and bundle, after `changes`; None where none is kept."""

    def opening(self, what: str) -> Opening:
        """A way to `grafana` or `influxdb`.

        Raises UsageError or TargetError where there is none.
        """

    def closing_words(self, *, new: bool) -> str:
        """What a person should know after an apply; `new`: the first one."""

    def close(self) -> None:
        """Gives back what was opened for looking."""
