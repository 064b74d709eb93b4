"""From a tenant, its lock and the profiles to a bundle: who is polled how, and what is said.

Which files come of it is in tests/golden/test_render.py.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from collectors.device import Device
from collectors.facts import Facts, Found, Neighbour, Reason, Silence
from collectors.knowledge.load import load_library
from collectors.knowledge.model import Library
from collectors.login import Community, Login, Secret
from tigctl.render.alerts import settings as alerts
from tigctl.render.bundle import Bundle
from tigctl.render.tenant import render
from tigctl.spec.model import TargetSettings, TenantSettings
from tigctl.spec.workspace import Tenant

ANSWERS = {
    **dict.fromkeys(("1.3.6.1.2.1.1.3", "1.3.6.1.2.1.1.5"), 1),
    **dict.fromkeys(("1.3.6.1.2.1.2.2.1.7", "1.3.6.1.2.1.2.2.1.8"), 4),
    **dict.fromkeys(("1.3.6.1.2.1.31.1.1.1.1", "1.3.6.1.2.1.31.1.1.1.6"), 4),
}
FACTS = Facts("second", "1.3.6.1.4.1.99999.1", "nobody's", "sw1", answers=ANSWERS)
LOGINS: dict[str, Login] = {
    name: Community(name, "2c", Secret(name.upper())) for name in ("first", "second")
}


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


def tenant(*devices: Device, **settings: object) -> Tenant:
    return Tenant(
        name="acme",
        directory=Path("tenants/acme"),
        settings=TenantSettings.model_validate(settings),
        target=TargetSettings.model_validate({"type": "local"}),
        devices=devices,
        logins=LOGINS,
    )


def device(name: str = "sw1", **changes: object) -> Device:
    return Device(**{"name": name, "address": "192.0.2.1", **changes})  # type: ignore[arg-type]  # its own fields


def found(facts: Facts | None = FACTS, silence: Silence | None = None, port: int = 161) -> Found:
    return Found("192.0.2.1", port, facts, silence)


def made(library: Library, lock: dict[str, Found], *devices: Device, **settings: object) -> Bundle:
    return render(tenant(*devices, **settings), lock, library, ping_method="native")


def snmp(bundle: Bundle) -> dict[str, dict[str, object]]:
    read = tomllib.loads(bundle.telegraf[0].config)
    return {one["alias"]: one for one in read["inputs"].get("snmp", [])}


def test_a_probed_device_is_polled_as_it_answered(library: Library) -> None:
    bundle = made(library, {"sw1": found()}, device())

    (summary,) = bundle.devices
    assert summary.probed
    assert set(summary.expects) == {"ping", "system", "interface"}
    assert snmp(bundle)["sw1"]["community"] == "${SECOND}"  # the login it answered to
    assert bundle.notes == ()


def test_what_is_given_on_a_condition_is_polled_and_not_missed(library: Library) -> None:
    """A sensor that is not plugged in has a row, and gives nothing."""
    sensors = {f"1.3.6.1.2.1.99.1.1.1.{column}": 2 for column in range(1, 9)}
    facts = replace(FACTS, answers={**ANSWERS, **sensors})

    bundle = made(library, {"sw1": found(facts)}, device())

    assert "1.3.6.1.2.1.99.1.1.1.4" in str(snmp(bundle)["sw1"])
    assert set(bundle.devices[0].expects) == {"ping", "system", "interface"}
    assert bundle.devices[0].may == ("temperature", "sensor")


def test_a_device_nobody_probed_gets_little_and_a_note(library: Library) -> None:
    bundle = made(library, {}, device())

    assert not bundle.devices[0].probed
    assert bundle.devices[0].expects == ("ping", "system", "interface")
    assert snmp(bundle)["sw1"]["community"] == "${FIRST}"
    (note,) = bundle.notes
    assert note.startswith("sw1: never probed, so only ping, system and interfaces are polled")
    assert note.endswith("next: tigctl probe acme")


def test_an_entry_for_another_port_is_stale(library: Library) -> None:
    bundle = made(library, {"sw1": found(port=1161)}, device())

    assert not bundle.devices[0].probed
    assert "another address or port" in bundle.notes[0]


def test_a_silent_device_is_polled_all_the_same(library: Library) -> None:
    silence = Silence(Reason.DEAD, "no answer to ping or SNMP")
    bundle = made(library, {"sw1": found(None, silence)}, device())

    assert bundle.devices[0].silence == "no answer to ping or SNMP"
    assert "silent when probed" in bundle.notes[0]
    assert {"sw1", "sw1:slow"} == snmp(bundle).keys()


def test_a_device_that_went_silent_keeps_what_is_known(library: Library) -> None:
    silence = Silence(Reason.NO_ANSWER, "time-out")
    bundle = made(library, {"sw1": found(FACTS, silence)}, device())

    assert (bundle.devices[0].probed, bundle.devices[0].silence) == (True, "time-out")
    assert bundle.notes == ()


def test_a_slow_device_is_told_of(library: Library) -> None:
    slow = Facts("first", "1.3", "", "", answers=ANSWERS, answer_ms=10_000)
    bundle = made(library, {"sw1": found(slow)}, device())

    assert bundle.devices[0].budget.interval > 60
    assert "10000 ms" in bundle.notes[0]
    assert f"every {bundle.devices[0].budget.interval} s instead of 60 s" in bundle.notes[0]


def test_notes_name_a_few_devices_and_count_the_rest(library: Library) -> None:
    devices = [device(f"sw{number}", address=f"192.0.2.{number}") for number in range(25)]

    (note,) = made(library, {}, *devices).notes

    assert "sw9 and 15 more" in note


def test_without_snmp_only_checks_are_made(library: Library) -> None:
    bundle = made(library, {"sw1": found()}, device(snmp=False, tcp=(80,)))

    assert bundle.devices[0].expects == ("ping", "tcp")
    assert bundle.devices[0].budget.requests == 0
    assert not snmp(bundle)
    assert bundle.notes == ()


def test_what_influxdb_has_to_hold(library: Library) -> None:
    bundle = made(library, {}, retention={"raw": "7d"})

    state = bundle.influxdb
    assert [(one.name, one.retention) for one in state.buckets] == [
        ("raw", 7 * 86_400),
        ("5m", 180 * 86_400),
        ("1h", 2 * 365 * 86_400),
    ]
    telegraf, reader = state.tokens
    assert (telegraf.description, telegraf.read, telegraf.write) == (
        "tigctl acme telegraf",
        (),
        ("raw",),
    )
    assert (reader.description, reader.read, reader.write) == (
        "tigctl acme reader",
        ("raw", "5m", "1h"),
        (),
    )
    assert bundle.telegraf == ()


def test_settings_reach_telegraf(library: Library) -> None:
    bundle = made(
        library,
        {"sw1": found()},
        device(),
        polling={"interval": "30s", "slow_interval": "1h", "jitter": "5s"},
        ping={"count": 2},
    )

    read = tomllib.loads(bundle.telegraf[0].config)
    assert [one["interval"] for one in read["inputs"]["snmp"]] == ["30s", "3600s"]
    assert read["inputs"]["ping"][0]["count"] == 2
    assert read["inputs"]["ping"][0]["method"] == "native"
    assert read["outputs"]["influxdb_v2"][0]["organization"] == "acme"


def test_alerts_take_parents_from_neighbours_where_the_inventory_has_none(library: Library) -> None:
    beside = (Neighbour("lldp", "Gi1", "edge", "Gi9"), Neighbour("cdp", "Gi2", "odd", "Gi8"))
    lock = {"core": found(replace(FACTS, neighbours=beside))}
    devices = device("core"), device("edge"), device("odd", parent="other"), device("other")
    bundle = made(library, lock, *devices)
    hung = {one.name: (one.parent, one.link) for one in bundle.devices if one.parent}
    assert hung == {"edge": ("core", "Gi9 to Gi1, lldp"), "odd": ("other", "")}
    seen = alerts.context(tenant(*devices), bundle.devices)
    assert {one.name: one.parent for one in seen.devices}["edge"] == "core"
