"""`tigctl explain`: which profile a device has and why, what is polled and what it costs."""

from __future__ import annotations

import difflib

import click

from tigctl.cli import output, place
from tigctl.cli.explaining import explanation
from tigctl.cli.options import device_argument, tenant_argument
from tigctl.cli.stack import Stack, stack
from tigctl.errors import UsageError


@click.command()
@tenant_argument()
@device_argument()
@click.option("--objects", is_flag=True, help="Each OID too, with its MIB name, field and unit.")
def command(tenant: str, device: str, *, objects: bool) -> None:
    """Say which profile a device has and why, what is polled and what it costs.

    Reads files only: what the last probe found stands in devices.lock.json.

    \b
    Example:
      tigctl explain acme core-sw1
      tigctl explain acme core-sw1 --objects
    """
    found = stack(place.one(tenant))
    _known(found, device)
    output.data("\n".join(explanation(found, device, objects=objects)))


def _known(found: Stack, device: str) -> None:
    names = [one.name for one in found.tenant.devices]
    if device in names:
        return
    near = difflib.get_close_matches(device, names, n=1)
    raise UsageError(
        f"{found.tenant.name} has no device named {device}",
        hint=f"did you mean {near[0]}?" if near else "tigctl status lists the devices",
    )
