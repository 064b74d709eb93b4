"""Kills a tigctl of its own process at a call that it makes, and looks whether all comes right.

Its calls to the API server, to InfluxDB and to Grafana go through doors that count them in one
row, so that a kill can be put at any of them: before the server got it, or after it answered.
"""

from __future__ import annotations

import contextlib
import http.server
import itertools
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import urllib3
from pydantic import TypeAdapter

from tests.cluster.plane import Plane
from tests.cluster.proxy import Call, Proxy, Spoilt
from tests.integration.kubernetes import boardstage, killed, tenants
from tests.integration.kubernetes.boardstage import BoardStage
from tests.integration.kubernetes.tenants import Stage
from tigctl.backends.kubernetes.cluster import Cluster
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.render.bundle import Bundle
from tigctl.targets import database
from tigctl.targets.kubernetes import names, snapshot

_PATIENCE_S = 120.0
# Kinds that may hold something of a tenant.
_WHOSE = (*names.KINDS, "Lease", "Pod")


@dataclass
class Killing:
    """A tenant, and a tigctl in a process of its own whose calls go through doors."""

    stage: Stage
    proxy: Proxy
    directory: Path

    def run(
        self,
        action: str,
        wanted: Bundle | None = None,
        when: Callable[[Call], bool] = lambda _call: False,
        how: str = "after",
    ) -> int:
        """Runs it and kills it at the first call that `when` picks; returns its exit code.

        A way into a pod never comes to an end, so there `after` is before as well.
        """
        file = self.directory / "bundle.json" if wanted else None
        if file:
            file.write_bytes(TypeAdapter(Bundle).dump_json(wanted))
        log = self.directory / f"{action}.log"
        kubeconfig = self.proxy.kubeconfig(self.directory)
        self.proxy.calls.clear()
        process = killed.process(kubeconfig, self.stage.tenant, action, file, log)

        def kill(call: Call) -> bool:
            if when(call):
                process.kill()
                return True
            return False

        def before(call: Call) -> Spoilt | None:
            into_pod = "/portforward" in call.path
            if into_pod or call.path.endswith("/statefulsets/influxdb"):
                self._lead()
            if "/log?" in call.path and hasattr(self.stage, "initialize"):
                self.stage.initialize()  # a simulated node runs no init container
            at_once = how == "before" or into_pod
            return Spoilt(500) if at_once and kill(call) else None

        self.proxy.spoil = before
        self.proxy.passed = lambda call: None if how == "before" else (kill(call), None)[1]
        process.start()
        process.join(_PATIENCE_S)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise AssertionError(f"{action} did not end: {log.read_text()}")
        # What this process asks itself later goes through the doors as well.
        self.proxy.spoil, self.proxy.passed = lambda _call: None, lambda _call: None
        code = process.exitcode
        process.close()
        assert code in {0, -signal.SIGKILL}, log.read_text()
        if code:
            self._let_time_pass()
        return code

    def _let_time_pass(self) -> None:
        """So much that the Lease of a killed one is over; test_target.py waits for that."""
        path = f"/apis/coordination.k8s.io/v1/namespaces/{self.stage.namespace}/leases"
        for one in self.stage.plane.api.list(path):
            change = {"spec": {"renewTime": "2026-01-01T00:00:00.000000Z"}}
            self.stage.plane.api.patch(f"{path}/{one['metadata']['name']}", change)

    def _lead(self) -> None:
        stage = self.stage
        stage.plane.forward_pod(stage.namespace, "influxdb-0", 8086, stage.port)
        if isinstance(stage, BoardStage):
            stage.lead()

    def secrets(self) -> dict[str, dict[str, str]]:
        """All Secrets of the tenant, by name."""
        store = self.stage.target().secrets
        return {name: store.read(name) for name in names.SECRETS}

    def converges(self, wanted: Bundle) -> None:
        """Applied again, all is as after an apply that nobody disturbed."""
        self.stage.apply(wanted)
        assert self.stage.plan(wanted) == {}
        assert self.stage.cluster.get(Ref("Lease", self.stage.namespace, names.LEASE)) is None
        there = snapshot.take(self.stage.cluster, self.stage.namespace).objects
        ours = {
            (ref.kind, ref.name)
            for ref, metadata in there.items()
            if (metadata.get("labels") or {}).get(names.TENANT) == self.stage.tenant
            and not ref.name.startswith(names.REVISION)
        }
        rendered = {(one["kind"], one["metadata"]["name"]) for one in wanted.kubernetes}
        own = {("ConfigMap", names.INVENTORY)} | {
            ("Secret", name) for name in names.SECRETS if name != names.DEVICES_SECRET
        }
        assert ours == rendered | own, sorted(ours ^ (rendered | own))
        self._no_token_too_many()
        self._grafana_as_wanted(wanted)

    def _no_token_too_many(self) -> None:
        target = self.stage.target()
        url = target.reach.url("influxdb")
        assert url
        with database.operator(target.secrets, self.stage.tenant, url) as influx:
            found = sorted(one.description for one in influx.authorizations())
        target.reach.close()
        assert found == [
            "admin's Token",
            f"tigctl {self.stage.tenant} reader",
            f"tigctl {self.stage.tenant} telegraf",
        ]

    def _grafana_as_wanted(self, wanted: Bundle) -> None:
        if isinstance(self.stage, BoardStage):
            state = self.stage.server.state
            assert state.sources.keys() == {one.uid for one in wanted.grafana.data_sources}
            assert state.folders.keys() == {one.uid for one in wanted.grafana.folders}
            assert state.boards.keys() == {one.uid for one in wanted.grafana.boards}

    def left(self) -> list[Ref]:
        """What carries the tenant's label, anywhere in the cluster."""
        labels = {names.TENANT: self.stage.tenant}
        cluster = Cluster(kubeconfig=str(self.stage.plane.kubeconfig))  # who may look everywhere
        return [
            Ref(kind, one["metadata"].get("namespace", ""), one["metadata"]["name"])
            for kind in _WHOSE
            for one in cluster.objects(kind, labels=labels, metadata_only=True)
        ]


