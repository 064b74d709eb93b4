"""Covers the local target with the real Telegraf, InfluxDB and supervisord: apply, plan, status,
verify, destroy, and what a kill at any moment leaves behind.

Leaves out devices and rendering: the bundles are small and made by hand (small.py).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration import small
from tests.integration.servers import influxd, request
from tigctl.backends.influxdb import Influx
from tigctl.errors import TargetError, TigctlError, ToolError, UsageError
from tigctl.plan.apply import Result, apply
from tigctl.plan.diff import plan
from tigctl.plan.health import health
from tigctl.plan.verify import verify
from tigctl.render.bundle import Bucket, Bundle
from tigctl.targets import database, tools
from tigctl.targets.environment import UnsetVariables
from tigctl.targets.interface import Step
from tigctl.targets.local import boot, locks, network, programs
from tigctl.targets.local.state import State
from tigctl.targets.local.supervisor import SUPERVISOR, launcher
from tigctl.targets.local.target import LocalTarget

pytestmark = pytest.mark.real

TOKENS = ["tigctl acme reader", "tigctl acme telegraf"]


@pytest.fixture
def target(tmp_path: Path) -> Iterator[LocalTarget]:
    made = LocalTarget(tmp_path, "acme")
    yield made
    made.destroy(volumes=True, observe=quiet)


def quiet(_step: Step) -> None:
    """Observes nothing."""


def one_device(**more: object) -> Bundle:
    return small.bundle(small.shard({"sw1": small.answers("sw1")}), **more)  # type: ignore[arg-type]  # passed on


def applied(target: LocalTarget, bundle: Bundle, **environ: str) -> Result:
    return apply(bundle, target, environ, quiet, wait=60)


def pids(target: LocalTarget) -> dict[str, int | None]:
    names = (SUPERVISOR, programs.INFLUXDB, "telegraf-0")
    return {name: programs.running_pid(target.layout, name) for name in names}


def operator(target: LocalTarget) -> Influx:
    components = {one.name: one.state for one in target.components()}
    assert components[programs.INFLUXDB] == "running"
    access = target.access()
    assert access
    return Influx(access.url, "acme", target.layout.read_secret(database.OPERATOR))


def authorizations(target: LocalTarget) -> list[str]:
    with operator(target) as influx:
        return sorted(one.description for one in influx.authorizations())


def rows(target: LocalTarget, measurement: str) -> int:
    access = target.access()
    assert access
    with Influx(access.url, access.organization, access.token) as influx:
        found = influx.query(
            f'from(bucket: "raw") |> range(start: -1h)'
            f' |> filter(fn: (r) => r._measurement == "{measurement}") |> group() |> count()'
        )
    return sum(int(str(row["_value"])) for row in found)


def lives(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not come true"
        time.sleep(0.05)


# Apply, and what it makes


def test_from_nothing_to_data_and_again_without_a_change(target: LocalTarget) -> None:
    devices = {
        "sw1": small.answers("sw1"),
        "dead": small.dead("dead"),
        "odd": small.pings_only("odd"),
        "cam": small.pings_only("cam"),
    }
    bundle = small.bundle(
        small.shard(devices),
        devices=(
            small.summary("sw1"),
            small.summary("dead", probed=False, silence="neither ping nor SNMP answers"),
            small.summary("odd", probed=False, silence="no credential fits (tried: default)"),
            small.summary("cam", snmp=False),
        ),
    )
    before = plan(bundle, target)
    assert before.summary["create"] == len(before.changes) == 9
    steps: list[Step] = []
    result = apply(bundle, target, {}, steps.append, wait=60)
    assert sorted(result.with_data) == ["cam", "sw1"]
    assert result.without_data == ()
    assert result.known_silent == ("dead", "odd")
    ended = [step.name for step in steps if step.seconds is not None]
    assert ended == [
        *("check configurations", "influxdb", "buckets, tasks, tokens", "telegraf", "data"),
    ]
    assert (steps[-1].done, steps[-1].total) == (2, 2)

    found = health(bundle, target)
    assert [(one.name, one.state) for one in found.components] == [
        ("influxdb", "running"),
        ("telegraf-0", "running"),
    ]
    assert {one.name: one.state for one in found.devices} == {
        "sw1": "ok",
        "dead": "down",
        "odd": "no SNMP",
        "cam": "ok",
    }
    assert not found.healthy
    # What is told under a condition only is named where it is not there, and misses nothing.
    devices = tuple(replace(one, may=("temperature",)) for one in bundle.devices)
    verified = verify(replace(bundle, devices=devices), target)
    assert verified.complete
    told = [(one.device, one.measurement, one.reason) for one in verified.conditional]
    assert sorted(told) == [
        ("cam", "temperature", "no data at all"),
        ("sw1", "temperature", "no data at all"),
    ]

    running = pids(target)
    assert all(running.values())
    assert plan(bundle, target).changes == ()
    steps.clear()
    again = apply(bundle, target, {}, steps.append, wait=60)
    assert not again.changed
    assert sorted(again.with_data) == ["cam", "sw1"]
    assert {step.name for step in steps} == {"data"}
    assert pids(target) == running, "an apply that changes nothing must restart nothing"


def test_each_process_gets_its_own_secrets_and_no_other(
    target: LocalTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNRELATED_SECRET", "stays-with-me")
    devices = {"sw1": small.answers("sw1")}
    bundle = small.bundle(small.shard(devices, variables=("SNMP_COMMUNITY",)))
    applied(target, bundle, SNMP_COMMUNITY="device-secret")
    tokens = {
        name: target.layout.read_secret(name)
        for name in ("operator.token", "telegraf.token", "reader.token", "admin.password")
    }
    assert all(tokens.values())
    assert len(set(tokens.values())) == 4
    environments = {
        name: Path(f"/proc/{pid}/environ").read_text() + Path(f"/proc/{pid}/cmdline").read_text()
        for name, pid in pids(target).items()
    }
    secrets = {**tokens, "device": "device-secret", "unrelated": "stays-with-me"}
    seen = {
        name: {secret for secret, value in secrets.items() if value in environment}
        for name, environment in environments.items()
    }
    assert seen == {
        SUPERVISOR: set(),
        "influxdb": set(),
        "telegraf-0": {"telegraf.token", "device"},
    }
    for path in target.layout.home.rglob("*"):
        assert path.is_socket() or path.stat().st_mode & 0o077 == 0, path
    for log in target.layout.logs.iterdir():
        assert not [name for name, value in secrets.items() if value in log.read_text()], log


def test_unset_variables_are_all_named_before_anything_is_touched(target: LocalTarget) -> None:
    shard = small.shard({"sw1": small.answers("sw1")}, variables=("COMMUNITY", "AUTH", "PRIV"))
    with pytest.raises(UnsetVariables, match="COMMUNITY, PRIV are not set"):
        applied(target, small.bundle(shard), AUTH="x")
    assert not target.layout.home.exists()


def test_a_configuration_telegraf_refuses_leaves_the_running_one(target: LocalTarget) -> None:
    bundle = one_device()
    applied(target, bundle)
    running = pids(target)
    broken = replace(
        bundle.telegraf[0], config=bundle.telegraf[0].config + "\n[[inputs.nonsense]]\n"
    )
    with pytest.raises(TargetError, match="undefined but requested input: nonsense"):
        applied(target, replace(bundle, telegraf=(broken,)))
    assert pids(target) == running
    assert plan(bundle, target).changes == ()


def test_only_the_changed_shard_is_restarted_and_a_stale_one_goes(target: LocalTarget) -> None:
    first = small.shard({"sw1": small.answers("sw1")})
    second = small.shard({"sw2": small.answers("sw2")}, name="telegraf-1")
    applied(target, small.bundle(first, second))
    before = pids(target)
    changed = small.shard(
        {"sw2": small.answers("sw2"), "sw3": small.answers("sw3")}, name="telegraf-1"
    )
    bundle = small.bundle(first, changed)
    found = plan(bundle, target)
    assert [(one.action, one.kind, one.name) for one in found.changes] == [
        ("update", "TelegrafConfig", "telegraf-1")
    ]
    assert "devices.sw3" in {field.path for field in found.changes[0].fields}
    assert "devices.sw2" not in {field.path for field in found.changes[0].fields}
    second_pid = programs.running_pid(target.layout, "telegraf-1")
    assert applied(target, bundle).with_data
    assert pids(target) == before
    assert programs.running_pid(target.layout, "telegraf-1") not in {None, second_pid}

    bundle = small.bundle(first)
    found = plan(bundle, target)
    assert {(one.action, one.kind, one.name) for one in found.changes} == {
        ("delete", "TelegrafConfig", "telegraf-1"),
        ("delete", "Process", "telegraf-1"),
    }
    applied(target, bundle)
    assert programs.running_pid(target.layout, "telegraf-1") is None
    assert pids(target) == before
    assert plan(bundle, target).changes == ()


def test_a_changed_secret_restarts_the_telegraf_that_uses_it(
    target: LocalTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = small.bundle(small.shard({"sw1": small.answers("sw1")}, variables=("COMMUNITY",)))
    applied(target, bundle, COMMUNITY="former")
    before = pids(target)
    monkeypatch.setenv("COMMUNITY", "present")
    (change,) = plan(bundle, target).changes
    assert [field.path for field in change.fields] == ["secrets"]
    applied(target, bundle, COMMUNITY="present")
    after = pids(target)
    assert after["telegraf-0"] != before["telegraf-0"]
    assert after["influxdb"] == before["influxdb"]
    assert plan(bundle, target).changes == ()


def test_a_restart_loses_no_sample(target: LocalTarget) -> None:
    # Each second one point; Telegraf holds them back until it is asked to stop.
    slow = small.shard({"sw1": small.answers("sw1")})
    slow = replace(
        slow, config=slow.config.replace('flush_interval = "1s"', 'flush_interval = "1h"')
    )
    bundle = small.bundle(slow)
    target.apply(bundle, (), {}, quiet)
    time.sleep(3)
    assert rows(target, "system") == 0
    more = replace(slow, config=slow.config + "# changed\n")
    target.apply(replace(bundle, telegraf=(more,)), (), {}, quiet)
    assert rows(target, "system") >= 2 * 2  # two fields


# What InfluxDB holds


def test_what_was_changed_in_influxdb_by_hand_is_seen_and_repaired(target: LocalTarget) -> None:
    bundle = one_device()
    applied(target, bundle)
    running = pids(target)
    with operator(target) as influx:
        (raw,) = [one for one in influx.buckets() if one.name == "raw"]
        influx.set_retention(raw, 7 * small.DAY)
        (reader,) = [one for one in influx.authorizations() if one.description == TOKENS[0]]
        influx.delete_authorization(reader.id)
        organization = str(influx.organization_id())
        influx.create_bucket(organization, "somebody's", 0)
        influx.create_authorization(organization, "somebody's", read=(raw.id,), write=())
        influx.create_authorization(organization, "tigctl acme old", read=(raw.id,), write=())
    found = {(one.action, one.kind, one.name): one for one in plan(bundle, target).changes}
    assert set(found) == {
        ("update", "Bucket", "raw"),
        ("create", "Token", TOKENS[0]),
        ("delete", "Token", "tigctl acme old"),
    }
    (field,) = found["update", "Bucket", "raw"].fields
    assert (field.path, field.live, field.wanted) == ("retention", "7d", "30d")
    applied(target, bundle)
    assert plan(bundle, target).changes == ()
    assert authorizations(target) == ["admin's Token", "somebody's", *TOKENS]
    assert pids(target) == running


def test_a_changed_retention_is_an_update(target: LocalTarget) -> None:
    applied(target, one_device())
    running = pids(target)
    shorter = one_device(buckets=(Bucket("raw", 3600), *small.BUCKETS[1:]))
    (change,) = plan(shorter, target).changes
    assert (change.action, change.name) == ("update", "raw")
    applied(target, shorter)
    with operator(target) as influx:
        assert {one.name: one.retention for one in influx.buckets()}["raw"] == 3600
    assert pids(target) == running


def test_a_retention_changed_by_hand_is_kept_repaired_alone_and_given_back(
    target: LocalTarget,
) -> None:
    bundle = one_device()
    applied(target, bundle)
    running = pids(target)

    def set_retention(**days: int) -> None:
        with operator(target) as influx:
            for bucket in influx.buckets():
                if bucket.name in days:
                    influx.set_retention(bucket, days[bucket.name] * small.DAY)

    def retention(name: str) -> int:
        with operator(target) as influx:
            return {one.name: one.retention for one in influx.buckets()}[name] // small.DAY

    set_retention(**{"raw": 7, "5m": 9})
    target.keep(bundle, [("Bucket", "raw")], "2026-11-20T14:02:11Z")
    fresh = LocalTarget(target.root, target.tenant)
    assert [one.name for one in plan(bundle, fresh).changes] == ["5m"]
    assert [one.kept.name for one in plan(bundle, fresh).kept] == ["raw"]
    set_retention(raw=8)
    fresh.narrow([("Bucket", "raw")])
    applied(fresh, bundle)
    assert retention("raw") == 7, "what is kept is what is repaired to"
    assert retention("5m") == 9, "this was not chosen"
    applied(target, bundle)
    assert plan(bundle, target).changes == ()
    assert [one.name for one in target.kept()] == ["raw"]
    target.give_back([("Bucket", "raw")])
    (change,) = plan(bundle, target).changes
    assert (change.fields[0].live, change.fields[0].wanted) == ("7d", "30d")
    applied(target, bundle)
    assert plan(bundle, target).changes == ()
    with pytest.raises(UsageError, match="belong together"):
        target.narrow([("Process", "telegraf-0")])
    assert pids(target) == running


@pytest.mark.parametrize("how", ["lost", "wrong"])
def test_a_lost_operator_token_is_made_anew(target: LocalTarget, how: str) -> None:
    bundle = one_device()
    applied(target, bundle)
    token = target.layout.secret(database.OPERATOR)
    if how == "lost":
        token.unlink()
    else:
        token.write_text("not-the-token\n")
    (change,) = plan(bundle, target).changes[:1]
    assert (change.kind, change.fields[0].live) == ("Organization", "not accepted")
    before = rows(target, "system")
    applied(target, bundle)
    assert plan(bundle, target).changes == ()
    assert authorizations(target) == ["admin's Recovery Token", *TOKENS]
    assert rows(target, "system") > before
    assert token.stat().st_mode & 0o077 == 0


def test_a_set_up_that_was_cut_off_inside_influxdb_is_finished(target: LocalTarget) -> None:
    # InfluxDB makes user, organization, bucket and token one after another.
    target.layout.make()
    with influxd(target.layout.home, set_up=False):
        bolt = target.layout.influxdb / "influxd.bolt"
    user = ["recovery", "user", "create", "--username", "admin", "--password", "password1"]
    subprocess.run(
        [tools.find("influxd"), *user, "--bolt-path", bolt], check=True, capture_output=True
    )
    bundle = one_device()
    assert applied(target, bundle).with_data == ("sw1",)
    assert plan(bundle, target).changes == ()
    password = target.layout.read_secret(database.PASSWORD)
    url = target.opening("influxdb").url
    signin = f"{url}/api/v2/signin"
    assert request("POST", signin, b"", basic="admin:password1")[0] == 401
    assert request("POST", signin, b"", basic=f"admin:{password}")[0] == 204


# Kills


KILLED_AT = (
    "before operator token",
    "after operator token",
    "after set-up",
    "after first token, before it is stored",
    "after first token is stored",
    "after second token, before it is stored",
    "telegraf begins",
    "telegraf ends",
)

_CHILD = """
import os, sys
from pathlib import Path
from tests.integration import small
from tigctl.backends.influxdb import Influx
from tigctl.targets.local.layout import Layout
from tigctl.targets.local.target import LocalTarget

