"""What somebody keeps as it was made by hand: decisions, and what they hold back of a plan.

Covers `targets/keeping.py`, what is noted of Kubernetes objects, and how patterns name changes.
Leaves out: that targets store decisions and honour them, which is tried on real servers.
"""

from __future__ import annotations

import json

import pytest

from tigctl.backends.kubernetes.kinds import Ref
from tigctl.errors import UsageError
from tigctl.plan import choosing
from tigctl.targets import keeping
from tigctl.targets.compare import changes
from tigctl.targets.keeping import Choice, Kept, Settled
from tigctl.targets.kubernetes import keeping as objects_kept
from tigctl.targets.kubernetes.objects import Difference, kept
from tigctl.targets.model import Action, Change, FieldChange, Resource

SINCE = "2026-11-20T14:02:11Z"
BOARD = Resource("Board", "b", {"title": "Ours", "content": "1"}, "tigctl")
HERS = Resource("Board", "b", {"title": "Hers", "content": "2"}, "tigctl")
BUCKET = Resource("Bucket", "raw", {"retention": "30d"}, "tigctl")


def decide(wanted: Resource | None, live: Resource | None, former: Kept | None = None) -> Kept:
    (change,) = changes([wanted] if wanted else [], [live] if live else [])
    return keeping.decided(change, live, former, SINCE)


def settle(wanted: Resource | None, live: Resource | None, one: Kept) -> Settled:
    raw = changes([wanted] if wanted else [], [live] if live else [])
    return keeping.settled(raw, raw, [live] if live else [], [one])


# Hands off


def test_what_is_kept_is_no_change_but_is_told() -> None:
    found = settle(BOARD, HERS, decide(BOARD, HERS))
    assert found.changes == ()
    (held,) = found.held
    assert held.change is not None
    assert held.change.fields[0] == FieldChange("title", "Hers", "Ours")


def test_it_stays_whatever_files_say_later_and_even_where_they_are_silent() -> None:
    one = decide(BOARD, HERS)
    newer = Resource("Board", "b", {"title": "Newer", "content": "3"}, "tigctl")
    assert settle(newer, HERS, one).changes == ()
    assert settle(None, HERS, one).changes == ()


def test_a_further_change_by_hand_is_a_conflict() -> None:
    again = Resource("Board", "b", {"title": "Hers again", "content": "3"}, "tigctl")
    one = decide(BOARD, HERS)
    (change,) = settle(BOARD, again, one).changes
    assert change.action is Action.CONFLICT
    assert change.manager == "somebody, after it was kept"
    assert settle(BOARD, again, decide(BOARD, again, one)).changes == ()


def test_what_vanished_is_made_anew_and_the_decision_ends() -> None:
    one = decide(BOARD, HERS)
    (change,) = settle(BOARD, None, one).changes
    assert change.action is Action.CREATE
    assert keeping.ended({one.key: one}, [("Board", "b")]) == {}
    assert keeping.ended({one.key: one}, [("Board", "c")]) == {one.key: one}


def test_that_something_is_gone_can_be_kept() -> None:
    one = decide(BOARD, None)
    assert settle(BOARD, None, one).changes == ()
    assert keeping.ended({one.key: one}, [one.key]) == {one.key: one}
    (change,) = settle(BOARD, HERS, one).changes
    assert change.action is Action.UPDATE, "somebody made it again: that was not decided"


def test_what_goes_from_the_files_can_stay() -> None:
    assert settle(None, BOARD, decide(None, BOARD)).changes == ()


# Values


def test_a_kept_value_is_wanted_and_a_further_change_is_repaired_to_it() -> None:
    shorter = Resource("Bucket", "raw", {"retention": "7d"}, "tigctl")
    one = decide(BUCKET, shorter)
    assert one.values == {"retention": "7d"}
    later = Resource("Bucket", "raw", {"retention": "3d"}, "tigctl")
    now = changes([shorter], [later])
    found = keeping.settled(changes([BUCKET], [later]), now, [later], [one])
    assert found.changes == now
    assert found.changes[0].fields == (FieldChange("retention", "3d", "7d"),)


def test_values_add_up_and_others_of_the_thing_cannot_be_kept() -> None:
    def source(**fields: str) -> Resource:
        return Resource("DataSource", "InfluxDB", {"url": "a", "bucket": "raw", **fields})

    first = decide(source(), source(url="b"))
    both = decide(source(url="b"), source(url="b", bucket="5m"), first)
    assert both.values == {"url": "b", "bucket": "5m"}
    with pytest.raises(UsageError, match="token cannot be kept; of a DataSource only url"):
        decide(source(token="stored"), source(token="missing"))


@pytest.mark.parametrize("kind", ["Token", "Process", "Secret", "GrafanaLogin", "TelegrafConfig"])
def test_what_the_stack_needs_cannot_be_kept(kind: str) -> None:
    with pytest.raises(UsageError, match=f"{kind}/x cannot be kept: without it"):
        decide(Resource(kind, "x", {"a": 1}), Resource(kind, "x", {"a": 2}))


