"""The environment variables that Telegraf's configurations name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from collectors.telegraf.model import Shard
from tigctl.errors import TargetError

URL_VARIABLE = "TIGCTL_INFLUXDB_URL"
TOKEN_VARIABLE = "TIGCTL_INFLUXDB_TOKEN"  # noqa: S105 - a name, not a secret
OWN_VARIABLES = frozenset({URL_VARIABLE, TOKEN_VARIABLE})


def device_variables(shard: Shard) -> tuple[str, ...]:
    """The variables a configuration names that hold secrets of devices."""
    return tuple(name for name in shard.variables if name not in OWN_VARIABLES)


def refuse_unset(
    shards: Sequence[Shard], environ: Mapping[str, str], contacts: Iterable[str] = ()
) -> None:
    """Raises UnsetVariables with all variables that are unset or empty and would be needed.

    Telegraf would send their names to the devices as if they were the secrets. `contacts` are
    the variables that contacts of alerts need.
    """
    needed = dict.fromkeys(name for shard in shards for name in device_variables(shard))
    needed |= dict.fromkeys(contacts)
    unset = [name for name in needed if not environ.get(name)]
    if unset:
        many = len(unset) > 1
        raise UnsetVariables(
            f"environment variable{'s' if many else ''} {', '.join(unset)} "
            f"{'are' if many else 'is'} not set, but credentials or contacts need"
            f" {'them' if many else 'it'}",
            hint=" ".join(["export", *(f"{name}=…" for name in unset)])
            + ", then run the command again",
        )


class UnsetVariables(TargetError):
    """Variables that hold secrets are unset; nothing was changed."""
