"""A click group whose commands are imported when they are run or asked for help.

`tigctl --help` has to answer within 150 ms; the commands pull in pydantic, rich and clients
of SNMP and InfluxDB, so the group keeps their one-line help itself. A test holds these lines
and the commands' own together.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from typing import Any

import click
from click.shell_completion import CompletionItem


class LazyGroup(click.Group):
    """A group of commands, each in the module `PACKAGE.NAME` under the name `command`.

    `lazy` maps a command's name to its one-line help, in the order in which they are listed.
    """

    def __init__(self, *arguments: Any, package: str, lazy: Mapping[str, str], **options: Any):
        super().__init__(*arguments, **options)
        self.package = package
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, in the order of the work."""
        return [*self.lazy, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself: here its module is imported."""
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        module = importlib.import_module(f"{self.package}.{cmd_name}")
        command = module.command
        assert isinstance(command, click.Command)  # noqa: S101 - a fault of ours, not of a user
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Like click's, and names the nearest command where there is none of that name."""
        name = args[0]
        if not name.startswith("-") and name not in self.list_commands(ctx):
            near = difflib.get_close_matches(name, self.list_commands(ctx), n=1)
            tip = f" Did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"no command '{name}'.{tip}")
        return super().resolve_command(ctx, args)

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click calls it so
        formatter: click.HelpFormatter,
    ) -> None:
        """The section Commands of the help, without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.lazy.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names of commands and options, without importing a command."""
        commands = [
            CompletionItem(name, help=text)
            for name, text in self.lazy.items()
            if name.startswith(incomplete)
        ]
        return commands + click.Command.shell_complete(self, ctx, incomplete)
