"""Starts one program of a stack: `python -I -S launch.py SPEC.json [--detach]`.

SPEC.json is written by the module `programs` and readable by its owner only, for it holds the
program's whole environment:

    {"name": …, "command": [path, …], "environment": {…}, "folder": …,
     "lock": …, "started": …, "inputs": [files whose content the program depends on],
     "log": where a detached program's output goes}

It takes the program's lock, notes with what it was started, and becomes the program: same
pid, an environment of exactly what SPEC.json says. A program that is not detached ends when
its supervisor does. This file imports nothing but the standard library and runs without
site-packages, so that a start costs milliseconds.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
EXIT_RUNS_ALREADY = 75  # EX_TEMPFAIL: the supervisor tries again later


def main(arguments: list[str]) -> int | None:
    """Becomes the program; returns, with an exit code, only if that is not possible."""
    os.umask(0o077)
    path = Path(arguments[0])
    spec = json.loads(path.read_bytes())
    if "--detach" in arguments:
        detach(spec["log"])
    else:
        end_with_parent()
    if not _take(spec["lock"]):
        print(f"{spec['name']} runs already, left by an earlier supervisor", file=sys.stderr)
        return EXIT_RUNS_ALREADY
    _note(spec, path)
    _raise_file_limit()
    os.chdir(spec["folder"])
    sys.stdout.flush()
    os.execve(spec["command"][0], spec["command"], spec["environment"])  # noqa: S606 - our spec
    return None


def digest(spec: Path, inputs: list[str]) -> str:
    """What a program depends on: its spec and the content of its inputs, as one SHA-256.

    An input that cannot be read counts as empty, so that the program is seen as changed once
    it can be read again.
    """
    total = hashlib.sha256()
    for file in (spec, *map(Path, inputs)):
        content = b""
        with contextlib.suppress(OSError):
            content = file.read_bytes()
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()


def detach(log: str) -> None:
    """Leaves the caller's terminal, session and process: two forks, output into `log`."""
    for _ in range(2):
        if os.fork():
            os._exit(0)
        with contextlib.suppress(PermissionError):  # the second process leads no session
            os.setsid()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)


def end_with_parent() -> None:
    """Has the kernel ask this process to end when the thread that started it ends, however."""
    # Without its supervisor a program would run on with a broken pipe as its log, and die of
    # it in the middle of something. This way it is asked to stop, and flushes what it holds.
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit("the supervisor has ended")


def _take(lock: str) -> bool:
    file = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(file, True)  # closing it would give the lock back
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _note(spec: dict[str, Any], path: Path) -> None:
    note = {"pid": os.getpid(), "digest": digest(path, spec["inputs"])}
    fresh = Path(spec["started"] + ".new")
    fresh.write_text(json.dumps(note))
    fresh.chmod(0o600)
    fresh.replace(spec["started"])


def _raise_file_limit() -> None:
    # Telegraf opens a socket per device, InfluxDB a file per shard.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
