"""Carries out a bundle and waits until data flows."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tigctl.errors import BackendError, TargetError
from tigctl.plan.diff import plan
from tigctl.plan.health import OK, DeviceHealth, TenantHealth, health, judge
from tigctl.plan.readings import Reading, read
from tigctl.plan.verify import is_live
from tigctl.render.bundle import Bundle, DeviceSummary
from tigctl.targets.interface import Component, Observer, Step, Target
from tigctl.targets.model import Plan

WAIT_SECONDS = 300.0
_LOOK_SECONDS = 0.5
# Changes of these kinds start a Telegraf again, so data has to be newer than the apply.
_RESTARTING = frozenset({"Process", "TelegrafConfig", "Deployment"})
# States of a component that ends again and again, and of one that is not there. Just applied,
# it is in neither.
_FALLEN = frozenset({"failed", "stopped"})


@dataclass(frozen=True, slots=True)
class Result:
    """What an apply came to.

    Attributes:
        plan: what was changed; no changes where all was as it should be.
        health: devices and components at the end.
        with_data: live devices that gave data in time.
        without_data: live devices that did not, each with the reason.
        known_silent: devices that were not waited for; probing got no answer from them.
        first_s, last_s: seconds from the start until the first and the last device had data.
        waited: whether anything was waited for; if not, nothing was asked about health.
    """

    plan: Plan
    health: TenantHealth
    with_data: tuple[str, ...]
    without_data: tuple[DeviceHealth, ...]
    known_silent: tuple[str, ...]
    first_s: float | None
    last_s: float | None
    waited: bool = True

    @property
    def changed(self) -> bool:
        """Whether anything had to be changed."""
        return bool(self.plan.changes)


def apply(
    bundle: Bundle,
    target: Target,
    environ: Mapping[str, str],
    observe: Observer,
    *,
    wait: float = WAIT_SECONDS,
) -> Result:
    """Makes the bundle real, then waits until every live device has data, `wait` s at most.

    With a `wait` of 0 it ends as soon as all is on its way.

    Devices that gave none end in the result, with the reason; they are no error. Raises
    TigctlError where a step fails, or a component stops while data is waited for; running again
    goes on where it stopped.
    """
    began = _Beginning(datetime.now(UTC), time.monotonic())
    todo = plan(bundle, target)
    # Even with nothing to change: the target refuses unset variables, and looks for itself.
    target.apply(bundle, todo.changes, environ, observe if todo.changes else _nobody)
    restarted = any(change.kind in _RESTARTING for change in todo.changes)
    live = [device for device in bundle.devices if is_live(device)]
    silent = tuple(device.name for device in bundle.devices if not is_live(device))
    if not wait:
        unasked = TenantHealth(bundle.tenant, target.name, (), ())
        return Result(todo, unasked, (), (), silent, None, None, waited=False)
    waiting = _Waiting(live, began, began.clock if restarted else None, wait)
    if live:
        _wait(bundle, target, waiting, observe, silent)
    final = health(bundle, target)
    _refuse_fallen(final.components)
    return Result(
        plan=todo,
        health=final,
        with_data=tuple(waiting.seen),
        without_data=tuple(one for one in final.devices if one.name in waiting.open),
        known_silent=silent,
        first_s=min(waiting.seen.values(), default=None),
        last_s=max(waiting.seen.values(), default=None),
    )


@dataclass(frozen=True, slots=True)
class _Beginning:
    clock: datetime
    ticks: float

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.ticks


class _Waiting:
    """Which devices have given data, and which are still waited for."""

    def __init__(
        self,
        live: Sequence[DeviceSummary],
        began: _Beginning,
        newer_than: datetime | None,
        patience: float,
    ) -> None:
        self.live = {device.name: device for device in live}
        self.seen: dict[str, float] = {}
        self.given_up: set[str] = set()
        self._began = began
        self._newer_than = newer_than
        self._patience = patience
        self._waits_since = time.monotonic()

    @property
    def open(self) -> set[str]:
        """Devices without data."""
        return self.live.keys() - self.seen.keys()

    @property
    def over(self) -> bool:
        """Whether there is nobody left to wait for, or no time."""
        late = time.monotonic() - self._waits_since >= self._patience
        return late or not self.open - self.given_up

    def look(self, readings: Mapping[str, Reading]) -> None:
        """Takes note of who has data now, and of who died since it was probed."""
        now = datetime.now(UTC)
        for name in self.open:
            device, reading = self.live[name], readings.get(name, Reading())
            verdict = judge(device, reading, now)
            if verdict.state == OK and self._new(verdict.last_data):
                self.seen[name] = self._began.seconds
            elif self._is_dead(device, reading):
                self.given_up.add(name)

    def _new(self, at: datetime | None) -> bool:
        # Telegraf rounds the times of some inputs down to a second.
        newer_than = self._newer_than and self._newer_than.replace(microsecond=0)
        return newer_than is None or (at is not None and at >= newer_than)

    def _is_dead(self, device: DeviceSummary, reading: Reading) -> bool:
        """Two rounds of pings without one answer: no use waiting for the rest."""
        rounds = self._began.seconds > 2 * device.budget.interval + 15
        pinged = reading.ping_at is not None and self._new(reading.ping_at)
        answered = reading.ping_answered_at is not None and self._new(reading.ping_answered_at)
        return rounds and pinged and not answered


def _wait(
    bundle: Bundle,
    target: Target,
    waiting: _Waiting,
    observe: Observer,
    silent: Sequence[str],
) -> None:
    started = time.monotonic()
    total = len(waiting.live)
    observe(Step("data", _known(silent), done=0, total=total))
    while True:
        _refuse_fallen(target.components())
        # It may be busy right now; at the end the verdict on the components tells.
        with contextlib.suppress(BackendError):
            if access := target.access():
                waiting.look(read(bundle, access, figures=False))
        if waiting.over:
            break
        observe(Step("data", _known(silent), done=len(waiting.seen), total=total))
        time.sleep(_LOOK_SECONDS)
    done = len(waiting.seen)
    seconds = time.monotonic() - started
    observe(Step("data", _known(silent), done=done, total=total, seconds=seconds))


def _refuse_fallen(components: Sequence[Component]) -> None:
    """Raises TargetError where a component that was started does not run any more."""
    fallen = [one for one in components if one.state in _FALLEN]
    if fallen:
        told = "; ".join(f"{one.name} {one.state}: {one.reason}" for one in fallen)
        raise TargetError(
            f"the stack did not stay up: {told}",
            hint="mend what the reason names, then run the command again; nothing was lost",
        )


def _known(silent: Sequence[str]) -> str:
    if not silent:
        return ""
    shown = ", ".join(silent[:3]) + (" …" if len(silent) > 3 else "")
    return f"({len(silent)} known silent: {shown})"


def _nobody(_step: Step) -> None:
    """Where nothing changes there is nothing to tell."""
