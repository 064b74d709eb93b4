"""The control plane that other tests stand on: what is real in it is real, what is simulated works.

Left out: what simulated nodes cannot show, which is everything inside a container
(tests/node), and how long anything takes.
"""

from __future__ import annotations

import http.client
import http.server
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import ClusterError
from tests.cluster.api import ApiError, Object, condition
from tests.cluster.plane import Plane
from tests.simulator.processes import Processes

pytestmark = pytest.mark.real

_CHECKOUT = Path(__file__).resolve().parents[3]


def thing(kind: str, namespace: str, name: str, spec: Object, version: str = "v1") -> Object:
    metadata = {"namespace": namespace, "name": name}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def pod(namespace: str, name: str, *, image: str = "registry.invalid/any:1", **more: Any) -> Object:
    return thing("Pod", namespace, name, {"containers": [{"name": "main", "image": image}], **more})


def running(plane: Plane, namespace: str, name: str) -> bool:
    there = plane.api.get(f"/api/v1/namespaces/{namespace}/pods/{name}")
    return condition(there, "Ready") == "True"


@pytest.fixture
def server() -> Iterator[int]:
    """The port of a real HTTP server of this process that answers every GET with `real`."""

    class Answer(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"real")

        def log_message(self, *arguments: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as serving:
        threading.Thread(target=serving.serve_forever, args=(0.02,), daemon=True).start()
        yield serving.server_port
        serving.shutdown()


def test_three_nodes_are_ready_each_in_a_zone_of_its_own(plane: Plane) -> None:
    nodes = plane.api.list("/api/v1/nodes")
    assert [condition(node, "Ready") for node in nodes] == ["True"] * 3
    zones = {node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in nodes}
    assert len(zones) == 3


def test_a_claim_is_bound_grows_and_takes_its_volume_with_it(plane: Plane, namespace: str) -> None:
    spec = {
        "storageClassName": "longhorn",
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    }
    plane.api.create(thing("PersistentVolumeClaim", namespace, "data", spec))
    claim = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/data"
    plane.wait(lambda: plane.api.get(claim)["status"]["phase"] == "Bound", "bound claim")
    volume = f"/api/v1/persistentvolumes/{plane.api.get(claim)['spec']['volumeName']}"

    plane.api.patch(claim, {"spec": {"resources": {"requests": {"storage": "2Gi"}}}})
    plane.wait(lambda: plane.api.get(claim)["status"]["capacity"]["storage"] == "2Gi", "growth")
    assert plane.api.get(volume)["spec"]["capacity"]["storage"] == "2Gi"
    with pytest.raises(ApiError, match="can not be less than"):
        plane.api.patch(claim, {"spec": {"resources": {"requests": {"storage": "1Gi"}}}})

    plane.api.delete(claim)
    plane.wait(lambda: plane.api.find(volume) is None, "end of the volume")


def test_pod_security_refuses_what_restricted_forbids(plane: Plane, namespace: str) -> None:
    enforce = {"pod-security.kubernetes.io/enforce": "restricted"}
    plane.api.patch(f"/api/v1/namespaces/{namespace}", {"metadata": {"labels": enforce}})
    with pytest.raises(ApiError, match='violates PodSecurity "restricted') as refused:
        plane.api.create(pod(namespace, "careless"))
    assert refused.value.status == 403


def test_a_deployment_becomes_available_and_a_stateful_set_too(
    plane: Plane, namespace: str
) -> None:
    labels = {"app": "any"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "main", "image": "any:1"}]},
    }
    spec: Object = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    plane.api.create(thing("Deployment", namespace, "many", spec, "apps/v1"))
    one = spec | {"replicas": 1, "serviceName": "one"}
    plane.api.create(thing("StatefulSet", namespace, "one", one, "apps/v1"))
    apps = f"/apis/apps/v1/namespaces/{namespace}"
    plane.wait(
        lambda: condition(plane.api.get(f"{apps}/deployments/many"), "Available") == "True",
        "available deployment",
    )
    plane.wait(
        lambda: plane.api.get(f"{apps}/statefulsets/one")["status"].get("readyReplicas") == 1,
        "ready stateful set",
    )


