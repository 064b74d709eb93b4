"""What only several keys or files together can tell: limits between settings, references.

Decided here: a device outside of its tenant's `networks` is a fault, not a warning. Where
networks are named they are the promise of what tigctl touches; a mistyped address must not
poll a stranger.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from collectors.device import Device
from tigctl.spec import entrances
from tigctl.spec.document import Path
from tigctl.spec.faults import Faults, suggest
from tigctl.spec.inventory import Inventory
from tigctl.spec.keys import dotted
from tigctl.spec.model import TargetSettings, TenantSettings
from tigctl.spec.quantity import format_duration, format_size
from tigctl.spec.ranges import Ranges, network_range
from tigctl.spec.stack import LONGHORN_KEYS, Component, Resources, Storage

Place = Callable[[Path], tuple[str, int]]


def check_settings(
    settings: TenantSettings,
    target: TargetSettings | None,
    broken: Collection[str],
    place: Place,
    faults: Faults,
) -> None:
    """Limits between the settings of one tenant.

    `broken` names keys that have faults themselves: nothing is said about these here.
    """

    def fault(path: Path, message: str, *others: str) -> None:
        if not {path[0], *others}.intersection(broken):
            faults.add(*place(path), f"{dotted(path)}: {message}")

    polling, text = settings.polling, format_duration
    interval, slow = polling.interval, polling.slow_interval
    than = f"than polling.interval {text(interval)}"
    if slow < interval:
        fault(("polling", "slow_interval"), f"{text(slow)} is shorter {than}; write at least that")
    if polling.jitter > interval:
        jitter = text(polling.jitter)
        fault(("polling", "jitter"), f"{jitter} is longer {than}; write at most that")
    outage, raw = settings.outage, settings.retention.raw
    if outage < interval:
        fault(("outage",), f"{text(outage)} is shorter {than}; write at least that", "polling")
    if outage > raw:
        fault(
            ("outage",),
            f"{text(outage)} is longer than retention.raw {text(raw)}: InfluxDB would drop what "
            "is written so late; write less",
            "retention",
        )
    if settings.ping.count >= interval:
        fault(
            ("ping", "count"),
            f"{settings.ping.count} pings take a second each, polling.interval is "
            f"{text(interval)}; write fewer",
            "polling",
        )
    for path, message in _requests_beyond_limits(settings.resources):
        fault(path, message)
    if target and target.type == "kubernetes":
        for path, message in entrances.faults_of(settings, target):
            fault(path, message)
        for path, message in _volumes(settings.storage):
            fault(path, message)


def _volumes(storage: Storage) -> Iterator[tuple[Path, str]]:
    own = sorted(storage.model_fields_set & set(LONGHORN_KEYS))
    if storage.class_ and own:
        yield (
            ("storage", own[0]),
            f"does not go with storage.class {storage.class_}, which says it itself; delete one",
        )
    if storage.data_locality == "strict-local" and storage.replicas != 1:
        yield ("storage", "data_locality"), "strict-local needs replicas: 1"


def _requests_beyond_limits(resources: Resources) -> Iterator[tuple[Path, str]]:
    """Requests that the API server would refuse, because the limit is lower."""
    for component in ("telegraf", "influxdb", "grafana"):
        own: Component = getattr(resources, component)
        for key, shown in (("cpu", lambda thousandths: f"{thousandths}m"), ("memory", format_size)):
            request, limit = getattr(own.requests, key), getattr(own.limits, key)
            if request and limit and request > limit:
                yield (
                    ("resources", component, "requests", key),
                    f"{shown(request)} is more than its limit {shown(limit)}; write at most that",
                )


@dataclass(frozen=True, slots=True)
class Limits:
    """What a tenant's settings demand of its devices; None: nothing, or a key is at fault."""

    credentials: Sequence[str]
    networks: Ranges | None = None
    slow_interval: int | None = None
    ping_count: int | None = None


def limits(
    settings: TenantSettings | None, credentials: Sequence[str], broken: Collection[str]
) -> Limits:
    """The limits that follow from settings; only those whose keys are without fault."""
    if settings is None:
        return Limits(credentials)
    networks = None
    if settings.networks and "networks" not in broken:
        networks = Ranges(map(network_range, settings.networks))
    slow = None if "polling" in broken else settings.polling.slow_interval
    pings = None if "ping" in broken else settings.ping.count
    return Limits(credentials, networks, slow, pings)


def check_devices(inventory: Inventory, limits: Limits, faults: Faults) -> None:
    """References and limits of devices."""
    by_line = list(zip(inventory.lines, inventory.devices, strict=True))
    for line, device in by_line:
        for message in _device_faults(device, limits):
            faults.add(inventory.file, line, f"device {device.name}: {message}")
    if not limits.credentials:
        # One fault is enough: it is about the tenant, not about the first such device.
        for line in [line for line, device in by_line if device.snmp][:1]:
            faults.add(
                inventory.file,
                line,
                "devices are asked by SNMP, but there are no credentials; write credentials: "
                "{default: {version: 2c, community: {env: SNMP_COMMUNITY}}} in fleet.yaml",
            )
    _check_parents(inventory, faults)


def _device_faults(device: Device, limits: Limits) -> Iterator[str]:
    if device.credentials and device.credentials not in limits.credentials:
        known = suggest(device.credentials, limits.credentials)
        yield f"credentials {device.credentials!r} are not defined; {known}"
    if not (device.snmp or device.icmp or device.tcp):
        yield "is asked nothing: snmp no, icmp no, no tcp; allow one of them or delete it"
    slow = limits.slow_interval
    if slow and device.interval and device.interval > slow:
        yield (
            f"interval {format_duration(device.interval)} is longer than polling.slow_interval "
            f"{format_duration(slow)}; write at most that"
        )
    pings = limits.ping_count
    if pings and device.icmp and device.interval and device.interval <= pings:
        yield (
            f"interval {format_duration(device.interval)} leaves no time for {pings} pings, a "
            "second each; write more, or less in ping.count"
        )
    if limits.networks and ipaddress.ip_address(device.address) not in limits.networks:
        yield (
            f"address {device.address} is in none of the tenant's networks; correct it, or add "
            f"{ipaddress.ip_network(device.address)} to networks in tenant.yaml"
        )


def _check_parents(inventory: Inventory, faults: Faults) -> None:
    parents = {device.name: device.parent for device in inventory.devices if device.parent}
    lines = {
        device.name: line for device, line in zip(inventory.devices, inventory.lines, strict=True)
    }
    for name, parent in parents.items():
        if parent not in inventory.names:
            faults.add(
                inventory.file,
                lines[name],
                f"device {name}: parent {parent!r} is no device; "
                f"{suggest(parent, inventory.names, what='devices')}",
            )
    for circle in circles(parents):
        faults.add(
            inventory.file,
            lines[circle[0]],
            f"device {circle[0]}: its parents go in a circle: {' -> '.join((*circle, circle[0]))}; "
            "leave one of them without parent",
        )


def circles(parents: Mapping[str, str]) -> list[tuple[str, ...]]:
    """The circles in a child -> parent mapping, each once, in order."""
    found: list[tuple[str, ...]] = []
    settled: set[str] = set()
    for start in parents:
        way: dict[str, int] = {}
        name = start
        while name in parents and name not in settled and name not in way:
            way[name] = len(way)
            name = parents[name]
        if name in way:
            found.append(tuple(way)[way[name] :])
        settled.update(way)
    return found
