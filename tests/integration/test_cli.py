"""Covers the commands that need a running stack, as a user types them: plan, apply, status, verify,
open, destroy on the real Telegraf and InfluxDB, with two devices that are only pinged.

Leaves out devices that speak SNMP (test_demo.py, test_probe.py) and kills at any moment
(test_local.py).
"""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.pages import commands

pytestmark = pytest.mark.real

DEVICES = "name,address,snmp\ncore,127.41.0.1,no\nedge,127.41.0.2,no\n"
TENANT = "polling: {interval: 5s}\nping: {count: 1}\n"


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Workspace:
    root: Path

    def run(self, *arguments: str) -> Said:
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("TIGCTL_W", "SNMP_"))}
        done = subprocess.run(
            [sys.executable, "-m", "tigctl", *arguments],
            cwd=self.root,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert "Traceback" not in done.stderr
        return Said(done.returncode, done.stdout, done.stderr)

    def write(self, name: str, text: str) -> None:
        (self.root / "tenants/acme" / name).write_text(text)


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace whose tenant acme has just been applied for the first time."""
    workspace = Workspace(tmp_path_factory.mktemp("workspace"))
    assert workspace.run("init").code == 0
    workspace.write("devices.csv", DEVICES)
    workspace.write("tenant.yaml", TENANT)
    before = workspace.run("plan", "acme")
    assert before.code == 3
    assert "Carry out: tigctl apply acme" in before.out
    unborn = workspace.run("status", "acme")
    assert (unborn.code, unborn.out.splitlines()[0]) == (3, "acme on local: nothing is applied")
    try:
        said = workspace.run("apply", "acme", "--wait", "60s")
        assert said.code == 0, said.err
        assert "data" in said.err
        assert "core" in said.out
        assert f"@reboot {sys.executable}" in said.err
        yield workspace
    finally:
        workspace.run("destroy", "acme", "-P", "--yes")


def test_applying_again_changes_nothing_and_says_so(applied: Workspace) -> None:
    assert applied.run("plan").code == 0
    said = applied.run("apply", "acme")
    assert said.code == 0
    assert "acme: nothing had to be changed." in said.err
    assert "After a reboot: tigctl apply acme" in said.err
    assert "@reboot" not in said.err


def test_status_tells_of_each_device(applied: Workspace) -> None:
    said = applied.run("status", "-o", "json")
    assert said.code == 0, said.out
    status = json.loads(said.out)
    assert status["healthy"] is True
    assert [device["name"] for device in status["devices"]] == ["core", "edge"]
    keys = ["name", "address", "profile", "ping_ms", "snmp", "last_data", "state", "reason"]
    assert list(status["devices"][0])[: len(keys)] == keys
    table = applied.run("status", "acme").out
    assert "influxdb running, telegraf-0 running" in table
    assert "2 of 2 devices ok; acme is healthy" in table


def test_watching_redraws_in_place_until_it_is_interrupted(applied: Workspace) -> None:
    terminal, inside = pty.openpty()
    environ = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
    watching = subprocess.Popen(
        [sys.executable, "-m", "tigctl", "status", "acme", "--watch"],
        cwd=applied.root,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=inside,
        stderr=inside,
    )
    os.close(inside)
    try:
        drawn = ""
        while drawn.count("Ctrl-C ends it") < 2 and watching.poll() is None:
            drawn += os.read(terminal, 65_536).decode(errors="replace")
        watching.send_signal(signal.SIGINT)
        assert watching.wait(timeout=20) == 130
    finally:
        watching.kill()
        watching.wait()
        os.close(terminal)
    first, second = drawn.split("Ctrl-C ends it")[:2]
    assert "2 of 2 devices ok" in first
    # The second picture begins by going back up over the first one (CSI 1 A), line by line.
    assert second.count("\x1b[1A") >= 5


def test_verify_counts_what_it_looked_for(applied: Workspace) -> None:
    said = applied.run("verify", "acme")
    assert said.code == 0, said.out
    assert "2 devices, 2 measurements looked for, 0 missing" in said.out
    assert json.loads(applied.run("verify", "acme", "-o", "json").out)["complete"] is True


def test_open_prints_the_way_in_and_no_secret(applied: Workspace) -> None:
    said = applied.run("open", "acme", "influxdb")
    assert said.code == 0
    assert said.out.startswith("http://127.0.0.1:")
    for secret in (applied.root / ".tigctl/local/acme/secrets").iterdir():
        assert secret.read_text() not in said.out + said.err
        shown = str(secret) in said.err
        assert shown or secret.name.startswith(("operator.token", "telegraf.token", "reader.token"))
    assert applied.run("open", "acme", "grafana").code == 2


def test_a_plan_file_is_carried_out_unless_things_have_changed(applied: Workspace) -> None:
    applied.write("tenant.yaml", TENANT + "retention: {raw: 20d}\n")
    said = applied.run("plan", "acme", "--out", "acme.plan")
    assert said.code == 3
    assert "retention: 30d, should be 20d" in said.out
    assert json.loads((applied.root / "acme.plan").read_text())["summary"]["update"] == 1

    applied.write("tenant.yaml", TENANT + "retention: {raw: 10d}\n")
    stale = applied.run("apply", "--plan", "acme.plan")
    assert stale.code == 1
    assert "have changed since the plan was made" in stale.err

    applied.write("tenant.yaml", TENANT + "retention: {raw: 20d}\n")
    assert applied.run("apply", "--plan", "acme.plan").code == 0
    assert applied.run("plan", "--all").code == 0


def test_strict_minds_a_device_without_data(
    applied: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied.write("devices.csv", DEVICES + "lost,127.41.0.3,yes\n")
    monkeypatch.setenv("LOST_COMMUNITY", "x")
    login = "credentials: {default: {version: 2c, community: {env: LOST_COMMUNITY}}}\n"
    applied.write("tenant.yaml", TENANT + login)
    try:
        assert applied.run("apply", "acme", "--wait", "5s").code == 0
        strict = applied.run("apply", "acme", "--wait", "5s", "--strict")
        assert strict.code == 3
        assert "lost" in strict.out
        assert applied.run("status", "acme").code == 3
    finally:
        applied.write("devices.csv", DEVICES)
        applied.write("tenant.yaml", TENANT)


def test_an_unset_variable_is_refused_before_anything_is_done(applied: Workspace) -> None:
    applied.write("devices.csv", "name,address\ncore,127.41.0.1\n")
    said = applied.run("apply", "acme")
    applied.write("devices.csv", DEVICES)
    assert said.code == 1
    assert "SNMP_COMMUNITY" in said.err
    assert "next: export" in said.err


def test_destroy_keeps_the_data_for_the_next_apply(applied: Workspace) -> None:
    said = applied.run("destroy", "acme", "--yes")
    assert said.code == 0
    assert "its data waits in" in said.out
    assert applied.run("verify", "acme").code == 1
    assert applied.run("apply", "acme", "--wait", "60s").code == 0
    assert (
        applied.run("destroy", "acme", "--volumes", "--yes").out == "acme is gone, with its data.\n"
    )
    assert not (applied.root / ".tigctl/local/acme").exists()


def test_backup_and_restore_as_the_page_shows_them(applied: Workspace) -> None:
    """docs/operations.md, in a shell in the workspace; what was measured before is there after."""
    applied.run("apply", "acme", "--wait", "60s")
    first = json.loads(applied.run("status", "-o", "json").out)["devices"][0]["last_data"]
    token = (applied.root / ".tigctl/local/acme/secrets/telegraf.token").read_text()
    for heading in ("Backup", "Restore"):
        for command in commands("docs/operations.md", heading):
            environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=applied.root,
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=200,
            )
            assert done.returncode == 0, f"{command}: {done.stderr}"
        if heading == "Backup":
            (applied.root / ".tigctl/local/acme/secrets/telegraf.token").write_text("spoilt")
    assert (applied.root / ".tigctl/local/acme/secrets/telegraf.token").read_text() == token
    assert applied.run("plan", "acme").code == 0
    status = json.loads(applied.run("status", "-o", "json").out)
    assert status["devices"][0]["last_data"] >= first