@pytest.mark.parametrize("kind", ["Bucket", "Folder", "ContactPoint"])
def test_that_it_is_gone_cannot_be_kept_of_what_is_needed(kind: str) -> None:
    with pytest.raises(UsageError, match="is not there, so there is nothing to keep"):
        decide(Resource(kind, "x", {"a": 1}), None)


# Choosing, storing


def test_what_an_apply_leaves_alone() -> None:
    board, bucket, gone = decide(BOARD, HERS), decide(BUCKET, HERS_BUCKET), decide(BOARD2, None)
    choice = Choice({one.key: one for one in (board, bucket, gone)})
    assert choice.leaves("Board", "b", there=True)
    assert not choice.leaves("Board", "b", there=False)
    assert not choice.leaves("Bucket", "raw", there=True), "its value is made"
    assert choice.leaves("Board", "c", there=False)
    assert not choice.leaves("Board", "c", there=True)
    assert not choice.leaves("Task", "t", there=True)
    only = Choice(only=frozenset({("Task", "t")}))
    assert not only.leaves("Task", "t", there=True)
    assert only.leaves("Task", "u", there=True)


HERS_BUCKET = Resource("Bucket", "raw", {"retention": "7d"}, "tigctl")
BOARD2 = Resource("Board", "c", {"title": "Second"}, "tigctl")


def test_decisions_come_back_as_they_were_stored() -> None:
    several = {one.key: one for one in (decide(BOARD, HERS), decide(BOARD2, None))}
    assert keeping.loaded(json.loads(json.dumps(keeping.dumped(several)))) == several


PLAN = (
    Change(Action.UPDATE, "Bucket", "raw"),
    Change(Action.UPDATE, "Board", "tigctl-device"),
    Change(Action.DELETE, "Board", "tigctl-site"),
    Change(Action.UPDATE, "Task", "tigctl acme [raw] to 5m"),
)


def test_patterns_name_changes_in_the_order_of_the_plan() -> None:
    def named(*patterns: str) -> list[str]:
        return [one[1] for one in choosing.of_plan("acme", patterns, PLAN, ())]

    assert named("Board/tigctl-site", "Bucket/raw") == ["raw", "tigctl-site"]
    assert named("Board/*") == ["tigctl-device", "tigctl-site"]
    assert named("Task/tigctl acme [raw] to 5m") == ["tigctl acme [raw] to 5m"]


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("Board/tigctl-devices", "did you mean Board/tigctl-device"),
        ("bucket/raw", "did you mean Bucket/raw"),
        ("Namespace/tig-acme", "tigctl plan acme -v shows what differs"),
        ("raw", "expected KIND/NAME"),
        ("Bucket/", "expected KIND/NAME"),
    ],
)
def test_what_names_nothing_is_told_what_is_near(pattern: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        choosing.of_plan("acme", [pattern], PLAN, ())
    assert said in str(error.value)


def test_what_is_kept_already_and_what_is_not() -> None:
    one = decide(BOARD, HERS)
    with pytest.raises(UsageError, match="Board/b of acme is kept since 2026-11-20"):
        choosing.of_plan("acme", ["Board/b"], (), [one])
    assert choosing.of_kept("acme", ["Board/*"], [one]) == (("Board", "b"),)
    with pytest.raises(UsageError, match="nothing that is kept is named Board/c"):
        choosing.of_kept("acme", ["Board/c"], [one])


# Kubernetes objects

OBJECT = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "grafana"},
    "spec": {"type": "ClusterIP"},
}
REF = Ref("Service", "tig-acme", "grafana")


def difference(action: Action, **more: object) -> Difference:
    change = Change(action, "Service", "grafana", manager="helm")
    return Difference(REF, change, OBJECT, **more)  # type: ignore[arg-type]  # by name


def test_fields_that_others_set_are_noted_and_add_up() -> None:
    first = difference(Action.UPDATE, drift=((("spec", "type"), "NodePort"),))
    second = difference(Action.UPDATE, drift=((("spec", "x"), 1),))
    one = objects_kept.decided(second, objects_kept.decided(first, None, "then"), SINCE)
    assert one.fields == {"spec.type": "NodePort", "spec.x": 1}
    assert kept(OBJECT, one)["spec"] == {"type": "NodePort", "x": 1}
    (held,) = objects_kept.held([one], [OBJECT])
    assert held.change is not None
    assert held.change.fields == (
        FieldChange("spec.type", "NodePort", "ClusterIP"),
        FieldChange("spec.x", 1, None),
    )
    assert objects_kept.held([one], [])[0].change is None


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (difference(Action.UPDATE), "the tenant's files have changed, not by anybody's hand"),
        (difference(Action.CREATE), "is not there, so there is nothing to keep"),
        (difference(Action.ADOPT), "was made by helm, not by tigctl"),
    ],
)
def test_what_nobody_changed_by_hand_is_no_drift(found: Difference, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        objects_kept.decided(found, None, SINCE)


def test_an_object_that_no_file_wants_can_stay() -> None:
    gone = Difference(REF, Change(Action.DELETE, "Service", "grafana"), None)
    one = objects_kept.decided(gone, None, SINCE)
    (held,) = objects_kept.held([one], [])
    assert held.change is not None
    assert held.change.action is Action.DELETE
