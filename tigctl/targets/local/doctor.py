"""What this machine has to have: for tenants that run on it, and to work on any."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from collectors import icmp
from tigctl.errors import TargetError, ToolError
from tigctl.spec.workspace import Tenant
from tigctl.targets import tools
from tigctl.targets.finding import Finding, failed, ok
from tigctl.targets.local import ping

# A day of 500 devices with 48 ports is about 0.5 GB in the bucket raw.
_LEAST_FREE = 1_000_000_000
_NAMED = 3


def here(root: Path) -> Iterator[Finding]:
    """What tenants of the local target need."""
    for name in tools.TOOLS:
        try:
            yield ok(name, str(tools.find(name)))
        except ToolError as error:
            yield failed(name, error.message, error.hint or "scripts/tools")
    try:
        yield ok("ping by Telegraf", ping.resolve())
    except TargetError as error:
        yield failed("ping by Telegraf", error.message, error.hint or "install iputils-ping")
    free = shutil.disk_usage(root).free
    text = f"{free / 1_000_000_000:.1f} GB free for {root}"
    if free >= _LEAST_FREE:
        yield ok("disk", text)
    else:
        yield failed("disk", text, "make room, or move the workspace")


def everywhere(tenants: Sequence[Tenant]) -> Iterator[Finding]:
    """What probing and applying need, wherever the tenants run."""
    if icmp.can_raw():
        yield ok("ping by probe", "raw sockets")
    elif icmp.can_ping():
        yield ok("ping by probe", "datagram sockets")
    else:
        yield failed(
            "ping by probe",
            "neither raw nor datagram ICMP sockets are allowed",
            "sysctl -w net.ipv4.ping_group_range='0 2147483647', or run it as root",
        )
    needed: dict[str, list[str]] = {}
    for tenant in tenants:
        used = {login for device in tenant.devices for login in tenant.logins_for(device)}
        for login in sorted(used, key=lambda one: one.name):
            for variable in login.variables:
                needed.setdefault(variable, []).append(f"{tenant.name}/{login.name}")
    for variable, users in needed.items():
        who = list(dict.fromkeys(users))
        more = f" and {len(who) - _NAMED} more" if len(who) > _NAMED else ""
        users_said = f"for {', '.join(who[:_NAMED])}{more}"
        if os.environ.get(variable):
            yield ok(variable, f"set, {users_said}")
        else:
            yield failed(variable, f"not set, {users_said}", f"export {variable}=…")
