"""The Kubernetes target on a real control plane, with a real InfluxDB behind its simulated pod.

Covers: plan, apply, drift in objects and in InfluxDB, adoption, conflicts, pruning, the Lease,
failing workloads, revisions, destroy. Leaves out: what a rendered tenant looks like, killing
tigctl in the middle, many tenants, and containers that really run.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.kubernetes import tenants
from tests.integration.kubernetes.tenants import Stage, bundle, objects
from tigctl.backends.influxdb import Influx
from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.errors import Busy, TargetError
from tigctl.render.kubernetes import reference
from tigctl.targets import database
from tigctl.targets.interface import Step
from tigctl.targets.kubernetes import lease, names, revisions, snapshot
from tigctl.targets.kubernetes.inventory import Inventory
from tigctl.targets.model import Action, FieldChange

pytestmark = pytest.mark.real


def edit(stage: Stage, path: str, change: dict[str, object], manager: str = "kubectl-edit") -> None:
    """As `kubectl edit` does it."""
    stage.plane.api.patch(path, change, fieldManager=manager)


DEPLOYMENTS = "/apis/apps/v1"


def test_a_new_tenant_and_nothing_to_do_afterwards(acme: Stage) -> None:
    wanted = bundle(acme.tenant)
    planned = acme.plan(wanted)
    assert {one.action for one in planned.values()} == {Action.CREATE}
    assert {"Namespace " + acme.namespace, "StatefulSet influxdb", "Bucket raw"} <= planned.keys()

    acme.apply(wanted)

    assert acme.plan(wanted) == {}
    assert acme.apply(wanted) == ()
    assert [one.name for one in acme.steps if one.seconds is not None][:5] == [
        "namespace, quota, accounts",
        "policies",
        "volumes",
        "influxdb",
        "buckets, tasks, tokens",
    ]
    inventory = Inventory.load(acme.cluster, acme.namespace)
    assert len(inventory.objects) == len(wanted.kubernetes)
    assert inventory.revision == 1, "an apply that changes nothing leaves no revision"
    target = acme.target()
    access = target.access()
    assert access is not None
    assert Influx(access.url, acme.tenant, access.token).accepts_token()
    assert {one.name: one.state for one in target.components()} == {
        "influxdb": "running",
        "telegraf-0": "running",
    }
    target.reach.close()


def test_every_secret_that_the_pods_of_manifests_read_is_stored_and_stays(acme: Stage) -> None:
    """A simulated pod runs without its secrets; a real one would not start."""
    acme.apply(bundle(acme.tenant))
    secrets = acme.target().secrets
    read = {
        (source["name"], source["key"])
        for component in ("influxdb", "telegraf", "grafana")
        for one in reference.load(component)
        if one["kind"] in {"StatefulSet", "Deployment"}
        for container in one["spec"]["template"]["spec"]["containers"]
        for variable in container["env"]
        if (source := variable.get("valueFrom", {}).get("secretKeyRef"))
    }
    stored = {(secret, key): secrets.read(secret).get(key) for secret, key in read}
    assert len(stored) >= 4
    assert all(stored.values()), stored.keys()

    acme.apply(bundle(acme.tenant, objects(acme.tenant, config="# new\n")))
    assert {one: secrets.read(one[0]).get(one[1]) for one in read} == stored


def test_a_changed_file_and_image_are_shown_field_by_field(acme: Stage) -> None:
    acme.apply(bundle(acme.tenant))
    changed = objects(acme.tenant, telegraf="telegraf:1.39.4", config="[agent]\ninterval='9s'\n")

    planned = acme.plan(bundle(acme.tenant, changed))

    assert planned.keys() == {"ConfigMap telegraf-0", "Deployment telegraf-0"}
    assert planned["Deployment telegraf-0"].fields == (
        FieldChange(
            "spec.template.spec.containers[telegraf].image", "telegraf:1.39.3", "telegraf:1.39.4"
        ),
    )
    assert [one.path for one in planned["ConfigMap telegraf-0"].fields] == ["data[telegraf.conf]"]
    acme.apply(bundle(acme.tenant, changed))
    assert acme.plan(bundle(acme.tenant, changed)) == {}
    assert Inventory.load(acme.cluster, acme.namespace).revision == 2


def test_what_somebody_changed_by_hand_is_named_and_repaired(acme: Stage) -> None:
    wanted = bundle(acme.tenant)
    acme.apply(wanted)
    path = acme.path("deployments", "telegraf-0", DEPLOYMENTS)
    edit(acme, path, {"spec": {"revisionHistoryLimit": 3, "minReadySeconds": 7}})
    acme.plane.api.patch(
        acme.path("configmaps", "telegraf-0"), {"data": {"telegraf.conf": "x", "more": "y"}}
    )

    planned = acme.plan(wanted)

    config = planned["ConfigMap telegraf-0"]
    assert config.action is Action.UPDATE
    assert {(one.path, one.live, one.wanted) for one in config.fields} == {
        ("data[telegraf.conf]", "x", "[agent]\n"),
        ("data.more", "y", None),
    }
    # Fields that we never set, set by somebody: they are named, and go.
    deployment = planned["Deployment telegraf-0"]
    assert deployment.manager.startswith("kubectl-edit")
    assert {one.path for one in deployment.fields} == {
        "spec.revisionHistoryLimit",
        "spec.minReadySeconds",
    }
    acme.apply(wanted)
    assert acme.plan(wanted) == {}
    data = acme.plane.api.get(acme.path("configmaps", "telegraf-0"))["data"]
    assert data == {"telegraf.conf": "[agent]\n"}


@pytest.mark.parametrize(
    ("meanwhile", "goes"),
    [
        # Controllers do that at any moment, to the state and to notes of their own.
        ({"metadata": {"annotations": {"field.cattle.io/seen": "now"}}}, True),
        ({"spec": {"minReadySeconds": 8}}, False),
    ],
)
def test_what_was_added_goes_only_as_it_was_seen(
    acme: Stage, monkeypatch: pytest.MonkeyPatch, meanwhile: Object, goes: bool
) -> None:
    wanted = bundle(acme.tenant)
    acme.apply(wanted)
    path = acme.path("deployments", "telegraf-0", DEPLOYMENTS)
    edit(acme, path, {"spec": {"minReadySeconds": 7}})
    apply = Cluster.apply

    def applied(cluster: Cluster, one: Object, **options: Any) -> Object:
        result = apply(cluster, one, **options)
        if one["kind"] == "Deployment" and not options.get("dry_run"):
            edit(acme, path, meanwhile, "controller")
        return result

    monkeypatch.setattr(Cluster, "apply", applied)

    if goes:
        acme.apply(wanted)
    else:
        with pytest.raises(TargetError, match="somebody else changes Deployment telegraf-0"):
            acme.apply(wanted)
    assert acme.plane.api.get(path)["spec"].get("minReadySeconds") == (None if goes else 8)


def test_a_container_that_somebody_added_goes(acme: Stage) -> None:
    wanted = bundle(acme.tenant)
    acme.apply(wanted)
    path = acme.path("deployments", "telegraf-0", DEPLOYMENTS)
    live = acme.plane.api.get(path)
    first = live["spec"]["template"]["spec"]["containers"][0]
    live["spec"]["template"]["spec"]["containers"] = [first, {**first, "name": "sniffer"}]
    acme.plane.api.request("PUT", path, live, fieldManager="kubectl-edit")

    (change,) = acme.plan(wanted).values()
    assert "spec.template.spec.containers[sniffer]" in {one.path for one in change.fields}

    acme.apply(wanted)
    containers = acme.plane.api.get(path)["spec"]["template"]["spec"]["containers"]
    assert [one["name"] for one in containers] == ["telegraf"]
    assert acme.plan(wanted) == {}


def test_labels_annotations_and_finalizers_of_others_are_no_drift(acme: Stage) -> None:
    wanted = bundle(acme.tenant)
    acme.apply(wanted)
    added = {
        "labels": {"field.cattle.io/projectId": "p-x"},
        "annotations": {"lifecycle.cattle.io/create": "true"},
        "finalizers": ["controller.cattle.io/namespace-auth"],
    }
    edit(acme, f"/api/v1/namespaces/{acme.namespace}", {"metadata": added}, "rancher")
    edit(acme, acme.path("configmaps", "telegraf-0"), {"metadata": added}, "rancher")

    assert acme.plan(wanted) == {}

    changed = bundle(acme.tenant, objects(acme.tenant, config="[agent]\n# new\n"))
    acme.apply(changed)
    metadata = acme.plane.api.get(acme.path("configmaps", "telegraf-0"))["metadata"]
    assert metadata["labels"]["field.cattle.io/projectId"] == "p-x"
    for path in (f"/api/v1/namespaces/{acme.namespace}", acme.path("configmaps", "telegraf-0")):
        edit(acme, path, {"metadata": {"finalizers": None}}, "rancher")


def test_a_field_that_another_applies_is_a_conflict(acme: Stage) -> None:
    wanted = bundle(acme.tenant)
    acme.apply(wanted)
    theirs = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "telegraf-0", "namespace": acme.namespace},
        "data": {"telegraf.conf": "theirs"},
    }
    acme.plane.api.apply(theirs, fieldManager="argocd", force="true")

    (change,) = acme.plan(wanted).values()
    assert (change.action, change.manager) == (Action.CONFLICT, "argocd")
    with pytest.raises(TargetError, match=r"ConfigMap telegraf-0 \(applied by argocd\)"):
        acme.apply(wanted)
    assert acme.plane.api.get(acme.path("configmaps", "telegraf-0"))["data"] == theirs["data"]

    acme.apply(wanted, adopt=True)
    assert acme.plane.api.get(acme.path("configmaps", "telegraf-0"))["data"] == theirs["data"]
    assert acme.plan(wanted) == {}, "what was kept is wanted from then on"


def test_who_took_a_label_of_ours_is_named(acme: Stage) -> None:
    wanted, label = bundle(acme.tenant), "app.kubernetes.io/name"
    acme.apply(wanted)
    path = acme.path("deployments", "telegraf-0", DEPLOYMENTS)
    edit(acme, path, {"metadata": {"labels": {label: "mine"}}}, "kubectl-label")
    (change,) = acme.plan(wanted).values()
    assert change.action is Action.UPDATE
    assert change.manager.startswith("kubectl-label, 20")
    acme.apply(wanted)
    assert acme.plan(wanted) == {}

    theirs = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "telegraf-0",
            "namespace": acme.namespace,
            "labels": {label: "theirs"},
        },
    }
    acme.plane.api.apply(theirs, fieldManager="argocd", force="true")
    (change,) = acme.plan(wanted).values()
    assert (change.action, change.manager) == (Action.CONFLICT, "argocd")
    with pytest.raises(TargetError, match=r"Deployment telegraf-0 \(applied by argocd\)"):
        acme.apply(wanted)


def test_what_others_made_is_taken_over_only_when_told(acme: Stage) -> None:
    wanted = bundle(acme.tenant)
    name = {"name": acme.namespace}
    acme.plane.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": name})
    hand_made = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "telegraf-0", "namespace": acme.namespace},
        "data": {"mine": "1"},
    }
    acme.plane.api.create(hand_made)

    planned = acme.plan(wanted)
    assert planned["ConfigMap telegraf-0"].action is Action.ADOPT
    assert planned[f"Namespace {acme.namespace}"].action is Action.ADOPT
    assert planned["StatefulSet influxdb"].action is Action.CREATE
    with pytest.raises(TargetError, match="not ours"):
        acme.apply(wanted)
    assert acme.plane.api.find(acme.path("statefulsets", "influxdb", DEPLOYMENTS)) is None

    acme.apply(wanted, adopt=True)
    assert acme.plan(wanted) == {}


def test_what_is_not_wanted_any_more_goes_and_nothing_else(acme: Stage) -> None:
    acme.apply(bundle(acme.tenant))
    copied = acme.plane.api.get(acme.path("configmaps", "telegraf-0"))
    copied["metadata"] = {
        "name": "a-copy",
        "namespace": acme.namespace,
        "labels": copied["metadata"]["labels"],
    }
    acme.plane.api.create(copied)
    kept = ("Namespace", "StatefulSet", "CiliumNetworkPolicy")
    fewer = tuple(one for one in objects(acme.tenant) if one["kind"] in kept)

    planned = acme.plan(bundle(acme.tenant, fewer))

    assert {(one.action, name) for name, one in planned.items()} == {
        (Action.DELETE, "Deployment telegraf-0"),
        (Action.DELETE, "ConfigMap telegraf-0"),
    }, "a volume is never pruned, nor a copy that only carries our labels"
    acme.apply(bundle(acme.tenant, fewer))
    assert acme.plane.api.find(acme.path("configmaps", "telegraf-0")) is None
    assert acme.plane.api.find(acme.path("configmaps", "a-copy"))
    assert acme.plan(bundle(acme.tenant, fewer)) == {}


def test_a_lost_inventory_is_written_anew(acme: Stage) -> None:
    wanted = bundle(acme.tenant)
    acme.apply(wanted)
    before = Inventory.load(acme.cluster, acme.namespace).objects
    acme.plane.api.delete(acme.path("configmaps", names.INVENTORY))
    assert acme.plan(wanted) == {}
    acme.apply(wanted)
    after = Inventory.load(acme.cluster, acme.namespace).objects
    assert {ref: one.uid for ref, one in after.items()} == {
        ref: one.uid for ref, one in before.items()
    }


def test_what_two_killed_ones_left_is_taken_away(acme: Stage) -> None:
    """One deletes, the next makes it anew, and neither lives to write it down."""
    policy = Ref("CiliumNetworkPolicy", acme.namespace, "default-deny")
    whole = bundle(acme.tenant)
    fewer = bundle(acme.tenant, tuple(o for o in objects(acme.tenant) if o["kind"] != policy.kind))
    acme.apply(whole)
    former = Inventory.load(acme.cluster, acme.namespace)
    acme.apply(fewer)
    former.save(acme.cluster, acme.tenant, acme.namespace)
    acme.apply(whole)
    former.save(acme.cluster, acme.tenant, acme.namespace)

    assert acme.plan(whole) == {}
    acme.apply(whole)
    live = acme.cluster.get(policy, metadata_only=True)
    assert live is not None
    noted = Inventory.load(acme.cluster, acme.namespace).objects[policy]
    assert noted.uid == live["metadata"]["uid"]

    former.save(acme.cluster, acme.tenant, acme.namespace)
    assert acme.plan(fewer)["CiliumNetworkPolicy default-deny"].action is Action.DELETE
    acme.apply(fewer)
    assert acme.cluster.get(policy, metadata_only=True) is None


def test_flags_leave_volumes_and_policies_alone(acme: Stage) -> None:
    wanted = bundle(acme.tenant)
    acme.apply(wanted, volumes=False, policies=False)
    planned = acme.plan(wanted)
    assert planned.keys() == {
        "PersistentVolumeClaim influxdb-data",
        "CiliumNetworkPolicy default-deny",
    }
    acme.apply(wanted)
    assert acme.plan(wanted, volumes=False, policies=False) == {}
    acme.apply(bundle(acme.tenant, objects(acme.tenant)[:1]), volumes=False, policies=False)
    assert acme.plane.api.find(
        acme.path("ciliumnetworkpolicies", "default-deny", "/apis/cilium.io/v2")
    )


def test_influxdb_is_part_of_the_plan(acme: Stage) -> None:
    wanted = bundle(acme.tenant)
    acme.apply(wanted)
    target = acme.target()
    url = target.reach.url("influxdb")
    assert url
    before = target.secrets.read(names.WRITER_SECRET)
    with database.operator(target.secrets, acme.tenant, url) as influx:
        (raw,) = (one for one in influx.buckets() if one.name == "raw")
        influx.set_retention(raw, 7 * tenants.DAY)
        for one in influx.authorizations():
            if one.description.endswith("telegraf"):
                influx.delete_authorization(one.id)
    target.reach.close()

    planned = acme.plan(wanted)
    assert planned["Bucket raw"].fields == (FieldChange("retention", "7d", "30d"),)
    assert planned[f"Token tigctl {acme.tenant} telegraf"].action is Action.CREATE

    acme.apply(wanted)
    assert acme.plan(wanted) == {}
    after = target.secrets.read(names.WRITER_SECRET)
    assert after != before
    deployment = acme.plane.api.get(acme.path("deployments", "telegraf-0", DEPLOYMENTS))
    annotations = deployment["spec"]["template"]["metadata"]["annotations"]
    secret = acme.plane.api.get(acme.path("secrets", names.WRITER_SECRET))
    version = secret["metadata"]["resourceVersion"]
    assert annotations[names.RESTARTED].startswith(version), "the new token rolls its readers"


def test_new_tokens_on_demand_leave_no_gap(acme: Stage) -> None:
    wanted = bundle(acme.tenant)
    acme.apply(wanted)
    secrets = acme.target().secrets
    roles = [database.role(token) for token in wanted.influxdb.tokens]
    before = {role: secrets.read_secret(database.secret_of(role)) for role in roles}
    planned = acme.plan(wanted, new_tokens=True)
    assert planned[f"Token tigctl {acme.tenant} telegraf"].fields == (
        FieldChange("secret", "stored", "a new one"),
    )
    influx = Influx(f"http://127.0.0.1:{acme.port}", acme.tenant, "")

    def accepted(token: str) -> bool:
        return Influx(influx.url, acme.tenant, token).accepts_token()

    seen: dict[str, list[bool]] = {}

    def observe(step: Step) -> None:
        acme.observe(step)
        if step.seconds is None:
            now = (secrets.read_secret(database.secret_of(role)) for role in roles)
            seen[step.name] = [accepted(token) for token in (*before.values(), *now)]

    target = acme.target(new_tokens=True)
    target.apply(wanted, target.changes(wanted), {}, observe)
    target.close()

    # Both work until every pod has the new ones.
    assert all(seen["telegraf, grafana"])
    assert all(seen["former tokens"])
    after = {role: secrets.read_secret(database.secret_of(role)) for role in roles}
    assert not set(before.values()) & set(after.values())
    assert not any(map(accepted, before.values()))
    assert all(map(accepted, after.values()))
    assert acme.plan(wanted) == {}
    deployment = acme.plane.api.get(acme.path("deployments", "telegraf-0", DEPLOYMENTS))
    annotations = deployment["spec"]["template"]["metadata"]["annotations"]
    secret = acme.plane.api.get(acme.path("secrets", names.WRITER_SECRET))
    assert annotations[names.RESTARTED].startswith(secret["metadata"]["resourceVersion"])


def test_without_waiting_the_former_tokens_stay_until_all_pods_are_new(acme: Stage) -> None:
    wanted = bundle(acme.tenant)
    acme.apply(wanted)
    token = acme.target().secrets.read_secret(database.secret_of("write"))
    asked = Influx(f"http://127.0.0.1:{acme.port}", acme.tenant, token)
    never = bundle(acme.tenant, objects(acme.tenant, telegraf="missing.invalid/telegraf:2"))

    acme.apply(never, new_tokens=True, wait=0)

    assert asked.accepts_token(), "a pod may still use it"
    assert {one.kind for one in acme.plan(never).values()} == {"Token"}
    acme.apply(wanted)
    assert not asked.accepts_token()
    assert acme.plan(wanted) == {}


def test_one_at_a_time(acme: Stage) -> None:
    wanted = bundle(acme.tenant)
    acme.apply(wanted)
    changed = bundle(acme.tenant, objects(acme.tenant, config="# new\n"))
    with (
        lease.held(acme.cluster, acme.tenant, acme.namespace),
        pytest.raises(Busy, match=r"at work on it since"),
    ):
        acme.apply(changed)
    assert acme.plan(changed), "nothing was done meanwhile"
    acme.apply(changed)


def test_the_lease_of_one_who_was_killed_is_taken_over(acme: Stage) -> None:
    acme.apply(bundle(acme.tenant))
    left = lease._wanted(acme.tenant, acme.namespace)
    left["spec"]["renewTime"] = "2026-01-01T00:00:00.000000Z"
    acme.cluster.create(left)
    acme.apply(bundle(acme.tenant, objects(acme.tenant, config="# new\n")))
    assert acme.cluster.get(Ref("Lease", acme.namespace, names.LEASE)) is None


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("missing.invalid/telegraf:1", "ImagePullBackOff"),
        ("crash.invalid/telegraf:1", "ends again and again"),
    ],
)
def test_a_workload_that_cannot_run_fails_with_the_pods_own_reason(
    acme: Stage, image: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tigctl.targets.kubernetes.waiting.FATAL_AFTER_S",
        {"ImagePullBackOff": 0, "CrashLoopBackOff": 0},
    )
    with pytest.raises(TargetError, match=said):
        acme.apply(bundle(acme.tenant, objects(acme.tenant, telegraf=image)))
    acme.apply(bundle(acme.tenant))
    assert acme.plan(bundle(acme.tenant)) == {}


def test_a_version_that_cannot_run_leaves_the_former_one_serving(
    acme: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tigctl.targets.kubernetes.waiting.FATAL_AFTER_S", {"ImagePullBackOff": 0})
    acme.apply(bundle(acme.tenant))
    broken = objects(acme.tenant, telegraf="missing.invalid/telegraf:2", config="# broken\n")

    with pytest.raises(TargetError, match="runs again as of revision 1"):
        acme.apply(bundle(acme.tenant, broken))

    live = acme.plane.api.get(acme.path("deployments", "telegraf-0", DEPLOYMENTS))
    (container,) = live["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "telegraf:1.39.3"
    data = acme.plane.api.get(acme.path("configmaps", "telegraf-0"))["data"]
    assert data == {"telegraf.conf": "[agent]\n"}
    assert {one.state for one in acme.target().components()} == {"running"}
    assert acme.plan(bundle(acme.tenant, broken)), "what was wanted is still to be done"
    assert acme.plan(bundle(acme.tenant)) == {}


def test_revisions_hold_the_whole_bundle(acme: Stage) -> None:
    first = bundle(acme.tenant)
    acme.apply(first)
    acme.apply(bundle(acme.tenant, objects(acme.tenant, config="# second\n")))
    kept = revisions.numbers(acme.cluster, acme.tenant, acme.namespace)
    assert [one.number for one in kept] == [1, 2]
    back = revisions.load(acme.cluster, acme.tenant, acme.namespace, 1)
    assert back == first
    acme.apply(back)
    data = acme.plane.api.get(acme.path("configmaps", "telegraf-0"))["data"]
    assert data == {"telegraf.conf": "[agent]\n"}
    with pytest.raises(TargetError, match="revision 7 is not there"):
        revisions.load(acme.cluster, acme.tenant, acme.namespace, 7)


def test_a_repair_leaves_no_revision(acme: Stage) -> None:
    wanted = bundle(acme.tenant)
    acme.apply(wanted)
    edit(acme, acme.path("configmaps", "telegraf-0"), {"data": {"telegraf.conf": "broken"}})
    acme.apply(wanted)
    assert acme.plan(wanted) == {}
    kept = revisions.numbers(acme.cluster, acme.tenant, acme.namespace)
    assert [one.number for one in kept] == [1]
    assert Inventory.load(acme.cluster, acme.namespace).revision == 1


def test_destroy_keeps_what_it_is_not_told_to_take(acme: Stage) -> None:
    wanted = bundle(acme.tenant)
    acme.apply(wanted)
    token = acme.target().secrets.read_secret(database.OPERATOR)

    kept = acme.target().destroy(volumes=False, observe=acme.observe)

    assert kept["objects"] == [
        "CiliumNetworkPolicy default-deny",
        "PersistentVolumeClaim influxdb-data",
    ]
    assert acme.target().components() == ()
    assert acme.target().secrets.read_secret(database.OPERATOR) == token
    assert acme.target().destroy(volumes=False, observe=acme.observe) == kept, "twice is fine"
    acme.apply(wanted)
    assert acme.plan(wanted) == {}

    with pytest.raises(TargetError, match="influxdb-data would go with the namespace"):
        acme.target().destroy(volumes=False, namespace=True, observe=acme.observe)
    acme.target().destroy(volumes=True, policies=True, namespace=True, observe=acme.observe)
    assert snapshot.take(acme.cluster, acme.namespace).namespace is None
    assert acme.target().destroy(volumes=True, observe=acme.observe) == {}


def test_a_namespace_with_strangers_is_not_deleted(acme: Stage) -> None:
    acme.apply(bundle(acme.tenant))
    mine = {"name": "mine", "namespace": acme.namespace}
    acme.plane.api.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": mine})
    with pytest.raises(TargetError, match="ConfigMap mine"):
        acme.target().destroy(volumes=True, policies=True, namespace=True, observe=acme.observe)
    assert acme.target().components(), "nothing was deleted"


def test_a_namespace_that_is_being_deleted(acme: Stage) -> None:
    held = {"name": acme.namespace, "finalizers": ["example.com/held"]}
    path = f"/api/v1/namespaces/{acme.namespace}"
    acme.plane.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": held})
    acme.plane.api.delete(path)
    with pytest.raises(TargetError, match="is being deleted since"):
        acme.apply(bundle(acme.tenant))
    edit(acme, path, {"metadata": {"finalizers": None}})
