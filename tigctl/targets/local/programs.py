"""Command lines and environments of influxd and telegraf.

A program gets only what it needs: influxd no SNMP secret, telegraf its own write token, and
nobody the operator's. The whole environment stands in a file only its owner can read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from collectors.telegraf.model import Shard
from tigctl.spec.files import replace
from tigctl.targets.environment import TOKEN_VARIABLE, URL_VARIABLE, device_variables
from tigctl.targets.local import launch, locks
from tigctl.targets.local.layout import PRIVATE_FILE, Layout
from tigctl.targets.local.network import LOOPBACK

INFLUXDB = "influxdb"

# Telegraf looks for `ping` where ping.method is exec.
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Below this Go's collector would run all the time, whatever the devices need.
_LEAST_MEMORY = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Program:
    """One program of a stack, ready to be written down for the launcher.

    `inputs` are files whose content it was started with: a change of one asks for a restart.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    inputs: tuple[Path, ...] = ()

    def write(self, layout: Layout) -> None:
        """Writes the launcher's file, if it is not there in this form already."""
        spec = {
            "name": self.name,
            "command": self.command,
            "environment": self.environment,
            "folder": str(self.folder),
            "lock": str(layout.held(self.name)),
            "started": str(layout.started(self.name)),
            "inputs": [str(path) for path in self.inputs],
        }
        content = json.dumps(spec, indent=2) + "\n"
        path = layout.spec(self.name)
        if not path.exists() or path.read_text() != content:
            replace(path, content, mode=PRIVATE_FILE)


def url(port: int) -> str:
    """Where InfluxDB answers."""
    return f"http://{LOOPBACK}:{port}"


def influxdb(layout: Layout, tool: Path, port: int) -> Program:
    """InfluxDB on one port of the loopback interface, sending no reports to anybody."""
    home = layout.influxdb
    return Program(
        name=INFLUXDB,
        command=(
            *(str(tool), "run", "--reporting-disabled", "--log-level", "warn"),
            *("--http-bind-address", f"{LOOPBACK}:{port}"),
            *("--bolt-path", str(home / "influxd.bolt")),
            *("--engine-path", str(home / "engine")),
            *("--sqlite-path", str(home / "influxd.sqlite")),
            # Flux could otherwise fetch from other machines of this network.
            "--hardening-enabled",
            # Profiles are given to anybody who asks, and a heap may hold tokens; and to be ready
            # for them costs a fifth of all processor time.
            "--pprof-disabled",
        ),
        environment={"PATH": _PATH, "HOME": str(home), "LANG": "C.UTF-8"},
        folder=home,
    )


def telegraf(
    layout: Layout,
    tool: Path,
    shard: Shard,
    *,
    port: int,
    token: str,
    environ: Mapping[str, str],
) -> Program:
    """One Telegraf with one configuration file and the secrets that file names."""
    config = layout.config(shard.name)
    secrets = {name: environ[name] for name in device_variables(shard)}
    return Program(
        name=shard.name,
        command=(str(tool), "--strict-env-handling", "--config", str(config)),
        environment={
            "PATH": _PATH,
            "HOME": str(layout.telegraf),
            "LANG": "C.UTF-8",
            "GOMEMLIMIT": str(max(shard.memory_bytes, _LEAST_MEMORY)),
            **secrets,
            URL_VARIABLE: url(port),
            TOKEN_VARIABLE: token,
        },
        folder=layout.telegraf,
        inputs=(config,),
    )


def running_pid(layout: Layout, program: str) -> int | None:
    """The pid of the program, whoever started it, or None where it does not run."""
    return locks.holder(layout.held(program))


def is_current(layout: Layout, program: str) -> bool:
    """Whether the running program was started with the files as they are now."""
    pid = running_pid(layout, program)
    spec = layout.spec(program)
    if pid is None:
        return False
    try:
        started = json.loads(layout.started(program).read_bytes())
        inputs = json.loads(spec.read_bytes())["inputs"]
    except (OSError, ValueError, KeyError):
        return False
    return bool(started == {"pid": pid, "digest": launch.digest(spec, inputs)})


def stored_environment(layout: Layout, program: str) -> Mapping[str, str]:
    """The environment a program was written down with; holds secrets, so do not show it."""
    try:
        found = json.loads(layout.spec(program).read_bytes())["environment"]
    except (OSError, ValueError, KeyError):
        return {}
    return found if isinstance(found, dict) else {}
