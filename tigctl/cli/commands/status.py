"""`tigctl status`: components and devices, their last data and why one is not well."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from tigctl.cli import health as shown
from tigctl.cli import output, place, tables
from tigctl.cli.options import output_option, tenant_argument
from tigctl.cli.stack import Stack, stack
from tigctl.errors import UsageError
from tigctl.plan.health import OK, TenantHealth, health
from tigctl.targets.model import Json

UNHEALTHY = 3
_REFRESH_SECONDS = 2.0
_AROUND_TABLE = 8  # lines a terminal needs beside the rows of the table


@click.command()
@tenant_argument(required=False)
@click.option("--watch", is_flag=True, help="Show it again and again in place, until Ctrl-C.")
@output_option()
def command(tenant: str | None, output: str, *, watch: bool) -> int:
    """Show components and devices: last data, health, reason.

    Without TENANT: all of them. Exit code 3 where something is unhealthy.

    \b
    Examples:
      tigctl status acme
      tigctl status acme --watch
      tigctl status -o json
    """
    tenants = [place.one(tenant)] if tenant else place.every()
    stacks = [stack(one) for one in tenants]
    if watch:
        if output == "json":
            raise UsageError("--watch shows a table; it does not go with -o json")
        _watch(stacks)
    found = [health(one.bundle, one.target) for one in stacks]
    if output == "json":
        _json(found, single=tenant is not None or len(found) == 1)
    else:
        for number, one in enumerate(found):
            _table(one, first=number == 0)
    return 0 if all(one.healthy for one in found) else UNHEALTHY


def _json(found: Sequence[TenantHealth], *, single: bool) -> None:
    documents: list[Json] = [dict(one.to_json()) for one in found]
    output.as_json(documents[0] if single else documents)


def _table(found: TenantHealth, *, first: bool) -> None:
    if not first:
        output.data("")
    output.data("\n".join(shown.parts(found)))
    # Of a stack that is not there, a table would say the same of each device.
    if found.devices and found.components:
        output.data("")
        tables.show(shown.devices(found.devices))
        output.data("")
    output.data(shown.verdict(found))


def _watch(stacks: Sequence[Stack]) -> None:
    """Never returns; Ctrl-C ends it. Where nothing can move, tables follow one another."""
    out = output.console(sys.stdout)
    with output.when_interrupted(""):
        if not out.is_terminal:
            while True:
                for one in stacks:
                    _table(health(one.bundle, one.target), first=False)
                time.sleep(_REFRESH_SECONDS)
        with Live(console=out, auto_refresh=False) as live:
            while True:
                found = [health(one.bundle, one.target) for one in stacks]
                live.update(_picture(found, out.height), refresh=True)
                time.sleep(_REFRESH_SECONDS)


def _picture(found: Sequence[TenantHealth], height: int) -> Group:
    lines: list[RenderableType] = []
    for one in found:
        devices = one.devices
        if len(devices) + _AROUND_TABLE > height:
            # Not all fit: those that need somebody come first.
            devices = tuple(sorted(devices, key=lambda device: device.state == OK))
        lines += [Text(output.printable(line)) for line in shown.parts(one)]
        lines += [Text(""), shown.devices(devices[: max(1, height - _AROUND_TABLE)]), Text("")]
        lines.append(Text(shown.verdict(one)))
    lines.append(Text(f"Every {_REFRESH_SECONDS:.0f} s; Ctrl-C ends it."))
    return Group(*lines)
