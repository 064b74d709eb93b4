"""InfluxDB 2 behind a small interface of our own. The only module that imports influxdb_client.

It knows requests and answers; in which order they are made is the business of whoever calls.
No error ever carries a token.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tigctl.backends.errors import Refused, Unreachable
from tigctl.backends.influxdb_model import Authorization, FoundBucket, FoundTask, Made
from tigctl.errors import BackendError

if TYPE_CHECKING:
    from influxdb_client import InfluxDBClient

Value = str | int | float | bool | datetime | None
Row = Mapping[str, Value]

# InfluxDB answers 500 to a set-up with less and is then "already set up", with no token at all.
SHORTEST_RETENTION = 3600
_PAGE = 100


class Influx:
    """One InfluxDB, asked with one token. Use it as a context manager, or close it.

    `timeout` in seconds holds for each request.
    """

    def __init__(self, url: str, organization: str, token: str, *, timeout: float = 30.0) -> None:
        self.url = url
        self.organization = organization
        self._token = token
        self._timeout = timeout
        self._opened: InfluxDBClient | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives the connections back."""
        if self._opened:
            self._opened.close()
            self._opened = None

    @property
    def _client(self) -> InfluxDBClient:
        if self._opened is None:
            from influxdb_client import InfluxDBClient  # noqa: PLC0415 - costs 0.15 s

            self._opened = InfluxDBClient(
                url=self.url,
                token=self._token,
                org=self.organization,
                timeout=int(self._timeout * 1000),
            )
        return self._opened

    def _ask(self, method: str, path: str, body: object = None, **query: object) -> Any:
        """One request to the API; the answer's JSON, or None where it has no body."""
        with self._errors(f"{method} {path}"):
            answer = self._client.api_client.call_api(
                path,
                method,
                query_params=list(query.items()),
                header_params={"Accept": "application/json", "Content-Type": "application/json"},
                body=body,
                response_type=None,
                _preload_content=False,
                _return_http_data_only=True,
            )
            data = answer.data
            return json.loads(data) if data else None

    def _drop(self, path: str) -> None:
        """Deletes something; that it is gone already is fine."""
        try:
            self._ask("DELETE", path)
        except Refused as error:
            if error.status != 404:
                raise

    @contextlib.contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        from influxdb_client.client.exceptions import InfluxDBError  # noqa: PLC0415 - heavy
        from influxdb_client.client.flux_csv_parser import (  # noqa: PLC0415 - heavy
            FluxCsvParserException,
            FluxQueryException,
        )
        from urllib3.exceptions import HTTPError  # noqa: PLC0415 - comes with the client

        try:
            yield
        except InfluxDBError as error:
            status = int(getattr(error, "status", 0) or 0)
            raise Refused(
                f"InfluxDB at {self.url} refused {what}: {status} {_reason(error)}",
                status=status,
                hint=_hint(status),
            ) from None
        except (FluxQueryException, FluxCsvParserException) as error:
            raise Refused(f"InfluxDB at {self.url} could not answer: {error}", status=200) from None
        except (HTTPError, OSError, ValueError) as error:
            raise Unreachable(
                f"InfluxDB at {self.url} does not answer ({type(error).__name__} at {what})",
                hint="see whether it runs: tigctl status",
            ) from error

    # Life and set-up

    def healthy(self) -> bool:
        """Whether it runs and takes requests; needs no token."""
        try:
            found = self._ask("GET", "/health")
        except BackendError:
            return False
        return bool(found and found.get("status") == "pass")

    def is_set_up(self) -> bool:
        """Whether the first set-up has been done (or at least begun)."""
        return not self._ask("GET", "/api/v2/setup")["allowed"]

    def set_up(self, *, username: str, password: str, bucket: str, retention: int) -> None:
        """The first set-up: user, organization, bucket, and our own token as the operator's.

        `retention` in seconds. Raises ValueError below an hour, before anything is sent.
        """
        if retention and retention < SHORTEST_RETENTION:
            raise ValueError(f"retention of {retention} s is below {SHORTEST_RETENTION} s")
        self._ask(
            "POST",
            "/api/v2/setup",
            {
                "username": username,
                "password": password,
                "org": self.organization,
                "bucket": bucket,
                "retentionPeriodSeconds": retention,
                "token": self._token,
            },
        )

    def accepts_token(self) -> bool:
        """Whether the token is known and active. Raises Unreachable if nobody answers."""
        try:
            self._ask("GET", "/api/v2/buckets", limit=1)
        except Refused as error:
            if error.status in {401, 403}:
                return False
            # Accepted, but not for this: a token that may only write.
            return error.status == 404
        return True

    def set_password(self, username: str, password: str) -> None:
        """Sets the password of a user."""
        found = self._ask("GET", "/api/v2/users", name=username)["users"]
        if not found:
            raise Refused(f"InfluxDB at {self.url} shows no user {username}", status=404)
        self._ask("POST", f"/api/v2/users/{found[0]['id']}/password", {"password": password})

    # Organization and buckets

    def organization_id(self) -> str | None:
        """The id of the organization, or None where there is none of this name."""
        try:
            found = self._ask("GET", "/api/v2/orgs", org=self.organization)
        except Refused as error:
            if error.status == 404:
                return None
            raise
        return str(found["orgs"][0]["id"]) if found["orgs"] else None

    def create_organization(self) -> str:
        """Creates the organization; returns its id."""
        return str(self._ask("POST", "/api/v2/orgs", {"name": self.organization})["id"])

    def buckets(self) -> tuple[FoundBucket, ...]:
        """The organization's buckets, InfluxDB's own ones left out, by name."""
        found: list[dict[str, Any]] = []
        while True:
            page = self._ask(
                "GET", "/api/v2/buckets", org=self.organization, limit=_PAGE, offset=len(found)
            )["buckets"]
            found.extend(page)
            if len(page) < _PAGE:
                break
        ours = (bucket for bucket in found if bucket["type"] != "system")
        return tuple(sorted(map(FoundBucket.of, ours), key=lambda bucket: bucket.name))

    def create_bucket(self, organization_id: str, name: str, retention: int) -> FoundBucket:
        """Creates a bucket; `retention` in seconds."""
        body = {"orgID": organization_id, "name": name, "retentionRules": _rules(retention)}
        return FoundBucket.of(self._ask("POST", "/api/v2/buckets", body))

    def set_retention(self, bucket: FoundBucket, retention: int) -> None:
        """Changes a bucket's retention; the data that is younger stays."""
        self._ask("PATCH", f"/api/v2/buckets/{bucket.id}", {"retentionRules": _rules(retention)})

    # Tasks

    def tasks(self) -> tuple[FoundTask, ...]:
        """The organization's tasks, by name."""
        found: list[dict[str, Any]] = []
        while True:
            after = {"after": found[-1]["id"]} if found else {}
            page = self._ask("GET", "/api/v2/tasks", org=self.organization, limit=_PAGE, **after)[
                "tasks"
            ]
            found.extend(page)
            if len(page) < _PAGE:
                return tuple(sorted(map(FoundTask.of, found), key=lambda task: task.name))

    def create_task(self, organization_id: str, flux: str) -> None:
        """Creates a task, active; its name and times stand in the script."""
        body = {"orgID": organization_id, "flux": flux, "status": "active"}
        self._ask("POST", "/api/v2/tasks", body)

    def update_task(self, id_: str, flux: str) -> None:
        """Gives a task another script, and sets it going."""
        self._ask("PATCH", f"/api/v2/tasks/{id_}", {"flux": flux, "status": "active"})

    def delete_task(self, id_: str) -> None:
        """Deletes a task; one that is gone already is fine."""
        self._drop(f"/api/v2/tasks/{id_}")

    # Authorizations

    def authorizations(self) -> tuple[Authorization, ...]:
        """All authorizations the token may see, in the order InfluxDB gives them."""
        found = self._ask("GET", "/api/v2/authorizations")["authorizations"]
        return tuple(map(Authorization.of, found))

    def create_authorization(
        self,
        organization_id: str,
        description: str,
        *,
        read: tuple[str, ...],
        write: tuple[str, ...],
    ) -> Made:
        """Creates an authorization for the buckets with these ids; returns its token.

        The token can never be read again: store it before anything else is done.
        """
        permissions = [
            {"action": action, "resource": {"type": "buckets", "id": id_, "orgID": organization_id}}
            for action, ids in (("read", read), ("write", write))
            for id_ in ids
        ]
        body = {"orgID": organization_id, "description": description, "permissions": permissions}
        made = self._ask("POST", "/api/v2/authorizations", body)
        return Made(str(made["id"]), str(made["token"]))

    def copy_authorization(self, id_: str, description: str) -> Made:
        """Creates an authorization that may do what another one may; returns its token.

        As with `create_authorization`, it can never be read again.
        """
        path = "/api/v2/authorizations"
        found = self._ask("GET", f"{path}/{id_}")
        body = {key: found[key] for key in ("orgID", "userID", "permissions")}
        made = self._ask("POST", path, {**body, "description": description})
        return Made(str(made["id"]), str(made["token"]))

    def delete_authorization(self, id_: str) -> None:
        """Deletes an authorization; one that is gone already is fine."""
        self._drop(f"/api/v2/authorizations/{id_}")

    # Data

    def write(self, bucket: str, lines: str) -> None:
        """Writes line protocol with times in seconds."""
        from influxdb_client.client.write_api import SYNCHRONOUS  # noqa: PLC0415 - heavy

        with self._errors("a write"), self._client.write_api(write_options=SYNCHRONOUS) as writer:
            writer.write(bucket, record=lines, write_precision="s")

    def query(self, flux: str) -> list[Row]:
        """All rows of all tables of a Flux query, with times as aware datetimes."""
        with self._errors("a query"):
            records = self._client.query_api().query_stream(flux)
            return [record.values for record in records]


def _rules(retention: int) -> list[dict[str, object]]:
    if not retention:
        return []
    # Without a shard group duration InfluxDB keeps the former one, and refuses a retention
    # that is shorter than that; 0 lets it choose anew.
    return [{"type": "expire", "everySeconds": retention, "shardGroupDurationSeconds": 0}]


def _reason(error: Exception) -> str:
    """What InfluxDB says went wrong, cut to a line; never a header, which could hold a token."""
    response = getattr(error, "response", None)
    try:
        body = json.loads(getattr(response, "data", b"") or b"{}")
        text = str(body.get("message") or body.get("error") or "")
    except (ValueError, AttributeError):
        text = ""
    return " ".join((text or str(getattr(error, "message", "") or "")).split())[:300]


def _hint(status: int) -> str | None:
    if status in {401, 403}:
        return "the token is not accepted; tigctl apply makes new ones"
    if status >= 500:
        return "look into InfluxDB's log, or at the room on its disk"
    return None
