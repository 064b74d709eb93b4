"""`tigctl doctor`: what the local target needs, with remedies."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import click

from collectors import icmp
from tigctl.cli import output, place
from tigctl.cli.options import tenant_argument
from tigctl.errors import TargetError, ToolError
from tigctl.spec.workspace import Workspace
from tigctl.targets import tools
from tigctl.targets.local import ping

# A day of 500 devices with 48 ports is about 0.5 GB in the bucket raw.
_LEAST_FREE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `remedy` is empty where it is fine."""

    name: str
    text: str
    remedy: str = ""


@click.command()
@tenant_argument(required=False)
def command(tenant: str | None) -> int:
    """Check what the target needs, with remedies.

    Looks for the programs, the right to ping, room on the disk, and the environment variables
    that credentials name. Changes nothing. Exit code 1 where something is missing.

    \b
    Example:
      tigctl doctor acme
    """
    findings = [*_programs(), *_pings(), *_workspace(place.load(tenant))]
    width = max(len(one.name) for one in findings)
    for one in findings:
        mark = "missing" if one.remedy else "ok"
        output.data(f"{mark:<8} {one.name:<{width}}  {one.text}")
        if one.remedy:
            output.data(f"{'':<8} {'':<{width}}  next: {one.remedy}")
    return 1 if any(one.remedy for one in findings) else 0


def _programs() -> Iterator[Finding]:
    for name in tools.TOOLS:
        try:
            yield Finding(name, str(tools.find(name)))
        except ToolError as error:
            yield Finding(name, error.message, error.hint or "scripts/tools")


def _pings() -> Iterator[Finding]:
    try:
        yield Finding("ping by Telegraf", ping.resolve())
    except TargetError as error:
        yield Finding("ping by Telegraf", error.message, error.hint or "install iputils-ping")
    if icmp.can_raw():
        yield Finding("ping by probe", "raw sockets")
    elif icmp.can_ping():
        yield Finding("ping by probe", "datagram sockets")
    else:
        yield Finding(
            "ping by probe",
            "neither raw nor datagram ICMP sockets are allowed",
            "sysctl -w net.ipv4.ping_group_range='0 2147483647', or run it as root",
        )


def _workspace(found: Workspace) -> Iterator[Finding]:
    free = shutil.disk_usage(found.root).free
    text = f"{free / 1_000_000_000:.1f} GB free for {found.root}"
    yield Finding("disk", text, "" if free >= _LEAST_FREE else "make room, or move the workspace")
    needed: dict[str, list[str]] = {}
    for tenant in found.tenants.values():
        used = {login for device in tenant.devices for login in tenant.logins_for(device)}
        for login in sorted(used, key=lambda one: one.name):
            for variable in login.variables:
                needed.setdefault(variable, []).append(f"{tenant.name}/{login.name}")
    for variable, users in needed.items():
        who = f"for {output.listed(list(dict.fromkeys(users)), 3)}"
        if os.environ.get(variable):
            yield Finding(variable, f"set, {who}")
        else:
            yield Finding(variable, f"not set, {who}", f"export {variable}=…")
