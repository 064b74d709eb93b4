"""A tenant whose InfluxDB can be stopped, so that what its pod's init container would do is done.

A simulated node runs no container. When tigctl reads the log of the init container, InfluxDB
ends, the container's own command runs on InfluxDB's files, InfluxDB starts anew, and what the
command printed is the log.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.cluster.plane import Plane
from tests.cluster.proxy import Proxy
from tests.integration import servers
from tests.integration.kubernetes import killing as kill
from tests.integration.kubernetes.killing import Killing
from tests.integration.kubernetes.tenants import Stage
from tigctl.backends.influxdb import Influx
from tigctl.backends.kubernetes.cluster import Cluster
from tigctl.targets import recovered, tools
from tigctl.targets.kubernetes import names

APPS = "/apis/apps/v1"
_POD = "influxdb-0"


class LostStage(Stage):
    """`url` leads to InfluxDB itself; `shown` are the tokens that stood in a log."""

    def __init__(self, plane: Plane, tenant: str, directory: Path) -> None:
        self.directory = directory
        super().__init__(plane, tenant, 0)  # may fail, and nobody would end a server by then
        self._server = servers.start_influxd(directory / "influxdb", None)
        self.port = self._server.port
        self.url = self._server.url
        self.shown: list[str] = []

    def end(self) -> None:
        servers.end(self._server.process)

    def containers(self, kind: str) -> list[dict[str, object]]:
        """Those of InfluxDB's StatefulSet: `initContainers` or `containers`."""
        found = self.plane.api.get(self.path("statefulsets", "influxdb", APPS))
        return list(found["spec"]["template"]["spec"].get(kind) or ())

    def initialize(self) -> None:
        """Does what the init container does, if there is one."""
        ((command),) = [one["command"] for one in self.containers("initContainers")] or [None]
        if not isinstance(command, list):
            return
        bolt = str(self.directory / "influxdb" / "influxd.bolt")
        words = [bolt if word == "$(INFLUXD_BOLT_PATH)" else str(word) for word in command[1:]]
        self.end()
        done = subprocess.run(
            [tools.find("influxd"), *words], capture_output=True, text=True, check=True
        )
        self._server = servers.start_influxd(self.directory / "influxdb", self._server.port)
        found = recovered.shown(done.stdout)
        assert found
        self.shown.append(found[1])
        self._show(done.stderr + done.stdout, found[1])

    def _show(self, said: str, token: str) -> None:
        file = self.directory / f"log-{len(self.shown)}"
        stamp = "2026-01-01T00:00:00.000000000Z stdout F"
        file.write_text("".join(f"{stamp} {line}\n" for line in said.splitlines()))
        self.plane.log_pod(self.namespace, _POD, file)
        admin = Cluster(kubeconfig=str(self.plane.kubeconfig))
        self.plane.wait(
            lambda: token in admin.logs(self.namespace, _POD, "influxdb", lines=200),
            "log of the init container",
        )

    def accepts(self, token: str) -> bool:
        """Whether InfluxDB takes a token for its operator's."""
        with Influx(self.url, self.tenant, token) as influx:
            return influx.accepts_token()

    def lose(self, how: str) -> str:
        """Loses the operator's token; returns it."""
        token = self.target().secrets.read(names.OPERATOR_SECRET)["token"]
        path = self.path("secrets", names.OPERATOR_SECRET)
        if how == "deleted":
            self.plane.api.delete(path)
        else:
            self.plane.api.patch(path, {"stringData": {"token": "another"}}, fieldManager="me")
        return token


@contextlib.contextmanager
def lost(plane: Plane, tenant: str, directory: Path) -> Iterator[tuple[Killing, LostStage]]:
    """The small tenant behind doors; calls to the API server and to InfluxDB are counted."""
    stage = LostStage(plane, tenant, directory)
    try:
        with (
            Proxy(plane) as proxy,
            kill.door(proxy, "influxdb", f"http://127.0.0.1:{stage.port}") as influxdb,
        ):
            stage.port = influxdb
            yield Killing(stage, proxy, directory), stage
    finally:
        stage.end()
