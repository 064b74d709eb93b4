"""A new operator's token for an InfluxDB whose own one is lost: what all targets share of it.

`influxd recovery`, run while InfluxDB is stopped, writes a token into its database and shows it.
How it is run, and where it shows it, is the target's business.
"""

from __future__ import annotations

from tigctl.backends.influxdb import Influx
from tigctl.backends.influxdb_model import Made
from tigctl.targets import database
from tigctl.targets.database import USER, Secrets

# The description that `influxd recovery` gives to what it makes, and all an operator's may have.
DESCRIPTION = f"{USER}'s Recovery Token"
_RENEWED = f"{USER}'s Token"
_DESCRIPTIONS = (_RENEWED, DESCRIPTION)
_HIDDEN = frozenset({"REDACTED", "N/A"})


def arguments(organization: str) -> tuple[str, ...]:
    """What makes `influxd recovery` write a new operator's token into a database file."""
    return ("auth", "create-operator", "--username", USER, "--org", organization)


def shown(said: str) -> tuple[str, str] | None:
    """Id and token from what influxd printed; None where it shows no token.

    It prints a table of all authorizations: id, user, user's id, description, token. Tokens that
    were there before are hashes and shown as REDACTED.
    """
    found = [
        (line.split()[0], column)
        for line in said.splitlines()
        for column in line.partition(DESCRIPTION)[2].split()[:1]
        if column not in _HIDDEN
    ]
    return found[-1] if found else None


def after_recovery(influx: Influx, store: Secrets, ours: str) -> None:
    """Deletes the operator's tokens nobody knows any more, all but the one with the id `ours`.

    Sets the administrator's password to the stored one, too.
    """
    for found in influx.authorizations():
        if found.description in _DESCRIPTIONS and found.id != ours:
            influx.delete_authorization(found.id)
    influx.set_password(USER, database.admin_password(store))


def renew(influx: Influx, seen: str) -> Made:
    """Another operator's token that may do the same as the one with the id `seen`."""
    return influx.copy_authorization(seen, _RENEWED)
