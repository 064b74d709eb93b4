"""`tigctl policies`: who may talk to whom, and whether anything else is open."""

from __future__ import annotations

import click

from tigctl.cli import output, place, tables
from tigctl.cli.isolation import neighbours_of, stack_of
from tigctl.cli.options import tenant_argument
from tigctl.render.kubernetes.judgement import judge
from tigctl.render.kubernetes.policies import policies
from tigctl.render.kubernetes.talks import NOBODY, Talk, talks
from tigctl.render.kubernetes.text import dump
from tigctl.spec.workspace import Tenant, Workspace
from tigctl.targets.model import Json


@click.group()
def command() -> None:
    """Show and check who may talk to whom on Kubernetes.

    A tenant's pods are closed in both directions but for what the stack needs and what
    `isolation` in its files declares. docs/isolation.md says more.

    \b
    Example:
      tigctl policies show acme
    """


@command.command()
@tenant_argument()
@click.option(
    "-o", "--output", "form", type=click.Choice(["table", "json", "yaml"]), default="table",
    show_default=True,
    help="table, the same as json, or the policies themselves as yaml.",
)  # fmt: skip
def show(tenant: str, form: str) -> None:
    """Show who may talk to whom, by which ports and why.

    Reads files only. The lines are read from the policies that apply would make, so nothing is
    open but what stands here, and answers to it.

    \b
    Examples:
      tigctl policies show acme
      tigctl policies show acme -o yaml > acme-policies.yaml
    """
    documents = policies(stack_of(place.one(tenant)))
    if form == "yaml":
        output.data(dump(documents).rstrip("\n"))
        return
    found = talks(documents)
    if form == "json":
        output.as_json([_described(one) for one in found])
        return
    columns = (
        tables.Column("FROM", fold=True, most=24),
        tables.Column("TO", fold=True, most=32),
        tables.Column("PORTS", fold=True, most=18),
        tables.Column("WHY", fold=True),
    )
    # What closes everything reads best last.
    rows = sorted(found, key=lambda one: one.destinations == (NOBODY,))
    tables.show(tables.table(columns, [_row(one) for one in rows]))


@command.command()
@tenant_argument(required=False)
def check(tenant: str | None) -> int:
    """Prove that nothing is open but what is declared, and no way leads to another tenant.

    Holds the tenant's policies against its files: every kind of pod of the tenant, in both
    directions, with its own pods, the parts of the cluster, all other tenants, nodes, and every
    address there is. Without TENANT: all of them. Reads files only: policies that somebody made
    by hand in the cluster are not seen. Exit code 1 where something differs.

    \b
    Examples:
      tigctl policies check acme
      tigctl policies check
    """
    chosen = [place.one(tenant)] if tenant else place.every()
    workspace = place.load()
    sound = [_sound(one, workspace) for one in chosen]
    return 0 if all(sound) else 1


def _sound(tenant: Tenant, workspace: Workspace) -> bool:
    stack = stack_of(tenant)
    documents = policies(stack)
    neighbours = neighbours_of(tenant, workspace)
    verdict = judge(stack, documents, neighbours)
    for note in verdict.notes:
        output.say(f"note: {tenant.name}: {note}")
    for fault in verdict.faults:
        output.data(f"{tenant.name}: {fault}")
    if not verdict.faults:
        others = output.count(len(neighbours), "other tenant")
        output.data(
            f"{tenant.name}: open as declared, nothing else: {len(documents)} policies, "
            f"{verdict.questions:,} pairs judged, {others}"
        )
    return not verdict.faults


def _row(talk: Talk) -> tuple[str, str, str, str]:
    return (
        output.listed(talk.sources, 4),
        output.listed(talk.destinations, 4),
        output.listed(talk.ports, 8) or "–",
        talk.why,
    )


def _described(talk: Talk) -> dict[str, Json]:
    return {
        "policy": talk.policy,
        "from": list(talk.sources),
        "to": list(talk.destinations),
        "ports": list(talk.ports),
        "why": talk.why,
    }