@contextlib.contextmanager
def small(plane: Plane, tenant: str, directory: Path) -> Iterator[Killing]:
    """The small tenant; calls to the API server are counted."""
    with tenants.stage(plane, tenant, directory) as stage, Proxy(plane) as proxy:
        yield Killing(stage, proxy, directory)


@contextlib.contextmanager
def whole(plane: Plane, tenant: str, directory: Path) -> Iterator[Killing]:
    """The small tenant with a Grafana; calls to InfluxDB and Grafana are counted as well."""
    with (
        boardstage.stage(plane, tenant, directory) as stage,
        Proxy(plane) as proxy,
        door(proxy, "influxdb", f"http://127.0.0.1:{stage.port}") as influxdb,
        door(proxy, "grafana", stage.server.url) as grafana,
    ):
        stage.port = influxdb
        stage.grafana_port = grafana
        yield Killing(stage, proxy, directory)


@contextlib.contextmanager
def door(proxy: Proxy, name: str, url: str) -> Iterator[int]:
    """A port that leads to another server, whose calls are counted and spoilt as the proxy's.

    Their paths begin with `name`:.
    """
    pool = urllib3.PoolManager(maxsize=8, retries=False)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30  # a simulated pod keeps a connection whose forward has long ended

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Nothing is logged: `calls` tells."""

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            call = proxy.note(self.command, f"{name}:{self.path}")
            headers = {
                key: value
                for key, value in self.headers.items()
                if key.lower() not in {"host", "connection", "content-length", "accept-encoding"}
            }
            if spoilt := proxy.spoil(call):
                status, data = spoilt.status, b"{}"
                kind = "application/json"
            else:
                found = pool.request(
                    self.command,
                    url + self.path,
                    body=body or None,
                    headers=headers,
                    redirect=False,
                )
                proxy.passed(call)
                status, data = found.status, found.data
                kind = found.headers.get("Content-Type", "application/json")
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                if status != http.HTTPStatus.NO_CONTENT:
                    self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass  # noqa: N815 - names there

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            pool.clear()


def call(method: str, path: str, number: int, *, exact: bool = False) -> Callable[[Call], bool]:
    """Picks the `number`th call of a method whose path contains a text; no dry run.

    `exact`: the path ends with one name after it.
    """
    left = itertools.count(1)

    def picks(one: Call) -> bool:
        found = one.path.partition("?")[0].partition(path)
        meant = one.method == method and found[1] and "dryRun" not in one.path
        return bool(meant and not (exact and "/" in found[2])) and next(left) == number

    return picks
