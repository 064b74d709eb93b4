"""`tigctl schema`: JSON Schemas of the workspace's files, for editors."""

from __future__ import annotations

import json
from pathlib import Path

import click

from tigctl.cli.output import as_json, data
from tigctl.spec.files import make_folder, replace
from tigctl.spec.schema import schemas

FILES = ("fleet.yaml", "tenant.yaml", "devices.yaml")


@click.command()
@click.argument("file", required=False, type=click.Choice(FILES))
@click.option(
    "-o",
    "--output",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write one file NAME.schema.json per schema into this folder instead.",
)
def command(file: str | None, folder: Path | None) -> None:
    """Print the JSON Schemas of the workspace's files, or of one of them.

    Editors complete and check by them; docs/noc.md says how to set that up.

    \b
    Examples:
      tigctl schema tenant.yaml
      tigctl schema -o .schemas
    """
    found = {name: schema for name, schema in schemas().items() if file in {None, name}}
    if folder is None:
        as_json(found[file] if file else found)
        return
    make_folder(folder)
    for name, schema in found.items():
        path = folder / f"{name.removesuffix('.yaml')}.schema.json"
        replace(path, json.dumps(schema, indent=2, ensure_ascii=False) + "\n")
        data(str(path))
