"""No right of the table is superfluous, and none is missing: a tenant's whole life, call by call.

The program itself lives it through a door that writes down each call, as a user who has exactly
what `tigctl rbac` prints: plan, doctor, capacity, apply, upgrade, adopt, a Lease left behind, a
crash, a workload without pods, status, open, rollback, destroy. Every verb on every kind of the
table is then among the calls. Left out is one that the API server asks for by itself (below).
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.plane import Plane
from tests.cluster.proxy import Call, Proxy
from tests.grafana.server import GrafanaServer
from tests.integration.kubernetes.doctoring import Clinic
from tests.integration.kubernetes.test_journey import (
    DEVICES,
    FLEET,
    Desk,
    all_pods_there,
    lead,
)
from tests.integration.servers import influxd
from tigctl.backends.kubernetes.kinds import KINDS, Kind
from tigctl.targets.kubernetes import names, rights

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

NAME = "used"
NAMESPACE = f"tig-{NAME}"
# Since 1.35 the API server wants `create` beside `get` before it opens a way into a pod. It asks
# itself, so no call shows it.
ASKED_BY_THE_SERVER = {("create", "pods/portforward", "")}
Use = tuple[str, str, str]


def uses(call: Call, status: int) -> Iterator[Use]:
    """Verbs, resource and API group of a call."""
    path = call.path.partition("?")[0]
    match = re.match(
        r"/(?:api/v1|apis/(?P<group>[^/]+)/[^/]+)/(?:namespaces/[^/]+/(?=[^/]))?"
        r"(?P<plural>[a-z0-9]+)(?:/(?P<name>[^/]+))?(?:/(?P<part>[a-z]+))?$",
        path,
    )
    if not match or "selfsubject" in path:
        return
    resource = match["plural"] + (f"/{match['part']}" if match["part"] else "")
    verb = {
        "GET": "get" if match["name"] else "list",
        "POST": "create",
        "PUT": "update",
        "PATCH": "patch",
        "DELETE": "delete",
    }[call.method]
    yield verb, resource, match["group"] or ""
    if call.method == "PATCH" and status == 201:  # an apply that made it
        yield "create", resource, match["group"] or ""


def table() -> set[Use]:
    every = (*rights.IN_NAMESPACE, *rights.IN_CLUSTER, *rights.FOR_ALL)
    return {(verb, right.resource, right.group) for right in every for verb in right.verbs}


def tenant(desk: Desk, *, host: str = "noc.example", image: str = "telegraf:1.39.3") -> None:
    """With every kind of object that there is."""
    grafana = {"host": host, "path": f"/{NAME}", "tls": {"issuer": "internal"}}
    influxdb = {"type": "ingress", "host": "influxdb.example"}
    settings: dict[str, Any] = {
        "exposure": {"grafana": grafana, "influxdb": influxdb},
        "storage": {"replicas": 2},
    }
    folder = desk.root / "tenants" / NAME
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tenant.yaml").write_text(yaml.safe_dump(settings))
    (folder / "devices.csv").write_text(DEVICES)
    fleet = yaml.safe_load((desk.root / "fleet.yaml").read_text())
    fleet["images"] = {"telegraf": image}
    (desk.root / "fleet.yaml").write_text(yaml.safe_dump(fleet))


@contextmanager
def announced_by_bgp(clinic: Clinic) -> Iterator[None]:
    metallb = "/apis/metallb.io/v1beta1/namespaces/metallb-system/l2advertisements/tenants"
    advertisement = {
        "apiVersion": "metallb.io/v1beta1",
        "kind": "BGPAdvertisement",
        "metadata": {"name": "used", "namespace": "metallb-system"},
    }
    with (
        clinic.changed(metallb, {"spec": {"ipAddressPools": ["nobody"]}}),
        clinic.made(advertisement),
    ):
        yield


def test_each_right_is_used_and_none_is_missing(plane: Plane, tmp_path: Path) -> None:
    with Proxy(plane) as proxy, GrafanaServer(path_prefix=f"/{NAME}") as grafana:
        lab = {"type": "kubernetes", "kubeconfig": str(proxy.kubeconfig(tmp_path))}
        fleet = {**FLEET, "targets": {"lab": lab}}
        del fleet["storage"]
        (tmp_path / "fleet.yaml").write_text(yaml.safe_dump(fleet))
        desk = Desk(tmp_path, plane)
        tenant(desk)
        balanced = tmp_path / "tenants" / "balanced"
        balanced.mkdir()
        (balanced / "tenant.yaml").write_text("exposure: {grafana: {type: loadbalancer}}\n")
        (balanced / "devices.csv").write_text("name,address\nsw-1,10.8.0.1\n")
        with influxd(tmp_path / "data", set_up=False) as server:
            live(desk, Clinic(plane), server.port, grafana)
        used = {
            use for call in proxy.calls for use in uses(call, proxy.answers.get(call.number, 0))
        }
        refused = [call for call in proxy.calls if proxy.answers.get(call.number) == 403]
    assert refused == []
    assert table() - used == ASKED_BY_THE_SERVER
    assert used - table() == set()


def live(desk: Desk, clinic: Clinic, port: int, grafana: GrafanaServer) -> None:
    """A life: everything a person may type, and what may go wrong."""
    desk.tigctl("plan", "--all", code=3)
    desk.tigctl("apply", NAME, "--wait", "0")
    desk.plane.wait(lambda: all_pods_there(desk, NAME), "pods")
    lead(desk, NAME, port, grafana)
    desk.tigctl("apply", NAME, "--wait", "30s")
    with announced_by_bgp(clinic):
        desk.tigctl("doctor", code=1)
    desk.tigctl("capacity")
    taken_over(desk)
    troubles(desk)
    tenant(desk, host="new.example")
    desk.tigctl("apply", NAME, "--wait", "0")
    desk.tigctl("rollback", NAME, "1", "--wait", "0")
    desk.plane.wait(lambda: all_pods_there(desk, NAME), "pods")
    lead(desk, NAME, port, grafana)
    opened(desk)
    desk.tigctl("destroy", NAME, "-P", "-C", "-N", "--yes")


def taken_over(desk: Desk) -> None:
    """Somebody changes an object of every kind, and a tigctl was killed and left its Lease."""
    for kind in map(KINDS.__getitem__, names.KINDS):
        path = mine(desk, kind)
        change = {"metadata": {"annotations": {names.DIGEST: "by hand"}}}
        desk.plane.api.patch(path, change, fieldManager="kubectl-edit")
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": names.LEASE, "namespace": NAMESPACE},
        "spec": {
            "holderIdentity": "killed",
            "leaseDurationSeconds": 1,
            "renewTime": "2026-01-01T00:00:00.000000Z",
        },
    }
    desk.plane.api.create(lease)
    desk.tigctl("apply", NAME, "--wait", "0", "--adopt")


def mine(desk: Desk, kind: Kind) -> str:
    """The path of one of the tenant's objects of a kind."""
    found = desk.plane.api.list(
        kind.path(NAMESPACE), labelSelector="app.kubernetes.io/managed-by=tigctl"
    )
    name = NAMESPACE if kind.name == "Namespace" else found[0]["metadata"]["name"]
    return kind.path(NAMESPACE, name)


def troubles(desk: Desk) -> None:
    """A container that ends again and again; a StatefulSet whose pods are refused."""
    tenant(desk, image="crash.invalid/telegraf:1")
    desk.tigctl("apply", NAME, "--wait", "20s", code=1)
    tenant(desk)
    desk.tigctl("apply", NAME, "--wait", "0")
    quota = f"/api/v1/namespaces/{NAMESPACE}/resourcequotas/tigctl"
    desk.plane.api.patch(quota, {"spec": {"hard": {"pods": "0"}}})
    pod = f"/api/v1/namespaces/{NAMESPACE}/pods/influxdb-0"
    desk.plane.api.delete(pod, gracePeriodSeconds="0")
    desk.plane.wait(lambda: desk.plane.api.find(pod) is None, "end of the pod")
    desk.tigctl("status", NAME, code=3)


def opened(desk: Desk) -> None:
    """`tigctl open`, until Ctrl-C."""
    command = [sys.executable, "-m", "tigctl", "open", NAME, "influxdb"]
    with subprocess.Popen(
        command,
        cwd=desk.root,
        env={**os.environ, "SNMP_COMMUNITY": "public"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
