"""`tigctl destroy`: stops and removes a tenant's stack."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import click

from tigctl.cli import output
from tigctl.cli.options import tenant_argument
from tigctl.cli.progress import Steps
from tigctl.cli.stack import left_target
from tigctl.errors import TigctlError, UsageError
from tigctl.targets.model import Json


@click.command()
@tenant_argument()
@click.option(
    "-P", "--volumes", is_flag=True, help="Delete the data and its secrets too, for good."
)
@click.option("-C", "--policies", is_flag=True, help="Delete network policies too (Kubernetes).")
@click.option("-N", "--namespace", is_flag=True, help="Delete the namespace too (Kubernetes).")
@click.option("--yes", is_flag=True, help="Do not ask; needed where there is no terminal.")
def command(tenant: str, *, volumes: bool, policies: bool, namespace: bool, yes: bool) -> None:
    """Stop and remove a tenant's stack; its data stays unless told.

    Without -P the data stays, with the secrets that are needed to use it: `tigctl apply` goes
    on with it. The workspace's files are never touched. On a terminal the tenant's name has to
    be typed; without one, --yes is needed.

    \b
    Examples:
      tigctl destroy acme
      tigctl destroy acme -P --yes
    """
    target = left_target(tenant)
    if not target.exists():
        output.say(f"{tenant}: there is nothing to remove.")
        return
    wishes = {"volumes": volumes, "policies": policies, "namespace": namespace}
    output.say(target.fate(**wishes))
    if not yes:
        _confirm(tenant)
    word = f"Interrupted. Some of {tenant} is gone; next: tigctl destroy {tenant} again"
    with output.when_interrupted(word), Steps() as steps:
        kept = target.destroy(**wishes, observe=steps)
    output.data(_outcome(tenant, kept))


def _confirm(tenant: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError(
            "nobody can be asked here: standard input is no terminal; nothing was deleted",
            hint=f"tigctl destroy {tenant} --yes, if that is what you want",
        )
    typed = click.prompt(
        "Type the tenant's name to go on", default="", show_default=False, err=True
    )
    if typed.strip() != tenant:
        raise TigctlError("that is not its name; nothing was deleted")


def _outcome(tenant: str, kept: Mapping[str, Json]) -> str:
    data, size = kept.get("data"), kept.get("bytes")
    if objects := kept.get("objects"):
        names = ", ".join(map(str, objects)) if isinstance(objects, list) else ""
        return (
            f"{tenant} is gone; in namespace {kept.get('namespace')} stays: {names}."
            f" Go on with it: tigctl apply {tenant}"
        )
    if not data or not isinstance(size, int):
        return f"{tenant} is gone, with its data."
    return (
        f"{tenant} is gone; its data waits in {data} ({size / 1_000_000:.1f} MB, kept until you"
        f" say -P). Go on with it: tigctl apply {tenant}"
    )
