"""Covers what is said of devices that are new, changed, gone or at another address, and the
names of new ones. What a sweep finds is written down here; tests/integration has real ones."""

from __future__ import annotations

import pytest

from collectors.device import Device
from collectors.discovery.compare import Asked, Finding, Known, State, compare
from collectors.discovery.model import Seen
from collectors.discovery.targets import Targets, hosts

TARGETS = Targets([hosts("10.0.0.0/24")], 161, [("10.0.0.9", 1161)])
ENGINE, SERIAL = "80004fb8050000abcd", "FCW1929B68S"


def run(
    seen: list[Seen],
    devices: list[Device] | None = None,
    known: dict[str, Known] | None = None,
    *,
    credentials: tuple[str, ...] = ("default", "core"),
    pinged: bool = True,
) -> dict[str, Finding]:
    found = compare(seen, devices or [], known or {}, Asked(TARGETS, credentials, pinged))
    shown = {
        f"{one.state}:{one.seen.address if one.seen else one.device and one.device.address}": one
        for one in found
    }
    assert len(shown) == len(found)
    return shown


def agent(address: str, name: str = "", **more: str) -> Seen:
    return Seen(address, 161, "default", ping=True, sys_name=name, **more)  # type: ignore[arg-type]  # texts only


def test_a_new_device_is_named_by_itself_else_by_its_address() -> None:
    found = run(
        [
            agent("10.0.0.1", "sw1.example"),
            agent("10.0.0.2", "has a blank"),
            agent("10.0.0.3"),
            Seen("2001:db8::1", 161, ping=True),
            Seen("::1", 1161, "default"),
        ]
    )
    assert [one.name for one in found.values()] == [
        "sw1.example",
        "10.0.0.2",
        "10.0.0.3",
        "2001-db8--1",
        "0--1-1161",
    ]


def test_a_name_that_is_not_unique_is_nobody_s() -> None:
    found = run(
        [agent("10.0.0.1", "switch"), agent("10.0.0.2", "Switch"), agent("10.0.0.3", "CORE")],
        [Device("core", "10.0.0.4")],
    )
    assert [one.name for one in found.values()][:3] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]


def test_a_listed_device_is_listed() -> None:
    known = {"a": Known("default", "1.3.6.1.4.1.9.1.1", "a", ENGINE, SERIAL)}
    seen = agent(
        "10.0.0.1", "a", sys_object_id="1.3.6.1.4.1.9.1.1", engine_id=ENGINE, serial=SERIAL
    )
    found = run([seen], [Device("a", "10.0.0.1")], known)
    assert [(one.state, one.why) for one in found.values()] == [(State.LISTED, "")]


@pytest.mark.parametrize(
    ("seen", "device", "why"),
    [
        (agent("10.0.0.1", "a", serial="X1"), {}, f"serial number X1, was {SERIAL}"),
        (agent("10.0.0.1", "b"), {}, "sysName b, was a"),
        (agent("10.0.0.1", "a"), {"credentials": "core"}, "answers to default, listed with core"),
        (agent("10.0.0.1"), {"snmp": False}, "answers SNMP (default), but is listed with snmp: no"),
        (Seen("10.0.0.1", 161, ping=True), {}, "answers ping, SNMP no more"),
        (Seen("10.0.0.1", 161, trouble="unknown user"), {}, "unknown user"),
    ],
)
def test_a_change_is_told(seen: Seen, device: dict[str, object], why: str) -> None:
    known = {"a": Known("default", sys_name="a", serial=SERIAL)}
    listed = Device("a", "10.0.0.1", **device)  # type: ignore[arg-type]  # fields of a device
    assert run([seen], [listed], known)["changed:10.0.0.1"].why == why


def test_a_login_that_was_not_tried_is_no_change() -> None:
    known = {"a": Known("other", sys_name="a")}
    found = run([Seen("10.0.0.1", 161, ping=True)], [Device("a", "10.0.0.1")], known)
    assert list(found) == ["listed:10.0.0.1"]


@pytest.mark.parametrize("told", [{"engine_id": ENGINE}, {"serial": SERIAL}])
def test_a_device_at_another_address_has_moved(told: dict[str, str]) -> None:
    known = {"a": Known("default", sys_name="a", engine_id=ENGINE, serial=SERIAL)}
    found = run([agent("10.0.0.7", "a", **told)], [Device("a", "10.0.0.1")], known)
    assert list(found) == ["moved:10.0.0.7"]
    assert found["moved:10.0.0.7"].name == "a"
    assert found["moved:10.0.0.7"].why.endswith("silent at 10.0.0.1")


def test_another_address_of_a_device_that_still_answers_is_not_new() -> None:
    known = {"a": Known("default", sys_name="a", serial=SERIAL)}
    one, other = (agent(f"10.0.0.{n}", "a", serial=SERIAL) for n in (1, 7))
    assert list(run([one, other], [Device("a", "10.0.0.1")], known)) == [
        "listed:10.0.0.1",
        "same:10.0.0.7",
    ]
    # The same where it was not known before, and then its name is its own.
    found = run([one, other])
    assert list(found) == ["new:10.0.0.1", "same:10.0.0.7"]
    assert {finding.name for finding in found.values()} == {"a"}


def test_a_copied_engine_id_does_not_make_two_devices_one() -> None:
    found = run(
        [agent("10.0.0.1", "a", engine_id=ENGINE), agent("10.0.0.2", "b", engine_id=ENGINE)]
    )
    assert list(found) == ["new:10.0.0.1", "new:10.0.0.2"]


def test_gone_is_who_was_asked_in_every_way_and_said_nothing() -> None:
    devices = [
        Device("silent", "10.0.0.1"),
        Device("elsewhere", "10.1.0.1"),
        Device("other-port", "10.0.0.2", port=1162),
        Device("pinged", "10.0.0.3"),
        Device("ping-only", "10.0.0.4", snmp=False),
    ]
    seen = [Seen("10.0.0.3", 161, ping=True)]
    assert list(run(seen, devices)) == ["listed:10.0.0.3", "gone:10.0.0.1", "gone:10.0.0.4"]
    assert "gone:10.0.0.4" not in run(seen, devices, pinged=False)


def test_two_devices_behind_one_address_are_told_apart_by_port() -> None:
    devices = [Device("a", "10.0.0.9"), Device("b", "10.0.0.9", port=1161)]
    seen = [agent("10.0.0.9", "a"), Seen("10.0.0.9", 1161, "core", sys_name="b")]
    found = compare(seen, devices, {}, Asked(TARGETS, ("default",), True))
    assert [(one.state, one.name) for one in found] == [("listed", "a"), ("listed", "b")]
    # Of an address whose agent is on another port, ping alone makes no new device.
    seen = [Seen("10.0.0.9", 161, ping=True), Seen("10.0.0.9", 1161, "core", sys_name="b")]
    found = compare(seen, devices[1:], {}, Asked(TARGETS, ("default",), True))
    assert [(one.state, one.name) for one in found] == [("listed", "b")]
