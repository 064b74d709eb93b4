"""The adapter of the Kubernetes API against a real API server, and against a spoilt one.

Covers: each verb, strict validation, paging, rights, retries, time-outs, forwards, and a path
in front of the API. Leaves out: which objects tigctl makes.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import engineer
from tests.cluster.plane import Plane
from tests.cluster.proxy import Proxy, Spoilt
from tests.integration.servers import influxd
from tigctl.backends.kubernetes import cluster as module
from tigctl.backends.kubernetes import wire
from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.backends.kubernetes.errors import (
    Conflict,
    Exists,
    NoSuchKind,
    NotThere,
    Refused,
    Stale,
    Unreachable,
)
from tigctl.backends.kubernetes.forward import Forward
from tigctl.backends.kubernetes.kinds import KINDS, Ref
from tigctl.errors import UsageError

pytestmark = pytest.mark.real


@pytest.fixture
def proxy(plane: Plane) -> Iterator[Proxy]:
    with Proxy(plane) as opened:
        yield opened


@pytest.fixture
def cluster(proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """Through the proxy, with pauses between tries that a test can bear."""
    monkeypatch.setattr(wire, "_pause", lambda _tried: 0.01)
    return Cluster(kubeconfig=str(proxy.kubeconfig(tmp_path)))


def config(namespace: str, name: str = "settings", **data: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": {"test": "yes"}},
        "data": data,
    }


def test_every_kind_is_where_the_table_says(plane: Plane) -> None:
    found = Cluster(kubeconfig=str(engineer.kubeconfig(plane)))
    missing = {name for name in KINDS if not found.knows(name)}
    # Longhorn's definitions are in no registry, and no metrics server runs here.
    assert missing <= {"Setting", "LonghornNode", "NodeMetrics"}


def test_apply_get_list_delete(cluster: Cluster, namespace: str) -> None:
    ref = Ref("ConfigMap", namespace, "settings")
    assert cluster.get(ref) is None
    made = cluster.apply(config(namespace, a="1"))
    assert made["metadata"]["managedFields"][0]["manager"] == "tigctl"
    assert cluster.apply(config(namespace, a="2"), dry_run=True)["data"] == {"a": "2"}
    found = cluster.get(ref)
    assert found is not None
    assert found["data"] == {"a": "1"}
    headers = cluster.get(ref, metadata_only=True)
    assert headers is not None
    assert "data" not in headers
    (listed,) = cluster.objects("ConfigMap", namespace, labels={"test": "yes"}, metadata_only=True)
    assert listed["metadata"]["uid"] == found["metadata"]["uid"]
    assert "data" not in listed
    with pytest.raises(Stale):
        cluster.delete(ref, uid="another")
    assert cluster.delete(ref, uid=found["metadata"]["uid"])
    assert not cluster.delete(ref)


def test_a_list_longer_than_a_page(
    cluster: Cluster, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAGE", 3)
    for number in range(7):
        cluster.create(config(namespace, f"n{number}"))
    found = cluster.objects("ConfigMap", namespace, labels={"test": "yes"})
    assert len(found) == 7


def test_what_is_refused_says_why(
    plane: Plane, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "_pause", lambda _tried: 0.01)  # how long is another test's business
    cluster = Cluster(kubeconfig=str(plane.kubeconfig))  # others would lack the right to try
    cluster.create(config(namespace))
    with pytest.raises(Exists):
        cluster.create(config(namespace))
    with pytest.raises(Refused, match="date"):
        cluster.apply({**config(namespace), "date": {}})
    with pytest.raises(NotThere, match="nowhere"):
        cluster.apply(config("nowhere"))
    stale = {**config(namespace), "metadata": {"name": "settings", "namespace": namespace}}
    stale["metadata"]["resourceVersion"] = "1"
    with pytest.raises(Stale):
        cluster.replace(stale)
    setting = {
        "apiVersion": "longhorn.io/v1beta2",
        "kind": "Setting",
        "metadata": {"name": "x", "namespace": namespace},
    }
    with pytest.raises(NoSuchKind, match="does not know"):
        cluster.apply(setting)
    assert cluster.objects("Setting", namespace) == []
    assert cluster.get(Ref("Setting", namespace, "x")) is None


def test_a_conflict_names_manager_and_field(cluster: Cluster, plane: Plane, namespace: str) -> None:
    plane.api.apply(config(namespace, a="theirs"), fieldManager="argocd")
    with pytest.raises(Conflict) as error:
        cluster.apply(config(namespace, a="ours"))
    assert [(one.manager, one.field) for one in error.value.owners] == [("argocd", "data.a")]
    assert cluster.apply(config(namespace, a="ours"), force=True)["data"] == {"a": "ours"}


@pytest.mark.parametrize("status", [429, 500, 503, 504])
def test_a_busy_server_is_asked_again(
    cluster: Cluster, proxy: Proxy, namespace: str, status: int
) -> None:
    first = len(proxy.calls) + 1
    proxy.spoil = lambda call: (
        Spoilt(status, {"Retry-After": "0"}) if call.number < first + 2 else None
    )
    assert cluster.apply(config(namespace, a="1"))["data"] == {"a": "1"}
    assert len(proxy.calls) == first + 2


def test_what_is_not_safe_twice_is_not_tried_twice(
    cluster: Cluster, proxy: Proxy, namespace: str
) -> None:
    before = len(proxy.calls)
    proxy.spoil = lambda _call: Spoilt(500)
    with pytest.raises(Refused, match="refused to create ConfigMap settings"):
        cluster.create(config(namespace))
    assert len(proxy.calls) == before + 1


def test_a_list_that_took_too_long_begins_anew(
    cluster: Cluster, proxy: Proxy, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAGE", 2)
    for number in range(3):
        cluster.create(config(namespace, f"n{number}"))
    expired = iter([Spoilt(410, reason="Expired")])
    proxy.spoil = lambda call: next(expired, None) if "continue=" in call.path else None
    assert len(cluster.objects("ConfigMap", namespace, labels={"test": "yes"})) == 3


def test_a_server_that_does_not_answer(
    cluster: Cluster, proxy: Proxy, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "_TIMEOUT_S", 0.2)
    proxy.close()
    with pytest.raises(Unreachable, match="does not answer"):
        cluster.get(Ref("ConfigMap", namespace, "settings"))


def test_a_kubeconfig_that_leads_nowhere(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="gives no way to a cluster"):
        Cluster(kubeconfig=str(tmp_path / "absent"))
    (tmp_path / "broken").write_text("clusters: [")
    with pytest.raises(UsageError, match="gives no way to a cluster"):
        Cluster(kubeconfig=str(tmp_path / "broken"))


def test_a_context_that_is_not_there(plane: Plane) -> None:
    with pytest.raises(UsageError, match="absent"):
        Cluster("absent", str(plane.kubeconfig))


def test_rights(cluster: Cluster, plane: Plane, namespace: str) -> None:
    assert cluster.allows("create", "StatefulSet", namespace)
    weak = Cluster(kubeconfig=str(plane.user("nobody")))
    assert not weak.allows("create", "StatefulSet", namespace)
    with pytest.raises(Refused, match='cannot get resource "configmaps"') as error:
        weak.get(Ref("ConfigMap", namespace, "settings"))
    assert "tigctl rbac" in str(error.value.hint)


def test_a_forward_through_the_path_reaches_a_real_influxdb(
    cluster: Cluster, plane: Plane, namespace: str, tmp_path: Path
) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "influxdb-0", "namespace": namespace},
        "spec": {"containers": [{"name": "influxdb", "image": "influxdb:2.9.1"}]},
    }
    plane.api.create(pod)
    path = f"/api/v1/namespaces/{namespace}/pods/influxdb-0"
    plane.wait(lambda: plane.api.get(path)["status"].get("phase") == "Running", "pod")
    with influxd(tmp_path, set_up=False) as server:
        plane.forward_pod(namespace, "influxdb-0", 8086, server.port)
        with Forward(cluster, namespace, "influxdb-0", 8086) as forward:
            for _ in range(3):
                connection = http.client.HTTPConnection("127.0.0.1", forward.port, timeout=20)
                connection.request("GET", "/health")
                answer = connection.getresponse()
                assert answer.status == 200
                assert b'"pass"' in answer.read()
                connection.close()
