"""Covers where pods fit: room, taints, labels, anti-affinity in both directions, what more fits,
what a lost failure domain leaves; and that what is called sure cannot go wrong.

Leaves out what Kubernetes' own scheduler says: tests/integration/kubernetes/test_capacity.py asks
it about the same kinds of cases.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.kubernetes.nodes import GIB, HOST, ZONE, apart, node, pod
from tigctl.targets.kubernetes import growth
from tigctl.targets.kubernetes.capacity import Room, place
from tigctl.targets.kubernetes.pods import Pod


def why(room: Room, one: Pod, name: str = "a") -> str:
    refusal = room.refusal(one, name)
    return "" if refusal is None else refusal.why or ",".join(refusal.missing)


@pytest.mark.parametrize(
    ("given", "asks", "said"),
    [
        ({}, {}, ""),
        ({"cpu": "99m"}, {}, "cpu"),
        ({"cpu": "100m"}, {}, ""),
        ({"memory": "255Mi"}, {}, "memory"),
        ({"pods": "0"}, {}, "pods"),
        ({"ready": "Unknown"}, {}, "not ready"),
        ({"unschedulable": True}, {}, "cordoned"),
        (
            {"unschedulable": True},
            {"tolerations": [{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}]},
            "",
        ),
        ({"taints": [{"key": "k", "value": "v", "effect": "NoSchedule"}]}, {}, "taint k=v"),
        ({"taints": [{"key": "k", "value": "v", "effect": "PreferNoSchedule"}]}, {}, ""),
        (
            {"taints": [{"key": "k", "value": "v", "effect": "NoExecute"}]},
            {"tolerations": [{"key": "k", "value": "v", "effect": "NoExecute"}]},
            "",
        ),
        (
            {"taints": [{"key": "k", "value": "v", "effect": "NoSchedule"}]},
            {"tolerations": [{"key": "k", "value": "other"}]},
            "taint k=v",
        ),
        ({}, {"nodeSelector": {"disk": "ssd"}}, "its labels are not those that are required"),
        ({"zone": "z"}, {"nodeSelector": {ZONE: "z"}}, ""),
    ],
)
def test_a_node_takes_a_pod_or_says_why_not(
    given: dict[str, Any], asks: dict[str, Any], said: str
) -> None:
    assert why(Room([node("a", **given)]), pod("one", **asks)) == said


@pytest.mark.parametrize(
    ("operator", "values", "takes"),
    [
        ("In", ["z"], True),
        ("In", ["y"], False),
        ("NotIn", ["y"], True),
        ("Exists", [], True),
        ("DoesNotExist", [], False),
        ("Gt", ["1"], False),
    ],
)
def test_required_node_affinity(operator: str, values: list[str], takes: bool) -> None:
    term = {"matchExpressions": [{"key": ZONE, "operator": operator, "values": values}]}
    rule = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{}, term]}}
    one = pod("one", affinity={"nodeAffinity": rule})
    assert (why(Room([node("a", zone="z")]), one) == "") is takes


def test_requests_count_not_use_and_come_back_when_a_pod_goes() -> None:
    there = pod("there", memory="7Gi", on="a")
    room = Room([node("a")], [there])
    assert room.left["a"]["memory"] == GIB
    assert room.refusal(pod("one", memory="2Gi"), "a").missing == {"memory": GIB}  # type: ignore[union-attr] - it is refused
    room.take(there)
    assert why(room, pod("one", memory="8Gi")) == ""
    assert room.pods() == []


APART = {"labels": {"app": "x"}, "affinity": apart(ZONE, HOST, labels={"app": "x"})}


@pytest.mark.parametrize(
    ("there", "new", "free"),
    [
        (APART, APART, ["b"]),  # the whole zone is taken
        ({"labels": {"app": "x"}}, APART, ["b"]),  # who is there does not mind
        (APART, {"labels": {"app": "x"}}, ["b"]),  # who comes does not mind
        (APART, {"labels": {"app": "y"}}, ["a", "a2", "b"]),  # nobody speaks of it
        ({**APART, "namespace": "other"}, APART, ["a", "a2", "b"]),
        (
            {"namespace": "other", "affinity": apart(HOST, namespaceSelector={})},
            {},
            ["a2", "b"],
        ),
        ({"namespace": "other", "affinity": apart(HOST, namespaces=["tig-acme"])}, {}, ["a2", "b"]),
    ],
)
def test_pods_that_have_to_be_apart(
    there: dict[str, Any], new: dict[str, Any], free: list[str]
) -> None:
    nodes = [node("a", zone="1"), node("a2", zone="1"), node("b", zone="2")]
    room = Room(nodes, [pod("there", on="a", **there)])
    assert room.open_nodes(pod("new", **new)) == free
    assert room.copy().open_nodes(pod("new", **new)) == free


def test_a_node_without_the_label_is_no_domain_for_it() -> None:
    room = Room([node("a"), node("b")], [pod("there", on="a", **APART)])
    assert room.open_nodes(pod("new", **APART)) == ["b"]


def test_placing_looks_for_distance_and_leaves_the_room_as_it_was() -> None:
    rather = {
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {
                "weight": 100,
                "podAffinityTerm": {"topologyKey": ZONE, "labelSelector": {"matchLabels": {}}},
            }
        ]
    }
    room = Room([node("a", zone="1", memory="64Gi"), node("b", zone="2")])
    pods = [pod(name, affinity={"podAntiAffinity": rather}) for name in ("one", "two")]
    verdict = place(room, pods)
    assert verdict.placed == {"one": "a", "two": "b"}
    assert verdict.sure
    assert room.pods() == []
    assert len(verdict.after.pods()) == 2


def test_who_finds_no_node_is_named_with_what_is_missing_where() -> None:
    room = Room([node("a"), node("b", memory="2Gi", unschedulable=True)])
    verdict = place(room, [pod("one", memory="6Gi"), pod("two", memory="6Gi")])
    assert verdict.placed == {"one": "a"}
    assert not verdict.fits
    assert not verdict.sure
    [(refused, refusals)] = verdict.refused
    assert refused.name == "two"
    assert refusals["a"].missing == {"memory": 4 * GIB}
    assert refusals["b"].why == "cordoned"


def test_only_just_is_told_from_sure() -> None:
    """The small one may take the only node that is large enough for the large one."""
    pods = [pod("large", memory="6Gi"), pod("small", memory="3Gi")]
    tight = place(Room([node("a"), node("b", memory="4Gi")]), pods)
    assert tight.fits
    assert not tight.sure
    assert place(Room([node("a"), node("b")]), pods).sure
    assert place(Room([node("a", memory="9Gi")]), pods).sure


def test_a_pod_that_may_not_share_takes_a_place_as_well_as_one_that_is_large() -> None:
    """One node goes to whom it has to be apart from, the other to the large one."""
    nodes = [node("a", memory="16Gi", zone="1"), node("b", zone="2")]
    pods = [pod("one", memory="6Gi", **APART), pod("two", memory="6Gi", **APART)]
    assert place(Room(nodes), pods).sure
    verdict = place(Room(nodes), [*pods, pod("large", memory="6Gi")])
    assert verdict.fits
    assert not verdict.sure


NODES = st.lists(
    st.builds(
        lambda cpu, memory, zone, closed: {
            "cpu": f"{cpu}m",
            "memory": f"{memory}Mi",
            "zone": zone,
            **({"unschedulable": True} if closed else {}),
        },
        st.integers(0, 1000),
        st.integers(0, 1000),
        st.sampled_from(["", "1", "2", "3"]),
        st.booleans(),
    ),
    max_size=6,
)
PODS = st.lists(
    st.builds(
        lambda cpu, memory, strict: {
            "cpu": f"{cpu}m",
            "memory": f"{memory}Mi",
            **(APART if strict else {}),
        },
        st.integers(0, 700),
        st.integers(0, 700),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)


@given(NODES, PODS, st.randoms(use_true_random=False))
@settings(max_examples=300)
def test_what_fits_surely_fits_wherever_a_scheduler_puts_each(
    nodes: list[dict[str, Any]], pods: list[dict[str, Any]], scheduler: random.Random
) -> None:
    """The scheduler here takes any node that it may, in any order: the worst there could be."""
    room = Room(node(f"n{number}", **given) for number, given in enumerate(nodes))
    asked = [pod(f"p{number}", **given) for number, given in enumerate(pods)]
    if not place(room, asked).sure:
        return
    tried = room.copy()
    for one in scheduler.sample(asked, len(asked)):
        free = tried.open_nodes(one)
        assert free, f"{one.name} finds no node"
        tried.put(one, scheduler.choice(free))


@given(NODES, PODS)
@settings(max_examples=200)
def test_what_is_placed_is_allowed_and_no_node_gives_more_than_it_has(
    nodes: list[dict[str, Any]], pods: list[dict[str, Any]]
) -> None:
    room = Room(node(f"n{number}", **given) for number, given in enumerate(nodes))
    asked = [pod(f"p{number}", **given) for number, given in enumerate(pods)]
    verdict = place(room, asked)
    assert len(verdict.placed) + len(verdict.refused) == len(asked)
    for one in verdict.after.pods():
        others = verdict.after.copy()
        others.take(one)
        assert others.refusal(one, one.node) is None
    assert all(amount >= 0 for left in verdict.after.left.values() for amount in left.values())


def test_how_many_more_fit_and_what_runs_out() -> None:
    room = Room([node("a"), node("b")], [pod("there", memory="1Gi", on="a")])
    tenant = [pod("one", memory="2Gi", cpu="10m"), pod("two", memory="1Gi", cpu="10m")]
    assert growth.more(room, tenant, 99) == growth.More(5, ("memory",))
    assert growth.more(room, tenant, 3) == growth.More(3)
    tenant = [pod("one", cpu="1", memory="1Mi")]
    assert growth.more(room, tenant, 99) == growth.More(7, ("cpu",))
    assert room.pods() == [pod("there", memory="1Gi", on="a")], "nothing is counted for good"


def test_anti_affinity_within_a_tenant_does_not_keep_tenants_apart() -> None:
    room = Room([node("a", zone="1"), node("b", zone="2")])
    tenant = [pod(name, memory="2Gi", **APART) for name in ("one", "two")]
    assert growth.more(room, tenant, 99).count == 4
    assert growth.more(room, [*tenant, pod("three", **APART)], 99).count == 0


def test_a_lost_domain_moves_its_pods_except_those_of_its_nodes_own() -> None:
    nodes = [node("a", zone="1"), node("b", zone="2"), node("c")]
    there = [
        pod("moves", memory="6Gi", on="a"),
        pod("stays", memory="1Gi", on="a", owner="DaemonSet"),
        pod("other", memory="1Gi", on="b"),
    ]
    room = Room(nodes, there)
    assert growth.domains(room, ZONE) == {"1": ["a"], "2": ["b"], "c": ["c"]}
    after, homeless = growth.without(room, ["a"])
    assert {one.name: one.node for one in after.pods()} == {"other": "b", "moves": "c"}
    assert homeless == []
    after, homeless = growth.without(room, ["a", "c"])
    assert {one.name: one.node for one in after.pods()} == {"other": "b", "moves": "b"}
    assert homeless == []
    there.append(replace(there[0], name="too"))
    assert [one.name for one in growth.without(Room(nodes, there), ["a", "c"])[1]] == ["too"]
