"""The cgroup that a real node keeps its containers in, with version 1 and 2 of the kernel's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

PREFIX = "tigctl-node-"  # letters of its own for each node follow
_ROOT = Path("/sys/fs/cgroup")


def _hierarchies() -> list[Path]:
    """The folders in which a cgroup is made: one with version 2, one per controller with 1."""
    if (_ROOT / "cgroup.controllers").exists():
        return [_ROOT]
    return [entry for entry in _ROOT.iterdir() if (entry / "cgroup.procs").exists()]


def make(name: str) -> None:
    """A root of our own: a kubelet ends all pods below its root that it does not know."""
    for folder in _hierarchies():
        for former in folder.glob(f"{PREFIX}*"):  # of one that was killed
            if not list(members(former.name)):
                remove(former.name)
        own = folder / name
        own.mkdir(exist_ok=True)
        for file in ("cpuset.cpus", "cpuset.mems"):
            # With version 1 a new cpuset is empty, and nothing can run in it.
            if (folder / "tasks").exists() and (own / file).exists():
                (own / file).write_text((folder / file).read_text())


def members(name: str) -> Iterator[int]:
    """The processes in it and below it."""
    for folder in _hierarchies():
        for file in (folder / name).rglob("cgroup.procs"):
            try:
                yield from map(int, file.read_text().split())
            except OSError:
                continue


def remove(name: str) -> None:
    """Removes it and all below it as soon as its processes have ended; gives up after 5 s."""
    for folder in _hierarchies():
        own = folder / name
        deadline = time.monotonic() + 5.0
        while own.exists() and time.monotonic() < deadline:
            inner = sorted((entry for entry in own.rglob("*") if entry.is_dir()), reverse=True)
            for entry in (*inner, own):
                try:
                    entry.rmdir()
                except OSError:  # a process in it is still ending
                    time.sleep(0.02)
