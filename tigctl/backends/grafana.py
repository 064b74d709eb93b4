"""Grafana behind a small interface of our own. The only module that imports grafana_client.

It knows requests and answers; in which order they are made, and what is ours, is the business
of whoever calls. Everything happens in the organisation that Grafana starts with. No error ever
carries a password or a token.

Modelled on the HTTP API of Grafana 12 below /api, which 11 and 13 have as well.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from tigctl.backends.errors import Refused, Unreachable
from tigctl.backends.grafana_alerting import GrafanaAlerting
from tigctl.backends.grafana_model import (
    FoundBoard,
    FoundDataSource,
    FoundFolder,
    Gone,
    ListedBoard,
    SourceSettings,
    quoted,
    read_board,
    read_data_source,
    read_listed_board,
    reason,
    refusal,
    source_body,
    stale,
)
from tigctl.errors import BackendError

if TYPE_CHECKING:
    from grafana_client.client import GrafanaClient

# The most that Grafana gives at once.
_PAGE = 1000
# How long Grafana may take to ask a data source; its own limit is 30 s.
_SOURCE_SECONDS = 10.0
# What stands in a board's version history beside our changes.
_MESSAGE = "tigctl"


class Grafana:
    """One Grafana, asked as one user. Use it as a context manager, or close it.

    `path_prefix` is the path below which it is served ("" or such as `/grafana`). `timeout` in
    seconds holds for each request.
    """

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        path_prefix: str = "",
        *,
        timeout: float = 30.0,
    ) -> None:
        self.url = url.rstrip("/")
        self.user = user
        self.path_prefix = path_prefix.strip("/")
        self._password = password
        self._timeout = timeout
        self._opened: GrafanaClient | None = None

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
            self._opened.s.close()
            self._opened = None

    @property
    def _client(self) -> GrafanaClient:
        if self._opened is None:
            from grafana_client.client import GrafanaClient  # noqa: PLC0415 - costs 0.15 s

            where = urlsplit(self.url)
            host = where.hostname or ""
            self._opened = GrafanaClient(
                (self.user, self._password),
                protocol=where.scheme,
                host=f"[{host}]" if ":" in host else host,
                port=where.port,
                url_path_prefix=f"{self.path_prefix}/" if self.path_prefix else "",
                timeout=self._timeout,
            )
            # A proxy or a .netrc of the environment is not meant for a port of this machine, and
            # a redirect would turn a POST into a GET.
            self._opened.s.trust_env = False
            self._opened.s.max_redirects = 0
        return self._opened

    def _ask(self, method: str, path: str, body: object = None, **query: object) -> Any:
        """One request to the API; the answer's JSON. A refusal raises Refused."""
        with self._errors(f"{method} {path}"):
            answer = getattr(self._client, method)(path, json=body, params=query or None)
        if answer is None:  # 204: done, and nothing to say
            return {}
        if not isinstance(answer, (dict, list)):
            raise Unreachable(
                f"what answers at {self._where} is no Grafana ({method} {path} gave no JSON)",
                hint="see whether exposure.grafana.path is the path that it is served under",
            )
        return answer

    def _look(self, path: str) -> Any:
        """The answer to a GET, or None where there is no such thing."""
        try:
            return self._ask("GET", path)
        except Gone:
            return None

    def _drop(self, path: str) -> None:
        """Deletes something; that it is gone already is fine."""
        with contextlib.suppress(Gone):
            self._ask("DELETE", path)

    def reload_files(self) -> None:
        """Has it read its provisioning files again, in the order of a start."""
        for what in ("datasources", "alerting", "dashboards"):
            self._ask("POST", f"/admin/provisioning/{what}/reload")

    @property
    def _where(self) -> str:
        return f"{self.url}/{self.path_prefix}" if self.path_prefix else self.url

    @contextlib.contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        from grafana_client.client import GrafanaException  # noqa: PLC0415 - heavy
        from niquests.exceptions import TooManyRedirects  # noqa: PLC0415 - comes with the client

        try:
            yield
        except GrafanaException as error:
            status = int(error.status_code or 0)
            if not status:
                raise self._unreachable(what, error) from None
            raise refusal(
                f"Grafana at {self._where} refused {what}: {status} {reason(error.response)}",
                status,
            ) from None
        except TooManyRedirects:
            raise Unreachable(
                f"Grafana at {self._where} sends {what} to another address",
                hint="see whether exposure.grafana.path is the path that it is served under",
            ) from None
        except (OSError, ValueError) as error:
            raise self._unreachable(what, error) from None

    def _unreachable(self, what: str, error: Exception) -> Unreachable:
        return Unreachable(
            f"Grafana at {self._where} does not answer ({type(error).__name__} at {what})",
            hint="see whether it runs: tigctl status",
        )

    @property
    def alerting(self) -> GrafanaAlerting:
        """Alert rules, contact points and policies."""
        return GrafanaAlerting(self._ask, self._drop)

    # Life and log-in

    def healthy(self) -> bool:
        """Whether it runs and its database answers; needs no log-in."""
        try:
            found = self._ask("GET", "/health")
        except BackendError:
            return False
        return isinstance(found, dict) and found.get("database") == "ok"

    def accepts_login(self) -> bool:
        """Whether user and password are right. Raises Unreachable if nobody answers.

        Grafana shuts a user out for five minutes after five wrong passwords: ask once.
        """
        try:
            self._ask("GET", "/user")
        except Refused as error:
            if error.status == 401:
                return False
            raise
        return True

    # Data sources

    def data_sources(self) -> tuple[FoundDataSource, ...]:
        """All data sources, by name. Costs a request, and one for each of them."""
        listed = self._ask("GET", "/datasources")
        found = (self._look(f"/datasources/uid/{quoted(one['uid'])}") for one in listed)
        return tuple(
            sorted((read_data_source(one) for one in found if one), key=lambda one: one.name)
        )

    def create_data_source(self, wanted: SourceSettings, token: str) -> None:
        """Creates a data source. Raises Refused (409) where the name or the uid is taken."""
        self._ask(
            "POST", "/datasources", {**source_body(wanted), "secureJsonData": {"token": token}}
        )

    def update_data_source(
        self, found: FoundDataSource, wanted: SourceSettings, token: str
    ) -> None:
        """Makes a found data source the wanted one, with this token.

        Raises Stale where somebody has saved it since.
        """
        body = {**source_body(wanted), "secureJsonData": {"token": token}, "version": found.version}
        path = f"/datasources/uid/{quoted(found.uid)}"
        try:
            self._ask("PUT", path, body)
        except Refused as error:
            if error.status == 409 and "updated by someone else" in error.message:
                raise stale(error.message, 409) from None
            raise

    def delete_data_source(self, uid: str) -> None:
        """Deletes a data source; one that is gone already is fine."""
        self._drop(f"/datasources/uid/{quoted(uid)}")

    def trouble_of_source(self, uid: str) -> str:
        """Has Grafana query a data source; what went wrong, in its words, "" if nothing did.

        Raises Unreachable where Grafana itself does not answer in time.
        """
        client, former = self._client, self._client.timeout
        client.timeout = min(_SOURCE_SECONDS, former)
        try:
            found = self._ask("GET", f"/datasources/uid/{quoted(uid)}/health")
        except Refused as error:
            return error.message
        finally:
            client.timeout = former
        return "" if found.get("status") == "OK" else str(found.get("message") or "no reason given")

    # Folders

    def folders(self) -> tuple[FoundFolder, ...]:
        """The folders at the top level, by uid."""
        found: list[FoundFolder] = []
        for page in self._pages("/folders"):
            found += (FoundFolder(one["uid"], one["title"], "") for one in page)
        return tuple(sorted(found, key=lambda one: one.uid))

    def folder(self, uid: str) -> FoundFolder | None:
        """A folder, wherever it lies; None where there is none of this uid."""
        found = self._look(f"/folders/{quoted(uid)}")
        if found is None:
            return None
        return FoundFolder(found["uid"], found["title"], found.get("parentUid") or "")

    def create_folder(self, uid: str, title: str) -> None:
        """Creates a folder at the top level."""
        self._ask("POST", "/folders", {"uid": uid, "title": title})

    def update_folder(self, uid: str, title: str) -> None:
        """Gives a folder another title, whoever has changed it since."""
        self._ask("PUT", f"/folders/{quoted(uid)}", {"title": title, "overwrite": True})

    def move_folder(self, uid: str, parent: str = "") -> None:
        """Moves a folder below another one, or to the top level."""
        self._ask("POST", f"/folders/{quoted(uid)}/move", {"parentUid": parent})

    def delete_folder(self, uid: str) -> None:
        """Deletes a folder with everything in it; one that is gone already is fine."""
        self._drop(f"/folders/{quoted(uid)}")

    # Boards

    def boards(self, *, tag: str = "", folder: str = "") -> tuple[ListedBoard, ...]:
        """The boards with this tag, or in this folder, by uid."""
        found: list[ListedBoard] = []
        query = {"tag": tag} if tag else {}
        query |= {"folderUIDs": folder} if folder else {}
        for page in self._pages("/search", type="dash-db", **query):
            found += map(read_listed_board, page)
        return tuple(sorted(found, key=lambda one: one.uid))

    def board(self, uid: str) -> FoundBoard | None:
        """A board with its content; None where there is none of this uid."""
        found = self._look(f"/dashboards/uid/{quoted(uid)}")
        return None if found is None else read_board(found)

    def put_board(self, model: str, folder: str, *, version: int) -> int:
        """Stores a board (its JSON model with a uid) in a folder; returns its new version.

        `version` is that of the board which was read before, 0 where there was none. Raises
        Stale where it is another one by now. The former content stays in its history.
        """
        body = {
            "dashboard": {**json.loads(model), "id": None, "version": version},
            "folderUid": folder,
            "message": _MESSAGE,
            "overwrite": False,
        }
        return int(self._ask("POST", "/dashboards/db", body).get("version") or 0)

    def delete_board(self, uid: str) -> None:
        """Deletes a board; one that is gone already is fine."""
        self._drop(f"/dashboards/uid/{quoted(uid)}")

    def _pages(self, path: str, **query: object) -> Iterator[list[Any]]:
        number = 1
        while True:
            page = self._ask("GET", path, limit=_PAGE, page=number, **query)
            yield page
            if len(page) < _PAGE:
                return
            number += 1
