"""`tigctl rollback`: back to an earlier applied bundle."""

from __future__ import annotations

import os

import click

from tigctl.cli import output, place, planning, tables
from tigctl.cli.applying import report
from tigctl.cli.options import tenant_argument, wait_option
from tigctl.cli.progress import Steps
from tigctl.cli.stack import target_of
from tigctl.cli.tables import Column
from tigctl.errors import TargetError, UsageError
from tigctl.plan.apply import apply
from tigctl.plan.diff import plan
from tigctl.spec.workspace import Tenant
from tigctl.targets.interface import Revision, Target
from tigctl.targets.kubernetes.options import Options


@click.command()
@tenant_argument()
@click.argument("revision", required=False, type=click.IntRange(1))
@click.option("--list", "listing", is_flag=True, help="Show which revisions there are.")
@wait_option()
def command(tenant: str, revision: int | None, wait: int, *, listing: bool) -> None:
    """Go back to an earlier applied bundle.

    Without REVISION: to the one before the last apply. Objects, configurations, buckets and
    tokens become what they were; data stays, and volumes never shrink. It is a new apply and
    leaves a new revision, so a rollback can be rolled back. The workspace's files are not
    touched: `tigctl plan` shows how they differ now.

    \b
    Examples:
      tigctl rollback acme --list
      tigctl rollback acme
      tigctl rollback acme 3
    """
    one = place.one(tenant)
    # What ran before is not refused for want of room: whoever goes back has trouble enough.
    # A volume that has grown since stays as it is: it cannot shrink.
    target = target_of(one, Options(wait=float(wait), capacity=False, resize=False))
    try:
        kept = target.revisions()
        if listing:
            _list(kept)
            return
        _roll_back(one, target, _chosen(tenant, kept, revision), float(wait))
    finally:
        target.close()


def _list(kept: tuple[Revision, ...]) -> None:
    columns = [Column("REVISION", right=True), Column("APPLIED (UTC)")]
    rows = [(str(one.number), one.created.replace("T", " ").rstrip("Z")) for one in kept]
    tables.show(tables.table(columns, rows[::-1]))


def _chosen(tenant: str, kept: tuple[Revision, ...], revision: int | None) -> int:
    numbers = [one.number for one in kept]
    if revision is not None and revision not in numbers:
        there = ", ".join(map(str, numbers)) or "none"
        raise UsageError(f"{tenant} has no revision {revision}; there are: {there}")
    if revision is None and len(numbers) < 2:
        raise TargetError(
            f"{tenant} has no earlier revision to go back to",
            hint=f"tigctl rollback {tenant} --list shows what there is",
        )
    return numbers[-2] if revision is None else revision


def _roll_back(tenant: Tenant, target: Target, number: int, wait: float) -> None:
    bundle = target.bundle_of(number)
    output.say(f"{tenant.name}: back to revision {number}")
    for line in planning.as_text(plan(bundle, target), verbose=False):
        output.say(line)
    word = f"Interrupted. What was done stays; next: tigctl rollback {tenant.name} {number}"
    with output.when_interrupted(word), Steps() as steps:
        result = apply(bundle, target, os.environ, steps, wait=wait)
    report(result)
    output.say(target.closing_words(new=False))
    output.say(f"The files are as they were; how they differ: tigctl plan {tenant.name}")
