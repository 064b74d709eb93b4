"""A real control plane for the tests of this folder: one per worker, started when first needed."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.plane import Plane
from tests.integration.kubernetes import tenants

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="package")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """All tests of a worker share it, so each works in namespaces of its own and cleans up.

    It ends with the last of them, or with the worker, whatever ends that: even idle it takes a
    twentieth of a processor.
    """
    with Plane(tmp_path_factory.mktemp("plane") / "state", tied=True) as started:
        yield started


@pytest.fixture
def namespace(plane: Plane) -> Iterator[str]:
    """The name of an empty namespace, deleted afterwards without waiting for it."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    plane.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    # Pods are refused until its service account is there.
    account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
    plane.wait(lambda: plane.api.find(account), "service account")
    yield name
    plane.api.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture
def acme(plane: Plane, tmp_path: Path) -> Iterator[tenants.Stage]:
    """A tenant nobody has seen before."""
    with tenants.stage(plane, f"acme-{next(_NUMBERS)}", tmp_path) as stage:
        yield stage
