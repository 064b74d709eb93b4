"""Background processes: remembered, ended, and nobody else's ever touched."""

from __future__ import annotations

import json
import os
import sys

import pytest

from tests.simulator import demo, silence
from tests.simulator.processes import Processes

WAIT = "print('up', flush=True); time.sleep(60)"
SLEEP = [sys.executable, "-c", f"import time; {WAIT}"]
IGNORE = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
STUBBORN = [sys.executable, "-c", f"import signal, time; {IGNORE}; {WAIT}"]


def until_it_says_up(processes: Processes, process) -> None:
    while not processes.log(process):
        assert process.alive


def test_what_was_started_is_found_again_and_ended(tmp_path):
    processes = Processes(tmp_path)
    process = processes.start("sleeper", SLEEP, {})
    assert Processes(tmp_path).all() == (process,)
    assert process.alive
    assert Processes(tmp_path).end() == 1
    assert not process.alive
    assert Processes(tmp_path).all() == ()
    assert processes.end() == 0  # takes leave of the child that the other one ended


def test_who_does_not_listen_is_killed(tmp_path):
    processes = Processes(tmp_path)
    process = processes.start("stubborn", STUBBORN, {})
    until_it_says_up(processes, process)
    processes.end(patience=0.1)
    assert not process.alive


def test_a_pid_that_belongs_to_somebody_else_by_now_is_left_alone(tmp_path):
    entry = {"name": "me", "pid": os.getpid(), "born": 1}
    (tmp_path / "processes.json").write_text(json.dumps([entry]))
    processes = Processes(tmp_path)
    assert not processes.all()[0].alive
    assert processes.end() == 0


def test_nothing_but_addresses_of_our_own_is_ever_silenced(tmp_path):
    with pytest.raises(ValueError, match=r"192\.0\.2\.1"):
        silence.impose(tmp_path, ["127.0.0.9", "192.0.2.1"])


def test_a_folder_of_somebody_else_is_not_removed(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("years of work")
    assert demo.main(["down", "--dir", str(tmp_path)]) == 1
    assert (tmp_path / "thesis.txt").exists()
    assert "--dir" in capsys.readouterr().err


def test_env_prints_what_a_shell_can_evaluate(capsys):
    assert demo.main(["env"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "export SNMP_COMMUNITY=demo-read-only" in lines
    assert len(lines) == 3
