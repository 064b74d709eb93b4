"""The demo's tenant on a real node, as a person at a keyboard has it: tigctl, and what it made.

What is asked here goes past tigctl: InfluxDB and Grafana by the addresses of their services,
objects by the tests' own client.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.cluster.api import Object
from tests.cluster.noc import TENANT
from tests.cluster.node import Node
from tests.integration.servers import request
from tests.simulator.simulated import ENVIRONMENT

NAMESPACE = f"tig-{TENANT}"


@dataclass(frozen=True)
class Said:
    """What tigctl answered."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Acme:
    """The tenant in `workspace`, on `node`."""

    node: Node
    workspace: Path

    def tigctl(self, *arguments: str, code: int | None = 0) -> Said:
        """Runs the real program; it must end with `code` (None: 0 or 3) and tell no secret."""
        own = ("TIGCTL_", "SNMP_", "KUBECONFIG")
        environ = {k: v for k, v in os.environ.items() if not k.startswith(own)}
        done = subprocess.run(
            [sys.executable, "-m", "tigctl", *arguments],
            cwd=self.workspace,
            env=environ | ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=500,
        )
        expected = {0, 3} if code is None else {code}
        assert done.returncode in expected, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert not any(secret in done.stdout + done.stderr for secret in ENVIRONMENT.values())
        return Said(done.returncode, done.stdout, done.stderr)

    def plan(self, *, code: int) -> set[str]:
        """What `tigctl plan` would change, as `kind name`."""
        changes = json.loads(self.tigctl("plan", TENANT, "-o", "json", code=code).out)["changes"]
        return {f"{one['kind']} {one['name']}" for one in changes}

    def status(self) -> Object:
        """The answer of `tigctl status`: unhealthy, for two devices are silent on purpose."""
        found: Object = json.loads(self.tigctl("status", TENANT, "-o", "json", code=3).out)
        return found

    def components(self) -> dict[str, str]:
        """The state of each component by its name, as `tigctl status` says it."""
        return {one["name"]: one["state"] for one in self.status()["components"]}

    def edit(self, file: str, old: str, new: str) -> None:
        """Changes a file of the workspace."""
        path = self.workspace / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    # Past tigctl

    def path(self, kind: str, name: str = "") -> str:
        """The API server's path of objects of the tenant, of the core group."""
        return f"/api/v1/namespaces/{NAMESPACE}/{kind}" + (f"/{name}" if name else "")

    def pods(self, component: str) -> dict[str, Object]:
        """The pods of a component that are not on their way out, by uid."""
        chosen = f"app.kubernetes.io/name={component}"
        found = self.node.plane.api.list(self.path("pods"), labelSelector=chosen)
        return {
            one["metadata"]["uid"]: one
            for one in found
            if "deletionTimestamp" not in one["metadata"]
        }

    def uids(self) -> dict[str, set[str]]:
        """Which pods each component has."""
        return {one: set(self.pods(one)) for one in ("influxdb", "telegraf", "grafana")}

    def secret(self, name: str, key: str) -> str:
        """A value of one of the tenant's Secrets."""
        data = self.node.plane.api.get(self.path("secrets", name))["data"]
        return base64.b64decode(data[key]).decode()

    def url(self, service: str, port: int) -> str:
        """A service by its address, as a pod has it."""
        address = self.node.plane.api.get(self.path("services", service))["spec"]["clusterIP"]
        return f"http://{address}:{port}"

    def query(self, flux: str) -> list[dict[str, str]]:
        """The rows of a Flux query, as Grafana would get them."""
        status, answer = request(
            "POST",
            self.url("influxdb", 8086) + f"/api/v2/query?org={TENANT}",
            {"query": flux, "dialect": {"header": True, "annotations": []}},
            token=self.secret("influxdb-reader", "token"),
        )
        assert status == 200, answer
        tables = answer.decode().replace("\r\n", "\n").strip().split("\n\n")
        return [row for table in tables for row in csv.DictReader(io.StringIO(table))]

    def having(
        self, measurement: str, field: str, *, where: str = "true", since: str = "-1h"
    ) -> set[str]:
        """Devices with a point; `where` is Flux about the record `r`, `since` as in `range`."""
        rows = self.query(
            f'from(bucket: "raw") |> range(start: {since})'
            f' |> filter(fn: (r) => r._measurement == "{measurement}" and r._field == "{field}")'
            f" |> filter(fn: (r) => {where})"
            ' |> group(columns: ["device"]) |> last() |> keep(columns: ["device"])'
        )
        return {row["device"] for row in rows}

    def grafana(self, path: str) -> Object:
        """An answer of Grafana, asked as its administrator."""
        user, password = (self.secret("grafana-admin", key) for key in ("user", "password"))
        status, answer = request(
            "GET", self.url("grafana", 3000) + path, basic=f"{user}:{password}"
        )
        assert status == 200, answer
        found: Object = json.loads(answer)
        return found


def stamp(at: datetime) -> str:
    """A time as Flux has it; `at` is in UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
