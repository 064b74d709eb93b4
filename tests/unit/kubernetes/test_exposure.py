"""Entrances of each type. Leaves out: what an API server makes of them."""

from __future__ import annotations

from typing import Any

import pytest

from tigctl.render.kubernetes.exposure import entrances
from tigctl.render.kubernetes.model import Object, Stack
from tigctl.spec.model import TargetSettings, TenantSettings
from tigctl.spec.stack import Images

HOST = {"host": "noc.example", "path": "/acme"}


def found(
    grafana: dict[str, Any], influxdb: dict[str, Any] | None = None, **target: Any
) -> dict[tuple[str, str], Object]:
    exposure = {"grafana": grafana, "influxdb": influxdb or {"type": "none"}}
    settings = TenantSettings.model_validate({"exposure": exposure})
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


def test_both_components_share_an_address_on_different_ports() -> None:
    both = {"type": "loadbalancer", "address": "192.0.2.10"}
    objects = found(both, both)
    keys = {
        one["metadata"]["annotations"]["metallb.io/allow-shared-ip"] for one in objects.values()
    }
    ports = {one["spec"]["ports"][0]["port"] for one in objects.values()}
    assert (keys, ports) == ({"tigctl-acme"}, {80, 8086})
