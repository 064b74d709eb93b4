#!/opt/python/bin/python3 -IS
"""Stands in for Grafana's server, which no registry of modules has.

It is started like it, takes the same environment variables, keeps what it is told on the volume,
and its data source really asks InfluxDB. What it understands stands in tests/grafana.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import urllib.error
import urllib.request
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, "/opt/grafana")
from tests.grafana.alerting import Alerting
from tests.grafana.answers import Answer, Body, Request, error
from tests.grafana.server import GrafanaServer
from tests.grafana.state import State

DATABASE = Path(os.environ["GF_PATHS_DATA"], "grafana.json")


class Kept(State):
    """What this Grafana holds; written down after each change."""

    def answer(self, method: str, request: Request) -> Answer:
        found = super().answer(method, request)
        if method != "GET":
            draft = DATABASE.with_suffix(".draft")
            held = {"state": asdict(self), "alerting": asdict(self.alerting)}
            draft.write_text(json.dumps(held))
            draft.replace(DATABASE)
        return found

    def _source_health(self, source: Body) -> Answer:
        """Asks InfluxDB for its buckets with the token that was given."""
        token = self.secrets[source["uid"]].get("token", "")
        url = f"{source['url']}/api/v2/buckets"
        asked = urllib.request.Request(url, headers={"Authorization": f"Token {token}"})  # noqa: S310 - the data source's own URL
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 - as above
                count = len(json.load(answer)["buckets"])
        except OSError as failed:
            return error(400, f"error reading buckets: {failed}", status="ERROR")
        return 200, {"message": f"{count} buckets found", "status": "OK"}


def state() -> Kept:
    """What it held when it ended; else what a first start makes."""
    if DATABASE.exists():
        held = json.loads(DATABASE.read_text())
        found = Kept(**held["state"])
        found.alerting = Alerting(**{**held["alerting"], "folders": found.folders})
        return found
    user, password = (os.environ[f"GF_SECURITY_ADMIN_{one}"] for one in ("USER", "PASSWORD"))
    return Kept({user: password})


def main() -> None:
    """Serves until it is told to end."""
    assert os.environ["GF_SECURITY_SECRET_KEY"], "the built-in key is public"
    at = os.environ.get("GF_SERVER_HTTP_ADDR", ""), int(os.environ["GF_SERVER_HTTP_PORT"])
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
    certificate = None
    if os.environ.get("GF_SERVER_PROTOCOL") == "https":
        crt, key = (os.environ[f"GF_SERVER_CERT_{one}"] for one in ("FILE", "KEY"))
        certificate = Path(crt), Path(key)
    with GrafanaServer(at=at, certificate=certificate) as server:
        server.state = state()
        signal.sigwait((signal.SIGTERM, signal.SIGINT))


if __name__ == "__main__":
    main()
