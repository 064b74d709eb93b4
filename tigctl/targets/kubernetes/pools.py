"""Addresses for entrances before they are made: what the cluster's pools have left, who has what.

An address is written into its Service, where MetalLB honours it, and into the tenant's inventory,
so that it stays: whoever has one that MetalLB gave it is not looked up again.
"""

from __future__ import annotations

import contextlib
import copy
import ipaddress
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.backends.kubernetes.errors import Refused
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.errors import TargetError
from tigctl.render.kubernetes.exposure import ADDRESSES, POOL, SHARING
from tigctl.render.kubernetes.grafana import at_address
from tigctl.targets.kubernetes.addresses import Held, Owner, Pool, Wish, choose
from tigctl.targets.kubernetes.snapshot import Metadata, Snapshot

_FORBIDDEN = 403
# MetalLB says so where it has given an address; older versions wrote the second one.
_GIVEN = ("metallb.io/ip-allocated-from-pool", "metallb.universe.tf/ip-allocated-from-pool")


@dataclass(frozen=True, slots=True)
class Looked:
    """What a cluster showed; `version` is that of Services which ask for none."""

    pools: Sequence[Pool]
    held: Held
    version: int


def is_entrance(found: Object) -> bool:
    """Whether it is a Service with an address of its own."""
    return bool(found["kind"] == "Service" and found["spec"].get("type") == "LoadBalancer")


def is_given(metadata: Metadata) -> bool:
    """Whether MetalLB says of a Service that it gave it an address."""
    annotations = metadata.get("annotations") or {}
    return any(key in annotations for key in _GIVEN)


def look(cluster: Cluster, parts: Sequence[str]) -> Looked | None:
    """Asks the cluster; None where MetalLB is not there, or this user may not look.

    Where only its pools cannot be seen, what fleet.yaml says of them (`parts`) stands in.
    """
    try:
        services = cluster.objects("Service")
    except Refused as error:
        if error.status == _FORBIDDEN:
            return None
        raise
    try:
        pools = [Pool.of(one) for one in cluster.objects("IPAddressPool")]
    except Refused as error:
        if error.status != _FORBIDDEN or not parts:
            return None
        pools = [Pool("", tuple(parts))]
    own = next((one for one in services if one["metadata"]["name"] == "kubernetes"), None)
    first = str((own or {}).get("spec", {}).get("clusterIP", ""))
    return Looked(pools, _held(services), 6 if ":" in first else 4) if pools else None


def _held(services: Iterable[Object]) -> Held:
    """Who has which address; one that is only asked for counts where nobody has it."""
    owners: dict[str, Owner] = {}
    asked: dict[str, Owner] = {}
    shared: set[str] = set()
    balanced = [one for one in services if one["spec"].get("type") == "LoadBalancer"]
    # Of two that only ask for the same, the older one counts, as in `claims`.
    for one in sorted(balanced, key=_age, reverse=True):
        owner = Owner(one["metadata"]["namespace"], one["metadata"]["name"])
        status = (one.get("status") or {}).get("loadBalancer") or {}
        has = [str(each["ip"]) for each in status.get("ingress") or () if each.get("ip")]
        owners |= {_canonical(address): owner for address in has}
        annotations = one["metadata"].get("annotations") or {}
        wants = [*split(annotations.get(ADDRESSES)), *split(one["spec"].get("loadBalancerIP"))]
        asked |= {address: owner for address in wants if not has}
        if annotations.get(SHARING) == "tigctl":
            shared |= {*map(_canonical, has), *wants}
    return Held({**asked, **owners}, frozenset(shared))


def _age(service: Object) -> tuple[str, str, str]:
    metadata = service["metadata"]
    return str(metadata.get("creationTimestamp", "")), metadata["namespace"], metadata["name"]


def _canonical(address: str) -> str:
    return str(ipaddress.ip_address(address))


def split(written: object) -> list[str]:
    """The addresses of an annotation; what is none is left out."""
    found = []
    for part in str(written or "").split(","):
        try:
            found.append(_canonical(part.strip()))
        except ValueError:
            continue
    return found


