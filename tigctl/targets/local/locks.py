"""Who holds which lock.

Two kinds, for two questions. One tigctl per tenant: flock on a file that holds its pid. One
process per program: a POSIX record lock, because it survives exec, is not inherited by the
program's own children, ends with the process whatever kills it, and the kernel tells the
holder's pid. So a process whose supervisor was killed is found, and the right one is ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import struct
import time
from collections.abc import Iterator
from pathlib import Path

from tigctl.errors import Busy, TargetError

# struct flock of Linux with 64-bit off_t: l_type, l_whence, l_start, l_len, l_pid.
_FLOCK = "hhqqi0q"


@contextlib.contextmanager
def one_at_a_time(path: Path, tenant: str) -> Iterator[None]:
    """Keeps two tigctl from working on one tenant. Raises Busy with the other one's pid."""
    with path.open("a+") as file:
        path.chmod(0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            other = file.read().strip() or "unknown"
            raise Busy(
                f"another tigctl (pid {other}) is at work on {tenant}",
                hint="wait until it has ended, then run the command again",
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def holder(path: Path) -> int | None:
    """The pid of the process that holds the record lock on `path`, or None."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, _, _, _, pid = struct.unpack(_FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, asked))
    finally:
        os.close(file)
    return None if kind == fcntl.F_UNLCK else int(pid)


def end_holder(path: Path, *, seconds: float) -> bool:
    """Ends the process that holds `path`: asked first, by force after `seconds`.

    Returns whether there was one. Raises TargetError if it cannot be ended.
    """
    pid = holder(path)
    if pid is None:
        return False
    for kind, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 10.0)):
        _signal(pid, kind)
        if wait_free(path, seconds=patience):
            return True
    raise TargetError(
        f"process {pid} ({path.stem} of an earlier run) does not end",
        hint=f"end process {pid} yourself, then run the command again",
    )


def wait_free(path: Path, *, seconds: float) -> bool:
    """Waits until nobody holds `path`; False if somebody still does after `seconds`."""
    deadline = time.monotonic() + seconds
    while holder(path) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _signal(pid: int, kind: signal.Signals) -> None:
    try:
        os.kill(pid, kind)
    except ProcessLookupError:
        return
    except PermissionError:
        raise TargetError(
            f"process {pid} of this tenant belongs to another user",
            hint="run tigctl as that user",
        ) from None
