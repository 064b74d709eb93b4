"""A customer with a past: real Telegraf polls the demo's devices, copies of that give history.

    with world(tmp_path) as customer:
        customer.server.query(...)

What Telegraf wrote is copied to earlier times, with counters that go on, figures that go up and
down and a few troubles; then the tasks of the product itself fill 5m and 1h.

`python -m tests.boards.world DIR` keeps such a customer running until it is interrupted.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

from collectors.datamodel import COMMON_TAGS, MEASUREMENTS, FieldType, Kind, field_type, kind
from tests.integration.servers import InfluxServer, influxd, telegraf
from tests.simulator import simulated
from tigctl.render.history import tasks

POLL, SPAN = 120, 6 * 3600 + 1800
WINDOWS, HOURS = 7, 31  # how often what there is in 5m (3 hours) and in 1h (a day) is copied
_PATIENCE = 45.0

# Some troubles of the past: who, between how many hours ago.
_OUTAGE = ("b1-link", 3.0, 2.6)
_FLAP = ("core-sw1", 4.0, 3.5)
_FAULT = 1.5
_WRITTEN = 40  # points a second
_SHARES = {"charge", "humidity", "load", "percent"}

_TAGS = sorted({*COMMON_TAGS, *(tag for one in MEASUREMENTS.values() for tag in one.tags)})
Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Customer:
    """A running InfluxDB with data up to `end`; `workspace` is a copy of the demo's."""

    server: InfluxServer
    workspace: Path
    end: int


@contextlib.contextmanager
def world(directory: Path) -> Iterator[Customer]:
    """Everything from devices to history; all processes end with it."""
    workspace = _workspace(directory)
    devices = directory / "devices"
    _devices("up", devices, workspace)
    try:
        _tigctl(workspace, "probe", "acme")
        _tigctl(workspace, "render", "acme", "-o", str(directory / "rendered"))
        with influxd(directory) as server:
            _buckets(server)
            config = next((directory / "rendered" / "telegraf").glob("*.conf"))
            environ = {
                **simulated.ENVIRONMENT,
                "TIGCTL_INFLUXDB_URL": server.url,
                "TIGCTL_INFLUXDB_TOKEN": server.token,
            }
            with telegraf(config, directory, environ):
                _wait(server)
            end = _past(server)
            yield Customer(server, workspace, end)
    finally:
        _devices("down", devices, workspace)


def _devices(what: str, directory: Path, workspace: Path) -> None:
    """Starts or ends the devices, by a process of its own: they outlive who starts them."""
    options = ("--dir", str(directory.resolve()), "--workspace", str(workspace))
    subprocess.run(
        [sys.executable, "-m", "tests.simulator.demo", what, *options],
        cwd=simulated.CHECKOUT,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
        timeout=300,
    )


def _workspace(directory: Path) -> Path:
    """A copy of examples/noc at addresses of its own, so that two do not meet."""
    copy = directory / "workspace"
    shutil.copytree(simulated.WORKSPACE, copy)
    net = f"127.{150 + os.getpid() % 90}.{os.getpid() // 90 % 250}."
    for path in (copy / "tenants/acme/devices.csv", copy / "tenants/acme/tenant.yaml"):
        path.write_text(path.read_text().replace("127.20.0.", net))
    return copy


def _tigctl(workspace: Path, *arguments: str) -> None:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("TIGCTL_W", "SNMP_"))}
    subprocess.run(
        [sys.executable, "-m", "tigctl", "--workspace", str(workspace), *arguments],
        env=environ | simulated.ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=300,
    )


def _buckets(server: InfluxServer) -> None:
    _, answer = server.call("GET", f"/api/v2/orgs?org={server.organization}")
    organization = json.loads(answer)["orgs"][0]["id"]
    for name in ("5m", "1h"):
        body = {"orgID": organization, "name": name, "retentionRules": []}
        assert server.call("POST", "/api/v2/buckets", body)[0] == 201


def _wait(server: InfluxServer) -> None:
    """Until every device that will answer has, and all of it has come twice."""
    devices = len(
        [one for one in simulated.load() if one.kind not in (simulated.DEAD, simulated.LOCKED)]
    )
    deadline = time.monotonic() + _PATIENCE
    count = (
        'from(bucket: "raw") |> range(start: -10m) |> filter(fn: (r) => r._measurement == "system"'
        ' and r._field == "uptime_seconds") |> count() |> filter(fn: (r) => r._value >= 2)'
    )
    while len(server.query(count)) < devices - 1:  # one is too slow for two
        if time.monotonic() > deadline:
            break
        time.sleep(1)


