"""A plain HTTP door to a plane's API server, at which each call can be watched or spoilt.

    with Proxy(plane) as proxy:
        proxy.spoil = lambda call: 503 if call.number == 3 else None
        Cluster(kubeconfig=str(proxy.kubeconfig(directory)))

It lies behind a path, as the API servers that cluster managers such as Rancher offer. It holds
the certificate of a user itself (of the one with the least rights, or of the administrator), so
whoever calls needs none.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import select
import socket
import ssl
import threading
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import urllib3

from tests.cluster import engineer
from tests.cluster.plane import Plane

PREFIX = "/k8s/clusters/c-m-test"
_CHUNK = 65_536


@dataclass(frozen=True)
class Call:
    """One call of the client: its number from 1 on, and what it asks for."""

    number: int
    method: str
    path: str


@dataclass(frozen=True)
class Spoilt:
    """Answer the call with this instead of asking the API server.

    A status of 0 is no answer: the connection ends.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    reason: str = ""


Spoil = Callable[[Call], Spoilt | None]


class Proxy:
    """The door; `spoil` is asked before each call is passed on, `passed` is told afterwards.

    `answers` has the status that each call was answered with, by its number. `ahead` is how many
    seconds the clock behind the door is ahead of this machine's.
    """

    def __init__(self, plane: Plane, *, admin: bool = False) -> None:
        self.plane = plane
        engineer.kubeconfig(plane)
        keys, name = plane.places.keys, "admin" if admin else f"user-{engineer.NAME}"
        self.certificate, self.key = keys.certificate(name), keys.key(name)
        self.spoil: Spoil = lambda _call: None
        self.passed: Callable[[Call], None] = lambda _call: None
        self.calls: list[Call] = []
        self.answers: dict[int, int] = {}
        self.ahead = 0.0
        self._lock = threading.Lock()
        self.pool = urllib3.PoolManager(
            ca_certs=str(plane.authority),
            cert_file=str(self.certificate),
            key_file=str(self.key),
            maxsize=32,
            retries=False,
        )
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def kubeconfig(self, directory: Path) -> Path:
        """Writes a kubeconfig that leads here."""
        url = f"http://127.0.0.1:{self._server.server_address[1]}{PREFIX}"
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "proxy", "cluster": {"server": url}}],
            "users": [{"name": "anyone", "user": {}}],
            "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "anyone"}}],
            "current-context": "proxy",
        }
        path = directory / "proxy.kubeconfig"
        path.write_text(json.dumps(document))
        return path

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.pool.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def note(self, method: str, path: str) -> Call:
        with self._lock:
            call = Call(len(self.calls) + 1, method, path)
            self.calls.append(call)
        return call


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Clients are killed on purpose; a broken connection is no news."""


class _Handler(http.server.BaseHTTPRequestHandler):
    proxy: Proxy
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Nothing is logged: `calls` tells."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The date of an answer."""
        return super().date_time_string((timestamp or time.time()) + self.proxy.ahead)

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.removeprefix(PREFIX)
        call = self.proxy.note(self.command, path)
        if spoilt := self.proxy.spoil(call):
            if not spoilt.status:
                self.close_connection = True
                return
            self._answer(spoilt.status, spoilt.headers, _status(spoilt))
            return
        if self.headers.get("Upgrade"):
            self._tunnel(path)
            return
        headers = {
            key: value
            for key, value in self.headers.items()
            if key.lower() not in {"host", "connection", "content-length"}
        }
        url = self.proxy.plane.url.rstrip("/") + path
        found = self.proxy.pool.request(self.command, url, body=body or None, headers=headers)
        self.proxy.answers[call.number] = found.status
        self.proxy.passed(call)
        kind = found.headers.get("Content-Type", "application/json")
        self._answer(found.status, {"Content-Type": kind}, found.data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass  # noqa: N815 - their names there

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def _tunnel(self, path: str) -> None:
        """Hands a websocket through, byte by byte."""
        plane = self.proxy.plane
        parts = urllib.parse.urlsplit(plane.url)
        context = ssl.create_default_context(cafile=str(plane.authority))
        context.load_cert_chain(self.proxy.certificate, self.proxy.key)
        raw = socket.create_connection((parts.hostname or "", parts.port or 443))
        with context.wrap_socket(raw, server_hostname=parts.hostname) as far:
            head = [f"GET {path} HTTP/1.1", f"Host: {parts.netloc}"]
            head += [
                f"{key}: {value}"
                for key, value in self.headers.items()
                if key.lower() not in {"host", "origin"}
            ]
            far.sendall("\r\n".join([*head, "", ""]).encode())
            self._copy(far)
        self.close_connection = True

    def _copy(self, far: ssl.SSLSocket) -> None:
        near = self.connection
        while True:
            waiting = [far] if far.pending() else select.select([near, far], [], [], 60)[0]
            if not waiting:
                return
            for one in waiting:
                data = one.recv(_CHUNK)
                if not data:
                    return
                (far if one is near else near).sendall(data)


def _status(spoilt: Spoilt) -> bytes:
    document = {
        "apiVersion": "v1",
        "kind": "Status",
        "status": "Failure",
        "code": spoilt.status,
        "reason": spoilt.reason,
        "message": f"spoilt by the test with {spoilt.status}",
        "details": {"name": "spoilt"},
    }
    return json.dumps(document).encode()
