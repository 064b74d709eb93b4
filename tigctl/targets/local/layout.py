"""Where everything of a tenant lies on this machine, and that only its owner can read it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tigctl.spec.files import refused, replace

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths below `home`, which is WORKSPACE/.tigctl/local/TENANT."""

    home: Path

    @classmethod
    def of(cls, root: Path, tenant: str) -> Layout:
        """The layout of one tenant of the workspace at `root`."""
        return cls(root.resolve() / ".tigctl" / "local" / tenant)

    @property
    def state(self) -> Path:
        """What is remembered from one call to the next; see the module `state`."""
        return self.home / "state.json"

    @property
    def lock(self) -> Path:
        """Held by the tigctl that is at work on this tenant."""
        return self.home / "lock"

    @property
    def secrets(self) -> Path:
        """Tokens and the administrator's password, one file each."""
        return self.home / "secrets"

    @property
    def influxdb(self) -> Path:
        """InfluxDB's data. The only folder that grows, and the one `destroy` keeps."""
        return self.home / "influxdb"

    @property
    def telegraf(self) -> Path:
        """The configurations Telegraf runs with, and the record of what was applied."""
        return self.home / "telegraf"

    @property
    def run(self) -> Path:
        """Sockets, locks, and how each program was started, secrets included."""
        return self.home / "run"

    @property
    def logs(self) -> Path:
        """What the programs say; the supervisor limits its size."""
        return self.home / "logs"

    def config(self, shard: str) -> Path:
        """Telegraf's configuration of one shard."""
        return self.telegraf / f"{shard}.conf"

    @property
    def applied(self) -> Path:
        """What was applied last: shards, digests, devices."""
        return self.telegraf / "applied.json"

    def secret(self, name: str) -> Path:
        """The file of one secret."""
        return self.secrets / name

    def spec(self, program: str) -> Path:
        """How to start one program; read by the launcher."""
        return self.run / f"{program}.json"

    def held(self, program: str) -> Path:
        """The lock a running program holds."""
        return self.run / f"{program}.lock"

    def started(self, program: str) -> Path:
        """With what a program was started last; written by the launcher."""
        return self.run / f"{program}.started"

    def log(self, program: str) -> Path:
        """What one program says."""
        return self.logs / f"{program}.log"

    def make(self) -> None:
        """Makes all folders, readable by their owner only, and keeps git away from them."""
        top = self.home.parent.parent
        for folder in (top, self.home.parent, self.home, *self._folders()):
            folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            if folder.stat().st_mode & 0o077:
                folder.chmod(PRIVATE_FOLDER)
        ignore = top / ".gitignore"
        if not ignore.exists():
            replace(ignore, "*\n")

    def _folders(self) -> tuple[Path, ...]:
        return (self.secrets, self.influxdb, self.telegraf, self.run, self.logs)

    def read_secret(self, name: str) -> str:
        """A secret, or "" where there is none (or an empty file is all that is left)."""
        try:
            return self.secret(name).read_text().strip()
        except (FileNotFoundError, NotADirectoryError):
            return ""

    def write_secret(self, name: str, value: str) -> None:
        """Stores a secret; it is on the disk when this returns."""
        replace(self.secret(name), value + "\n", mode=PRIVATE_FILE)

    def log_size(self, program: str) -> int:
        """How much a program has said so far, in bytes."""
        try:
            return self.log(program).stat().st_size
        except OSError:
            return 0

    def tail(self, program: str, *, lines: int = 8, since: int = 0) -> str:
        """The last lines a program said, for an error's text; from byte `since` of its log on."""
        try:
            with self.log(program).open("rb") as log:
                size = os.fstat(log.fileno()).st_size
                # A log that is smaller than before has been rotated in between.
                log.seek(max(0, size - 8192, since if since <= size else 0))
                said = log.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(f"    {line[:300]}" for line in said[-lines:])


@contextlib.contextmanager
def disk_errors(home: Path) -> Iterator[None]:
    """Turns what the file system refuses into a WorldError that names the file."""
    try:
        yield
    except OSError as error:
        where = error.filename2 or error.filename
        # Names inside a folder that is being removed come without that folder.
        path = home / os.fsdecode(where) if isinstance(where, str | bytes) else home
        raise refused("use", path, error) from error