# The past


def _past(server: InfluxServer) -> int:
    """Copies of what came, and history of them; returns the time of the newest copy."""
    points, first = _polled(server)
    end = first - 30
    writer = _Writer(server, "raw")
    day = 24 * 3600
    yesterday = range(end - day - 600, end - day + 601, POLL)
    for at in (*yesterday, *range(end - SPAN, end + 1, POLL)):
        writer.add(_copy(points, at, end))
    writer.flush()
    _history(server, end)
    return end


def _polled(server: InfluxServer) -> tuple[dict[Key, dict[str, str]], int]:
    """The last value of everything, and when the first point came."""
    rows = server.query('from(bucket: "raw") |> range(start: -1h) |> last()')
    points: dict[Key, dict[str, str]] = defaultdict(dict)
    for row in rows:
        name = row["_measurement"]
        extra = MEASUREMENTS[name].tags if name in MEASUREMENTS else ()
        tags = tuple((tag, row[tag]) for tag in (*COMMON_TAGS, *extra) if row.get(tag))
        points[name, tags][row["_field"]] = row["_value"]
    (oldest,) = server.query(
        'from(bucket: "raw") |> range(start: -1h) |> first() |> group() |> sort(columns: ["_time"])'
        " |> limit(n: 1) |> map(fn: (r) => ({at: int(v: r._time) / 1000000000}))"
    )
    return points, int(oldest["at"])


def _copy(points: dict[Key, dict[str, str]], at: int, end: int) -> Iterable[str]:
    hours = (end - at) / 3600
    for (name, tags), values in points.items():
        known = dict(tags)
        device = known.get("device", "")
        lost = device == _OUTAGE[0] and _OUTAGE[1] > hours > _OUTAGE[2]
        if lost and name != "ping":
            continue
        told = {}
        for field in values:
            if name == "inventory" and hours > 0.1:
                continue
            if lost:
                told |= {
                    "percent_packet_loss": "100",
                    "packets_received": "0i",
                    "result_code": "1i",
                    "packets_transmitted": "2i",
                }
                break
            told[field] = _literal(name, field, _then(name, known, values, field, at=at, end=end))
        if told:
            joined = ",".join(f"{field}={value}" for field, value in told.items())
            yield f"{_series(name, tags)} {joined} {at}000000000"


def _then(
    name: str, tags: dict[str, str], values: dict[str, str], field: str, *, at: int, end: int
) -> str:
    """What a field told at an earlier time."""
    value, hours = values[field], (end - at) / 3600
    seed = _seed(f"{tags} {field}")
    match kind(name, field):
        case Kind.COUNTER | Kind.COUNTER32 if name == "interface":
            flow = _flow(end, seed) - _flow(at, seed)
            return str(int(value) - round(_speed(field, seed, values) * flow))
        case Kind.COUNTER if field == "metrics_written":
            return str(float(value) + 10_000_000 - _WRITTEN * (end - at))
        case Kind.GAUGE if field not in {"total_bytes", "capacity", "buffer_limit"}:
            moved = float(value) * (1 + 0.15 * math.sin(at / 5000 + seed)) + 0.02 * (seed % 7)
            share = field.endswith("percent") or "loss" in field or tags.get("class") in _SHARES
            top = 100.0 if share else math.inf
            return str(min(max(moved, 0.0), top) if field != "percent_packet_loss" else value)
        case Kind.STATE if field == "uptime_seconds":
            up = float(value) - (end - at)
            return str(up if up > 0 else up + 40 * 86_400)
        case Kind.STATE if field == "ifOperStatus":
            down = tags.get("device") == _FLAP[0] and seed % 7 == 0 and _FLAP[1] > hours > _FLAP[2]
            return "2" if down else value
        case Kind.FAULT if field == "status" and seed % 11 == 0 and _FAULT > hours > 1:
            return "2"
    return value


@cache
def _seed(text: str) -> int:
    """A number that differs from field to field, and is the same at each of its times."""
    return int(sha256(text.encode()).hexdigest()[:8], 16)


