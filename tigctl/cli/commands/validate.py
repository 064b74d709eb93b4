"""`tigctl validate`: all faults of all files at once."""

from __future__ import annotations

import click

from tigctl.cli import output, place
from tigctl.cli.options import tenant_argument
from tigctl.spec.counters import warnings


@click.command()
@tenant_argument(required=False)
def command(tenant: str | None) -> None:
    """Check all files and report every fault at once.

    Each fault is one line `file:line: what was got, what is expected, what to write instead`.
    Reads files only: no device and no server is asked. Exit code 2 where there are faults.

    \b
    Examples:
      tigctl validate
      tigctl validate acme
    """
    found = place.checked(tenant)
    wrapping = (warning for one in found.tenants.values() for warning in warnings(one))
    for warning in (*found.warnings, *wrapping):
        output.say(f"warning: {warning}")
    tenants = output.count(len(found.tenants), "tenant")
    devices = output.count(sum(len(one.devices) for one in found.tenants.values()), "device")
    output.data(f"{tenants}, {devices}: no faults")
