"""From the inventory to the rules that let the collector reach exactly its devices.

SNMP on port 161 and ping, which nearly every device is asked, are opened to the tenant's networks
that hold such devices; every other port to the addresses of the devices that have it. The traps of
Cilium's rules (ports, ICMP, limits) are dealt with here and stand in cnp/telegraf-to-devices.yaml.
"""

from __future__ import annotations

import copy
import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from collectors.device import SNMP_PORT, Device
from tigctl.render.kubernetes.model import Object

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

Item = TypeVar("Item")

# Protocol and port, in the order in which rules list them.
Port = tuple[str, int]

# Cilium refuses a rule with more ports (maxPorts of pkg/policy/api).
MOST_PORTS = 40

# A rule of this many addresses is 30 kB as JSON: long, but a person can still read a change of it.
MOST_ADDRESSES = 1_000

# What a policy may weigh, an address or a port counting one and a rule four: about 250 kB as JSON,
# well below the 1.5 MiB that etcd takes and quick to send when one device changes.
MOST_WEIGHT = 5_000

_ECHO = {4: {"family": "IPv4", "type": 8}, 6: {"family": "IPv6", "type": 128}}


class Networks:
    """Networks that may be nested; finds the smallest one around an address."""

    def __init__(self, cidrs: Iterable[str]) -> None:
        # By version, then by the number of bits behind the prefix (fewest first), the networks by
        # what stands before these bits: a tenant has thousands of addresses to look up.
        self._found: dict[int, dict[int, dict[int, Network]]] = {4: {}, 6: {}}
        networks = (ipaddress.ip_network(cidr) for cidr in cidrs)
        for network in sorted(networks, key=lambda one: -one.prefixlen):
            bits = network.max_prefixlen - network.prefixlen
            by_prefix = self._found[network.version].setdefault(bits, {})
            by_prefix[int(network.network_address) >> bits] = network

    def around(self, address: Address) -> Network | None:
        """The smallest network that holds the address; None where none does."""
        for bits, by_prefix in self._found[address.version].items():
            if found := by_prefix.get(int(address) >> bits):
                return found
        return None


def to_devices(devices: Iterable[Device], networks: Networks) -> list[Object]:
    """Egress rules to the devices; none where there is no device."""
    snmp, echo, others = _needs(devices)
    rules = list(_rules(_widened(snmp, networks), _ports([("UDP", SNMP_PORT)])))
    rules += _pings(_widened(echo, networks))
    for ports, addresses in sorted(others.items()):
        collapsed = _collapsed(addresses)
        for some in _chunks(ports, MOST_PORTS):
            rules += _rules(collapsed, _ports(some))
    return rules


def to_nodes(devices: Iterable[Device]) -> list[Object]:
    """Egress rules to devices that are nodes of the cluster: the ports of all, on every node."""
    snmp, echo, others = _needs(devices)
    ports = {port for some in others for port in some}
    if snmp:
        ports.add(("UDP", SNMP_PORT))
    opened = [_ports(some) for some in _chunks(sorted(ports), MOST_PORTS)]
    opened += [_icmps(version) for version in sorted({address.version for address in echo})]
    return [{"toEntities": ["host", "remote-node"], **what} for what in opened]


def spread(rules: Iterable[Object]) -> list[list[Object]]:
    """The rules over as many policies as their weight asks for, in order."""
    parts: list[list[Object]] = []
    room = 0
    for rule in rules:
        ports = sum(len(one["ports"]) for one in rule.get("toPorts", ()))
        weight = 4 + len(rule.get("toCIDRSet", ())) + ports
        if not parts or weight > room:
            parts.append([])
            room = MOST_WEIGHT
        parts[-1].append(rule)
        room -= weight
    return parts


def _needs(
    devices: Iterable[Device],
) -> tuple[set[Address], set[Address], dict[tuple[Port, ...], set[Address]]]:
    """Who is asked by SNMP on its usual port, who is pinged, and all other ports -> who has them.

    Several devices can share an address (NAT): their ports come together.
    """
    snmp: set[Address] = set()
    echo: set[Address] = set()
    ports: dict[Address, set[Port]] = {}
    for device in devices:
        address = ipaddress.ip_address(device.address)
        if device.icmp:
            echo.add(address)
        if device.snmp and device.port == SNMP_PORT:
            snmp.add(address)
        elif device.snmp:
            ports.setdefault(address, set()).add(("UDP", device.port))
        if device.tcp:
            ports.setdefault(address, set()).update(("TCP", port) for port in device.tcp)
    groups: dict[tuple[Port, ...], set[Address]] = {}
    for address, found in ports.items():
        groups.setdefault(tuple(sorted(found)), set()).add(address)
    return snmp, echo, groups


def _widened(addresses: Iterable[Address], networks: Networks) -> list[Network]:
    """The networks that hold the addresses, or the addresses that none holds."""
    return _collapsed({networks.around(address) or address for address in addresses})


def _collapsed(found: Iterable[Address | Network]) -> list[Network]:
    """The fewest CIDRs that hold exactly these, IPv4 before IPv6."""
    by_version: dict[int, set[Network]] = {4: set(), 6: set()}
    for one in found:
        by_version[one.version].add(ipaddress.ip_network(one))
    return [
        network
        for networks in by_version.values()
        for network in ipaddress.collapse_addresses(networks)  # type: ignore[type-var]  # one version each
    ]


def _rules(networks: Sequence[Network], what: Object) -> Iterator[Object]:
    for some in _chunks(networks, MOST_ADDRESSES):
        yield {"toCIDRSet": [{"cidr": str(network)} for network in some], **copy.deepcopy(what)}


def _pings(networks: Sequence[Network]) -> Iterator[Object]:
    for version in (4, 6):
        own = [network for network in networks if network.version == version]
        yield from _rules(own, _icmps(version))


def _ports(ports: Iterable[Port]) -> Object:
    listed = [{"port": str(port), "protocol": protocol} for protocol, port in ports]
    return {"toPorts": [{"ports": listed}]}


def _icmps(version: int) -> Object:
    return {"icmps": [{"fields": [dict(_ECHO[version])]}]}


def _chunks(items: Sequence[Item], most: int) -> Iterator[tuple[Item, ...]]:
    left = iter(items)
    while some := tuple(islice(left, most)):
        yield some
