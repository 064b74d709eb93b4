"""What is wanted and what is there, in the form a plan compares. No secrets, no side effects.

State           state.json: only its being readable
Process         influxdb, telegraf-0 …: program, state, and whether it runs as written down
TelegrafConfig  per shard: settings, one field per device, the whole file's content
Organization    and whether our operator's token works
Bucket          retention
Token           what it may read and write, and whether the stored one works
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from collectors.telegraf.model import Shard
from tigctl.backends.influxdb import Authorization, FoundBucket, Influx
from tigctl.errors import BackendError
from tigctl.render.bundle import InfluxState
from tigctl.targets.local import database, polling, programs
from tigctl.targets.local.layout import Layout
from tigctl.targets.local.state import State
from tigctl.targets.local.supervisor import Supervisor
from tigctl.targets.model import Json, Resource

RUNNING = "running"
STOPPED = "stopped"
CURRENT = "current"
MANAGER = "tigctl"
_UNITS = ((365 * 86_400, "y"), (86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def duration(seconds: int) -> str:
    """A retention as people write it: 30d, 2y, 36h; `for ever` for 0."""
    if not seconds:
        return "for ever"
    for size, unit in _UNITS:
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


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


def wanted_influxdb(wanted: InfluxState) -> Iterator[Resource]:
    """The organization, its buckets and tokens."""
    yield Resource("Organization", wanted.organization, {"operator_token": "stored"}, MANAGER)
    for bucket in wanted.buckets:
        yield Resource("Bucket", bucket.name, {"retention": duration(bucket.retention)}, MANAGER)
    for token in wanted.tokens:
        fields = _token_fields(token.read, token.write)
        yield Resource("Token", token.description, fields, MANAGER)


def _token_fields(
    read: tuple[str, ...], write: tuple[str, ...], *, others: int = 0, stored: str = "stored"
) -> dict[str, Json]:
    return {
        "read": ", ".join(sorted(read)),
        "write": ", ".join(sorted(write)),
        "further_permissions": others,
        "secret": stored,
    }


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
    own = programs.OWN_VARIABLES | {"PATH", "HOME", "LANG", "GOMEMLIMIT"}
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


def live_influxdb(layout: Layout, influx: Influx, tokens: Mapping[str, str]) -> Iterator[Resource]:
    """What InfluxDB holds, asked as its operator. `tokens`: role -> description.

    Raises BackendError if it does not answer.
    """
    if not influx.is_set_up():
        return
    if not influx.accepts_token():
        yield Resource(
            "Organization", influx.organization, {"operator_token": "not accepted"}, MANAGER
        )
        return
    if influx.organization_id() is None:
        return
    yield Resource("Organization", influx.organization, {"operator_token": "stored"}, MANAGER)
    buckets = influx.buckets()
    for bucket in buckets:
        # A bucket holds data: one that is not wanted is somebody's, never ours to delete.
        yield Resource("Bucket", bucket.name, {"retention": duration(bucket.retention)})
    yield from _live_tokens(layout, influx, buckets, tokens)


def _live_tokens(
    layout: Layout, influx: Influx, buckets: tuple[FoundBucket, ...], tokens: Mapping[str, str]
) -> Iterator[Resource]:
    names = {bucket.id: bucket.name for bucket in buckets}
    roles = {description: role for role, description in tokens.items()}
    ours: dict[str, list[Authorization]] = {}
    for found in influx.authorizations():
        if found.description in roles or database.is_ours(found, influx.organization):
            ours.setdefault(found.description, []).append(found)
    for description, found_ones in ours.items():
        first = found_ones[0]
        role = roles.get(description)
        stored = _stored(layout, influx, role) if role else "of no use any more"
        if not first.active:
            stored = "inactive"
        if len(found_ones) > 1:
            stored = f"one of {len(found_ones)} of this name"
        fields = _token_fields(
            tuple(names.get(id_, id_) for id_ in first.read),
            tuple(names.get(id_, id_) for id_ in first.write),
            others=first.others,
            stored=stored,
        )
        yield Resource("Token", description, fields, MANAGER)


def _stored(layout: Layout, influx: Influx, role: str) -> str:
    token = layout.read_secret(database.file_of(role))
    if not token:
        return "not stored"
    with Influx(influx.url, influx.organization, token) as asked:
        return "stored" if asked.accepts_token() else "not accepted"


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
            return tuple(live_influxdb(layout, influx, state.tokens))
    except BackendError:
        return tuple(remembered(state.influxdb))
