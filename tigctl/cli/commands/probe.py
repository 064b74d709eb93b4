"""`tigctl probe`: asks each device who it is; writes the lock."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from collectors.knowledge.load import load_library
from collectors.probe.model import Ask, Options
from collectors.probe.run import probe
from tigctl.cli import output, place
from tigctl.cli.options import device_option, tenant_argument
from tigctl.cli.probing import Needy, merged, needy, renumbered, silent, summary
from tigctl.cli.progress import Probing
from tigctl.errors import UsageError
from tigctl.spec import lock
from tigctl.spec.workspace import Tenant

SILENT = 3


@click.command()
@tenant_argument()
@device_option()
@click.option("--strict", is_flag=True, help="Exit with 3 where a device did not answer.")
def command(tenant: str, devices: tuple[str, ...], *, strict: bool) -> int:
    """Ask each device who it is and what it can tell.

    Writes tenants/TENANT/devices.lock.json, which makes rendering repeatable; commit it. A
    device that does not answer never stops the run: the summary says why, and what is known
    of it from earlier stays in the lock.

    \b
    Examples:
      tigctl probe acme
      tigctl probe acme --device core-sw1 --device edge-fw1
    """
    one = place.one(tenant)
    library = load_library(one.profile_folders)
    former = lock.read(one.lock_path)
    asks = _asks(one, devices)
    with (
        output.when_interrupted("Interrupted. devices.lock.json is as it was."),
        Probing(len(asks)) as progress,
    ):
        found = probe(asks, library, os.environ, Options(), progress)
        progress.end()
    lock.write(one.lock_path, merged(one.devices, former, found))
    output.data(summary(found, library))
    if names := renumbered(former, found):
        said = "has" if len(names) == 1 else "have"
        output.say(
            f"note: {output.listed(names)} {said} numbered the interfaces anew, as after a reboot."
            " Series go by name and go on."
        )
    _report(needy(tenant, found, library))
    output.say(f"Why so: tigctl explain {tenant} DEVICE     Next: tigctl apply {tenant}")
    return SILENT if strict and silent(found) else 0


def _asks(tenant: Tenant, wanted: Sequence[str]) -> list[Ask]:
    names = frozenset(wanted)
    if unknown := sorted(names - {device.name for device in tenant.devices}):
        raise UsageError(
            f"{tenant.name} has no device named {', '.join(unknown)}",
            hint="give names as they stand in the inventory",
        )
    return [
        Ask(device, tenant.logins_for(device))
        for device in tenant.devices
        if not names or device.name in names
    ]


def _report(rows: Sequence[Needy]) -> None:
    if not rows:
        return
    number = sum(len(row.devices) for row in rows)
    output.data(f"{number} need{'s' if number == 1 else ''} you:")
    for row in rows:
        for line in output.beside(output.listed(row.devices, 2), row.text):
            output.data(line)
        if row.next:
            for line in output.beside("", f"next: {row.next}"):
                output.data(line)