point = sys.argv[2]
made = 0

def die(when):
    if when == point:
        os._exit(9)

def around(cls, name, before, after):
    real = getattr(cls, name)
    def wrapped(self, *arguments, **named):
        before(*arguments)
        result = real(self, *arguments, **named)
        after(*arguments)
        return result
    setattr(cls, name, wrapped)

def stored(name, value):
    if name == "operator.token":
        die("after operator token")
    if name in ("telegraf.token", "reader.token") and made == 1:
        die("after first token is stored")

def created(*arguments):
    global made
    made += 1
    die(f"after {'first' if made == 1 else 'second'} token, before it is stored")

def storing(name, value):
    if name == "operator.token":
        die("before operator token")

around(Layout, "write_secret", storing, stored)
around(Influx, "set_up", lambda *a: None, lambda *a: die("after set-up"))
around(Influx, "create_authorization", lambda *a: None, created)

def observe(step):
    die(f"{step.name} {'begins' if step.seconds is None else 'ends'}")

bundle = small.bundle(small.shard({"sw1": small.answers("sw1")}))
LocalTarget(Path(sys.argv[1]), "acme").apply(bundle, (), {}, observe)
"""


def test_new_tokens_on_demand(target: LocalTarget, tmp_path: Path) -> None:
    bundle = one_device()
    applied(target, bundle)
    names = [database.secret_of(database.role(one)) for one in bundle.influxdb.tokens]
    before = [target.layout.read_secret(name) for name in names]
    telegraf = pids(target)["telegraf-0"]

    asking = LocalTarget(tmp_path, "acme", new_tokens=True)
    assert {one.kind for one in plan(bundle, asking).changes} == {"Token"}
    applied(asking, bundle)

    after = [target.layout.read_secret(name) for name in names]
    assert not set(before) & set(after)
    assert authorizations(target) == ["admin's Token", *TOKENS]
    access = target.access()
    assert access
    for token, works in (*((one, False) for one in before), *((one, True) for one in after)):
        assert Influx(access.url, "acme", token).accepts_token() is works
    assert pids(target)["telegraf-0"] != telegraf
    assert plan(bundle, target).changes == ()


@pytest.mark.parametrize("point", KILLED_AT)
def test_killed_at_any_point_running_again_gets_it_right(
    target: LocalTarget, tmp_path: Path, point: str
) -> None:
    root = str(Path(__file__).parents[2])
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, str(tmp_path), point],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 9, child.stderr
    bundle = one_device()
    assert bool(plan(bundle, target).changes) == (point != "telegraf ends")
    assert applied(target, bundle).with_data == ("sw1",)
    assert authorizations(target) == ["admin's Token", *TOKENS]
    assert plan(bundle, target).changes == ()


def test_a_killed_supervisor_takes_all_along_and_apply_brings_all_back(
    target: LocalTarget,
) -> None:
    bundle = one_device()
    applied(target, bundle)
    before = pids(target)
    os.kill(before[SUPERVISOR] or 0, signal.SIGKILL)
    wait_for(lambda: not any(pids(target).values()))
    found = health(bundle, target)
    assert {one.state for one in found.components} == {"stopped"}
    assert {one.state for one in found.devices} == {"unknown"}
    changes = plan(bundle, target).changes
    assert {(one.kind, one.name) for one in changes} == {
        ("Process", "influxdb"),
        ("Process", "telegraf-0"),
    }
    assert applied(target, bundle).with_data == ("sw1",)
    assert plan(bundle, target).changes == ()
    assert authorizations(target) == ["admin's Token", *TOKENS]


def test_a_stray_of_an_earlier_supervisor_is_ended(target: LocalTarget, tmp_path: Path) -> None:
    bundle = one_device()
    applied(target, bundle)
    os.kill(pids(target)[SUPERVISOR] or 0, signal.SIGKILL)
    wait_for(lambda: not any(pids(target).values()))
    # Detached, so that nothing ends it: as if it had not noticed that its supervisor died.
    spec = json.loads(target.layout.spec("telegraf-0").read_text())
    copy = tmp_path / "stray.json"
    copy.write_text(json.dumps(spec | {"log": str(tmp_path / "stray.log")}))
    subprocess.run([*launcher(), str(copy), "--detach"], check=True)
    wait_for(lambda: pids(target)["telegraf-0"])
    stray = pids(target)["telegraf-0"]
    applied(target, bundle)
    assert pids(target)["telegraf-0"] not in {None, stray}
    assert not lives(stray or 0)
    assert plan(bundle, target).changes == ()


@pytest.mark.parametrize("program", ["influxdb", "telegraf-0"])
def test_the_supervisor_starts_a_killed_program_again(target: LocalTarget, program: str) -> None:
    bundle = one_device()
    applied(target, bundle)
    before = pids(target)[program]
    os.kill(before or 0, signal.SIGKILL)
    wait_for(lambda: pids(target)[program] not in {None, before})
    wait_for(lambda: {one.state for one in target.components()} == {"running"})
    wait_for(lambda: health(bundle, target).healthy)
    assert plan(bundle, target).changes == ()


def test_two_at_once_do_not_meet(target: LocalTarget) -> None:
    target.layout.make()
    with (
        locks.one_at_a_time(target.layout.lock, "acme"),
        pytest.raises(TigctlError, match=f"another tigctl .pid {os.getpid()}."),
    ):
        target.apply(one_device(), (), {}, quiet)


# Trouble of the machine


def test_a_port_that_a_stranger_took_is_given_up(target: LocalTarget) -> None:
    bundle = one_device()
    applied(target, bundle)
    first = target.opening("influxdb").url
    target.destroy(volumes=False, observe=quiet)
    port = int(first.rpartition(":")[2])
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", port))
        stranger.listen()
        assert applied(target, bundle).with_data == ("sw1",)
        assert target.opening("influxdb").url != first


def test_a_port_lost_between_looking_and_starting(
    target: LocalTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        taken = stranger.getsockname()[1]
        real = network.is_free
        monkeypatch.setattr(network, "is_free", lambda port: port == taken or real(port))
        target.layout.make()
        State(port=taken).save(target.layout)
        assert applied(target, one_device()).with_data == ("sw1",)
        assert not target.opening("influxdb").url.endswith(f":{taken}")


def test_no_port_free(target: LocalTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        monkeypatch.setenv(network.PORTS_VARIABLE, str(stranger.getsockname()[1]))
        with pytest.raises(TargetError, match="no port for InfluxDB"):
            applied(target, one_device())
    monkeypatch.undo()
    assert applied(target, one_device()).with_data == ("sw1",)


def test_a_missing_telegraf(
    target: LocalTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = tmp_path / "tools"
    only.mkdir()
    (only / "influxd").symlink_to(tools.find("influxd"))
    monkeypatch.setenv("TIGCTL_TOOLS", str(only))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(ToolError, match="no telegraf"):
        target.apply(one_device(), (), {}, quiet)
    assert not target.layout.home.exists()
    monkeypatch.undo()
    assert applied(target, one_device()).with_data == ("sw1",)


def test_influxdb_that_cannot_start_says_why(target: LocalTarget) -> None:
    target.layout.make()
    engine = target.layout.influxdb / "engine"
    engine.write_text("a file where a folder belongs")
    with pytest.raises(TargetError, match=r"influxdb cannot start; it says:\n.*engine"):
        target.apply(one_device(), (), {}, quiet)
    engine.unlink()
    assert applied(target, one_device()).with_data == ("sw1",)


def test_a_damaged_state_is_written_anew(target: LocalTarget) -> None:
    bundle = one_device()
    applied(target, bundle)
    running = pids(target)
    target.layout.state.write_text("{ damaged")
    assert ("update", "State") in {(one.action, one.kind) for one in plan(bundle, target).changes}
    applied(target, bundle)
    assert plan(bundle, target).changes == ()
    assert json.loads(target.layout.state.read_text())["port"]
    assert pids(target)[SUPERVISOR] == running[SUPERVISOR]


@pytest.mark.parametrize("gone", ["telegraf", "run", "secrets"])
def test_a_folder_that_was_deleted_comes_back(target: LocalTarget, gone: str) -> None:
    bundle = one_device()
    applied(target, bundle)
    if gone == "run":  # with it the socket and the locks: nothing can find the processes again
        target.destroy(volumes=False, observe=quiet)
    shutil.rmtree(target.layout.home / gone, ignore_errors=True)
    assert applied(target, bundle).with_data == ("sw1",)
    assert plan(bundle, target).changes == ()


# Destroy


def test_destroy_keeps_the_data_and_apply_goes_on_with_it(target: LocalTarget) -> None:
    bundle = one_device()
    applied(target, bundle)
    before = rows(target, "system")
    url, running = target.opening("influxdb").url, pids(target)
    kept = target.destroy(volumes=False, observe=quiet)
    assert kept["data"] == str(target.layout.influxdb)
    assert kept["secrets"] == str(target.layout.secrets)
    for pid in running.values():
        wait_for(lambda pid=pid: not lives(pid or 0))
    assert not target.layout.run.exists()
    assert target.access() is None
    assert target.components() == ()
    kinds = {one.kind: one.action for one in plan(bundle, target).changes}
    assert kinds == {"Process": "create", "TelegrafConfig": "create"}, "the data is kept"

    assert target.destroy(volumes=False, observe=quiet) == kept, "twice is fine"
    assert applied(target, bundle).with_data == ("sw1",)
    assert rows(target, "system") > before
    assert target.opening("influxdb").url == url
    assert authorizations(target) == ["admin's Token", *TOKENS]

    assert target.destroy(volumes=True, observe=quiet) == {}
    assert not target.layout.home.exists()


def test_it_comes_back_after_a_reboot_without_secrets_in_the_environment(
    target: LocalTarget, tmp_path: Path
) -> None:
    bundle = small.bundle(small.shard({"sw1": small.answers("sw1")}, variables=("COMMUNITY",)))
    applied(target, bundle, COMMUNITY="device-secret")
    for name in (SUPERVISOR, "influxdb", "telegraf-0"):
        locks.end_holder(target.layout.held(name), seconds=20)
    shutil.rmtree(target.layout.run / "supervisor.sock", ignore_errors=True)
    text = boot.after_reboot(tmp_path, "acme")
    (line,) = [line for line in text.splitlines() if "ExecStart=" in line]
    subprocess.run(line.partition("=")[2].split(), check=True, env={"HOME": "/"})
    wait_for(lambda: health(bundle, target).healthy)
    assert plan(bundle, target).changes == ()


def test_influxdb_talks_to_nobody_and_gives_nobody_its_profile(target: LocalTarget) -> None:
    applied(target, one_device())
    with operator(target) as influx:
        assert request("GET", f"{influx.url}/debug/pprof/heap")[0] in {403, 404}
    pid = pids(target)["influxdb"]
    time.sleep(1)
    local = {"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(str(link.readlink()))
        except FileNotFoundError:
            continue
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for row in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            columns = row.split()
            if f"socket:[{columns[9]}]" in inodes:
                assert columns[1].partition(":")[0] in local, row
                remote = columns[2].partition(":")[0]
                assert remote in local or not int(remote, 16), row
