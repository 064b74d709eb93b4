"""The tenant's secrets, as Secrets of its namespace. Values never leave this module's callers.

influxdb-operator    token and password of the administrator; no pod sees them; while a new token
                     is made, the key recovery (recovering.py)
influxdb-writer      Telegraf's token, which may only write
influxdb-reader      Grafana's and tigctl's token, which may only read
grafana-admin        user and password of Grafana's administrator; secret_key encrypts its database;
                     and what log-in and mail need (render/kubernetes/login.py)
device-credentials   one key per environment variable that Telegraf's configurations name
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import Any

from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.targets import database
from tigctl.targets.kubernetes import names

_PLACES = {
    database.OPERATOR: (names.OPERATOR_SECRET, "token"),
    database.PASSWORD: (names.OPERATOR_SECRET, "password"),
    database.RECOVERY: (names.OPERATOR_SECRET, "recovery"),
    database.secret_of("write"): (names.WRITER_SECRET, "token"),
    database.secret_of("read"): (names.READER_SECRET, "token"),
    database.id_of("write"): (names.WRITER_SECRET, "id"),
    database.id_of("read"): (names.READER_SECRET, "id"),
}


class SecretStore:
    """Reads and writes the Secrets of one tenant."""

    def __init__(self, cluster: Cluster, tenant: str, namespace: str) -> None:
        self._cluster = cluster
        self._tenant = tenant
        self._namespace = namespace
        self._known: dict[str, dict[str, str]] | None = None

    def fetch(self, *, new: bool = False) -> None:
        """Reads all at once; from then on only writes travel. For who holds the Lease.

        `new`: the namespace was just made, so there is nothing to read.
        """
        if new:
            self._known = {}
            return
        found = self._cluster.objects("Secret", self._namespace, labels=names.labels(self._tenant))
        self._known = {
            one["metadata"]["name"]: _decoded(one)
            for one in found
            if one["metadata"]["name"] in names.SECRETS
        }

    def forget(self) -> None:
        """Asks again from then on."""
        self._known = None

    def read_secret(self, name: str) -> str:
        """A secret by its name in `targets.database`, or "" where there is none."""
        secret, key = _PLACES[name]
        return self.read(secret).get(key, "")

    def write_secret(self, name: str, value: str) -> None:
        """Stores a secret; the API server has it on its disk when this returns."""
        secret, key = _PLACES[name]
        self.write(secret, {**self.read(secret), key: value})

    def read(self, secret: str) -> dict[str, str]:
        """All keys of a Secret; empty where there is none."""
        if self._known is not None:
            return dict(self._known.get(secret, {}))
        return _decoded(self._cluster.get(Ref("Secret", self._namespace, secret)) or {})

    def write(self, secret: str, values: Mapping[str, str]) -> None:
        """Makes a Secret hold exactly these keys."""
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
        wanted: Object = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": secret,
                "namespace": self._namespace,
                "labels": names.labels(self._tenant),
            },
            "type": "Opaque",
            "data": encoded,
        }
        self._cluster.apply(wanted, force=True)
        if self._known is not None:
            self._known[secret] = dict(values)

    def ensure(self, secret: str, *random: str, **fixed: str) -> dict[str, str]:
        """A Secret with `fixed` keys and `random` ones; a random value that is there stays."""
        found = self.read(secret)
        wanted = {key: found.get(key) or secrets.token_urlsafe(24) for key in random} | fixed
        if found != wanted:
            self.write(secret, wanted)
        return wanted


def _decoded(found: Mapping[str, Any]) -> dict[str, str]:
    data: Mapping[str, str] = found.get("data") or {}
    return {key: base64.b64decode(value).decode("utf-8", "replace") for key, value in data.items()}
