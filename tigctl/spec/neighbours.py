"""What tenants mean for each other: a namespace of one's own, networks that may overlap."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from collectors.device import Device
from tigctl.spec.entrances import Claimant
from tigctl.spec.faults import Faults
from tigctl.spec.model import TargetSettings, TenantSettings
from tigctl.spec.quantity import format_size
from tigctl.spec.ranges import Range, address_range, network_range, overlaps, show

# Hundreds of tenants behind the same NAT would otherwise fill the screen.
MOST_OVERLAPS = 20

_SAFE_COPIES = 3

# InfluxDB writes a compacted shard beside the old one before it drops that, and keeps its log
# of writes on the same volume; Grafana copies its database when a new version changes it.
_LEAST_INFLUXDB = 2 * 2**30
_LEAST_GRAFANA = 256 * 2**20


class _Tenant(Protocol):
    @property
    def settings(self) -> TenantSettings: ...
    @property
    def target(self) -> TargetSettings: ...
    @property
    def devices(self) -> tuple[Device, ...]: ...


def check_neighbours(
    tenants: Mapping[str, Claimant], faults: Faults, about: Collection[str] | None = None
) -> None:
    """Two tenants of one target must not share a namespace: destroying one would end both.

    Only faults of the tenants in `about` are added, of all without it.
    """
    named = tenants.keys() if about is None else about
    taken: dict[tuple[str, str], str] = {}
    for name, one in tenants.items():
        own = one.settings
        other = taken.setdefault((own.target, own.namespace), name)
        if other == name or not (name in named or other in named):
            continue
        # The fault stands where somebody is at work, and names the other place.
        here, there = (name, other) if name in named else (other, name)
        file, line = tenants[there].place(("namespace",))
        faults.add(
            *tenants[here].place(("namespace",)),
            f"namespace: {own.namespace!r} is that of tenant {there} too"
            f" ({f'{file}:{line}' if line else file}, target {own.target}); give each its own, or"
            f" delete the key for tig-{here}",
        )


def warnings(tenants: Mapping[str, _Tenant]) -> tuple[str, ...]:
    """What is allowed but worth a word, as sentences."""
    return (
        *_odd_addresses(tenants),
        *_overlaps(tenants),
        *_retention(tenants),
        *_copies(tenants),
        *_volumes(tenants),
    )


def _copies(tenants: Mapping[str, _Tenant]) -> Iterator[str]:
    for name, tenant in tenants.items():
        copies = tenant.settings.storage.replicas
        if copies < _SAFE_COPIES and tenant.target.type == "kubernetes":
            yield (
                f"{name}: storage.replicas is {copies}; with fewer than {_SAFE_COPIES} copies the"
                " loss of one node leaves the data without a second copy, or without any"
            )


def _volumes(tenants: Mapping[str, _Tenant]) -> Iterator[str]:
    for name, tenant in tenants.items():
        storage = tenant.settings.storage
        for key, given, least in (
            ("influxdb", storage.influxdb, _LEAST_INFLUXDB),
            ("grafana", storage.grafana, _LEAST_GRAFANA),
        ):
            if given and given < least and tenant.target.type == "kubernetes":
                yield (
                    f"{name}: storage.{key} is {format_size(given)}; below {format_size(least)} a"
                    " volume is soon full, and what is full takes no data: write at least that"
                )


def _overlaps(tenants: Mapping[str, _Tenant]) -> Iterator[str]:
    by_target: dict[str, dict[str, list[Range]]] = {}
    for name, tenant in tenants.items():
        ranges = [network_range(cidr) for cidr in tenant.settings.networks]
        # Where networks are given, every device is inside of them.
        ranges = ranges or [address_range(device.address) for device in tenant.devices]
        by_target.setdefault(tenant.settings.target, {})[name] = ranges
    for target, owned in sorted(by_target.items()):
        found = overlaps(owned)
        for overlap in found[:MOST_OVERLAPS]:
            more = f" and {overlap.count - 1} more" if overlap.count > 1 else ""
            yield (
                f"tenants {overlap.one} and {overlap.other} both poll {show(overlap.example)}"
                f"{more} on target {target}; if these are two networks with the same addresses, "
                "only one of them can be reached from there"
            )
        if len(found) > MOST_OVERLAPS:
            yield f"{len(found) - MOST_OVERLAPS} more pairs of tenants overlap on target {target}"


def _odd_addresses(tenants: Mapping[str, _Tenant]) -> Iterator[str]:
    for name, tenant in tenants.items():
        for device in tenant.devices:
            address = ipaddress.ip_address(device.address)
            if address.is_unspecified or address.is_multicast or int(address) == 2**32 - 1:
                yield f"{name}: {device.name} has the address {address}, which no device answers on"


def _retention(tenants: Mapping[str, _Tenant]) -> Iterator[str]:
    for name, tenant in tenants.items():
        kept = tenant.settings.retention
        if not kept.raw <= kept.m5 <= kept.h1:
            yield (
                f"{name}: a coarser bucket is kept for a shorter time than a finer one "
                "(retention raw, 5m, 1h); the coarser one then shows nothing more"
            )
