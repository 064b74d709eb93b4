"""InfluxDB's first set-up, its buckets and tokens, in an order that no kill can lock out.

The operator's token is chosen here and on the disk before InfluxDB hears of it. The other two
tokens are made by InfluxDB and can be read once: one that was made but not stored is found by
its description, deleted and made again. Should the operator's token be lost all the same,
`influxd recovery` makes a new one while the server is stopped.
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tigctl.backends.influxdb import Authorization, FoundBucket, Influx
from tigctl.errors import BackendError, TargetError
from tigctl.render.bundle import InfluxState, Token
from tigctl.targets.local.layout import Layout

OPERATOR = "operator.token"
PASSWORD = "admin.password"  # noqa: S105 - the name of a file
USER = "admin"
_OPERATOR_DESCRIPTIONS = (f"{USER}'s Token", f"{USER}'s Recovery Token")


def role(token: Token) -> str:
    """What a token is for: `write` (Telegraf's) or `read`."""
    return "write" if token.write else "read"


def file_of(token_role: str) -> str:
    """The name of the file that holds the token of this role."""
    return {"write": "telegraf.token", "read": "reader.token"}[token_role]


@dataclass(frozen=True, slots=True)
class Ensured:
    """What was done to InfluxDB, for the step's line."""

    created: tuple[str, ...]
    changed: tuple[str, ...]


def operator(layout: Layout, organization: str, url: str) -> Influx:
    """InfluxDB as its operator; a token is chosen and stored where there is none yet."""
    token = layout.read_secret(OPERATOR)
    if not token:
        token = secrets.token_urlsafe(48)
        layout.write_secret(OPERATOR, token)
    return Influx(url, organization, token)


def admin_password(layout: Layout) -> str:
    """The administrator's password, chosen and stored where there is none yet."""
    password = layout.read_secret(PASSWORD)
    if not password:
        password = secrets.token_urlsafe(24)
        layout.write_secret(PASSWORD, password)
    return password


def set_up(influx: Influx, layout: Layout, wanted: InfluxState) -> bool:
    """Does the first set-up if it is not done. Returns whether the operator's token works."""
    if not wanted.buckets:
        raise TargetError(f"{wanted.organization}: no bucket is wanted, so nothing can be set up")
    if not influx.is_set_up():
        first = wanted.buckets[0]
        influx.set_up(
            username=USER,
            password=admin_password(layout),
            bucket=first.name,
            retention=first.retention,
        )
    return influx.accepts_token()


def recover(layout: Layout, influxd: Path, organization: str) -> str | None:
    """Makes a new operator's token and stores it; returns its id. InfluxDB must be stopped.

    Returns None where there is no organization at all, because the first set-up was cut off.
    Then there is no bucket and no data either; the files are set aside, and InfluxDB can be set
    up anew. (`influxd recovery org create` is no way out: InfluxDB does not start after it.)
    """
    recovery = _Recovery(influxd, layout)
    there = recovery.names("org")
    if not there:
        set_aside(layout)
        return None
    if USER not in recovery.names("user"):
        # Seen by whoever lists processes, so it is no password that stays.
        password = secrets.token_urlsafe(24)
        recovery.run("user", "create", "--username", USER, "--password", password)
    owner = organization if organization in there else there[0]
    said = recovery.run("auth", "create-operator", "--username", USER, "--org", owner)
    # A table: id, user, user's id, description, token; only the token just made is shown.
    shown = [
        (line.split()[0], column)
        for line in said.splitlines()
        for column in line.partition(_OPERATOR_DESCRIPTIONS[1])[2].split()[:1]
        if column not in {"REDACTED", "N/A"}
    ]
    if not shown:
        raise BackendError(
            "influxd recovery made a token but did not show it",
            hint=f"run {influxd} recovery auth create-operator yourself and put the token "
            f"into {layout.secret(OPERATOR)}",
        )
    id_, token = shown[-1]
    layout.write_secret(OPERATOR, token)
    return id_


def set_aside(layout: Layout) -> None:
    """Moves InfluxDB's files out of its way; what was set aside before goes."""
    aside = layout.influxdb.with_name(layout.influxdb.name + ".incomplete")
    if aside.exists():
        shutil.rmtree(aside)
    layout.influxdb.rename(aside)
    layout.make()


def after_recovery(influx: Influx, layout: Layout, ours: str) -> None:
    """Deletes the operator's tokens nobody knows any more, all but the one with the id `ours`."""
    for found in influx.authorizations():
        if found.description in _OPERATOR_DESCRIPTIONS and found.id != ours:
            influx.delete_authorization(found.id)
    influx.set_password(USER, admin_password(layout))


def ensure(influx: Influx, layout: Layout, wanted: InfluxState) -> Ensured:
    """Makes the organization, its buckets, their retention and the two tokens as wanted."""
    created: list[str] = []
    changed: list[str] = []
    organization = influx.organization_id()
    if organization is None:
        organization = influx.create_organization()
        created.append(f"organization {wanted.organization}")
    found = {bucket.name: bucket for bucket in influx.buckets()}
    for bucket in wanted.buckets:
        there = found.get(bucket.name)
        if there is None:
            found[bucket.name] = influx.create_bucket(organization, bucket.name, bucket.retention)
            created.append(f"bucket {bucket.name}")
        elif there.retention != bucket.retention:
            influx.set_retention(there, bucket.retention)
            changed.append(f"bucket {bucket.name}")
    created += [
        f"token {token.description}"
        for token in wanted.tokens
        if _ensure_token(influx, layout, organization, token, found)
    ]
    keep = {token.description for token in wanted.tokens}
    for stale in influx.authorizations():
        if is_ours(stale, wanted.organization) and stale.description not in keep:
            influx.delete_authorization(stale.id)
            changed.append(f"token {stale.description}")
    return Ensured(tuple(created), tuple(changed))


def is_ours(found: Authorization, organization: str) -> bool:
    """Whether tigctl made this authorization for this tenant; rendering names them so."""
    return found.description.startswith(f"tigctl {organization} ")


def _ensure_token(
    influx: Influx,
    layout: Layout,
    organization: str,
    token: Token,
    buckets: Mapping[str, FoundBucket],
) -> bool:
    """Whether the token had to be made. The stored one stays if it still does what it should."""
    read = tuple(buckets[name].id for name in token.read)
    write = tuple(buckets[name].id for name in token.write)
    there = [one for one in influx.authorizations() if one.description == token.description]
    name = file_of(role(token))
    if len(there) == 1 and _fits(there[0], read, write):
        stored = layout.read_secret(name)
        if stored and Influx(influx.url, influx.organization, stored).accepts_token():
            return False
    for orphan in there:
        influx.delete_authorization(orphan.id)
    made = influx.create_authorization(organization, token.description, read=read, write=write)
    layout.write_secret(name, made)
    return True


def _fits(found: Authorization, read: tuple[str, ...], write: tuple[str, ...]) -> bool:
    return (
        found.active
        and not found.others
        and found.read == frozenset(read)
        and found.write == frozenset(write)
    )


@dataclass(frozen=True, slots=True)
class _Recovery:
    influxd: Path
    layout: Layout

    def names(self, kind: str) -> list[str]:
        """The names of all users or organizations (`user`, `org`)."""
        _, *lines = self.run(kind, "list").splitlines() or [""]
        return [name for line in lines if (name := line.partition("\t")[2].strip())]

    def run(self, *arguments: str) -> str:
        """Runs `influxd recovery`. Raises BackendError with what it said."""
        bolt = self.layout.influxdb / "influxd.bolt"
        done = subprocess.run(
            [str(self.influxd), "recovery", *arguments, "--bolt-path", str(bolt)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={"HOME": str(self.layout.influxdb)},
        )
        if done.returncode == 0:
            return done.stdout
        said = [line for line in done.stderr.splitlines() if line.startswith("Error")]
        raise BackendError(
            f"influxd recovery {' '.join(arguments[:2])} failed: {' '.join(said) or 'no reason'}",
            hint=f"see whether {bolt} is whole; a backup of the folder influxdb/ helps if not",
        )
