"""Covers the ways from the collector to the devices: exactly the inventory's addresses and ports
are open, for any inventory; networks and nodes; Cilium's limits.
"""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from collectors.device import Device
from tests.unit.kubernetes.isolated import (
    egress,
    mappings,
    shown,
    stack,
)
from tigctl.render.kubernetes.destinations import MOST_ADDRESSES, MOST_PORTS, MOST_WEIGHT
from tigctl.render.kubernetes.judgement import judge
from tigctl.render.kubernetes.policies import policies
from tigctl.render.kubernetes.text import dump


def test_a_port_is_opened_to_the_devices_that_have_it_and_no_others() -> None:
    devices = [
        Device("a", "10.20.0.1"),
        Device("b", "10.20.0.2", port=1161),
        Device("c", "10.20.0.3", tcp=(443,)),
    ]
    found = egress(stack("acme", devices, {"networks": ["10.20.0.0/22"]}), "telegraf").addresses()
    assert {port: list(map(str, shown(ranges))) for port, ranges in found.items()} == {
        ("UDP", 161): ["10.20.0.0/22"],
        ("ICMP", 8): ["10.20.0.0/22"],
        ("UDP", 1161): ["10.20.0.2/32"],
        ("TCP", 443): ["10.20.0.3/32"],
    }


def test_only_networks_that_hold_a_device_are_opened_and_of_nested_ones_the_smallest() -> None:
    networks = ["10.20.0.0/16", "10.20.4.0/24", "10.99.0.0/16"]
    found = egress(stack("acme", [Device("a", "10.20.4.1")], {"networks": networks}), "telegraf")
    assert shown(found.addresses()["UDP", 161]) == [ipaddress.ip_network("10.20.4.0/24")]


def test_a_node_is_polled_as_an_entity_and_opens_no_address() -> None:
    settings = {"isolation": {"telegraf": {"nodes": ["10.1.0.0/24"]}}}
    devices = [Device("node-1", "10.1.0.11", port=1161, tcp=(6443,))]
    found = egress(stack("acme", devices, settings), "telegraf")
    assert found.addresses() == {}
    assert found.with_entity("host") == found.with_entity("remote-node")
    assert found.with_entity("host") == {("UDP", 1161), ("TCP", 6443), ("ICMP", 8)}
    assert not found.with_entity("kube-apiserver")


def test_limits_of_cilium_and_etcd_are_kept_for_large_inventories() -> None:
    # Every other address, so that nothing collapses, and one device with very many ports.
    devices = [
        Device(f"d{n}", str(ipaddress.ip_address("10.0.0.0") + 2 * n), tcp=(443,))
        for n in range(5_000)
    ]
    devices += [Device(f"nat{n}", "192.0.2.1", port=2_000 + n) for n in range(100)]
    acme = stack("acme", devices)
    documents = policies(acme)
    names = [one["metadata"]["name"] for one in documents]
    parts = [name for name in names if name.startswith("telegraf-to-devices")]
    assert parts[:2] == ["telegraf-to-devices", "telegraf-to-devices-2"]
    assert len(set(names)) == len(names)
    for document in documents:
        assert len(dump([document])) < 500_000
        for part in mappings(document):
            assert len(part.get("toCIDRSet", ())) <= MOST_ADDRESSES
            assert len(part.get("ports", ())) <= 40  # the CRD's maxItems
    assert MOST_WEIGHT > MOST_ADDRESSES + MOST_PORTS
    assert not judge(acme, documents).faults
    assert (
        sum(ranges.joined != [] for ranges in egress(acme, "telegraf").addresses().values()) == 103
    )


ADDRESSES = st.one_of(
    # Few, so that devices share addresses and neighbour each other; and any.
    st.integers(0, 40).map(lambda n: str(ipaddress.ip_address("10.20.0.250") + n)),
    st.integers(0, 9).map(lambda n: str(ipaddress.ip_address("2001:db8::fffe") + n)),
    st.ip_addresses().map(str),
)


NETWORKS = st.lists(
    st.sampled_from(
        ["10.20.0.0/16", "10.20.0.0/24", "10.20.1.0/25", "10.20.1.0/28", "2001:db8::/64"]
    ),
    unique=True,
)


@st.composite
def inventories(draw: st.DrawFn) -> list[Device]:
    addresses = draw(st.lists(ADDRESSES, max_size=12))
    ports = st.sampled_from([161, 1161, 1162, 443, 80, 22])
    return [
        Device(
            f"d{number}",
            address,
            port=draw(ports),
            snmp=draw(st.booleans()),
            icmp=draw(st.booleans()),
            tcp=tuple(draw(st.lists(ports, max_size=3, unique=True))),
        )
        for number, address in enumerate(addresses)
    ]


@given(inventories())
def test_exactly_the_addresses_and_ports_of_the_inventory_are_open(devices: list[Device]) -> None:
    wanted = set()
    for device in devices:
        kind = ("ICMP", 8) if ":" not in device.address else ("ICMPv6", 128)
        wanted |= {(device.address, kind)} if device.icmp else set()
        wanted |= {(device.address, ("UDP", device.port))} if device.snmp else set()
        wanted |= {(device.address, ("TCP", port)) for port in device.tcp}
    found = egress(stack("acme", devices), "telegraf").addresses()
    opened = {
        (str(address), port)
        for port, ranges in found.items()
        for network in shown(ranges)
        for address in network
    }
    assert opened == wanted


@given(inventories(), NETWORKS)
def test_networks_widen_snmp_and_ping_and_nothing_else(
    devices: list[Device], networks: list[str]
) -> None:
    acme = stack("acme", devices, {"networks": networks})
    found = egress(acme, "telegraf").addresses()
    exact = egress(stack("acme", devices), "telegraf").addresses()
    assert found.keys() == exact.keys()
    for port, ranges in found.items():
        if port in {("UDP", 161), ("ICMP", 8), ("ICMPv6", 128)}:
            for network in shown(exact[port]):
                assert network.network_address in ranges
            given_ones = [ipaddress.ip_network(one) for one in networks]
            for network in shown(ranges):
                inside = [one for one in given_ones if one.version == network.version]
                assert network in shown(exact[port]) or any(network.overlaps(one) for one in inside)
        else:
            assert ranges.joined == exact[port].joined
    assert judge(acme, policies(acme)).faults == ()


@given(inventories(), NETWORKS)
def test_documents_avoid_what_cilium_refuses_or_takes_for_something_else(
    devices: list[Device], networks: list[str]
) -> None:
    for document in policies(stack("acme", devices, {"networks": networks})):
        for part in mappings(document):
            peers = [key for key in part if key.startswith(("from", "to")) and key != "toPorts"]
            assert len(peers) <= 1
            assert not {"toPorts", "icmps"} <= set(part)
            assert all(part[key] for key in peers)
            if "toPorts" in part or "icmps" in part:
                assert peers
            if "port" in part:
                assert isinstance(part["port"], str)
                assert part["protocol"] in {"TCP", "UDP"}
            assert part.get("family") is None or part["type"] in {8, 128}
            assert "toFQDNs" not in part
