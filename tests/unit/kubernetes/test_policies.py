"""Covers the network policies: cnp/ is what is rendered for the reference tenant; who may talk to
whom by type of entrance and by what is declared; Cilium's limits; that exactly the inventory's
addresses and ports are open, for any inventory; the settings; that the judgement sees a hole.

Leaves out whether Cilium reads the documents in the same way: `make isolation` asks its engine.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from collectors.device import Device
from tests.unit.kubernetes.isolated import reference_stack, stack
from tigctl.render.kubernetes import reference
from tigctl.render.kubernetes.declared import labels_of
from tigctl.render.kubernetes.destinations import MOST_ADDRESSES, MOST_PORTS, MOST_WEIGHT
from tigctl.render.kubernetes.judgement import Neighbour, judge
from tigctl.render.kubernetes.model import Object, Stack
from tigctl.render.kubernetes.policies import policies
from tigctl.render.kubernetes.reach import ANY, NotJudged, Pod, Policies, Reach
from tigctl.render.kubernetes.talks import talks
from tigctl.render.kubernetes.text import dump
from tigctl.spec.isolation import NOT_INTERNET, ClusterIsolation, Isolation
from tigctl.spec.model import TargetSettings
from tigctl.spec.ranges import Range, Ranges, network_range, without

CNP = Path(__file__).parents[3] / "cnp"
DNS = {("UDP", 53), ("TCP", 53)}


def by_name(documents: list[Object]) -> dict[str, Object]:
    return {one["metadata"]["name"]: one for one in documents}


def egress(of: Stack, component: str) -> Reach:
    pod = Pod(of.namespace, labels_of(of, component))
    return Policies(policies(of)).reach(pod, "egress")


def ingress(of: Stack, component: str) -> Reach:
    pod = Pod(of.namespace, labels_of(of, component))
    return Policies(policies(of)).reach(pod, "ingress")


def pod(of: Stack, component: str) -> Pod:
    return Pod(of.namespace, labels_of(of, component))


def mappings(part: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in a document, the document itself first."""
    if isinstance(part, dict):
        yield part
    for below in (
        part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    ):
        yield from mappings(below)


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


# devices


def test_a_port_is_opened_to_the_devices_that_have_it_and_no_others() -> None:
    devices = [
        Device("a", "10.20.0.1"),
        Device("b", "10.20.0.2", port=1161),
        Device("c", "10.20.0.3", tcp=(443,)),
    ]
    found = egress(stack("acme", devices, {"networks": ["10.20.0.0/22"]}), "telegraf").addresses()
    assert {port: list(map(str, shown(ranges))) for port, ranges in found.items()} == {
        ("UDP", 161): ["10.20.0.0/22"],
        ("ICMP", 8): ["10.20.0.0/22"],
        ("UDP", 1161): ["10.20.0.2/32"],
        ("TCP", 443): ["10.20.0.3/32"],
    }


def shown(ranges: Ranges) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    make = {4: ipaddress.IPv4Address, 6: ipaddress.IPv6Address}
    return [
        network
        for version, first, last in ranges.joined
        for network in ipaddress.summarize_address_range(make[version](first), make[version](last))
    ]


def test_only_networks_that_hold_a_device_are_opened_and_of_nested_ones_the_smallest() -> None:
    networks = ["10.20.0.0/16", "10.20.4.0/24", "10.99.0.0/16"]
    found = egress(stack("acme", [Device("a", "10.20.4.1")], {"networks": networks}), "telegraf")
    assert shown(found.addresses()["UDP", 161]) == [ipaddress.ip_network("10.20.4.0/24")]


def test_a_node_is_polled_as_an_entity_and_opens_no_address() -> None:
    settings = {"isolation": {"telegraf": {"nodes": ["10.1.0.0/24"]}}}
    devices = [Device("node-1", "10.1.0.11", port=1161, tcp=(6443,))]
    found = egress(stack("acme", devices, settings), "telegraf")
    assert found.addresses() == {}
    assert found.with_entity("host") == found.with_entity("remote-node")
    assert found.with_entity("host") == {("UDP", 1161), ("TCP", 6443), ("ICMP", 8)}
    assert not found.with_entity("kube-apiserver")


