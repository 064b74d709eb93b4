"""Procedures of docs/operations.md with the commands as they stand there, by kubectl and a shell.

Covers: Grafana's password handed to the container, the least rights given. tests/docs says which
test runs each of the others. A simulated node runs `exec` on this machine, so what stands for
Grafana's own program here only notes what it was given. Its standard input never ends there, so
it reads as much as the password has.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cluster import engineer
from tests.cluster.plane import Plane
from tests.docs.pages import commands
from tests.integration.kubernetes.test_journey import DEVICES, FLEET
from tigctl.backends.kubernetes.cluster import Cluster

pytestmark = pytest.mark.real

PAGE = "docs/operations.md"
_GRAFANA = """#!/bin/sh
{ echo "$@"; head -c "$LENGTH"; } > "$NOTED"
"""


def run(plane: Plane, command: str, folder: Path, **environ: str) -> str:
    """One line of the page, as the administrator types it."""
    places = (Path(sys.executable).parent, plane.places.programs["kubectl"].parent)
    own: Mapping[str, str] = {
        **os.environ,
        "KUBECONFIG": str(plane.kubeconfig),
        "PATH": ":".join(map(str, (*places, os.environ["PATH"]))),
        "SNMP_COMMUNITY": "public",
        **environ,
    }
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        env=own,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_grafanas_password_is_handed_over_as_the_page_shows_it(
    plane: Plane, namespace: str, tmp_path: Path
) -> None:
    (command,) = commands(PAGE, "Grafana's password is lost")
    program, noted = tmp_path / "bin" / "grafana", tmp_path / "noted"
    program.parent.mkdir()
    program.write_text(_GRAFANA)
    program.chmod(0o755)
    _grafana(plane, namespace)
    secret = {"name": "grafana-admin", "namespace": namespace}
    data = {"password": "of-the-secret"}
    assert len(data["password"]) == 13
    plane.api.create({"apiVersion": "v1", "kind": "Secret", "metadata": secret, "stringData": data})
    pods = f"/api/v1/namespaces/{namespace}/pods"
    plane.wait(lambda: _running(plane, pods), "pod of Grafana")
    (pod,) = plane.api.list(pods)
    plane.exec_pod(namespace, pod["metadata"]["name"], {"NOTED": str(noted), "LENGTH": "13"})
    assert " grafana cli " in command
    kubectl = [plane.places.programs["kubectl"], "--kubeconfig", plane.kubeconfig]
    works = [*kubectl, "-n", namespace, "exec", "deployment/grafana", "--", "true"]
    # kwok hears of it a moment later.
    plane.wait(
        lambda: subprocess.run(works, capture_output=True, check=False).returncode == 0, "exec"
    )

    own = command.replace("tig-acme", namespace).replace(" grafana cli ", f" {program} cli ")
    run(plane, own, tmp_path)

    arguments, password = noted.read_text().splitlines()
    assert arguments == (
        "cli --homepath /usr/share/grafana admin reset-admin-password --password-from-stdin"
    )
    assert password == "of-the-secret"


def _grafana(plane: Plane, namespace: str) -> None:
    labels = {"app": "grafana"}
    container = {"name": "grafana", "image": "grafana/grafana:12.2.0"}
    plane.api.create(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "grafana", "namespace": namespace},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            },
        }
    )


def _running(plane: Plane, pods: str) -> bool:
    return any((one.get("status") or {}).get("phase") == "Running" for one in plane.api.list(pods))


def test_the_least_rights_are_given_as_the_page_shows_it(plane: Plane, tmp_path: Path) -> None:
    """Each of the two is for `kubectl apply -f -`; the third is for people."""
    lab = f"{{lab: {{type: kubernetes, kubeconfig: {plane.kubeconfig}}}}}"
    fleet = f"target: lab\ntargets: {lab}\ncredentials: {FLEET['credentials']}\n"
    (tmp_path / "fleet.yaml").write_text(fleet)
    folder = tmp_path / "tenants" / "acme"
    folder.mkdir(parents=True)
    (folder / "tenant.yaml").write_text("exposure: {grafana: {type: none}}\n")
    (folder / "devices.csv").write_text(DEVICES)
    for_all, for_one, explained = commands(PAGE, "Who may do it")
    run(plane, "kubectl create namespace tig-acme", tmp_path)
    try:
        for command in (for_all, for_one):
            run(plane, f"{command} | kubectl apply -f -", tmp_path)
        assert "portforward" in run(plane, explained, tmp_path)
        jo = Cluster(kubeconfig=str(plane.user("jo")))
        plane.wait(lambda: jo.allows("patch", "StatefulSet", "tig-acme"), "rights of jo")
        assert not jo.allows("patch", "StatefulSet", "default")
    finally:
        kinds = "clusterrole,clusterrolebinding"
        run(plane, f"kubectl delete {kinds} tigctl tigctl-acme --ignore-not-found", tmp_path)
        # The other tests of this control plane work by a role of the same name.
        engineer.kubeconfig(plane)
        engineer.restore(plane)
        run(plane, "kubectl delete namespace tig-acme", tmp_path)
