"""tigctl killed with -9 at calls to the API server, and run again: it converges.

Covers: an apply, an upgrade and a destroy, killed once per step and at each call that is not
safe to make twice, before the server got it and after. Leaves out: all the other calls, which
`make bench` walks through one by one.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from tests.cluster.plane import Plane
from tests.cluster.proxy import Call, Proxy, Spoilt
from tests.integration.kubernetes import tenants
from tests.integration.kubernetes.tenants import Stage, bundle, objects
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.render.bundle import Bundle
from tigctl.targets import database
from tigctl.targets.kubernetes import names, snapshot

pytestmark = pytest.mark.real

_NUMBERS = itertools.count(1)


@dataclass
class Killing:
    """A tenant, and a tigctl in a process of its own whose calls go through a door."""

    stage: Stage
    proxy: Proxy
    directory: Path

    def run(
        self, action: str, wanted: Bundle | None, when: Callable[[Call], bool], how: str
    ) -> int:
        """Runs it and kills it at the first call that `when` picks; returns its exit code."""
        files = []
        if wanted:
            file = self.directory / "bundle.json"
            file.write_bytes(TypeAdapter(Bundle).dump_json(wanted))
            files = [str(file)]
        kubeconfig = self.proxy.kubeconfig(self.directory)
        self.proxy.calls.clear()
        process: list[subprocess.Popen[bytes]] = []

        def kill(call: Call) -> bool:
            if when(call):
                os.kill(process[0].pid, signal.SIGKILL)
                return True
            return False

        def before(call: Call) -> Spoilt | None:
            if "/portforward" in call.path or call.path.endswith("/statefulsets/influxdb"):
                self.stage.plane.forward_pod(
                    self.stage.namespace, "influxdb-0", 8086, self.stage.port
                )
            return Spoilt(500) if how == "before" and kill(call) else None

        self.proxy.spoil = before
        self.proxy.passed = lambda call: None if how == "before" else (kill(call), None)[1]
        module = "tests.integration.kubernetes.killed"
        command = [sys.executable, "-m", module, str(kubeconfig), self.stage.tenant, action]
        process.append(subprocess.Popen([*command, *files], stderr=subprocess.PIPE))
        _, said = process[0].communicate(timeout=120)
        code = process[0].returncode
        assert code in {0, -signal.SIGKILL}, said.decode()
        return code

    def converges(self, wanted: Bundle) -> None:
        """Applied again, all is as after an apply that nobody disturbed."""
        self.stage.apply(wanted)
        assert self.stage.plan(wanted) == {}
        assert self.stage.cluster.get(Ref("Lease", self.stage.namespace, names.LEASE)) is None
        there = snapshot.take(self.stage.cluster, self.stage.namespace).objects
        ours = {
            (ref.kind, ref.name)
            for ref, metadata in there.items()
            if (metadata.get("labels") or {}).get(names.MANAGED) == "tigctl"
            and not ref.name.startswith(names.REVISION)
        }
        rendered = {(one["kind"], one["metadata"]["name"]) for one in wanted.kubernetes}
        own = {("ConfigMap", names.INVENTORY)} | {
            ("Secret", name) for name in names.SECRETS if name != names.DEVICES_SECRET
        }
        assert ours == rendered | own
        target = self.stage.target()
        url = target.reach.url("influxdb")
        assert url
        with database.operator(target.secrets, self.stage.tenant, url) as influx:
            found = sorted(one.description for one in influx.authorizations())
        target.reach.close()
        assert found == [
            "admin's Token",
            f"tigctl {self.stage.tenant} reader",
            f"tigctl {self.stage.tenant} telegraf",
        ]


@pytest.fixture
def killing(plane: Plane, tmp_path: Path) -> Iterator[Killing]:
    name = f"killed-{next(_NUMBERS)}"
    with tenants.stage(plane, name, tmp_path) as stage, Proxy(plane) as proxy:
        yield Killing(stage, proxy, tmp_path)


def call(method: str, path: str, number: int, *, exact: bool = False) -> Callable[[Call], bool]:
    """Picks the `number`th call of a method whose path contains a text; no dry run.

    `exact`: the path ends with one name after it.
    """
    left = itertools.count(1)

    def picks(one: Call) -> bool:
        found = one.path.partition("?")[0].partition(path)
        meant = one.method == method and found[1] and "dryRun" not in one.path
        return bool(meant and not (exact and "/" in found[2])) and next(left) == number

    return picks


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


@pytest.mark.parametrize("step", DESTROY)
def test_a_destroy_killed_in_between_goes_on(killing: Killing, step: str) -> None:
    killing.stage.apply(bundle(killing.stage.tenant))
    killing.run("destroy", None, call(*DESTROY[step], exact=step == "namespace"), "after")
    killing.run("destroy", None, lambda _call: False, "after")
    there = snapshot.take(killing.stage.cluster, killing.stage.namespace)
    assert there.namespace is None
