"""The programs tigctl starts (Telegraf, InfluxDB): which versions and plugins, and where.

`scripts/tools` builds what is missing and asks this module, so that versions, plugins and
the order of the search are written down once. It uses the standard library only.

    python -m tigctl.targets.tools find telegraf       the path of a fitting program
    python -m tigctl.targets.tools version telegraf    the version that would be built
    python -m tigctl.targets.tools plugins             the Telegraf plugins that are needed
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tigctl.errors import ToolError

# Every plugin a rendered configuration may name, as build tags of Telegraf's own.
TELEGRAF_PLUGINS = (
    "inputs.exec",
    "inputs.execd",
    "inputs.internal",
    "inputs.net_response",
    "inputs.ping",
    "inputs.snmp",
    "outputs.file",
    "outputs.health",
    "outputs.influxdb_v2",
    "parsers.influx",
    "processors.converter",
    "processors.defaults",
    "processors.enum",
    "processors.override",
    "processors.regex",
    "processors.rename",
    "processors.scale",
    "processors.starlark",
    "processors.strings",
    "serializers.influx",
)


@dataclass(frozen=True, slots=True)
class Tool:
    """A program: the version `scripts/tools` builds and the range of versions that fit."""

    name: str
    version: str
    at_least: tuple[int, int]
    below: tuple[int, int]
    version_command: tuple[str, ...]

    @property
    def range(self) -> str:
        """The versions that fit, in words: `1.39 or later, below 2.0`."""
        return "{}.{} or later, below {}.{}".format(*self.at_least, *self.below)


TOOLS = {
    tool.name: tool
    for tool in (
        # 1.39 is the first Telegraf with strict environment handling in `config check`.
        Tool("telegraf", "1.39.3", (1, 39), (2, 0), ("version",)),
        # Version 3 is another database: no Flux, no buckets, no tasks.
        Tool("influxd", "2.9.1", (2, 7), (3, 0), ("version",)),
    )
}


def find(name: str) -> Path:
    """The program `name`, from TIGCTL_TOOLS, PATH or the cache, in this order.

    Raises ToolError if none of them holds one whose version and plugins fit; the error names
    every candidate that was looked at and why it did not do.
    """
    tool = TOOLS[name]
    refused = []
    for path in _candidates(tool):
        reason = unfit(tool, path)
        if reason is None:
            return path
        refused.append(f"{path}: {reason}")
    looked = "; ".join(refused) or "looked in TIGCTL_TOOLS, on PATH and in the cache"
    raise ToolError(
        f"no {name} {tool.range} found ({looked})",
        hint=f"run scripts/tools {name}, or put a fitting {name} on PATH",
    )


def cache() -> Path:
    """The folder that `scripts/tools` builds into."""
    if own := os.environ.get("TIGCTL_TOOLS"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tigctl" / "tools"


def _candidates(tool: Tool) -> Iterator[Path]:
    built = Path(f"{tool.name}-{tool.version}") / tool.name
    folders = [cache()] if os.environ.get("TIGCTL_TOOLS") else []
    for folder in folders:
        for path in (folder / built, folder / tool.name):
            if path.is_file():
                yield path.resolve()
    if on_path := shutil.which(tool.name):
        yield Path(on_path).resolve()
    if not folders and (cache() / built).is_file():
        yield (cache() / built).resolve()


def unfit(tool: Tool, path: Path) -> str | None:
    """Why the program at `path` does not do, or None if it does."""
    try:
        said = _run(path, *tool.version_command)
    except (OSError, subprocess.SubprocessError) as error:
        return f"cannot be run ({error})"
    found = re.search(r"\bv?(\d+)\.(\d+)(?:\.\d+)?", said)
    if not found:
        return f"tells no version ({said.strip()[:60]!r})"
    version = int(found[1]), int(found[2])
    if not tool.at_least <= version < tool.below:
        return f"is version {found[0].lstrip('v')}; {tool.range} is needed"
    if tool.name == "telegraf":
        absent = set(TELEGRAF_PLUGINS) - set(_run(path, "plugins").split())
        if absent:
            return f"lacks {', '.join(sorted(absent))}"
    return None


def _run(path: Path, *arguments: str) -> str:
    done = subprocess.run(
        [path, *arguments], capture_output=True, text=True, timeout=30, check=False
    )
    return done.stdout + done.stderr


def main(arguments: list[str]) -> int:
    """The command line that `scripts/tools` uses; see the module's docstring."""
    match arguments:
        case ["plugins"]:
            print("\n".join(TELEGRAF_PLUGINS))
        case ["version", name] if name in TOOLS:
            print(TOOLS[name].version)
        case ["find", name] if name in TOOLS:
            try:
                print(find(name))
            except ToolError as error:
                print(error, file=sys.stderr)
                return 1
        case _:
            print(f"{__doc__}\nKnown programs: {', '.join(TOOLS)}", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
