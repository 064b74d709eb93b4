"""Covers: the launcher: clean environment, lock, digest, end with its parent; locks and ending.

Leaves out: supervisord above it (test_local).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tigctl.errors import Busy
from tigctl.targets.local import launch, locks
from tigctl.targets.local.supervisor import launcher

SLEEP = "/bin/sleep"


def write_spec(folder: Path, *command: str, **more: Any) -> Path:
    spec = {
        "name": "sleeper",
        "command": command,
        "environment": {"ONLY": "this"},
        "folder": str(folder),
        "lock": str(folder / "sleeper.lock"),
        "started": str(folder / "sleeper.started"),
        "inputs": [],
        **more,
    }
    path = folder / "sleeper.json"
    path.write_text(json.dumps(spec))
    return path


@contextlib.contextmanager
def launched(spec: Path, **options: Any) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([*launcher(), str(spec)], text=True, **options)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(condition: Any, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not come true"
        time.sleep(0.01)


def test_a_program_gets_exactly_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNMP_COMMUNITY", "not-for-everyone")
    done = subprocess.run(
        [*launcher(), str(write_spec(tmp_path, "/usr/bin/env"))],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "ONLY=this\n"


def test_it_becomes_the_program_and_holds_the_lock(tmp_path: Path) -> None:
    spec = write_spec(tmp_path, SLEEP, "60")
    with launched(spec) as process:
        wait_for(lambda: locks.holder(tmp_path / "sleeper.lock"))
        assert locks.holder(tmp_path / "sleeper.lock") == process.pid
        wait_for(lambda: b"sleep" in Path(f"/proc/{process.pid}/cmdline").read_bytes()[:12])
        assert locks.holder(tmp_path / "sleeper.lock") == process.pid
        second = subprocess.run(
            [*launcher(), str(spec)], capture_output=True, text=True, check=False
        )
        assert second.returncode == launch.EXIT_RUNS_ALREADY
        assert "runs already" in second.stderr
    assert locks.holder(tmp_path / "sleeper.lock") is None


def test_it_notes_what_it_was_started_with(tmp_path: Path) -> None:
    config = tmp_path / "x.conf"
    config.write_text("one")
    spec = write_spec(tmp_path, SLEEP, "60", inputs=[str(config)])
    with launched(spec) as process:
        wait_for((tmp_path / "sleeper.started").exists)
        noted = json.loads((tmp_path / "sleeper.started").read_text())
    assert noted == {"pid": process.pid, "digest": launch.digest(spec, [str(config)])}
    config.write_text("two")
    assert noted["digest"] != launch.digest(spec, [str(config)])


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    spec = write_spec(tmp_path, SLEEP, "60")
    code = "import subprocess, sys; subprocess.run(sys.argv[1:])"
    parent = subprocess.Popen([sys.executable, "-c", code, *launcher(), str(spec)])
    try:
        wait_for((tmp_path / "sleeper.started").exists)
        assert locks.holder(tmp_path / "sleeper.lock")
    finally:
        parent.kill()
        parent.wait()
    assert locks.wait_free(tmp_path / "sleeper.lock", seconds=20)


def test_a_process_that_ignores_the_request_is_ended_by_force(tmp_path: Path) -> None:
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "open('ready', 'w').close(); time.sleep(60)"
    )
    spec = write_spec(tmp_path, sys.executable, "-c", stubborn)
    with launched(spec) as process:
        wait_for((tmp_path / "ready").exists)
        reaper = subprocess.Popen([SLEEP, "0"])  # so that a zombie is not taken for a process
        reaper.wait()
        assert locks.end_holder(tmp_path / "sleeper.lock", seconds=0.2)
        assert process.wait(10) == -signal.SIGKILL
    assert not locks.end_holder(tmp_path / "sleeper.lock", seconds=0.2)


def test_the_program_s_children_do_not_hold_its_lock(tmp_path: Path) -> None:
    # Telegraf runs `ping`: one that outlives it must not look like Telegraf.
    spec = write_spec(tmp_path, "/bin/sh", "-c", f"{SLEEP} 60 & echo $!; wait")
    with launched(spec, stdout=subprocess.PIPE) as process:
        assert process.stdout
        child = int(process.stdout.readline())
        try:
            process.kill()
            process.wait()
            assert locks.holder(tmp_path / "sleeper.lock") is None
        finally:
            os.kill(child, signal.SIGKILL)


def test_detached_it_outlives_the_caller_and_writes_a_log(tmp_path: Path) -> None:
    log = tmp_path / "out.log"
    spec = write_spec(tmp_path, "/bin/sh", "-c", f"echo started; exec {SLEEP} 60", log=str(log))
    subprocess.run([*launcher(), str(spec), "--detach"], check=True, timeout=20)
    lock = tmp_path / "sleeper.lock"
    try:
        wait_for(lambda: log.exists() and log.read_text() == "started\n")
        pid = locks.holder(lock)
        assert pid
        assert os.getsid(pid) != os.getsid(0)
    finally:
        locks.end_holder(lock, seconds=10)


def test_only_one_tigctl_works_on_a_tenant(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    second = locks.one_at_a_time(lock, "acme")
    with (
        locks.one_at_a_time(lock, "acme"),
        pytest.raises(Busy, match=rf"another tigctl \(pid {os.getpid()}\).*acme"),
    ):
        second.__enter__()
    with locks.one_at_a_time(lock, "acme"):
        assert lock.stat().st_mode & 0o077 == 0
