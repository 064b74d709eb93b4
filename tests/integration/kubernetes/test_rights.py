"""The least rights, as the real API server takes and enforces them.

Covers: the YAML of `tigctl rbac` for all tenants and for one, strictly validated; that nothing
in it lets anybody give rights; what somebody with too few is told. That the rights suffice is
what all tests of this folder show, for tigctl is the user `engineer` in them; that none is
superfluous, test_rights_used.py.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.cluster import engineer
from tests.cluster.api import ApiError, Object
from tests.cluster.plane import Plane
from tests.integration.kubernetes import tenants
from tests.integration.kubernetes.tenants import bundle
from tigctl.backends.kubernetes.cluster import Cluster
from tigctl.backends.kubernetes.errors import Forbidden, Refused
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.plan.health import health
from tigctl.targets.kubernetes import names, rights
from tigctl.targets.kubernetes.options import Options
from tigctl.targets.kubernetes.rights import Subject
from tigctl.targets.kubernetes.target import KubernetesTarget

pytestmark = pytest.mark.real

_RBAC = "/apis/rbac.authorization.k8s.io/v1"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    fleet = {
        "targets": {"lab": {"type": "kubernetes"}},
        "target": "lab",
        "credentials": {"default": {"version": "2c", "community": {"env": "SNMP_COMMUNITY"}}},
    }
    (tmp_path / "fleet.yaml").write_text(yaml.safe_dump(fleet))
    folder = tmp_path / "tenants" / "printed"
    folder.mkdir(parents=True)
    (folder / "tenant.yaml").write_text("exposure: {grafana: {type: none}}\n")
    (folder / "devices.csv").write_text("name,address\nsw-1,10.9.0.1\n")
    return tmp_path


def printed(workspace: Path, *arguments: str) -> list[Object]:
    command = [sys.executable, "-m", "tigctl", "--workspace", str(workspace), "rbac", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return list(yaml.safe_load_all(done.stdout))


@pytest.mark.parametrize(
    "subject",
    [("--user", "jo"), ("--group", "noc"), ("--serviceaccount", "ops:tigctl")],
    ids=lambda found: found[0],
)
def test_what_is_printed_for_all_tenants_is_taken_as_it_is(
    plane: Plane, workspace: Path, subject: tuple[str, str]
) -> None:
    role, binding = printed(workspace, *subject)
    for one in (role, binding):
        plane.api.apply(one, dryRun="All")
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert binding["subjects"][0]["name"] in {"jo", "noc", "tigctl"}


def test_what_is_printed_for_one_tenant_is_taken_as_it_is(plane: Plane, workspace: Path) -> None:
    documents = printed(workspace, "printed", "--group", "noc")
    assert [one["kind"] for one in documents] == [
        "ClusterRole",
        "Role",
        "ClusterRoleBinding",
        "RoleBinding",
    ]
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tig-printed"}}
    plane.api.apply(made)
    for one in documents:
        plane.api.apply(one, dryRun="All")
    plane.api.delete("/api/v1/namespaces/tig-printed")


def test_an_unknown_field_would_not_be_taken(plane: Plane) -> None:
    role = rights.of_all()[0]
    role["rules"][0]["verb"] = ["get"]
    with pytest.raises(ApiError, match="verb"):
        plane.api.apply(role, dryRun="All")


def test_no_right_lets_anybody_give_rights(plane: Plane) -> None:
    engineer.kubeconfig(plane)
    client = engineer.api(plane)
    wishes: tuple[Object, ...] = (
        {
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "up"},
            "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"kind": "User", "name": engineer.NAME}],
        },
        {"kind": "ClusterRole", "metadata": {"name": "up"}, "rules": []},
        {"kind": "Role", "metadata": {"name": "up", "namespace": "default"}, "rules": []},
    )
    for wish in wishes:
        with pytest.raises(ApiError, match="cannot patch resource"):
            client.apply({"apiVersion": "rbac.authorization.k8s.io/v1", **wish})
    mine = f"{_RBAC}/clusterroles/{rights.NAME}"
    with pytest.raises(ApiError, match="cannot patch resource"):
        client.patch(mine, {"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]})
    client.close()
    groups = {right.group for right in (*rights.IN_NAMESPACE, *rights.IN_CLUSTER, *rights.FOR_ALL)}
    assert "rbac.authorization.k8s.io" not in groups
    verbs = {verb for right in (*rights.IN_NAMESPACE, *rights.IN_CLUSTER) for verb in right.verbs}
    assert not verbs & {"*", "escalate", "bind", "impersonate"}


def test_one_tenants_engineer_does_its_whole_life_and_nothing_elsewhere(
    plane: Plane, tmp_path: Path
) -> None:
    with tenants.stage(plane, "narrow", tmp_path) as stage:
        made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tig-narrow"}}
        plane.api.create(made)
        stage.cluster = Cluster(kubeconfig=str(engineer.of_tenant(plane, "narrow", "tig-narrow")))
        stage.apply(bundle("narrow"), adopt=True)
        assert stage.plan(bundle("narrow")) == {}
        stage.apply(bundle("narrow", raw=60))
        target = stage.target()
        assert {one.state for one in target.components()} == {"running"}
        assert target.bundle_of(1) == bundle("narrow")

        for ref in (Ref("Secret", "kube-system", "any"), Ref("ConfigMap", "default", "any")):
            with pytest.raises(Refused, match="forbidden"):
                stage.cluster.get(ref)
        with pytest.raises(Refused, match="forbidden"):
            stage.cluster.apply({**made, "metadata": {"name": "tig-other"}})
        with pytest.raises(Refused, match="forbidden"):
            stage.cluster.delete(Ref("Namespace", "", "kube-public"))

        target.destroy(volumes=True, policies=True, namespace=True, observe=stage.observe)
    assert plane.api.find("/api/v1/namespaces/tig-narrow") is None


def without(verb: str, kind: str, subresource: str = "") -> Callable[[rights.Right], rights.Right]:
    """The table without one right."""

    def less(right: rights.Right) -> rights.Right:
        if (right.kind, right.subresource) != (kind, subresource) or right.everywhere:
            return right
        left = tuple(one for one in right.verbs if one != verb)
        return rights.Right(right.kind, left, right.why, right.subresource)

    return less


def _apply(target: KubernetesTarget) -> None:
    wanted = bundle(target.tenant)
    target.apply(wanted, target.changes(wanted), {}, lambda _step: None)


def _plan(target: KubernetesTarget) -> None:
    target.changes(bundle(target.tenant))


@pytest.mark.parametrize(
    ("verb", "kind", "act"),
    [
        ("list", "Secret", _plan),
        ("create", "Lease", _apply),
        ("create", "StatefulSet", _apply),
    ],
    ids=lambda found: found if isinstance(found, str) else "",
)
def test_who_lacks_a_right_is_told_which_and_what_to_do(
    plane: Plane,
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
    kind: str,
    act: Callable[[KubernetesTarget], None],
) -> None:
    tenant = f"weak-{verb}-{kind.lower()}"
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"tig-{tenant}"}}
    plane.api.create(namespace)
    less = tuple(map(without(verb, kind), rights.IN_NAMESPACE))
    monkeypatch.setattr(rights, "IN_NAMESPACE", tuple(one for one in less if one.verbs))
    file = engineer.of_tenant(plane, tenant, f"tig-{tenant}")
    options = Options(adopt=True, wait=0, capacity=False)
    target = KubernetesTarget(Cluster(kubeconfig=str(file)), tenant, f"tig-{tenant}", options)

    with pytest.raises(Refused, match=f'cannot {verb} resource "{kind.lower()}s"') as error:
        act(target)

    assert "tigctl rbac" in str(error.value.hint)
    assert "tigctl doctor" in str(error.value.hint)
    target.close()
    plane.api.delete(f"/api/v1/namespaces/tig-{tenant}")


@pytest.mark.parametrize("act", ["plan", "apply", "status", "open"])
def test_without_the_way_into_pods_the_right_is_named(
    plane: Plane, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, act: str
) -> None:
    tenant = f"wayless-{act}"
    with tenants.stage(plane, tenant, tmp_path) as stage:
        wanted = bundle(tenant)
        stage.apply(wanted)
        # An API server before 1.35 asks for no more than `get`.
        verb = "create" if int(plane.api.get("/version")["minor"]) >= 35 else "get"
        less = map(without(verb, "Pod", "portforward"), rights.IN_NAMESPACE)
        monkeypatch.setattr(rights, "IN_NAMESPACE", tuple(less))
        file = engineer.of_tenant(plane, tenant, stage.namespace)
        stage.cluster = Cluster(kubeconfig=str(file))
        acts: dict[str, Callable[[], object]] = {
            "plan": lambda: stage.plan(wanted),
            "apply": lambda: stage.apply(wanted),
            "status": lambda: health(wanted, stage.target()),
            "open": lambda: stage.target().opening("influxdb"),
        }
        lacks = f'cannot {verb} resource "pods/portforward"'
        with pytest.raises(Forbidden, match=lacks) as error:
            acts[act]()
        assert "tigctl rbac" in str(error.value.hint)


def test_bundles_hold_no_roles() -> None:
    assert not {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"} & set(names.KINDS)
    role, binding = rights.of_all(Subject("User", "jo"))
    assert {role["kind"], binding["kind"]} == {"ClusterRole", "ClusterRoleBinding"}
