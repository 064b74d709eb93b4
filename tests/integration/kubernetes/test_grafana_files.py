"""Grafana without a volume on a real API server: its pod gets, from real ConfigMaps and Secrets,
all that it is built from, under Pod Security `restricted`; a new pod is complete without tigctl.

A simulated pod runs nothing, so the test does what the kubelet would: it lays out the files and
variables of the live pod, and the small Grafana (tests/grafana/files.py) reads them.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.plane import Plane
from tests.grafana.files import GrafanaFromFiles
from tests.integration.kubernetes import tenants
from tests.integration.kubernetes.boardstage import BoardStage
from tests.integration.test_grafana import board
from tests.integration.test_grafana_alerts import CONTACTS
from tests.integration.test_grafana_alerts import state as with_alerts
from tests.unit.kubernetes.stacks import stack as stack_of
from tigctl.render.bundle import Bundle
from tigctl.render.grafana import HOME
from tigctl.render.kubernetes import provisioned
from tigctl.render.kubernetes.workloads import grafana as rendered
from tigctl.render.kubernetes.workloads import namespace
from tigctl.targets.kubernetes import names

pytestmark = pytest.mark.real

_NUMBERS = itertools.count(1)
Object = dict[str, Any]


class FilesStage(BoardStage):
    """A tenant whose Grafana starts from what its live pod mounts."""

    server: GrafanaFromFiles
    folder: Path
    starts: int = 0

    def lead(self) -> None:
        """A new pod: its disk is empty, its password is that of the Secret."""
        pod = self.pod()
        (container,) = pod["spec"]["containers"]
        environ = {one["name"]: self._value(one) for one in container["env"]}
        self.starts += 1
        root = self.folder / str(self.starts)
        (mounted,) = [one for one in container["volumeMounts"] if one["name"] == "files"]
        assert mounted == {"name": "files", "mountPath": HOME, "readOnly": True}
        assert environ["GF_PATHS_PROVISIONING"] == f"{HOME}/provisioning"
        (volume,) = [one for one in pod["spec"]["volumes"] if one["name"] == "files"]
        for source in volume["projected"]["sources"]:
            name = source["configMap"]["name"]
            data = self.plane.api.get(self.path("configmaps", name))["data"]
            for item in source["configMap"]["items"]:
                path = root / item["path"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(data[item["key"]])
        self.server.state.passwords["admin"] = environ["GF_SECURITY_ADMIN_PASSWORD"]
        self.server.start(root, environ, HOME)
        self.plane.forward_pod(self.namespace, pod["metadata"]["name"], 3000, self.grafana_port)

    def pod(self) -> Object:
        (found,) = [
            one
            for one in self.plane.api.list(f"/api/v1/namespaces/{self.namespace}/pods")
            if one["metadata"]["labels"].get(names.COMPONENT) == "grafana"
            and not one["metadata"].get("deletionTimestamp")
        ]
        return found

    def _value(self, variable: Object) -> str:
        if "value" in variable:
            return str(variable["value"])
        source = variable["valueFrom"]["secretKeyRef"]
        secret = self.plane.api.get(self.path("secrets", source["name"]))
        return base64.b64decode(secret["data"][source["key"]]).decode()


@pytest.fixture
def stage(plane: Plane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FilesStage]:
    monkeypatch.setenv("ONCALL_URL", "https://hooks.example/first$secret")
    name = f"files-{next(_NUMBERS)}"
    with tenants.stage(plane, name, tmp_path) as small, GrafanaFromFiles() as server:
        made = FilesStage(plane, name, small.port)
        made.server, made.folder = server, tmp_path / "mounted"
        made.grafana_port = int(server.url.rsplit(":", 1)[1])
        yield made
        plane.api.delete(f"/api/v1/namespaces/{made.namespace}")


def bundle(tenant: str, *boards: str) -> Bundle:
    alerts = with_alerts(CONTACTS)
    state = replace(
        alerts,
        boards=tuple(replace(board(name), folder="tigctl") for name in boards),
        files=True,
    )
    state = replace(state, secrets=provisioned.secrets(state))
    settings = {"storage": {"grafana": "none"}, "alerts": CONTACTS}
    found = replace(stack_of((), settings, name=tenant), grafana=state)
    (account,) = [
        one
        for one in namespace(found)
        if (one["kind"], one["metadata"]["name"]) == ("ServiceAccount", "grafana")
    ]
    first, *others = tenants.objects(tenant)
    objects = (first, account, *others, *rendered(found))
    return replace(tenants.bundle(tenant, objects), grafana=state)


def apply(stage: FilesStage, wanted: Bundle, **options: Any) -> None:
    target = stage.target(**options)
    target.apply(wanted, target.changes(wanted), os.environ, stage.observe)
    target.reach.close()


def test_a_new_pod_is_complete_without_tigctl(stage: FilesStage) -> None:
    wanted = bundle(stage.tenant, "tigctl-one", "tigctl-two")
    apply(stage, wanted)
    assert stage.plan(wanted) == {}
    written = [one for one in stage.server.requests if not one.startswith("GET")]
    assert written == [], "nothing came through the API"
    assert set(stage.server.state.boards) == {"tigctl-one", "tigctl-two"}

    former = stage.pod()["metadata"]["name"]
    stage.plane.api.delete(stage.path("pods", former))
    stage.plane.wait(lambda: _other(stage, former), "new pod")
    stage.lead()
    assert stage.plan(wanted) == {}
    assert set(stage.server.state.boards) == {"tigctl-one", "tigctl-two"}
    urls = [one["settings"].get("url") for one in stage.server.state.alerting.contacts.values()]
    assert "https://hooks.example/first$secret" in urls

    # A board more: the pod is another one, and has it.
    newer = bundle(stage.tenant, "tigctl-one", "tigctl-three")
    former = stage.pod()["metadata"]["name"]
    apply(stage, newer)
    assert stage.pod()["metadata"]["name"] != former
    assert stage.plan(newer) == {}
    assert set(stage.server.state.boards) == {"tigctl-one", "tigctl-three"}


def _other(stage: FilesStage, former: str) -> bool:
    try:
        pod = stage.pod()
    except ValueError:
        return False
    ready = any(
        one["type"] == "Ready" and one["status"] == "True"
        for one in pod.get("status", {}).get("conditions", ())
    )
    return ready and bool(pod["metadata"]["name"] != former)


def test_new_tokens_roll_the_pod_that_reads_one(stage: FilesStage) -> None:
    wanted = bundle(stage.tenant, "tigctl-one")
    apply(stage, wanted)
    former = stage.pod()["metadata"]["name"]
    apply(stage, wanted, new_tokens=True)
    assert stage.pod()["metadata"]["name"] != former
    (secrets,) = stage.server.state.secrets.values()
    stored = stage.target().secrets.read(names.READER_SECRET)["token"]
    assert secrets["token"] == stored
    assert stage.plan(wanted) == {}


def test_no_secret_stands_in_a_file(stage: FilesStage) -> None:
    apply(stage, bundle(stage.tenant, "tigctl-one"))
    found = stage.plane.api.list(f"/api/v1/namespaces/{stage.namespace}/configmaps")
    text = json.dumps(found)
    assert "first$secret" not in text
    assert stage.target().secrets.read(names.READER_SECRET)["token"] not in text
