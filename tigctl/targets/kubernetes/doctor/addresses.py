"""MetalLB: pools with the tenants' addresses, and whether anybody tells the network of them.

No address is tried: one that a load balancer announces does not answer to ping.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tigctl.backends.kubernetes.cluster import Object
from tigctl.render.kubernetes.model import MANAGED_LABEL, TENANT_LABEL
from tigctl.spec.ranges import Ranges, pool_range
from tigctl.spec.workspace import Tenant
from tigctl.targets.finding import Finding, failed, ok, warning
from tigctl.targets.kubernetes.doctor.look import Look, labels
from tigctl.targets.kubernetes.fitting import named
from tigctl.targets.kubernetes.selecting import selects

_POOL, _TOLD = "MetalLB's pool", "MetalLB's announcements"


def pools(look: Look) -> Iterator[Finding]:
    """The pools that tenants' addresses come from."""
    groups: dict[str, list[Tenant]] = {}
    for tenant, _, _ in look.entrances("loadbalancer"):
        groups.setdefault(tenant.target.pool.name, []).append(tenant)
    if not groups or not look.served("metallb.io"):
        return  # definitions.py says that it is not there
    for name, tenants in groups.items():
        found = _candidates(look, name)
        if not found:
            what = f"{name} is not there" if name else "none gives out addresses by itself"
            there = named(one["metadata"]["name"] for one in look.objects("IPAddressPool"))
            yield failed(
                _POOL,
                f"{what}{look.whose(tenants)}; there are: {there or 'none'}",
                "make an IPAddressPool, or name one: targets.NAME.pool.name in fleet.yaml",
            )
            continue
        yield _allocated(look, found, tenants)
        usable = [one for one in found if any(_serves(one, tenant) for tenant in tenants)]
        for pool in usable:
            yield _announced(look, pool)
        yield from _fixed(look, usable, tenants)


def _candidates(look: Look, name: str) -> list[Object]:
    found = look.objects("IPAddressPool")
    if name:
        return [one for one in found if one["metadata"]["name"] == name]
    return [one for one in found if one["spec"].get("autoAssign", True)]


def _allocated(look: Look, found: list[Object], tenants: list[Tenant]) -> Finding:
    """Whether each tenant's namespace is given addresses of these pools."""
    names = named(one["metadata"]["name"] for one in found)
    left_out = [tenant for tenant in tenants if not any(_serves(one, tenant) for one in found)]
    if left_out:
        return failed(
            _POOL,
            f"{names}: serviceAllocation leaves out the namespace of"
            f" {named(one.name for one in left_out)}",
            "let it in, or name another pool: targets.NAME.pool.name in fleet.yaml",
        )
    addresses = named(text for one in found for text in one["spec"]["addresses"])
    return ok(_POOL, f"{names} with {addresses}{look.whose(tenants)}")


def _serves(pool: Object, tenant: Tenant) -> bool:
    """Whether a pool gives addresses to the tenant's namespace."""
    rule = pool["spec"].get("serviceAllocation") or {}
    names, selectors = rule.get("namespaces") or (), rule.get("namespaceSelectors") or ()
    if not names and not selectors:
        return True
    namespace = tenant.settings.namespace
    made = {
        "kubernetes.io/metadata.name": namespace,
        MANAGED_LABEL: "tigctl",
        TENANT_LABEL: tenant.name,
    }
    return namespace in names or any(selects(one, made) for one in selectors)


def _announced(look: Look, pool: Object) -> Finding:
    name, space = pool["metadata"]["name"], pool["metadata"]["namespace"]
    layer2 = [one for one in look.objects("L2Advertisement") if _selects(one, pool)]
    bgp = [one for one in look.objects("BGPAdvertisement") if _selects(one, pool)]
    remedy = f"kubectl -n {space} edit"
    if not (layer2 or bgp):
        return failed(
            _TOLD,
            f"nobody announces {name}: no L2Advertisement or BGPAdvertisement selects it",
            f"make an L2Advertisement in {space} with ipAddressPools: [{name}]",
        )
    for one in (*layer2, *bgp):
        selectors = (one.get("spec") or {}).get("nodeSelectors") or ()
        nodes = [
            node
            for node in look.objects("Node")
            if not selectors or any(selects(some, labels(node)) for some in selectors)
        ]
        if nodes:
            continue
        what = f"{_kind(one, layer2)} {one['metadata']['name']}"
        text = f"{what} announces {name} from no node: none has the labels of its nodeSelectors"
        return failed(_TOLD, text, f"{remedy} {what.lower()}")
    if not layer2 and not look.objects("BGPPeer"):
        return failed(
            _TOLD,
            f"{name} is announced by BGP, and there is no BGPPeer to tell",
            f"make a BGPPeer in {space}",
        )
    ways = [f"{_kind(one, layer2)} {one['metadata']['name']}" for one in (*layer2, *bgp)]
    return ok(_TOLD, f"{name} by {named(ways)}")


def _kind(one: Object, layer2: list[Object]) -> str:
    return "L2Advertisement" if one in layer2 else "BGPAdvertisement"


def _selects(advertisement: Object, pool: Object) -> bool:
    """By name or by labels; without either, all pools of its namespace."""
    if advertisement["metadata"]["namespace"] != pool["metadata"]["namespace"]:
        return False
    spec: Mapping[str, Any] = advertisement.get("spec") or {}
    names, selectors = spec.get("ipAddressPools") or (), spec.get("ipAddressPoolSelectors") or ()
    if not names and not selectors:
        return True
    return pool["metadata"]["name"] in names or any(selects(one, labels(pool)) for one in selectors)


def _fixed(look: Look, usable: Iterable[Object], tenants: list[Tenant]) -> Iterator[Finding]:
    """Addresses that tenants chose: are they the pool's?"""
    inside = Ranges(pool_range(text) for one in usable for text in one["spec"]["addresses"])
    for tenant, component, entrance in look.entrances("loadbalancer"):
        if tenant not in tenants or not entrance.address:
            continue
        if ipaddress.ip_address(entrance.address) not in inside:
            yield warning(
                _POOL,
                f"{entrance.address} of {tenant.name} is not in it",
                f"choose another exposure.{component}.address, or none",
            )
