"""The tasks that fill 5m and 1h, on the real InfluxDB, against a plain computation.

Covers means, maxima, sums, shares, last states and increases of counters over made series with
resets, rounds, gaps and restarts; late points; running again; that tasks are planned, made,
mended and deleted. How InfluxDB's own scheduler calls them is covered once, with a task that
runs each second; the cost is in tests/bench/boards.py.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration import history, small
from tests.integration.servers import InfluxServer, influxd
from tigctl.backends.influxdb import Influx
from tigctl.render.bundle import Bucket, InfluxState, Task
from tigctl.render.history import tasks
from tigctl.targets import compare, database, influxdb_state
from tigctl.targets.model import Action, FieldChange

pytestmark = pytest.mark.real

FIVE, LATE, HOUR = tasks("acme", interval=60, outage=900)
BEGIN = 1_790_000_000 // 3600 * 3600
SPAN = 3600
_numbers = itertools.count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    with influxd(tmp_path_factory.mktemp("influxdb")) as running:
        with Influx(running.url, "acme", running.token) as influx:
            for name in ("5m", "1h"):
                influx.create_bucket(str(influx.organization_id()), name, 0)
        yield running


def run(server: InfluxServer, task: Task, now: int) -> None:
    """A run of a task as if it were `now`."""
    script = re.sub(r"option task = .*", f"option now = () => {_iso(now)}", task.flux)
    server.query(script)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def fill(server: InfluxServer) -> None:
    """All windows of the hour, one after the other, and then the hour."""
    for end in range(BEGIN + 300, BEGIN + SPAN + 1, 300):
        run(server, FIVE, end)
    run(server, HOUR, BEGIN + SPAN)


def stored(
    server: InfluxServer, device: str, field: str, bucket: str = "5m", **tags: str
) -> dict[int, float]:
    """What a bucket holds of a device's field, by time; no time may be there twice."""
    further = "".join(f' and r.{tag} == "{value}"' for tag, value in tags.items())
    rows = server.query(
        f'from(bucket: "{bucket}") |> range(start: {_iso(BEGIN)}, stop: {_iso(BEGIN + SPAN)})'
        f' |> filter(fn: (r) => r.device == "{device}" and r._field == "{field}"{further})'
    )
    found = {int(datetime.fromisoformat(row["_time"]).timestamp()): row["_value"] for row in rows}
    assert len(found) == len(rows)
    return {at: float(value) for at, value in found.items()}


def near(found: dict[int, float], expected: dict[int, float]) -> None:
    assert found == {at: pytest.approx(value, rel=1e-9) for at, value in expected.items()}


@dataclass(frozen=True)
class Polls:
    """What a made device told: of each poll its time, two counters, uptime, a gauge, a state."""

    times: list[int]
    long: list[int]
    short: list[int]
    uptime: list[int]
    gauge: list[float]
    state: list[int]
    restarts: list[tuple[int, int]]


