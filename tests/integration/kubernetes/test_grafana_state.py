"""Grafana's data source, folder and boards in a tenant's plan, on a real control plane.

Grafana's server is none that can be had: behind its simulated pod stands a small one that speaks
the recorded API (`tests/grafana_server.py`). Leaves out: what a board may hold, and all the ways
in which Grafana may misbehave, which the adapter's own tests cover.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.plane import Plane
from tests.grafana_server import GrafanaServer
from tests.integration.kubernetes import tenants
from tests.integration.kubernetes.tenants import Stage, objects
from tigctl.render.boards import dumps, normal
from tigctl.render.bundle import Board, Bundle
from tigctl.render.grafana import state
from tigctl.targets.interface import Step
from tigctl.targets.kubernetes import names
from tigctl.targets.model import Action

pytestmark = pytest.mark.real

TENANT = "boards"


class BoardStage(Stage):
    """A tenant whose Grafana pod leads to the recorded server."""

    server: GrafanaServer

    def observe(self, step: Step) -> None:
        super().observe(step)
        if step.name == "data sources, boards" and step.seconds is None:
            self.lead()

    def lead(self) -> None:
        """As the container would: the administrator's password comes from the Secret."""
        password = self.target().secrets.read(names.GRAFANA_SECRET)["password"]
        self.server.state.passwords["admin"] = password
        port = int(self.server.url.rsplit(":", 1)[1].split("/")[0])
        labels = {names.COMPONENT: "grafana", names.TENANT: self.tenant}
        for pod in self.cluster.objects("Pod", self.namespace, labels=labels):
            self.plane.forward_pod(self.namespace, pod["metadata"]["name"], 3000, port)


@pytest.fixture
def boards(plane: Plane, tmp_path: Path) -> Iterator[BoardStage]:
    with tenants.stage(plane, TENANT, tmp_path) as small, GrafanaServer() as server:
        stage = BoardStage(plane, TENANT, small.port)
        stage.server = server
        yield stage


def bundle(title: str = "Ports") -> Bundle:
    """The small bundle with a Grafana and one board."""
    telegraf = next(one for one in objects(TENANT) if one["kind"] == "Deployment")
    grafana: dict[str, Any] = copy.deepcopy(telegraf)
    grafana["metadata"] |= {"name": "grafana", "labels": tenants.labels(TENANT, "grafana")}
    spec = grafana["spec"]
    spec["selector"]["matchLabels"][names.COMPONENT] = "grafana"
    spec["template"]["metadata"]["labels"][names.COMPONENT] = "grafana"
    model = {
        "uid": "tigctl-ports",
        "title": title,
        "tags": ["tigctl"],
        "panels": [{"id": 1, "title": "Traffic", "type": "timeseries"}],
    }
    board = Board("tigctl-ports", title, "", dumps(normal(model)))
    wanted = tenants.bundle(TENANT, (*objects(TENANT), grafana))
    return replace(wanted, grafana=state(TENANT, "raw", [board], url="http://influxdb:8086"))


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