def test_an_unknown_field_of_a_policy_is_refused(plane: Plane, namespace: str) -> None:
    rule: Object = {"endpointSelector": {}, "ingress": [{"fromEndpoint": [{}]}]}
    policy = thing("CiliumNetworkPolicy", namespace, "typo", rule, "cilium.io/v2")
    with pytest.raises(ApiError, match=r'unknown field "spec\.ingress\[0\]\.fromEndpoint"'):
        plane.api.create(policy)
    assert plane.api.create(policy, fieldValidation="Ignore")["metadata"]["name"] == "typo"


def test_a_port_forward_to_a_simulated_pod_reaches_a_real_server(
    plane: Plane, namespace: str, server: int
) -> None:
    from kubernetes import client, config  # noqa: PLC0415 - takes a quarter of a second
    from kubernetes.stream import portforward  # noqa: PLC0415

    plane.api.create(pod(namespace, "front"))
    plane.wait(lambda: running(plane, namespace, "front"), "ready pod")
    plane.forward_pod(namespace, "front", 8086, server)
    plane.forward_pod(namespace, "front", 3000, server)

    with config.new_client_from_config(str(plane.kubeconfig)) as asking:
        core = client.CoreV1Api(asking)
        for port in (8086, 3000):
            forward = portforward(
                core.connect_get_namespaced_pod_portforward, "front", namespace, ports=str(port)
            )
            through = http.client.HTTPConnection("pod", timeout=30)
            through.sock = forward.socket(port)
            through.sock.settimeout(30)
            through.request("GET", "/")
            assert through.getresponse().read() == b"real"
            through.close()


