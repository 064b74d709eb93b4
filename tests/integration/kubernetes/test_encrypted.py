"""A Grafana that ends TLS itself, behind a load balancer with a certificate of cert-manager.

On a real control plane: how a running one changes over, what is told while there is no certificate,
and the way that tigctl itself has to it. Nobody plays cert-manager but `issue`, which leaves what
it would leave. Leaves out: the kubelet's mount, and Grafana's own reading of a renewed certificate.
"""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster import engineer
from tests.cluster.keys import Keys
from tests.cluster.metallb import Controller
from tests.cluster.plane import Plane
from tests.grafana.server import GrafanaServer
from tests.integration.kubernetes import boardstage
from tests.integration.kubernetes.tenants import Stage
from tests.integration.kubernetes.test_journey import FLEET, Desk, all_pods_there, lead
from tests.integration.servers import influxd
from tests.unit.kubernetes.isolated import stack
from tigctl.backends.grafana import Grafana
from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.backends.kubernetes.forward import Forward
from tigctl.errors import TargetError
from tigctl.render.kubernetes.exposure import entrances
from tigctl.render.kubernetes.grafana import grafana
from tigctl.targets.kubernetes.options import Options
from tigctl.targets.kubernetes.target import KubernetesTarget

pytestmark = pytest.mark.real

HOST = "acme.noc.example"
CERTIFICATES = "/apis/cert-manager.io/v1"
ENCRYPTED = {"type": "loadbalancer", "host": HOST, "path": "/", "tls": {"issuer": "internal"}}
PENDING = {
    "type": "Ready",
    "status": "False",
    "reason": "DoesNotExist",
    "message": "Issuing certificate as Secret does not exist",
}
FAILED = {
    "type": "Issuing",
    "status": "False",
    "reason": "Failed",
    "message": "the authority says no",
}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    found = Keys(tmp_path_factory.mktemp("keys") / "keys")
    found.create()
    found.sign("grafana", "grafana", hosts=[HOST])
    return found


@pytest.fixture
def desk(plane: Plane, tmp_path: Path) -> Iterator[Desk]:
    lab = {
        "type": "kubernetes",
        "kubeconfig": str(engineer.kubeconfig(plane)),
        "pool": {"name": "tenants"},
    }
    (tmp_path / "fleet.yaml").write_text(yaml.safe_dump({**FLEET, "targets": {"lab": lab}}))
    with Controller(plane.api):
        yield Desk(tmp_path, plane)


def issue(plane: Plane, namespace: str, keys: Keys) -> None:
    """Leaves the Secret, as cert-manager does."""
    files = {"tls.crt": keys.certificate("grafana"), "tls.key": keys.key("grafana")}
    files["ca.crt"] = keys.authority
    data = {name: base64.b64encode(file.read_bytes()).decode() for name, file in files.items()}
    plane.api.create(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": {
                "name": "grafana-tls",
                "namespace": namespace,
                "annotations": {"cert-manager.io/certificate-name": "grafana"},
            },
            "data": data,
        }
    )
    ready = {"type": "Ready", "status": "True", "reason": "Ready", "message": "is up to date"}
    say(plane, namespace, ready)


def say(plane: Plane, namespace: str, *conditions: dict[str, str]) -> None:
    """Leaves conditions at the Certificate, as cert-manager does."""
    path = f"{CERTIFICATES}/namespaces/{namespace}/certificates/grafana/status"
    at = {"lastTransitionTime": "2026-11-20T14:02:11Z"}
    plane.api.patch(path, {"status": {"conditions": [{**at, **one} for one in conditions]}})


def test_a_grafana_with_a_certificate_of_its_own(desk: Desk, keys: Keys, tmp_path: Path) -> None:
    name = "encrypted"
    desk.tenant(name, exposure={"grafana": ENCRYPTED})
    files = keys.certificate("grafana"), keys.key("grafana")
    with (
        influxd(tmp_path / "data", set_up=False) as influx,
        GrafanaServer(certificate=files) as grafana,
    ):
        desk.tigctl("apply", name, "--wait", "0")
        issue(desk.plane, f"tig-{name}", keys)
        desk.plane.wait(lambda: all_pods_there(desk, name), "pods")
        lead(desk, name, influx.port, grafana)
        desk.tigctl("apply", name, "--wait", "20s")
        desk.plane.wait(lambda: all_pods_there(desk, name), "pods")
        lead(desk, name, influx.port, grafana)

        asked = len(grafana.requests)
        desk.tigctl("plan", name)
        assert len(grafana.requests) > asked
        (port,) = desk.get("services", "grafana-entrance", tenant=name)["spec"]["ports"]
        assert (port["name"], port["port"]) == ("https", 443)
        cluster = Cluster(kubeconfig=str(engineer.kubeconfig(desk.plane)))
        target = KubernetesTarget(cluster, name, f"tig-{name}", Options())
        try:
            urls = {one.name: one.url for one in target.components()}
            assert urls["grafana"] == f"https://{HOST}/"
            way = target.opening("grafana")
            assert way.public == f"https://{HOST}/"
            assert read(f"{way.url}/api/health")["database"] == "ok"
        finally:
            target.close()
    desk.plane.api.delete(f"/api/v1/namespaces/tig-{name}")


