"""A tenant's life on Kubernetes as an engineer types it: the program itself, a workspace, a real
control plane, a real InfluxDB and the recorded Grafana behind simulated pods.

Leaves out: data from devices, which simulated pods do not poll (tests/node has that).
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster import engineer
from tests.cluster.plane import Plane
from tests.grafana.server import GrafanaServer
from tests.integration.servers import influxd

pytestmark = pytest.mark.real

FLEET: dict[str, Any] = {
    "target": "lab",
    "storage": {"class": "longhorn"},
    "exposure": {"grafana": {"host": "noc.example"}},
    "credentials": {"default": {"version": "2c", "community": {"env": "SNMP_COMMUNITY"}}},
}
DEVICES = "name,address\nsw-1,10.9.0.1\nsw-2,10.9.0.2\n"
APPS = "/apis/apps/v1"


@dataclass
class Desk:
    """An engineer's desk: a workspace, and the program."""

    root: Path
    plane: Plane

    def tigctl(self, *arguments: str, code: int = 0) -> str:
        """Runs it; returns standard output, or what it refuses. A traceback is never right."""
        done = subprocess.run(
            [sys.executable, "-m", "tigctl", *arguments],
            cwd=self.root,
            env={**os.environ, "SNMP_COMMUNITY": "public"},
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == code, done.stdout + done.stderr
        return done.stderr if code == 2 else done.stdout

    def changes(self, *arguments: str) -> dict[str, str]:
        """`Kind name` -> action, of a plan that finds something."""
        found = json.loads(self.tigctl("plan", *arguments, "-o", "json", code=3))
        return {f"{one['kind']} {one['name']}": one["action"] for one in found["changes"]}

    def since(self, name: str) -> Any:
        """What a plan that finds something says of files since the last apply."""
        return json.loads(self.tigctl("plan", name, "-o", "json", code=3))["since"]

    def tenant(self, name: str, **settings: Any) -> None:
        folder = self.root / "tenants" / name
        folder.mkdir(parents=True, exist_ok=True)
        path = {"exposure": {"grafana": {"path": f"/{name}"}}}
        (folder / "tenant.yaml").write_text(yaml.safe_dump({**path, **settings}))
        (folder / "devices.csv").write_text(DEVICES)

    def get(self, kind: str, name: str, *, tenant: str, group: str = "/api/v1") -> Any:
        return self.plane.api.find(f"{group}/namespaces/tig-{tenant}/{kind}/{name}")


@pytest.fixture
def desk(plane: Plane, tmp_path: Path) -> Desk:
    lab = {"type": "kubernetes", "kubeconfig": str(engineer.kubeconfig(plane))}
    (tmp_path / "fleet.yaml").write_text(yaml.safe_dump({**FLEET, "targets": {"lab": lab}}))
    return Desk(tmp_path, plane)


@pytest.fixture
def grafana() -> Iterator[GrafanaServer]:
    with GrafanaServer(path_prefix="/journey") as server:
        yield server


def lead(desk: Desk, tenant: str, port: int, grafana: GrafanaServer) -> None:
    """The pods lead to real servers; Grafana's password is what its container would get."""
    secret = desk.get("secrets", "grafana-admin", tenant=tenant)
    grafana.state.passwords["admin"] = base64.b64decode(secret["data"]["password"]).decode()
    ports = {"influxdb": (8086, port), "grafana": (3000, int(grafana.url.rsplit(":", 1)[1]))}
    pods = desk.plane.api.list(f"/api/v1/namespaces/tig-{tenant}/pods")
    for pod in pods:
        component = pod["metadata"]["labels"]["app.kubernetes.io/name"]
        if component in ports:
            near, far = ports[component]
            desk.plane.forward_pod(f"tig-{tenant}", pod["metadata"]["name"], near, far)


def all_pods_there(desk: Desk, tenant: str) -> bool:
    pods = desk.plane.api.list(f"/api/v1/namespaces/tig-{tenant}/pods")
    return {pod["metadata"]["labels"]["app.kubernetes.io/name"] for pod in pods} >= {
        "influxdb",
        "grafana",
        "telegraf",
    }


def test_from_nothing_to_nothing(desk: Desk, grafana: GrafanaServer, tmp_path: Path) -> None:
    name = "journey"
    desk.tenant(name)
    desk.tigctl("validate")
    planned = desk.changes(name)
    assert set(planned.values()) == {"create"}
    assert {"StatefulSet influxdb", "HTTPRoute grafana", "Bucket raw"} <= planned.keys()

    desk.tigctl("apply", name, "--wait", "0")
    desk.plane.wait(lambda: all_pods_there(desk, name), "pods")
    with influxd(tmp_path / "data", set_up=False) as server:
        lead(desk, name, server.port, grafana)
        desk.tigctl("apply", name, "--wait", "20s")
        desk.plane.wait(lambda: all_pods_there(desk, name), "pods")
        lead(desk, name, server.port, grafana)
        desk.tigctl("plan", name)

        # Three things change in the files.
        desk.tenant(name, retention={"raw": "60d"}, polling={"interval": "30s"})
        (desk.root / f"tenants/{name}/devices.csv").write_text(DEVICES + "sw-3,10.9.0.3\n")
        planned = desk.changes(name)
        assert planned["Bucket raw"] == "update"
        assert planned["CiliumNetworkPolicy telegraf-to-devices"] == "update"
        assert planned["Deployment telegraf-0"] == "update"
        since = desk.since(name)
        settings = {one["path"]: (one["live"], one["wanted"]) for one in since["settings"]}
        assert settings["polling.interval"] == ("1m", "30s")
        assert settings["retention.raw"] == ("30d", "60d")
        assert since["devices"]["more"] == ["sw-3"]
        desk.tigctl("apply", name, "--wait", "20s")
        lead(desk, name, server.port, grafana)
        desk.tigctl("plan", name)

        # Somebody breaks something by hand.
        path = f"{APPS}/namespaces/tig-{name}/deployments/grafana"
        desk.plane.api.patch(path, {"spec": {"replicas": 0}}, fieldManager="kubectl-scale")
        planned = desk.changes(name)
        assert planned["Deployment grafana"] == "update"
        assert desk.since(name)["same"], "somebody did it on the cluster"
        status = json.loads(desk.tigctl("status", name, "-o", "json", code=3))
        states = {one["name"]: one["state"] for one in status["components"]}
        assert states["grafana"] == "stopped"
        desk.tigctl("apply", name, "--wait", "0")
        assert desk.get("deployments", "grafana", tenant=name, group=APPS)["spec"]["replicas"] == 1
        desk.plane.wait(lambda: all_pods_there(desk, name), "pods")
        lead(desk, name, server.port, grafana)
        desk.tigctl("apply", name, "--wait", "20s")
        desk.tigctl("plan", name)

        # A repair is no revision of its own: going back undoes what files changed last.
        listed = desk.tigctl("rollback", name, "--list").split()
        assert [listed.count(number) for number in "123"] == [1, 1, 0]
        desk.tigctl("rollback", name, "--wait", "0")
        desk.plane.wait(lambda: all_pods_there(desk, name), "pods")
        planned = desk.changes(name, "--objects-only")
        assert planned["CiliumNetworkPolicy telegraf-to-devices"] == "update"
        data = desk.get("configmaps", "telegraf-0-0", tenant=name)["data"]
        assert "10.9.0.3" not in json.dumps(data)

        desk.tigctl("destroy", name, code=2)  # nobody can be asked here
        desk.tigctl("destroy", name, "-P", "-C", "-N", "--yes")
    assert desk.plane.api.find(f"/api/v1/namespaces/tig-{name}") is None
    desk.tigctl("destroy", name, "--yes")


def test_a_change_that_somebody_means_is_kept_for_a_while(
    desk: Desk, grafana: GrafanaServer, tmp_path: Path
) -> None:
    name, thing = "meant", "Service/grafana"
    desk.tenant(name, exposure={"grafana": {"path": grafana.path_prefix}})
    desk.tigctl("apply", name, "--wait", "0")
    desk.plane.wait(lambda: all_pods_there(desk, name), "pods")
    with influxd(tmp_path / "data", set_up=False) as server:
        lead(desk, name, server.port, grafana)
        desk.tigctl("apply", name, "--wait", "0")
        desk.plane.wait(lambda: all_pods_there(desk, name), "pods")
        lead(desk, name, server.port, grafana)
        path = f"/api/v1/namespaces/tig-{name}/services/grafana"
        change = {"spec": {"sessionAffinity": "ClientIP"}}
        desk.plane.api.patch(path, change, fieldManager="kubectl-edit")

        refused = desk.tigctl("apply", name, "--keep", "Service/grafanas", code=2)
        assert "did you mean Service/grafana?" in refused
        desk.tigctl("apply", name, "--keep", thing, "--wait", "0")
        kept = json.loads(desk.tigctl("plan", name, "-o", "json"))["kept"]
        assert [(one["kind"], one["name"]) for one in kept] == [("Service", "grafana")]
        assert kept[0]["fields"][0]["path"] == "spec.sessionAffinity"
        assert thing in desk.tigctl("status", name, code=3)
        desk.tigctl("apply", name, "--give-back", "Service/*")
        assert desk.changes(name) == {"Service grafana": "update"}
        desk.tigctl("apply", name, "--only", thing, "--wait", "0")
    assert desk.plane.api.get(path)["spec"]["sessionAffinity"] == "None"
    desk.plane.api.delete(f"/api/v1/namespaces/tig-{name}")


def test_many_tenants_at_once_and_one_in_trouble(desk: Desk) -> None:
    names = ["many-1", "many-2", "many-3"]
    for name in names:
        desk.tenant(name)
    mine = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tig-many-2"}}
    desk.plane.api.create(mine)

    desk.tigctl("apply", "--all", "--wait", "0", code=1)

    plans = {
        one["tenant"]: one["summary"]
        for one in json.loads(desk.tigctl("plan", "--all", "--objects-only", "-o", "json", code=3))
    }
    assert not any(plans["many-1"].values())
    assert not any(plans["many-3"].values())
    assert plans["many-2"]["adopt"] == 1, "a namespace of somebody else stays untouched"
    desk.tigctl("apply", "many-2", "--wait", "0", "--adopt")
    desk.tigctl("plan", "--all", "--objects-only")
    for name in names:
        desk.tigctl("destroy", name, "-P", "-C", "-N", "--yes")
