"""Options and arguments that several commands share, and how the shell completes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from tigctl.errors import TigctlError, UsageError
from tigctl.spec.quantity import duration

Command = TypeVar("Command", bound=Callable[..., Any])


def _tenants(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Tenants of the workspace at hand, by their folders: quick, and right in broken files."""
    start = ctx.find_root().params.get("workspace") or Path.cwd()
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / "fleet.yaml").is_file():
            names = sorted(path.name for path in (folder / "tenants").glob("*/") if path.is_dir())
            return [name for name in names if name.startswith(incomplete)]
    return []


def _devices(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Devices of the tenant that stands before in the line; none where files are faulty.

    click loses what stands before an option that still lacks its value; then all tenants'
    devices are offered.
    """
    from tigctl.spec import workspace  # noqa: PLC0415 - completion starts often: stay light

    tenant = ctx.params.get("tenant")
    start = ctx.find_root().params.get("workspace") or Path.cwd()
    try:
        found = workspace.load(workspace.find(start.resolve()), [tenant] if tenant else None)
    except (TigctlError, OSError):
        return []
    names = (device.name for one in found.tenants.values() for device in one.devices)
    return [name for name in names if name.startswith(incomplete)]


def tenant_argument(*, required: bool = True) -> Callable[[Command], Command]:
    """The argument TENANT."""
    return click.argument("tenant", required=required, shell_complete=_tenants)


def device_argument() -> Callable[[Command], Command]:
    """The argument DEVICE, a device of TENANT."""
    return click.argument("device", shell_complete=_devices)


def device_option() -> Callable[[Command], Command]:
    """The repeatable option --device, a device of TENANT."""
    return click.option(
        "--device",
        "devices",
        metavar="NAME",
        multiple=True,
        shell_complete=_devices,
        help="Only this device; may be given several times.",
    )


def output_option() -> Callable[[Command], Command]:
    """The option -o table|json."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(["table", "json"]),
        default="table",
        show_default=True,
        help="Form of the data on standard output.",
    )


def every_option() -> Callable[[Command], Command]:
    """The flag --all."""
    return click.option("--all", "every", is_flag=True, help="All tenants of the workspace.")


def exclusive(tenant: str | None, *, every: bool) -> None:
    """Raises UsageError where both TENANT and --all are given."""
    if tenant and every:
        raise UsageError(f"tenant '{tenant}' and --all exclude each other", hint="give one of them")


class _Duration(click.ParamType[int]):
    """A duration such as 90s or 5m, as seconds."""

    name = "duration"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Seconds; a number is one already. Nothing is nothing in any unit."""
        if isinstance(value, int):
            return value
        if value.strip() == "0":
            return 0
        try:
            return duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


DURATION = _Duration()


def wait_option() -> Callable[[Command], Command]:
    """The option --wait, in seconds."""
    return click.option(
        "--wait",
        metavar="DURATION",
        type=DURATION,
        default="5m",
        show_default=True,
        help="How long data of every live device is waited for.",
    )