def test_without_a_certificate_a_running_grafana_stays(
    plane: Plane, keys: Keys, tmp_path: Path
) -> None:
    files = keys.certificate("grafana"), keys.key("grafana")
    with (
        boardstage.stage(plane, "changing", tmp_path) as acme,
        GrafanaServer(certificate=files) as encrypted,
    ):
        acme.apply(boardstage.bundle(acme.tenant))
        before = pods(acme)
        wish = boardstage.bundle(acme.tenant, objects(acme.tenant))
        for words, conditions in (
            ("cert-manager has not looked at it", (PENDING,)),
            ("Secret does not exist", (PENDING, FAILED)),
            ("the authority says no", ()),
        ):
            with pytest.raises(TargetError, match=words) as error:
                acme.apply(wish, wait=1)
            assert "Deployment grafana runs on as it was" in error.value.message
            assert pods(acme) == before
            say(plane, acme.namespace, *conditions)
        assert "issuer" in str(error.value.hint)

        issue(plane, acme.namespace, keys)
        encrypted.state = acme.server.state  # its database is the same
        acme.grafana_port = encrypted.port
        acme.apply(wish)
        assert pods(acme).isdisjoint(before)
        assert acme.plan(wish) == {}


@pytest.mark.parametrize(
    ("issued", "words"),
    [
        (True, "Certificate grafana: cert-manager has not looked"),
        (False, "no Certificate makes it"),
    ],
    ids=["by cert-manager", "by somebody"],
)
def test_a_new_grafana_says_what_it_waits_for(
    plane: Plane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, issued: bool, words: str
) -> None:
    seconds = {"CertificatePending": 0, "SecretMissing": 0}
    monkeypatch.setattr("tigctl.targets.kubernetes.waiting.FATAL_AFTER_S", seconds)
    with boardstage.stage(plane, f"waiting-{int(issued)}", tmp_path) as acme:
        found = objects(acme.tenant, issued=issued, image="unready.invalid/grafana:12")
        with pytest.raises(TargetError, match=words):
            acme.apply(boardstage.bundle(acme.tenant, found))
        states = {one.name: one for one in acme.target().components()}
        assert states["grafana"].state == "starting"
        assert words in states["grafana"].reason
        assert states["telegraf-0"].state == "running", "no sample is lost for a certificate"


def test_long_answers_come_whole_through_tls(plane: Plane, namespace: str, keys: Keys) -> None:
    """What was decrypted with what was asked for stays in the library, where nobody is told."""
    board = {"uid": "long", "title": "Long", "text": "x" * 700_000}
    files = keys.certificate("grafana"), keys.key("grafana")
    cluster = Cluster(kubeconfig=str(engineer.kubeconfig(plane)))
    plane.api.create(pod(namespace))
    ready = f"/api/v1/namespaces/{namespace}/pods/grafana"
    plane.wait(lambda: plane.api.get(ready)["status"].get("phase") == "Running", "pod")
    with GrafanaServer(certificate=files) as grafana:
        plane.forward_pod(namespace, "grafana", 3000, grafana.port)
        grafana.by_hand("admin", "POST", "/api/dashboards/db", {"dashboard": board})
        with (
            Forward(cluster, namespace, "grafana", 3000, encrypted=True) as way,
            Grafana(way.url, "admin", "right") as client,
        ):
            found = client.board("long")
    assert found is not None
    assert "x" * 700_000 in str(found)


def objects(tenant: str, *, issued: bool = True, image: str = "") -> tuple[Object, ...]:
    """Those of the small tenant, its Grafana as one that ends TLS is rendered."""
    made = stack(tenant, settings={"exposure": {"grafana": ENCRYPTED}})
    rendered = next(one for one in grafana(made) if one["kind"] == "Deployment")
    whole = rendered["spec"]["template"]["spec"]
    found = boardstage.objects(tenant)
    small = found[-1]["spec"]["template"]["spec"]
    small["volumes"] = [one for one in whole["volumes"] if "secret" in one]
    (container,), (full,) = small["containers"], whole["containers"]
    container["readinessProbe"] = full["readinessProbe"]
    container["ports"] = full["ports"]
    container["image"] = image or container["image"]
    names = {one["name"] for one in small["volumes"]}
    container["volumeMounts"] = [one for one in full["volumeMounts"] if one["name"] in names]
    makers = [one for one in entrances(made) if one["kind"] == "Certificate"]
    return (*found, *makers) if issued else found


def pods(stage: Stage) -> set[str]:
    """The uids of Grafana's pods."""
    found = stage.plane.api.list(
        f"/api/v1/namespaces/{stage.namespace}/pods",
        labelSelector="app.kubernetes.io/name=grafana",
    )
    return {one["metadata"]["uid"] for one in found}


def pod(namespace: str) -> Object:
    container = {"name": "grafana", "image": "grafana/grafana:12.2.0"}
    metadata = {"name": "grafana", "namespace": namespace}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [container]},
    }


def read(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 - of this machine
        return json.load(answer)
