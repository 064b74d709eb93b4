"""Covers the judgement of policies: that it sees each kind of hole, and what it notes; and what is
shown of them: conversations, and YAML that all readers take for the same.
"""

from __future__ import annotations

import ipaddress

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from collectors.device import Device
from tests.unit.kubernetes.isolated import (
    by_name,
    reference_stack,
    stack,
)
from tigctl.render.kubernetes import reference
from tigctl.render.kubernetes.judgement import Neighbour, judge
from tigctl.render.kubernetes.model import Object
from tigctl.render.kubernetes.policies import policies
from tigctl.render.kubernetes.reach import ANY, NotJudged, Pod, Policies
from tigctl.render.kubernetes.talks import talks
from tigctl.render.kubernetes.text import dump
from tigctl.spec.ranges import Range, without


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
