"""A port of this machine that leads to a port of a pod, through the API server."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import ssl
import threading
from types import TracebackType
from typing import Any, Self

from tigctl.backends.kubernetes.cluster import Cluster
from tigctl.backends.kubernetes.errors import Refused, Unreachable, refusal

# More than a record of TLS has, or what is left of one would be decrypted and nobody told.
_CHUNK = 65_536
_PATIENCE_S = 1.0
_HANDSHAKE_S = 20.0
_FORBIDDEN = 403


class Forward:
    """Answers on 127.0.0.1 with what a port of a pod answers, until closed.

    Each connection is a stream of its own through the API server. `port` is a free one unless
    given. `encrypted`: the pod speaks TLS; here it is plain all the same, and no certificate is
    looked at, since the API server says whose pod this is (docs/decisions/0023).
    """

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        pod: str,
        far_port: int,
        *,
        port: int = 0,
        encrypted: bool = False,
    ) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._pod = pod
        self._far_port = far_port
        self._encrypted = encrypted
        self._closed = threading.Event()
        self._server = socket.create_server(("127.0.0.1", port))
        self._server.settimeout(_PATIENCE_S)
        self.port = int(self._server.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True, name=f"forward to {pod}")
        self._thread.start()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self.port}"

    def check(self) -> None:
        """Opens a stream and closes it. Raises Refused or Unreachable where there is no way.

        Whoever connects would only see the connection end.
        """
        self._open().close()

    def close(self) -> None:
        """Ends it; connections under way break."""
        self._closed.set()
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)  # else `accept` is waited for
        self._thread.join(2 * _PATIENCE_S)
        self._server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _serve(self) -> None:
        while not self._closed.is_set():
            try:
                near, _ = self._server.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError, Refused, Unreachable):
            opened = self._open()
            try:
                with contextlib.closing(self._far(opened)) as far:
                    self._copy(near, far, opened)
            finally:
                opened.close()

    def _far(self, opened: Any) -> Any:
        """The socket whose other end is the pod's program."""
        far = opened.socket(self._far_port)
        if not self._encrypted:
            return far
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        # The library's own class only stands around a socket, which is what can be wrapped.
        bare = far._socket  # noqa: SLF001 - there is no other way to it
        bare.settimeout(_HANDSHAKE_S)
        wrapped = context.wrap_socket(bare)
        wrapped.settimeout(None)
        return wrapped

    def _open(self) -> Any:
        """A stream to the pod. Raises Refused or Unreachable where the API server opens none."""
        from kubernetes import stream  # noqa: PLC0415 - heavy
        from kubernetes.client import ApiClient, ApiException, CoreV1Api  # noqa: PLC0415 - heavy

        # The library patches the client it is given while a stream is opened.
        api = CoreV1Api(ApiClient(self._cluster.client.configuration))
        try:
            return stream.portforward(
                api.connect_get_namespaced_pod_portforward,
                self._pod,
                self._namespace,
                ports=str(self._far_port),
            )
        except ApiException as error:
            raise self._refusal(error) from None

    def _refusal(self, error: Exception) -> Refused | Unreachable:
        """What the API server says; the library keeps it in the error that led to its own."""
        what = f"open a way to port {self._far_port} of pod {self._pod}"
        status = getattr(error.__context__, "status_code", None)
        if status:
            with contextlib.suppress(ValueError):
                said = json.loads(getattr(error.__context__, "resp_body", None) or b"")
                return refusal(what, int(status), self._completed(said))
        reason = str(getattr(error, "reason", "")).partition(" -+-+-")[0]
        return Unreachable(
            f"the API server did not {what}: {reason[:300]}",
            hint="see whether the pod's node is up: tigctl status says, tigctl doctor the rest",
        )

    def _completed(self, said: dict[str, Any]) -> dict[str, Any]:
        """With the right that is missing: that to create a way is asked for without naming it."""
        if said.get("code") == _FORBIDDEN and " cannot " not in str(said.get("message")):
            for verb in ("get", "create"):
                if not self._cluster.allows(verb, "Pod", self._namespace, "portforward"):
                    who = self._cluster.user()
                    lacks = f'User "{who}" cannot {verb} resource "pods/portforward" in namespace'
                    return {**said, "message": f'{lacks} "{self._namespace}"'}
        return said

    def _copy(self, near: socket.socket, far: Any, opened: Any) -> None:
        # `far` is one end of a socket pair that the library's own thread serves. It does not
        # tell when the far side has closed; then `connected` turns false or an error stands.
        ends = {near: far, far: near}
        while not self._closed.is_set():
            readable, _, _ = select.select([near, far], [], [], _PATIENCE_S)
            if not readable and (not opened.connected or opened.error(self._far_port)):
                return
            for one in readable:
                data = self._received(one)
                if data is None:
                    continue
                if not data:
                    return
                ends[one].sendall(data)

    def _received(self, end: Any) -> bytes | None:
        """What has come, empty at its end; None where TLS had words of its own only."""
        if not isinstance(end, ssl.SSLSocket):
            return bytes(end.recv(_CHUNK))
        end.settimeout(0)  # a blocking read would wait for more than what has come
        try:
            return end.recv(_CHUNK)
        except ssl.SSLWantReadError:
            return None
        finally:
            end.settimeout(None)
