"""How Telegraf can ping on this machine.

Its own ICMP (`native`) insists on the capability CAP_NET_RAW, whatever the sysctl
net.ipv4.ping_group_range says; a `ping` program (`exec`) brings its own rights along.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tigctl.errors import TargetError, ToolError
from tigctl.targets import tools

_CAP_NET_RAW = 13  # linux/capability.h


def resolve(*, or_else: str = "") -> str:
    """`native` where Telegraf will have the right, else `exec` where there is a `ping`.

    Raises TargetError where neither goes, unless `or_else` names what to return then.
    """
    if _may_ping():
        return "native"
    if shutil.which("ping") or or_else:
        return "exec"
    raise TargetError(
        "Telegraf cannot ping on this machine: it lacks CAP_NET_RAW, and there is no `ping`",
        hint="install iputils-ping, or: sudo setcap cap_net_raw+ep $(readlink -f TELEGRAF)",
    )


def _may_ping() -> bool:
    status = Path("/proc/self/status").read_text()
    effective = next(line for line in status.splitlines() if line.startswith("CapEff:"))
    if int(effective.split()[1], 16) >> _CAP_NET_RAW & 1:
        # Root's children keep it; another user's only if it is ambient.
        return os.geteuid() == 0 or _ambient(status)
    try:
        capabilities = os.getxattr(tools.find("telegraf"), "security.capability")
    except (OSError, ToolError):
        return False
    # struct vfs_cap_data: magic, then permitted and inheritable, 32 bits each, little-endian.
    return bool(int.from_bytes(capabilities[4:8], "little") >> _CAP_NET_RAW & 1)


def _ambient(status: str) -> bool:
    line = next((line for line in status.splitlines() if line.startswith("CapAmb:")), "CapAmb: 0")
    return bool(int(line.split()[1], 16) >> _CAP_NET_RAW & 1)
