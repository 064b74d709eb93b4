"""How long each board takes, and what history costs, on the real InfluxDB.

Measured: all queries of a board one after the other, over the time it shows when opened; cold
(InfluxDB just started again) and warm (the second time). And the processor time of a run of the
tasks that fill 5m and 1h, as a share of a core over the time between two runs.

The data is made: every device with as many ports as told, two processors, a memory, a disk, four
sensors; 6 hours as polled each minute, 24 hours in 5m, 30 days in 1h.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench import stage
from tests.bench.report import Figure
from tests.integration.servers import InfluxServer, influxd, request
from tigctl.render import board_queries, boards
from tigctl.render.board_queries import AllOf
from tigctl.render.bundle import Board, Task
from tigctl.render.history import tasks

_TICKS = os.sysconf("SC_CLK_TCK")
_COUNTERS = (
    *("ifHCInOctets", "ifHCOutOctets", "ifHCInUcastPkts", "ifHCOutUcastPkts"),
    *("ifInErrors", "ifOutErrors", "ifInDiscards", "ifOutDiscards"),
)
_GAUGES = (
    ("cpu", "cpu=0", "usage_percent"),
    ("cpu", "cpu=1", "usage_percent"),
    ("memory", "pool=main", "used_percent"),
    ("storage", "storage=flash", "used_percent"),
    *(("temperature", f"sensor=s{number}", "celsius") for number in range(4)),
)


def run(scale: stage.Scale, directory: Path) -> list[Figure]:
    """All figures of this measurement."""
    count, ports = scale.devices, scale.ports
    now = int(time.time()) // 3600 * 3600
    name = f"{count} devices × {ports} ports"
    with influxd(directory) as server:
        _buckets(server)
        _fill(server, count, ports, now, quick=scale.quick)
        figures = list(_tasks(server, name, now))
    with influxd(directory, token=server.token) as again:
        known = InfluxServer(
            **{**vars(again), "organization": "acme", "bucket": "raw", "token": server.token}
        )
        figures += _boards(known, name, now)
    return figures


def _buckets(server: InfluxServer) -> None:
    _, answer = server.call("GET", "/api/v2/orgs?org=acme")
    organization = json.loads(answer)["orgs"][0]["id"]
    for bucket in ("5m", "1h"):
        body = {"orgID": organization, "name": bucket, "retentionRules": []}
        server.call("POST", "/api/v2/buckets", body)


# Data


def _fill(server: InfluxServer, count: int, ports: int, now: int, *, quick: bool) -> None:
    spans = {"raw": (60, 6 * 3600), "5m": (300, 24 * 3600), "1h": (3600, 30 * 24 * 3600)}
    for bucket, (step, span) in spans.items():
        length = span // 12 if quick and bucket != "1h" else span
        for at in range(now - length, now, step):
            for first in range(0, count, 50):
                some = range(first, min(first + 50, count))
                made = (line for device in some for line in _lines(device, ports, at, step))
                assert server.write("\n".join(made), bucket=bucket) == 204


def _lines(device: int, ports: int, at: int, step: int) -> Iterator[str]:
    """The points of a device in one poll, or in one window."""
    who = f"device=sw{device:03},site=s{device % 12},role=access"
    stamp = f"{at}000000000"
    wave = (at // 60 + device) % 50
    answered = ",answered_percent=100" if step > 60 else ""
    yield (
        f"ping,{who} average_response_ms={1 + wave / 10},minimum_response_ms=1,"
        f"maximum_response_ms=9,percent_packet_loss=0,result_code=0i{answered} {stamp}"
    )
    yield f"system,{who} uptime_seconds={at % 10**7} {stamp}"
    for name, tag, field in _GAUGES:
        yield f"{name},{who},{tag} {field}={20 + wave} {stamp}"
    suffix = "_increase" if step > 60 else ""
    for port in range(ports):
        each = (device + 1) * (port + 1)
        base = step * each if step > 60 else at * each
        told = ",".join(
            f"{field}{suffix}={base // (1 + number)}i" for number, field in enumerate(_COUNTERS)
        )
        yield (
            f"interface,{who},ifName=ge-0/0/{port},ifAlias=port\\ {port} ifAdminStatus=1i,"
            f"ifOperStatus={1 + port % 2}i,ifHighSpeed=1000i,{told} {stamp}"
        )


# Tasks


def _tasks(server: InfluxServer, name: str, now: int) -> Iterator[Figure]:
    five, _, hour = tasks("acme", interval=60, outage=900)
    total = 0.0
    for task, each in ((five, 300), (hour, 3600)):
        before = _cpu(server.pid)
        _run(server, task, now)
        used = (_cpu(server.pid) - before) / each * 100
        total += used
        yield Figure(f"{name}: task {task.name.rpartition(' ')[2]}, of a core", used, "%")
    yield Figure(f"{name}: all tasks, of a core", total, "%", 10)


def _run(server: InfluxServer, task: Task, now: int) -> None:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    head, _, rest = task.flux.partition("option task = ")
    _ask(server, f"{head}option now = () => {at}\n{rest.partition(chr(10))[2]}")


def _cpu(pid: int) -> float:
    """Seconds of processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _ask(server: InfluxServer, flux: str) -> None:
    """A query, however long it takes; its answer is read to the end."""
    url = f"{server.url}/api/v2/query?org=acme"
    status, answer = request("POST", url, {"query": flux}, token=server.token, timeout=600)
    assert status == 200, answer[:500]


# Boards


def _boards(server: InfluxServer, name: str, now: int) -> list[Figure]:
    figures = []
    for board in boards.load((), boards.SHIPPED, folder="tigctl"):
        cold, warm = (_seconds(server, board, now) for _ in range(2))
        goal = 1 if board.title == "Overview" else 2
        figures.append(Figure(f"{name}: {board.title}, cold", cold, "s", goal))
        figures.append(Figure(f"{name}: {board.title}, warm", warm, "s", goal))
    return figures


def _seconds(server: InfluxServer, board: Board, now: int) -> float:
    """How long the slowest panel takes; a browser asks several of them at once."""
    values = {
        one.name: AllOf(".*") if one.many else {"device": "sw007", "site": "s7"}[one.name]
        for one in board_queries.variables(board)
    }
    shown = board_queries.span_of(board, now)
    slowest = 0.0
    for panel in board_queries.panels(board):
        points = int(panel.model.get("maxDataPoints") or board_queries.POINTS)
        for flux in panel.queries.values():
            began = time.perf_counter()
            _ask(server, board_queries.fill(flux, values, shown, points=points))
            slowest = max(slowest, time.perf_counter() - began)
    return slowest
