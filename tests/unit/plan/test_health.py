"""Covers: the verdict on a device from its newest readings, and the form of `status -o json`.

Leaves out: the queries behind the readings (test_influxdb, test_local run them for real).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from collectors.telegraf.model import Budget
from tigctl.plan.health import DeviceHealth, TenantHealth, judge, patience
from tigctl.plan.readings import Reading, heartbeat
from tigctl.plan.verify import is_live
from tigctl.render.bundle import DeviceSummary
from tigctl.targets.interface import Component

NOW = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)
LATELY = NOW - timedelta(seconds=20)
LONG_AGO = NOW - timedelta(hours=2)


def device(
    *,
    snmp: bool = True,
    icmp: bool = True,
    interval: int = 60,
    silence: str = "",
    expects: tuple[str, ...] = ("ping", "system"),
) -> DeviceSummary:
    budget = Budget(interval=interval, requests=1, bytes=1, points=1, worst_s=1.0)
    return DeviceSummary(
        "sw1", "10.0.0.1", "", "", "", snmp, icmp, not silence, expects, budget, silence
    )


ANSWERED = {"ping_at": LATELY, "ping_answered_at": LATELY, "ping_ms": 0.5}
LOST = {"ping_at": LATELY}


@pytest.mark.parametrize(
    ("asked", "reading", "state", "reason"),
    [
        (device(), Reading(snmp_at=LATELY, **ANSWERED), "ok", ""),
        (device(), Reading(snmp_at=LATELY, **LOST), "ok", "no answer to ping"),
        (device(icmp=False), Reading(snmp_at=LATELY), "ok", ""),
        (device(), Reading(**LOST), "down", "no answer to ping or SNMP"),
        (
            device(),
            Reading(snmp_at=LONG_AGO, **LOST),
            "down",
            "no answer to ping or SNMP since 2026-11-20T12:02:00Z",
        ),
        (
            device(),
            Reading(snmp_at=LONG_AGO, **ANSWERED),
            "silent",
            "no data since 2026-11-20T12:02:00Z",
        ),
        # Telegraf itself has stopped: the device is not to blame.
        (
            device(),
            Reading(snmp_at=LONG_AGO, ping_at=LONG_AGO, ping_answered_at=LONG_AGO),
            "silent",
            "no data since 2026-11-20T12:02:00Z",
        ),
        (
            device(silence="no credential fits (tried: default)"),
            Reading(**ANSWERED),
            "no SNMP",
            "no credential fits (tried: default)",
        ),
        (device(), Reading(**ANSWERED), "no SNMP", "no answer to SNMP yet"),
        (device(), Reading(), "waiting", "no data yet"),
        (device(snmp=False, expects=("ping",)), Reading(**ANSWERED), "ok", ""),
        (device(snmp=False, expects=("ping",)), Reading(**LOST), "down", "no answer to ping"),
        (
            device(snmp=False, icmp=False, expects=("tcp",)),
            Reading(tcp_at=LATELY, tcp_answered_at=LONG_AGO),
            "down",
            "no answer to TCP since 2026-11-20T12:02:00Z",
        ),
        (
            device(snmp=False, icmp=False, expects=("tcp",)),
            Reading(tcp_at=LATELY, tcp_answered_at=LATELY),
            "ok",
            "",
        ),
        (device(snmp=False, icmp=False, expects=()), Reading(), "ok", "nothing is asked of it"),
    ],
)
def test_states(asked: DeviceSummary, reading: Reading, state: str, reason: str) -> None:
    verdict = judge(asked, reading, NOW)
    assert (verdict.state, verdict.reason) == (state, reason)


def test_lateness_is_judged_by_the_device_s_own_interval() -> None:
    reading = Reading(snmp_at=NOW - timedelta(minutes=8))
    assert judge(device(interval=60), reading, NOW).state == "silent"
    assert judge(device(interval=300), reading, NOW).state == "ok"
    assert patience(device(interval=60)) >= timedelta(seconds=120)


def test_an_old_ping_gives_no_time_now() -> None:
    old = Reading(ping_at=LATELY, ping_answered_at=LONG_AGO, ping_ms=0.5)
    assert judge(device(), old, NOW).ping_ms is None


def test_lost_is_not_the_same_as_never_pinged() -> None:
    assert judge(device(), Reading(ping_at=LATELY), NOW).ping_lost
    assert not judge(device(), Reading(), NOW).ping_lost
    assert not judge(device(), Reading(**ANSWERED), NOW).ping_lost


def test_snmp_says_yes_no_or_not_asked() -> None:
    assert judge(device(), Reading(snmp_at=LATELY), NOW).snmp is True
    assert judge(device(), Reading(snmp_at=LONG_AGO), NOW).snmp is False
    assert judge(device(snmp=False), Reading(**ANSWERED), NOW).snmp is None


def test_last_data_is_snmp_s_where_snmp_is_asked_else_ping_s() -> None:
    assert judge(device(), Reading(**ANSWERED), NOW).last_data is None
    assert judge(device(snmp=False), Reading(**ANSWERED), NOW).last_data == LATELY


def test_the_heartbeat_is_system_or_the_first_that_is_expected() -> None:
    assert heartbeat(device(expects=("ping", "interface", "system"))) == "system"
    assert heartbeat(device(expects=("ping", "tcp", "interface", "cpu"))) == "interface"


def test_only_devices_that_answered_are_expected_to_give_data() -> None:
    assert is_live(device())
    assert not is_live(device(silence="SNMP time-out"))
    assert is_live(device(snmp=False, silence="not asked: the inventory says snmp: no"))


def health(*states: str, component: str = "running") -> TenantHealth:
    devices = tuple(
        DeviceHealth("sw1", "10.0.0.1", "", None, None, NOW, state, "") for state in states
    )
    return TenantHealth("acme", "local", (Component("influxdb", component),), devices)


def test_healthy_means_all_of_it() -> None:
    assert health("ok", "ok").healthy
    assert not health("ok", "down").healthy
    assert not health("ok", component="failed").healthy
    assert not TenantHealth("acme", "local", (), ()).healthy


def test_json_has_the_form_of_the_contract() -> None:
    found = json.loads(json.dumps(health("ok").to_json()))
    assert list(found) == ["tenant", "target", "healthy", "components", "devices", "kept"]
    assert list(found["components"][0]) == ["name", "state", "reason"]
    contract = ["name", "address", "profile", "ping_ms", "snmp", "last_data", "state", "reason"]
    assert list(found["devices"][0])[: len(contract)] == contract
    assert found["devices"][0]["last_data"] == "2026-11-20T14:02:00Z"
