"""A tenant's life on the cluster of `scripts/cluster up`, typed as docs/engineer.md shows it.

The pods are simulated, their programs are not: Telegraf polls, InfluxDB keeps, the stand-in for
Grafana holds boards. Devices are addresses of this machine that answer ping; what SNMP tells is
the business of test_demo.py. Leaves out what only containers have (tests/node).
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cluster import programs

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[3]
FLEET = """
targets: {trial: {type: kubernetes}}
target: trial
polling: {interval: 10s}
ping: {count: 1}
"""
TENANT = "exposure: {grafana: {host: acme.example}}\n"
DEVICES = "name,address,snmp\nnear,127.0.0.41,no\nfar,127.0.0.42,no\n"


@dataclass
class Trial:
    root: Path
    environ: dict[str, str] = field(default_factory=dict)

    def __call__(self, *command: str, code: int | None = 0) -> str:
        """Runs it in the workspace; returns standard output. A traceback is never right.

        A `code` of None takes any.
        """
        done = subprocess.run(
            command,
            cwd=self.root,
            env={**os.environ, **self.environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert code in (None, done.returncode), done.stdout + done.stderr
        return done.stdout

    def tigctl(self, *arguments: str, code: int | None = 0) -> str:
        return self(str(ROOT / ".venv/bin/tigctl"), *arguments, code=code)

    def kubectl(self, *arguments: str) -> str:
        return self(str(programs.find("kubectl")["kubectl"]), *arguments)

    def changes(self) -> dict[str, str]:
        found = json.loads(self.tigctl("plan", "acme", "-o", "json", code=3))
        return {f"{one['kind']} {one['name']}": one["action"] for one in found["changes"]}


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    """The cluster, and a workspace whose target it is."""
    root = tmp_path / "work"
    (root / "tenants" / "acme").mkdir(parents=True)
    (root / "fleet.yaml").write_text(FLEET)
    (root / "tenants/acme/tenant.yaml").write_text(TENANT)
    (root / "tenants/acme/devices.csv").write_text(DEVICES)
    found = Trial(root, {"TIGCTL_CLUSTER": str(tmp_path / "cluster")})
    said = found(str(ROOT / "scripts/cluster"), "up")
    try:
        # What `eval "$(scripts/cluster up)"` does.
        name, _, value = said.strip().removeprefix("export ").partition("=")
        found.environ[name] = value
        yield found
    finally:
        found(str(ROOT / "scripts/cluster"), "down")
        assert not (tmp_path / "cluster").exists()


def test_from_nothing_to_nothing(trial: Trial, tmp_path: Path) -> None:
    assert set(trial.changes().values()) == {"create"}
    trial.tigctl("apply", "acme", "--wait", "120s", "--strict")
    status = json.loads(trial.tigctl("status", "acme", "-o", "json"))
    assert status["healthy"]
    assert {one["state"] for one in status["devices"]} == {"ok"}
    trial.tigctl("plan", "acme")
    trial.tigctl("verify", "acme")
    assert "Loaded outputs: " in trial.kubectl("-n", "tig-acme", "logs", "deploy/telegraf-0")

    # Three things change in the files.
    (trial.root / "fleet.yaml").write_text(FLEET + "retention: {raw: 60d}\n")
    (trial.root / "tenants/acme/tenant.yaml").write_text(TENANT.replace("acme.", "noc."))
    (trial.root / "tenants/acme/devices.csv").write_text(DEVICES + "third,127.0.0.43,no\n")
    planned = trial.changes()
    assert set(planned.values()) == {"update"}
    assert {"Bucket raw", "HTTPRoute grafana", "Deployment telegraf-0"} <= planned.keys()
    trial.tigctl("apply", "acme", "--wait", "120s", "--strict")
    trial.tigctl("plan", "acme")

    # Somebody breaks two things by hand.
    trial.kubectl("-n", "tig-acme", "delete", "ciliumnetworkpolicy", "dns")
    trial.kubectl("-n", "tig-acme", "scale", "deployment", "telegraf-0", "--replicas=0")
    assert trial.changes() == {
        "CiliumNetworkPolicy dns": "create",
        "Deployment telegraf-0": "update",
    }
    trial.tigctl("apply", "acme", "--wait", "120s", "--strict")
    trial.tigctl("plan", "acme")

    # InfluxDB alone starts anew, and Telegraf finds it as before.
    before = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    # A simulated pod is gone at once, and kubectl 1.35 that begins to wait when the next one of the
    # name is there already takes that for the old one, for ever.
    trial.kubectl("-n", "tig-acme", "delete", "pod", "influxdb-0", "--wait=false")
    for _ in range(100):
        devices = json.loads(trial.tigctl("status", "acme", "-o", "json", code=None))["devices"]
        if all((one["last_data"] or "") > before for one in devices):
            break
    else:
        pytest.fail(f"no data since {before}: {devices}")

    # Somebody loses the key to InfluxDB.
    trial.kubectl("-n", "tig-acme", "delete", "secret", "influxdb-operator")
    assert trial.changes()["Organization acme"] == "update"
    trial.tigctl("apply", "acme", "--recover-operator", "--wait", "120s", "--strict")
    trial.tigctl("plan", "acme")

    trial.tigctl("rollback", "acme", "1", "--wait", "120s")
    assert trial.changes()["Bucket raw"] == "update"
    trial.tigctl("destroy", "acme", "-P", "-C", "-N", "--yes")
    assert "tig-acme" not in trial.kubectl("get", "namespaces,persistentvolumes", "-o", "name")
    folder = tmp_path / "cluster" / "behind"
    for _ in range(100):
        if not [*(folder / "pods").glob("*"), *(folder / "claims").glob("*")]:
            break
        trial.kubectl("get", "namespaces")  # as long as programs take to end
    assert not [*(folder / "pods").glob("*"), *(folder / "claims").glob("*")]
