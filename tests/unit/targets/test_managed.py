"""Who owns fields of an object: ours, controllers', strangers'. Pure, on small metadata."""

from __future__ import annotations

from typing import Any

from tigctl.targets.kubernetes import managed

OURS = {
    "manager": "tigctl",
    "operation": "Apply",
    "fieldsV1": {"f:spec": {"f:replicas": {}, "f:paused": {}}},
}
KUBECTL = {
    "manager": "kubectl-edit",
    "operation": "Update",
    "time": "2026-11-20T14:02:11Z",
    "fieldsV1": {"f:spec": {"f:replicas": {}}},
}
CONTROLLER = {
    "manager": "kube-controller-manager",
    "operation": "Update",
    "fieldsV1": {"f:spec": {"f:volumeName": {}}},
}
RANCHER = {
    "manager": "rancher",
    "operation": "Update",
    "fieldsV1": {"f:metadata": {"f:labels": {"f:x": {}}}},
}
STATUS = {**KUBECTL, "subresource": "status"}


def metadata(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"managedFields": list(entries)}


def test_only_edits_of_fields_by_others_count() -> None:
    assert managed.strangers(metadata(OURS, CONTROLLER, RANCHER, STATUS)) == []
    assert managed.strangers(metadata(OURS, KUBECTL)) == [KUBECTL]
    assert [fields for entry in [KUBECTL] for fields in managed.paths(entry)] == [
        ("spec", "replicas")
    ]


def test_the_fingerprint_changes_when_a_field_is_no_longer_ours() -> None:
    taken = {**OURS, "fieldsV1": {"f:spec": {"f:paused": {}}}}
    assert managed.fingerprint(metadata(OURS)) != managed.fingerprint(metadata(taken, KUBECTL))
    assert managed.fingerprint(metadata(OURS)) == managed.fingerprint(
        metadata(RANCHER, {**OURS, "time": "2026-11-21T00:00:00Z"})
    ), "when is of no meaning"
    assert managed.fingerprint(metadata(KUBECTL)) == ""


def test_what_others_set_as_we_do_is_not_beside_ours() -> None:
    more = {**KUBECTL, "fieldsV1": {"f:spec": {"f:replicas": {}, "f:minReadySeconds": {}}}}
    assert not managed.beside_ours(metadata(OURS))
    assert not managed.beside_ours(metadata(OURS, KUBECTL)), "kept, so wanted by both"
    assert managed.beside_ours(metadata(OURS, more))
    assert managed.beside_ours(metadata(KUBECTL))
    assert not managed.beside_ours(metadata(OURS, RANCHER, CONTROLLER, STATUS))


def test_an_update_under_our_name_is_no_apply() -> None:
    assert managed.ours(metadata({**OURS, "operation": "Update"})) is None
    assert managed.ours({}) is None


def test_who_made_it() -> None:
    assert managed.manager(metadata(CONTROLLER, KUBECTL)) == "kubectl-edit"
    assert managed.manager({"labels": {"app.kubernetes.io/managed-by": "Helm"}}) == "Helm"
    assert managed.manager({}) == "somebody"
    assert managed.said(KUBECTL) == "kubectl-edit, 2026-11-20 14:02"
