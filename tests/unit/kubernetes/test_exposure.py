"""Entrances of each type. Leaves out: what an API server makes of them."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from tigctl.render.kubernetes import reference
from tigctl.render.kubernetes.exposure import entrances
from tigctl.render.kubernetes.model import Object, Stack
from tigctl.spec.model import TargetSettings, TenantSettings
from tigctl.spec.ranges import Ranges, network_range
from tigctl.spec.stack import Images

HOST = {"host": "noc.example", "path": "/acme"}


def found(
    grafana: dict[str, Any],
    influxdb: dict[str, Any] | None = None,
    isolation: dict[str, Any] | None = None,
    **target: Any,
) -> dict[tuple[str, str], Object]:
    exposure = {"grafana": grafana, "influxdb": influxdb or {"type": "none"}}
    settings = TenantSettings.model_validate({"exposure": exposure, "isolation": isolation or {}})
    place = TargetSettings.model_validate({"type": "kubernetes", **target})
    images = Images.model_validate({})
    stack = Stack("acme", "tig-acme", settings, place, images, (), (), ())
    objects = entrances(stack)
    for one in objects:
        assert one["metadata"]["namespace"] == "tig-acme"
        assert one["metadata"]["labels"]["tigctl.dev/tenant"] == "acme"
    return {(one["kind"], one["metadata"]["name"]): one for one in objects}


def test_none() -> None:
    assert found({"type": "none"}) == {}


def test_a_route_to_the_shared_gateway() -> None:
    gateway = {"name": "edge", "namespace": "infra", "section": "http"}
    (route,) = found({"type": "gateway", **HOST}, gateway=gateway).values()
    assert route["spec"]["hostnames"] == ["noc.example"]
    (parent,) = route["spec"]["parentRefs"]
    assert parent == {
        "group": "gateway.networking.k8s.io",
        "kind": "Gateway",
        "namespace": "infra",
        "name": "edge",
        "sectionName": "http",
    }
    (rule,) = route["spec"]["rules"]
    assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/acme"}}]
    assert rule["backendRefs"] == [{"name": "grafana", "port": 3000}]


@pytest.mark.parametrize("tls", [{"issuer": "internal"}, {"secret": "wildcard"}])
def test_a_gateway_with_tls_has_a_listener_of_the_tenants(tls: dict[str, str]) -> None:
    objects = found({"type": "gateway", **HOST, "tls": tls})
    listeners = objects["ListenerSet", "grafana"]["spec"]
    assert listeners["parentRef"]["name"] == "public"
    (listener,) = listeners["listeners"]
    secret = tls.get("secret", "grafana-tls")
    assert listener["tls"]["certificateRefs"] == [{"name": secret}]
    assert listener["hostname"] == "noc.example"
    (parent,) = objects["HTTPRoute", "grafana"]["spec"]["parentRefs"]
    assert (parent["kind"], parent["name"]) == ("ListenerSet", "grafana")
    if "issuer" in tls:
        spec = objects["Certificate", "grafana"]["spec"]
        assert (spec["secretName"], spec["dnsNames"]) == (secret, ["noc.example"])
        assert spec["issuerRef"]["name"] == "internal"
    else:
        assert ("Certificate", "grafana") not in objects


@pytest.mark.parametrize("kind", ["gateway", "ingress", "loadbalancer"])
def test_tls_that_ends_outside_makes_nothing_of_its_own(kind: str) -> None:
    plain = {"type": kind, **HOST}
    assert found({**plain, "tls": {"outside": True}}) == found(plain)


def test_an_ingress_by_class_without_annotations() -> None:
    objects = found(
        {"type": "ingress", **HOST, "tls": {"issuer": "internal"}}, ingress_class="cilium"
    )
    ingress = objects["Ingress", "grafana"]
    assert "annotations" not in ingress["metadata"]
    assert ingress["spec"]["ingressClassName"] == "cilium"
    assert ingress["spec"]["tls"] == [{"hosts": ["noc.example"], "secretName": "grafana-tls"}]
    (path,) = ingress["spec"]["rules"][0]["http"]["paths"]
    assert (path["path"], path["pathType"]) == ("/acme", "Prefix")
    bare = found({"type": "ingress", **HOST})["Ingress", "grafana"]
    assert "ingressClassName" not in bare["spec"]
    assert "tls" not in bare["spec"]


def test_an_address_of_its_own() -> None:
    (service,) = found({"type": "loadbalancer", "address": "192.0.2.10"}, pool={"name": "tenants"})
    objects = found({"type": "loadbalancer", "address": "192.0.2.10"}, pool={"name": "tenants"})
    spec = objects[service]["spec"]
    assert service == ("Service", "grafana-entrance")
    assert spec["externalTrafficPolicy"] == "Local", "policies judge by the client's address"
    assert spec["ports"][0]["port"] == 80
    assert objects[service]["metadata"]["annotations"] == {
        "metallb.io/address-pool": "tenants",
        "metallb.io/loadBalancerIPs": "192.0.2.10",
    }
    (free,) = found({"type": "loadbalancer"}).values()
    assert "annotations" not in free["metadata"]


@pytest.mark.parametrize(
    ("more", "names"),
    [
        ({"host": "noc.example"}, {"dnsNames": ["noc.example"]}),
        ({"address": "2001:db8::1, 192.0.2.10"}, {"ipAddresses": ["192.0.2.10", "2001:db8::1"]}),
        ({"host": "noc.example", "address": "192.0.2.10"}, {"dnsNames": ["noc.example"]}),
    ],
    ids=["host", "address", "both"],
)
def test_an_address_with_a_certificate(more: dict[str, str], names: dict[str, Any]) -> None:
    objects = found({"type": "loadbalancer", **more, "tls": {"issuer": "internal"}})
    spec = objects["Certificate", "grafana"]["spec"]
    assert {key: spec.get(key) for key in ("dnsNames", "ipAddresses")} == {
        "dnsNames": None,
        "ipAddresses": None,
        **names,
    }
    (port,) = objects["Service", "grafana-entrance"]["spec"]["ports"]
    assert port == {"name": "https", "port": 443, "targetPort": 3000, "protocol": "TCP"}
    own = found({"type": "loadbalancer", "port": 8443, "tls": {"secret": "wildcard"}})
    assert own.keys() == {("Service", "grafana-entrance")}
    assert own["Service", "grafana-entrance"]["spec"]["ports"][0]["port"] == 8443


def test_an_address_of_ipv6_asks_for_a_service_of_ipv6() -> None:
    (service,) = found({"type": "loadbalancer", "address": "2001:DB8::10"}).values()
    assert service["spec"]["ipFamilies"] == ["IPv6"]
    assert service["metadata"]["annotations"]["metallb.io/loadBalancerIPs"] == "2001:db8::10"
    (service,) = found({"type": "loadbalancer", "address": "192.0.2.10"}).values()
    assert service["spec"]["ipFamilies"] == ["IPv4"]


@pytest.mark.parametrize(
    ("pool", "families"),
    [
        ({}, None),
        ({"addresses": ["192.0.2.0/28", "2001:db8::/64"]}, None),
        ({"addresses": ["2001:db8::/64"]}, ["IPv6"]),
        ({"families": ["IPv6", "IPv4"]}, ["IPv6", "IPv4"]),
    ],
    ids=str,
)
def test_a_free_address_is_of_the_pool_s_families(
    pool: dict[str, Any], families: list[str] | None
) -> None:
    (service,) = found({"type": "loadbalancer"}, pool=pool).values()
    assert service["spec"].get("ipFamilies") == families
    policy = {None: None, 1: "SingleStack", 2: "RequireDualStack"}[families and len(families)]
    assert service["spec"].get("ipFamilyPolicy") == policy


def test_an_address_of_each_family() -> None:
    address = "2001:db8::10, 192.0.2.10"
    (service,) = found({"type": "loadbalancer", "address": address}).values()
    assert service["spec"]["ipFamilies"] == ["IPv4", "IPv6"]
    given = service["metadata"]["annotations"]["metallb.io/loadBalancerIPs"]
    assert given == "192.0.2.10,2001:db8::10"


def test_a_shared_address_as_metallb_shares_it() -> None:
    """Its allocator wants one key, different ports, and of different pods the policy Cluster."""
    both = {"type": "loadbalancer", "address": "192.0.2.10", "shared": True}
    objects = found({**both, "port": 3001}, both)
    keys = {
        one["metadata"]["annotations"]["metallb.io/allow-shared-ip"] for one in objects.values()
    }
    ports = {one["spec"]["ports"][0]["port"] for one in objects.values()}
    policies = {one["spec"]["externalTrafficPolicy"] for one in objects.values()}
    assert (keys, ports, policies) == ({"tigctl"}, {3001, 8086}, {"Cluster"})


def test_clients_of_an_address_are_named_at_the_service_too() -> None:
    (service,) = found(
        {"type": "loadbalancer"},
        isolation={"grafana": {"clients": ["198.51.100.0/24", "2001:db8::1"]}},
    ).values()
    wanted = ["198.51.100.0/24", "2001:db8::1/128"]
    assert service["spec"]["loadBalancerSourceRanges"] == wanted
    assert service["spec"]["allocateLoadBalancerNodePorts"] is False
    (open_to_all,) = found({"type": "loadbalancer"}).values()
    assert "loadBalancerSourceRanges" not in open_to_all["spec"]


def test_the_internet_as_source_ranges() -> None:
    isolation = {"grafana": {"clients": ["internet"]}}
    (service,) = found({"type": "loadbalancer"}, isolation=isolation).values()
    ranges = Ranges(map(network_range, service["spec"]["loadBalancerSourceRanges"]))
    for inside in ("1.1.1.1", "192.167.255.255", "192.169.0.0", "2001:db8::1"):
        assert ipaddress.ip_address(inside) in ranges
    for outside in ("10.20.0.1", "192.168.0.0", "169.254.169.254", "fd00::1", "fe80::1"):
        assert ipaddress.ip_address(outside) not in ranges


def test_two_free_addresses_are_not_shared() -> None:
    both = {"type": "loadbalancer"}
    for one in found(both, both).values():
        assert "annotations" not in one["metadata"]
        assert one["spec"]["externalTrafficPolicy"] == "Local"


def test_influxdb_below_a_path_of_a_gateway_does_not_see_the_path() -> None:
    grafana = {"type": "gateway", **HOST}
    objects = found(grafana, {**grafana, "path": "/acme-data"})
    (rule,) = objects["HTTPRoute", "influxdb"]["spec"]["rules"]
    assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/acme-data"}}]
    assert rule["backendRefs"] == [{"name": "influxdb", "port": 8086}]
    assert rule["filters"] == [
        {
            "type": "URLRewrite",
            "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}},
        }
    ]
    # Grafana is told its path, and has to see it.
    assert "filters" not in objects["HTTPRoute", "grafana"]["spec"]["rules"][0]
    whole = found({"type": "none"}, {**grafana, "path": "/"})["HTTPRoute", "influxdb"]
    assert "filters" not in whole["spec"]["rules"][0]


@pytest.mark.parametrize(
    ("entrance", "kinds"),
    [
        ({"type": "gateway"}, {"HTTPRoute"}),
        ({"type": "gateway", "tls": {"issuer": "internal"}}, {"ListenerSet", "Certificate"}),
        ({"type": "ingress"}, {"Ingress"}),
        ({"type": "loadbalancer", "host": ""}, {"Service"}),
    ],
    ids=lambda found: str(found) if isinstance(found, dict) else "",
)
def test_of_the_reference_tenant_they_are_those_of_the_reference(
    entrance: dict[str, Any], kinds: set[str]
) -> None:
    shown = {one["kind"]: one for one in reference.load("exposure")}
    made = {one["kind"]: one for one in found({"host": "acme.noc.example", **entrance}).values()}
    assert kinds <= made.keys()
    for kind in kinds:
        assert made[kind] == shown[kind]


def test_tenants_do_not_share_what_is_rendered() -> None:
    one = found({"type": "gateway", **HOST}, {"type": "gateway", **HOST, "path": "/i"})
    for route in one.values():
        (rule,) = route["spec"]["rules"]
        rule["matches"][0]["path"]["type"] = "spoilt"
        for rewrite in rule.get("filters", []):
            rewrite["urlRewrite"]["path"]["type"] = "spoilt"
    again = found({"type": "gateway", **HOST}, {"type": "gateway", **HOST, "path": "/i"})
    assert "spoilt" not in str(again)
