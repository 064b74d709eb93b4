"""A verdict on each device and component of a tenant, from its newest readings.

A device's states: `ok`; `down` (answers neither ping nor SNMP); `no SNMP` (answers ping, and
SNMP never did); `silent` (its data stopped); `waiting` (no data yet); `unknown` (InfluxDB
cannot be asked). The reason says more, in words for a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from tigctl.backends.kubernetes.errors import Forbidden
from tigctl.errors import BackendError
from tigctl.plan.readings import Reading, heartbeat, read
from tigctl.render.bundle import Bundle, DeviceSummary
from tigctl.targets.interface import Component, Target
from tigctl.targets.keeping import Kept
from tigctl.targets.model import Json

OK, DOWN, NO_SNMP, SILENT = "ok", "down", "no SNMP", "silent"
WAITING, UNKNOWN = "waiting", "unknown"


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """One device. Times are aware and in UTC; None where nothing is known.

    `ping_lost`: it was pinged and did not answer, which is more than an unknown `ping_ms`.
    `snmp`: whether it answers SNMP; None where it is not asked. `last_data`: newest answer to
    SNMP, or to ping (TCP) for a device that is not asked by SNMP.
    """

    name: str
    address: str
    profile: str
    ping_ms: float | None
    snmp: bool | None
    last_data: datetime | None
    state: str
    reason: str
    cpu_percent: float | None = None
    memory_percent: float | None = None
    temperature_celsius: float | None = None
    ports_up: int | None = None
    ports: int | None = None
    ping_lost: bool = False

    def to_json(self) -> dict[str, Json]:
        """The form of `status -o json`; further keys than the contract's are at the end."""
        return {
            key: _timestamp(value) if isinstance(value, datetime) else value
            for key, value in asdict(self).items()
        }


@dataclass(frozen=True, slots=True)
class TenantHealth:
    """A tenant's components and devices, and whether all is well.

    `kept` is what somebody changed by hand and means to keep.
    """

    tenant: str
    target: str
    components: tuple[Component, ...]
    devices: tuple[DeviceHealth, ...]
    kept: tuple[Kept, ...] = ()

    @property
    def healthy(self) -> bool:
        """Every component runs, and there are some; every device is ok."""
        return (
            bool(self.components)
            and all(component.state == "running" for component in self.components)
            and all(device.state == OK for device in self.devices)
        )

    def to_json(self) -> dict[str, Json]:
        """The form of `status -o json`."""
        components: list[Json] = [
            {"name": one.name, "state": one.state, "reason": one.reason} for one in self.components
        ]
        devices: list[Json] = [device.to_json() for device in self.devices]
        kept: list[Json] = [
            {"kind": one.kind, "name": one.name, "since": one.since} for one in self.kept
        ]
        return {
            "tenant": self.tenant,
            "target": self.target,
            "healthy": self.healthy,
            "components": components,
            "devices": devices,
            "kept": kept,
        }


def health(bundle: Bundle, target: Target) -> TenantHealth:
    """Asks the target and its InfluxDB. Never raises for a stack that is down: it says so.

    Raises Forbidden where somebody may not look.
    """
    components = target.components()
    trouble = "InfluxDB does not run" if components else "nothing is applied"
    readings: Mapping[str, Reading] | None = None
    try:
        if access := target.access():
            readings = read(bundle, access)
    except Forbidden:
        raise
    except BackendError as error:
        trouble = error.message
    now = datetime.now(UTC)
    devices = tuple(
        _without_readings(device, trouble)
        if readings is None
        else judge(device, readings.get(device.name, Reading()), now)
        for device in bundle.devices
    )
    kept = target.kept() if components else ()
    return TenantHealth(bundle.tenant, target.name, components, devices, kept)


def patience(device: DeviceSummary) -> timedelta:
    """How old a device's newest data may be: two of its intervals missed, and some time to send."""
    return timedelta(seconds=2.5 * device.budget.interval + 30)


def judge(device: DeviceSummary, reading: Reading, now: datetime) -> DeviceHealth:
    """The verdict on one device. Pure."""
    oldest = now - patience(device)
    pings = _fresh(reading.ping_answered_at, oldest)
    asked_by_snmp = device.snmp and bool(heartbeat(device))
    if asked_by_snmp:
        state, reason = _by_snmp(device, reading, oldest)
        last = reading.snmp_at
    else:
        state, reason = _by_checks(device, reading, oldest)
        last = max(filter(None, (reading.ping_answered_at, reading.tcp_answered_at)), default=None)
    return DeviceHealth(
        name=device.name,
        address=device.address,
        profile=device.profile,
        ping_ms=reading.ping_ms if pings else None,
        snmp=_fresh(reading.snmp_at, oldest) if asked_by_snmp else None,
        last_data=last,
        state=state,
        reason=reason,
        cpu_percent=reading.cpu_percent,
        memory_percent=reading.memory_percent,
        temperature_celsius=reading.temperature_celsius,
        ports_up=reading.ports_up,
        ports=reading.ports,
        ping_lost=_fresh(reading.ping_at, oldest) and not pings,
    )


def _by_snmp(device: DeviceSummary, reading: Reading, oldest: datetime) -> tuple[str, str]:
    pinged = _fresh(reading.ping_at, oldest)
    answers_ping = _fresh(reading.ping_answered_at, oldest)
    if _fresh(reading.snmp_at, oldest):
        return OK, "no answer to ping" if pinged and not answers_ping else ""
    if device.icmp and pinged and not answers_ping:
        since = _since(reading.snmp_at)
        return DOWN, f"no answer to ping or SNMP{since}"
    if reading.snmp_at:
        return SILENT, f"no data{_since(reading.snmp_at)}"
    if device.silence:
        return NO_SNMP, device.silence
    if answers_ping:
        return NO_SNMP, "no answer to SNMP yet"
    return WAITING, "no data yet"


def _by_checks(device: DeviceSummary, reading: Reading, oldest: datetime) -> tuple[str, str]:
    """For a device that is not asked by SNMP: ping, TCP or both tell."""
    if _fresh(reading.ping_answered_at, oldest) or _fresh(reading.tcp_answered_at, oldest):
        return OK, ""
    last = max(filter(None, (reading.ping_answered_at, reading.tcp_answered_at)), default=None)
    asked = " or ".join(
        name
        for name, at in (("ping", reading.ping_at), ("TCP", reading.tcp_at))
        if _fresh(at, oldest)
    )
    if asked:
        return DOWN, f"no answer to {asked}{_since(last)}"
    if last:
        return SILENT, f"no data{_since(last)}"
    if not device.icmp and "tcp" not in device.expects:
        return OK, "nothing is asked of it"
    return WAITING, "no data yet"


def _without_readings(device: DeviceSummary, trouble: str) -> DeviceHealth:
    return DeviceHealth(
        device.name, device.address, device.profile, None, None, None, UNKNOWN, trouble
    )


def _fresh(at: datetime | None, oldest: datetime) -> bool:
    return at is not None and at >= oldest


def _since(at: datetime | None) -> str:
    return f" since {_timestamp(at)}" if at else ""


def _timestamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
