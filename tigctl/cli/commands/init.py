"""`tigctl init`: a workspace to start from."""

from __future__ import annotations

from pathlib import Path

import click

from tigctl.cli.output import data, say
from tigctl.spec.init import init


@click.command()
@click.argument("directory", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
def command(directory: Path) -> None:
    """Write a commented workspace to start from.

    Asks nothing and overwrites nothing. The workspace has one tenant, acme, on this machine
    (target local), and reads the SNMP community from the environment variable SNMP_COMMUNITY.

    \b
    Example:
      tigctl init work
    """
    for path in init(directory):
        data(str(path))
    enter = "" if directory.resolve() == Path.cwd() else f"cd {directory}, "
    say(f"Next: {enter}write your devices into tenants/acme/devices.csv, then tigctl validate")