def test_logs_and_exec_of_a_simulated_pod(plane: Plane, namespace: str, tmp_path: Path) -> None:
    plane.api.create(pod(namespace, "talker"))
    plane.wait(lambda: running(plane, namespace, "talker"), "ready pod")
    log = tmp_path / "talker.log"
    log.write_text("2026-01-02T03:04:05.000000006Z stdout F what it said\n")
    plane.log_pod(namespace, "talker", log)
    plane.exec_pod(namespace, "talker", {"GREETING": "hello"})

    path = f"/api/v1/namespaces/{namespace}/pods/talker/log"
    said = plane.wait(lambda: _text(plane, path), "log")
    assert said == "what it said\n"
    kubectl = [plane.places.programs["kubectl"], f"--kubeconfig={plane.kubeconfig}"]
    done = subprocess.run(
        [*kubectl, "-n", namespace, "exec", "talker", "--", "sh", "-c", "echo $GREETING"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("hello\n", 0), done.stderr


def _text(plane: Plane, path: str) -> str:
    try:
        return plane.api.request("GET", path).decode()
    except ApiError:  # kwok has not heard of the object yet
        return ""


@pytest.mark.parametrize(
    ("registry", "reason"),
    [("missing.invalid", "ImagePullBackOff"), ("crash.invalid", "CrashLoopBackOff")],
)
def test_an_image_of_a_bad_registry_fails(
    plane: Plane, namespace: str, registry: str, reason: str
) -> None:
    plane.api.create(pod(namespace, "bad", image=f"{registry}/x:1"))
    path = f"/api/v1/namespaces/{namespace}/pods/bad"

    def waiting() -> str:
        statuses = plane.api.get(path)["status"].get("containerStatuses", [])
        return "".join(one["state"]["waiting"]["reason"] for one in statuses)

    assert plane.wait(waiting, "container status") == reason
    assert not running(plane, namespace, "bad")


def test_a_paused_or_lost_node_starts_no_pod(plane: Plane, namespace: str) -> None:
    with plane.paused(1):
        plane.api.create(pod(namespace, "waits", nodeName="worker-1"))
        plane.api.create(pod(namespace, "runs", nodeName="worker-2"))
        plane.wait(lambda: running(plane, namespace, "runs"), "ready pod")
        assert not running(plane, namespace, "waits")
    plane.wait(lambda: running(plane, namespace, "waits"), "ready pod")

    plane.kill_node(1)
    try:
        plane.api.create(pod(namespace, "lost", nodeName="worker-1"))
        plane.api.create(pod(namespace, "runs-too", nodeName="worker-2"))
        plane.wait(lambda: running(plane, namespace, "runs-too"), "ready pod")
        assert not running(plane, namespace, "lost")
    finally:
        plane.start_node(1)
    plane.wait(lambda: running(plane, namespace, "lost"), "ready pod")


def test_another_user_has_the_rights_that_rbac_gives(plane: Plane, namespace: str) -> None:
    kubectl = [plane.places.programs["kubectl"], f"--kubeconfig={plane.user('nobody')}"]
    done = subprocess.run(
        [*kubectl, "-n", namespace, "get", "pods"], capture_output=True, text=True, check=False
    )
    assert 'User "nobody" cannot list resource "pods"' in done.stderr


def test_the_cluster_has_what_a_tenant_refers_to(plane: Plane) -> None:
    for path in (
        "/apis/storage.k8s.io/v1/storageclasses/longhorn",
        "/apis/networking.k8s.io/v1/ingressclasses/cilium",
        "/apis/gateway.networking.k8s.io/v1/namespaces/gateways/gateways/public",
        "/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools/tenants",
        "/apis/metallb.io/v1beta1/namespaces/metallb-system/l2advertisements/tenants",
        "/apis/cert-manager.io/v1/clusterissuers/internal",
    ):
        assert plane.api.find(path), path


def test_a_start_that_fails_says_why_and_leaves_nothing_running(tmp_path: Path) -> None:
    bad = Plane(tmp_path / "state", options={"kube-scheduler": ["--no-such-flag"]})
    with pytest.raises(ClusterError, match="kube-scheduler ended at once") as failed:
        bad.start()
    assert "unknown flag: --no-such-flag" in str(failed.value)
    assert bad.processes() == ()
    assert bad.stop() == 0
    assert not bad.state.exists()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(ClusterError, match="holds something else"):
        Plane(tmp_path).stop()
    with pytest.raises(ClusterError, match="holds something else"):
        Plane(tmp_path).start()
    assert (tmp_path / "letter.txt").exists()


def test_the_command_starts_shows_and_ends_it(tmp_path: Path) -> None:
    def cluster(what: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [_CHECKOUT / "scripts" / "cluster", what],
            env={**os.environ, "TIGCTL_CLUSTER": str(tmp_path / "state")},
            capture_output=True,
            text=True,
            check=False,
        )

    try:
        first = cluster("up")
        assert first.returncode == 0, first.stderr
        assert first.stdout == f"export KUBECONFIG={tmp_path}/state/admin.kubeconfig\n"
        again = cluster("up")
        assert "runs already" in again.stderr
        assert (again.stdout, again.returncode) == (first.stdout, 0)
        shown = cluster("status")
        assert shown.returncode == 0
        assert len(re.findall(r"^\S+ +\d+ runs$", shown.stdout, re.MULTILINE)) == 9
    finally:
        processes = Processes(tmp_path / "state").all()
        ended = cluster("down")
    assert "9 processes ended" in ended.stderr
    assert not any(process.alive for process in processes)
    assert not (tmp_path / "state").exists()
    assert "was not running" in cluster("down").stderr
    assert cluster("status").returncode == 3


def test_it_ends_with_the_one_that_it_is_tied_to(tmp_path: Path) -> None:
    """Even when that is killed in the middle of the start."""
    program = (
        "import sys, pathlib\n"
        "from tests.cluster.plane import Plane\n"
        "Plane(pathlib.Path(sys.argv[1]), tied=True).start()\n"
    )
    left = Plane(tmp_path / "state")
    with subprocess.Popen([sys.executable, "-c", program, left.state], cwd=_CHECKOUT) as starting:
        left.wait(lambda: len(left.processes()) >= 3, "third process")
        starting.kill()
    started = left.processes()
    left.wait(lambda: not any(process.alive for process in started), "end of all processes")
    left.stop()
