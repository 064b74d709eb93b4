"""How people reach the tenant's components from outside of the cluster."""

from __future__ import annotations

import copy

from tigctl.render.kubernetes import reference
from tigctl.render.kubernetes.model import Object, Stack
from tigctl.spec.exposure import Entrance, public_port
from tigctl.spec.isolation import INTERNET, NOT_INTERNET
from tigctl.spec.ranges import network_range, networks, without

_PORTS = {"grafana": 3000, "influxdb": 8086}
# What MetalLB reads of a Service: the pool, the addresses, and who may share them.
POOL = "metallb.io/address-pool"
ADDRESSES = "metallb.io/loadBalancerIPs"
SHARING = "metallb.io/allow-shared-ip"

# InfluxDB answers at / only; Grafana is told its path and serves it itself.
_WITHOUT_PATH = {
    "type": "URLRewrite",
    "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}},
}


def entrances(stack: Stack) -> list[Object]:
    """The entrances of Grafana and InfluxDB, each with its certificate where it has one."""
    exposure = stack.settings.exposure
    found: list[Object] = []
    for component, entrance in (("grafana", exposure.grafana), ("influxdb", exposure.influxdb)):
        if entrance.type == "none":
            continue
        kinds = {one["kind"]: one for one in reference.load("exposure")}
        if entrance.tls.issuer:
            found.append(_certificate(stack, component, entrance, kinds["Certificate"]))
        match entrance.type:
            case "gateway":
                found += _gateway(stack, component, entrance, kinds)
            case "ingress":
                found.append(_ingress(stack, component, entrance, kinds["Ingress"]))
            case _:
                found.append(_load_balancer(stack, component, entrance, kinds["Service"]))
    return found


def certificate_of(component: str, entrance: Entrance) -> str:
    """The Secret with the certificate, empty without TLS."""
    if entrance.tls.secret:
        return entrance.tls.secret
    return f"{component}-tls" if entrance.tls.issuer else ""


def _certificate(stack: Stack, component: str, entrance: Entrance, found: Object) -> Object:
    found["metadata"] = stack.metadata(component, component)
    spec = found["spec"]
    spec["secretName"] = certificate_of(component, entrance)
    if entrance.host:
        spec["dnsNames"] = [entrance.host]
    else:  # of a load balancer that people reach by its address
        del spec["dnsNames"]
        spec["ipAddresses"] = list(entrance.addresses)
    spec["issuerRef"]["name"] = entrance.tls.issuer
    return found


def _gateway(
    stack: Stack, component: str, entrance: Entrance, kinds: dict[str, Object]
) -> list[Object]:
    gateway = stack.target.gateway
    parent = {
        "group": "gateway.networking.k8s.io",
        "kind": "Gateway",
        "namespace": gateway.namespace,
        "name": gateway.name,
    }
    route, listeners = kinds["HTTPRoute"], kinds["ListenerSet"]
    route["metadata"] = stack.metadata(component, component)
    spec = route["spec"]
    spec["hostnames"] = [entrance.host]
    (rule,) = spec["rules"]
    rule["matches"][0]["path"]["value"] = path = entrance.path.rstrip("/") or "/"
    if component == "influxdb" and path != "/":
        rule["filters"] = [copy.deepcopy(_WITHOUT_PATH)]
    rule["backendRefs"] = [{"name": component, "port": _PORTS[component]}]
    secret = certificate_of(component, entrance)
    if not secret:
        section = {"sectionName": gateway.section} if gateway.section else {}
        spec["parentRefs"] = [{**parent, **section}]
        return [route]
    listeners["metadata"] = stack.metadata(component, component)
    listeners["spec"]["parentRef"] = parent
    (listener,) = listeners["spec"]["listeners"]
    listener["hostname"] = entrance.host
    listener["tls"]["certificateRefs"] = [{"name": secret}]
    spec["parentRefs"] = [{**parent, "kind": "ListenerSet", "name": component}]
    del spec["parentRefs"][0]["namespace"]
    return [listeners, route]


def _ingress(stack: Stack, component: str, entrance: Entrance, found: Object) -> Object:
    found["metadata"] = stack.metadata(component, component)
    spec = found["spec"]
    if stack.target.ingress_class:
        spec["ingressClassName"] = stack.target.ingress_class
    (rule,) = spec["rules"]
    rule["host"] = entrance.host
    (path,) = rule["http"]["paths"]
    path["path"] = entrance.path.rstrip("/") or "/"
    path["backend"]["service"] = {"name": component, "port": {"number": _PORTS[component]}}
    if secret := certificate_of(component, entrance):
        spec["tls"] = [{"hosts": [entrance.host], "secretName": secret}]
    return found


def _load_balancer(stack: Stack, component: str, entrance: Entrance, found: Object) -> Object:
    metadata = stack.metadata(f"{component}-entrance", component)
    annotations = {}
    if stack.target.pool.name:
        annotations[POOL] = stack.target.pool.name
    if entrance.address:
        annotations[ADDRESSES] = entrance.address
    spec = found["spec"]
    if families := entrance.families or stack.target.pool.of_families:
        # Else the Service is of the cluster's first family, and MetalLB gives it no other one.
        spec["ipFamilies"] = list(families)
        spec["ipFamilyPolicy"] = "RequireDualStack" if len(families) > 1 else "SingleStack"
    if entrance.shared:
        # Whoever shares an address has to name the same key.
        annotations[SHARING] = "tigctl"
        # MetalLB shares an address between different pods only where any node may take a request.
        spec["externalTrafficPolicy"] = "Cluster"
    clients = getattr(stack.settings.isolation, component).clients
    if ranges := [cidr for client in clients for cidr in _cidrs(client)]:
        spec["loadBalancerSourceRanges"] = ranges
    if annotations:
        metadata["annotations"] = annotations
    found["metadata"] = metadata
    spec["selector"] = stack.selector(component)
    spec["ports"][0]["port"] = public_port(component, entrance)
    spec["ports"][0]["targetPort"] = _PORTS[component]
    if entrance.tls.own:
        spec["ports"][0]["name"] = "https"
    return found


def _cidrs(client: str) -> list[str]:
    """A network, or all that `internet` stands for: source ranges know no exceptions."""
    if client != INTERNET:
        return [client]
    left = without(map(network_range, ("0.0.0.0/0", "::/0")), map(network_range, NOT_INTERNET))
    return [str(network) for one in left for network in networks(one)]
