"""A node is lost: what moves by itself, what does not and is told, and the way out of it.

Covers: status, plan and apply from the moment the node counts as lost until all runs elsewhere,
and the taint that docs/operations.md names. The process that plays the node is killed; controllers
and scheduler are real. Leaves out: volumes that are attached to a lost node.
"""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.api import condition
from tests.cluster.plane import Plane
from tests.docs.pages import commands
from tests.integration.kubernetes import tenants
from tests.integration.kubernetes.tenants import Stage, bundle, objects
from tigctl.errors import TargetError
from tigctl.plan.health import health
from tigctl.render.bundle import Bundle

pytestmark = pytest.mark.real

_NUMBERS = itertools.count(1)
_LOST = 2
_NODES = "/api/v1/nodes"


@pytest.fixture
def acme(plane: Plane, tmp_path: Path) -> Iterator[Stage]:
    """A tenant all of whose pods run on one node, as tolerant of a lost one as manifests/ is."""
    others = [number for number in (1, 2, 3) if number != _LOST]
    with tenants.stage(plane, f"lost-node-{next(_NUMBERS)}", tmp_path) as stage:
        for number in others:
            plane.api.patch(f"{_NODES}/worker-{number}", {"spec": {"unschedulable": True}})
        try:
            stage.apply(wanted(stage))
        finally:
            for number in others:
                plane.api.patch(f"{_NODES}/worker-{number}", {"spec": {"unschedulable": None}})
        yield stage


@pytest.fixture
def lost(plane: Plane, acme: Stage) -> Iterator[Stage]:
    """That node does not answer any more."""
    plane.kill_node(_LOST)
    yield acme
    plane.start_node(_LOST)
    path = f"{_NODES}/worker-{_LOST}"
    plane.wait(lambda: condition(plane.api.get(path), "Ready") == "True", "node", 90)
    plane.api.patch(path, {"spec": {"taints": None}})


def wanted(stage: Stage) -> Bundle:
    found = objects(stage.tenant)
    for one in found:
        if one["kind"] in {"StatefulSet", "Deployment"}:
            one["spec"]["template"]["spec"]["tolerations"] = [
                {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 2}
                for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
            ]
    return bundle(stage.tenant, found)


def parts(stage: Stage) -> dict[str, tuple[str, str]]:
    """State and reason of each component, as `tigctl status` has them."""
    target = stage.target()
    try:
        components = health(bundle(stage.tenant), target).components
        return {one.name: (one.state, one.reason) for one in components}
    finally:
        target.close()


def test_what_a_lost_node_does_to_a_tenant(lost: Stage) -> None:
    plane, name = lost.plane, f"worker-{_LOST}"

    # It has to be silent for 40 s before it counts as lost.
    plane.wait(lambda: f"its node {name} is not ready" in parts(lost)["influxdb"][1], "word", 120)
    plane.wait(lambda: "out-of-service" in parts(lost)["influxdb"][1], "pod given up", 60)
    plane.wait(lambda: parts(lost)["telegraf-0"] == ("running", ""), "Telegraf elsewhere", 60)
    pods = plane.api.list(f"/api/v1/namespaces/{lost.namespace}/pods")
    running = {one["spec"]["nodeName"] for one in pods if condition(one, "Ready") == "True"}
    assert running
    assert name not in running

    planned = lost.plan(wanted(lost))
    assert planned.keys() == {"InfluxDB influxdb"}
    with pytest.raises(TargetError, match=rf"no pod of InfluxDB is ready: .*{name} is not ready"):
        lost.apply(wanted(lost))

    tainted, freed = commands("docs/operations.md", "A node is lost")
    kubectl(plane, tainted)
    plane.wait(lambda: parts(lost)["influxdb"] == ("running", ""), "InfluxDB elsewhere", 90)
    lost.apply(wanted(lost))
    assert lost.plan(wanted(lost)) == {}
    kubectl(plane, freed)


def kubectl(plane: Plane, command: str) -> None:
    """A command of docs/operations.md, about our node."""
    program, *words = command.replace("node-2", f"worker-{_LOST}").split()
    assert program == "kubectl"
    subprocess.run(
        [plane.places.programs["kubectl"], f"--kubeconfig={plane.kubeconfig}", *words],
        check=True,
        capture_output=True,
    )
