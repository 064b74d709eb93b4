"""What InfluxDB holds for a tenant, in the form a plan compares. No secret's value.

Organization    and whether our operator's token works
Bucket          retention
Task            when it runs, whether it does, and a digest of each section of its script
Token           what it may read and write, and whether the stored one works
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

from tigctl.backends.influxdb import Influx
from tigctl.backends.influxdb_model import Authorization, FoundBucket, FoundTask
from tigctl.render.bundle import InfluxState
from tigctl.targets import database
from tigctl.targets.database import Secrets
from tigctl.targets.keeping import Kept
from tigctl.targets.model import Action, Change, FieldChange, Json, Resource

MANAGER = "tigctl"
_NOT_ACCEPTED = "not accepted"
BUCKET, TASK = "Bucket", "Task"
KINDS = frozenset({"Organization", BUCKET, TASK, "Token", "InfluxDB"})
_FOR_EVER = "for ever"
_UNITS = ((365 * 86_400, "y"), (86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def duration(seconds: int) -> str:
    """A retention as people write it: 30d, 2y, 36h; `for ever` for 0."""
    if not seconds:
        return _FOR_EVER
    for size, unit in _UNITS:
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _seconds(text: str) -> int:
    """The opposite of `duration`."""
    sizes = {unit: size for size, unit in _UNITS}
    return 0 if text == _FOR_EVER else int(text[:-1]) * sizes[text[-1]]


def as_kept(state: InfluxState, kept: Iterable[Kept]) -> InfluxState:
    """The state with the retention that somebody set and keeps."""
    values = {one.name: one.values["retention"] for one in kept if one.kind == BUCKET}
    buckets = tuple(
        replace(one, retention=_seconds(values[one.name])) if one.name in values else one
        for one in state.buckets
    )
    return replace(state, buckets=buckets)


def wanted(wanted: InfluxState) -> Iterator[Resource]:
    """The organization, its buckets, tasks and tokens."""
    yield Resource("Organization", wanted.organization, {"operator_token": "stored"}, MANAGER)
    for bucket in wanted.buckets:
        yield Resource(BUCKET, bucket.name, {"retention": duration(bucket.retention)}, MANAGER)
    for task in wanted.tasks:
        fields = _task_fields(task.every, task.offset, task.flux)
        yield Resource(TASK, task.name, fields, MANAGER)
    for token in wanted.tokens:
        fields = _token_fields(token.read, token.write)
        yield Resource("Token", token.description, fields, MANAGER)


def _task_fields(
    every: str, offset: str, flux: str, *, active: bool = True, others: int = 0
) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "every": every,
        "offset": offset,
        "status": "active" if active else "inactive",
    }
    if others:
        fields["further_tasks_of_this_name"] = others
    # A section begins with a comment that names it; what others wrote may hold none.
    for section in flux.strip().split("\n\n//"):
        title = section.partition("\n")[0].strip() if section != flux.strip() else ""
        if title.startswith(("import", "option")) or not title:
            title = "head"
        fields[f"script.{title}"] = sha256(section.encode()).hexdigest()[:12]
    return fields


def asked_anew(wanted: InfluxState, found: Sequence[Change]) -> Iterator[Change]:
    """What a plan says of tokens that are replaced on demand; those in `found` are told of."""
    told = {change.name for change in found if change.kind == "Token"}
    for token in wanted.tokens:
        if token.description not in told:
            field = FieldChange("secret", "stored", "a new one")
            yield Change(Action.UPDATE, "Token", token.description, (field,))


def _token_fields(
    read: tuple[str, ...], write: tuple[str, ...], *, others: int = 0, stored: str = "stored"
) -> dict[str, Json]:
    return {
        "read": ", ".join(sorted(read)),
        "write": ", ".join(sorted(write)),
        "further_permissions": others,
        "secret": stored,
    }


def live(store: Secrets, influx: Influx, tokens: Mapping[str, str]) -> Iterator[Resource]:
    """What InfluxDB holds, asked as its operator. `tokens`: role -> description.

    Raises BackendError if it does not answer.
    """
    if not influx.is_set_up():
        return
    if not influx.accepts_token():
        fields: dict[str, Json] = {"operator_token": _NOT_ACCEPTED}
        yield Resource("Organization", influx.organization, fields, MANAGER)
        return
    if influx.organization_id() is None:
        return
    yield Resource("Organization", influx.organization, {"operator_token": "stored"}, MANAGER)
    buckets = influx.buckets()
    for bucket in buckets:
        # A bucket holds data: one that is not wanted is somebody's, never ours to delete.
        yield Resource(BUCKET, bucket.name, {"retention": duration(bucket.retention)})
    yield from _live_tasks(influx)
    yield from _live_tokens(store, influx, buckets, tokens)


def is_locked_out(found: Sequence[Resource]) -> bool:
    """Whether nothing could be seen because the operator's token is not accepted."""
    return any(one.fields.get("operator_token") == _NOT_ACCEPTED for one in found)


def _live_tasks(influx: Influx) -> Iterator[Resource]:
    by_name: dict[str, list[FoundTask]] = {}
    for found in influx.tasks():
        by_name.setdefault(found.name, []).append(found)
    for name, (first, *others) in by_name.items():
        fields = _task_fields(
            first.every,
            first.offset,
            first.flux,
            active=first.active,
            others=len(others),
        )
        ours = database.is_our_task(name, influx.organization)
        yield Resource(TASK, name, fields, MANAGER if ours else "")


def _live_tokens(
    store: Secrets, influx: Influx, buckets: tuple[FoundBucket, ...], tokens: Mapping[str, str]
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
        stored = _stored(store, influx, role) if role else "of no use any more"
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


def _stored(store: Secrets, influx: Influx, role: str) -> str:
    token = store.read_secret(database.secret_of(role))
    if not token:
        return "not stored"
    with Influx(influx.url, influx.organization, token) as asked:
        return "stored" if asked.accepts_token() else "not accepted"
