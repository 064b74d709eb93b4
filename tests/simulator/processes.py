"""Background processes that outlive their starter, remembered in a file and ended by pid.

A pid alone may by now belong to somebody else: what is remembered is the pid together with
the time the kernel started it, and only that very process is ever signalled. Linux only.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """A process that was started. `born` is the kernel's start time, in ticks since boot."""

    name: str
    pid: int
    born: int

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return _born(self.pid) == self.born


def _born(pid: int) -> int | None:
    """Start time of a process, None where there is none or only its corpse."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name in parentheses may hold anything; what follows is a fixed list (proc(5)).
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


class Processes:
    """The processes of one state folder; every change is on disk before the next step."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._file = directory / "processes.json"
        self._children: list[subprocess.Popen[bytes]] = []

    def all(self) -> tuple[Process, ...]:
        """Those that were started and not ended, dead or alive."""
        try:
            return tuple(Process(**entry) for entry in json.loads(self._file.read_text()))
        except FileNotFoundError:
            return ()

    def start(
        self, name: str, command: Sequence[str | Path], environ: Mapping[str, str]
    ) -> Process:
        """Starts a program in a session of its own; it writes to NAME.log in the folder."""
        with (self.directory / f"{name}.log").open("wb") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environ},
                cwd=self.directory,
                start_new_session=True,
            )
        process = Process(name, child.pid, _born(child.pid) or -1)
        # A name that is started again takes the place of the one that ended.
        others = [one for one in self.all() if one.name != name or one.alive]
        self._write((*others, process))
        self._children.append(child)
        return process

    def log(self, process: Process) -> str:
        """What a process wrote so far."""
        return (self.directory / f"{process.name}.log").read_text(errors="replace").strip()

    def send(self, name: str, number: signal.Signals) -> None:
        """Sends a signal to the process of this name, if it still runs."""
        for process in self.all():
            if process.name == name and process.alive:
                os.kill(process.pid, number)

    def end(self, *names: str, patience: float = 5.0) -> int:
        """Ends those of these names, or all, kindly first; returns how many were still alive."""
        started = self.all()
        meant = [process for process in started if process.name in names or not names]
        running = [process for process in meant if process.alive]
        for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
            for process in running:
                if process.alive:
                    os.kill(process.pid, number)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline and any(process.alive for process in running):
                time.sleep(0.02)
        # Those that we started ourselves are taken leave of. A corpse may have threads that have
        # not ended yet, so it is waited for.
        pids = {process.pid for process in meant}
        for child in self._children:
            if child.pid in pids:
                child.wait(5.0)
        self._children = [child for child in self._children if child.poll() is None]
        self._write([process for process in started if process not in meant])
        return len(running)

    def _write(self, processes: Sequence[Process]) -> None:
        draft = self._file.with_suffix(".draft")
        draft.write_text(json.dumps([asdict(process) for process in processes]))
        draft.replace(self._file)
