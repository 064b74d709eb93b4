"""The demo's tenant on a real node: its bundle as it is, the real Telegraf and InfluxDB.

Covers: data of every simulated device by SNMP v1, v2c and v3, ping and TCP, with no capability
and no root; plan, verify, status; InfluxDB gone for a while; a change that rolls Telegraf only;
Grafana's pod gone; the operator's token lost; destroy. Grafana is a stand-in, and nobody enforces
the Cilium policies. Leaves out: drift, kills, conflicts (tests/integration/kubernetes). The tests
build upon each other.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cluster import noc
from tests.cluster.api import Object, condition
from tests.cluster.noc import TENANT
from tests.cluster.node import NAME, Node
from tests.integration.servers import request
from tests.node.acme import NAMESPACE, Acme, stamp
from tests.simulator import simulated
from tests.simulator.simulated import DEAD, LOCKED, SLOW, Simulated

pytestmark = [pytest.mark.node, pytest.mark.timeout(900)]

PROGRAMS = {"telegraf", "influxd", "grafana"}


@pytest.fixture(scope="module")
def acme(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acme]:
    """The tenant, applied; its devices answer as long as the tests of this file run."""
    workspace = tmp_path_factory.mktemp("workspace")
    with noc.devices(node, workspace):
        found = Acme(node, workspace)
        found.tigctl("probe", TENANT)
        began = time.monotonic()
        said = found.tigctl("apply", TENANT)
        print(f"applied in {time.monotonic() - began:.0f} s:\n{said.err}")
        yield found


@pytest.fixture(scope="module")
def devices(acme: Acme) -> dict[str, Simulated]:
    """The simulated devices by name."""
    return {one.name: one for one in simulated.load(acme.workspace)}


def test_data_of_every_device_has_arrived(acme: Acme, devices: dict[str, Simulated]) -> None:
    names = devices.keys()
    dead = {one.name for one in devices.values() if one.kind == DEAD}
    locked = {one.name for one in devices.values() if one.kind == LOCKED}
    checked = {one.name for one in devices.values() if one.tcp}
    assert dead
    assert locked
    assert checked
    assert {one.credentials for one in devices.values()} == {"default", "legacy", "core"}

    answered = names - dead - locked
    assert acme.having("system", "uptime_seconds") == answered
    slow = {one.name for one in devices.values() if one.kind == SLOW}
    assert acme.having("interface", "ifOperStatus") | slow == answered
    assert acme.having("ping", "packets_received", where="r._value > 0") == names - dead
    assert acme.having("ping", "packets_received", where="r._value == 0") >= dead
    assert acme.having("tcp", "result_code", where="r._value == 0") == checked


def test_status_tells_the_living_from_the_dead(acme: Acme, devices: dict[str, Simulated]) -> None:
    status = acme.status()
    assert {one["name"]: one["state"] for one in status["components"]} == {
        "influxdb": "running",
        "telegraf-0": "running",
        "grafana": "running",
    }
    states = {one["name"]: one["state"] for one in status["devices"]}
    silent = {DEAD: "down", LOCKED: "no SNMP"}
    assert states == {one.name: silent.get(one.kind, "ok") for one in devices.values()}


def test_nobody_is_root_or_has_a_capability(acme: Acme) -> None:
    space = acme.node.plane.api.get(f"/api/v1/namespaces/{NAMESPACE}")
    assert space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    statuses = _processes(acme)
    assert {one["Name"] for one in statuses} >= PROGRAMS
    for one in statuses:
        assert "0" not in one["Uid"].split(), one
        assert int(one["CapPrm"], 16) == 0, one
        assert one["NoNewPrivs"] == "1", one


def _processes(acme: Acme) -> list[dict[str, str]]:
    """What the kernel says of each process in a container."""
    return [found for pid in acme.node.processes() if (found := _process(pid))]


def _process(pid: int) -> dict[str, str]:
    """Nothing of one that has ended meanwhile."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return {}
    lines = (line.partition(":") for line in text.splitlines())
    return {key: value.strip() for key, _, value in lines}


def test_afterwards_there_is_nothing_to_do(acme: Acme) -> None:
    uids = acme.uids()
    assert acme.plan(code=0) == set()
    assert "nothing had to be changed" in acme.tigctl("apply", TENANT).err
    assert acme.uids() == uids


def test_grafana_reads_what_telegraf_wrote_and_keeps_what_it_holds(acme: Acme) -> None:
    """Its data source asks InfluxDB by the name and with the token that it was given."""
    health = "/api/datasources/uid/tigctl-influxdb/health"
    assert acme.grafana(health)["message"] == "3 buckets found"
    _delete_and_wait(acme, "grafana")
    # The service leads to the new pod a moment after that is ready.
    acme.node.plane.wait(lambda: _answers(acme, health), "answer of the service")
    assert acme.grafana(health)["message"] == "3 buckets found"
    assert acme.plan(code=0) == set()


def test_what_is_polled_while_influxdb_is_away_is_not_lost(acme: Acme) -> None:
    """Its pod goes and finds no node until polls have been made that it missed."""
    api, node = acme.node.plane.api, f"/api/v1/nodes/{NAME}"
    api.patch(node, {"spec": {"unschedulable": True}})
    try:
        api.delete(acme.path("pods", "influxdb-0"))
        acme.node.plane.wait(lambda: _pending(acme), "pod that finds no node")
        away = datetime.now(UTC)
        assert acme.components()["influxdb"] == "starting"
        # Two rounds of whoever is asked every 10 s.
        time.sleep(20)
        back = datetime.now(UTC)
    finally:
        api.patch(node, {"spec": {"unschedulable": None}})
    _wait_ready(acme, "influxdb")

    within = f"r._time < {stamp(back)}"
    often = {one["name"] for one in _devices(acme) if one["interval"] <= 10 and one["icmp"]}
    assert often
    acme.node.plane.wait(
        lambda: acme.having("ping", "result_code", where=within, since=stamp(away)) >= often,
        "points from while InfluxDB was away",
    )
    assert _dropped(acme) == 0
    assert acme.having("system", "uptime_seconds", where=f"r._time < {stamp(away)}")


