"""`tigctl doctor` on a real control plane: storage, Longhorn, entrances, certificates, addresses.

Each finding in both states. No controller of these parts runs, so what they would write into a
status is written here. Longhorn's definitions are in no registry: tests/cluster/longhorn.py
makes the least that its documentation says of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.cluster import longhorn
from tests.cluster.api import Object
from tests.cluster.plane import Plane
from tests.integration.kubernetes.doctoring import FAILED, OK, WARNING, Clinic, tenant

pytestmark = pytest.mark.real

CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
GATEWAYS = "/apis/gateway.networking.k8s.io/v1"
GATEWAY = f"{GATEWAYS}/namespaces/gateways/gateways/public"
DEFAULT = "storageclass.kubernetes.io/is-default-class"


@pytest.fixture
def clinic(plane: Plane) -> Clinic:
    return Clinic(plane)


# Storage


def _class(name: str, **more: Any) -> Object:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name, **more.pop("metadata", {})},
        "provisioner": "example.com/disks",
        **more,
    }


def test_a_named_class(clinic: Clinic) -> None:
    assert clinic.only("storage class", tenant(storage={"class": "longhorn"})).state is OK
    found = clinic.only("storage class", tenant(storage={"class": "fast"}))
    assert (found.state, "there are: longhorn" in found.text) == (FAILED, True)
    with clinic.made(_class("fast")):
        found = clinic.only("storage class", tenant(storage={"class": "fast"}))
    assert (found.state, "cannot grow" in found.text) == (WARNING, True)


def test_the_default_class(clinic: Clinic) -> None:
    found = clinic.only("storage class")
    assert (found.state, found.text[:22]) == (OK, "longhorn (the default)")
    second = _class("second", metadata={"annotations": {DEFAULT: "true"}})
    with clinic.made(second):
        found = clinic.only("storage class")
        assert (found.state, "are all the default" in found.text) == (WARNING, True)
    none = {"metadata": {"annotations": {DEFAULT: "false"}}}
    with clinic.changed(f"{CLASSES}/longhorn", none):
        assert clinic.only("storage class").state is FAILED
    # A tenant's own class comes with it.
    assert clinic.ask("storage class", tenant(storage={"replicas": 2})) == []


# Longhorn


@pytest.fixture(scope="module")
def storage(plane: Plane) -> Iterator[None]:
    """Longhorn with three nodes, set as its documentation advises for stateful pods."""
    with longhorn.installed(plane):
        for number in (1, 2, 3):
            longhorn.node(plane, f"worker-{number}", tags=("ssd",) if number < 3 else ())
        longhorn.setting(plane, "storage-over-provisioning-percentage", "100")
        longhorn.setting(
            plane, "node-down-pod-deletion-policy", "delete-both-statefulset-and-deployment-pod"
        )
        yield


def test_longhorn_that_is_not_there(clinic: Clinic) -> None:
    found = clinic.only("Longhorn")
    assert (found.state, "knows nothing of longhorn.io" in found.text) == (FAILED, True)


def test_volumes_of_others_do_not_ask_for_longhorn(clinic: Clinic) -> None:
    with clinic.made(_class("other", allowVolumeExpansion=True)):
        assert clinic.ask("Longhorn", tenant(storage={"class": "other"})) == []


@pytest.mark.usefixtures("storage")
def test_longhorn_as_it_should_be(clinic: Clinic) -> None:
    found = clinic.ask("Longhorn")
    assert {one.check: one.state for one in found} == {
        "Longhorn": OK,
        "Longhorn's nodes": OK,
        "Longhorn's copies": OK,
        "Longhorn's node loss": OK,
        "Longhorn's disks": OK,
    }


@pytest.mark.usefixtures("storage")
@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("node-down-pod-deletion-policy", "do-nothing", "Longhorn's node loss"),
        ("storage-over-provisioning-percentage", "200", "Longhorn's disks"),
        # As newer versions write a setting that each data engine has of its own.
        ("storage-over-provisioning-percentage", '{"v1":"200"}', "Longhorn's disks"),
    ],
)
def test_settings_of_longhorn(clinic: Clinic, name: str, value: str, check: str) -> None:
    path = f"/apis/{longhorn.VERSION}/namespaces/{longhorn.NAMESPACE}/settings/{name}"
    with clinic.changed(path, {"value": value}):
        found = {one.check: one for one in clinic.ask("Longhorn")}[check]
    assert (found.state, name in found.text + found.remedy) == (WARNING, True)


@pytest.mark.usefixtures("storage")
def test_nodes_and_copies_of_longhorn(clinic: Clinic) -> None:
    def states(**storage: Any) -> tuple[str, str]:
        found = {one.check: one.state for one in clinic.ask("Longhorn", tenant(storage=storage))}
        return found["Longhorn's nodes"], found["Longhorn's copies"]

    assert states(replicas=3) == (OK, OK)
    assert states(replicas=4) == (OK, WARNING)
    assert states(replicas=1) == (OK, WARNING)
    assert states(replicas=2, node_tags=["ssd"]) == (OK, OK)
    assert states(replicas=3, node_tags=["ssd"]) == (OK, WARNING)
    assert states(replicas=2, node_tags=["tape"]) == (OK, FAILED)
    with ExitStack() as changes:
        for number, expected in ((1, (WARNING, WARNING)), (2, (WARNING, WARNING))):
            path = f"/apis/{longhorn.VERSION}/namespaces/{longhorn.NAMESPACE}/nodes/worker-{number}"
            changes.enter_context(clinic.changed(path, {"spec": {"allowScheduling": False}}))
            assert states(replicas=3) == expected
        path = path.replace("worker-2", "worker-3")
        changes.enter_context(clinic.changed(path, {"spec": {"allowScheduling": False}}))
        assert states(replicas=3) == (FAILED, FAILED)


# Entrances


def gateway(host: str = "noc.example", **more: Any) -> Any:
    target = {"gateway": more.pop("gateway", {})}
    return tenant(target=target, exposure={"grafana": {"host": host, **more}})


@pytest.fixture
def served(clinic: Clinic) -> Iterator[None]:
    """A controller has taken the Gateway and its class."""

    def conditions(*kinds: str) -> Object:
        known = {"reason": "Yes", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}
        return {
            "status": {"conditions": [{"type": one, "status": "True", **known} for one in kinds]}
        }

    with (
        clinic.changed(f"{GATEWAYS}/gatewayclasses/cilium/status", conditions("Accepted")),
        clinic.changed(f"{GATEWAY}/status", conditions("Accepted", "Programmed")),
    ):
        yield


def test_a_gateway_that_nobody_serves(clinic: Clinic) -> None:
    (absent,) = clinic.ask("gateway", gateway(gateway={"name": "other"}))
    assert (absent.state, absent.text) == (FAILED, "gateways/other is not there")
    class_, _ = clinic.ask("gateway", gateway())
    assert (class_.state, "its class cilium is not Accepted" in class_.text) == (FAILED, True)


def test_a_gateway_whose_class_is_served_but_not_it(clinic: Clinic) -> None:
    accepted = {"type": "Accepted", "status": "True", "reason": "Yes", "message": ""}
    accepted["lastTransitionTime"] = "2026-01-01T00:00:00Z"
    status = {"status": {"conditions": [accepted]}}
    with clinic.changed(f"{GATEWAYS}/gatewayclasses/cilium/status", status):
        found, _ = clinic.ask("gateway", gateway())
    assert (found.state, "gateways/public is not Accepted" in found.text) == (FAILED, True)


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    ("listener", "said"),
    [
        ({}, ""),
        ({"hostname": "*.example"}, ""),
        ({"hostname": "noc.example"}, ""),
        ({"hostname": "other.example"}, "is for other.example, not noc.example"),
        ({"hostname": "*.noc.example"}, "is for *.noc.example"),
        ({"allowedRoutes": {"namespaces": {"from": "Same"}}}, "allows no routes from"),
        ({"allowedRoutes": {"kinds": [{"kind": "GRPCRoute"}]}}, "takes only GRPCRoute"),
        ({"protocol": "TCP"}, "of protocol TCP"),
        (
            {
                "allowedRoutes": {
                    "namespaces": {
                        "from": "Selector",
                        "selector": {"matchLabels": {"tigctl.dev/tenant": "acme"}},
                    }
                }
            },
            "",
        ),
        (
            {
                "allowedRoutes": {
                    "namespaces": {
                        "from": "Selector",
                        "selector": {"matchLabels": {"team": "noc"}},
                    }
                }
            },
            "allows no routes from",
        ),
    ],
    ids=str,
)
def test_listeners_of_a_gateway(clinic: Clinic, listener: dict[str, Any], said: str) -> None:
    one = {
        "name": "http",
        "protocol": "HTTP",
        "port": 80,
        "allowedRoutes": {"namespaces": {"from": "All"}},
        **listener,
    }
    with clinic.changed(GATEWAY, {"spec": {"listeners": [one]}}):
        accepted, listeners = clinic.ask("gateway", gateway())
    assert accepted.state is OK
    assert listeners.state is (FAILED if said else OK)
    assert said in listeners.text


@pytest.mark.usefixtures("served")
def test_listeners_that_tenants_bring(clinic: Clinic) -> None:
    own = gateway(tls={"issuer": "internal"})
    found = clinic.ask("gateway", own)[1]
    assert (found.state, "allowedListeners" in found.text) == (FAILED, True)
    allowed = {"spec": {"allowedListeners": {"namespaces": {"from": "All"}}}}
    with clinic.changed(GATEWAY, allowed):
        assert clinic.ask("gateway", own)[1].state is OK


@pytest.mark.usefixtures("served")
def test_a_listener_that_is_named(clinic: Clinic) -> None:
    assert clinic.ask("gateway", gateway(gateway={"section": "http"}))[1].state is OK
    found = clinic.ask("gateway", gateway(gateway={"section": "inner"}))[1]
    assert (found.state, "no listener inner" in found.text) == (FAILED, True)


def ingress(class_name: str = "") -> Any:
    exposure = {"grafana": {"type": "ingress", "host": "noc.example"}}
    return tenant(target={"ingress_class": class_name}, exposure=exposure)


def test_ingress_classes(clinic: Clinic) -> None:
    assert clinic.only("ingress class", ingress("cilium")).state is OK
    found = clinic.only("ingress class", ingress("nginx"))
    assert (found.state, "there are: cilium" in found.text) == (FAILED, True)
    assert clinic.only("ingress class", ingress()).state is FAILED
    default = {"metadata": {"annotations": {"ingressclass.kubernetes.io/is-default-class": "true"}}}
    with clinic.changed("/apis/networking.k8s.io/v1/ingressclasses/cilium", default):
        assert clinic.only("ingress class", ingress()).state is OK


def test_issuers(clinic: Clinic) -> None:
    def own(name: str) -> Any:
        return gateway(tls={"issuer": name})

    assert clinic.only("certificates", own("letsencrypt")).state is FAILED
    assert clinic.only("certificates", own("internal")).state is WARNING
    path = "/apis/cert-manager.io/v1/clusterissuers/internal/status"
    ready = {"type": "Ready", "status": "True", "reason": "IsReady", "message": ""}
    with clinic.changed(path, {"status": {"conditions": [ready]}}):
        assert clinic.only("certificates", own("internal")).state is OK


@pytest.mark.parametrize(
    ("solver", "proves"), [("http01", False), ("dns01", True)], ids=["HTTP-01", "DNS-01"]
)
def test_an_issuer_for_an_address_of_its_own(clinic: Clinic, solver: str, proves: bool) -> None:
    how = {"http01": {"ingress": {}}, "dns01": {"rfc2136": {"nameserver": "192.0.2.53"}}}
    acme = {
        "server": "https://acme.example/directory",
        "privateKeySecretRef": {"name": "account"},
        "solvers": [{solver: how[solver]}],
    }
    exposure = {"type": "loadbalancer", "host": "noc.example", "tls": {"issuer": "internal"}}
    given = tenant(exposure={"grafana": exposure})
    path = "/apis/cert-manager.io/v1/clusterissuers/internal"
    with clinic.changed(path, {"spec": {"selfSigned": None, "acme": acme}}):
        found = clinic.ask("certificates", given)
        assert any("HTTP-01 only" in one.text for one in found) is not proves
        assert not any(
            "HTTP-01" in one.text
            for one in clinic.ask("certificates", gateway(tls=exposure["tls"]))
        )


# Addresses

METALLB = "/apis/metallb.io/v1beta1/namespaces/metallb-system"
POOL, L2 = f"{METALLB}/ipaddresspools/tenants", f"{METALLB}/l2advertisements/tenants"


def balanced(pool: str = "", address: str = "") -> Any:
    exposure = {"grafana": {"type": "loadbalancer", "address": address}}
    return tenant(target={"pool": {"name": pool}}, exposure=exposure)


def _metallb(kind: str, version: str = "v1beta1", **spec: Any) -> Object:
    return {
        "apiVersion": f"metallb.io/{version}",
        "kind": kind,
        "metadata": {"name": "doctored", "namespace": "metallb-system"},
        "spec": spec,
    }


def test_pools(clinic: Clinic) -> None:
    for pool in ("", "tenants"):
        assert clinic.states("MetalLB", balanced(pool)) == [OK, OK]
    found = clinic.only("MetalLB", balanced("other"))
    # The tests of addresses may have left more pools than are named.
    there = found.text.partition("there are: ")[2]
    assert (found.state, "tenants" in there or "judged-" in there) == (FAILED, True)
    with clinic.changed(POOL, {"spec": {"autoAssign": False}}):
        assert clinic.only("MetalLB", balanced()).state is FAILED
        assert clinic.states("MetalLB", balanced("tenants")) == [OK, OK]


@pytest.mark.parametrize(
    ("allocation", "fits"),
    [
        ({"namespaces": ["tig-acme"]}, True),
        ({"namespaces": ["tig-globex"]}, False),
        ({"namespaceSelectors": [{"matchLabels": {"tigctl.dev/tenant": "acme"}}]}, True),
        ({"namespaceSelectors": [{"matchLabels": {"team": "noc"}}]}, False),
    ],
    ids=str,
)
def test_a_pool_for_some_namespaces(clinic: Clinic, allocation: Any, fits: bool) -> None:
    with clinic.changed(POOL, {"spec": {"serviceAllocation": allocation}}):
        found = clinic.ask("MetalLB", balanced())
    assert found[0].state is (OK if fits else FAILED)


def test_a_fixed_address_outside_of_the_pool(clinic: Clinic) -> None:
    assert clinic.states("MetalLB", balanced(address="192.0.2.10")) == [OK, OK]
    found = clinic.ask("MetalLB", balanced(address="198.51.100.1"))[-1]
    assert (found.state, "198.51.100.1 of acme" in found.text) == (WARNING, True)


@pytest.mark.parametrize(
    ("spec", "state"),
    [
        ({}, OK),  # all pools
        ({"ipAddressPools": ["tenants"]}, OK),
        ({"ipAddressPools": ["other"]}, FAILED),
        ({"ipAddressPoolSelectors": [{"matchLabels": {"for": "tenants"}}]}, OK),
        ({"ipAddressPoolSelectors": [{"matchLabels": {"for": "others"}}]}, FAILED),
        ({"nodeSelectors": [{"matchLabels": {"kubernetes.io/hostname": "worker-1"}}]}, OK),
        ({"nodeSelectors": [{"matchLabels": {"rack": "none"}}]}, FAILED),
    ],
    ids=str,
)
def test_announcements_by_layer_2(clinic: Clinic, spec: dict[str, Any], state: str) -> None:
    with ExitStack() as changes:
        changes.enter_context(clinic.changed(POOL, {"metadata": {"labels": {"for": "tenants"}}}))
        changes.enter_context(clinic.changed(L2, {"spec": {"ipAddressPools": ["nobody"]}}))
        assert clinic.states("MetalLB", balanced()) == [OK, FAILED]
        changes.enter_context(clinic.made(_metallb("L2Advertisement", **spec)))
        assert clinic.states("MetalLB", balanced()) == [OK, state]


def test_an_announcement_of_all_pools_needs_no_spec(clinic: Clinic) -> None:
    everything = _metallb("L2Advertisement")
    del everything["spec"]
    with clinic.changed(L2, {"spec": {"ipAddressPools": ["nobody"]}}), clinic.made(everything):
        assert clinic.states("MetalLB", balanced()) == [OK, OK]


def test_announcements_by_bgp(clinic: Clinic) -> None:
    peer = {"myASN": 64500, "peerASN": 64501, "peerAddress": "192.0.2.1"}
    with (
        clinic.changed(L2, {"spec": {"ipAddressPools": ["nobody"]}}),
        clinic.made(_metallb("BGPAdvertisement", ipAddressPools=["tenants"])),
    ):
        found = clinic.ask("MetalLB", balanced())[1]
        assert (found.state, "no BGPPeer" in found.text) == (FAILED, True)
        with clinic.made(_metallb("BGPPeer", "v1beta2", **peer)):
            assert clinic.states("MetalLB", balanced()) == [OK, OK]