def test_limits_of_cilium_and_etcd_are_kept_for_large_inventories() -> None:
    # Every other address, so that nothing collapses, and one device with very many ports.
    devices = [
        Device(f"d{n}", str(ipaddress.ip_address("10.0.0.0") + 2 * n), tcp=(443,))
        for n in range(5_000)
    ]
    devices += [Device(f"nat{n}", "192.0.2.1", port=2_000 + n) for n in range(100)]
    acme = stack("acme", devices)
    documents = policies(acme)
    names = [one["metadata"]["name"] for one in documents]
    parts = [name for name in names if name.startswith("telegraf-to-devices")]
    assert parts[:2] == ["telegraf-to-devices", "telegraf-to-devices-2"]
    assert len(set(names)) == len(names)
    for document in documents:
        assert len(dump([document])) < 500_000
        for part in mappings(document):
            assert len(part.get("toCIDRSet", ())) <= MOST_ADDRESSES
            assert len(part.get("ports", ())) <= 40  # the CRD's maxItems
    assert MOST_WEIGHT > MOST_ADDRESSES + MOST_PORTS
    assert not judge(acme, documents).faults
    assert (
        sum(ranges.joined != [] for ranges in egress(acme, "telegraf").addresses().values()) == 103
    )


ADDRESSES = st.one_of(
    # Few, so that devices share addresses and neighbour each other; and any.
    st.integers(0, 40).map(lambda n: str(ipaddress.ip_address("10.20.0.250") + n)),
    st.integers(0, 9).map(lambda n: str(ipaddress.ip_address("2001:db8::fffe") + n)),
    st.ip_addresses().map(str),
)
NETWORKS = st.lists(
    st.sampled_from(
        ["10.20.0.0/16", "10.20.0.0/24", "10.20.1.0/25", "10.20.1.0/28", "2001:db8::/64"]
    ),
    unique=True,
)


@st.composite
def inventories(draw: st.DrawFn) -> list[Device]:
    addresses = draw(st.lists(ADDRESSES, max_size=12))
    ports = st.sampled_from([161, 1161, 1162, 443, 80, 22])
    return [
        Device(
            f"d{number}",
            address,
            port=draw(ports),
            snmp=draw(st.booleans()),
            icmp=draw(st.booleans()),
            tcp=tuple(draw(st.lists(ports, max_size=3, unique=True))),
        )
        for number, address in enumerate(addresses)
    ]


@given(inventories())
def test_exactly_the_addresses_and_ports_of_the_inventory_are_open(devices: list[Device]) -> None:
    wanted = set()
    for device in devices:
        kind = ("ICMP", 8) if ":" not in device.address else ("ICMPv6", 128)
        wanted |= {(device.address, kind)} if device.icmp else set()
        wanted |= {(device.address, ("UDP", device.port))} if device.snmp else set()
        wanted |= {(device.address, ("TCP", port)) for port in device.tcp}
    found = egress(stack("acme", devices), "telegraf").addresses()
    opened = {
        (str(address), port)
        for port, ranges in found.items()
        for network in shown(ranges)
        for address in network
    }
    assert opened == wanted


@given(inventories(), NETWORKS)
def test_networks_widen_snmp_and_ping_and_nothing_else(
    devices: list[Device], networks: list[str]
) -> None:
    acme = stack("acme", devices, {"networks": networks})
    found = egress(acme, "telegraf").addresses()
    exact = egress(stack("acme", devices), "telegraf").addresses()
    assert found.keys() == exact.keys()
    for port, ranges in found.items():
        if port in {("UDP", 161), ("ICMP", 8), ("ICMPv6", 128)}:
            for network in shown(exact[port]):
                assert network.network_address in ranges
            given_ones = [ipaddress.ip_network(one) for one in networks]
            for network in shown(ranges):
                inside = [one for one in given_ones if one.version == network.version]
                assert network in shown(exact[port]) or any(network.overlaps(one) for one in inside)
        else:
            assert ranges.joined == exact[port].joined
    assert judge(acme, policies(acme)).faults == ()


