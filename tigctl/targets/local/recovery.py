"""The way back into an InfluxDB of this machine whose operator's token is lost."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tigctl.errors import BackendError
from tigctl.targets import recovered
from tigctl.targets.database import OPERATOR, USER
from tigctl.targets.local.layout import Layout


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
    made = recovered.shown(recovery.run(*recovered.arguments(owner)))
    if made is None:
        raise BackendError(
            "influxd recovery made a token but did not show it",
            hint=f"run {influxd} recovery auth create-operator yourself and put the token "
            f"into {layout.secret(OPERATOR)}",
        )
    id_, token = made
    layout.write_secret(OPERATOR, token)
    return id_


def set_aside(layout: Layout) -> None:
    """Moves InfluxDB's files out of its way; what was set aside before goes."""
    aside = layout.influxdb.with_name(layout.influxdb.name + ".incomplete")
    if aside.exists():
        shutil.rmtree(aside)
    layout.influxdb.rename(aside)
    layout.make()


@dataclass(frozen=True, slots=True)
class _Recovery:
    influxd: Path
    layout: Layout

    @property
    def bolt(self) -> str:
        """InfluxDB's database file, which holds its users and tokens."""
        return str(self.layout.influxdb / "influxd.bolt")

    def names(self, kind: str) -> list[str]:
        """The names of all users or organizations (`user`, `org`)."""
        _, *lines = self.run(kind, "list").splitlines() or [""]
        return [name for line in lines if (name := line.partition("\t")[2].strip())]

    def run(self, *arguments: str) -> str:
        """Runs `influxd recovery`. Raises BackendError with what it said."""
        done = subprocess.run(
            [str(self.influxd), "recovery", *arguments, "--bolt-path", self.bolt],
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
            hint=f"see whether {self.bolt} is whole; a backup of the folder influxdb/ helps if not",
        )