@st.composite
def polls(draw: st.DrawFn) -> Polls:
    """An hour of polls with lost ones; counters that go round, are cleared and start again.

    No gap is longer than what the tasks look back for a counter's last value. A restart at the
    moment when the uptime goes round would be one that nobody can tell from that.
    """
    made = Polls([], [], [], [], [], [], [])
    at = BEGIN + draw(st.integers(0, 59))
    long = draw(st.sampled_from([0, 5, 2**40, 2**63 - 10**6]))
    short = draw(st.integers(0, 2**32 - 1))
    uptime = draw(st.sampled_from([0, 86_400, 2**32 // 100 - 900]))
    while at < BEGIN + SPAN:
        event = draw(st.sampled_from(["", "", "", "", "", "restart", "clear", "far"]))
        wait = draw(st.sampled_from([60, 60, 60, 59, 61, 120]))
        if event == "restart" and 120 < uptime < 2**32 // 100 - 120:
            if made.times:
                made.restarts.append((made.times[-1], at))
            long, short, uptime = draw(st.integers(0, 1000)), draw(st.integers(0, 1000)), 1
        elif event == "clear":
            # Somebody set the counters to zero; above half of 32 bits nobody could tell.
            long = 0
            short = 0 if short < 2**31 else short
        else:
            most = 2**31 - 1 if event == "far" else 10_000
            long = min(long + draw(st.integers(0, most)), 2**63 - 1)
            short = (short + draw(st.integers(0, most))) % 2**32
        made.times.append(at)
        made.long.append(long)
        made.short.append(short)
        made.uptime.append(uptime)
        made.gauge.append(draw(st.floats(0, 100)))
        made.state.append(draw(st.integers(1, 7)))
        at += wait
        uptime = (uptime + wait) % (2**32 // 100)
    return made


def lines(device: str, made: Polls) -> str:
    # Every other device has ports without a description.
    alias = ",ifAlias=x" if int(device.removeprefix("made")) % 2 else ""
    return "\n".join(
        f"interface,device={device},ifName=e1{alias} ifHCInOctets={long}i,ifInErrors={long}i,"
        f"ifInOctets={short}i,ifOperStatus={state}i,ifIndex=7i {at}000000000\n"
        f"system,device={device} uptime_seconds={uptime} {at}000000000\n"
        f"cpu,device={device},cpu=0 usage_percent={gauge} {at}000000000"
        for at, long, short, uptime, gauge, state in zip(
            made.times, made.long, made.short, made.uptime, made.gauge, made.state, strict=True
        )
    )


# Hypothesis writes every example down, and one of eight devices is long.
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(devices=st.lists(polls(), min_size=8, max_size=8))
def test_windows_hold_what_a_plain_computation_says(
    server: InfluxServer, devices: list[Polls]
) -> None:
    named = {f"made{next(_numbers)}": made for made in devices}
    assert server.write("\n".join(lines(name, made) for name, made in named.items())) == 204
    fill(server)
    for name, made in named.items():
        check(server, name, made)


def check(server: InfluxServer, device: str, made: Polls) -> None:
    long = list(zip(made.times, made.long, strict=True))
    short = list(zip(made.times, made.short, strict=True))
    gauge = list(zip(made.times, made.gauge, strict=True))
    increase = history.increases(long)
    near(stored(server, device, "ifHCInOctets_increase"), increase)
    near(stored(server, device, "ifInErrors_increase"), increase)
    rounds = history.increases(short, bits=32, restarts=made.restarts)
    near(stored(server, device, "ifInOctets_increase"), rounds)
    means, maxima = history.each(gauge, history.mean), history.each(gauge, max)
    near(stored(server, device, "usage_percent"), means)
    near(stored(server, device, "usage_percent_max"), maxima)
    hourly = stored(server, device, "ifInOctets_increase", "1h")
    near(hourly, history.hours(rounds, sum))
    near(stored(server, device, "usage_percent", "1h"), history.hours(means, history.mean))
    near(stored(server, device, "usage_percent_max", "1h"), history.hours(maxima, max))
    states = history.each(list(zip(made.times, made.state, strict=True)), lambda seen: seen[-1])
    near(stored(server, device, "ifOperStatus"), {at: states[at] for at in increase})


def test_counts_shares_states_and_texts(server: InfluxServer) -> None:
    lost = [0.0, 100.0, 25.0, 100.0, 0.0]
    points = [
        f"ping,device=dot,site=a percent_packet_loss={loss},packets_transmitted=4i,"
        f"packets_received={int(4 - loss / 25)}i,result_code={int(loss == 100)}i "
        f"{BEGIN + 60 * number}000000000"
        for number, loss in enumerate(lost)
    ]
    points += [
        f"sensor,device=dot,site=a,class=state,sensor=fan value={value},status={value}i,"
        f'text="{text}" {BEGIN + 60 * number}000000000'
        for number, (value, text) in enumerate([(0, "ok"), (2, "stopped"), (1, "slow")])
    ]
    assert server.write("\n".join(points)) == 204
    run(server, FIVE, BEGIN + 300)
    run(server, HOUR, BEGIN + SPAN)
    for bucket in ("5m", "1h"):
        near(stored(server, "dot", "answered_percent", bucket), {BEGIN: 60.0})
        near(stored(server, "dot", "percent_packet_loss", bucket), {BEGIN: 45.0})
        near(stored(server, "dot", "packets_transmitted", bucket), {BEGIN: 20})
        near(stored(server, "dot", "packets_received", bucket), {BEGIN: 11})
        near(stored(server, "dot", "status", bucket), {BEGIN: 1})
        near(stored(server, "dot", "status_max", bucket), {BEGIN: 2})
        assert stored(server, "dot", "value", bucket) == {}, "a state's number has no mean"
        rows = server.query(
            f'from(bucket: "{bucket}") |> range(start: {_iso(BEGIN)}, stop: {_iso(BEGIN + 300)})'
            ' |> filter(fn: (r) => r.device == "dot" and r._field == "text")'
        )
        assert [(row["_value"], row["sensor"], row["site"]) for row in rows] == [
            ("slow", "fan", "a")
        ]


def test_late_points_are_caught_up_with_if_telegraf_had_to_wait(server: InfluxServer) -> None:
    def poll(number: int) -> str:
        at = BEGIN + 60 * number
        return f"cpu,device=late,cpu=0 usage_percent={number} {at}000000000"

    assert server.write("\n".join(map(poll, range(10)))) == 204
    run(server, FIVE, BEGIN + 300)
    run(server, FIVE, BEGIN + 600)
    assert server.write("\n".join(map(poll, range(10, 60)))) == 204
    run(server, LATE, BEGIN + SPAN)
    on_time = {BEGIN: 2.0, BEGIN + 300: 7.0}
    near(stored(server, "late", "usage_percent"), on_time)
    failed = "\n".join(
        f"collector,input=telegraf-0 write_errors={count} {BEGIN + at}000000000"
        for count, at in ((3, 600), (4, 660))
    )
    assert server.write(failed) == 204
    run(server, LATE, BEGIN + SPAN)
    caught = {BEGIN + 300 * number: 2.0 + 5 * number for number in range(12)}
    near(stored(server, "late", "usage_percent"), caught)
    run(server, LATE, BEGIN + SPAN)
    near(stored(server, "late", "usage_percent"), caught)


def test_a_port_described_anew_stays_one_port(server: InfluxServer) -> None:
    device, alias = "renamed", (",ifAlias=old", ",ifAlias=new")
    counted = [(BEGIN + 60 * number, 1000 * number * number) for number in range(20)]
    points = [
        f"interface,device={device},ifName=e1{alias[at >= BEGIN + 480]} ifHCInOctets={count}i,"
        f"ifOperStatus=1i {at}000000000"
        for at, count in counted
    ]
    # Beside it, ports of both kinds that stay as they are.
    points += [
        f"interface,device=quiet,ifName={name} ifHCOutOctets=5i {at}000000000"
        for at, _ in counted
        for name in ("e2,ifAlias=x", "e3")
    ]
    failed = [f"collector,input=t write_errors={n} {BEGIN + n}000000000" for n in (1, 2)]
    assert server.write("\n".join(points + failed)) == 204
    expected = history.increases(counted)
    for end in range(BEGIN + 300, BEGIN + 1500, 300):
        run(server, FIVE, end)
    near(stored(server, device, "ifHCInOctets_increase"), expected)
    run(server, LATE, BEGIN + SPAN)
    near(stored(server, device, "ifHCInOctets_increase"), expected)
    rows = server.query(
        f'from(bucket: "5m") |> range(start: {_iso(BEGIN)}, stop: {_iso(BEGIN + SPAN)})'
        f' |> filter(fn: (r) => r.device == "{device}" and r._field == "ifHCInOctets_increase")'
        ' |> group() |> sort(columns: ["_time"])'
    )
    assert [row["ifAlias"] for row in rows] == ["old", "new", "new", "new"]
    near(stored(server, "quiet", "ifHCOutOctets_increase", ifName="e3"), dict.fromkeys(expected, 0))


# As InfluxDB's state


@pytest.fixture
def influx(server: InfluxServer) -> Iterator[Influx]:
    with Influx(server.url, server.organization, server.token) as made:
        yield made


class Store(dict[str, str]):
    """Secrets in memory."""

    def read_secret(self, name: str) -> str:
        return self.get(name, "")

    def write_secret(self, name: str, value: str) -> None:
        self[name] = value


def state(*made: Task) -> InfluxState:
    buckets = (Bucket("raw", 0), Bucket("5m", 0), Bucket("1h", 0))
    return replace(small.bundle(buckets=buckets).influxdb, tasks=made)


def differences(influx: Influx, store: Store, wanted: InfluxState) -> list[tuple[str, str, str]]:
    roles = {database.role(one): one.description for one in wanted.tokens}
    live = tuple(influxdb_state.live(store, influx, roles))
    return [
        (change.action, change.name, field.path)
        for change in compare.changes(tuple(influxdb_state.wanted(wanted)), live)
        for field in (change.fields if change.action is Action.UPDATE else [NO_FIELD])
        if change.kind == "Task"
    ]


NO_FIELD = FieldChange("", None, None)


def test_tasks_are_planned_made_mended_and_deleted(influx: Influx) -> None:
    store, wanted = Store(), state(FIVE, LATE, HOUR)
    organization = str(influx.organization_id())
    influx.create_task(organization, _foreign("somebody's"))
    influx.create_task(organization, _foreign("tigctl globex 5m"))
    assert [found[:2] for found in differences(influx, store, wanted)] == [
        (Action.CREATE, one.name) for one in (FIVE, LATE, HOUR)
    ]
    database.ensure(influx, store, wanted)
    assert differences(influx, store, wanted) == []
    assert database.ensure(influx, store, wanted).changed == ()

    edited = FIVE.flux.replace("every: 5m, offset: 1m", "every: 10m, offset: 1m", 1)
    edited = edited.replace("fn: mean", "fn: median", 1)
    found = {one.name: one for one in influx.tasks()}
    influx.update_task(found[FIVE.name].id, edited)
    influx.create_task(organization, HOUR.flux)
    assert sorted(path for _, _, path in differences(influx, store, wanted)) == [
        "every",
        "further_tasks_of_this_name",
        "script.head",
        "script.means of gauges",
    ]
    done = database.ensure(influx, store, wanted)
    assert sorted(done.changed) == [f"task {HOUR.name}", f"task {FIVE.name}"]
    assert differences(influx, store, wanted) == []

    fewer = state(FIVE)
    assert {found[:2] for found in differences(influx, store, fewer)} == {
        (Action.DELETE, LATE.name),
        (Action.DELETE, HOUR.name),
    }
    database.ensure(influx, store, fewer)
    assert [one.name for one in influx.tasks()] == [
        "somebody's",
        FIVE.name,
        "tigctl globex 5m",
    ]


def _foreign(name: str) -> str:
    return f'option task = {{name: "{name}", every: 9h}}\nfrom(bucket: "raw") |> range(start: -1m)'


def test_influxdb_itself_runs_a_task(influx: Influx, server: InfluxServer) -> None:
    name = "tigctl acme often"
    often = FIVE.flux.replace("every: 5m, offset: 1m", "every: 1s")
    often = often.replace(FIVE.name, name).replace("unit: 5m", "unit: 1s").replace("d: 5m", "d: 1h")
    often = often.replace("every: 5m", "every: 1h")
    at = time.time_ns() - 2 * 10**9
    assert server.write(f"cpu,device=run,cpu=0 usage_percent=5 {at}") == 204
    database.ensure(influx, Store(), state(Task(name, "1s", "", often)))
    deadline = time.monotonic() + 30
    wanted = 'from(bucket: "5m") |> range(start: -2h) |> filter(fn: (r) => r.device == "run")'
    while not (rows := server.query(wanted)):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert {row["_field"] for row in rows} <= {"usage_percent", "usage_percent_max"}
    database.ensure(influx, Store(), state())
