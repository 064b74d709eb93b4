"""The small Grafana as a server, and what a test may have it do:

    with GrafanaServer() as server:
        server.by_hand("anna", "POST", "/api/dashboards/db", {...})   # as with the mouse
        server.misbehave("POST", "/api/dashboards/db", 500)           # the next such request

A fault waits for a request of its method and path.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.grafana.answers import Answer, Body, Request, error
from tests.grafana.state import State

# An HTTP status; `hang`: no answer until the server ends; `lost`: done, but no answer comes;
# `page`: somebody else's web page.
Fault = int | Literal["hang", "lost", "page"]


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
                return fault, *error(
                    401, "Invalid username or password", messageId="password-auth.failed"
                )
            return fault, *self._answer(user, method, target, body)

    def _answer(self, user: str, method: str, target: str, body: Body) -> Answer:
        where = urlsplit(target)
        parts = [unquote(part) for part in where.path.split("/") if part]
        if parts[:1] != ["api"]:
            return error(404, "Not found")
        return self.state.answer(method, Request(user, parts[1:], parse_qs(where.query), body))

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
