"""How long each board and the alert rules take, and what history costs, on the real InfluxDB.

Of a board the slowest panel is told, over the time the board shows when opened; cold (InfluxDB
just started again, each board for the first time; the kernel may still have the files in memory)
and warm (the second time). Of the rules the
processor time of a minute: each rule's by how often it is evaluated. Of the tasks that fill 5m
and 1h the processor time of a run, as a share of a core over the time between two runs, and the
most memory that InfluxDB held meanwhile.

The data is made, by tests/bench/made.py.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import made, stage
from tests.bench.report import Figure
from tests.integration.servers import InfluxServer, influxd, request
from tigctl.render import board_queries, boards
from tigctl.render.alerts import flux
from tigctl.render.alerts.load import load
from tigctl.render.board_queries import AllOf
from tigctl.render.bundle import Board, Task
from tigctl.render.history import tasks
from tigctl.spec.alerts import Alerts

_TICKS = os.sysconf("SC_CLK_TCK")
_WORST = 5


def run(scale: stage.Scale, directory: Path) -> Iterator[Figure]:
    """All figures of this measurement, each as soon as it is known."""
    fleet = made.Fleet(scale.devices, scale.ports, scale.quick)
    name = f"{fleet.devices} devices × {fleet.ports} ports"
    filled = directory / "filled"  # kept by --keep: until when the data goes, how long it took
    if not filled.exists():
        filled.write_text(" ".join(map(str, _fill(directory, fleet))))
    now, seconds = map(int, filled.read_text().split())
    yield Figure(f"{name}: writing the data", seconds, "s")
    with influxd(directory) as server:
        yield from _boards(server, name, now)
        yield from _rules(server, fleet, name, now)
        yield from _tasks(server, name, now)


def _fill(directory: Path, fleet: made.Fleet) -> tuple[int, int]:
    """Writes the data; until when it goes (s since 1970), and how long that took (s)."""
    now, began = int(time.time()) // 3600 * 3600, time.monotonic()
    # What is measured is another run of it, with its own settings: of writing without rest Go's
    # garbage collection would take three quarters.
    with influxd(directory, environ={"GOGC": "1000"}) as server:
        _buckets(server)
        for what in made.fill(server, fleet, now):
            print(f"  {time.monotonic() - began:.0f} s: writing {what}", file=sys.stderr)
    return now, round(time.monotonic() - began)


def _buckets(server: InfluxServer) -> None:
    _, answer = server.call("GET", "/api/v2/orgs?org=acme")
    organization = json.loads(answer)["orgs"][0]["id"]
    for bucket in ("5m", "1h"):
        body = {"orgID": organization, "name": bucket, "retentionRules": []}
        server.call("POST", "/api/v2/buckets", body)


# Tasks


def _tasks(server: InfluxServer, name: str, now: int) -> Iterator[Figure]:
    five, late, hour = tasks("acme", interval=60, outage=900)
    total = 0.0
    for task, each in ((five, 300), (late, 3600), (hour, 3600)):
        used = _cpu_of(server, _as_of(task, now)) / each * 100
        total += used
        yield Figure(f"{name}: task {task.name.partition(' acme ')[2]}, of a core", used, "%")
    yield Figure(f"{name}: all tasks, of a core", total, "%", 10)
    yield Figure(f"{name}: InfluxDB's largest memory", _largest_memory(server.pid), "MiB")


def _as_of(task: Task, now: int) -> str:
    """A task's script as if it were `now`."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    head, _, rest = task.flux.partition("option task = ")
    return f"{head}option now = () => {at}\n{rest.partition(chr(10))[2]}"


def _cpu_of(server: InfluxServer, query: str) -> float:
    """Seconds of processor time that InfluxDB needs for a query."""
    before = _cpu(server.pid)
    _ask(server, query)
    return _cpu(server.pid) - before


def _cpu(pid: int) -> float:
    """Seconds of processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _largest_memory(pid: int) -> float:
    (line,) = (
        one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmHWM" in one
    )
    return int(line.split()[1]) / 1024


def _ask(server: InfluxServer, query: str) -> bool:
    """A query, however long it takes; its answer is read to the end. Whether it has rows."""
    url = f"{server.url}/api/v2/query?org=acme"
    status, answer = request("POST", url, {"query": query}, token=server.token, timeout=600)
    assert status == 200, answer[:500]
    return bool(answer.strip())


# Rules


def _rules(server: InfluxServer, fleet: made.Fleet, name: str, now: int) -> Iterator[Figure]:
    """A minute's rules may take half a core: the rest is for writing, boards, history."""
    context = flux.Context(
        devices=[
            flux.Watched(f"sw{one:03}", f"s{one % made.SITES}", "access", "sw000" if one else "")
            for one in range(fleet.devices)
        ],
        interval=60,
        alerts=Alerts(),
        windows={},
    )
    at = datetime.fromtimestamp(now, UTC)
    found = {}
    for rule in load((), Path()).values():
        used = _cpu_of(server, flux.query(rule, context, at=at))
        found[rule.name] = used * 60 / rule.rule.every
        print(f"  rule {rule.name}: {used:.2f} s each {rule.rule.every} s", file=sys.stderr)
    yield Figure(
        f"{name}: {len(found)} rules, processor time a minute", sum(found.values()), "s", 30
    )
    for worst in sorted(found, key=lambda one: -found[one])[:_WORST]:
        yield Figure(f"{name}: of these {worst}", found[worst], "s")


# Boards


def _boards(server: InfluxServer, name: str, now: int) -> Iterator[Figure]:
    for board in boards.load((), boards.SHIPPED, folder="tigctl"):
        goal = 1 if board.title == "Overview" else 2
        for state in ("cold", "warm"):
            seconds, panel, used, empty = _slowest(server, board, now)
            what = f"{board.title} ({panel}, {used:.2f} s of processor time), {state}"
            yield Figure(f"{name}: {what}", seconds, "s", goal)
        if empty:  # what is quick because the data has nothing for it
            print(f"  {board.title}: no rows for {', '.join(empty)}", file=sys.stderr)


def _slowest(server: InfluxServer, board: Board, now: int) -> tuple[float, str, float, list[str]]:
    """How long the slowest panel takes, which, InfluxDB's time for it, and all that got no rows.

    A browser asks several of them at once.
    """
    values = {
        one.name: AllOf(".*") if one.many else {"device": made.DEVICE, "site": made.SITE}[one.name]
        for one in board_queries.variables(board)
    }
    shown = board_queries.span_of(board, now)
    slowest = (0.0, "none", 0.0)
    empty = []
    for panel in board_queries.panels(board):
        points = int(panel.model.get("maxDataPoints") or board_queries.POINTS)
        began, used = time.perf_counter(), _cpu(server.pid)
        told = [
            _ask(server, board_queries.fill(query, values, shown, points=points))
            for query in panel.queries.values()
        ]
        seconds = time.perf_counter() - began
        if told and not any(told):
            empty.append(panel.title)
        slowest = max(slowest, (seconds, panel.title, _cpu(server.pid) - used))
    return *slowest, empty
