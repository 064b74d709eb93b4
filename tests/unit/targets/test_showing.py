"""Two states of an object against each other: lists by name or in their order, texts by lines.

Leaves out: what the API server makes of a wanted object, which is tested on a real one
(tests/integration/kubernetes/test_differences.py).
"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tigctl.targets.kubernetes import showing


def shown(live: dict[str, Any], would: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    return [(one.path, one.live, one.wanted) for one in showing.field_changes(live, would)]


def rule(*networks: str, port: str = "161", protocol: str = "UDP") -> dict[str, Any]:
    return {
        "toCIDR": list(networks),
        "toPorts": [{"ports": [{"port": port, "protocol": protocol}]}],
    }


def egress(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"egress": list(rules)}}


def test_one_network_more_is_one_difference() -> None:
    live = egress(rule("10.0.1.0/24", "10.0.3.0/24", "10.0.4.0/24"))
    would = egress(rule("10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24", "10.0.4.0/24"))
    assert shown(live, would) == [("spec.egress[0].toCIDR[1]", None, "10.0.2.0/24")]
    assert shown(would, live) == [("spec.egress[0].toCIDR[1]", "10.0.2.0/24", None)]


def test_a_rule_that_comes_or_goes_leaves_the_others_alone() -> None:
    one, two, new = rule("10.0.1.0/24"), rule("10.0.2.0/24"), rule("10.9.0.0/16", port="830")
    assert shown(egress(one, two), egress(new, one, two)) == [("spec.egress[0]", None, new)]
    assert shown(egress(one, new, two), egress(one, two)) == [("spec.egress[1]", new, None)]


def test_a_rule_that_changed_beside_a_new_one_is_told_field_by_field() -> None:
    old = rule("10.0.1.0/24", "10.0.2.0/24")
    new = rule("10.9.0.0/16", port="830", protocol="TCP")
    changed = rule("10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24")
    assert shown(egress(old), egress(new, changed)) == [
        ("spec.egress[0]", None, new),
        ("spec.egress[1].toCIDR[2]", None, "10.0.3.0/24"),
    ]
    assert shown(egress(new, old), egress(changed)) == [
        ("spec.egress[0]", new, None),
        ("spec.egress[0].toCIDR[2]", None, "10.0.3.0/24"),
    ]


def test_a_rule_that_stands_alone_is_changed_however_much() -> None:
    live, would = egress(rule("10.0.1.0/24")), egress(rule("10.9.0.0/16", port="830"))
    assert shown(live, would) == [
        ("spec.egress[0].toCIDR[0]", "10.0.1.0/24", None),
        ("spec.egress[0].toCIDR[0]", None, "10.9.0.0/16"),
        ("spec.egress[0].toPorts[0].ports[830].port", None, "830"),
        ("spec.egress[0].toPorts[0].ports[830].protocol", None, "UDP"),
        ("spec.egress[0].toPorts[0].ports[161].port", "161", None),
        ("spec.egress[0].toPorts[0].ports[161].protocol", "UDP", None),
    ]


def test_items_with_names_are_compared_by_them_whatever_their_order() -> None:
    a, b, c = ({"name": name, "value": name} for name in "abc")
    live = {"spec": {"env": [a, b]}}
    assert shown(live, {"spec": {"env": [c, b, {**a, "value": "x"}]}}) == [
        ("spec.env[c].name", None, "c"),
        ("spec.env[c].value", None, "c"),
        ("spec.env[a].value", "a", "x"),
    ]
    mounts = [{"mountPath": "/data", "readOnly": True}]
    assert shown({"mounts": mounts}, {"mounts": [{"mountPath": "/data", "readOnly": False}]}) == [
        ("mounts[/data].readOnly", True, False)
    ]


def test_what_is_no_name_on_both_sides_is_none() -> None:
    tcp, udp = ({"port": 53, "protocol": protocol} for protocol in ("TCP", "UDP"))
    assert shown({"ports": [udp]}, {"ports": [udp, tcp]}) == [("ports[1]", None, tcp)]


def test_a_list_that_was_empty_or_not_there() -> None:
    assert shown({"spec": {"egress": []}}, {"spec": {"egress": ["a"]}}) == [
        ("spec.egress[0]", None, "a")
    ]
    assert shown({"spec": {"a": 1}}, {"spec": {"a": 1, "b": ["x"], "c": {"d": {}}}}) == [
        ("spec.b[0]", None, "x"),
        ("spec.c.d", None, {}),
    ]
    assert shown({"spec": {"b": []}}, {"spec": {}}) == [("spec.b", [], None)]
    assert shown({"spec": {"b": {"c": 1}}}, {"spec": {"b": ["c"]}}) == [("spec.b", {"c": 1}, ["c"])]


def test_true_is_not_one() -> None:
    assert shown({"a": [True]}, {"a": [1]}) == [("a[0]", True, None), ("a[0]", None, 1)]
    assert shown({"a": True}, {"a": 1}) == [("a", True, 1)]


def test_what_the_server_keeps_is_nobodys_business() -> None:
    live = {"metadata": {"uid": "1", "generation": 1}, "status": {"a": 1}, "kind": "A"}
    would = {"metadata": {"uid": "2", "labels": {}}, "status": {"a": 2}, "kind": "A"}
    assert shown(live, would) == []


ITEMS = st.lists(st.integers(0, 5) | st.booleans(), min_size=1)


@given(ITEMS, ITEMS)
def test_what_goes_and_what_comes_make_one_list_of_the_other(
    one: list[int], two: list[int]
) -> None:
    gone, come = set[int](), set[int]()
    for each in showing.field_changes({"a": one}, {"a": two}):
        (gone if each.wanted is None else come).add(int(each.path[2:-1]))
        assert None in (each.live, each.wanted)
    left = [repr(value) for at, value in enumerate(one) if at not in gone]
    assert left == [repr(value) for at, value in enumerate(two) if at not in come]


def test_of_a_text_the_lines_that_differ_are_told() -> None:
    live = {"data": {"telegraf.conf": "[agent]\n  interval = '60s'\n", "short": "a"}}
    would = {"data": {"telegraf.conf": "[agent]\n  interval = '30s'\n", "short": "b"}}
    text, short = showing.field_changes(live, would)
    assert text.path == "data[telegraf.conf]"
    assert text.lines == ("@@ line 2", "-  interval = '60s'", "+  interval = '30s'")
    assert short.lines == ()