def _speed(field: str, seed: int, port: dict[str, str]) -> float:
    """What is counted in a second, on the average: up to a third of the speed, where it is up."""
    if port.get("ifOperStatus") != "1":
        return 0
    most = float(port.get("ifHighSpeed") or 100) * 1e6 / 8 / 3
    if "Octets" in field:
        return most / 10 ** (seed % 4)
    if "Pkts" in field:
        return 50.0 + seed % 1000
    return (0.02, 0, 0, 0.2)[seed % 4]


def _flow(at: int, seed: int) -> float:
    """Time that runs faster by day than by night, and never back."""
    slow, fast = 86_400 / math.tau, (1800 + seed % 900) / math.tau
    return at + 0.5 * slow * math.sin(at / slow) + 0.4 * fast * math.sin(at / fast)


def _literal(name: str, field: str, value: str) -> str:
    match field_type(name, field):
        case FieldType.STRING:
            return _quoted(value)
        case FieldType.INTEGER:
            return f"{value}i"
    return value


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@cache
def _series(name: str, tags: tuple[tuple[str, str], ...]) -> str:
    escape = re.compile(r"([,= ])")
    tagged = (f"{tag}=" + escape.sub(r"\\\1", value) for tag, value in tags)
    return ",".join((name, *tagged))


class _Writer:
    """Writes lines in large pieces."""

    def __init__(self, server: InfluxServer, bucket: str) -> None:
        self._server, self._bucket = server, bucket
        self._lines: list[str] = []

    def add(self, lines: Iterable[str]) -> None:
        """Takes lines, and writes when there are many."""
        self._lines.extend(lines)
        if len(self._lines) > 20_000:
            self.flush()

    def flush(self) -> None:
        """Writes what is left."""
        if self._lines:
            assert self._server.write("\n".join(self._lines), bucket=self._bucket) == 204
            self._lines.clear()


def _history(server: InfluxServer, end: int) -> None:
    """5m and 1h by the product's tasks, then copied further back."""
    five, _, hour = tasks("acme", interval=60, outage=900)
    hourly = five.flux.replace("date.sub(d: 5m, from: stop)", "date.sub(d: 1h, from: stop)")
    for at in range(end - 2 * 3600, end + 1, 3600):
        _run(server, hourly, at)
    _back(server, "5m", 3, WINDOWS)
    daily = re.sub(r"date\.sub\(d: \d+h, from: stop\)", "date.sub(d: 26h, from: stop)", hour.flux)
    _run(server, daily, end)
    _back(server, "1h", 24, HOURS)


def _run(server: InfluxServer, script: str, now: int) -> None:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    server.query(re.sub(r"option task = .*", f"option now = () => {at}", script))


def _back(server: InfluxServer, bucket: str, hours: int, times: int) -> None:
    """Copies the last hours to each of that many spans before; ports, being many, stay."""
    points: dict[tuple[str, int], list[str]] = defaultdict(list)
    for kept, literal in (("float", str), ("int", "{}i".format), ("string", _quoted)):
        rows = server.query(
            f'import "types" from(bucket: "{bucket}") |> range(start: -{hours + 1}h)'
            ' |> filter(fn: (r) => r._measurement != "interface")'
            f' |> filter(fn: (r) => types.isType(v: r._value, type: "{kept}"))'
        )
        for row in rows:
            at = int(datetime.fromisoformat(row["_time"]).timestamp())
            tags = tuple((tag, row[tag]) for tag in _TAGS if row.get(tag))
            told = f"{row['_field']}={literal(row['_value'])}"
            points[_series(row["_measurement"], tags), at].append(told)
    writer = _Writer(server, bucket)
    for number in range(1, times + 1):
        back = number * hours * 3600
        writer.add(
            f"{series} {','.join(told)} {at - back}000000000"
            for (series, at), told in points.items()
        )
    writer.flush()


if __name__ == "__main__":
    # What a script starts in the background ignores the interrupt that scripts/boards ends it by.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    place = Path(sys.argv[1])
    place.mkdir(parents=True)
    with world(place) as running, contextlib.suppress(KeyboardInterrupt):
        print(running.server.url, running.server.token, running.end, flush=True)
        while True:
            time.sleep(60)