@given(inventories(), NETWORKS)
def test_documents_avoid_what_cilium_refuses_or_takes_for_something_else(
    devices: list[Device], networks: list[str]
) -> None:
    for document in policies(stack("acme", devices, {"networks": networks})):
        for part in mappings(document):
            peers = [key for key in part if key.startswith(("from", "to")) and key != "toPorts"]
            assert len(peers) <= 1
            assert not {"toPorts", "icmps"} <= set(part)
            assert all(part[key] for key in peers)
            if "toPorts" in part or "icmps" in part:
                assert peers
            if "port" in part:
                assert isinstance(part["port"], str)
                assert part["protocol"] in {"TCP", "UDP"}
            assert part.get("family") is None or part["type"] in {8, 128}
            assert "toFQDNs" not in part


# the judgement


def test_the_reference_tenant_is_sound() -> None:
    acme = reference_stack()
    verdict = judge(acme, policies(acme), [Neighbour("globex", "tig-globex")])
    assert verdict.faults == ()
    assert verdict.questions > 400


HOLES = {
    "an entity": {"ingress": [{"fromEntities": ["world"]}]},
    "nodes": {"egress": [{"toEntities": ["remote-node"]}]},
    "no peers": {"ingress": [{"toPorts": [{"ports": [{"port": "8086", "protocol": "TCP"}]}]}]},
    "another tenant": {
        "egress": [
            {"toEndpoints": [{"matchLabels": {"k8s:io.kubernetes.pod.namespace": "tig-globex"}}]}
        ]
    },
    "the namespace": {"ingress": [{"fromEndpoints": [{}]}]},
    "an address": {"egress": [{"toCIDRSet": [{"cidr": "203.0.113.9/32"}]}]},
    "another ICMP type": {
        "egress": [
            {
                "toCIDRSet": [{"cidr": "10.20.0.0/22"}],
                "icmps": [{"fields": [{"family": "IPv4", "type": 13}]}],
            }
        ]
    },
}


@pytest.mark.parametrize("hole", HOLES)
@pytest.mark.parametrize("selector", [{}, {"matchLabels": {"app.kubernetes.io/name": "telegraf"}}])
def test_the_judgement_sees_a_hole(hole: str, selector: Object) -> None:
    acme = reference_stack()
    extra = {
        "kind": "CiliumNetworkPolicy",
        "metadata": acme.metadata("extra"),
        "spec": {"endpointSelector": selector, **HOLES[hole]},
    }
    neighbours = [Neighbour("globex", "tig-globex")]
    faults = judge(acme, [*policies(acme), extra], neighbours).faults
    assert faults
    if hole == "another tenant":
        assert any("a way to the pods of tenant globex" in fault for fault in faults)


@pytest.mark.parametrize("name", reference.policies())
def test_the_judgement_sees_a_missing_policy(name: str) -> None:
    acme = reference_stack()
    left = [one for one in policies(acme) if one["metadata"]["name"] != name]
    assert judge(acme, left).faults


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_the_judgement_sees_a_direction_that_is_not_closed(direction: str) -> None:
    acme = reference_stack()
    documents = policies(acme)
    by_name(documents)["default-deny"]["spec"][direction] = []
    faults = judge(acme, documents).faults
    assert f"any other pod may {'be reached by' if direction == 'ingress' else 'reach'} anyone" in (
        " ".join(faults)
    )


def test_devices_that_two_tenants_share_are_noted() -> None:
    acme = stack("acme", [Device("a", "10.20.0.1")], {"networks": ["10.20.0.0/22"]})
    globex = Neighbour(
        "globex", "tig-globex", [Device("r1", "10.20.0.9"), Device("r2", "10.9.9.9")]
    )
    notes = judge(acme, policies(acme), [globex]).notes
    assert len(notes) == 1
    assert "10.20.0.9, which is device r1 of tenant globex too" in notes[0]


