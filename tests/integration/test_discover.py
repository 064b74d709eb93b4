"""Discovering real agents as a user does: `tigctl discover` against snmpsim (v2c, v3, IPv6).

Covers what is found and merged, addresses that are dead (dropped by nft; needs root), an
interruption by SIGINT and going on from there. Leaves out the sweep's own rules (test_sweep.py)
and how findings are compared (tests/unit/discovery).
"""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.agents import COMMUNITY, V3_AUTH, V3_PRIVACY, Object, agents
from tests.simulator import silence

pytestmark = pytest.mark.real

FLEET = """\
credentials:
  strange: {version: 2c, community: {env: STRANGE}}
  default: {version: 2c, community: {env: COMMUNITY}}
  core:
    version: 3
    user: noc
    auth: {protocol: sha256, password: {env: AUTH}}
    privacy: {protocol: aes, password: {env: PRIVACY}}
"""
SECRETS = {
    "STRANGE": "not-this-one",
    "COMMUNITY": COMMUNITY,
    "AUTH": V3_AUTH,
    "PRIVACY": V3_PRIVACY,
}


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def rows(self) -> dict[str, dict[str, str]]:
        return {row["name"]: row for row in csv.DictReader(io.StringIO(self.out))}


@dataclass(frozen=True)
class Workspace:
    root: Path
    network: str

    @property
    def devices(self) -> Path:
        return self.root / "tenants/acme/devices.csv"

    def start(self, *arguments: str, **secrets: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tigctl", *arguments],
            cwd=self.root,
            env={**os.environ, **SECRETS, **secrets},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **secrets: str) -> Said:
        process = self.start(*arguments, **secrets)
        out, err = process.communicate(timeout=120)
        assert "Traceback" not in err
        return Said(process.returncode, out, err)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A tenant whose network no other test worker has."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    network = f"127.81.{worker}"
    folder = tmp_path / "noc/tenants/acme"
    folder.mkdir(parents=True)
    (tmp_path / "noc/fleet.yaml").write_text(FLEET)
    (folder / "tenant.yaml").write_text(f'networks: [{network}.0/24, "::1/128"]\n')
    return Workspace(tmp_path / "noc", network)


def system(name: str, engine: str = "", serial: str = "") -> list[Object]:
    objects: list[Object] = [
        ("1.3.6.1.2.1.1.1.0", 4, f'a box with "quotes", called {name}'),
        ("1.3.6.1.2.1.1.2.0", 6, "1.3.6.1.4.1.8072.3.2.10"),
        ("1.3.6.1.2.1.1.5.0", 4, name),
    ]
    if engine:
        objects.append(("1.3.6.1.6.3.10.2.1.1.0", "4x", engine))
    if serial:
        objects.append(("1.3.6.1.2.1.47.1.1.1.1.11.1", 4, serial))
    return objects


@dataclass(frozen=True)
class Served:
    workspace: Workspace
    port: str

    def discover(self, *arguments: str, **secrets: str) -> Said:
        return self.workspace.run(
            "discover", "acme", "--port", self.port, "--rate", "5000", *arguments, **secrets
        )


@pytest.fixture
def served(workspace: Workspace, tmp_path: Path) -> Iterator[Served]:
    """Agents at .1 and .2 (one with a serial number), ::1, and .3, which wants a user."""
    net = workspace.network
    devices = {
        f"{net}.1": system("sw1.acme"),
        f"{net}.2": system("sw2", serial="FCW1929B68S"),
        "::1": system("six", engine="80001f8880aabbccdd"),
        f"{net}.3": system("core"),
    }
    with agents(tmp_path / "agents", devices, v3=[f"{net}.3"]) as port:
        yield Served(workspace, str(port))


def test_agents_of_all_kinds_are_found_and_merged(served: Served) -> None:
    net, file = served.workspace.network, served.workspace.devices
    port = served.port
    before = f"# ours\nport,address,name,site\n{port},{net}.1,switch-one,hq\n# end\n"
    file.write_text(before)
    said = served.discover("--exclude", f"{net}.5-{net}.254", "-o", "json")
    assert said.code == 0, said.err
    found = {one["address"]: one for one in json.loads(said.out)["found"]}
    shown = {
        address: tuple(one[key] for key in ("name", "state", "credentials"))
        for address, one in found.items()
    }
    assert shown == {
        f"{net}.1": ("switch-one", "listed", "default"),
        f"{net}.2": ("sw2", "new", "default"),
        f"{net}.3": ("core", "new", "core"),
        f"{net}.4": (f"{net}.4", "new", ""),
        "::1": ("six", "new", "default"),
    }
    assert found[f"{net}.2"]["serial"] == "FCW1929B68S"
    assert found[f"{net}.3"]["engine_id"].startswith("80004fb805")
    assert found["::1"]["engine_id"] == "80001f8880aabbccdd"
    assert "5: 4 by SNMP (3 default, 1 core), 1 by ping only. Already listed: 1. New: 4" in said.err

    wanted = ("--exclude", f"{net}.5-{net}.254", "--snmp-only")
    said = served.discover(*wanted, "--write")
    assert (said.code, said.out) == (0, "")
    assert "devices.csv: 3 devices added." in said.err
    after = before.replace("site", "site,credentials") + (
        f"{port},{net}.2,sw2,,default\n{port},{net}.3,core,,core\n{port},::1,six,,default\n"
    )
    assert file.read_text() == after
    assert served.workspace.run("validate", "acme").code == 0
    assert "all already" in served.discover(*wanted, "--write").err
    assert file.read_text() == after
    # What it wrote is enough to probe them.
    said = served.workspace.run(
        "probe", "acme", "--device", "sw2", "--device", "core", "--device", "six", "--strict"
    )
    assert said.code == 0, said.err
    lock = json.loads(file.with_name("devices.lock.json").read_text())["devices"]
    assert lock["sw2"]["facts"]["serial"] == "FCW1929B68S"
    assert lock["six"]["facts"]["engine_id"] == "80001f8880aabbccdd"


