"""Covers `make demo` as README shows it, twice, then `make demo-down`: what it says, what each
device comes to, that no secret lies in a file others can read, and that nothing is left. Then the
same devices on a cluster for trial, as docs/engineer.md shows it.

Leaves out how fast it is (tests/bench). The demo's addresses and its folder are fixed, so this does
not run beside a demo of your own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.pages import blocks

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "demo"
TRIAL = ROOT / "trial"
SECRETS = ("demo-read-only", "demo-authentication", "demo-encryption")

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def run(*command: str, **environ: str) -> Ran:
    own = {
        key: value for key, value in os.environ.items() if not key.startswith(("TIGCTL_W", "SNMP_"))
    }
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**own, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def demo() -> Iterator[Ran]:
    if (DEMO / "fleet.yaml").exists():
        pytest.skip("a demo is there already; end it with make demo-down")
    ran = run("scripts/demo")
    yield ran
    run("scripts/demo-down")


def test_it_goes_through_and_says_how_long_each_step_took(demo: Ran) -> None:
    assert demo.code == 0, demo.err
    for step in ("Tools", "Devices", "Validate", "Probe", "Apply"):
        assert re.search(rf"^{step} +done in \d+\.\d s$", demo.err, flags=re.MULTILINE)
    assert re.search(r"^Status +exit code 3 in \d+\.\d s$", demo.err, flags=re.MULTILINE)


def test_it_ends_with_the_table_and_what_to_type_next(demo: Ran) -> None:
    _, table, closing = demo.out.partition("DEVICE")
    assert table
    assert closing.count("\n") > 30
    assert "lab-switch" in closing
    assert closing.index("lab-switch") < closing.index("make demo-down")
    assert max(map(len, demo.out.splitlines())) <= 100


def test_every_device_is_well_but_those_that_are_silent_on_purpose(demo: Ran) -> None:
    ran = run(".venv/bin/tigctl", "--workspace", "demo", "status", "acme", "-o", "json")
    assert ran.code == 3
    status = json.loads(ran.out)
    states = {device["name"]: device["state"] for device in status["devices"]}
    assert len(states) >= 24
    assert states.pop("lab-switch") == "down"
    assert states.pop("branch-rt") == "no SNMP"
    assert set(states.values()) == {"ok"}
    assert {component["state"] for component in status["components"]} == {"running"}


def test_at_least_ten_kinds_of_device_are_told_apart(demo: Ran) -> None:
    ran = run(".venv/bin/tigctl", "--workspace", "demo", "status", "acme", "-o", "json")
    profiles = {device["profile"] for device in json.loads(ran.out)["devices"]} - {""}
    assert len(profiles) >= 10


def test_no_secret_lies_where_others_can_read_it(demo: Ran) -> None:
    tokens = [path.read_text() for path in DEMO.glob(".tigctl/local/*/secrets/*")]
    assert len(tokens) >= 3
    assert not any(secret in demo.out + demo.err for secret in (*SECRETS, *tokens))
    for path in DEMO.rglob("*"):
        # What the devices answer to is no secret of ours, and stands in examples/ too.
        if path.is_file() and not path.is_relative_to(DEMO / "devices"):
            content = path.read_bytes()
            if any(secret.encode() in content for secret in (*SECRETS, *tokens)):
                assert path.stat().st_mode & 0o077 == 0, path


def test_running_it_again_is_fine(demo: Ran) -> None:
    again = run("scripts/demo")
    assert again.code == 0, again.err
    assert "DEVICE" in again.out


def test_nothing_is_left_when_it_is_ended(demo: Ran) -> None:
    assert _processes(), "while it runs there are processes"
    ran = run("scripts/demo-down")
    assert ran.code == 0, ran.err
    assert not DEMO.exists()
    assert _processes() == []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.20.0.2", 1161))
    again = run("scripts/demo-down")
    assert again.code == 0, again.err


def test_the_same_on_a_cluster_as_the_docs_show_it(tmp_path: Path) -> None:
    if TRIAL.exists():
        pytest.skip("a trial is there already; end it as docs/engineer.md says")
    up, down = (block.text for block in blocks("docs/engineer.md") if "trial" in block.text)

    def typed(text: str) -> str:
        """What a person types, up to the first line that fails; returns what is said beside it."""
        ran = run("bash", "-ec", text, TIGCTL_CLUSTER=str(tmp_path / "cluster"))
        assert ran.code == 0, ran.out + ran.err
        return ran.err

    begin = 'source .venv/bin/activate; eval "$(scripts/cluster up)"; '
    try:
        said = typed(up)
        assert "29 of 31 devices ok" in said
        typed(f"{begin} cd trial; tigctl plan acme")
        typed(f"{begin} cd trial; {down}")
        assert not TRIAL.exists()
    finally:
        run("scripts/devices", "down")
        typed("scripts/cluster down")
        shutil.rmtree(TRIAL, ignore_errors=True)
    assert not (tmp_path / "cluster").exists()


def _processes() -> list[str]:
    """Command lines of processes that have to do with the demo's folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            place = (entry / "cwd").readlink()
        except OSError:
            continue
        if f"{DEMO}/" in line or f"{place}/".startswith(f"{DEMO}/"):
            found.append(line)
    return found
