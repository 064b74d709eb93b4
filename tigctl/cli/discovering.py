"""From a tenant and options to a sweep, and from its findings to rows. Reads no network."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from collectors.device import SNMP_PORT
from collectors.discovery.compare import Finding, Known, State
from collectors.discovery.model import MOST_ADDRESSES, Seen
from collectors.discovery.targets import Range, Targets, hosts, without
from collectors.discovery.topology import parents
from collectors.facts import Found
from collectors.login import Login
from tigctl.cli.output import count
from tigctl.errors import UsageError
from tigctl.spec.faults import suggest
from tigctl.spec.ranges import Ranges, network_range, pool_range, show
from tigctl.spec.workspace import Tenant

LARGEST_LIST = 16 << 20
_SUGGESTIONS = 20


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for; empty means: what the tenant's settings say."""

    networks: tuple[str, ...]
    excluded: tuple[str, ...]
    credentials: tuple[str, ...]
    port: int = SNMP_PORT


def targets(tenant: Tenant, wish: Wish) -> Targets:
    """The addresses to sweep, with the listed devices on other ports.

    Raises UsageError for what is no network, lies outside of the tenant's networks, or is more
    than can be swept.
    """
    settings = tenant.settings
    if not settings.networks:
        raise UsageError(
            f"{tenant.name} has no networks that may be swept",
            hint=f"write networks: [10.20.0.0/22] into tenants/{tenant.name}/tenant.yaml",
        )
    wanted = [_range(text) for text in wish.networks] or [hosts(one) for one in settings.networks]
    allowed = Ranges(map(network_range, settings.networks))
    for text, found in zip(wish.networks, wanted, strict=False):
        if Ranges([*allowed.joined, found]).joined != allowed.joined:
            raise UsageError(
                f"{text} is not within the networks of {tenant.name}:"
                f" {', '.join(settings.networks)}",
                hint=f"correct it, or add it to networks in tenants/{tenant.name}/tenant.yaml",
            )
    holes = [network_range(one) for one in settings.discovery.exclude]
    holes += [_range(text, every=True) for text in wish.excluded]
    ranges = without(wanted, holes)
    size = sum(last - first + 1 for _, first, last in ranges)
    if size > MOST_ADDRESSES:
        biggest = max(ranges, key=lambda one: one[2] - one[1])
        raise UsageError(
            f"{size:,} addresses are too many to sweep, most of them in {show(biggest)}",
            hint=f"name parts of it, up to {MOST_ADDRESSES:,} addresses in one sweep",
        )
    if not size:
        raise UsageError("nothing is left to sweep", hint="look at what is excluded")
    swept = Targets(ranges, wish.port)
    places = tuple(
        (device.address, device.port)
        for device in tenant.devices
        if device.snmp and device.port != wish.port and device.address in swept
    )
    return Targets(ranges, wish.port, places)


def _range(text: str, *, every: bool = False) -> Range:
    """A CIDR, an address or `FIRST-LAST`; `every`: with network and broadcast address."""
    try:
        if "-" in text:
            return pool_range(text)
        return network_range(text) if every else hosts(text)
    except ValueError:
        pass
    try:
        meant = f"write {ipaddress.ip_network(text, strict=False)}"
    except ValueError:
        meant = "write a CIDR such as 10.20.0.0/22, an address, or FIRST-LAST"
    raise UsageError(f"'{text}' is no network", hint=meant)


def listed(path: Path) -> tuple[str, ...]:
    """The networks and addresses of a file, one a line; # begins a comment."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_LIST + 1)
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {(error.strerror or str(error)).lower()}",
            hint="name a text file with one network or address a line",
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no text", hint="save it as UTF-8") from error
    if len(raw) > LARGEST_LIST:
        raise UsageError(f"{path} is larger than 16 MiB", hint="is it the right file?")
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return tuple(line for line in lines if line)


def logins(tenant: Tenant, names: Sequence[str]) -> tuple[Login, ...]:
    """The logins to try, in order: those named, else all of the tenant."""
    for name in names:
        if name not in tenant.logins:
            raise UsageError(
                f"{tenant.name} has no credentials named '{name}'",
                hint=suggest(name, tenant.logins),
            )
    if not tenant.logins:
        raise UsageError(
            f"{tenant.name} has no credentials to try",
            hint="write credentials: {default: {version: 2c, community: {env: SNMP_COMMUNITY}}}"
            " into fleet.yaml",
        )
    return tuple(tenant.logins[name] for name in dict.fromkeys(names) or tenant.logins)


def known(lock: Mapping[str, Found], tenant: Tenant) -> dict[str, Known]:
    """What the lock knows each listed device by."""
    found = {}
    for device in tenant.devices:
        entry = lock.get(device.name)
        if not entry or not entry.facts:
            continue
        if (entry.address, entry.port) != (device.address, device.port):
            continue
        facts = entry.facts
        found[device.name] = Known(
            facts.credentials,
            facts.sys_object_id,
            facts.sys_name,
            facts.engine_id,
            facts.serial,
        )
    return found


def row(finding: Finding) -> dict[str, str]:
    """A new device as a row of the inventory. Where no agent was heard, SNMP is not asked."""
    seen = finding.seen or Seen("", 0)
    asked = seen.snmp or seen.trouble
    return {
        "name": finding.name,
        "address": seen.address,
        "port": "" if seen.port == SNMP_PORT or not asked else str(seen.port),
        "credentials": seen.credentials,
        "snmp": "" if asked else "no",
    }


def with_agents(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Without new ones that answer ping only."""
    return tuple(
        one
        for one in findings
        if one.state is not State.NEW or (one.seen and (one.seen.snmp or one.seen.trouble))
    )


