"""Covers the words of a refused apply that no current API server answers with.

What the real one refuses today: tests/integration/kubernetes/test_rights.py and test_faults.py.
"""

from __future__ import annotations

from tigctl.backends.kubernetes.errors import Forbidden, QuotaExceeded, refusal


def test_an_older_server_that_names_no_right_lacks_that_to_create() -> None:
    said = {
        "reason": "Forbidden",
        "message": 'statefulsets.apps "influxdb" is forbidden: ',
        "details": {"name": "influxdb", "group": "apps", "kind": "statefulsets"},
    }
    error = refusal("apply StatefulSet influxdb", 403, said)
    assert isinstance(error, Forbidden)
    assert 'cannot create resource "statefulsets"' in str(error)
    assert "tigctl rbac" in str(error.hint)


def test_a_quota_s_refusal_is_no_missing_right() -> None:
    said = {
        "reason": "Forbidden",
        "message": 'pods "a" is forbidden: exceeded quota: tigctl, requested: pods=1',
    }
    error = refusal("apply Pod a", 403, said)
    assert not isinstance(error, Forbidden)
    assert "cannot create" not in str(error)


def test_what_a_quota_lacks_is_told_resource_by_resource() -> None:
    said = {
        "reason": "Forbidden",
        "message": 'persistentvolumeclaims "a" is forbidden: exceeded quota: team, requested:'
        " persistentvolumeclaims=1,requests.storage=40Gi, used:"
        " persistentvolumeclaims=2,requests.storage=1536Mi, limited:"
        " persistentvolumeclaims=2,requests.storage=42Gi",
    }
    error = refusal("apply PersistentVolumeClaim a", 403, said)
    assert isinstance(error, QuotaExceeded)
    assert error.message == (
        "the API server refused to apply PersistentVolumeClaim a: ResourceQuota team leaves too"
        " little: persistentvolumeclaims: 1 asked, 2 of 2 in use; requests.storage: 40Gi asked,"
        " 1536Mi of 42Gi in use"
    )
    assert "make that quota larger" in str(error.hint)
