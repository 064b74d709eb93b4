"""How `status` and `apply` show a tenant's health: a line on its parts, a table of devices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tigctl.cli.output import listed
from tigctl.cli.tables import Column, table
from tigctl.plan.health import OK, WAITING, DeviceHealth, TenantHealth
from tigctl.targets import keeping

if TYPE_CHECKING:
    from rich.table import Table

_NONE = "–"
_STYLES = {OK: "green", WAITING: "yellow"}
_COLUMNS = (
    Column("DEVICE", fold=True, most=28),
    Column("PROFILE", fold=True, most=20),
    Column("PING", right=True),
    Column("CPU", right=True),
    Column("MEM", right=True),
    Column("TEMP", right=True),
    Column("PORTS UP", right=True),
    Column("LAST DATA", right=True),
    Column("STATE", fold=True, least=16),
)


def parts(health: TenantHealth) -> list[str]:
    """`acme on local: influxdb running …`, and why one does not run, or where people find it."""
    said = ", ".join(f"{one.name} {one.state}" for one in health.components)
    lines = [f"{health.tenant} on {health.target}: {said or 'nothing is applied'}"]
    more = [(one.name, one.reason or one.url) for one in health.components]
    lines += [f"  {name}: {text}" for name, text in more if text]
    if health.kept:
        names = listed([keeping.said(one.key) for one in health.kept])
        lines.append(f"  kept as made by hand: {names} (how: tigctl plan {health.tenant})")
    return lines


def verdict(health: TenantHealth) -> str:
    """The closing line: how many of how many are well."""
    if not health.components:
        return f"next: tigctl apply {health.tenant}"
    well = sum(device.state == OK for device in health.devices)
    word = "healthy" if health.healthy else "not healthy"
    return f"{well} of {len(health.devices)} devices ok; {health.tenant} is {word}"


def devices(shown: Sequence[DeviceHealth], now: datetime | None = None) -> Table:
    """The table of devices; those that are not ok stand out in colour."""
    at = now or datetime.now(UTC)
    return table(
        _COLUMNS,
        [row(device, at) for device in shown],
        [_STYLES.get(device.state, "red") for device in shown],
    )


def row(device: DeviceHealth, now: datetime) -> tuple[str, ...]:
    """One device's cells."""
    unanswered = "lost" if device.ping_lost else _NONE
    ports = _NONE if device.ports is None else f"{device.ports_up or 0}/{device.ports}"
    return (
        device.name,
        device.profile or _NONE,
        unanswered if device.ping_ms is None else f"{device.ping_ms:.1f} ms",
        _figure(device.cpu_percent, "%"),
        _figure(device.memory_percent, "%"),
        _figure(device.temperature_celsius, "°C"),
        ports,
        _NONE if device.last_data is None else age((now - device.last_data).total_seconds()),
        f"{device.state}: {device.reason}" if device.reason else device.state,
    )


def _figure(value: float | None, unit: str) -> str:
    return _NONE if value is None else f"{value:.0f} {unit}"


def age(seconds: float) -> str:
    """How long ago: `4 s`, `3 min`, `2 h`, `5 d`."""
    whole = max(0, round(seconds))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if whole >= 2 * size:
            return f"{whole // size} {unit}"
    return f"{whole} s"
