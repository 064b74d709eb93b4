"""Ports of 127.0.0.1: which are free, and whether a process of ours listens on one."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

from tigctl.errors import TargetError, UsageError

LOOPBACK = "127.0.0.1"
# InfluxDB's own port first. Below the range Linux takes outgoing ports from (32768 and up), so
# that a port kept over a restart is not lost to some passing connection.
PORTS = range(8086, 8186)
PORTS_VARIABLE = "TIGCTL_INFLUXDB_PORTS"

_LISTEN = "0A"  # state TCP_LISTEN in /proc/net/tcp


def ports() -> range:
    """The ports InfluxDB may be given: TIGCTL_INFLUXDB_PORTS (`8086-8185`) or the built-in ones."""
    text = os.environ.get(PORTS_VARIABLE, "")
    if not text:
        return PORTS
    found = re.fullmatch(r"\s*(\d+)(?:\s*-\s*(\d+))?\s*", text)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 0 < first <= last < 65536:
        raise UsageError(
            f"{PORTS_VARIABLE} is '{text}', which is no range of ports",
            hint=f"write {PORTS_VARIABLE}=8086-8185, or unset it",
        )
    return range(first, last + 1)


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def choose(kept: int | None, refused: frozenset[int]) -> int:
    """The kept port if it is free, else the first free one that was not refused before."""
    candidates: list[int] = [kept] if kept else []
    span = ports()
    candidates.extend(span)
    for port in candidates:
        if port not in refused and is_free(port):
            return port
    raise TargetError(
        f"no port for InfluxDB: {span.start} to {span.stop - 1} of {LOOPBACK} are all taken",
        hint=f"stop what listens there (ss -ltnp), or name others: {PORTS_VARIABLE}=18086-18185",
    )


def listens(pid: int, port: int) -> bool:
    """Whether this very process listens on 127.0.0.1:`port`.

    A token must not be sent to a stranger who took the port while InfluxDB was down.
    """
    wanted = {f"socket:[{inode}]" for inode in _listeners(port)}
    if not wanted:
        return False
    try:
        files = list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False
    return any(_link(file) in wanted for file in files)


def _listeners(port: int) -> Iterator[str]:
    # Columns of /proc/net/tcp (proc(5)): sl local_address rem_address st … uid timeout inode
    address = f"0100007F:{port:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        columns = line.split()
        if columns[1] == address and columns[3] == _LISTEN:
            yield columns[9]


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""
