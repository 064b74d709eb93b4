"""What tenants' entrances hang on: the Gateway, the ingress class, the issuer of certificates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tigctl.backends.kubernetes.cluster import Object
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.render.kubernetes.model import MANAGED_LABEL, TENANT_LABEL
from tigctl.spec.exposure import Entrance, GatewayReference
from tigctl.spec.workspace import Tenant
from tigctl.targets.finding import Finding, failed, ok, warning
from tigctl.targets.kubernetes import conditions
from tigctl.targets.kubernetes.doctor.look import Look, is_default
from tigctl.targets.kubernetes.fitting import named
from tigctl.targets.kubernetes.selecting import selects

_GATEWAY, _INGRESS, _ISSUER = "gateway", "ingress class", "certificates"
_ROUTED = frozenset({"HTTP", "HTTPS"})
Used = list[tuple[Tenant, str, Entrance]]


def gateways(look: Look) -> Iterator[Finding]:
    """Each Gateway that entrances of type gateway are attached to."""
    groups: dict[GatewayReference, Used] = {}
    for one in look.entrances("gateway"):
        groups.setdefault(one[0].target.gateway, []).append(one)
    for reference, used in groups.items():
        yield from _gateway(look, reference, used)


def _gateway(look: Look, reference: GatewayReference, used: Used) -> Iterator[Finding]:
    name = f"{reference.namespace}/{reference.name}"
    tenants = [tenant for tenant, _, _ in used]
    found = look.cluster.get(Ref("Gateway", reference.namespace, reference.name))
    if found is None:
        yield failed(
            _GATEWAY,
            f"{name} is not there{look.whose(tenants)}",
            "make it, or name another one: targets.NAME.gateway in fleet.yaml",
        )
        return
    class_name = found["spec"]["gatewayClassName"]
    class_ = look.cluster.get(Ref("GatewayClass", "", class_name))
    if trouble := _untaken(class_):
        yield failed(
            _GATEWAY,
            f"{name}: its class {class_name} {trouble}",
            f"see whether the class's controller runs: kubectl describe gatewayclass {class_name}",
        )
    elif trouble := _untaken(found, "Accepted", "Programmed"):
        yield failed(
            _GATEWAY,
            f"{name} {trouble}",
            f"kubectl -n {reference.namespace} describe gateway {reference.name}",
        )
    else:
        yield ok(_GATEWAY, f"{name} of class {class_name} is accepted{look.whose(tenants)}")
    refused: dict[str, list[Tenant]] = {}
    for tenant, component, entrance in used:
        if why := _refusal(found, reference, tenant, entrance):
            refused.setdefault(f"{component}: {why}", []).append(tenant)
    for why, some in refused.items():
        yield failed(
            "gateway's listeners",
            f"{name} does not take the route of {why}{look.whose(some)}",
            f"kubectl -n {reference.namespace} edit gateway {reference.name}",
        )
    if not refused:
        yield ok("gateway's listeners", f"{name} takes the tenants' routes")


def _untaken(found: Object | None, *kinds: str) -> str:
    """Why nobody serves a Gateway or its class; empty where somebody does."""
    if found is None:
        return "is not there"
    for kind in kinds or ("Accepted",):
        if not conditions.holds(found, kind):
            why = conditions.of(found, kind).get("message") or "no controller has taken it"
            return f"is not {kind}: {why}"
    return ""


def _refusal(
    gateway: Object, reference: GatewayReference, tenant: Tenant, entrance: Entrance
) -> str:
    """Why a Gateway takes no route of a tenant; empty where it does."""
    spec = gateway["spec"]
    if entrance.tls.issuer or entrance.tls.secret:
        # The entrance brings a listener of its own, which the Gateway has to allow.
        allowed = (spec.get("allowedListeners") or {}).get("namespaces") or {"from": "None"}
        if _allows(allowed, tenant, reference.namespace):
            return ""
        return (
            "it allows no listeners of the tenant's namespace; set allowedListeners.namespaces.from"
            " to All or Selector"
        )
    listeners = [one for one in spec["listeners"] if reference.section in {"", one["name"]}]
    if not listeners:
        return f"there is no listener {reference.section}"
    reasons = [_listener_refusal(one, tenant, entrance, reference) for one in listeners]
    return "" if "" in reasons else named(dict.fromkeys(reasons))


def _listener_refusal(
    listener: Mapping[str, Any], tenant: Tenant, entrance: Entrance, reference: GatewayReference
) -> str:
    name, allowed = listener["name"], listener.get("allowedRoutes") or {}
    if listener["protocol"] not in _ROUTED:
        return f"listener {name} is of protocol {listener['protocol']}"
    kinds = [one["kind"] for one in allowed.get("kinds") or ()]
    if kinds and "HTTPRoute" not in kinds:
        return f"listener {name} takes only {', '.join(kinds)}"
    if not _fits(str(listener.get("hostname") or ""), entrance.host):
        return f"listener {name} is for {listener['hostname']}, not {entrance.host}"
    namespaces = allowed.get("namespaces") or {"from": "Same"}
    if not _allows(namespaces, tenant, reference.namespace):
        return f"listener {name} allows no routes from the tenant's namespace"
    return ""


def _allows(namespaces: Mapping[str, Any], tenant: Tenant, same: str) -> bool:
    namespace = tenant.settings.namespace
    match namespaces.get("from"):
        case "All":
            return True
        case "Same":
            return namespace == same
        case "Selector":
            # The labels that the namespace has once tigctl has made it.
            made = {
                "kubernetes.io/metadata.name": namespace,
                MANAGED_LABEL: "tigctl",
                TENANT_LABEL: tenant.name,
            }
            return selects(namespaces.get("selector"), made)
    return False


def _fits(pattern: str, host: str) -> bool:
    if not pattern.startswith("*."):
        return pattern in {"", host}
    return host.endswith(pattern[1:]) and len(host) > len(pattern) - 1


def ingress_classes(look: Look) -> Iterator[Finding]:
    """Each ingress class that tenants' entrances are of."""
    groups: dict[str, list[Tenant]] = {}
    for tenant, _, _ in look.entrances("ingress"):
        groups.setdefault(tenant.target.ingress_class, []).append(tenant)
    for name, tenants in groups.items():
        classes = {one["metadata"]["name"]: one for one in look.objects("IngressClass")}
        there = f"there are: {named(classes) or 'none'}"
        if name and name not in classes:
            yield failed(
                _INGRESS,
                f"{name} is not there{look.whose(tenants)}; {there}",
                "write one of these as targets.NAME.ingress_class in fleet.yaml",
            )
            continue
        found = classes.get(name) or next(filter(is_default, classes.values()), None)
        if found is None:
            yield failed(
                _INGRESS,
                f"none is named and none is the default{look.whose(tenants)}; {there}",
                "write targets.NAME.ingress_class in fleet.yaml",
            )
        else:
            controller = (found.get("spec") or {}).get("controller", "nobody")
            text = f"{found['metadata']['name']} of {controller}{look.whose(tenants)}"
            yield ok(_INGRESS, text)