def test_an_inventory_that_does_not_fit_cilium_s_policy_map_is_noted() -> None:
    devices = [Device(f"d{n}", str(ipaddress.ip_address("10.0.0.0") + 2 * n)) for n in range(9_000)]
    spread_out = stack("acme", devices)
    assert "18,000 entries" in " ".join(judge(spread_out, policies(spread_out)).notes)
    within = stack("acme", devices, {"networks": ["10.0.0.0/16"]})
    assert judge(within, policies(within)).notes == ()


@pytest.mark.parametrize(
    "part",
    [
        {"egress": [{"toFQDNs": [{"matchName": "example.com"}]}]},
        {"egress": [{"toEntities": ["all"]}]},
        {"egress": [{"toCIDRSet": [{"cidrGroupRef": "x"}]}]},
        {"egressDeny": [{}]},
        {"egress": [{"toPorts": [{"ports": [{"port": 161, "protocol": "UDP"}]}]}]},
        {"egress": [{"toPorts": [{"ports": [{"port": "161", "protocol": "udp"}]}]}]},
        {"egress": [{"icmps": [{"fields": [{"family": "IPv4", "type": 0}]}]}]},
        {"egress": [{"toCIDRSet": [], "toEntities": ["host"]}]},
    ],
)
def test_the_model_never_guesses(part: Object) -> None:
    spec = {"endpointSelector": {}, **part}
    document = {
        "kind": "CiliumNetworkPolicy",
        "metadata": {"name": "x", "namespace": "tig-acme"},
        "spec": spec,
    }
    with pytest.raises(NotJudged):
        Policies([document])


def test_without_a_policy_everything_is_open() -> None:
    reach = Policies([]).reach(Pod("tig-acme", {}), "egress")
    assert not reach.enforced
    assert reach.with_entity("host") == {ANY}
    assert ipaddress.ip_address("203.0.113.1") in reach.addresses()[ANY]


RANGES = st.lists(
    st.tuples(st.sampled_from([4, 6]), st.integers(0, 20), st.integers(0, 6)).map(
        lambda one: (one[0], one[1], one[1] + one[2])
    ),
    max_size=6,
)


@given(RANGES, RANGES)
def test_ranges_are_taken_out_of_ranges(some: list[Range], others: list[Range]) -> None:
    def members(ranges: list[Range]) -> set[tuple[int, int]]:
        return {(version, n) for version, low, high in ranges for n in range(low, high + 1)}

    assert members(without(some, others)) == members(some) - members(others)


# what is shown


def test_a_conversation_with_both_ends_is_one_line() -> None:
    lines = [one for one in talks(policies(reference_stack())) if one.policy.endswith("influxdb")]
    assert [(one.sources, one.destinations, one.ports) for one in lines] == [
        (("telegraf",), ("influxdb",), ("TCP/8086",)),
        (("grafana",), ("influxdb",), ("TCP/8086",)),
        (("jobs",), ("influxdb",), ("TCP/8086",)),
        (("192.0.2.0/24",), ("influxdb",), ("TCP/8086",)),
    ]


def test_every_line_has_its_reason_and_peers() -> None:
    for one in talks(policies(reference_stack())):
        assert one.why
        assert one.sources
        assert one.destinations


@given(st.text(st.characters(codec="ascii"), max_size=8))
def test_a_text_is_a_text_for_every_reader_of_yaml(text: str) -> None:
    written = dump([{"key": text, text: "value"}])
    assert yaml.safe_load(written) == {"key": text, text: "value"}


@pytest.mark.parametrize(
    "text", ["n", "Y", "on", "OFF", "no", "True", "null", "~", "161", "1e3", "0x1", "2026-01-01"]
)
def test_what_some_reader_of_yaml_takes_for_something_else_is_quoted(text: str) -> None:
    (line,) = dump([{"key": text}]).splitlines()[1:]
    assert line in {f'key: "{text}"', f"key: '{text}'"}


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
