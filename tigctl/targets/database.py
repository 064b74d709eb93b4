"""InfluxDB's first set-up, its buckets, tasks and tokens, in an order that no kill can lock out.

The operator's token is chosen here and stored before InfluxDB hears of it. The other two tokens
are made by InfluxDB and can be read once. A new one is made and stored while the former one still
works; `retire` deletes that, and any that was made but never stored, when nobody uses it any more.
Where secrets are stored is the target's business.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from tigctl.backends.influxdb import Influx
from tigctl.backends.influxdb_model import Authorization, FoundBucket
from tigctl.errors import TargetError
from tigctl.render.bundle import InfluxState, Token
from tigctl.targets.keeping import Choice, Key

OPERATOR = "operator.token"
RECOVERY = "operator.recovery"  # the id of an operator's token that others may have seen
PASSWORD = "admin.password"  # noqa: S105 - the name of a secret
USER = "admin"


class Secrets(Protocol):
    """Where a target keeps its secrets, by the names below."""

    def read_secret(self, name: str) -> str:
        """A secret, or "" where there is none."""

    def write_secret(self, name: str, value: str) -> None:
        """Stores a secret; it is kept for good when this returns."""


def role(token: Token) -> str:
    """What a token is for: `write` (Telegraf's) or `read`."""
    return "write" if token.write else "read"


def secret_of(token_role: str) -> str:
    """The name of the secret that holds the token of this role."""
    return {"write": "telegraf.token", "read": "reader.token"}[token_role]


def id_of(token_role: str) -> str:
    """The name of the secret that says which authorization the token of this role belongs to."""
    return f"{secret_of(token_role)}.id"


@dataclass(frozen=True, slots=True)
class Ensured:
    """What was done to InfluxDB, for the step's line.

    `former`: whether there are tokens beside the stored ones, for `retire`. `tasks` are those
    made, by their keys.
    """

    created: tuple[str, ...]
    changed: tuple[str, ...]
    former: bool = False
    tasks: tuple[Key, ...] = ()


def operator(store: Secrets, organization: str, url: str) -> Influx:
    """InfluxDB as its operator; a token is chosen and stored where there is none yet."""
    token = store.read_secret(OPERATOR)
    if not token:
        token = secrets.token_urlsafe(48)
        store.write_secret(OPERATOR, token)
    return Influx(url, organization, token)


def admin_password(store: Secrets) -> str:
    """The administrator's password, chosen and stored where there is none yet."""
    password = store.read_secret(PASSWORD)
    if not password:
        password = secrets.token_urlsafe(24)
        store.write_secret(PASSWORD, password)
    return password


def set_up(influx: Influx, store: Secrets, wanted: InfluxState) -> bool:
    """Does the first set-up if it is not done. Returns whether the operator's token works."""
    if not wanted.buckets:
        raise TargetError(f"{wanted.organization}: no bucket is wanted, so nothing can be set up")
    if not influx.is_set_up():
        first = wanted.buckets[0]
        influx.set_up(
            username=USER,
            password=admin_password(store),
            bucket=first.name,
            retention=first.retention,
        )
    return influx.accepts_token()


def ensure(
    influx: Influx,
    store: Secrets,
    wanted: InfluxState,
    choice: Choice | None = None,
    *,
    new_tokens: bool = False,
) -> Ensured:
    """Makes the organization, its buckets and tasks and the two tokens as wanted.

    `choice` says what stays as it is. `new_tokens`: those stored are replaced even if nothing
    is wrong with them.
    """
    created: list[str] = []
    changed: list[str] = []
    organization = influx.organization_id()
    if organization is None:
        organization = influx.create_organization()
        created.append(f"organization {wanted.organization}")
    chosen = choice or Choice()
    found = {bucket.name: bucket for bucket in influx.buckets()}
    for bucket in wanted.buckets:
        there = found.get(bucket.name)
        if chosen.leaves("Bucket", bucket.name, there=there is not None):
            continue
        if there is None:
            found[bucket.name] = influx.create_bucket(organization, bucket.name, bucket.retention)
            created.append(f"bucket {bucket.name}")
        elif there.retention != bucket.retention:
            influx.set_retention(there, bucket.retention)
            changed.append(f"bucket {bucket.name}")
    tasks = _ensure_tasks(influx, organization, wanted, chosen, changed)
    created += [f"task {name}" for name in tasks]
    created += [
        f"token {token.description}"
        for token in wanted.tokens
        if chosen.takes("Token", token.description)
        and _ensure_token(influx, store, organization, token, found, anew=new_tokens)
    ]
    keep = {token.description for token in wanted.tokens}
    seen: set[str] = set()
    former = False
    for one in influx.authorizations():
        ours = is_ours(one, wanted.organization) and chosen.takes("Token", one.description)
        if ours and one.description not in keep:
            influx.delete_authorization(one.id)
            changed.append(f"token {one.description}")
        former |= one.description in keep and one.description in seen
        seen.add(one.description)
    anew = tuple(("Task", name) for name in tasks)
    return Ensured(tuple(created), tuple(changed), former, anew)


def retire(influx: Influx, store: Secrets, wanted: InfluxState) -> int:
    """Deletes all tokens of ours but the stored ones; returns how many.

    For when everybody has the stored one. Where it cannot be told which one is stored, none is
    deleted: the next `ensure` makes a new one.
    """
    gone = 0
    for token in wanted.tokens:
        there = [one for one in influx.authorizations() if one.description == token.description]
        stored = _stored(influx, store, role(token), there)
        for one in there:
            if stored and one.id != stored.id:
                influx.delete_authorization(one.id)
                gone += 1
    return gone


def _ensure_tasks(
    influx: Influx,
    organization: str,
    wanted: InfluxState,
    choice: Choice,
    changed: list[str],
) -> list[str]:
    """Makes the tasks as wanted; of two by one name, and of ours not wanted any more, none stay.

    Returns the names of those that were made.
    """
    keep = {task.name: task for task in wanted.tasks}
    there = set()
    for found in influx.tasks():
        task = keep.get(found.name)
        if choice.leaves("Task", found.name, there=True):
            there.add(found.name)
            continue
        if task is None or found.name in there:
            if task or is_our_task(found.name, wanted.organization):
                influx.delete_task(found.id)
                changed.append(f"task {found.name}")
            continue
        there.add(found.name)
        if not found.active or found.flux != task.flux:
            influx.update_task(found.id, task.flux)
            changed.append(f"task {found.name}")
    made = [
        name for name in keep if name not in there and not choice.leaves("Task", name, there=False)
    ]
    for name in made:
        influx.create_task(organization, keep[name].flux)
    return made


def is_our_task(name: str, organization: str) -> bool:
    """Whether tigctl made a task of this name for this tenant; rendering names them so."""
    return name.startswith(f"tigctl {organization} ")


def is_ours(found: Authorization, organization: str) -> bool:
    """Whether tigctl made this authorization for this tenant; rendering names them so."""
    return found.description.startswith(f"tigctl {organization} ")


def _ensure_token(
    influx: Influx,
    store: Secrets,
    organization: str,
    token: Token,
    buckets: Mapping[str, FoundBucket],
    *,
    anew: bool,
) -> bool:
    """Whether the token had to be made. The stored one stays if it still does what it should.

    Whatever there was stays as well: somebody may be using it.
    """
    read = tuple(buckets[name].id for name in token.read)
    write = tuple(buckets[name].id for name in token.write)
    there = [one for one in influx.authorizations() if one.description == token.description]
    stored = None if anew else _stored(influx, store, role(token), there)
    if stored and _fits(stored, read, write):
        return False
    made = influx.create_authorization(organization, token.description, read=read, write=write)
    # A kill between these two leaves an id that does not belong to the token: it counts as none.
    store.write_secret(id_of(role(token)), f"{_mark(made.token)} {made.id}")
    store.write_secret(secret_of(role(token)), made.token)
    return True


def _stored(
    influx: Influx, store: Secrets, token_role: str, there: Sequence[Authorization]
) -> Authorization | None:
    """Which of these the stored token belongs to; None where it is not accepted, or unknown."""
    token = store.read_secret(secret_of(token_role))
    if not token or not there:
        return None
    mark, _, id_ = store.read_secret(id_of(token_role)).partition(" ")
    known = [one for one in there if one.id == id_] if mark == _mark(token) else []
    if not known and len(there) == 1:
        known = list(there)  # stored by a tigctl that noted no id: it can be no other one
    with Influx(influx.url, influx.organization, token) as asked:
        return known[0] if known and asked.accepts_token() else None


def _mark(token: str) -> str:
    """To know a token again; nobody can tell the token from it."""
    return sha256(b"tigctl token " + token.encode()).hexdigest()[:16]


def _fits(found: Authorization, read: tuple[str, ...], write: tuple[str, ...]) -> bool:
    return (
        found.active
        and not found.others
        and found.read == frozenset(read)
        and found.write == frozenset(write)
    )
