"""Entrances: what one can be, what those of all tenants mean for each other, and the pool's end.

What an entrance becomes on a cluster is tigctl.render.kubernetes.exposure's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tigctl.spec.document import Path
from tigctl.spec.exposure import TENANT, Entrance, Exposure, Pool, check_host, public_port
from tigctl.spec.faults import Faults
from tigctl.spec.keys import dotted
from tigctl.spec.model import TargetSettings, TenantSettings
from tigctl.spec.ranges import Ranges, pool_range

Place = Callable[[Path], tuple[str, int]]

COMPONENTS = ("grafana", "influxdb")
BY_NAME = frozenset({"gateway", "ingress"})

# Hundreds of tenants in one sentence help nobody.
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Claimant:
    """A tenant whose files may ask for entrances; `place` says where they set a key."""

    settings: TenantSettings
    target: TargetSettings
    place: Place


@dataclass(frozen=True, slots=True)
class _Claim:
    """What an entrance asks for that no other one of its target can have too."""

    target: str
    tenant: str
    component: str
    entrance: Entrance
    address: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """The address, or the host with its path."""
        if self.entrance.type == "loadbalancer":
            return (self.target, self.address)
        return (self.target, self.entrance.host, self.entrance.path.rstrip("/"))

    @property
    def path(self) -> Path:
        """The key of the settings that asks for it."""
        by_name = self.entrance.type in BY_NAME
        return ("exposure", self.component, "host" if by_name else "address")

    @property
    def encrypted(self) -> bool:
        """Whether it has a certificate."""
        return self.entrance.tls.own


def faults_of(settings: TenantSettings, target: TargetSettings) -> Iterator[tuple[Path, str]]:
    """Entrances of one tenant that cannot be as they are asked for: the key, and what is wrong."""
    exposure = settings.exposure
    for component in COMPONENTS:
        entrance: Entrance = getattr(exposure, component)
        path = ("exposure", component)
        if entrance.type in BY_NAME and not entrance.host:
            yield (
                (*path, "host"),
                f"is missing; type {entrance.type} needs it (or write type: none)",
            )
        try:
            check_host(entrance.host)  # once more: the tenant's name may have made it too long
        except ValueError as error:
            yield (*path, "host"), f"{error}; each part has at most 63 characters"
        tls = entrance.tls
        if bool(tls.issuer) + bool(tls.secret) + tls.outside > 1:
            yield (*path, "tls"), "issuer, secret and outside exclude each other; write one of them"
        if entrance.type == "loadbalancer":
            yield from _load_balancer(entrance, path, settings.target, target)
        else:
            for key in ("address", "port", "shared"):
                if getattr(entrance, key):
                    message = "does not go with type {}; delete it, or write type: loadbalancer"
                    yield (*path, key), message.format(entrance.type)
    yield from _influxdb(exposure)


def _load_balancer(
    entrance: Entrance, path: Path, place: str, target: TargetSettings
) -> Iterator[tuple[Path, str]]:
    if entrance.tls.own and path[-1] == "influxdb":
        message = (
            "InfluxDB's own address carries no TLS; use type gateway or ingress for it, or outside:"
            " true where a proxy before it does"
        )
        yield (*path, "tls"), message
    elif entrance.tls.issuer and not (entrance.host or entrance.address):
        yield (*path, "host"), "is missing; a certificate is for a host, or for a fixed address"
    if entrance.shared and not entrance.address:
        yield (*path, "shared"), "needs an address; write the one that is shared"
    parts = target.pool.addresses
    pool = Ranges(map(pool_range, parts))
    outside = [one for one in entrance.addresses if ipaddress.ip_address(one) not in pool]
    if outside and pool:
        message = (
            f"{outside[0]} is not in pool {', '.join(parts)} of target {place}; write one of"
            " it, or none for the next free one"
        )
        yield (*path, "address"), message


def _influxdb(exposure: Exposure) -> Iterator[tuple[Path, str]]:
    influxdb = exposure.influxdb
    if influxdb.path != "/" and influxdb.type in {"ingress", "loadbalancer"}:
        message = (
            f"InfluxDB answers at / only, and type {influxdb.type} cannot take {influxdb.path} away"
            " from its requests; give it a host of its own, or use type gateway"
        )
        yield ("exposure", "influxdb", "path"), message


def check_entrances(
    tenants: Mapping[str, Claimant],
    fleet: Place,
    faults: Faults,
    about: Collection[str] | None = None,
) -> None:
    """A host with its path, and an address, lead to one tenant; and each pool has an end.

    `fleet` says where fleet.yaml sets a key. Only faults of the tenants in `about` are added, of
    all without it.
    """
    named = set(tenants if about is None else about)
    for first, second, what in _disputes(_claims(tenants)):
        # The fault stands where somebody is at work, and names the other place.
        own, other = (second, first) if second.tenant in named else (first, second)
        if own.tenant in named:
            file, line = tenants[own.tenant].place(own.path)
            key = dotted(own.path)
            # A key of fleet.yaml or of a class holds for many: say for whom it is a fault.
            key += "" if f"/{own.tenant}/" in file else f" (tenant {own.tenant})"
            where = _where(other, tenants[other.tenant].place, own.tenant)
            said = what.format(where=where)
            same = tenants[other.tenant].place(other.path) == (file, line)
            if same and own.tenant != other.tenant and own.path[-1] == "host":
                said += f"; with {TENANT} in it, one line serves all tenants"
            faults.add(file, line, f"{key}: {said}")
    for target, asked in _asked(tenants).items():
        if named & asked.keys():
            pool = tenants[next(iter(asked))].target.pool
            _check_pool(target, pool, asked, fleet, faults)


def reserved(tenants: Mapping[str, Claimant]) -> dict[str, dict[str, frozenset[str]]]:
    """By target and tenant the addresses that are fixed for its entrances."""
    found: dict[str, dict[str, frozenset[str]]] = {}
    for claim in _claims(tenants):
        if claim.address:
            own = found.setdefault(claim.target, {})
            own[claim.tenant] = own.get(claim.tenant, frozenset()) | {claim.address}
    return found


def _claims(tenants: Mapping[str, Claimant]) -> Iterator[_Claim]:
    for tenant, one in tenants.items():
        if one.target.type != "kubernetes":
            continue
        for component in COMPONENTS:
            entrance: Entrance = getattr(one.settings.exposure, component)
            claim = _Claim(one.settings.target, tenant, component, entrance)
            if entrance.type in BY_NAME and entrance.host:
                yield claim
            elif entrance.type == "loadbalancer":
                yield from (replace(claim, address=address) for address in entrance.addresses)


def _disputes(claims: Iterable[_Claim]) -> Iterator[tuple[_Claim, _Claim, str]]:
    """Two that claim the same, and what to say, with {where} for the place of the other."""
    taken: dict[tuple[str, ...], list[_Claim]] = {}
    hosts: dict[tuple[str, str], list[_Claim]] = {}
    for claim in claims:
        entrance = claim.entrance
        earlier = taken.setdefault(claim.key, [])
        if entrance.type == "loadbalancer":
            found = ((other, said) for other in earlier if (said := _unshared(other, claim)))
            if dispute := next(found, None):
                other, said = dispute
                yield other, claim, f"{claim.address} leads to {{where}} already; {said}"
        elif earlier:
            said = f"{entrance.host}{entrance.path} leads to {{where}} already"
            yield earlier[0], claim, f"{said}; give it another host or path"
        elif entrance.type == "gateway":
            hosts.setdefault((claim.target, entrance.host), []).append(claim)
        earlier.append(claim)
    for (_, host), same in hosts.items():
        # A listener for this very name takes its encrypted requests from the Gateway's own.
        owner = next((claim for claim in same if claim.encrypted), None)
        for claim in same:
            if owner and claim is not owner:
                said = (
                    f"{host} is that of {{where}} too, and a Gateway takes one certificate for a"
                    " host; give each a host, or leave tls out at all of them and to the Gateway"
                )
                yield owner, claim, said


def _unshared(one: _Claim, other: _Claim) -> str:
    """Why two entrances cannot have the same address, as what to do; empty where they can."""
    if not (one.entrance.shared and other.entrance.shared):
        return "give it another address, or write shared: true at both"
    ports = {public_port(claim.component, claim.entrance) for claim in (one, other)}
    return f"give it another port than {ports.pop()}" if len(ports) == 1 else ""


def _where(claim: _Claim, place: Place, tenant: str) -> str:
    file, line = place(claim.path)
    whose = dotted(claim.path) if claim.tenant == tenant else f"tenant {claim.tenant}"
    return f"{whose} ({f'{file}:{line}' if line else file}, target {claim.target})"


def _asked(tenants: Mapping[str, Claimant]) -> dict[str, dict[str, list[str]]]:
    """By target and tenant the addresses that are asked for, "" for the next free one."""
    asked: dict[str, dict[str, list[str]]] = {}
    for name, one in tenants.items():
        exposure = one.settings.exposure
        wanted = [
            entrance.address
            for entrance in (exposure.grafana, exposure.influxdb)
            if entrance.type == "loadbalancer" and one.target.type == "kubernetes"
        ]
        if wanted:
            asked.setdefault(one.settings.target, {})[name] = wanted
    return asked


def _check_pool(
    target: str,
    pool: Pool,
    asked: Mapping[str, Sequence[str]],
    fleet: Place,
    faults: Faults,
) -> None:
    """Each family that entrances get an address of has as many as they are."""
    parts = pool.addresses
    ranges = Ranges(map(pool_range, parts))
    wanted = [
        f"{name} ({', '.join(address or 'any' for address in addresses)})"
        for name, addresses in asked.items()
    ]
    fixed = {one for addresses in asked.values() for some in addresses for one in some.split(",")}
    free = sum(not address for addresses in asked.values() for address in addresses)
    # The cluster's first family is not known here: then a pool of both is counted as a whole.
    groups: list[tuple[str, ...]] = [(one,) for one in pool.of_families]
    for families in groups or [("IPv4", "IPv6")]:
        versions = {6 if one == "IPv6" else 4 for one in families}
        size = sum(
            last - first + 1 for version, first, last in ranges.joined if version in versions
        )
        own = sum(ipaddress.ip_address(one).version in versions for one in fixed if one)
        if parts and own + free > size:
            more = f" and {len(wanted) - _SHOWN} more tenants" if len(wanted) > _SHOWN else ""
            kind = f" {families[0]}" if len(pool.of_families) > 1 else ""
            path = ("targets", target, "pool")
            faults.add(
                *fleet(path),
                f"{dotted(path)}: {own + free} entrances of type loadbalancer want an{kind}"
                f" address, and the pool has {size} ({', '.join(parts)}); wanted by"
                f" {', '.join(wanted[:_SHOWN])}{more}; make the pool larger, or use type gateway",
            )
