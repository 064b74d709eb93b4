"""A whole tenant's workloads on a real API server: strict field validation, Pod Security
`restricted` and the quota take them, what the server keeps is what was sent, the scheduler places
them as meant, and an eviction is never refused.

Simulated nodes run no container: what the programs make of their settings is tested elsewhere.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.plane import Plane
from tests.unit.kubernetes.stacks import split, stack, switches, workloads
from tigctl.render.kubernetes.model import Object, Stack

pytestmark = pytest.mark.real


@pytest.fixture
def tenant(plane: Plane) -> Iterator[str]:
    """The name of a namespace that is not there yet; deleted afterwards without waiting."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    yield name
    plane.api.delete(f"/api/v1/namespaces/{name}")


def apply(plane: Plane, given: Stack, *, beside: int = 0) -> dict[str, Object]:
    """Applies all, with claims as simple as they can be; the objects as sent.

    With `beside` the quota is left out, for tests of the scheduler with many pods.
    """
    objects = workloads(given)
    sent = [one for one in objects.values() if not (beside and one["kind"] == "ResourceQuota")]
    for one in (sent[0], *_claims(given), *sent[1:]):
        plane.api.apply(one, fieldManager="tigctl")
    return objects


def _claims(given: Stack) -> Iterator[Object]:
    for name in ("influxdb-data", "grafana-data"):
        yield {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "namespace": given.namespace},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "longhorn",
                "resources": {"requests": {"storage": "1Gi"}},
            },
        }


def pods(plane: Plane, namespace: str) -> dict[str, Object]:
    """By component, with the shard for Telegrafs: `influxdb`, `grafana`, `telegraf-0` …"""
    found = {}
    for pod in plane.api.list(f"/api/v1/namespaces/{namespace}/pods"):
        labels = pod["metadata"]["labels"]
        name = labels.get("app.kubernetes.io/instance", labels["app.kubernetes.io/name"])
        found[name] = pod
    return found


def ready(pod: Object) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def all_ready(plane: Plane, namespace: str, count: int) -> dict[str, Object] | None:
    found = pods(plane, namespace)
    return found if len(found) == count and all(map(ready, found.values())) else None


def kept(sent: Any, live: Any, path: str = "") -> Iterator[str]:
    """Where the server holds something else than was sent."""
    if isinstance(sent, dict) and isinstance(live, dict):
        for key, value in sent.items():
            yield from kept(value, live.get(key), f"{path}.{key}")
    elif isinstance(sent, list) and isinstance(live, list) and len(sent) == len(live):
        for number, value in enumerate(sent):
            yield from kept(value, live[number], f"{path}[{number}]")
    elif sent != live:
        yield f"{path}: {sent!r} became {live!r}"


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {
            "storage": {"grafana": "none"},
            "placement": {"required": True, "spread_by": "kubernetes.io/hostname"},
            "resources": {"influxdb": {"limits": {"cpu": 1, "memory": "1Gi"}}},
            "exposure": {"grafana": {"host": "noc.example", "path": "/acme"}},
        },
    ],
    ids=["defaults", "much-set"],
)
def test_all_is_taken_runs_and_stays_as_sent(
    plane: Plane, tenant: str, settings: dict[str, Any]
) -> None:
    polls = switches(3, icmp=not settings)
    given = stack(polls, {"namespace": tenant, **settings}, images={"pull_secret": "registry"})
    objects = apply(plane, given)
    plane.wait(lambda: all_ready(plane, tenant, 3), "ready pods")
    for key, sent in objects.items():
        live = plane.api.apply(sent, fieldManager="tigctl")
        assert list(kept(sent, live)) == [], key
    quota = f"/api/v1/namespaces/{tenant}/resourcequotas/tigctl"
    # A controller counts them, in its own time.
    plane.wait(lambda: plane.api.get(quota)["status"]["used"]["pods"] == "3", "counted pods")


def test_a_large_configuration_arrives_whole(plane: Plane, tenant: str) -> None:
    given = stack(switches(500), {"namespace": tenant})
    apply(plane, given)
    maps = f"/api/v1/namespaces/{tenant}/configmaps/telegraf-0-"
    texts = [plane.api.get(f"{maps}{number}")["data"] for number in range(2)]
    assert texts[0]["00.conf"] + texts[1]["01.conf"] == given.shards[0].config
    plane.wait(lambda: all_ready(plane, tenant, 3), "ready pods")


def test_a_pod_that_wants_more_is_refused(plane: Plane, tenant: str) -> None:
    """That it is the namespace which refuses, not only our pods that behave."""
    apply(plane, stack((), {"namespace": tenant}))
    bad = workloads(stack((), {"namespace": tenant}))["Deployment grafana"]
    bad["metadata"]["name"] = "bad"
    container = bad["spec"]["template"]["spec"]["containers"][0]
    container["securityContext"]["capabilities"]["add"] = ["NET_RAW"]
    plane.api.apply(bad, fieldManager="tigctl")

    def refused() -> str:
        path = f"/apis/apps/v1/namespaces/{tenant}/deployments/bad"
        conditions = plane.api.get(path).get("status", {}).get("conditions", ())
        return "".join(one.get("message", "") for one in conditions)

    said = plane.wait(lambda: "violates PodSecurity" in refused() and refused(), "a refusal")
    assert "restricted" in str(said)


