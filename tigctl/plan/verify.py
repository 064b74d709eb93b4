"""Whether every live device's data is in its bucket, each measurement it should give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tigctl.backends.influxdb import Influx
from tigctl.errors import TargetError
from tigctl.plan.board_answers import Answer, ask
from tigctl.plan.health import patience
from tigctl.plan.readings import arrivals
from tigctl.render.bundle import Board, Bundle, DeviceSummary
from tigctl.targets.interface import Target
from tigctl.targets.model import Json


@dataclass(frozen=True, slots=True)
class Missing:
    """A measurement of a live device that is not there, or not any more."""

    device: str
    measurement: str
    last: datetime | None

    @property
    def reason(self) -> str:
        """Why it counts as missing, in words."""
        return f"no data since {self.last:%Y-%m-%dT%H:%M:%SZ}" if self.last else "no data at all"


@dataclass(frozen=True, slots=True)
class Verification:
    """What was looked for and what was missing; `silent` devices were not expected to answer.

    `conditional` is what is not there either and is not counted, because its profile gives it
    under a condition only: a sensor that is not plugged in gives nothing.
    """

    tenant: str
    target: str
    devices: int
    checked: int
    missing: tuple[Missing, ...]
    silent: tuple[str, ...]
    panels: tuple[Answer, ...] = ()
    conditional: tuple[Missing, ...] = ()

    @property
    def unanswered(self) -> tuple[Answer, ...]:
        """Panels of boards without an answer."""
        return tuple(one for one in self.panels if one.wrong)

    @property
    def complete(self) -> bool:
        """Nothing is missing, and every panel is answered."""
        return not self.missing and not self.unanswered

    def to_json(self) -> dict[str, Json]:
        """The form of `verify -o json`."""
        return {
            "tenant": self.tenant,
            "target": self.target,
            "complete": self.complete,
            "devices": self.devices,
            "checked": self.checked,
            "missing": _as_json(self.missing),
            "conditional": _as_json(self.conditional),
            "silent": list(self.silent),
            "panels": len(self.panels),
            "unanswered": [
                {"board": one.board, "panel": one.panel, "reason": one.wrong}
                for one in self.unanswered
            ],
        }


def _as_json(missing: Sequence[Missing]) -> list[Json]:
    return [
        {"device": one.device, "measurement": one.measurement, "reason": one.reason}
        for one in missing
    ]


def is_live(device: DeviceSummary) -> bool:
    """Whether data may be expected: it answered when it was probed last, or is only pinged."""
    return not device.snmp or (device.probed and not device.silence)


def verify(bundle: Bundle, target: Target, boards: Sequence[Board] = ()) -> Verification:
    """Looks for the newest point of each device and measurement, and asks all panels of boards.

    Raises TargetError where there is no InfluxDB to ask, BackendError where it does not answer.
    """
    access = target.access()
    if access is None:
        raise TargetError(
            f"{bundle.tenant}: InfluxDB does not run, so nothing can be verified",
            hint=f"tigctl apply {bundle.tenant}",
        )
    live = [device for device in bundle.devices if is_live(device)]
    wanted = [(device, name) for device in live for name in device.expects]
    may = [(device, name) for device in live for name in device.may]
    asked = {name for _, name in (*wanted, *may)}
    found = arrivals(bundle, access, asked) if asked else {}
    missing, conditional = _missing(wanted, found), _missing(may, found)
    silent = tuple(device.name for device in bundle.devices if not is_live(device))
    panels: tuple[Answer, ...] = ()
    if boards:
        with Influx(access.url, access.organization, access.token) as influx:
            panels = tuple(ask(boards, influx, bundle))
    return Verification(
        tenant=bundle.tenant,
        target=target.name,
        devices=len(live),
        checked=len(wanted),
        missing=missing,
        silent=silent,
        panels=panels,
        conditional=conditional,
    )


def _missing(
    wanted: Iterable[tuple[DeviceSummary, str]], found: Mapping[tuple[str, str], datetime]
) -> tuple[Missing, ...]:
    now = datetime.now(UTC)
    return tuple(
        Missing(device.name, name, last)
        for device, name in wanted
        if (last := found.get((device.name, name))) is None or last < now - patience(device)
    )
