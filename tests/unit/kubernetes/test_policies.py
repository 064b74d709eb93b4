"""Covers the network policies: cnp/ is what is rendered for the reference tenant; who may talk to
whom by type of entrance and by what is declared; the settings.

Leaves out whether Cilium reads the documents in the same way: `make isolation` asks its engine.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from tests.unit.kubernetes.isolated import (
    by_name,
    egress,
    ingress,
    mappings,
    pod,
    reference_stack,
    stack,
)
from tigctl.render.kubernetes import reference
from tigctl.render.kubernetes.judgement import judge
from tigctl.render.kubernetes.policies import policies
from tigctl.render.kubernetes.reach import Pod, Policies, Reach
from tigctl.render.kubernetes.text import dump
from tigctl.spec.isolation import NOT_INTERNET, ClusterIsolation, Isolation
from tigctl.spec.model import TargetSettings
from tigctl.spec.ranges import Ranges, network_range

CNP = Path(__file__).parents[3] / "cnp"


DNS = {("UDP", 53), ("TCP", 53)}


# cnp/


def test_cnp_is_what_is_rendered_for_the_reference_tenant() -> None:
    rendered = by_name(policies(reference_stack()))
    assert tuple(sorted(rendered)) == reference.policies()
    for name, document in rendered.items():
        assert document == reference.policy(name), name


@pytest.mark.parametrize("path", sorted(CNP.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_file_is_one_policy_that_says_who_and_why(path: Path) -> None:
    text = path.read_text()
    head = [line for line in text.splitlines() if line.startswith("#")]
    assert len(list(yaml.safe_load_all(text))) == 1
    assert text.startswith("# ")
    assert any(line.startswith("# Why") for line in head)
    assert path.stem == reference.policy(path.stem)["metadata"]["name"]


def test_no_trace_of_the_reference_tenant_is_left_in_another_s_policies() -> None:
    globex = stack("globex", reference_stack().devices, {"networks": ["10.20.0.0/16"]})
    text = dump(policies(globex)).replace("acme.cert-manager.io", "")
    assert "acme" not in text
    assert "tig-globex" in text


def test_each_call_gives_fresh_objects() -> None:
    first, second = policies(reference_stack()), policies(reference_stack())
    assert first == second
    for one, other in zip(first, second, strict=True):
        assert not {id(part) for part in mappings(one)} & {id(part) for part in mappings(other)}
        assert len({id(part) for part in mappings(one)}) == len(list(mappings(one)))


# who may talk to whom


def test_a_bare_tenant_has_the_stack_s_own_conversations_and_no_others() -> None:
    bare = stack("acme")
    names = [one["metadata"]["name"] for one in policies(bare)]
    assert names == [
        "default-deny",
        "dns",
        "telegraf-to-influxdb",
        "grafana-to-influxdb",
        "entrance-to-grafana",
    ]
    assert egress(bare, "telegraf").with_pod(pod(bare, "influxdb")) == {("TCP", 8086)}
    assert ingress(bare, "influxdb").with_pod(pod(bare, "telegraf")) == {("TCP", 8086)}
    assert egress(bare, "grafana").with_pod(pod(bare, "influxdb")) == {("TCP", 8086)}
    assert ingress(bare, "grafana").with_entity("ingress") == {("TCP", 3000)}
    assert ingress(bare, "telegraf") == Reach(
        enforced=True, openings=ingress(bare, "jobs").openings
    )
    assert egress(bare, "influxdb").addresses() == egress(bare, "telegraf").addresses() == {}
    for component in ("influxdb", "telegraf", "grafana", "jobs"):
        for peer in ("influxdb", "telegraf", "grafana", "jobs"):
            found = egress(bare, component).with_pod(pod(bare, peer))
            wanted = component in {"telegraf", "grafana"} and peer == "influxdb"
            assert bool(found) is wanted, (component, peer)


def test_names_are_resolved_only_by_those_who_need_it() -> None:
    resolver = Pod("kube-system", {"k8s-app": "kube-dns"})
    bare = stack("acme")
    asks = {name: egress(bare, name).with_pod(resolver) for name in ("telegraf", "grafana")}
    assert asks == {"telegraf": DNS, "grafana": DNS}
    assert not egress(bare, "influxdb").with_pod(resolver)
    assert not egress(bare, "jobs").with_pod(resolver)
    assert not egress(bare, "telegraf").with_pod(Pod("kube-system", {}))
    assert not egress(bare, "telegraf").with_pod(Pod("default", {"k8s-app": "kube-dns"}))
    rule = {"to": "192.0.2.1", "port": 443, "why": "replica"}
    open_ended = stack("acme", settings={"isolation": {"influxdb": {"egress": [rule]}}})
    assert egress(open_ended, "influxdb").with_pod(resolver) == DNS


def test_a_resolver_elsewhere() -> None:
    other = {"namespace": "dns", "pods": {"app": "unbound"}}
    here = stack("acme", target={"isolation": {"dns": other}})
    assert egress(here, "telegraf").with_pod(Pod("dns", {"app": "unbound"})) == DNS
    assert not egress(here, "telegraf").with_pod(Pod("kube-system", {"k8s-app": "kube-dns"}))
    on_node = stack("acme", target={"isolation": {"dns": {"type": "nodes"}}})
    assert egress(on_node, "telegraf").with_entity("host") == DNS
    assert not egress(on_node, "telegraf").with_entity("remote-node")


@pytest.mark.parametrize("kind", ["gateway", "ingress"])
def test_the_entrance_comes_from_the_controller_that_the_target_names(kind: str) -> None:
    exposed = {"exposure": {"grafana": {"type": kind, "host": "acme.example"}}}
    outside = {"type": "pods", "namespace": "traefik", "pods": {"app": "traefik"}}
    by_pods = stack("acme", settings=exposed, target={"isolation": {kind: outside}})
    assert ingress(by_pods, "grafana").with_pod(Pod("traefik", {"app": "traefik"})) == {
        ("TCP", 3000)
    }
    assert not ingress(by_pods, "grafana").with_pod(Pod("traefik", {}))
    assert not ingress(by_pods, "grafana").with_entity("ingress")
    by_nodes = stack("acme", settings=exposed, target={"isolation": {kind: {"type": "nodes"}}})
    assert ingress(by_nodes, "grafana").with_entity("remote-node") == {("TCP", 3000)}
    assert not ingress(by_nodes, "grafana").with_entity("ingress")
    assert not ingress(by_nodes, "grafana").addresses()


def test_a_loadbalancer_admits_the_declared_clients_else_anyone_outside() -> None:
    exposed = {"exposure": {"grafana": {"type": "loadbalancer"}}}
    anyone = ingress(stack("acme", settings=exposed), "grafana")
    assert ipaddress.ip_address("203.0.113.1") in anyone.addresses()["TCP", 3000]
    assert not anyone.with_pod(Pod("default", {}))
    assert not anyone.with_entity("remote-node")
    clients = {"isolation": {"grafana": {"clients": ["192.0.2.0/24", "2001:db8::/32"]}}}
    some = ingress(stack("acme", settings=exposed | clients), "grafana").addresses()
    ranges = Ranges(map(network_range, ["192.0.2.0/24", "2001:db8::/32"]))
    assert some == {("TCP", 3000): ranges} or some["TCP", 3000].joined == ranges.joined


@pytest.mark.parametrize("clients", [[], ["192.0.2.0/24"]])
def test_a_shared_address_admits_the_nodes_that_clients_come_by(clients: list[str]) -> None:
    fixed = {"type": "loadbalancer", "address": "192.0.2.10", "shared": True}
    shared = stack(
        "acme",
        settings={
            "exposure": {"grafana": fixed, "influxdb": fixed},
            "isolation": {"grafana": {"clients": clients}},
        },
    )
    for component, port in (("grafana", 3000), ("influxdb", 8086)):
        reach = ingress(shared, component)
        assert reach.with_entity("remote-node") == reach.with_entity("host") == {("TCP", port)}
        assert not reach.with_pod(Pod("default", {}))
        limited = bool(clients) and component == "grafana"
        stranger = ipaddress.ip_address("203.0.113.1") in reach.addresses()["TCP", port]
        assert stranger is not limited
    assert judge(shared, policies(shared)).faults == ()


@pytest.mark.parametrize("component", ["grafana", "influxdb"])
def test_without_an_entrance_nobody_comes_from_outside(component: str) -> None:
    closed = {"exposure": {"grafana": {"type": "none"}}, "isolation": {}}
    found = ingress(stack("acme", settings=closed), component)
    assert not found.addresses()
    assert not found.with_entity("ingress")
    assert not found.with_pod(Pod("kube-system", {}))


def test_a_certificate_s_challenge_is_let_in_only_with_an_issuer() -> None:
    entrance: dict[str, Any] = {"type": "ingress", "host": "acme.example"}
    solver = Pod("tig-acme", {"acme.cert-manager.io/http01-solver": "true"})
    for tls, wanted in (({}, frozenset()), ({"issuer": "public"}, {("TCP", 8089)})):
        exposed = {"exposure": {"grafana": entrance | {"tls": tls}}}
        made = Policies(policies(stack("acme", settings=exposed)))
        assert made.reach(solver, "ingress").with_entity("ingress") == wanted
        assert not made.reach(solver, "egress").addresses()


def test_a_challenge_may_come_by_gateway_or_by_ingress() -> None:
    entrance = {"type": "gateway", "host": "noc.example", "tls": {"issuer": "public"}}
    exposed = {"exposure": {"grafana": entrance}}
    target = {"isolation": {"ingress": {"type": "pods", "namespace": "traefik"}}}
    made = Policies(policies(stack("acme", settings=exposed, target=target)))
    solver = Pod("tig-acme", {"acme.cert-manager.io/http01-solver": "true"})
    reach = made.reach(solver, "ingress")
    assert reach.with_entity("ingress") == {("TCP", 8089)}
    assert reach.with_pod(Pod("traefik", {"app": "any"})) == {("TCP", 8089)}


def test_an_address_of_its_own_answers_no_challenge() -> None:
    entrance = {"type": "loadbalancer", "host": "noc.example", "tls": {"issuer": "public"}}
    made = policies(stack("acme", settings={"exposure": {"grafana": entrance}}))
    assert "entrance-to-challenge" not in {one["metadata"]["name"] for one in made}
    (rule,) = next(one for one in made if one["metadata"]["name"] == "entrance-to-grafana")["spec"][
        "ingress"
    ]
    assert rule["toPorts"] == [{"ports": [{"port": "3000", "protocol": "TCP"}]}]


def test_declared_rules_open_what_they_say() -> None:
    acme = reference_stack()
    grafana = egress(acme, "grafana").addresses()
    assert set(grafana) == {("TCP", 587), ("TCP", 443)}
    assert grafana["TCP", 587].joined == [network_range("192.0.2.25/32")]
    for private in NOT_INTERNET:
        first = ipaddress.ip_network(private).network_address
        assert first not in grafana["TCP", 443]
    assert ipaddress.ip_address("203.0.113.1") in grafana["TCP", 443]
    assert ipaddress.ip_address("2001:db8::1") in grafana["TCP", 443]
    prometheus = Pod("monitoring", {"app": "prometheus"})
    assert ingress(acme, "grafana").with_pod(prometheus) == {("TCP", 3000)}
    assert egress(acme, "jobs").with_pod(Pod("minio", {"any": "thing"})) == {("TCP", 9000)}
    assert not egress(acme, "jobs").addresses()


def test_jobs_reach_influxdb_only_with_an_egress_of_their_own() -> None:
    assert not egress(stack("acme"), "jobs").with_pod(pod(stack("acme"), "influxdb"))
    acme = reference_stack()
    assert egress(acme, "jobs").with_pod(pod(acme, "influxdb")) == {("TCP", 8086)}
    assert ingress(acme, "influxdb").with_pod(pod(acme, "jobs")) == {("TCP", 8086)}


def test_a_declared_pod_of_the_own_namespace_has_both_ends() -> None:
    acme = reference_stack()
    importer = Pod("tig-acme", {"app": "importer"})
    made = Policies(policies(acme))
    assert ingress(acme, "influxdb").with_pod(importer) == {("TCP", 8086)}
    assert made.reach(importer, "egress").with_pod(pod(acme, "influxdb")) == {("TCP", 8086)}
    resolver = Pod("kube-system", {"k8s-app": "kube-dns"})
    assert made.reach(importer, "egress").with_pod(resolver) == DNS
    rule = {"pods": {"app": "proxy"}, "port": 3128, "why": "proxy"}
    out = stack("acme", settings={"isolation": {"grafana": {"egress": [rule]}}})
    proxy = Policies(policies(out)).reach(Pod("tig-acme", {"app": "proxy"}), "ingress")
    assert proxy.with_pod(pod(out, "grafana")) == {("TCP", 3128)}


# the settings


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"port": 443, "why": "x"}, "has neither of to and namespace/pods"),
        ({"to": "192.0.2.1", "namespace": "mail", "port": 25, "why": "x"}, "has both of to"),
        ({"to": "mail.example", "port": 25, "why": "x"}, "is no network"),
        ({"to": "0.0.0.0/0", "port": 443, "why": "x"}, "write internet"),
        ({"to": "192.0.2.1/24", "port": 443, "why": "x"}, "bits are set behind the prefix"),
        ({"to": "192.0.2.1", "port": 443, "why": " "}, "at least 1"),
        ({"to": "192.0.2.1", "port": 443}, "Field required"),
        ({"to": "192.0.2.1", "port": 0, "why": "x"}, "greater than or equal to 1"),
        ({"to": "192.0.2.1", "port": 65536, "why": "x"}, "less than or equal to 65535"),
        ({"to": "192.0.2.1", "port": 443, "protocol": "TCP", "why": "x"}, "'tcp' or 'udp'"),
        ({"namespace": "tig-globex", "port": 443, "why": "x"}, "no rule leads from one tenant"),
        ({"pods": {"app": "no good"}, "port": 443, "why": "x"}, "is no label"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(rule: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Isolation.model_validate({"grafana": {"egress": [rule]}})


def test_controllers_have_a_namespace_where_they_are_pods_and_only_there() -> None:
    for gateway, said in (
        ({"type": "pods"}, "needs the controller's namespace"),
        ({"type": "cilium", "namespace": "x"}, "belong to type pods"),
    ):
        with pytest.raises(ValidationError, match=said):
            ClusterIsolation.model_validate({"gateway": gateway})
    assert TargetSettings.model_validate({"type": "kubernetes"}).isolation.dns.pods == {
        "k8s-app": "kube-dns"
    }