def issuers(look: Look) -> Iterator[Finding]:
    """Each ClusterIssuer that makes tenants' certificates."""
    groups: dict[str, list[Tenant]] = {}
    for kind in ("gateway", "ingress", "loadbalancer"):
        for tenant, _, entrance in look.entrances(kind):
            if entrance.tls.issuer:
                groups.setdefault(entrance.tls.issuer, []).append(tenant)
    for name, tenants in groups.items():
        found = look.cluster.get(Ref("ClusterIssuer", "", name))
        if found is None:
            yield failed(
                _ISSUER,
                f"ClusterIssuer {name} is not there{look.whose(tenants)}",
                "make it, or name another one: exposure.grafana.tls.issuer",
            )
            continue
        if by_address := [one for one in tenants if _only_by_http(found) and _has_address(one)]:
            yield failed(
                _ISSUER,
                f"ClusterIssuer {name} proves by HTTP-01 only, which an address of Grafana's own"
                f" does not answer{look.whose(by_address)}",
                "give it a solver of DNS-01, or use type gateway or ingress",
            )
        if conditions.holds(found, "Ready"):
            yield ok(_ISSUER, f"ClusterIssuer {name} is ready{look.whose(tenants)}")
        else:
            said = conditions.of(found, "Ready").get("message")
            why = said or "cert-manager has not looked at it"
            remedy = f"kubectl describe clusterissuer {name}"
            yield warning(_ISSUER, f"ClusterIssuer {name} is not ready: {why}", remedy)


def _only_by_http(issuer: Object) -> bool:
    """Whether an ACME issuer has HTTP-01 and nothing else to prove by."""
    solvers = ((issuer.get("spec") or {}).get("acme") or {}).get("solvers") or ()
    return bool(solvers) and all("http01" in one for one in solvers)


def _has_address(tenant: Tenant) -> bool:
    entrance = tenant.settings.exposure.grafana
    return entrance.type == "loadbalancer" and bool(entrance.tls.issuer)
