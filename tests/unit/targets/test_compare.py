"""Covers: from wanted and live resources to a plan. Leaves out: where the resources come from."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from tigctl.targets.compare import changes
from tigctl.targets.model import Action, FieldChange, Plan, Resource


def plan(wanted: list[Resource], live: list[Resource]) -> Plan:
    return Plan("acme", "local", changes(wanted, live))


def test_what_is_absent_is_created_with_all_its_fields() -> None:
    found = plan([Resource("Bucket", "raw", {"retention": "30d"}, "tigctl")], [])
    (change,) = found.changes
    assert (change.action, change.kind, change.name) == (Action.CREATE, "Bucket", "raw")
    assert change.fields == (FieldChange("retention", None, "30d"),)
    assert found.summary == {"create": 1, "update": 0, "delete": 0, "adopt": 0, "conflict": 0}


def test_only_fields_that_differ_are_named() -> None:
    wanted = Resource("Bucket", "raw", {"retention": "30d", "x": 1}, "tigctl")
    live = Resource("Bucket", "raw", {"retention": "7d", "x": 1, "extra": "y"}, "kubectl-edit")
    (change,) = plan([wanted], [live]).changes
    assert change.action is Action.UPDATE
    assert change.fields == (FieldChange("retention", "7d", "30d"), FieldChange("extra", "y", None))
    assert change.manager == "kubectl-edit"


def test_a_flag_is_not_the_number_one() -> None:
    wanted, live = Resource("A", "a", {"x": True}), Resource("A", "a", {"x": 1})
    assert plan([wanted], [live]).changes[0].fields == (FieldChange("x", 1, True),)


def test_only_what_tigctl_made_is_deleted() -> None:
    ours = Resource("Token", "tigctl acme old", {}, "tigctl")
    strangers = Resource("Bucket", "somebody's", {}, "")
    (change,) = plan([], [ours, strangers]).changes
    assert (change.action, change.name) == (Action.DELETE, "tigctl acme old")


def test_deletions_come_last_and_in_reverse() -> None:
    live = [Resource("A", name, {}, "tigctl") for name in ("1", "2")]
    found = plan([Resource("A", "3", {}, "tigctl")], live)
    assert [change.name for change in found.changes] == ["3", "2", "1"]


resources = st.lists(
    st.builds(
        Resource,
        kind=st.sampled_from(["Bucket", "Token", "Process"]),
        name=st.sampled_from(["a", "b", "c"]),
        fields=st.dictionaries(
            st.sampled_from(["x", "y.z"]), st.one_of(st.none(), st.booleans(), st.integers(0, 2))
        ),
        manager=st.sampled_from(["", "tigctl", "somebody"]),
    ),
    unique_by=lambda resource: resource.key,
)


@given(resources, resources)
def test_carrying_out_a_plan_leaves_nothing_to_do(
    wanted: list[Resource], live: list[Resource]
) -> None:
    there = {resource.key: resource for resource in live}
    for change in plan(wanted, live).changes:
        key = change.kind, change.name
        if change.action is Action.DELETE:
            del there[key]
            continue
        fields = dict(there[key].fields) if key in there else {}
        gone = {one.path for one in change.fields if one.wanted is None}
        fields |= {one.path: one.wanted for one in change.fields}
        wanted_fields = next(one.fields for one in wanted if one.key == key)
        there[key] = Resource(
            change.kind,
            change.name,
            {path: v for path, v in fields.items() if path not in gone or path in wanted_fields},
            "tigctl",
        )
    left = plan(wanted, list(there.values())).changes
    # A field that is wanted as None and absent is the same thing.
    assert [change for change in left if change.fields or change.action is Action.DELETE] == []


@given(resources)
def test_nothing_differs_from_itself(same: list[Resource]) -> None:
    assert plan(same, [dataclasses.replace(one) for one in same]).changes == ()
