"""What tenants mean for each other: a namespace of one's own, networks that may overlap."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from collectors.device import Device
from tigctl.spec.faults import Faults
from tigctl.spec.model import TargetSettings, TenantSettings
from tigctl.spec.ranges import Range, address_range, network_range, overlaps, show
from tigctl.spec.stack import Entrance, address_span

# Hundreds of tenants behind the same NAT would otherwise fill the screen.
MOST_OVERLAPS = 20

_SAFE_COPIES = 3


class _Tenant(Protocol):
    @property
    def settings(self) -> TenantSettings: ...
    @property
    def devices(self) -> tuple[Device, ...]: ...


def check_neighbours(settings: Mapping[str, TenantSettings], folder: str, faults: Faults) -> None:
    """Two tenants of one target must not share a namespace: destroying one would end both."""
    taken: dict[tuple[str, str], str] = {}
    for name, own in settings.items():
        other = taken.setdefault((own.target, own.namespace), name)
        if other != name:
            faults.add(
                f"{folder}{name}/tenant.yaml",
                0,
                f"namespace: {own.namespace!r} is that of tenant {other} too (target "
                f"{own.target}); give each its own, or delete the key for tig-{name}",
            )


def check_entrances(
    tenants: Mapping[str, tuple[TenantSettings, TargetSettings]], folder: str, faults: Faults
) -> None:
    """A host with its path, and an address, lead to one tenant; and the pool has an end."""
    taken: dict[tuple[str, ...], str] = {}
    asked: dict[str, list[str]] = {}
    pools: dict[str, TargetSettings] = {}
    for name, (own, target) in tenants.items():
        if target.type != "kubernetes":
            continue
        where = f"{folder}{name}/tenant.yaml"
        pools[own.target] = target
        addresses = set()
        for component in ("grafana", "influxdb"):
            entrance: Entrance = getattr(own.exposure, component)
            key: tuple[str, ...] = ()
            if entrance.type in {"gateway", "ingress"}:
                key = (own.target, entrance.host, entrance.path.rstrip("/"))
                shown, use = f"{entrance.host}{entrance.path}", "host or path"
            elif entrance.type == "loadbalancer":
                addresses.add(entrance.address or component)
                key = (own.target, entrance.address) if entrance.address else ()
                shown, use = entrance.address, "address"
            if key and (other := taken.setdefault(key, name)) != name:
                faults.add(
                    where,
                    0,
                    f"exposure.{component}: {shown} leads to tenant {other} already (target"
                    f" {own.target}); give it another {use}",
                )
        asked.setdefault(own.target, []).extend([name] * len(addresses))
    for place, names in asked.items():
        _check_pool(place, pools[place], names, faults)


def _check_pool(place: str, target: TargetSettings, names: Sequence[str], faults: Faults) -> None:
    spans = [address_span(part) for part in target.pool.addresses]
    size = sum(last - first + 1 for first, last in spans)
    if spans and len(names) > size:
        shown = ", ".join(dict.fromkeys(names))
        faults.add(
            "fleet.yaml",
            0,
            f"targets.{place}.pool: {len(names)} entrances of type loadbalancer want an address,"
            f" and the pool has {size} ({', '.join(target.pool.addresses)}); wanted by {shown};"
            " make the pool larger, or use type gateway",
        )


def warnings(tenants: Mapping[str, _Tenant]) -> tuple[str, ...]:
    """What is allowed but worth a word, as sentences."""
    return (
        *_odd_addresses(tenants),
        *_overlaps(tenants),
        *_retention(tenants),
        *_copies(tenants),
    )


def _copies(tenants: Mapping[str, _Tenant]) -> Iterator[str]:
    for name, tenant in tenants.items():
        copies = tenant.settings.storage.replicas
        if copies < _SAFE_COPIES:
            yield (
                f"{name}: storage.replicas is {copies}; with fewer than {_SAFE_COPIES} copies the"
                " loss of one node leaves the data without a second copy, or without any"
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
