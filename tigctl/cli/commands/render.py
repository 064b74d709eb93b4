"""`tigctl render`: writes what the target needs into a folder."""

from __future__ import annotations

from pathlib import Path

import click

from tigctl.cli import output, place
from tigctl.cli.options import tenant_argument
from tigctl.cli.stack import stack
from tigctl.render.write import write


@click.command()
@tenant_argument()
@click.option(
    "-o",
    "--output",
    "folder",
    metavar="DIR",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to write into: a new or empty one, or one that render wrote before.",
)
def command(tenant: str, folder: Path) -> None:
    """Write what the target needs into a folder.

    DIR/telegraf/*.conf are complete Telegraf configurations, DIR/bundle.json is the rest. The
    same files and the same lock give the same bytes. No secret is needed and none is written:
    configurations name the environment variables. Devices that were never probed get ping,
    system and interfaces, with a word on standard error.

    \b
    Example:
      tigctl render acme -o rendered/acme
    """
    bundle = stack(place.one(tenant)).bundle
    for note in bundle.notes:
        output.say(note)
    for path in write(bundle, folder):
        output.data(str(folder / path))
