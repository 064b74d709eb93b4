"""`tigctl apply`: carries out a plan and waits until data flows."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from tigctl.cli import health as shown
from tigctl.cli import output, place, planning, tables
from tigctl.cli.options import DURATION, every_option, exclusive, tenant_argument
from tigctl.cli.progress import Steps
from tigctl.cli.stack import Stack, carried_out, stack
from tigctl.errors import TigctlError, UsageError
from tigctl.plan.apply import Result, apply
from tigctl.plan.diff import plan
from tigctl.spec.workspace import Tenant
from tigctl.targets.local.target import LocalTarget
from tigctl.targets.model import Action, Json

SILENT = 3


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the options ask for; `planned` maps a tenant to the changes its plan file holds."""

    wait: float
    strict: bool
    planned: Mapping[str, Json]


@click.command()
@tenant_argument(required=False)
@every_option()
@click.option(
    "--plan",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Carry out this plan (from `plan --out`), or nothing where things have changed since.",
)
@click.option(
    "-P", "--no-volumes", is_flag=True, help="Make no volumes, leave those there (Kubernetes)."
)
@click.option(
    "-C", "--no-policies", is_flag=True, help="Make no policies, leave those there (Kubernetes)."
)
@click.option("--adopt", is_flag=True, help="Take over what somebody else made (Kubernetes).")
@click.option(
    "--wait",
    metavar="DURATION",
    type=DURATION,
    default="5m",
    show_default=True,
    help="How long data of every live device is waited for.",
)
@click.option("--strict", is_flag=True, help="Exit with 3 where a device gives no data.")
def command(
    tenant: str | None,
    file: Path | None,
    wait: int,
    *,
    every: bool,
    no_volumes: bool,
    no_policies: bool,
    adopt: bool,
    strict: bool,
) -> int:
    """Carry out a plan and wait until data flows.

    Running it again changes nothing, and says so; where it was interrupted or has failed, it
    goes on from there. Devices that are silent are named with the reason and stop nothing. The
    environment variables that credentials name have to be set.

    \b
    Examples:
      tigctl apply acme
      tigctl apply --all --wait 2m
      tigctl apply --plan acme.plan
    """
    if no_volumes or no_policies or adopt:
        output.say(
            "The local target has no volumes, no policies and nothing to adopt:"
            " -P, -C and --adopt change nothing."
        )
    planned = planning.read_file(file) if file else {}
    tenants = _tenants(tenant, planned, every=every, file=file)
    asked = _Asked(wait, strict, planned)
    codes = []
    for one in tenants:
        try:
            codes.append(_apply(one, asked))
        except TigctlError as error:
            # With several tenants one's trouble is no reason to leave the others alone.
            if len(tenants) == 1:
                raise
            output.say(f"tigctl: {one.name}: {error}")
            codes.append(error.exit_code)
    failed = [code for code in codes if code not in {0, SILENT}]
    return failed[0] if failed else max(codes, default=0)


def _tenants(
    name: str | None, planned: Mapping[str, Json], *, every: bool, file: Path | None
) -> list[Tenant]:
    exclusive(name, every=every)
    if file is None:
        return carried_out(place.every()) if every else [place.one(name)]
    if name or every:
        raise UsageError("--plan says which tenants; give neither TENANT nor --all with it")
    return [place.one(one) for one in planned]


def _apply(tenant: Tenant, asked: _Asked) -> int:
    found = stack(tenant)
    for note in found.bundle.notes:
        output.say(f"note: {note}")
    if tenant.name in asked.planned:
        _still_fits(found, asked.planned[tenant.name])
    word = f"Interrupted. What was done stays; next: tigctl apply {tenant.name} goes on from there"
    with output.when_interrupted(word), Steps() as steps:
        result = apply(found.bundle, found.target, os.environ, steps, wait=asked.wait)
    _report(result)
    _after_reboot(found.target, result)
    return SILENT if asked.strict and (result.without_data or result.known_silent) else 0


def _still_fits(found: Stack, changes: Json) -> None:
    if planning.as_json(plan(found.bundle, found.target))["changes"] != changes:
        raise TigctlError(
            f"{found.tenant.name}: files or target have changed since the plan was made;"
            " nothing was done",
            hint=f"look at it anew: tigctl plan {found.tenant.name}",
        )


def _report(result: Result) -> None:
    name = result.health.tenant
    if not result.changed:
        output.say(f"{name}: nothing had to be changed.")
    if result.first_s is not None and result.last_s is not None:
        first, last = output.seconds(result.first_s), output.seconds(result.last_s)
        output.say(f"First data after {first}, from the last device after {last}.")
    for one in result.without_data:
        output.say(f"no data yet from {one.name}: {one.reason or one.state}")
    output.say()
    if result.health.devices:
        tables.show(shown.devices(result.health.devices))
        output.say()
    output.say(shown.verdict(result.health))
    output.say(f"Look again: tigctl status {name} --watch     Why so: tigctl explain {name} DEVICE")


def _after_reboot(target: LocalTarget, result: Result) -> None:
    """In full the first time; who applies again has seen it."""
    new = any(one.kind == "Process" and one.action is Action.CREATE for one in result.plan.changes)
    text = target.after_reboot()
    output.say(text if new else text.splitlines()[0])
