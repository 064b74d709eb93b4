"""Longhorn as its documentation describes it to others: its nodes and settings, nothing behind.

Its own definitions are in no registry, so these are the least that the documentation says of
them: names, scope, `spec`, `status` and a setting's `value`, without a schema inside.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tests.cluster.api import ApiError, Object
from tests.cluster.plane import Plane

NAMESPACE = "longhorn-system"
VERSION = "longhorn.io/v1beta2"
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_GIB = 2**30


@contextlib.contextmanager
def installed(plane: Plane) -> Iterator[None]:
    """The cluster knows Longhorn's kinds meanwhile."""
    for plural, kind in (("nodes", "Node"), ("settings", "Setting")):
        plane.api.create(_definition(plural, kind))
        plane.wait(lambda plural=plural: _served(plane, plural), f"{plural} of Longhorn")
    plane.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    try:
        yield
    finally:
        for plural in ("nodes", "settings"):
            plane.api.delete(f"{_DEFINITIONS}/{plural}.longhorn.io")
            plane.wait(lambda plural=plural: not _served(plane, plural), "end of Longhorn")


def node(plane: Plane, name: str, *, ready: bool = True, tags: tuple[str, ...] = ()) -> None:
    """A storage node with one disk of 100 GiB that is empty."""
    yes = {"status": "True" if ready else "False"}
    conditions = [{"type": "Ready", **yes}, {"type": "Schedulable", "status": "True"}]
    disk = {"allowScheduling": True, "storageReserved": 0, "tags": []}
    space = {"storageAvailable": 100 * _GIB, "storageMaximum": 100 * _GIB, "storageScheduled": 0}
    disk_status = {"disk": {"conditions": conditions[1:], **space}}
    plane.api.apply(
        {
            **_named("Node", name),
            "spec": {"allowScheduling": True, "tags": list(tags), "disks": {"disk": disk}},
            "status": {"conditions": conditions, "diskStatus": disk_status},
        }
    )


def setting(plane: Plane, name: str, value: str) -> None:
    """A setting; Longhorn keeps all values as texts."""
    plane.api.apply({**_named("Setting", name), "value": value})


def _named(kind: str, name: str) -> Object:
    return {
        "apiVersion": VERSION,
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE},
    }


def _served(plane: Plane, plural: str) -> bool:
    try:
        plane.api.list(f"/apis/{VERSION}/{plural}")
    except ApiError as error:
        if error.status in {404, 429}:  # a kind that was just defined is set up first
            return False
        raise
    return True


def _definition(plural: str, kind: str) -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1beta2",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.longhorn.io"},
        "spec": {
            "group": "longhorn.io",
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
            "versions": [version],
        },
    }
