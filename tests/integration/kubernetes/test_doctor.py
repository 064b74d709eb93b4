"""`tigctl doctor` on a real control plane: server, rights, kinds, nodes, namespaces, the command.

Each finding in both states: as the cluster is, and after something was changed in it as an
administrator would. Storage, entrances and addresses have a file of their own. Nodes are
simulated and neither Cilium nor metrics-server runs, so what these would write down is written
down here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import yaml

from tests.cluster import engineer
from tests.cluster.plane import Plane
from tests.cluster.proxy import PREFIX, Proxy
from tests.integration.kubernetes import tenants
from tests.integration.kubernetes.doctoring import FAILED, OK, WARNING, Clinic, tenant
from tests.integration.kubernetes.tenants import bundle
from tigctl.backends.kubernetes.cluster import Cluster
from tigctl.targets.kubernetes import rights
from tigctl.targets.kubernetes.doctor import server
from tigctl.targets.kubernetes.doctor.examine import examine
from tigctl.targets.kubernetes.doctor.look import Look

pytestmark = pytest.mark.real

ZONE = "topology.kubernetes.io/zone"
NODES = [f"/api/v1/nodes/worker-{number}" for number in (1, 2, 3)]


@pytest.fixture
def clinic(plane: Plane) -> Clinic:
    return Clinic(plane)


# The server


def test_the_servers_version(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = server.version(Look(clinic.cluster, ()))
    assert (found.state, found.remedy) == (OK, "")
    assert clinic.plane.url in found.text
    monkeypatch.setattr(server, "OLDEST", (1, 99))
    (found,) = server.version(Look(clinic.cluster, ()))
    assert found.state is FAILED
    assert "1.99 or later" in found.remedy


def test_nodes_of_another_version(clinic: Clinic) -> None:
    assert clinic.only("versions of nodes").state is OK
    info = clinic.plane.api.get(NODES[0])["status"]["nodeInfo"]
    old = {"status": {"nodeInfo": {**info, "kubeletVersion": "v1.2.0"}}}
    with clinic.changed(f"{NODES[0]}/status", old):
        found = clinic.only("versions of nodes")
    assert found.state is WARNING
    assert "worker-1 v1.2.0" in found.text


@pytest.mark.parametrize(
    ("ahead", "state"), [(0, OK), (10, WARNING), (-10, WARNING), (60, FAILED), (-60, FAILED)]
)
def test_the_clock_behind_a_managers_proxy(
    plane: Plane, tmp_path: Path, ahead: float, state: str
) -> None:
    with Proxy(plane) as proxy:
        proxy.ahead = ahead
        clinic = Clinic(plane, Cluster(kubeconfig=str(proxy.kubeconfig(tmp_path))))
        found = clinic.only("clock")
        (version,) = server.version(Look(clinic.cluster, ()))
    assert found.state == state
    assert ("behind" in found.text) == (ahead > 0)
    assert f"a manager's proxy (path {PREFIX})" in version.text


def test_a_server_that_is_not_there(plane: Plane, tmp_path: Path) -> None:
    with Proxy(plane) as proxy:
        cluster = Cluster(kubeconfig=str(proxy.kubeconfig(tmp_path)))
    (found,) = examine(cluster, [tenant()])
    assert found.state is FAILED
    assert "does not answer" in found.text


# Rights


def test_the_rights_of_who_has_them(clinic: Clinic) -> None:
    found = clinic.only("rights", tenant("acme"), tenant("globex"))
    assert (found.state, found.text[:12]) == (OK, "engineer may")


def test_the_rights_of_one_tenants_engineer(plane: Plane, namespace: str) -> None:
    own = tenant("narrow", namespace=namespace)
    file = engineer.of_tenant(plane, "doctored", namespace)
    clinic = Clinic(plane, Cluster(kubeconfig=str(file)))
    assert clinic.only("rights", own).state is OK
    found, optional = clinic.ask("rights", tenant("globex"))
    assert (found.state, optional.state) == (FAILED, WARNING)
    assert "tig-globex" in found.text
    assert "tigctl rbac globex --user engineer-of-doctored | kubectl" in found.remedy


def test_rights_that_are_missing(
    plane: Plane, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = [one for one in rights.IN_NAMESPACE if one.kind not in {"Secret", "CiliumEndpoint"}]
    with monkeypatch.context() as less:
        less.setattr(rights, "IN_NAMESPACE", inside)
        file = engineer.of_tenant(plane, "lacking", namespace)
    clinic = Clinic(plane, Cluster(kubeconfig=str(file)))
    needed, optional = clinic.ask("rights", tenant("lacking", namespace=namespace))
    assert needed.state is FAILED
    assert "not get/list/patch/create/delete secrets" in needed.text
    assert optional.state is WARNING
    assert "list ciliumendpoints.cilium.io" in optional.text


def test_what_may_not_be_looked_at_is_a_warning(plane: Plane) -> None:
    clinic = Clinic(plane, Cluster(kubeconfig=str(plane.user("nobody"))))
    found = {one.check: one for one in examine(clinic.cluster, [tenant()])}
    assert found["API server"].state is OK
    assert found["rights"].state in {FAILED, WARNING}
    assert found["failure domains"].state is WARNING
    assert 'cannot list resource "nodes"' in found["failure domains"].text
    assert "tigctl rbac" in found["failure domains"].remedy


# Kinds


def _definition(name: str) -> str:
    return f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}"


@contextmanager
def unserved(clinic: Clinic, name: str, kind: str) -> Iterator[None]:
    """A definition that is there and serves no version."""
    versions = clinic.plane.api.get(_definition(name))["spec"]["versions"]
    off = [{**one, "served": False} for one in versions]
    with clinic.changed(_definition(name), {"spec": {"versions": off}}):
        clinic.plane.wait(lambda: not clinic.anew().knows(kind), f"end of {name}")
        yield
    clinic.plane.wait(lambda: clinic.anew().knows(kind), name)


def test_kinds_that_are_served(clinic: Clinic) -> None:
    host = {"host": "noc.example", "tls": {"issuer": "internal"}}
    found = clinic.ask(
        "definitions",
        tenant(exposure={"grafana": host}),
        tenant("globex", exposure={"grafana": {"type": "loadbalancer"}}),
    )
    assert [one.check for one in found if one.state is OK] == [
        "Cilium",
        "Gateway API",
        "Gateway API listeners",
        "cert-manager",
        "MetalLB",
    ]
    assert "gateway.networking.k8s.io serves v1" in found[1].text


def test_only_what_settings_need_is_looked_at(clinic: Clinic) -> None:
    closed = tenant(exposure={"grafana": {"type": "none"}}, storage={"class": "longhorn"})
    assert [one.check for one in clinic.ask("definitions", closed)] == ["Cilium"]
    for check in ("gateway", "ingress class", "certificates", "MetalLB", "secrets of others"):
        assert clinic.ask(check, closed) == []


@pytest.mark.parametrize(
    ("definition", "kind", "part"),
    [
        ("ciliumnetworkpolicies.cilium.io", "CiliumNetworkPolicy", "Cilium"),
        ("listenersets.gateway.networking.k8s.io", "ListenerSet", "Gateway API listeners"),
    ],
)
def test_a_kind_that_is_not_served(clinic: Clinic, definition: str, kind: str, part: str) -> None:
    host = {"host": "noc.example", "tls": {"secret": "own"}}
    with unserved(clinic, definition, kind):
        found = {
            one.check: one for one in clinic.ask("definitions", tenant(exposure={"grafana": host}))
        }
    assert found[part].state is FAILED
    assert f"does not know {kind} in" in found[part].text


def test_metrics(clinic: Clinic) -> None:
    found = clinic.only("metrics")
    assert (found.state, "metrics-server" in found.remedy) == (WARNING, True)
    with clinic.made(_metrics()):
        clinic.plane.wait(lambda: clinic.cluster.knows("NodeMetrics"), "metrics")
        assert clinic.only("metrics").state is OK
    clinic.plane.wait(lambda: not clinic.cluster.served("metrics.k8s.io"), "end of metrics")


def _metrics() -> dict[str, object]:
    """The kind that metrics-server serves."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": "nodes.metrics.k8s.io",
            "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"},
        },
        "spec": {
            "group": "metrics.k8s.io",
            "scope": "Cluster",
            "names": {"plural": "nodes", "singular": "node", "kind": "NodeMetrics"},
            "versions": [
                {
                    "name": "v1beta1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object"}},
                }
            ],
        },
    }


