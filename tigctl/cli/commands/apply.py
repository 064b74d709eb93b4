"""`tigctl apply`: carries out a plan and waits until data flows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from tigctl.cli import applying, keeping, output, place, planning
from tigctl.cli.applying import Asked
from tigctl.cli.options import every_option, exclusive, tenant_argument, wait_option
from tigctl.errors import UsageError
from tigctl.spec.workspace import Tenant
from tigctl.targets.kubernetes.options import Options
from tigctl.targets.model import Json


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
    "--keep",
    metavar="KIND/NAME",
    multiple=True,
    help="Leave this difference as somebody made it, from now on; may be given several times,"
    " NAME with * and ?.",
)
@click.option(
    "--give-back",
    metavar="KIND/NAME",
    multiple=True,
    help="Keep it no longer: the next plan shows it, the next apply repairs it. Does nothing else.",
)
@click.option(
    "--only",
    metavar="KIND/NAME",
    multiple=True,
    help="Carry out this change of the plan and no other, this time; as for --keep.",
)
@click.option(
    "--no-capacity-check",
    is_flag=True,
    help="Go on where no node seems to have room: nodes may come, or pods go (Kubernetes).",
)
@wait_option()
@click.option(
    "--new-tokens",
    is_flag=True,
    help="Give Telegraf and Grafana new tokens for InfluxDB; the former ones go once nobody"
    " uses them.",
)
@click.option(
    "--recover-operator",
    is_flag=True,
    help="Where InfluxDB does not accept the stored operator's token, have it make a new one; it"
    " is restarted for that (Kubernetes; the local target does so unasked).",
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
    keep: tuple[str, ...],
    give_back: tuple[str, ...],
    only: tuple[str, ...],
    no_capacity_check: bool,
    new_tokens: bool,
    recover_operator: bool,
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
      tigctl apply acme --new-tokens
      tigctl apply acme --keep Bucket/raw --keep 'AlertRule/*'
      tigctl apply acme --give-back Bucket/raw
      tigctl apply acme --only Board/tigctl-device
    """
    if file and new_tokens:
        raise UsageError("a plan's file says nothing of new tokens; name the tenant instead")
    chosen = {"--keep": keep, "--give-back": give_back, "--only": only}
    _check_choice(chosen, every=every, file=file)
    planned = planning.read_file(file) if file else {}
    tenants = _tenants(tenant, planned, every=every, file=file)
    if (no_volumes or no_policies or adopt) and all(one.target.type == "local" for one in tenants):
        output.say(
            "The local target has no volumes, no policies and nothing to adopt:"
            " -P, -C and --adopt change nothing."
        )
    options = Options(
        volumes=not no_volumes,
        policies=not no_policies,
        adopt=adopt,
        wait=float(wait),
        capacity=not no_capacity_check,
        new_tokens=new_tokens,
        recover_operator=recover_operator,
    )
    if give_back:
        keeping.give_back(tenants[0], give_back)
        return 0
    asked = Asked(float(wait), strict, planned, options, keep, only)
    if len(tenants) == 1:
        return applying.one(tenants[0], asked)
    return applying.many(tenants, asked)


def _check_choice(chosen: Mapping[str, tuple[str, ...]], *, every: bool, file: Path | None) -> None:
    """Raises UsageError for a choice of changes that does not go with the rest."""
    given = [option for option, patterns in chosen.items() if patterns]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} exclude each other", hint="one after the other")
    if given and (every or file):
        other = "--all" if every else "--plan"
        raise UsageError(
            f"{given[0]} names changes of one tenant's plan as it is now; it does not go with"
            f" {other}",
            hint=f"tigctl apply TENANT {given[0]} {chosen[given[0]][0]}",
        )


def _tenants(
    name: str | None, planned: Mapping[str, Json], *, every: bool, file: Path | None
) -> list[Tenant]:
    exclusive(name, every=every)
    if file is None:
        return list(place.every()) if every else [place.one(name)]
    if name or every:
        raise UsageError("--plan says which tenants; give neither TENANT nor --all with it")
    return [place.one(one) for one in planned]