def test_a_device_that_moved_is_known_again(served: Served) -> None:
    net, file = served.workspace.network, served.workspace.devices
    file.write_text(f"name,address,port\nsw2,{net}.2,{served.port}\n")
    assert served.workspace.run("probe", "acme", "--strict").code == 0
    # As if it had had another address then, one that is silent now.
    file.write_text(f"name,address,port\nsw2,127.81.99.9,{served.port}\n")
    lock = file.with_name("devices.lock.json")
    lock.write_text(lock.read_text().replace(f"{net}.2", "127.81.99.9"))
    (file.with_name("tenant.yaml")).write_text(f"networks: [{net}.0/24, 127.81.99.0/24]\n")
    if why := silence.impose(file, ["127.81.99.9"]):
        pytest.skip(f"no address can be made dead: {why}")
    try:
        said = served.discover(f"{net}.2", "127.81.99.9", "--write")
    finally:
        silence.lift(file)
    assert "moved    sw2: 127.81.99.9 -> " in said.err
    assert file.read_text() == f"name,address,port\nsw2,{net}.2,{served.port}\n"


def test_dead_addresses_are_not_found_and_listed_ones_are_gone(served: Served) -> None:
    net, file = served.workspace.network, served.workspace.devices
    file.write_text(f"name,address\nold,{net}.10\n")
    if why := silence.impose(file, [f"{net}.{n}" for n in range(4, 255)]):
        pytest.skip(f"no address can be made dead: {why}")
    try:
        said = served.discover(f"{net}.0/24")
    finally:
        silence.lift(file)
    assert said.rows.keys() == {"sw1.acme", "sw2", "core"}
    assert f"gone     old ({net}.10): no answer" in said.err


def test_a_user_nobody_knows_is_told_as_an_agent_without_login(served: Served) -> None:
    net = served.workspace.network
    served.workspace.devices.write_text("name,address\n")
    said = served.discover(f"{net}.3", "--credentials", "core", AUTH="wrong-password")
    assert said.code == 0
    assert "1: 1 agent that no login fits. New: 1" in said.err
    assert f"new      {net}.3: v3: wrong digest for user 'noc'" in said.err
    assert said.out.splitlines()[1] == f"{net}.3,{net}.3,{served.port}"


def test_what_may_not_be_swept_is_refused(workspace: Workspace) -> None:
    workspace.devices.write_text("name,address\n")
    said = workspace.run("discover", "acme", "10.0.0.0/8")
    assert said.code == 2
    assert "10.0.0.0/8 is not within the networks of acme" in said.err
    (workspace.root / "tenants/acme/tenant.yaml").write_text("")
    said = workspace.run("discover", "acme", "127.0.0.0/24")
    assert said.code == 2
    assert "acme has no networks that may be swept" in said.err
    said = workspace.run("discover", "acme", "--credentials", "defalt")
    assert said.code == 2


def test_an_interrupted_sweep_goes_on_where_it_was(workspace: Workspace) -> None:
    net = workspace.network
    workspace.devices.write_text("name,address\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as first:
        first.bind((f"{net}.1", 0))
        port = first.getsockname()[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.bind((f"{net}.250", port))
            arguments = ("discover", "acme", f"{net}.0/24", "--credentials", "default")
            arguments = (*arguments, "--port", str(port), "--rate", "100")
            process = workspace.start(*arguments)
            last.settimeout(60)
            last.recv(2048)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
            assert (process.returncode, out) == (130, "")
            assert "Interrupted. The same command again goes on from there" in err
            said = workspace.run(*arguments)
        assert "Goes on where this sweep was interrupted" in said.err
        assert said.code == 0
        assert len(said.rows) == 254
        first.setblocking(False)
        # Asked before the interruption, and once more at the end, because it answers ping only.
        assert all(first.recv(2048) for _ in range(2))
        with pytest.raises(BlockingIOError):
            first.recv(2048)
    assert not list((workspace.root / ".tigctl").rglob("*.json"))
