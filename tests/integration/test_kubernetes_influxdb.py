"""The real InfluxDB with the environment of its container and a read-only file system: it starts,
takes and gives data, bounds its queries, and tells nobody its profile.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.readonly import read_only
from tests.integration.servers import InfluxServer, _set_up, end, free_port, request
from tests.unit.kubernetes.stacks import pod_of, stack, variables, workloads
from tigctl.render.kubernetes.model import Object
from tigctl.targets import tools

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(os.geteuid() != 0, reason="makes a mount namespace, as root"),
]


def _container() -> Object:
    """Of a tenant that gives InfluxDB so little that a small query is one too large."""
    own = {"influxdb": {"limits": {"memory": "64Mi"}}}
    (container,) = pod_of(workloads(stack((), {"resources": own})), "StatefulSet influxdb")[
        "containers"
    ]
    found: Object = container
    return found


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    """Set up; its data is gone with it, since it lies in memory."""
    container = _container()
    environ = variables(container)
    port = free_port()
    environ["INFLUXD_HTTP_BIND_ADDRESS"] = f"127.0.0.1:{port}"  # of all of it, the one difference
    folder = tmp_path_factory.mktemp("influxdb")
    writable = [one["mountPath"] for one in container["volumeMounts"]]
    command = read_only([str(tools.find("influxd"))], writable=writable)
    with (folder / "log").open("wb") as output:
        process = subprocess.Popen(
            command,
            env={"PATH": os.environ["PATH"], **environ},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        server = InfluxServer(
            *(process, folder / "log", f"http://127.0.0.1:{port}", port, Path(writable[0])),
            *("acme", "raw", "operator-token-for-tests"),
        )
        _await(server)
        _set_up(server, server.organization, server.bucket, 0, server.token)
        yield server
    finally:
        end(process)


def _await(server: InfluxServer) -> None:
    for _ in range(300):
        assert server.process.poll() is None, server.said()
        with contextlib.suppress(OSError):
            if request("GET", f"{server.url}/health")[0] == 200:
                return
        time.sleep(0.1)
    raise AssertionError(server.said())


def test_it_takes_and_gives_data(influx: InfluxServer) -> None:
    assert influx.write("ping,device=sw1 average_response_ms=1.5 1700000000000000000") == 204
    rows = influx.query('from(bucket: "raw") |> range(start: 0)')
    assert [row["_value"] for row in rows] == ["1.5"]


def test_what_it_may_use_is_bounded(influx: InfluxServer) -> None:
    """Its own list of settings says what it has understood."""
    found = json.loads(influx.call("GET", "/api/v2/config")[1])["config"]
    bounds = {
        name: value
        for name, value in variables(_container()).items()
        if name.startswith(("INFLUXD_QUERY_", "INFLUXD_STORAGE_"))
    }
    assert len(bounds) == 6
    for name, value in bounds.items():
        key = name.removeprefix("INFLUXD_").lower().replace("_", "-")
        assert str(found[key]) == value, key


def test_a_query_that_wants_too_much_is_refused(influx: InfluxServer) -> None:
    for at in range(1_700_000_000_000_000_000, 1_700_000_060_000_000_000, 1_000_000_000):
        lines = (
            f"interface,device=sw{number // 48},ifName=p{number % 48} ifHCInOctets={number}i {at}"
            for number in range(4_800)
        )
        assert influx.write("\n".join(lines)) == 204
    query = """from(bucket: "raw") |> range(start: 0)
        |> filter(fn: (r) => r._measurement == "interface")
        |> group() |> sort(columns: ["device"])"""
    status, answer = influx.call("POST", "/api/v2/query?org=acme", {"query": query})
    assert b"memory allocation limit reached" in answer, (status, answer[-300:])
    assert influx.process.poll() is None


def test_nobody_gets_its_profile(influx: InfluxServer) -> None:
    assert request("GET", f"{influx.url}/debug/pprof/heap")[0] in {403, 404}
