"""The small tenant with a Grafana: one data source, one folder, one board.

Behind Grafana's simulated pod stands the server that speaks the recorded API.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.cluster.plane import Plane
from tests.grafana.server import GrafanaServer
from tests.integration.kubernetes import tenants
from tests.integration.kubernetes.tenants import Stage
from tigctl.render.boards import dumps, normal
from tigctl.render.bundle import Board, Bundle
from tigctl.render.grafana import state
from tigctl.targets.interface import Step
from tigctl.targets.kubernetes import names


class BoardStage(Stage):
    """A tenant whose Grafana pod leads to the recorded server."""

    server: GrafanaServer
    grafana_port: int

    def observe(self, step: Step) -> None:
        super().observe(step)
        if step.name == "data sources, boards" and step.seconds is None:
            self.lead()

    def lead(self) -> None:
        """As the container would: the administrator's password comes from the Secret."""
        password = self.target().secrets.read(names.GRAFANA_SECRET).get("password")
        if password:
            self.server.state.passwords["admin"] = password
        labels = {names.COMPONENT: "grafana", names.TENANT: self.tenant}
        for pod in self.cluster.objects("Pod", self.namespace, labels=labels):
            self.plane.forward_pod(self.namespace, pod["metadata"]["name"], 3000, self.grafana_port)


@contextmanager
def stage(plane: Plane, tenant: str, directory: Path) -> Iterator[BoardStage]:
    """A tenant of its own with a fresh InfluxDB and a fresh Grafana."""
    with tenants.stage(plane, tenant, directory) as small, GrafanaServer() as server:
        made = BoardStage(plane, tenant, small.port)
        made.server = server
        made.grafana_port = int(server.url.rsplit(":", 1)[1].split("/")[0])
        yield made


def objects(tenant: str, **changes: str) -> tuple[tenants.Object, ...]:
    """Those of the small tenant, changed as there, and Grafana's Deployment."""
    small = tenants.objects(tenant, **changes)
    telegraf = next(one for one in small if one["kind"] == "Deployment")
    grafana: dict[str, Any] = copy.deepcopy(telegraf)
    grafana["metadata"] |= {"name": "grafana", "labels": tenants.labels(tenant, "grafana")}
    spec = grafana["spec"]
    spec["selector"]["matchLabels"][names.COMPONENT] = "grafana"
    spec["template"]["metadata"]["labels"][names.COMPONENT] = "grafana"
    return (*small, grafana)


def bundle(
    tenant: str,
    found: tuple[tenants.Object, ...] | None = None,
    *,
    title: str = "Ports",
    raw: int = 30,
) -> Bundle:
    """The small bundle with a Grafana and one board."""
    model = {
        "uid": "tigctl-ports",
        "title": title,
        "tags": ["tigctl"],
        "panels": [{"id": 1, "title": "Traffic", "type": "timeseries"}],
    }
    board = Board("tigctl-ports", title, "", dumps(normal(model)))
    wanted = tenants.bundle(tenant, found if found is not None else objects(tenant), raw=raw)
    return replace(wanted, grafana=state(tenant, "raw", [board], url="http://influxdb:8086"))
