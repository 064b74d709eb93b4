"""Grafana's data source, folder and boards in a tenant's plan, on a real control plane.

Grafana's server is none that can be had: behind its simulated pod stands a small one that speaks
the recorded API (`tests/grafana`). Leaves out: what a board may hold, and all the ways
in which Grafana may misbehave, which the adapter's own tests cover.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cluster.plane import Plane
from tests.integration.kubernetes import boardstage
from tests.integration.kubernetes.boardstage import BoardStage
from tigctl.render.bundle import Bundle
from tigctl.render.grafana import state
from tigctl.targets.model import Action

pytestmark = pytest.mark.real

TENANT = "boards"


@pytest.fixture
def boards(plane: Plane, tmp_path: Path) -> Iterator[BoardStage]:
    with boardstage.stage(plane, TENANT, tmp_path) as stage:
        yield stage


def bundle(title: str = "Ports") -> Bundle:
    return boardstage.bundle(TENANT, title=title)


def test_boards_are_part_of_plan_apply_and_repair(boards: BoardStage) -> None:
    planned = boards.plan(bundle())
    for name in ("DataSource InfluxDB", "Folder tigctl", "Board tigctl-ports"):
        assert planned[name].action is Action.CREATE

    boards.apply(bundle())
    assert boards.plan(bundle()) == {}

    boards.server.change_board("anna", "tigctl-ports", title="Mine")
    (change,) = boards.plan(bundle()).values()
    assert (change.action, change.name) == (Action.UPDATE, "tigctl-ports")
    assert change.manager.startswith("anna")
    boards.apply(bundle())
    assert boards.plan(bundle()) == {}

    renamed = boards.apply(bundle("Ports and links"))
    assert [str(one.name) for one in renamed] == ["tigctl-ports"]
    fewer = replace(bundle(), grafana=state(TENANT, "raw", [], url="http://influxdb:8086"))
    gone = {(one.action, one.name) for one in boards.plan(fewer).values()}
    assert gone == {(Action.DELETE, "tigctl-ports"), (Action.DELETE, "tigctl")}
    boards.apply(fewer)
    assert boards.plan(fewer) == {}


def test_a_grafana_that_does_not_answer_is_a_finding(boards: BoardStage) -> None:
    boards.apply(bundle())
    boards.server.misbehave("GET", "/api/datasources", 500)
    (change,) = boards.plan(bundle()).values()
    assert (change.kind, change.fields[0].wanted) == ("Grafana", "answers")
    assert boards.plan(bundle()) == {}
