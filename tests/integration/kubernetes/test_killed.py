"""tigctl killed with -9 at calls to the API server, and run again: it converges.

Covers: an apply, an upgrade, new tokens and a destroy, killed once per step and at each call that
is not safe to make twice, before the server got it and after. Leaves out: all the other calls,
which `make bench` walks through one by one.
"""

from __future__ import annotations

import itertools
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.plane import Plane
from tests.integration.kubernetes import killing as kill
from tests.integration.kubernetes.killing import Killing, call
from tests.integration.kubernetes.tenants import bundle, objects
from tigctl.targets.kubernetes import names, snapshot

pytestmark = pytest.mark.real

_NUMBERS = itertools.count(1)


@pytest.fixture
def killing(plane: Plane, tmp_path: Path) -> Iterator[Killing]:
    name = f"killed-{next(_NUMBERS)}"
    with kill.small(plane, name, tmp_path) as made:
        yield made


# Each step of an apply once, and each call that must not simply be made again: the Lease, and
# the Secrets that get their random values in the moment they are made.
APPLY = {
    "namespace": ("PATCH", "/namespaces/tig-", 1),
    "lease": ("POST", "/leases", 1),
    "policy": ("PATCH", "/ciliumnetworkpolicies/", 1),
    "volume": ("PATCH", "/persistentvolumeclaims/", 1),
    "grafana's password": ("PATCH", f"/secrets/{names.GRAFANA_SECRET}", 1),
    "operator's password": ("PATCH", f"/secrets/{names.OPERATOR_SECRET}", 1),
    "operator's token": ("PATCH", f"/secrets/{names.OPERATOR_SECRET}", 2),
    "influxdb": ("PATCH", "/statefulsets/influxdb", 1),
    "writer's token": ("PATCH", f"/secrets/{names.WRITER_SECRET}", 1),
    "reader's token": ("PATCH", f"/secrets/{names.READER_SECRET}", 1),
    "telegraf": ("PATCH", "/deployments/telegraf-0", 1),
    "revision": ("PATCH", f"/secrets/{names.REVISION}-1", 1),
    "inventory": ("PATCH", f"/configmaps/{names.INVENTORY}", 1),
}
UPGRADE = {
    "lease": ("POST", "/leases", 1),
    "configuration": ("PATCH", "/configmaps/telegraf-0", 1),
    "telegraf": ("PATCH", "/deployments/telegraf-0", 1),
    "deletion": ("DELETE", "/ciliumnetworkpolicies/", 1),
    "revision": ("PATCH", f"/secrets/{names.REVISION}-2", 1),
}
ROTATION = {
    "new token's id": ("PATCH", f"/secrets/{names.WRITER_SECRET}", 1),
    "new token": ("PATCH", f"/secrets/{names.WRITER_SECRET}", 2),
    "telegraf": ("PATCH", "/deployments/telegraf-0", 1),
}
DESTROY = {
    "lease": ("POST", "/leases", 1),
    "workload": ("DELETE", "/statefulsets/", 1),
    "secret": ("DELETE", "/secrets/", 3),
    "volume": ("DELETE", "/persistentvolumeclaims/", 1),
    "namespace": ("DELETE", "/namespaces/tig-", 1),
}


# Where a random value is made: the server may have it although tigctl never heard so, or not.
ONCE = ("lease", "operator's password", "operator's token", "writer's token")


@pytest.mark.parametrize(
    ("step", "how"), [*((step, "after") for step in APPLY), *((step, "before") for step in ONCE)]
)
def test_an_apply_killed_in_between_goes_on(killing: Killing, step: str, how: str) -> None:
    wanted = bundle(killing.stage.tenant)
    assert killing.run("apply", wanted, call(*APPLY[step]), how) == -signal.SIGKILL
    killing.converges(wanted)


@pytest.mark.parametrize("step", UPGRADE)
def test_an_upgrade_killed_in_between_goes_on(killing: Killing, step: str) -> None:
    tenant = killing.stage.tenant
    killing.stage.apply(bundle(tenant))
    changed = objects(tenant, telegraf="telegraf:1.39.4", config="# new\n")
    fewer = tuple(one for one in changed if one["kind"] != names.POLICY)
    assert killing.run("apply", bundle(tenant, fewer), call(*UPGRADE[step]), "after") < 0
    killing.converges(bundle(tenant, fewer))


@pytest.mark.parametrize("step", ROTATION)
def test_new_tokens_killed_in_between_come_or_do_not(killing: Killing, step: str) -> None:
    wanted = bundle(killing.stage.tenant)
    killing.stage.apply(wanted)
    assert killing.run("rotate", wanted, call(*ROTATION[step])) == -signal.SIGKILL
    killing.converges(wanted)


@pytest.mark.parametrize("step", DESTROY)
def test_a_destroy_killed_in_between_goes_on(killing: Killing, step: str) -> None:
    killing.stage.apply(bundle(killing.stage.tenant))
    killing.run("destroy", None, call(*DESTROY[step], exact=step == "namespace"), "after")
    killing.run("destroy")
    there = snapshot.take(killing.stage.cluster, killing.stage.namespace)
    assert there.namespace is None