# Nodes


def test_failure_domains(clinic: Clinic) -> None:
    strict = tenant("strict", placement={"required": True})
    assert clinic.states("failure domains", tenant(), strict) == [OK, OK]
    rack = tenant(placement={"spread_by": "example.com/rack"})
    found = clinic.only("failure domains", rack)
    assert (found.state, "by host name" in found.text) == (OK, True)
    with ExitStack() as changes:
        for path in NODES:
            one = {"metadata": {"labels": {ZONE: "all"}}}
            changes.enter_context(clinic.changed(path, one))
        loose, required = clinic.ask("failure domains", tenant(), strict)
        assert (loose.state, required.state) == (WARNING, FAILED)
        assert f"all in one domain by {ZONE}" in loose.text
        assert "kubectl label node" in required.remedy
        changes.enter_context(clinic.changed(NODES[0], {"metadata": {"labels": {ZONE: "b"}}}))
        assert clinic.states("failure domains", tenant(), strict) == [OK, WARNING]
        changes.enter_context(clinic.changed(NODES[0], {"metadata": {"labels": {ZONE: None}}}))
        found = clinic.only("failure domains")
        assert (found.state, "worker-1 have no label" in found.text) == (WARNING, True)


def test_nodes_that_take_no_pods(clinic: Clinic) -> None:
    with ExitStack() as changes:
        for path in NODES[:2]:
            changes.enter_context(clinic.changed(path, {"spec": {"unschedulable": True}}))
        cordoned, domains = clinic.ask("failure domains")
        assert "worker-1 cordoned, worker-2 cordoned" in cordoned.text
        assert (domains.state, "one node only" in domains.text) == (WARNING, True)
        changes.enter_context(clinic.changed(NODES[2], {"spec": {"unschedulable": True}}))
        assert clinic.only("failure domains").state is FAILED


