"""What is wanted and what is there, in the form a plan compares. No secrets, no side effects.

State           state.json: only its being readable
Process         influxdb, telegraf-0 …: program, state, and whether it runs as written down
TelegrafConfig  per shard: settings, one field per device, the whole file's content
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from collectors.telegraf.model import Shard
from tigctl.backends.influxdb import Influx
from tigctl.errors import BackendError
from tigctl.targets import database, influxdb_state
from tigctl.targets.environment import OWN_VARIABLES
from tigctl.targets.local import polling, programs
from tigctl.targets.local.layout import Layout
from tigctl.targets.local.state import State
from tigctl.targets.local.supervisor import Supervisor
from tigctl.targets.model import Json, Resource

RUNNING = "running"
STOPPED = "stopped"
CURRENT = "current"
MANAGER = "tigctl"


# Wanted


def wanted_state() -> Resource:
    """state.json can be read."""
    return Resource("State", "state.json", {"file": "readable"}, MANAGER)


def wanted_process(name: str, version: str, *, secrets: bool) -> Resource:
    """A program that runs, in this version, as it was written down."""
    fields: dict[str, Json] = {"program": version, "state": RUNNING, "started_with": CURRENT}
    if secrets:
        fields["secrets"] = CURRENT
    return Resource("Process", name, fields, MANAGER)


def wanted_config(shard: Shard) -> Resource:
    """A configuration of Telegraf."""
    return _config(shard.name, polling.settings(shard), shard.digests, polling.short(shard.config))


def _config(name: str, settings: str, devices: Mapping[str, str], content: str) -> Resource:
    fields: dict[str, Json] = {"settings": settings, "content": content}
    fields |= {f"devices.{device}": digest[:12] for device, digest in devices.items()}
    return Resource("TelegrafConfig", name, fields, MANAGER)


# There


def live_state(state: State) -> Resource:
    """state.json as it is."""
    return Resource(
        "State", "state.json", {"file": "damaged" if state.damaged else "readable"}, MANAGER
    )


def live_processes(layout: Layout, state: State) -> Iterator[Resource]:
    """Every program that was written down or runs."""
    names = {path.stem for path in layout.run.glob("*.json")} - {"supervisord"}
    supervised = Supervisor(layout).states() or {}
    for name in sorted(names):
        pid = programs.running_pid(layout, name)
        runs = pid is not None and name in supervised and supervised[name].pid == pid
        fields: dict[str, Json] = {
            "program": state.versions.get(name, "unknown"),
            "state": RUNNING if runs else STOPPED,
            "started_with": CURRENT if programs.is_current(layout, name) else "former settings",
        }
        if not runs:
            fields["started_with"] = None
        if name != programs.INFLUXDB:
            fields["secrets"] = _secrets_now(layout, name)
        yield Resource("Process", name, fields, MANAGER)


def _secrets_now(layout: Layout, name: str) -> str:
    """Whether a Telegraf was given what the environment holds now; an unset one cannot tell."""
    stored = programs.stored_environment(layout, name)
    own = OWN_VARIABLES | {"PATH", "HOME", "LANG", "GOMEMLIMIT"}
    changed = sorted(
        variable
        for variable, value in stored.items()
        if variable not in own and os.environ.get(variable, value) != value
    )
    return f"former value of {', '.join(changed)}" if changed else CURRENT


def live_configs(layout: Layout) -> Iterator[Resource]:
    """Every configuration of Telegraf that lies there."""
    applied = polling.Applied.load(layout).shards
    for path in sorted(layout.telegraf.glob("*.conf")):
        content = polling.content_of(path)
        noted = applied.get(path.stem)
        if noted is None:
            yield _config(path.stem, "", {}, f"{content} (not noted by tigctl)")
        elif noted.content != content:
            edited = f"{content} (changed by hand)"
            yield _config(path.stem, noted.settings, noted.devices, edited)
        else:
            yield _config(path.stem, noted.settings, noted.devices, content)


def remembered(known: Mapping[str, Mapping[str, Any]]) -> Iterator[Resource]:
    """What InfluxDB held when it was last seen, for a plan while it is stopped."""
    for key, fields in known.items():
        kind, _, name = key.partition(" ")
        yield Resource(kind, name, dict(fields), "" if kind == "Bucket" else MANAGER)


def memory_of(found: Iterator[Resource]) -> dict[str, dict[str, Json]]:
    """The opposite of `remembered`."""
    return {f"{one.kind} {one.name}": dict(one.fields) for one in found}


def seen(layout: Layout, state: State, url: str, organization: str) -> tuple[Resource, ...]:
    """What InfluxDB holds, now if it answers, else as it was seen last."""
    token = layout.read_secret(database.OPERATOR)
    try:
        with Influx(url, organization, token, timeout=10) as influx:
            return tuple(influxdb_state.live(layout, influx, state.tokens))
    except BackendError:
        return tuple(remembered(state.influxdb))