def test_an_eviction_is_never_refused(plane: Plane, tenant: str) -> None:
    """Neither of a healthy pod nor of one that never gets ready."""
    images = {"grafana": "unready.invalid/grafana:1"}
    apply(plane, stack(switches(1), {"namespace": tenant}, images=images))

    def there() -> bool:
        found = pods(plane, tenant)
        running = len(found) == 3 and all(
            one["status"].get("phase") == "Running" for one in found.values()
        )
        return running and ready(found["influxdb"]) and not ready(found["grafana"])

    plane.wait(there, "running pods")
    budgets = f"/apis/policy/v1/namespaces/{tenant}/poddisruptionbudgets"

    def counted() -> bool:
        found = [one.get("status", {}).get("expectedPods") for one in plane.api.list(budgets)]
        return found == [1, 1]

    plane.wait(counted, "counted budgets")
    for pod in pods(plane, tenant).values():
        assert evict(plane, pod)["status"] == "Success"


def evict(plane: Plane, pod: Object) -> Object:
    """As `kubectl drain` does it; the API server's answer."""
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": name, "namespace": namespace},
    }
    path = f"/api/v1/namespaces/{namespace}/pods/{name}/eviction"
    answer: Object = json.loads(plane.api.request("POST", path, eviction))
    return answer


def test_a_drained_node_is_left_by_all_who_run_elsewhere_then(plane: Plane, tenant: str) -> None:
    """By default domains are zones, of which each node of the plane has its own."""
    apply(plane, stack(switches(1), {"namespace": tenant}))
    before = plane.wait(lambda: all_ready(plane, tenant, 3), "ready pods")
    homes = {name: one["spec"]["nodeName"] for name, one in before.items()}
    assert homes["influxdb"] != homes["telegraf-0"], "who stores and who keeps share no zone"
    node = homes["influxdb"]
    plane.api.patch(f"/api/v1/nodes/{node}", {"spec": {"unschedulable": True}})
    try:
        for name, pod in before.items():
            if homes[name] == node:
                assert evict(plane, pod)["status"] == "Success"

        def moved() -> bool:
            found = all_ready(plane, tenant, 3) or {}
            return bool(found) and all(one["spec"]["nodeName"] != node for one in found.values())

        plane.wait(moved, "pods on other nodes")
    finally:
        plane.api.patch(f"/api/v1/nodes/{node}", {"spec": {"unschedulable": None}})


# Placement


@pytest.fixture
def rack(plane: Plane) -> Iterator[str]:
    """A node label: worker-1 and worker-2 share a rack, worker-3 has no label."""
    label = f"example.com/rack-{uuid.uuid4().hex[:6]}"
    nodes = ("worker-1", "worker-2")

    def set_to(value: str | None) -> None:
        for node in nodes:
            plane.api.patch(f"/api/v1/nodes/{node}", {"metadata": {"labels": {label: value}}})

    set_to("one")
    yield label
    set_to(None)


def domains(found: dict[str, Object], *names: str) -> list[str]:
    """The racks in which pods run; "" for those that wait."""
    racks = {"worker-1": "rack", "worker-2": "rack", "worker-3": "worker-3", "": ""}
    return sorted(racks[found[name]["spec"].get("nodeName", "")] for name in names)


def unschedulable(pod: Object) -> bool:
    return any(one.get("reason") == "Unschedulable" for one in pod["status"].get("conditions", ()))


def placed(plane: Plane, namespace: str, count: int) -> dict[str, Object] | None:
    found = pods(plane, namespace)
    settled = all(one["spec"].get("nodeName") or unschedulable(one) for one in found.values())
    return found if len(found) == count and settled else None


def test_who_stores_and_who_keeps_are_apart(plane: Plane, tenant: str, rack: str) -> None:
    """Preferred: apart by rack, and by host name where a node has none; nobody waits."""
    settings = {"namespace": tenant, "placement": {"spread_by": rack}}
    apply(plane, split(stack(switches(1), settings), 1))
    found = plane.wait(lambda: all_ready(plane, tenant, 3), "ready pods")
    assert domains(found, "influxdb", "telegraf-0") == ["rack", "worker-3"]


def test_more_pods_than_domains_share_them_evenly(plane: Plane, tenant: str, rack: str) -> None:
    settings = {"namespace": tenant, "placement": {"spread_by": rack}}
    apply(plane, split(stack(switches(1), settings), 5), beside=1)
    found = plane.wait(lambda: all_ready(plane, tenant, 7), "ready pods")
    names = ("influxdb", *(f"telegraf-{number}" for number in range(5)))
    # A preference: the scheduler weighs what else is on a node, and others' pods are as well.
    assert domains(found, *names).count("rack") in {2, 3, 4}


def test_more_pods_than_domains_wait_when_required(plane: Plane, tenant: str, rack: str) -> None:
    settings = {"namespace": tenant, "placement": {"spread_by": rack, "required": True}}
    apply(plane, split(stack(switches(1), settings), 3), beside=1)
    names = ("influxdb", "telegraf-0", "telegraf-1", "telegraf-2")

    def settled() -> dict[str, Object] | None:
        # A pod waits for its volume first, and that looks the same as waiting for room.
        found = placed(plane, tenant, 5)
        return found if found and len(set(domains(found, *names))) == 3 else None

    found = plane.wait(settled, "placed pods")
    assert domains(found, *names) == ["", "", "rack", "worker-3"]
    assert found["grafana"]["spec"].get("nodeName")  # it holds no sample, and never waits
