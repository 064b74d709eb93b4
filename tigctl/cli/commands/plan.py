"""`tigctl plan`: what would change."""

from __future__ import annotations

import json
from pathlib import Path

import click

from tigctl.cli import output as out
from tigctl.cli import place, planning
from tigctl.cli.options import every_option, exclusive, output_option, tenant_argument
from tigctl.cli.stack import carried_out, stack
from tigctl.plan.diff import plan
from tigctl.spec.files import replace
from tigctl.spec.workspace import Tenant
from tigctl.targets.model import Json

CHANGES = 3


@click.command()
@tenant_argument(required=False)
@every_option()
@output_option()
@click.option("-v", "--verbose", is_flag=True, help="Show every field and every name.")
@click.option(
    "--out",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the plan into this file as well, for `apply --plan FILE`.",
)
def command(
    tenant: str | None, output: str, file: Path | None, *, every: bool, verbose: bool
) -> int:
    """Show the exact difference between files and target.

    Reads only. No secret stands in a plan. Exit code 0 where nothing is to change, 3 where
    something is.

    \b
    Examples:
      tigctl plan acme
      tigctl plan --all -o json
      tigctl plan acme --out acme.plan
    """
    plans = []
    for one in _tenants(tenant, every=every):
        found = stack(one)
        for note in found.bundle.notes:
            out.say(f"note: {note}")
        plans.append(plan(found.bundle, found.target))
    documents: list[Json] = [dict(planning.as_json(one)) for one in plans]
    document = documents if every else documents[0]
    if file:
        replace(file, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    if output == "json":
        out.as_json(document)
    else:
        for number, one_plan in enumerate(plans):
            out.data(
                "\n".join([*([""] if number else []), *planning.as_text(one_plan, verbose=verbose)])
            )
    if file:
        out.say(f"Written to {file}. Carry out: tigctl apply --plan {file}")
    return CHANGES if any(one.changes for one in plans) else 0


def _tenants(name: str | None, *, every: bool) -> list[Tenant]:
    exclusive(name, every=every)
    return carried_out(place.every()) if every else [place.one(name)]
