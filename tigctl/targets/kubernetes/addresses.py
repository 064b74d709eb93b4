"""Which address of MetalLB's pools an entrance gets: its own, else the lowest free one. Pure.

MetalLB's own rules decide which pool may serve a Service (its allocator, 0.16): the one that is
named; else those made for its namespace or its labels, by priority; else any that gives out
addresses by itself and is made for nobody. All addresses of one Service are of the same pool.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tigctl.errors import TargetError
from tigctl.spec.ranges import Address, Range, Ranges, pool_range, without
from tigctl.targets.kubernetes.selecting import selects

# Hundreds of owners in one sentence help nobody.
_SHOWN = 10


@dataclass(frozen=True, slots=True, order=True)
class Owner:
    """The Service that has an address."""

    namespace: str
    service: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.service}"


@dataclass(frozen=True, slots=True)
class Pool:
    """An IPAddressPool; `made_for` is its `serviceAllocation`, None where it has none."""

    name: str
    parts: tuple[str, ...]
    by_itself: bool = True
    no_buggy: bool = False
    made_for: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Pool:
        """From the object."""
        spec = found["spec"]
        return cls(
            found["metadata"]["name"],
            tuple(spec.get("addresses") or ()),
            spec.get("autoAssign", True),
            spec.get("avoidBuggyIPs", False),
            spec.get("serviceAllocation"),
        )

    @property
    def ranges(self) -> Ranges:
        """What is in it."""
        return Ranges(map(pool_range, self.parts))

    def fits(self, wish: Wish) -> bool:
        """Whether it may serve a Service at all."""
        spaces, services = self._spaces(wish), (self.made_for or {}).get("serviceSelectors")
        return spaces is not False and (
            not services or any(selects(one, wish.labels) for one in services)
        )

    def pinned(self, wish: Wish) -> bool:
        """Whether it is made for this Service, or its namespace, among others."""
        chosen = self._spaces(wish) or (self.made_for or {}).get("serviceSelectors")
        return self.by_itself and bool(chosen) and self.fits(wish)

    @property
    def rank(self) -> tuple[bool, int, str]:
        """Which of several pinned pools comes first."""
        priority = int((self.made_for or {}).get("priority") or 0)
        return (not priority, priority, self.name)

    def _spaces(self, wish: Wish) -> bool | None:
        """Whether it is made for the namespace; None where it names none."""
        made_for = self.made_for or {}
        names = made_for.get("namespaces") or ()
        selectors = made_for.get("namespaceSelectors") or ()
        if not names and not selectors:
            return None
        return wish.owner.namespace in names or any(
            selects(one, wish.namespace_labels) for one in selectors
        )


@dataclass(frozen=True, slots=True)
class Wish:
    """A Service that is to have an address.

    `fixed` are the addresses its tenant's files name, `former` those it had or was promised.
    `versions` are 4, 6 or both. `parts`: what fleet.yaml says of the pool, if anything;
    `reserved`: addresses that are fixed for others, who may not have them yet.
    """

    owner: Owner
    versions: tuple[int, ...] = (4,)
    pool: str = ""
    parts: tuple[str, ...] = ()
    reserved: frozenset[str] = frozenset()
    fixed: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    shared: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    namespace_labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Held:
    """Addresses that Services have; `shared` are those that others may have too."""

    owners: Mapping[str, Owner] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()

    def other(self, address: str, wish: Wish) -> Owner | None:
        """Who else has an address, where that keeps a wish from having it."""
        owner = self.owners.get(address)
        if owner == wish.owner or (wish.shared and address in self.shared):
            return None
        return owner


def choose(wish: Wish, pools: Sequence[Pool], held: Held) -> tuple[str, ...]:
    """The addresses of a Service, one for each of its versions.

    Raises TargetError where a fixed one is in no pool or somebody else's, and where the pool
    is used up.
    """
    serving = _serving(wish, pools)
    if wish.fixed:
        _check_fixed(wish, serving, held)
        return wish.fixed
    if _keeps(wish, serving, held):
        return wish.former
    for pool in serving:
        given = [_free(pool, version, wish, held) for version in wish.versions]
        if all(given):
            return tuple(str(one) for one in given)
    raise _used_up(wish, serving, held)


def _serving(wish: Wish, pools: Sequence[Pool]) -> list[Pool]:
    """The pools that may serve the wish, in the order in which MetalLB tries them."""
    if wish.pool or wish.fixed:
        named = [one for one in pools if wish.pool in {"", one.name}]
        if not named:
            there = ", ".join(sorted(one.name for one in pools)) or "none"
            raise TargetError(
                f"{wish.owner} gets no address: MetalLB has no pool {wish.pool}, but {there}",
                hint="write one of these as pool.name of the target, or make an IPAddressPool",
            )
        found = [one for one in named if one.fits(wish)]
    else:
        pinned = sorted((one for one in pools if one.pinned(wish)), key=lambda one: one.rank)
        anybodys = [one for one in pools if one.by_itself and one.made_for is None]
        found = [*pinned, *sorted(anybodys, key=lambda one: one.name)]
    if not found:
        raise TargetError(
            f"{wish.owner} gets no address: no pool of MetalLB gives one to it by itself",
            hint="write pool.name of the target, or let an IPAddressPool give out its addresses"
            " (autoAssign, serviceAllocation)",
        )
    return found


def _check_fixed(wish: Wish, serving: Sequence[Pool], held: Held) -> None:
    fixed = [ipaddress.ip_address(one) for one in wish.fixed]
    if not any(all(one in pool.ranges for one in fixed) for pool in serving):
        raise TargetError(
            f"{wish.owner} cannot have {', '.join(wish.fixed)}: it is not in"
            f" {' or '.join(map(_named, serving))}",
            hint="write an address of the pool, or none for the next free one",
        )
    for address in wish.fixed:
        if other := held.other(address, wish):
            raise TargetError(
                f"{wish.owner} cannot have {address}: {other} has it",
                hint="write another address, or none for the next free one",
            )


def _keeps(wish: Wish, serving: Sequence[Pool], held: Held) -> bool:
    former = [ipaddress.ip_address(one) for one in wish.former]
    return (
        sorted(one.version for one in former) == sorted(wish.versions)
        and any(all(one in pool.ranges for one in former) for pool in serving)
        and not any(held.other(one, wish) for one in wish.former)
    )


def _ours(pool: Pool, version: int, wish: Wish) -> Ranges:
    """The addresses of a pool, those that fleet.yaml does not name left out."""
    found: list[Range] = pool.ranges.joined
    if wish.parts:
        found = without(found, without(found, map(pool_range, wish.parts)))
    return Ranges(one for one in found if one[0] == version)


def _free(pool: Pool, version: int, wish: Wish, held: Held) -> Address | None:
    for address in _addresses(_ours(pool, version, wish)):
        buggy = version == 4 and pool.no_buggy and int(address) & 0xFF in {0, 0xFF}
        if not buggy and str(address) not in held.owners and str(address) not in wish.reserved:
            return address
    return None


def _addresses(ranges: Ranges) -> Iterator[Address]:
    for version, first, last in ranges.joined:
        make: type[Address] = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
        for number in range(first, last + 1):
            yield make(number)


def _named(pool: Pool) -> str:
    return f"pool {pool.name} ({', '.join(pool.parts)})"


def _used_up(wish: Wish, serving: Sequence[Pool], held: Held) -> TargetError:
    """Which pool has how many, and who has them; or that it has none of the version."""
    said = []
    for version in wish.versions:
        for pool in serving:
            ours = _ours(pool, version, wish)
            if not ours:
                said.append(f"{_named(pool)} has no IPv{version} address")
            elif _free(pool, version, wish, held) is None:
                taken = _taken(ours, held, wish)
                said.append(f"{_named(pool)} has {ours.size:,} IPv{version}, all taken: {taken}")
    return TargetError(
        f"{wish.owner} gets no address: {'; '.join(said)}",
        hint="make the IPAddressPool larger (and pool.addresses of the target), use type gateway,"
        " or destroy a tenant that is not needed any more; another version: pool.families",
    )


def _taken(ours: Ranges, held: Held, wish: Wish) -> str:
    """Who has what of a pool, lowest first."""
    owners = {**dict.fromkeys(wish.reserved, "fixed for another tenant"), **held.owners}
    inside = sorted(
        (int(ipaddress.ip_address(address)), address, str(owner))
        for address, owner in owners.items()
        if ipaddress.ip_address(address) in ours
    )
    shown = ", ".join(f"{address} {owner}" for _, address, owner in inside[:_SHOWN])
    more = f" and {len(inside) - _SHOWN} more" if len(inside) > _SHOWN else ""
    return f"{shown}{more}"