class AddressBook:
    """The addresses of one cluster, with what was promised since it was looked at.

    Several tenants are worked on at once; what one is promised, no other gets.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = weakref.ref(cluster)
        self._looked: dict[tuple[str, ...], Looked | None] = {}
        self._promised: dict[Owner, tuple[str, ...]] = {}
        self._expected: dict[Owner, Wish] = {}
        self._lock = threading.Lock()

    def expect(self, wishes: Iterable[Wish]) -> None:
        """Who will ask: the first of them by name gets the lowest, whoever asks first."""
        with self._lock:
            self._expected |= {one.owner: one for one in wishes}

    def addresses(self, wish: Wish) -> tuple[str, ...]:
        """What a Service has or gets; empty where that is MetalLB's own business.

        Raises TargetError where there is none for it.
        """
        with self._lock:
            if wish.owner in self._promised and not wish.fixed:
                return self._promised[wish.owner]
            looked = self._look(wish.parts)
            if looked is None:
                return wish.fixed
            for owner in sorted(one for one in self._expected if one < wish.owner):
                # What keeps another tenant from an address is said to that one.
                with contextlib.suppress(TargetError):
                    self._promise(self._expected.pop(owner), looked)
            self._expected.pop(wish.owner, None)
            return self._promise(wish, looked)

    def _look(self, parts: tuple[str, ...]) -> Looked | None:
        if parts not in self._looked:
            cluster = self._cluster()
            self._looked[parts] = look(cluster, parts) if cluster else None
        return self._looked[parts]

    def _promise(self, wish: Wish, looked: Looked) -> tuple[str, ...]:
        promised = {address: owner for owner, found in self._promised.items() for address in found}
        held = Held({**promised, **looked.held.owners}, looked.held.shared)
        if not wish.versions:
            wish = replace(wish, versions=(looked.version,))
        if not wish.former or any(held.other(one, wish) for one in wish.former):
            has = sorted(one for one, owner in looked.held.owners.items() if owner == wish.owner)
            wish = replace(wish, former=tuple(has))
        self._promised[wish.owner] = found = choose(wish, looked.pools, held)
        return found


_BOOKS: weakref.WeakKeyDictionary[Cluster, AddressBook] = weakref.WeakKeyDictionary()
_LOCK = threading.Lock()


def book(cluster: Cluster) -> AddressBook:
    """The one book of a cluster; whoever shares its connections shares this."""
    with _LOCK:
        if cluster not in _BOOKS:
            _BOOKS[cluster] = AddressBook(cluster)
        return _BOOKS[cluster]


@dataclass(frozen=True, slots=True)
class Ground:
    """What a workspace says of a target's addresses.

    `parts`: what is in the pool. `reserved`: addresses that other tenants have fixed.
    """

    parts: tuple[str, ...] = ()
    reserved: frozenset[str] = frozenset()


def wishes(objects: Iterable[Object], ground: Ground, known: Mapping[str, str]) -> Iterator[Wish]:
    """What the entrances among the objects ask for; `known` are addresses of old, by Service."""
    objects = list(objects)
    spaces = {
        one["metadata"]["name"]: one["metadata"] for one in objects if one["kind"] == "Namespace"
    }
    for one in filter(is_entrance, objects):
        metadata, spec = one["metadata"], one["spec"]
        annotations = metadata.get("annotations") or {}
        namespace = metadata["namespace"]
        labels = (spaces.get(namespace) or {}).get("labels") or {}
        yield Wish(
            Owner(namespace, metadata["name"]),
            tuple(6 if family == "IPv6" else 4 for family in spec.get("ipFamilies") or ()),
            annotations.get(POOL, ""),
            ground.parts,
            ground.reserved,
            tuple(split(annotations.get(ADDRESSES))),
            tuple(split(known.get(metadata["name"]))),
            SHARING in annotations,
            metadata.get("labels") or {},
            {"kubernetes.io/metadata.name": namespace, **labels},
        )


def filled(
    cluster: Cluster,
    objects: Sequence[Object],
    there: Snapshot,
    ground: Ground,
    known: Mapping[str, str],
) -> tuple[list[Object], dict[str, str]]:
    """The objects with their entrances' addresses in, and the addresses by Service.

    Asks the cluster only where an entrance is new or has none yet. Raises TargetError where
    there is no address for one.
    """
    addresses: dict[str, str] = {}
    for wish in wishes(objects, ground, known):
        live = there.objects.get(Ref("Service", wish.owner.namespace, wish.owner.service), {})
        if found := _settled(wish, live) or book(cluster).addresses(_remembering(wish, live)):
            addresses[wish.owner.service] = ",".join(found)
    return [_with(one, addresses) for one in objects], addresses


def _settled(wish: Wish, live: Metadata) -> tuple[str, ...]:
    """What MetalLB gave as it was wanted; empty where that has to be looked at."""
    now = tuple(split((live.get("annotations") or {}).get(ADDRESSES)))
    wanted = wish.fixed or wish.former or now
    fits = not wish.versions or len(wish.versions) == len(now)
    return now if is_given(live) and now == wanted and fits else ()


def _remembering(wish: Wish, live: Metadata) -> Wish:
    """Without an inventory, what the Service itself says is what it was promised."""
    now = split((live.get("annotations") or {}).get(ADDRESSES))
    return wish if wish.former else replace(wish, former=tuple(now))


def _with(found: Object, addresses: Mapping[str, str]) -> Object:
    """The object with the addresses in: those of its Service, or where Grafana is reached."""
    metadata = found["metadata"]
    if is_entrance(found):
        if address := addresses.get(metadata["name"]):
            found = copy.deepcopy(found)
            found["metadata"].setdefault("annotations", {})[ADDRESSES] = address
        return found
    if found["kind"] == "Deployment" and (address := addresses.get(f"{metadata['name']}-entrance")):
        return at_address(found, address.partition(",")[0])
    return found
