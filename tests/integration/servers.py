"""Real servers for tests: InfluxDB and Telegraf on a free port of 127.0.0.1, ended by pid.

    with influxd(tmp_path) as influx:            # set up: organisation, bucket, operator token
        with telegraf(config, tmp_path, {"TIGCTL_INFLUXDB_URL": influx.url}) as running:
            ...

Uses the standard library only, so that a test of our own InfluxDB adapter does not stand on
that adapter. SNMP agents and everything about devices live elsewhere.
"""

from __future__ import annotations

import base64
import contextlib
import csv
import io
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tigctl.targets import tools

START_SECONDS = 300.0  # with half a million series, on a machine that others use as well


@dataclass(frozen=True)
class Server:
    """A running program. `log` is what it wrote to both standard outputs."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def said(self) -> str:
        return self.log.read_text(errors="replace")


@dataclass(frozen=True)
class InfluxServer(Server):
    """A running InfluxDB; `token` is the operator's and "" where it is not set up."""

    url: str
    port: int
    directory: Path
    organization: str = ""
    bucket: str = ""
    token: str = ""

    def call(
        self, method: str, path: str, body: object = None, *, token: str | None = None
    ) -> tuple[int, bytes]:
        """One request to the API: status and body. A refusal is an answer, not an error."""
        return request(method, self.url + path, body, token=self.token if token is None else token)

    def query(self, flux: str, *, token: str | None = None) -> list[dict[str, str]]:
        """All rows of a Flux query as text (annotated CSV without annotations)."""
        status, answer = self.call(
            "POST",
            f"/api/v2/query?org={self.organization}",
            {"query": flux, "dialect": {"header": True, "annotations": []}},
            token=token,
        )
        assert status == 200, answer
        rows: list[dict[str, str]] = []
        for table in answer.decode().replace("\r\n", "\n").strip().split("\n\n"):
            rows.extend(csv.DictReader(io.StringIO(table)))
        return rows

    def write(self, lines: str, *, bucket: str | None = None, token: str | None = None) -> int:
        """Writes line protocol with times in ns; returns the HTTP status (204 means taken)."""
        path = f"/api/v2/write?org={self.organization}&bucket={bucket or self.bucket}&precision=ns"
        return self.call("POST", path, lines.encode(), token=token)[0]


def request(
    method: str,
    url: str,
    body: object = None,
    *,
    token: str = "",
    basic: str = "",
    timeout: float = 120,
) -> tuple[int, bytes]:
    """One HTTP request, never through a proxy; bytes are sent as they are, the rest as JSON.

    `basic` is `user:password`.
    """
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data=data, method=method)  # noqa: S310 - our own server
    if token:
        asked.add_header("Authorization", f"Token {token}")
    if basic:
        asked.add_header("Authorization", f"Basic {base64.b64encode(basic.encode()).decode()}")
    if body is not None and not isinstance(body, bytes):
        asked.add_header("Content-Type", "application/json")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(asked, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def free_port(address: str = "127.0.0.1") -> int:
    """A TCP port nobody listens on now. Somebody may take it before you do: be ready to retry."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def influxd(
    directory: Path,
    *,
    set_up: bool = True,
    organization: str = "acme",
    bucket: str = "raw",
    retention: int = 0,
    token: str = "operator-token-for-tests",  # noqa: S107 - lives as long as the test
    port: int | None = None,
    environ: Mapping[str, str] | None = None,
) -> Iterator[InfluxServer]:
    """A real InfluxDB whose data lies in `directory`/influxdb; kept there when it ends.

    `retention` in seconds (0: for ever, so that tests may write points with old times). With
    data of a former run `set_up` is skipped and the same token works. A given `port` is taken
    as it is; otherwise a free one is found, and another one if somebody was faster. `environ` is
    given to it besides its home.
    """
    server = start_influxd(directory / "influxdb", port, environ)
    try:
        if set_up:
            _set_up(server, organization, bucket, retention, token)
            server = InfluxServer(
                **{**vars(server), "organization": organization, "bucket": bucket, "token": token}
            )
        yield server
    finally:
        end(server.process)


def start_influxd(
    home: Path, port: int | None, environ: Mapping[str, str] | None = None
) -> InfluxServer:
    """Starts one with its data in `home`; who calls ends it (`end`)."""
    home.mkdir(parents=True, exist_ok=True)
    for _ in range(5):
        chosen = port or free_port()
        command = [
            *(str(tools.find("influxd")), "run", "--reporting-disabled", "--log-level", "warn"),
            # To be ready for profiles costs a fifth of its time; no InfluxDB of tigctl's is.
            "--pprof-disabled",
            *("--http-bind-address", f"127.0.0.1:{chosen}"),
            *("--bolt-path", str(home / "influxd.bolt")),
            *("--engine-path", str(home / "engine")),
            *("--sqlite-path", str(home / "influxd.sqlite")),
        ]
        process, log = _spawn(command, home / "influxd.log", {"HOME": str(home), **(environ or {})})
        server = InfluxServer(process, log, f"http://127.0.0.1:{chosen}", chosen, home)
        if _healthy(server):
            return server
        end(process)
        if "address already in use" not in server.said() or port:
            break
    raise RuntimeError(f"influxd did not start: {server.said()[-2000:]}")


def _healthy(server: InfluxServer) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        with contextlib.suppress(OSError):
            if request("GET", f"{server.url}/health")[0] == 200:
                return True
        time.sleep(0.05)
    return False


def _set_up(
    server: InfluxServer, organization: str, bucket: str, retention: int, token: str
) -> None:
    _, answer = server.call("GET", "/api/v2/setup")
    if not json.loads(answer)["allowed"]:
        return
    status, answer = server.call(
        "POST",
        "/api/v2/setup",
        {
            "username": "admin",
            "password": "password-for-tests",
            "org": organization,
            "bucket": bucket,
            "retentionPeriodSeconds": retention,
            "token": token,
        },
    )
    assert status == 201, answer


@contextlib.contextmanager
def telegraf(
    config: Path, directory: Path, environ: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """A real Telegraf with one configuration file and strict environment handling.

    Its log is `directory`/telegraf.log. `environ` is all the environment it gets, besides PATH.
    """
    command = [str(tools.find("telegraf")), "--strict-env-handling", "--config", str(config)]
    process, log = _spawn(command, directory / "telegraf.log", environ or {})
    try:
        yield Server(process, log)
    finally:
        end(process)


def _spawn(
    command: list[str], log: Path, environ: Mapping[str, str]
) -> tuple[subprocess.Popen[bytes], Path]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env={"PATH": os.environ.get("PATH", os.defpath), **environ},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C in the terminal is for pytest, which ends it by pid
        )
    return process, log


def end(process: subprocess.Popen[bytes], *, seconds: float = 20.0) -> None:
    """Ends a process of ours: asked first, by force after `seconds`."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
