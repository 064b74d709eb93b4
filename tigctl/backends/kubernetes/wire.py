"""Requests to one API server as JSON over HTTP: the way there, log-in, and trying again.

What may be done twice without harm is tried again where the server is busy or a connection
breaks; what may not is the caller's to say.
"""

from __future__ import annotations

import contextlib
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tigctl.backends.kubernetes.errors import Unreachable, refusal
from tigctl.errors import UsageError

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

Json = dict[str, Any]

PARALLEL = 16
_TRIES = 5
_TIMEOUT_S = 60.0
_LONGEST_PAUSE_S = 15.0
_AGAIN = frozenset({429, 500, 502, 503, 504})


class Wire:
    """The way to one cluster, by a context of a kubeconfig (empty: the current one).

    Safe to use from several threads. Raises UsageError at once where the kubeconfig or its
    context is not there; no request is made before the first call. `host` is the API server's
    address, with the path of a manager's proxy where there is one; `client` the client below.
    """

    def __init__(self, context: str, kubeconfig: str) -> None:
        self.client = _client(context, kubeconfig)
        self.host = str(self.client.configuration.host).rstrip("/")

    def ask(
        self,
        method: str,
        path: str,
        what: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json | Sequence[Json] | None = None,
        content: str = "application/json",
        accept: str = "application/json",
        again: bool = False,
    ) -> Json:
        """The answer to a request that does `what`; with `again` it may be made twice."""
        raw = self.raw(
            method, path, what, query=query, body=body, content=content, accept=accept, again=again
        )
        try:
            found = json.loads(raw)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Unreachable(
                f"what answers at {self.host} is no Kubernetes API server (asked to {what})",
                hint="see which cluster the kubeconfig's context names",
            )
        return found

    def raw(
        self,
        method: str,
        path: str,
        what: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json | Sequence[Json] | None = None,
        content: str = "application/json",
        accept: str = "application/json",
        again: bool = False,
        answered: Callable[[Mapping[str, str]], None] | None = None,
    ) -> bytes:
        """The answer as it comes; `answered` is given its headers."""
        from urllib3.exceptions import HTTPError  # noqa: PLC0415 - comes with the client

        url = f"{self.host}{path}" + (f"?{urlencode(query)}" if query else "")
        headers: dict[str, str] = {"Accept": accept, "User-Agent": "tigctl"}
        data = None
        if body is not None:
            headers["Content-Type"] = content
            data = json.dumps(body, separators=(",", ":")).encode()
        tries = _TRIES if again or method == "GET" else 1
        for left in reversed(range(tries)):
            self.client.update_params_for_auth(headers, [], ["BearerToken"], path, method, data)
            try:
                answer = self.client.rest_client.pool_manager.request(
                    method,
                    url,
                    body=data,
                    headers=headers,
                    timeout=_TIMEOUT_S,
                    retries=False,
                )
            except HTTPError as error:
                if not left:
                    raise self._unreachable(what, error) from error
                time.sleep(_pause(tries - left))
                continue
            if answer.status < 400:
                if answered:
                    answered(answer.headers)
                return bytes(answer.data)
            if answer.status in _AGAIN and left:
                time.sleep(_wished(answer.headers) or _pause(tries - left))
                continue
            raise refusal(what, answer.status, _status(answer.data))
        raise AssertionError("the last try returns or raises")

    def _unreachable(self, what: str, error: Exception) -> Unreachable:
        cause = getattr(error, "reason", None) or error
        return Unreachable(
            f"the API server at {self.host} does not answer ({type(cause).__name__}, asked to"
            f" {what})",
            hint="see whether `kubectl version` reaches it; nothing is lost, run it again then",
        )


def _client(context: str, kubeconfig: str) -> ApiClient:
    import yaml  # noqa: PLC0415 - the client reads the kubeconfig with it
    from kubernetes import config  # noqa: PLC0415 - heavy
    from kubernetes.client import ApiClient, Configuration  # noqa: PLC0415 - heavy

    path = str(Path(kubeconfig).expanduser()) if kubeconfig else None
    settings = Configuration()
    try:
        config.load_kube_config(path, context or None, settings, persist_config=False)
    except (config.ConfigException, OSError, ValueError, TypeError, yaml.YAMLError) as error:
        if not (path or context):
            with contextlib.suppress(config.ConfigException):
                config.load_incluster_config(settings)
                return ApiClient(settings)
        where = path or "the kubeconfig (KUBECONFIG, else ~/.kube/config)"
        raise UsageError(
            f"{where} gives no way to a cluster: {' '.join(str(error).split())}",
            hint="set targets.NAME.kubeconfig and .context in fleet.yaml; `kubectl config"
            " get-contexts` lists the contexts there are",
        ) from None
    settings.connection_pool_maxsize = PARALLEL
    return ApiClient(settings)


def _pause(tried: int) -> float:
    """Seconds before the next try: longer each time, and not the same for everybody."""
    return float(min(_LONGEST_PAUSE_S, 0.2 * 2**tried) * random.uniform(0.5, 1))  # noqa: S311


def _wished(headers: Mapping[str, str]) -> float:
    """Seconds that the server asks to wait for, within reason; 0 where it does not say."""
    text = headers.get("Retry-After", "")
    return min(_LONGEST_PAUSE_S, float(text)) if text.isdigit() else 0


def _status(data: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    return {"message": " ".join(data.decode(errors="replace").split())[:300]}
