"""An InfluxDB of one's own for as long as something is tried in it; nothing of it stays."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tigctl.backends.influxdb import Influx
from tigctl.errors import BackendError, TargetError
from tigctl.targets import tools
from tigctl.targets.local import network
from tigctl.targets.local.launch import end_with_parent

ORGANIZATION, BUCKET = "scratch", "raw"
_HISTORY = ("5m", "1h")
_START_S, _LOOK_S, _STOP_S = 60.0, 0.05, 20.0


@contextlib.contextmanager
def influxdb() -> Iterator[Influx]:
    """A running InfluxDB with empty buckets `raw`, `5m` and `1h` that keep everything.

    Raises ToolError where there is no influxd, TargetError where it does not start.
    """
    tool = tools.find("influxd")
    with tempfile.TemporaryDirectory(prefix="tigctl-scratch-") as folder:
        home = Path(folder)
        refused: set[int] = set()
        while True:
            port = network.choose(None, frozenset(refused))
            process = _start(tool, home, port)
            try:
                token = secrets.token_urlsafe(32)
                url = f"http://127.0.0.1:{port}"
                with Influx(url, ORGANIZATION, token) as influx:
                    if not _healthy(influx, process):
                        refused.add(port)
                        _give_up(home, len(refused))
                        continue
                    influx.set_up(
                        username="scratch",
                        password=secrets.token_urlsafe(16),
                        bucket=BUCKET,
                        retention=0,
                    )
                    organization = influx.organization_id() or ""
                    for name in _HISTORY:
                        influx.create_bucket(organization, name, 0)
                    yield influx
                    return
            finally:
                _end(process)


def _start(tool: Path, home: Path, port: int) -> subprocess.Popen[bytes]:
    command = [
        *(str(tool), "run", "--reporting-disabled", "--log-level", "warn"),
        # To be ready for profiles costs a fifth of its time; no InfluxDB of tigctl's is.
        "--pprof-disabled",
        *("--http-bind-address", f"127.0.0.1:{port}"),
        *("--bolt-path", str(home / "influxd.bolt")),
        *("--engine-path", str(home / "engine")),
        *("--sqlite-path", str(home / "influxd.sqlite")),
    ]
    with (home / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C is for tigctl, which ends it
            # If that is killed, the kernel does.
            preexec_fn=end_with_parent,  # noqa: PLW1509 - no thread that holds a lock
        )


def _healthy(influx: Influx, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(BackendError):
            if influx.healthy():
                return True
        time.sleep(_LOOK_S)
    return False


def _give_up(home: Path, tries: int) -> None:
    """Another port is tried only where somebody was faster."""
    said = (home / "log").read_text(errors="replace")
    if "address already in use" not in said or tries > 4:
        raise TargetError(
            f"influxd does not start: {' '.join(said.split())[-300:]}",
            hint="is there room in the folder for temporary files? TMPDIR names another",
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
