"""What every target offers: the same verbs, whatever is behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tigctl.render.bundle import Bundle
from tigctl.targets.model import Change, Json


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a running stack (influxdb, telegraf-0, grafana).

    `state` is `running`, `starting`, `stopped` or `failed`; `reason` says why it is not running.
    """

    name: str
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach a tenant's InfluxDB; `token` may read only."""

    url: str
    organization: str
    token: str


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

    def changes(self, bundle: Bundle) -> tuple[Change, ...]:
        """What makes the target what the bundle says, in order. Reads only."""

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
        """How to read the data, or None where nothing is there."""

    def destroy(self, *, volumes: bool, observe: Observer) -> Mapping[str, Json]:
        """Ends and removes everything; the data only with `volumes`. Returns what was kept."""
