"""A real node: containers run on it under Pod Security `restricted`, with volume, service, name.

It is what tests of a whole bundle stand on. Left out: everything that simulated nodes show
too (tests/integration/kubernetes). Run by `make test-node`, for it needs root.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator

import pytest

from tests.cluster.api import Object, condition
from tests.cluster.node import ADDRESS, Node

pytestmark = pytest.mark.node

NAMESPACE = "restricted"
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}


def thing(kind: str, name: str, spec: Object) -> Object:
    metadata = {"namespace": NAMESPACE, "name": name, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec}


def pod(name: str, container: Object, **more: object) -> Object:
    user = {"runAsNonRoot": True, "runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000}
    spec = {
        "securityContext": user | {"seccompProfile": {"type": "RuntimeDefault"}},
        "automountServiceAccountToken": False,
        "containers": [{"name": "main", "securityContext": RESTRICTED, **container}],
        **more,
    }
    return thing("Pod", name, spec)


@pytest.fixture(scope="module")
def stage(node: Node) -> Iterator[Node]:
    """The node with a namespace that enforces `restricted`."""
    api = node.plane.api
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    metadata = {"name": NAMESPACE, "labels": labels}
    api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    account = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/default"
    node.plane.wait(lambda: api.find(account), "service account")
    yield node
    for name in ("influxdb", "caller"):
        api.delete(f"/api/v1/namespaces/{NAMESPACE}/pods/{name}")


def test_influxdb_becomes_ready_under_restricted_and_is_found_by_name(stage: Node) -> None:
    plane, api = stage.plane, stage.plane.api
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    api.create(thing("PersistentVolumeClaim", "data", asked))
    reached = {"selector": {"app": "influxdb"}, "ports": [{"port": 8086}]}
    address = api.create(thing("Service", "influxdb", reached))["spec"]["clusterIP"]
    paths = {"bolt-path": "influxd.bolt", "engine-path": "engine", "sqlite-path": "influxd.sqlite"}
    container = {
        "image": "influxdb:2.9.1",
        "command": ["influxd"],
        "args": [f"--{option}=/data/{file}" for option, file in paths.items()],
        "readinessProbe": {"httpGet": {"path": "/health", "port": 8086}, "periodSeconds": 1},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    api.create(pod("influxdb", container, volumes=volumes))
    path = f"/api/v1/namespaces/{NAMESPACE}/pods/influxdb"
    plane.wait(lambda: condition(api.get(path), "Ready") == "True", "ready pod", 120)

    plane.wait(lambda: health(f"http://{address}:8086/health") == "pass", "answer of the service")


def health(url: str) -> str:
    """What InfluxDB says of itself; nothing while kube-proxy has not heard of the pod."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - our own service
            return str(json.load(answer)["status"])
    except OSError:
        return ""


def test_a_copy_of_ping_needs_no_capability(stage: Node) -> None:
    """And names of services are known: ping prints the address of the one it is told."""
    plane, api = stage.plane, stage.plane.api
    address = api.create(thing("Service", "named", {"ports": [{"port": 80}]}))["spec"]["clusterIP"]
    shared = {"volumeMounts": [{"name": "bin", "mountPath": "/copied"}]}
    telegraf = {"image": "telegraf:1.39.3", "securityContext": RESTRICTED, **shared}
    copy = {"name": "copy", "command": ["cp", "/usr/bin/ping", "/copied/ping"], **telegraf}
    pinging = ["/copied/ping", "-c", "1", "-W", "1"]
    wanted = pod(
        "caller",
        {"command": [*pinging, ADDRESS], **telegraf},
        initContainers=[copy],
        restartPolicy="Never",
        volumes=[{"name": "bin", "emptyDir": {}}],
    )
    wanted["spec"]["containers"].append(
        {"name": "named", "command": [*pinging, "named"], **telegraf}
    )
    group = {"name": "net.ipv4.ping_group_range", "value": "1000 1000"}
    wanted["spec"]["securityContext"]["sysctls"] = [group]
    api.create(wanted)
    path = f"/api/v1/namespaces/{NAMESPACE}/pods/caller"

    def ended() -> bool:
        return api.get(path)["status"]["phase"] in {"Succeeded", "Failed"}

    plane.wait(ended, "end of the pod")
    said = api.request("GET", f"{path}/log", container="main").decode()
    assert " 0% packet loss" in said
    # The address of a service answers no ping, but its name led there.
    said = api.request("GET", f"{path}/log", container="named").decode()
    assert f"PING named.{NAMESPACE}.svc.cluster.local ({address})" in said
