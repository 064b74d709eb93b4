"""How a tenant's health is shown: cells, ages, the closing line. The verdicts themselves are
covered by tests/unit/plan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tigctl.cli import health as shown
from tigctl.plan.health import DeviceHealth, TenantHealth
from tigctl.targets.interface import Component

NOW = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)
WELL = DeviceHealth(
    "core-sw1",
    "10.20.0.1",
    "cisco-ios",
    0.12,
    True,
    NOW - timedelta(seconds=4),
    "ok",
    "",
    7.4,
    41.2,
    38.0,
    31,
    52,
)
DOWN = DeviceHealth("lab", "10.20.0.9", "", None, False, None, "down", "no answer", ping_lost=True)
UNPINGED = DeviceHealth("new", "10.20.0.7", "", None, True, None, "ok", "")
UNKNOWN = DeviceHealth("x", "10.20.0.8", "", None, None, None, "unknown", "InfluxDB is down")


def test_cells() -> None:
    assert shown.row(WELL, NOW) == (
        *("core-sw1", "cisco-ios", "0.1 ms", "7 %", "41 %", "38 °C", "31/52", "4 s", "ok"),
    )
    assert shown.row(DOWN, NOW)[2:] == ("lost", "–", "–", "–", "–", "–", "down: no answer")
    assert shown.row(UNKNOWN, NOW)[2] == "–"
    assert shown.row(UNPINGED, NOW)[2] == "–"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "0 s"),
        (4.4, "4 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (200_000, "2 d"),
    ],
)
def test_ages(seconds: float, said: str) -> None:
    assert shown.age(seconds) == said


def test_parts_and_verdict() -> None:
    parts = (
        Component("influxdb", "running"),
        Component("grafana", "running", url="https://acme.example/"),
        Component("telegraf-0", "failed", "bad token"),
    )
    health = TenantHealth("acme", "local", parts, (WELL, DOWN))
    assert shown.parts(health) == [
        "acme on local: influxdb running, grafana running, telegraf-0 failed",
        "  grafana: https://acme.example/",
        "  telegraf-0: bad token",
    ]
    assert shown.verdict(health) == "1 of 2 devices ok; acme is not healthy"
    nothing = TenantHealth("acme", "local", (), (WELL,))
    assert shown.parts(nothing) == ["acme on local: nothing is applied"]
    assert shown.verdict(nothing) == "next: tigctl apply acme"