def rows(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """The rows of all new devices."""
    return [row(finding) for finding in findings if finding.state is State.NEW]


def moved(findings: Sequence[Finding]) -> dict[str, str]:
    """Name -> new address of the devices that moved."""
    return {
        finding.name: finding.seen.address
        for finding in findings
        if finding.state is State.MOVED and finding.seen
    }


def as_json(finding: Finding) -> dict[str, object]:
    """A finding as it is given to programs."""
    seen, device = finding.seen, finding.device
    place = (seen.address, seen.port) if seen else (device.address, device.port) if device else ()
    return {
        "name": finding.name,
        "state": finding.state.value,
        **dict(zip(("address", "port"), place, strict=False)),
        "listed_address": device.address if device else None,
        "ping": bool(seen and seen.ping),
        "snmp": bool(seen and seen.snmp),
        "credentials": seen.credentials if seen else "",
        "sys_name": seen.sys_name if seen else "",
        "sys_descr": seen.sys_descr if seen else "",
        "sys_object_id": seen.sys_object_id if seen else "",
        "engine_id": seen.engine_id if seen else "",
        "serial": seen.serial if seen else "",
        "why": finding.why,
    }


def cells(finding: Finding) -> tuple[str, ...]:
    """A finding as a row of a table."""
    seen, device = finding.seen, finding.device
    address = seen.address if seen else device.address if device else ""
    what = finding.why or (seen.sys_descr if seen else "")
    return (
        finding.state.value,
        finding.name,
        address,
        "yes" if seen and seen.ping else "–",
        (seen.credentials if seen else "") or "–",
        what[:120],
    )


def suggested(tenant: Tenant, lock: Mapping[str, Found]) -> Iterator[str]:
    """Parents that LLDP and CDP suggest for listed devices without one, a line each."""
    facts = {
        device.name: entry.facts
        for device in tenant.devices
        if (entry := lock.get(device.name)) and entry.facts
    }
    found = parents(tenant.devices, facts)
    for one in found[:_SUGGESTIONS]:
        known = "alerts rely on it" if one.sure else "not sure, so alerts do not rely on it"
        yield f"parent   {one.device}: {one.parent} ({one.why}); {known}; column parent decides"
    if len(found) > _SUGGESTIONS:
        yield f"         and {len(found) - _SUGGESTIONS} more"


def summary(findings: Sequence[Finding]) -> Iterator[str]:
    """What the sweep came to, in lines for a person."""
    seen = [finding.seen for finding in findings if finding.seen]
    fitting: dict[str, int] = {}
    for one in seen:
        if one.snmp:
            fitting[one.credentials] = fitting.get(one.credentials, 0) + 1
    agents = sum(bool(one.trouble and not one.snmp) for one in seen)
    alone = len(seen) - agents - sum(fitting.values())
    by = ", ".join(f"{number} {name}" for name, number in fitting.items())
    parts = [f"{sum(fitting.values())} by SNMP ({by})"] if fitting else []
    parts += [f"{count(agents, 'agent')} that no login fits"] if agents else []
    parts += [f"{alone} by ping only"] if alone else []
    states = {state: [one for one in findings if one.state is state] for state in State}
    line = f"Found  {len(seen)}: {', '.join(parts)}." if seen else "Found  nobody."
    already = len(states[State.LISTED]) + len(states[State.CHANGED])
    line += f" Already listed: {already}." if already else ""
    yield f"{line} New: {len(states[State.NEW])}."
    states[State.NEW] = [one for one in states[State.NEW] if one.why]
    for state in (State.NEW, State.MOVED, State.CHANGED, State.SAME, State.GONE):
        yield from map(_line, states[state])


def _line(finding: Finding) -> str:
    device, seen = finding.device, finding.seen
    name, why = finding.name, finding.why
    match finding.state:
        case State.GONE if device:
            said = f"{name} ({device.address}): {why}"
        case State.MOVED if device and seen:
            said = f"{name}: {device.address} -> {seen.address} ({why})"
        case State.SAME if seen:
            said = f"{seen.address} is {name} ({why})"
        case _:
            said = f"{name}: {why}"
    return f"{finding.state:<8} {said}"