def test_ciliums_agents(clinic: Clinic) -> None:
    found = clinic.only("Cilium's agents")
    assert (found.state, "made by: RouteCreated" in found.text) == (FAILED, True)
    with ExitStack() as changes:
        for path in NODES:
            was = clinic.plane.api.get(path)["status"]["conditions"]
            now = [_cilium(one) for one in was]
            up = {"status": {"conditions": now}}
            changes.enter_context(clinic.changed(f"{path}/status", up))
        assert clinic.only("Cilium's agents").state is OK
        taint = {"key": "node.cilium.io/agent-not-ready", "effect": "PreferNoSchedule"}
        changes.enter_context(clinic.changed(NODES[0], {"spec": {"taints": [taint]}}))
        found = clinic.only("Cilium's agents")
        assert (found.state, found.text) == (FAILED, "not on worker-1")


def _cilium(found: dict[str, str]) -> dict[str, str]:
    """A condition as Cilium's operator sets it."""
    if found["type"] != "NetworkUnavailable":
        return found
    return {**found, "status": "False", "reason": "CiliumIsUp"}


# Namespaces


def test_pod_security(clinic: Clinic, namespace: str) -> None:
    own = tenant(namespace=namespace)
    path = f"/api/v1/namespaces/{namespace}"
    assert clinic.ask("Pod Security", tenant("absent")) == []
    found = clinic.only("Pod Security", own)
    assert (found.state, "enforces nothing" in found.text) == (FAILED, True)
    enforce = "pod-security.kubernetes.io/enforce"
    for labels, state in (
        ({enforce: "baseline"}, FAILED),
        ({enforce: "restricted", f"{enforce}-version": "v1.25"}, FAILED),
        ({enforce: "restricted", f"{enforce}-version": "latest"}, OK),
    ):
        clinic.plane.api.patch(path, {"metadata": {"labels": labels}})
        assert clinic.only("Pod Security", own).state is state


def test_secrets_that_others_keep(clinic: Clinic, namespace: str) -> None:
    own = tenant(
        namespace=namespace,
        images={"pull_secret": "pull"},
        exposure={"grafana": {"host": "noc.example", "tls": {"secret": "own-tls"}}},
    )
    found = clinic.ask("secrets of others", own)
    assert [one.state for one in found] == [FAILED, FAILED]
    assert found[0].text == f"pull is not in {namespace} (images.pull_secret)"
    secret = {"apiVersion": "v1", "kind": "Secret"}
    for name, kind, data in (
        ("pull", "kubernetes.io/dockerconfigjson", {".dockerconfigjson": "e30="}),
        ("own-tls", "Opaque", {}),
    ):
        named = {"metadata": {"name": name, "namespace": namespace}}
        clinic.plane.api.create({**secret, **named, "type": kind, "data": data})
    pull, tls = clinic.ask("secrets of others", own)
    assert (pull.state, tls.state) == (OK, FAILED)
    assert "is of type Opaque, not kubernetes.io/tls" in tls.text


