"""Room on a real control plane: what the real scheduler takes and refuses, and what tigctl says
beforehand and while it waits.

Covers: requests, pods, cordons, taints, labels and anti-affinity as Kubernetes' scheduler judges
them; an apply that refuses before anything is made; one that waits in vain; many at once; users
who may not look; volumes on Longhorn's disks. Longhorn's definitions are in no registry, so its
kinds are defined here with the fields that its documentation names, and nothing runs behind them.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.api import ApiError
from tests.cluster.plane import Plane
from tests.integration.kubernetes.tenants import Object, bundle, objects
from tests.unit.kubernetes.nodes import GIB, HOST, ZONE, apart, container
from tigctl.backends.kubernetes.cluster import Cluster
from tigctl.errors import TigctlError
from tigctl.targets.kubernetes import room, waiting
from tigctl.targets.kubernetes.options import Options
from tigctl.targets.kubernetes.pods import Pod
from tigctl.targets.kubernetes.rights import Subject, of_all
from tigctl.targets.kubernetes.target import KubernetesTarget

pytestmark = pytest.mark.real
NODES = "/api/v1/nodes"


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """A control plane of this file's own: other tests' pods would take room."""
    with Plane(tmp_path_factory.mktemp("room") / "state", tied=True) as started:
        yield started


@pytest.fixture
def cluster(plane: Plane) -> Cluster:
    """As a new process of tigctl would have it: nothing was counted yet."""
    return Cluster(kubeconfig=str(plane.kubeconfig))


@pytest.fixture
def tenant(plane: Plane) -> Iterator[str]:
    """A tenant nobody has seen before; whatever came of it is gone afterwards."""
    name = f"t-{uuid.uuid4().hex[:8]}"
    yield name
    gone(plane, f"tig-{name}")


def gone(plane: Plane, *namespaces: str) -> None:
    """Deletes namespaces, and waits until no pod of them takes room."""
    for one in namespaces:
        if plane.api.find(f"/api/v1/namespaces/{one}"):
            plane.api.delete(f"/api/v1/namespaces/{one}")
            # The namespace itself would let them be for five seconds, and takes no new ones.
            plane.api.delete(f"/api/v1/namespaces/{one}/pods")
    plane.wait(
        lambda: not any(plane.api.list(f"/api/v1/namespaces/{one}/pods") for one in namespaces),
        "end of the pods",
    )


@pytest.fixture
def cordoned(plane: Plane) -> Iterator[str]:
    """worker-3, cordoned."""
    plane.api.patch(f"{NODES}/worker-3", {"spec": {"unschedulable": True}})
    yield "worker-3"
    plane.api.patch(f"{NODES}/worker-3", {"spec": {"unschedulable": None}})
    path = f"{NODES}/worker-3"
    plane.wait(lambda: not plane.api.get(path)["spec"].get("taints"), "an open node")


# -- what the scheduler says

SECURE: Object = {"terminationGracePeriodSeconds": 0}


def created(plane: Plane, namespace: str, name: str, spec: Object, **labels: str) -> Pod:
    sent = plane.api.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "labels": labels},
            "spec": {"containers": [{"image": "x:1", **container()}], **SECURE, **spec},
        }
    )
    return Pod.of(sent)


def judged(plane: Plane, one: Pod) -> str:
    """The node the scheduler chose, or "" where it refuses."""
    path = f"/api/v1/namespaces/{one.namespace}/pods/{one.name}"

    def verdict() -> Object | None:
        found = plane.api.get(path)
        refused = any(
            condition.get("reason") == "Unschedulable"
            for condition in found.get("status", {}).get("conditions", ())
        )
        return found if refused or found["spec"].get("nodeName") else None

    return str(plane.wait(verdict, "a verdict")["spec"].get("nodeName", ""))


def wants(cpu: str = "", memory: str = "") -> Object:
    return {"containers": [{"image": "x:1", **container(cpu, memory)}]}


ON_2: Object = {"nodeSelector": {HOST: "worker-2"}}
KEEP: Object = {"affinity": apart(HOST, labels={"app": "keep"})}
FEW: Object = {"affinity": apart("topology.kubernetes.io/region", labels={"app": "keep"})}
NOT_ZONE_1: Object = {
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [
                    {"matchExpressions": [{"key": ZONE, "operator": "NotIn", "values": ["zone-1"]}]}
                ]
            }
        }
    }
}
SIDECAR: Object = {
    "initContainers": [
        {"image": "x:1", "restartPolicy": "Always", **container("1", "1Gi"), "name": "beside"},
        {"image": "x:1", **container("6900m", "1Gi"), "name": "before"},
    ]
}
LIMIT: Object = {
    "containers": [{"name": "m", "image": "x:1", "resources": {"limits": {"memory": "1Mi"}}}]
}
GPU: Object = {
    "containers": [{"name": "m", "image": "x:1", "resources": {"limits": {"x.dev/gpu": "1"}}}]
}
# In turn: each is judged beside those that found a node before it.
CASES: list[tuple[str, Object]] = [
    ("fills-2", ON_2 | wants("6", "30Gi")),
    ("memory-on-2", ON_2 | wants(memory="2049Mi")),
    ("fits-on-2", ON_2 | wants(memory="2Gi")),
    ("nothing-on-2", ON_2 | wants(memory="1Mi")),
    ("no-request-on-2", ON_2),
    ("cpu-on-2", ON_2 | wants("2001m")),
    ("limit-on-2", ON_2 | LIMIT),
    (
        "tolerates-cordon",
        {"tolerations": [{"operator": "Exists"}], "nodeSelector": {HOST: "worker-3"}},
    ),
    ("not-cordon", {"nodeSelector": {HOST: "worker-3"}}),
    ("no-such-label", {"nodeSelector": {"disk": "ssd"}}),
    ("not-zone-1", NOT_ZONE_1 | wants("3")),
    ("keep-1", KEEP | wants("1")),
    ("keep-2", KEEP | wants("1")),
    ("keep-3", KEEP | wants("1")),
    ("keep-all", FEW),
    ("sidecar", SIDECAR),
    ("whole", wants("6900m") | {"resources": {"requests": {"cpu": "7"}}}),
    ("gpu", GPU),
]


def test_the_scheduler_agrees_case_by_case(
    plane: Plane, cluster: Cluster, tenant: str, cordoned: str
) -> None:
    """Fits or not, exactly; and where it goes, it was allowed to go."""
    namespace = f"tig-{tenant}"
    plane.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    account = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"
    plane.wait(lambda: plane.api.find(account), "service account")
    seen = set()
    for name, spec in CASES:
        label = {"app": "keep"} if name.startswith("keep") else {}
        looked = room.look(cluster)
        assert looked is not None
        one = created(plane, namespace, name, spec, **label)
        expected = looked.room().open_nodes(one)
        node = judged(plane, one)
        assert (node in expected) if node else not expected, (name, node, expected)
        seen.add(bool(node))
        if not node:
            plane.api.delete(f"/api/v1/namespaces/{namespace}/pods/{name}")
    assert seen == {True, False}


# -- an apply

EMPTY = "it asks for 33 GiB memory; left: worker-1 32 GiB, worker-2 32 GiB, worker-3 32 GiB"


def asking(tenant: str, memory: str) -> tuple[Object, ...]:
    """A small tenant whose InfluxDB requests so much memory."""
    found = copy.deepcopy(objects(tenant))
    for one in found:
        if one["kind"] == "StatefulSet":
            pod = one["spec"]["template"]["spec"]
            pod["containers"][0]["resources"] = {"requests": {"memory": memory, "cpu": "100m"}}
    return found


def target(cluster: Cluster, tenant: str, **options: Any) -> KubernetesTarget:
    return KubernetesTarget(cluster, tenant, f"tig-{tenant}", Options(**{"wait": 0.0, **options}))


def applied(cluster: Cluster, tenant: str, wanted: tuple[Object, ...], **options: Any) -> str:
    """What an apply ends with: "" where it is carried out."""
    there = target(cluster, tenant, **options)
    found = bundle(tenant, wanted)
    try:
        there.apply(found, there.changes(found), {}, lambda _: None)
    except TigctlError as error:
        return str(error)
    finally:
        there.close()
    return ""


def test_an_apply_without_room_makes_nothing_and_says_what_is_short_where(
    plane: Plane, cluster: Cluster, tenant: str, cordoned: str
) -> None:
    said = applied(cluster, tenant, asking(tenant, "33Gi"))
    assert said.splitlines()[:3] == [
        f"{tenant}: no node has room for influxdb-0 beside telegraf-0",
        f"  {EMPTY} (cordoned)",
        "  nothing was done",
    ]
    assert f"tigctl capacity {tenant}" in said
    assert "--no-capacity-check" in said
    assert plane.api.find(f"/api/v1/namespaces/tig-{tenant}") is None

    planned = target(cluster, tenant)
    found = bundle(tenant, asking(tenant, "33Gi"))
    planned.changes(found)
    needs = planned.room(found)
    assert needs["fits"] is False
    assert "33 GiB memory; left: worker-1 32 GiB" in str(needs["short"])

    assert applied(cluster, tenant, asking(tenant, "31Gi")) == ""


def test_a_cordon_that_alone_is_in_the_way_is_named_as_the_remedy(
    plane: Plane, cluster: Cluster, tenant: str, cordoned: str
) -> None:
    namespace = f"tig-{tenant}"
    plane.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    account = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"
    plane.wait(lambda: plane.api.find(account), "service account")
    for number in (1, 2):
        spec = wants(memory="20Gi") | {"nodeSelector": {HOST: f"worker-{number}"}}
        assert judged(plane, created(plane, namespace, f"filler-{number}", spec))
    other = f"{tenant}-b"
    said = applied(cluster, other, asking(other, "16Gi"))
    assert "left: worker-3 32 GiB (cordoned), worker-1 12 GiB, worker-2 12 GiB" in said
    assert "uncordon worker-3" in said


def test_without_the_check_it_waits_and_then_says_the_same(
    plane: Plane, cluster: Cluster, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "FATAL_AFTER_S", {"Unschedulable": 0})
    said = applied(cluster, tenant, asking(tenant, "33Gi"), capacity=False, wait=60.0)
    assert "StatefulSet influxdb does not run after" in said
    assert f"no node has room for influxdb-0: {EMPTY}" in said
    assert "tigctl capacity" in said
    assert plane.api.find(f"/apis/apps/v1/namespaces/tig-{tenant}/statefulsets/influxdb")


def test_a_workload_that_grows_beyond_its_node_is_refused_and_runs_on(
    plane: Plane, cluster: Cluster, tenant: str
) -> None:
    assert applied(cluster, tenant, asking(tenant, "20Gi")) == ""
    path = f"/apis/apps/v1/namespaces/tig-{tenant}/statefulsets/influxdb"
    pods = f"/api/v1/namespaces/tig-{tenant}/pods"
    plane.wait(lambda: len(plane.api.list(pods)) == 2, "pods")
    fresh = Cluster(kubeconfig=str(plane.kubeconfig))
    before = plane.api.get(path)["metadata"]["generation"]
    # There is no room for both, but the former one leaves first.
    assert "no node has room for influxdb-0" in applied(fresh, tenant, asking(tenant, "33Gi"))
    assert plane.api.get(path)["metadata"]["generation"] == before
    assert applied(fresh, tenant, asking(tenant, "25Gi")) == ""


def test_many_at_once_are_not_promised_the_same_room(plane: Plane, cluster: Cluster) -> None:
    """Three nodes have room for one such tenant each; five try."""
    names = [f"many-{uuid.uuid4().hex[:6]}-{number}" for number in range(5)]
    with ThreadPoolExecutor(5) as threads:
        said = list(threads.map(lambda name: applied(cluster, name, asking(name, "20Gi")), names))
    assert sum(not one for one in said) == 3, said
    made = [name for name in names if plane.api.find(f"/api/v1/namespaces/tig-{name}")]
    assert made == [name for name, one in zip(names, said, strict=True) if not one]
    pods = [pod for name in made for pod in plane.api.list(f"/api/v1/namespaces/tig-{name}/pods")]
    plane.wait(
        lambda: all(
            pod["spec"].get("nodeName")
            for name in made
            for pod in plane.api.list(f"/api/v1/namespaces/tig-{name}/pods")
        ),
        "a node for each pod",
    )
    assert len(pods) <= 6
    gone(plane, *(f"tig-{name}" for name in made))


# -- users who may not look


def bound(plane: Plane, *, without: tuple[str, ...] = ()) -> Cluster:
    """A user with the rights that `tigctl rbac` prints, less those on the named resources."""
    name = f"user-{uuid.uuid4().hex[:8]}"
    role, binding = of_all(Subject("User", name))
    for one in (role, binding):
        one["metadata"]["name"] = name
    binding["roleRef"]["name"] = name
    for rule in role["rules"]:
        rule["resources"] = [one for one in rule["resources"] if one not in without]
    role["rules"] = [rule for rule in role["rules"] if rule["resources"]]
    plane.api.apply(role)
    plane.api.apply(binding)
    return Cluster(kubeconfig=str(plane.user(name)))


def test_who_may_not_list_nodes_applies_all_the_same(plane: Plane, tenant: str) -> None:
    weak = bound(plane, without=("nodes",))
    assert room.look(weak) is None
    planned = target(weak, tenant)
    found = bundle(tenant, asking(tenant, "33Gi"))
    planned.changes(found)
    assert planned.room(found)["fits"] is None
    assert applied(weak, tenant, asking(tenant, "33Gi")) == ""


def test_the_rights_that_rbac_prints_suffice_to_look(plane: Plane) -> None:
    looked = room.look(bound(plane))
    assert looked is not None
    assert len(looked.nodes) == 3
    assert looked.classes


# -- volumes


def definition(kind: str, plural: str) -> Object:
    """As small as it can be: Longhorn's own is in no registry."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.longhorn.io"},
        "spec": {
            "group": "longhorn.io",
            "names": {"kind": kind, "plural": plural, "singular": plural[:-1]},
            "scope": "Namespaced",
            "versions": [
                {
                    "name": "v1beta2",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }


def served(plane: Plane, path: str) -> bool:
    """A kind that was just defined is served a moment later."""
    try:
        return plane.api.find(path) is not None
    except ApiError as error:
        if error.status != 429:
            raise
        return False


def _ended(plane: Plane, path: str) -> bool:
    return plane.api.find(path) is None


@pytest.fixture
def disks(plane: Plane) -> Iterator[None]:
    """Two nodes of Longhorn with 100 GiB each, of which 85 and 95 are given away."""
    group = "/apis/longhorn.io/v1beta2"
    space = "longhorn-system"
    plane.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
    definitions = [definition("Node", "nodes"), definition("Setting", "settings")]
    for one in definitions:
        plane.api.apply(one)
        path = f"{group}/{one['spec']['names']['plural']}"
        plane.wait(partial(served, plane, path), "the definition")
    for name, given in (("worker-1", 85), ("worker-2", 95)):
        status = {
            "storageMaximum": 100 * GIB,
            "storageAvailable": 90 * GIB,
            "storageScheduled": given * GIB,
        }
        plane.api.create(
            {
                "apiVersion": "longhorn.io/v1beta2",
                "kind": "Node",
                "metadata": {"name": name, "namespace": space},
                "spec": {"allowScheduling": True, "disks": {"d": {"allowScheduling": True}}},
                "status": {"diskStatus": {"d": status}},
            }
        )
    yield
    for one in definitions:
        path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{one['metadata']['name']}"
        plane.api.delete(path)
        plane.wait(partial(_ended, plane, path), "its end")


def stored(tenant: str, size: str) -> tuple[Object, ...]:
    found = copy.deepcopy(objects(tenant))
    for one in found:
        if one["kind"] == "PersistentVolumeClaim":
            one["spec"]["resources"]["requests"]["storage"] = size
    return found


@pytest.mark.usefixtures("disks")
def test_a_volume_that_no_disk_takes_is_refused(
    plane: Plane, cluster: Cluster, tenant: str
) -> None:
    said = applied(cluster, tenant, stored(tenant, "20Gi"))
    assert said.splitlines()[:3] == [
        f"{tenant}: no disk of Longhorn has room for volume influxdb-data",
        "  it asks for 20 GiB; left: worker-1 15 GiB, worker-2 5 GiB",
        "  nothing was done",
    ]
    assert plane.api.find(f"/api/v1/namespaces/tig-{tenant}") is None
    assert applied(cluster, tenant, stored(tenant, "10Gi")) == "", "with one copy at first"


# -- the command


def tigctl(root: Path, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tigctl", *arguments],
        cwd=root,
        env={**os.environ, "SNMP_COMMUNITY": "public"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def workspace(root: Path, kubeconfig: Path, **tenants: Any) -> Path:
    fleet = {
        "target": "lab",
        "targets": {"lab": {"type": "kubernetes", "kubeconfig": str(kubeconfig)}},
        "storage": {"class": "longhorn"},
        "exposure": {"grafana": {"type": "none"}},
        "credentials": {"default": {"version": "2c", "community": {"env": "SNMP_COMMUNITY"}}},
    }
    (root / "fleet.yaml").write_text(yaml.safe_dump(fleet))
    for number, (name, settings) in enumerate(tenants.items()):
        folder = root / "tenants" / name
        folder.mkdir(parents=True)
        (folder / "tenant.yaml").write_text(yaml.safe_dump(settings) if settings else "")
        (folder / "devices.csv").write_text(f"name,address\nsw-1,10.9.{number}.1\n")
    return root


@pytest.mark.usefixtures("disks")
def test_capacity_shows_nodes_disks_and_what_fits(
    plane: Plane, tmp_path: Path, cordoned: str
) -> None:
    big = {"resources": {"influxdb": {"requests": {"memory": "40Gi"}}}}
    small = {"storage": {"influxdb": "1Gi"}}
    root = workspace(tmp_path, plane.kubeconfig, acme=small, globex=big)
    said = tigctl(root, "capacity")
    assert max(map(len, said.splitlines())) <= 100
    for part in ("worker-1", "zone-1", "no: cordoned", "15 GiB", "small", "large", "RUNS OUT"):
        assert part in said, said

    [found] = json.loads(tigctl(root, "capacity", "--size", "small", "-o", "json"))
    assert {one["name"]: one["takes_pods"] for one in found["nodes"]} == {
        "worker-1": True,
        "worker-2": True,
        "worker-3": False,
    }
    assert [one["left_bytes"] // GIB for one in found["volumes"]] == [15, 5]
    # Three copies on two nodes: no room with all of them.
    assert [(one["size"], one["more_fit"], one["runs_out"]) for one in found["sizes"]] == [
        ("small", 0, ["volumes"])
    ]

    said = tigctl(root, "capacity", "acme")
    assert "influxdb-0 on worker-" in said
    said = tigctl(root, "capacity", "globex", code=3)
    assert "influxdb-0: it asks for 40 GiB memory; left: worker-" in said
    document = json.loads(tigctl(root, "capacity", "globex", "-o", "json", code=3))
    assert document["tenant"]["fits"] is False
    assert [one["size"] for one in document["sizes"]][-1] == "as globex"


def test_capacity_says_so_where_it_may_not_look(plane: Plane, tmp_path: Path) -> None:
    root = workspace(tmp_path, plane.user("nobody-at-all"), acme={})
    said = tigctl(root, "capacity", code=1)
    assert "may not list all nodes and pods" in said
    assert "tigctl rbac" in said


def test_apply_all_promises_room_once_and_the_flag_leaves_it_to_the_scheduler(
    plane: Plane, tmp_path: Path
) -> None:
    """By the program: two tenants of three find room, as only two nodes are large enough."""
    taint = [{"key": "small", "effect": "NoSchedule"}]
    plane.api.patch(f"{NODES}/worker-3", {"spec": {"taints": taint}})
    big = {"resources": {"influxdb": {"requests": {"memory": "20Gi"}}}}
    names = ("acme", "globex", "initech")
    root = workspace(tmp_path, plane.kubeconfig, **dict.fromkeys(names, big))
    try:
        said = tigctl(root, "apply", "--all", "--wait", "0", code=1)
        assert "2 of 3 tenants applied" in said
        assert "worker-3 32 GiB (taint small)" in said
        [left] = [one for one in names if not plane.api.find(f"/api/v1/namespaces/tig-{one}")]
        assert f"{left}: no node has room for influxdb-0" in said.replace(f"{left}: {left}", left)
        tigctl(root, "apply", left, "--wait", "0", "--no-capacity-check")
        assert plane.api.find(f"/apis/apps/v1/namespaces/tig-{left}/statefulsets/influxdb")
    finally:
        plane.api.patch(f"{NODES}/worker-3", {"spec": {"taints": None}})
        gone(plane, *(f"tig-{one}" for one in names))
