"""Keeping and repairing single changes that somebody made by hand, in all three: objects of a real
API server, a real InfluxDB, and the recorded Grafana.

Leaves out: which differences may be kept and how they are named (tests/unit/targets), and what
the command line says (the journey below calls it once).
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.plane import Plane
from tests.integration.kubernetes import boardstage
from tests.integration.kubernetes.boardstage import BoardStage
from tests.integration.kubernetes.tenants import DAY
from tigctl.backends.influxdb import Influx
from tigctl.backends.kubernetes.cluster import Object
from tigctl.errors import UsageError
from tigctl.render.bundle import Alerting, AlertRule, Bundle, Task
from tigctl.targets import database
from tigctl.targets.keeping import Held
from tigctl.targets.kubernetes.inventory import Inventory
from tigctl.targets.model import Action, Change

pytestmark = pytest.mark.real

_NUMBERS = itertools.count(1)
SINCE = "2026-11-20T14:02:11Z"
APPS = "/apis/apps/v1"


@pytest.fixture
def stage(plane: Plane, tmp_path: Path) -> Iterator[BoardStage]:
    """A tenant nobody has seen before; nobody waits for its end."""
    with boardstage.stage(plane, f"keeping-{next(_NUMBERS)}", tmp_path) as made:
        yield made
        plane.api.delete(f"/api/v1/namespaces/{made.namespace}")


def task_of(stage: BoardStage) -> str:
    return f"tigctl {stage.tenant} raw to 5m"


def flux(stage: BoardStage, every: str) -> str:
    head = f'option task = {{name: "{task_of(stage)}", every: {every}}}'
    return f'{head}\n\nfrom(bucket: "raw") |> range(start: -1h) |> to(bucket: "5m")\n'


def rule(uid: str, title: str, *, group: str = "quick") -> AlertRule:
    model = {"title": title, "data": [{"refId": "A", "model": {"query": "x"}}], "for": "5m"}
    return AlertRule(uid, title, "tigctl", group, 60, json.dumps(model))


def bundle(stage: BoardStage, *, title: str = "Ports", **changes: str) -> Bundle:
    objects = boardstage.objects(stage.tenant, **changes)
    found = boardstage.bundle(stage.tenant, objects, title=title)
    tasks = (Task(task_of(stage), "5m", "", flux(stage, "5m")),)
    influxdb = replace(found.influxdb, tasks=tasks)
    rules = (rule("tigctl-one", "One"), rule("tigctl-two", "Two"))
    return replace(
        found,
        influxdb=influxdb,
        grafana=replace(found.grafana, alerting=Alerting(rules=rules)),
    )


def keep(stage: BoardStage, wanted: Bundle, *keys: tuple[str, str]) -> None:
    target = stage.target()
    target.changes(wanted)
    target.keep(wanted, keys, SINCE)
    target.reach.close()


def held(stage: BoardStage, wanted: Bundle) -> dict[str, Held]:
    target = stage.target()
    target.changes(wanted)
    target.reach.close()
    return {f"{one.kept.kind} {one.kept.name}": one for one in target.held()}


def only(stage: BoardStage, wanted: Bundle, *keys: tuple[str, str]) -> tuple[Change, ...]:
    target = stage.target()
    target.narrow(keys)
    changes = target.changes(wanted)
    target.apply(wanted, changes, {}, stage.observe)
    target.reach.close()
    return changes


def give_back(stage: BoardStage, *keys: tuple[str, str]) -> None:
    stage.target().give_back(keys)


def influx(stage: BoardStage) -> Influx:
    token = stage.target().secrets.read_secret(database.OPERATOR)
    return Influx(f"http://127.0.0.1:{stage.port}", stage.tenant, token)


def set_retention(stage: BoardStage, name: str, days: int) -> None:
    with influx(stage) as asked:
        (bucket,) = [one for one in asked.buckets() if one.name == name]
        asked.set_retention(bucket, days * DAY)


def retention(stage: BoardStage, name: str) -> int:
    with influx(stage) as asked:
        return {one.name: one.retention for one in asked.buckets()}[name] // DAY


def set_limit(stage: BoardStage, value: int) -> None:
    path = stage.path("deployments", "telegraf-0", APPS)
    stage.plane.api.patch(path, {"spec": {"revisionHistoryLimit": value}}, fieldManager="kubectl")


def limit(stage: BoardStage) -> int:
    found = stage.plane.api.get(stage.path("deployments", "telegraf-0", APPS))
    return int(found["spec"]["revisionHistoryLimit"])


def test_one_thing_of_each_of_the_three_is_kept_and_given_back(stage: BoardStage) -> None:
    wanted = bundle(stage)
    stage.apply(wanted)
    assert stage.plan(wanted) == {}
    set_limit(stage, 3)
    set_retention(stage, "raw", 7)
    stage.server.change_board("anna", "tigctl-ports", title="Mine")
    keys = ("Deployment", "telegraf-0"), ("Bucket", "raw"), ("Board", "tigctl-ports")
    names = {" ".join(key) for key in keys}
    assert stage.plan(wanted).keys() == names

    keep(stage, wanted, *keys)

    assert stage.plan(wanted) == {}
    found = held(stage, wanted)
    assert found.keys() == names
    assert {one.kept.since for one in found.values()} == {SINCE}
    fields = {
        name: next((field.path, field.live, field.wanted) for field in one.change.fields)
        for name, one in found.items()
        if one.change
    }
    assert fields == {
        "Deployment telegraf-0": ("spec.revisionHistoryLimit", 3, None),
        "Bucket raw": ("retention", "7d", "30d"),
        "Board tigctl-ports": ("title", "Mine", "Ports"),
    }
    assert {one.key for one in stage.target().kept()} == set(keys)

    # Files change elsewhere: what is kept stays, everything else is made.
    newer = bundle(stage, config="# new\n")
    stage.apply(newer)
    assert stage.plan(newer) == {}
    assert (limit(stage), retention(stage, "raw")) == (3, 7)
    assert stage.server.state.boards["tigctl-ports"]["model"]["title"] == "Mine"
    assert Inventory.load(stage.cluster, stage.namespace).kept.keys() == set(keys)

    give_back(stage, *keys)
    assert stage.plan(newer).keys() == names
    stage.apply(newer)
    assert stage.plan(newer) == {}
    assert limit(stage) != 3
    assert retention(stage, "raw") == 30
    assert stage.server.state.boards["tigctl-ports"]["model"]["title"] == "Ports"


def test_what_is_kept_is_looked_at_no_closer_than_the_rest(
    stage: BoardStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = bundle(stage)
    stage.apply(wanted)
    set_limit(stage, 3)
    keep(stage, wanted, ("Deployment", "telegraf-0"))
    before = Inventory.load(stage.cluster, stage.namespace).revision
    stage.apply(wanted)
    assert Inventory.load(stage.cluster, stage.namespace).revision == before
    looked: list[str] = []
    apply = stage.cluster.apply

    def counted(wanted: Object, **options: Any) -> Object:
        looked.append(wanted["kind"])
        return apply(wanted, **options)

    monkeypatch.setattr(stage.cluster, "apply", counted)
    assert stage.plan(wanted) == {}
    assert looked == []
    set_limit(stage, 4)
    assert stage.plan(wanted)["Deployment telegraf-0"].fields[0].wanted == 3
    assert looked


def test_what_is_kept_and_changes_once_more(stage: BoardStage) -> None:
    wanted = bundle(stage)
    stage.apply(wanted)
    set_retention(stage, "raw", 7)
    stage.server.change_board("anna", "tigctl-ports", title="Mine")
    keep(stage, wanted, ("Bucket", "raw"), ("Board", "tigctl-ports"))
    set_retention(stage, "raw", 3)
    stage.server.change_board("bert", "tigctl-ports", title="Bert's")

    found = stage.plan(wanted)
    assert found["Bucket raw"].action is Action.UPDATE
    assert found["Bucket raw"].fields[0].wanted == "7d"
    assert found["Board tigctl-ports"].action is Action.CONFLICT
    assert found["Board tigctl-ports"].manager.startswith("bert")
    before = Inventory.load(stage.cluster, stage.namespace).revision
    stage.apply(wanted)
    assert retention(stage, "raw") == 7, "a known value is put back"
    assert stage.server.state.boards["tigctl-ports"]["model"]["title"] == "Bert's"
    assert stage.plan(wanted).keys() == {"Board tigctl-ports"}
    stage.apply(wanted)
    revision = Inventory.load(stage.cluster, stage.namespace).revision
    assert revision == before, "neither a repair nor what leaves only conflicts is a revision"
    keep(stage, wanted, ("Board", "tigctl-ports"))
    assert stage.plan(wanted) == {}


def test_what_is_kept_and_vanishes_or_is_not_wanted_any_more(stage: BoardStage) -> None:
    wanted = bundle(stage)
    stage.apply(wanted)
    set_limit(stage, 3)
    with influx(stage) as asked:
        (task,) = asked.tasks()
        asked.update_task(task.id, flux(stage, "10m"))
    stage.server.change_board("anna", "tigctl-ports", title="Mine")
    keys = ("Deployment", "telegraf-0"), ("Task", task_of(stage)), ("Board", "tigctl-ports")
    keep(stage, wanted, *keys)
    stage.apply(wanted)
    with influx(stage) as asked:
        assert [one.every for one in asked.tasks()] == ["10m"]

    # Gone by hand: made as files say, for nothing else is known; a field is known, and comes back.
    stage.server.by_hand("anna", "DELETE", "/api/dashboards/uid/tigctl-ports")
    with influx(stage) as asked:
        asked.delete_task(asked.tasks()[0].id)
    stage.plane.api.delete(stage.path("deployments", "telegraf-0", APPS))
    stage.plane.wait(
        lambda: stage.plane.api.find(stage.path("deployments", "telegraf-0", APPS)) is None, "end"
    )
    assert {one.action for one in stage.plan(wanted).values()} == {Action.CREATE}
    stage.apply(wanted)
    assert stage.plan(wanted) == {}
    with influx(stage) as asked:
        assert [one.every for one in asked.tasks()] == ["5m"]
    assert stage.server.state.boards["tigctl-ports"]["model"]["title"] == "Ports"
    assert limit(stage) == 3
    assert {one.key for one in stage.target().kept()} == {("Deployment", "telegraf-0")}

    # Not wanted any more: fields of an object go with it.
    fewer = tuple(one for one in wanted.kubernetes if one["metadata"]["name"] != "telegraf-0")
    without = replace(wanted, kubernetes=fewer)
    stage.apply(without)
    assert stage.plane.api.find(stage.path("deployments", "telegraf-0", APPS)) is None
    assert stage.target().kept() == ()


def test_what_no_file_wants_any_more_can_stay(stage: BoardStage) -> None:
    stage.apply(bundle(stage))
    fewer = replace(bundle(stage), influxdb=replace(bundle(stage).influxdb, tasks=()))
    fewer = replace(fewer, grafana=replace(fewer.grafana, boards=()))
    fewer = replace(fewer, kubernetes=fewer.kubernetes[:-1])  # Grafana's Deployment
    keys = ("Deployment", "grafana"), ("Task", task_of(stage)), ("Board", "tigctl-ports")
    assert {(one.kind, one.name) for one in stage.plan(fewer).values()} == set(keys)
    keep(stage, fewer, *keys)
    assert stage.plan(fewer) == {}
    stage.apply(fewer)
    assert "tigctl-ports" in stage.server.state.boards
    assert stage.plane.api.find(stage.path("deployments", "grafana", APPS)) is not None
    with influx(stage) as asked:
        assert [one.name for one in asked.tasks()] == [task_of(stage)]


def test_a_kept_rule_stays_while_others_of_its_group_change(stage: BoardStage) -> None:
    wanted = bundle(stage)
    stage.apply(wanted)
    held_rules = stage.server.state.alerting.rules
    held_rules["tigctl-one"]["title"] = "Hers"
    del held_rules["tigctl-two"]
    keep(stage, wanted, ("AlertRule", "tigctl-one"))
    stage.apply(wanted)
    assert {uid: one["title"] for uid, one in held_rules.items()} == {
        "tigctl-one": "Hers",
        "tigctl-two": "Two",
    }
    # And that one is gone is kept, too.
    del held_rules["tigctl-two"]
    keep(stage, wanted, ("AlertRule", "tigctl-two"))
    give_back(stage, ("AlertRule", "tigctl-one"))
    stage.apply(wanted)
    assert {uid: one["title"] for uid, one in held_rules.items()} == {"tigctl-one": "One"}
    assert stage.plan(wanted) == {}


def test_only_what_is_chosen_is_repaired(stage: BoardStage) -> None:
    wanted = bundle(stage)
    with pytest.raises(UsageError, match="nothing is applied yet"):
        only(stage, wanted, ("Bucket", "raw"))
    stage.apply(wanted)
    set_limit(stage, 3)
    set_retention(stage, "raw", 7)
    set_retention(stage, "5m", 90)
    stage.server.change_board("anna", "tigctl-ports", title="Mine")
    held_rules = stage.server.state.alerting.rules
    held_rules["tigctl-one"]["title"] = "Hers"
    held_rules["tigctl-two"]["title"] = "Hers too"
    everything = stage.plan(wanted).keys()
    before = Inventory.load(stage.cluster, stage.namespace)

    done = only(stage, wanted, ("Bucket", "raw"), ("AlertRule", "tigctl-one"))

    assert {f"{one.kind} {one.name}" for one in done} == {"Bucket raw", "AlertRule tigctl-one"}
    left = {"Deployment telegraf-0", "Bucket 5m", "Board tigctl-ports", "AlertRule tigctl-two"}
    assert stage.plan(wanted).keys() == left == everything - {"Bucket raw", "AlertRule tigctl-one"}
    assert Inventory.load(stage.cluster, stage.namespace) == before, "no revision, nothing kept"
    only(stage, wanted, ("Deployment", "telegraf-0"), ("Board", "tigctl-ports"))
    assert stage.plan(wanted).keys() == {"Bucket 5m", "AlertRule tigctl-two"}


def test_a_kept_address_of_a_data_source_gets_new_tokens_all_the_same(stage: BoardStage) -> None:
    wanted = bundle(stage)
    stage.apply(wanted)
    (source,) = stage.server.state.sources.values()
    source["url"] = "http://proxy:8086"
    keep(stage, wanted, ("DataSource", "InfluxDB"))
    assert stage.plan(wanted) == {}
    token = stage.server.state.secrets[source["uid"]]["token"]
    stage.apply(wanted, new_tokens=True)
    (source,) = stage.server.state.sources.values()
    assert source["url"] == "http://proxy:8086"
    assert stage.server.state.secrets[source["uid"]]["token"] != token
    assert stage.plan(wanted) == {}


def test_what_cannot_be_kept_notes_nothing(stage: BoardStage) -> None:
    stage.apply(bundle(stage))
    set_retention(stage, "raw", 7)
    newer = bundle(stage, telegraf="telegraf:1.39.4")
    with pytest.raises(UsageError, match="files have changed"):
        keep(stage, newer, ("Bucket", "raw"), ("Deployment", "telegraf-0"))
    assert stage.target().kept() == ()