def test_policies_and_the_way_to_pods(clinic: Clinic, tmp_path: Path) -> None:
    with tenants.stage(clinic.plane, "patient", tmp_path) as stage:
        own = tenant("patient")
        assert clinic.ask("policies", own) == []
        assert clinic.ask("way to pods", own) == []
        stage.apply(bundle("patient"))
        found = clinic.only("policies", own)
        assert (found.state, "tig-patient/influxdb-0" in found.text) == (FAILED, True)
        for pod in clinic.plane.api.list("/api/v1/namespaces/tig-patient/pods"):
            named = {"name": pod["metadata"]["name"], "namespace": "tig-patient"}
            known = {"apiVersion": "cilium.io/v2", "kind": "CiliumEndpoint", "metadata": named}
            clinic.plane.api.create(known)
        assert clinic.only("policies", own).state is OK

        assert clinic.only("way to pods", own).state is OK
        clinic.plane.forward_pod("tig-patient", "influxdb-0", 8086, 1)
        assert clinic.only("way to pods", own).state is FAILED
        stage.target().destroy(
            volumes=True, policies=True, namespace=True, observe=lambda _step: None
        )


# The command


@pytest.fixture
def workspace(plane: Plane, tmp_path: Path) -> Iterator[tuple[Path, Proxy]]:
    """Two tenants on one cluster, behind a door that counts."""
    with Proxy(plane) as proxy:
        lab = {"type": "kubernetes", "kubeconfig": str(proxy.kubeconfig(tmp_path))}
        logins = {"default": {"version": "2c", "community": {"env": "SNMP_COMMUNITY"}}}
        fleet = {"targets": {"lab": lab}, "target": "lab", "credentials": logins}
        (tmp_path / "fleet.yaml").write_text(yaml.safe_dump(fleet))
        for name in ("acme", "globex"):
            folder = tmp_path / "tenants" / name
            folder.mkdir(parents=True)
            entrance = f"exposure: {{grafana: {{host: noc.example, path: /{name}}}}}\n"
            (folder / "tenant.yaml").write_text(entrance)
            (folder / "devices.csv").write_text("name,address\nsw-1,10.9.0.1\n")
        yield tmp_path, proxy


def doctor(workspace: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "tigctl", "doctor", *arguments],
        cwd=workspace,
        env={**os.environ, "SNMP_COMMUNITY": "public"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_the_command(workspace: tuple[Path, Proxy]) -> None:
    root, proxy = workspace
    done = doctor(root)
    assert done.returncode == 1
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert "\ntarget lab: acme, globex\n  ok      API server" in done.stdout
    assert "  failed  gateway " in done.stdout
    assert " failed, " in done.stderr
    lists = [one.path for one in proxy.calls if one.path.startswith("/api/v1/nodes")]
    assert len(lists) == 1, "a cluster is asked once for all its tenants"
    changing = {one.method for one in proxy.calls if "selfsubject" not in one.path}
    assert changing == {"GET"}


def test_the_command_for_programs(workspace: tuple[Path, Proxy]) -> None:
    root, _ = workspace
    here, there = json.loads(doctor(root, "acme", "-o", "json").stdout)
    assert here["place"] == "this machine"
    assert {one["check"] for one in here["findings"]} == {"ping by probe", "SNMP_COMMUNITY"}
    assert (there["place"], there["tenants"]) == ("target lab", ["acme"])
    assert {one["state"] for one in there["findings"]} == {"ok", "warning", "failed"}
    assert all(bool(one["remedy"]) == (one["state"] != "ok") for one in there["findings"])


def test_a_cluster_to_which_no_way_leads(workspace: tuple[Path, Proxy]) -> None:
    root, proxy = workspace
    (root / "proxy.kubeconfig").unlink()
    done = doctor(root, "acme")
    assert done.returncode == 1
    assert "gives no way to a cluster" in " ".join(done.stdout.split())
    assert proxy.calls == []
