"""`tigctl plan`: what would change."""

from __future__ import annotations

import json
from pathlib import Path

import click

from tigctl.cli import many, place, planning
from tigctl.cli import output as out
from tigctl.cli.options import every_option, exclusive, output_option, tenant_argument
from tigctl.cli.stack import expect, looked, stack
from tigctl.plan.diff import plan
from tigctl.spec.files import replace
from tigctl.spec.workspace import Tenant
from tigctl.targets.kubernetes.options import Options
from tigctl.targets.model import Json, Plan

CHANGES = 3


@click.command()
@tenant_argument(required=False)
@every_option()
@output_option()
@click.option("-v", "--verbose", is_flag=True, help="Show every field, name and line.")
@click.option(
    "--out",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the plan into this file as well, for `apply --plan FILE`.",
)
@click.option(
    "--objects-only",
    is_flag=True,
    help="Only Kubernetes objects: InfluxDB and Grafana are not asked.",
)
def command(
    tenant: str | None,
    output: str,
    file: Path | None,
    *,
    every: bool,
    verbose: bool,
    objects_only: bool,
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
    tenants = _tenants(tenant, every=every)
    known = looked(tenants) if every else {}
    expect(tenants)

    def work(one: Tenant) -> Plan:
        found = stack(one, Options(objects_only=objects_only), known.get(one.name))
        try:
            if not every or verbose:
                for note in found.bundle.notes:
                    out.say(f"note: {one.name}: {note}" if every else f"note: {note}")
            return plan(found.bundle, found.target, told=not objects_only)
        finally:
            found.target.close()

    # Rendering alone is work for one processor; several at once are for waiting.
    at_once = 1 if objects_only else many.AT_ONCE
    outcomes = many.each(tenants, work, name="Plan", at_once=at_once) if every else []
    plans = [one.found for one in outcomes if one.found] if every else [work(tenants[0])]
    for one in outcomes:
        if one.error:
            out.say(f"{one.tenant.name}: {one.error}")
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
    if failed := [one.error.exit_code for one in outcomes if one.error]:
        return failed[0]
    return CHANGES if any(one.changes for one in plans) else 0


def _tenants(name: str | None, *, every: bool) -> list[Tenant]:
    exclusive(name, every=every)
    return list(place.every()) if every else [place.one(name)]
