"""A small server that speaks the part of Grafana's HTTP API that tigctl uses; its state in memory.

Modelled on Grafana 12: its HTTP API reference (dashboard, folder, data source, folder/dashboard
search, user; grafana.com/docs/grafana/v12.4/developer-resources/api-reference/http-api)
and, for what that leaves open, its source (pkg/api/{dashboard,folder,datasources}.go,
pkg/api/apierrors, pkg/services/dashboards/errors.go, pkg/services/datasources):

- log-in by basic authentication; five wrong passwords shut a user out; /api/health needs none
- under a sub-path everything else is redirected (301) to it, but for /api/health
- a data source's secrets go in by secureJsonData and never come out; only secureJsonFields says
  which there are; those not sent stay; a name and a uid are there once; a save with an old
  version is a 409; read-only ones (provisioned) cannot be changed; the list has neither version
  nor secureJsonFields
- a folder is saved with its version or with overwrite, else 412; the list has one level only,
  that of parentUid; deleting a folder deletes the boards and folders in it
- a board is saved by uid; without overwrite another version than the stored one is a 412
  (version-mismatch); the folder has to be there; ids and versions are Grafana's
- a search has neither content nor version of a board

Alerting is in tests/grafana_alerting.py. It leaves out organisations, permissions, and everything
about drawing. Whoever is signed in may do everything.

    with GrafanaServer() as server:
        server.by_hand("anna", "POST", "/api/dashboards/db", {...})   # as with the mouse
        server.misbehave("POST", "/api/dashboards/db", 500)           # the next such request
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import sys
import threading
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit

try:
    from tests.grafana_alerting import Alerting
except ModuleNotFoundError:  # in a container, where it lies beside this file
    from grafana_alerting import Alerting  # type: ignore[import-not-found,no-redef]  # as above

Body = dict[str, Any]
Answer = tuple[int, Any]
# An HTTP status; `hang`: no answer until the server ends; `lost`: done, but no answer comes;
# `page`: somebody else's web page.
Fault = int | Literal["hang", "lost", "page"]

_UID = re.compile(r"[A-Za-z0-9_-]*")
_NOW = "2026-11-20T14:02:{:02}Z"


@dataclass
class _Request:
    user: str
    parts: list[str]
    query: dict[str, list[str]]
    body: Body

    def one(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[0]

    def page(self, found: list[Any]) -> list[Any]:
        limit, page = int(self.one("limit", "1000")), int(self.one("page", "1"))
        return found[(page - 1) * limit : page * limit]


def _error(code: int, message: str, **more: str) -> Answer:
    return code, {"message": message, **more}


@dataclass
class State:
    """What this Grafana holds. `passwords` by user; the first one is the administrator."""

    passwords: dict[str, str]
    sources: dict[str, Body] = field(default_factory=dict)
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    folders: dict[str, Body] = field(default_factory=dict)
    boards: dict[str, Body] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    # The tokens InfluxDB accepts; None: all of them.
    tokens: set[str] | None = None
    ids: int = 0
    saves: int = 0

    def __post_init__(self) -> None:
        self.alerting = Alerting(self.folders)

    def answer(self, method: str, request: _Request) -> Answer:
        kind = request.parts[0] if request.parts else ""
        if request.parts[:2] == ["v1", "provisioning"]:
            return self.alerting.answer(method, request.parts[2:], request.body)
        if request.parts == ["prometheus", "grafana", "api", "v1", "rules"] and method == "GET":
            return self.alerting.firing()
        handler: Callable[[str, _Request], Answer] | None = {
            "user": self._user,
            "admin": self._admin,
            "datasources": self._datasources,
            "folders": self._folders,
            "search": self._search,
            "dashboards": self._dashboards,
        }.get(kind)
        return handler(method, request) if handler else _error(404, "Not found")

    def allows(self, user: str, password: str) -> bool:
        right = self.failed.get(user, 0) < 5 and self.passwords.get(user) == password
        self.failed[user] = 0 if right else self.failed.get(user, 0) + 1
        return right

    def _next_id(self) -> int:
        self.ids += 1
        return self.ids

    def _now(self) -> str:
        self.saves += 1
        return _NOW.format(self.saves % 60)

    # Users

    def _user(self, method: str, request: _Request) -> Answer:
        if method != "GET":
            return _error(404, "Not found")
        number = list(self.passwords).index(request.user) + 1
        return 200, {
            "id": number,
            "login": request.user,
            "email": f"{request.user}@localhost",
            "orgId": 1,
            "isGrafanaAdmin": number == 1,
        }

    def _admin(self, method: str, request: _Request) -> Answer:
        """Nothing of it here: a Grafana that reads files has more."""
        return _error(404, f"Not found: {method} /api/{'/'.join(request.parts)}")

    # Data sources

    def _datasources(self, method: str, request: _Request) -> Answer:
        parts = request.parts[1:]
        if not parts:
            return self._listed_sources() if method == "GET" else self._add_source(request.body)
        there = self.sources.get(parts[1]) if parts[0] == "uid" and len(parts) > 1 else None
        if there is None:
            return _error(404, "Data source not found")
        if parts[2:] == ["health"]:
            return self._source_health(there)
        if method == "GET":
            return 200, self._source(there)
        if there["readOnly"]:
            verb = "update" if method == "PUT" else "delete"
            return _error(403, f"Cannot {verb} read-only data source")
        if method == "DELETE":
            del self.sources[there["uid"]], self.secrets[there["uid"]]
            return 200, {"message": "Data source deleted", "id": there["id"]}
        return self._update_source(there, request.body)

    def _listed_sources(self) -> Answer:
        found = sorted(self.sources.values(), key=lambda one: str(one["name"]).lower())
        return 200, [{key: one[key] for key in one if key != "version"} for one in found]

    def _source(self, source: Body) -> Body:
        fields = {name: True for name, value in self.secrets[source["uid"]].items() if value}
        return {**source, "secureJsonFields": fields}

    def _add_source(self, body: Body) -> Answer:
        uid = body.get("uid") or f"generated{self._next_id()}"
        if any(one["name"] == body["name"] for one in self.sources.values()):
            return _error(409, "data source with the same name already exists")
        if uid in self.sources:
            return _error(409, "data source with the same uid already exists")
        stored = self._stored_source({**body, "uid": uid}, self._next_id(), 1)
        self.secrets[uid] = dict(body.get("secureJsonData") or {})
        return 200, {
            "message": "Datasource added",
            "id": stored["id"],
            "name": stored["name"],
            "datasource": self._source(stored),
        }

    def _update_source(self, there: Body, body: Body) -> Answer:
        sent = int(body.get("version") or 0)
        if sent and there["version"] > sent:
            return _error(
                409,
                "Datasource has already been updated by someone else. Please reload and try again",
            )
        others = [one for one in self.sources.values() if one is not there]
        if any(one["name"] == body["name"] for one in others):
            return _error(
                409,
                "Failed to update datasource: data source with the same name already exists",
            )
        secrets = self.secrets.pop(there["uid"])
        del self.sources[there["uid"]]
        uid = body.get("uid") or there["uid"]
        stored = self._stored_source({**body, "uid": uid}, there["id"], sent + 1)
        self.secrets[uid] = {**secrets, **(body.get("secureJsonData") or {})}
        return 200, {
            "message": "Datasource updated",
            "id": stored["id"],
            "name": stored["name"],
            "datasource": self._source(stored),
        }

    def _stored_source(self, body: Body, number: int, version: int) -> Body:
        stored = {
            "id": number,
            "orgId": 1,
            "uid": body["uid"],
            "name": body["name"],
            "type": body["type"],
            "typeLogoUrl": "public/app/plugins/datasource/influxdb/img/influxdb_logo.svg",
            "access": body.get("access", ""),
            "url": body.get("url", ""),
            "user": body.get("user", ""),
            "database": body.get("database", ""),
            "basicAuth": bool(body.get("basicAuth")),
            "isDefault": bool(body.get("isDefault")),
            "jsonData": deepcopy(body.get("jsonData") or {}),
            "readOnly": False,
            "version": version,
        }
        if stored["isDefault"]:
            for one in self.sources.values():
                one["isDefault"] = False
        self.sources[stored["uid"]] = stored
        return stored

    def _source_health(self, source: Body) -> Answer:
        token = self.secrets[source["uid"]].get("token", "")
        if self.tokens is not None and token not in self.tokens:
            message = "error reading buckets: unauthorized: unauthorized access"
            return 400, {"message": message, "status": "ERROR"}
        return 200, {"message": "3 buckets found", "status": "OK"}

    # Folders

    def _folders(self, method: str, request: _Request) -> Answer:
        parts = request.parts[1:]
        if not parts:
            return self._all_folders(request) if method == "GET" else self._add_folder(request)
        there = self.folders.get(parts[0])
        if there is None:
            return _error(404, "folder not found", status="not-found")
        if parts[1:] == ["move"] and method == "POST":
            there["parentUid"] = request.body.get("parentUid") or ""
            return 200, self._folder(there)
        if method == "GET":
            return 200, self._folder(there)
        if method == "DELETE":
            self._delete_folder(parts[0])
            return 200, {"message": "Folder deleted"}
        if not request.body.get("overwrite") and request.body.get("version") != there["version"]:
            return _error(
                412, "the folder has been changed by someone else", status="version-mismatch"
            )
        there["title"] = request.body["title"]
        there["version"] += 1
        return 200, self._folder(there)

    def _all_folders(self, request: _Request) -> Answer:
        level = request.one("parentUid")
        found = [one for one in self.folders.values() if one["parentUid"] == level]
        listed = [{key: one[key] for key in ("id", "uid", "title")} for one in found]
        return 200, request.page(listed)

    def _folder(self, folder: Body) -> Body:
        return {key: folder[key] for key in folder if key != "parentUid" or folder[key]}

    def _add_folder(self, request: _Request) -> Answer:
        uid = request.body.get("uid") or f"generated{self._next_id()}"
        if uid in self.folders:
            return _error(409, "a folder with the same uid already exists")
        if not request.body.get("title"):
            return _error(400, "folder title cannot be empty")
        self.folders[uid] = {
            "id": self._next_id(),
            "uid": uid,
            "title": request.body["title"],
            "parentUid": request.body.get("parentUid") or "",
            "version": 1,
        }
        return 200, self._folder(self.folders[uid])

    def _delete_folder(self, uid: str) -> None:
        del self.folders[uid]
        for board in [one for one in self.boards if self.boards[one]["folder"] == uid]:
            del self.boards[board]
        for inner in [one for one in self.folders if self.folders[one]["parentUid"] == uid]:
            self._delete_folder(inner)

    # Boards

    def _search(self, method: str, request: _Request) -> Answer:
        if method != "GET":
            return _error(404, "Not found")
        tags, folders = request.query.get("tag", []), request.query.get("folderUIDs", [])
        found = []
        for uid, board in sorted(self.boards.items()):
            model = board["model"]
            if folders and board["folder"] not in folders:
                continue
            if not set(tags) <= set(model.get("tags") or ()):
                continue
            hit: Body = {
                "id": board["id"],
                "uid": uid,
                "title": model["title"],
                "uri": f"db/{uid}",
                "url": f"/d/{uid}/{uid}",
                "type": "dash-db",
                "tags": model.get("tags") or [],
                "isStarred": False,
            }
            if board["folder"]:
                title = self.folders[board["folder"]]["title"]
                hit |= {"folderUid": board["folder"], "folderTitle": title}
            found.append(hit)
        return 200, request.page(found)

    def _dashboards(self, method: str, request: _Request) -> Answer:
        parts = request.parts[1:]
        if parts == ["db"] and method == "POST":
            return self._save_board(request)
        there = self.boards.get(parts[1]) if parts[:1] == ["uid"] and len(parts) == 2 else None
        if there is None:
            return _error(404, "Dashboard not found", status="not-found")
        if method == "DELETE":
            if there["provisioned"]:
                return _error(400, "provisioned dashboard cannot be deleted")
            del self.boards[parts[1]]
            title = there["model"]["title"]
            return 200, {"title": title, "message": f"Dashboard {title} deleted"}
        return 200, self._board(parts[1], there)

    def _board(self, uid: str, board: Body) -> Body:
        folder = self.folders.get(board["folder"], {"uid": "", "title": "General"})
        model = {**board["model"], "id": board["id"], "uid": uid, "version": board["version"]}
        meta = {
            "type": "db",
            "canSave": True,
            "url": f"/d/{uid}/{uid}",
            "slug": uid,
            "expires": "0001-01-01T00:00:00Z",
            "created": board["created"],
            "updated": board["updated"],
            "updatedBy": board["user"],
            "createdBy": board["creator"],
            "version": board["version"],
            "isFolder": False,
            "folderUid": folder["uid"],
            "folderTitle": folder["title"],
            "provisioned": board["provisioned"],
            "provisionedExternalId": "",
        }
        return {"meta": meta, "dashboard": deepcopy(model)}

    def _save_board(self, request: _Request) -> Answer:
        model = deepcopy(request.body["dashboard"])
        uid = model.get("uid") or f"generated{self._next_id()}"
        if not _UID.fullmatch(uid):
            return _error(400, "uid contains illegal characters")
        if len(uid) > 40:
            return _error(400, "uid too long, max 40 characters")
        if not model.get("title"):
            return _error(400, "Dashboard title cannot be empty", status="empty-name")
        folder = request.body.get("folderUid") or ""
        if folder and folder not in self.folders:
            return _error(400, "folder not found")
        there = self.boards.get(uid)
        if there and there["provisioned"]:
            return _error(400, "Cannot save provisioned dashboard")
        if (
            there
            and not request.body.get("overwrite")
            and (model.get("version") or 0) != there["version"]
        ):
            return _error(
                412, "The dashboard has been changed by someone else", status="version-mismatch"
            )
        now = self._now()
        self.boards[uid] = {
            "id": there["id"] if there else self._next_id(),
            "model": {key: model[key] for key in model if key not in {"id", "uid", "version"}},
            "version": there["version"] + 1 if there else 1,
            "folder": folder,
            "user": request.user,
            "creator": there["creator"] if there else request.user,
            "created": there["created"] if there else now,
            "updated": now,
            "message": request.body.get("message", ""),
            "provisioned": False,
        }
        return 200, {
            "id": self.boards[uid]["id"],
            "uid": uid,
            "url": f"/d/{uid}/{uid}",
            "slug": uid,
            "status": "success",
            "version": self.boards[uid]["version"],
            "folderUid": folder,
        }


class GrafanaServer:
    """A running server, by default on a free port of 127.0.0.1; ends with its `with` block.

    `requests` are method and path of all requests so far, without the sub-path. With a
    `certificate`, PEM files of it and of its key, it speaks TLS and nothing else.
    """

    def __init__(
        self,
        *,
        path_prefix: str = "",
        password: str = "right",  # noqa: S107 - of the test
        at: tuple[str, int] = ("127.0.0.1", 0),
        certificate: tuple[Path, Path] | None = None,
    ) -> None:
        self.state = State({"admin": password, "anna": "hers"})
        self.path_prefix = path_prefix.rstrip("/")
        self.requests: list[str] = []
        self._faults: list[tuple[str, re.Pattern[str], Fault]] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        handler = type("Handler", (_Handler,), {"grafana": self})
        self._server = _Server(at, handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            # Whoever says nothing keeps his own thread waiting, not the one that lets others in.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Without the sub-path."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def misbehave(self, method: str, path: str, fault: Fault) -> None:
        """What happens to the next request of this method whose path fits the pattern."""
        self._faults.append((method, re.compile(path), fault))

    def by_hand(self, user: str, method: str, path: str, body: Body | None = None) -> Any:
        """What somebody does in Grafana, whatever tigctl does; returns the answer's body."""
        with self._lock:
            status, answer = self._answer(user, method, path, body or {})
        assert status < 400, answer
        return answer

    def change_board(self, user: str, uid: str, **change: Any) -> None:
        """Somebody opens a board, changes keys of its model (or `folder`), and saves it."""
        found = self.by_hand(user, "GET", f"/api/dashboards/uid/{uid}")
        folder = change.pop("folder", found["meta"]["folderUid"])
        body = {"dashboard": {**found["dashboard"], **change}, "folderUid": folder}
        self.by_hand(user, "POST", "/api/dashboards/db", body)

    def handle(
        self, method: str, target: str, user: str, password: str, body: Body
    ) -> tuple[Fault | None, int, Any]:
        """The answer to a request that came by HTTP, and what happens to it on the way."""
        path = urlsplit(target).path
        if self.path_prefix and not path.startswith(f"{self.path_prefix}/"):
            if path != "/api/health":
                return None, 301, f"{self.path_prefix}{target}"
        else:
            target = target[len(self.path_prefix) :]
            path = path[len(self.path_prefix) :]
        with self._lock:
            self.requests.append(f"{method} {path}")
            fault = self._fault(method, path)
            if isinstance(fault, int):
                return fault, fault, {"message": "as the test wanted"}
            if fault == "hang":
                return fault, 0, None
            if path == "/api/health":
                return fault, 200, {"commit": "abc", "database": "ok", "version": "12.2.0"}
            if not self.state.allows(user, password):
                return fault, *_error(
                    401, "Invalid username or password", messageId="password-auth.failed"
                )
            return fault, *self._answer(user, method, target, body)

    def _answer(self, user: str, method: str, target: str, body: Body) -> Answer:
        where = urlsplit(target)
        parts = [unquote(part) for part in where.path.split("/") if part]
        if parts[:1] != ["api"]:
            return _error(404, "Not found")
        return self.state.answer(method, _Request(user, parts[1:], parse_qs(where.query), body))

    def _fault(self, method: str, path: str) -> Fault | None:
        for number, (wanted, pattern, fault) in enumerate(self._faults):
            if wanted == method and pattern.fullmatch(path):
                del self._faults[number]
                return fault
        return None

    def wait_for_end(self) -> None:
        """Returns when the server ends."""
        self._ended.wait(60)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of one who only looked whether somebody listens, or speaks no TLS."""
        if not isinstance(sys.exception(), ssl.SSLError | ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60  # a simulated pod keeps a connection whose forward has long ended
    # An answer in two small packets would wait 40 ms for the client's acknowledgement.
    wbufsize = -1
    grafana: GrafanaServer

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        user, _, password = self._credentials().partition(":")
        body = json.loads(raw) if raw else {}
        fault, status, answer = self.grafana.handle(self.command, self.path, user, password, body)
        if fault == "hang":
            self.grafana.wait_for_end()
        if fault in {"hang", "lost"}:
            self.close_connection = True
            return
        data, kind = json.dumps(answer).encode(), "application/json; charset=UTF-8"
        if status == 301 or fault == "page":
            data, kind = b"<!DOCTYPE html><html></html>", "text/html; charset=UTF-8"
        if status == 204:
            data = b""
        self.send_response(status)
        if status == 301:
            self.send_header("Location", str(answer))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _credentials(self) -> str:
        scheme, _, encoded = self.headers.get("Authorization", "").partition(" ")
        return base64.b64decode(encoded).decode() if scheme == "Basic" else ""

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - as http.server calls them

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called
        """Says nothing."""