def _dropped(acme: Acme) -> float:
    """Points that Telegraf lost because its buffer was full."""
    (row,) = acme.query(
        'from(bucket: "raw") |> range(start: -1h)'
        ' |> filter(fn: (r) => r._measurement == "collector" and r._field == "metrics_dropped")'
        " |> group() |> max()"
    )
    return float(row["_value"])


def _devices(acme: Acme) -> list[Object]:
    """What the bundle says of each device."""
    acme.tigctl("render", TENANT, "-o", "rendered")
    found: list[Object] = json.loads((acme.workspace / "rendered/bundle.json").read_text())[
        "devices"
    ]
    return found


def _pending(acme: Acme) -> bool:
    pods = acme.node.plane.api.list(acme.path("pods"))
    return any(condition(one, "PodScheduled") == "False" for one in pods)


def test_verify_misses_nothing(acme: Acme) -> None:
    # The tables of the slow device take a minute or two.
    acme.node.plane.wait(lambda: not _missing(acme), "data of all kinds", 300)


def _missing(acme: Acme) -> set[tuple[str, str]]:
    """What `tigctl verify` misses, as device and measurement."""
    said = acme.tigctl("verify", TENANT, "-o", "json", code=None)
    found = {(one["device"], one["measurement"]) for one in json.loads(said.out)["missing"]}
    assert said.code == (3 if found else 0)
    return found


def test_a_changed_interval_rolls_telegraf_and_nothing_else(acme: Acme) -> None:
    before = acme.uids()
    # That of the texts: more or fewer points could mean another size of InfluxDB.
    acme.edit("fleet.yaml", "slow_interval: 10m", "slow_interval: 20m")
    assert acme.plan(code=3) == {"ConfigMap telegraf-0-0", "Deployment telegraf-0"}

    # The slow device need not be waited for as long as at first.
    acme.tigctl("apply", TENANT, "--wait", "90s")

    after = acme.uids()
    assert {one for one in after if after[one] != before[one]} == {"telegraf"}
    (new,) = acme.pods("telegraf").values()
    started = new["status"]["startTime"]
    often = {one["name"] for one in _devices(acme) if one["interval"] <= 10 and not one["silence"]}
    assert often
    acme.node.plane.wait(
        lambda: acme.having("system", "uptime_seconds", since=started) >= often,
        "data from the new Telegraf",
    )
    assert acme.plan(code=0) == set()


def test_a_lost_operators_token_is_made_anew_by_one_command(acme: Acme) -> None:
    """By the init container of docs/operations.md, under Pod Security `restricted`."""
    before, lost = acme.uids(), acme.secret("influxdb-operator", "token")
    acme.node.plane.api.delete(acme.path("secrets", "influxdb-operator"))
    said = acme.tigctl("apply", TENANT, code=1).err
    assert "tigctl apply acme --recover-operator" in said
    assert _status_of(acme, lost) == 200

    acme.tigctl("apply", TENANT, "--recover-operator", "--wait", "90s")

    assert _status_of(acme, acme.secret("influxdb-operator", "token")) == 200
    assert _status_of(acme, lost) == 401
    after = acme.uids()
    assert {one for one in after if after[one] != before[one]} == {"influxdb"}
    (pod,) = acme.pods("influxdb").values()
    assert "initContainers" not in pod["spec"]
    assert acme.plan(code=0) == set()
    assert acme.having("system", "uptime_seconds", where="true", since=pod["status"]["startTime"])


def _status_of(acme: Acme, token: str) -> int:
    """What InfluxDB says to an operator's question."""
    return request("GET", acme.url("influxdb", 8086) + "/api/v2/authorizations", token=token)[0]


def test_destroy_leaves_nothing(acme: Acme) -> None:
    api = acme.node.plane.api
    volumes = [one["spec"]["local"]["path"] for one in _volumes(acme)]
    assert len(volumes) == 2

    acme.tigctl("destroy", TENANT, "-P", "-C", "-N", "--yes")

    assert api.find(f"/api/v1/namespaces/{NAMESPACE}") is None
    plane = acme.node.plane
    plane.wait(lambda: not _volumes(acme), "end of the volumes")
    plane.wait(lambda: not any(Path(one).exists() for one in volumes), "end of the data")
    names = {one["Name"] for one in _processes(acme)}
    assert not names & PROGRAMS
    assert f"Namespace {NAMESPACE}" in acme.plan(code=3)


def _volumes(acme: Acme) -> list[Object]:
    found = acme.node.plane.api.list("/api/v1/persistentvolumes")
    return [one for one in found if one["spec"]["claimRef"]["namespace"] == NAMESPACE]


def _answers(acme: Acme, path: str) -> bool:
    try:
        return bool(acme.grafana(path))
    except OSError:
        return False


def _delete_and_wait(acme: Acme, component: str) -> None:
    """Deletes a component's pod and waits until there is another one that is ready."""
    ((uid, former),) = acme.pods(component).items()
    acme.node.plane.api.delete(acme.path("pods", former["metadata"]["name"]))
    _wait_ready(acme, component, but=uid)


def _wait_ready(acme: Acme, component: str, but: str = "") -> None:
    def ready() -> bool:
        found = acme.pods(component)
        found.pop(but, None)
        return any(condition(one, "Ready") == "True" for one in found.values())

    acme.node.plane.wait(ready, f"ready pod of {component}", 120)
