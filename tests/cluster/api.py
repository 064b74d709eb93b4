"""A small client of an API server: objects are plain dicts, a refusal is an ApiError.

It is the tests' own, on urllib3, so that a test of tigctl's adapter does not stand on that
adapter. Safe to use from several threads.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3

Object = dict[str, Any]


class ApiError(Exception):
    """The API server refused: `status` is the HTTP status, `answer` its Status object."""

    def __init__(self, status: int, answer: Object) -> None:
        super().__init__(f"{status} {answer.get('message', answer)}")
        self.status = status
        self.answer = answer

    @property
    def message(self) -> str:
        return str(self.answer.get("message", ""))


class Api:
    """The API server at `url`, as the one whose certificate is given."""

    def __init__(self, url: str, *, authority: Path, certificate: Path, key: Path) -> None:
        self.url = url
        self._pool = urllib3.PoolManager(
            maxsize=32,
            ca_certs=str(authority),
            cert_file=str(certificate),
            key_file=str(key),
            retries=False,
            timeout=urllib3.Timeout(connect=5, read=60),
        )

    def close(self) -> None:
        self._pool.clear()

    def request(
        self,
        method: str,
        path: str,
        body: Object | list[Any] | bytes | None = None,
        *,
        kind: str = "application/json",
        **parameters: str,
    ) -> bytes:
        """One request; `body` as bytes is sent as it is. Raises ApiError unless it is 2xx.

        Raises urllib3.exceptions.HTTPError where nobody answers.
        """
        url = self.url + path + (f"?{urlencode(parameters)}" if parameters else "")
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"Accept": "application/json"} | ({"Content-Type": kind} if data else {})
        answer = self._pool.request(method, url, body=data, headers=headers)
        if not 200 <= answer.status < 300:
            raise ApiError(answer.status, _status(answer.data))
        return answer.data

    def get(self, path: str, **parameters: str) -> Object:
        """What is at `path`, for example /api/v1/nodes/worker-1."""
        return _object(self.request("GET", path, **parameters))

    def list(self, path: str, **parameters: str) -> list[Object]:
        """The items of a list."""
        return list(self.get(path, **parameters)["items"])

    def find(self, path: str) -> Object | None:
        """What is at `path`, or None if nothing is."""
        try:
            return self.get(path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def create(self, wanted: Object, **parameters: str) -> Object:
        """Makes an object that must not be there; an unknown field is refused."""
        parameters = {"fieldValidation": "Strict"} | parameters
        return _object(self.request("POST", collection(wanted), wanted, **parameters))

    def apply(self, wanted: Object, **parameters: str) -> Object:
        """Server-side apply as the manager `cluster`; an unknown field is refused."""
        parameters = {
            "fieldManager": "cluster",
            "fieldValidation": "Strict",
            "force": "true",
        } | parameters
        kind = "application/apply-patch+yaml"
        return _object(self.request("PATCH", place(wanted), wanted, kind=kind, **parameters))

    def patch(self, path: str, change: Object, **parameters: str) -> Object:
        """A merge patch: keys with None go, lists are replaced."""
        kind = "application/merge-patch+json"
        return _object(self.request("PATCH", path, change, kind=kind, **parameters))

    def delete(self, path: str, **parameters: str) -> None:
        """Deletes what is at `path`; that it is gone already is fine."""
        try:
            self.request("DELETE", path, **parameters)
        except ApiError as error:
            if error.status != 404:
                raise


def collection(thing: Mapping[str, Any]) -> str:
    """The path of the collection that an object belongs to."""
    version = thing["apiVersion"]
    base = f"/apis/{version}" if "/" in version else f"/api/{version}"
    namespace = thing["metadata"].get("namespace")
    inside = f"/namespaces/{namespace}" if namespace else ""
    return f"{base}{inside}/{plural(thing['kind'])}"


def place(thing: Mapping[str, Any]) -> str:
    """The path of an object."""
    return f"{collection(thing)}/{thing['metadata']['name']}"


def plural(kind: str) -> str:
    """The resource of a kind; the rules of English hold for all kinds that tests use."""
    word = kind.lower()
    if word in {"endpoints", "logs"}:
        return word
    if word.endswith(("s", "x", "ch")):
        return word + "es"
    if word.endswith("y") and not word.endswith("ay"):
        return word[:-1] + "ies"
    return word + "s"


def condition(thing: Mapping[str, Any], kind: str) -> str:
    """The status of a condition: True, False, Unknown, or "" where it is not set."""
    conditions: Iterable[Mapping[str, str]] = thing.get("status", {}).get("conditions") or ()
    return next((one["status"] for one in conditions if one["type"] == kind), "")


def _object(data: bytes) -> Object:
    answer = json.loads(data)
    assert isinstance(answer, dict)
    return answer


def _status(data: bytes) -> Object:
    try:
        return _object(data)
    except (ValueError, AssertionError):
        return {"message": data.decode(errors="replace")}
