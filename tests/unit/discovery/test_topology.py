"""Covers links and parents from what devices tell of their neighbours, and what is read of
LLDP and CDP tables. What is told is written down here."""

from __future__ import annotations

import asyncio

from hypothesis import assume, given
from hypothesis import strategies as st

from collectors.device import Device
from collectors.discovery.topology import parents
from collectors.facts import Facts, Neighbour
from collectors.login import Community, Secret
from collectors.probe.device import probe_device
from collectors.probe.model import Options
from collectors.snmp.credentials import prepare
from tests.simulator import ber
from tests.unit.probe.asking import Wanted
from tests.unit.probe.fakes import COMMUNITY, SYSTEM, serving, well_behaved
from tigctl.spec.check import circles


def facts(name: str, **neighbours: str) -> Facts:
    beside = (Neighbour("lldp", port, far, "uplink") for port, far in neighbours.items())
    return Facts("default", "1.3", "", name, neighbours=tuple(beside))


def sure(devices: list[Device], told: list[Facts]) -> dict[str, str]:
    by_name = {device.name: one for device, one in zip(devices, told, strict=False)}
    return {one.device: one.parent for one in parents(devices, by_name) if one.sure}


def suggested(devices: list[Device], told: list[Facts]) -> dict[str, str]:
    by_name = {device.name: one for device, one in zip(devices, told, strict=False)}
    return {one.device: one.parent for one in parents(devices, by_name)}


def device(name: str, parent: str = "") -> Device:
    return Device(name, f"10.0.0.{len(name)}", parent=parent)


def test_everything_hangs_on_the_one_with_most_neighbours() -> None:
    devices = [device(name) for name in ("core", "dist", "access", "edge")]
    told = [
        facts("core.acme.example", p1="dist", p2="EDGE", p3="somebody-else"),
        facts("dist", u1="core", d1="access.acme.example"),
    ]
    assert suggested(devices, told) == {"dist": "core", "access": "dist", "edge": "core"}


def test_what_the_inventory_says_is_kept_and_leads() -> None:
    devices = [device("a", "b"), device("b"), device("c"), device("dd")]
    told = [facts("a", p1="b", p2="c", p3="dd"), facts("b", p1="a")]
    assert suggested(devices, told) == {"c": "a", "dd": "a"}


def test_a_ring_ends() -> None:
    devices = [device(name) for name in ("a", "bb", "ccc")]
    told = [facts("a", l="bb", r="ccc"), facts("bb", l="ccc", r="a"), facts("ccc", l="a", r="bb")]
    assert suggested(devices, told) == {"bb": "a", "ccc": "a"}


def test_a_name_of_two_devices_is_nobody_s() -> None:
    devices = [device("a"), device("x1"), device("x22")]
    told = [facts("a", l="switch"), facts("switch"), facts("switch")]
    assert suggested(devices, told) == {}


def test_whom_two_lead_to_hangs_on_nobody_for_sure() -> None:
    devices = [device(name) for name in ("core", "d1", "d22", "acc333", "edge4444")]
    told = [
        facts("core", a="d1", b="d22", c="x", d="edge4444"),
        facts("d1", u="core", d="acc333"),
        facts("d22", u="core", d="acc333"),
    ]
    assert suggested(devices, told)["acc333"] == "d1"
    assert sure(devices, told) == {"d1": "core", "d22": "core", "edge4444": "core"}


def test_nothing_is_sure_where_two_could_be_the_root() -> None:
    devices = [device("a"), device("bb"), device("ccc"), device("dddd")]
    told = [facts("a", l="bb"), facts("bb", l="a"), facts("ccc", l="dddd")]
    assert suggested(devices, told) == {"bb": "a", "dddd": "ccc"}
    assert sure(devices, told) == {}
    listed = [device("a"), device("bb", "a"), device("ccc"), device("dddd")]
    assert sure(listed, [*told[:2], facts("ccc", l="a", r="dddd")]) == {"ccc": "a", "dddd": "ccc"}


NAMES = [f"n{'x' * number}" for number in range(8)]


@given(
    edges=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=20),
    listed=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(NAMES)),
)
def test_inventory_and_what_is_sure_never_make_a_circle(
    edges: list[tuple[str, str]], listed: dict[str, str]
) -> None:
    assume(not circles(listed))
    devices = [device(name, listed.get(name, "")) for name in NAMES]
    told = [
        facts(name, **{f"p{at}": far for at, (near, far) in enumerate(edges) if near == name})
        for name in NAMES
    ]
    found = sure(devices, told)
    assert not found.keys() & listed.keys()
    assert circles({**found, **listed}) == []


LLDP, LOCAL = "1.0.8802.1.1.2.1.4.1.1", "1.0.8802.1.1.2.1.3.7.1"
CDP, NAME = "1.3.6.1.4.1.9.9.23.1.2.1.1", "1.3.6.1.2.1.31.1.1.1.1"
MAC = bytes.fromhex("00115af00102")


def lldp(row: str, chassis: bytes, kind: int, port: bytes, name: str) -> list[tuple[str, bytes]]:
    return [
        (f"{LLDP}.5.{row}", ber.tlv(ber.OCTETS, chassis)),
        (f"{LLDP}.6.{row}", ber.integer(kind)),
        (f"{LLDP}.7.{row}", ber.tlv(ber.OCTETS, port)),
        (f"{LLDP}.8.{row}", ber.text("to the roof")),
        (f"{LLDP}.9.{row}", ber.text(name)),
    ]


def test_both_tables_are_read() -> None:
    objects = [
        *SYSTEM,
        *lldp("0.7.1", MAC, 5, b"Te1/1", "core"),
        *lldp("12345.8.1", MAC, 3, MAC, ""),
        *lldp("0.9.2", MAC, 7, b"\xff\xfe", "odd\x1b[31m"),
        (f"{LOCAL}.2.7", ber.integer(5)),
        (f"{LOCAL}.3.7", ber.text("Gi1/0/7")),
        (f"{NAME}.8", ber.text("Gi1/0/8")),
        (f"{CDP}.6.8.1", ber.text("phone(SEP0011)")),
        (f"{CDP}.7.8.1", ber.text("Port 1")),
    ]
    keys = prepare(Community("default", "2c", Secret("C")), {"C": COMMUNITY})
    objects.sort(key=lambda one: tuple(map(int, one[0].split("."))))
    with serving(well_behaved(objects)) as port:
        listed = Device("a", "127.0.0.1", port)
        options = Options(timeout=1.0, retries=1)
        found = asyncio.run(probe_device(listed, [keys], lambda *_: Wanted(), options))
    assert found.facts
    assert found.facts.neighbours == (
        Neighbour("lldp", "9", "odd [31m", "ÿþ"),
        Neighbour("lldp", "Gi1/0/7", "core", "Te1/1"),
        Neighbour("cdp", "Gi1/0/8", "phone", "Port 1"),
        Neighbour("lldp", "Gi1/0/8", "00:11:5a:f0:01:02", "to the roof"),
    )
    assert not any(oid.startswith((LLDP, CDP)) for oid in found.facts.answers)
