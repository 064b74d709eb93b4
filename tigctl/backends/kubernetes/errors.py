"""What the API server may answer instead of doing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tigctl.backends.kubernetes import quota
from tigctl.errors import BackendError


class Unreachable(BackendError):
    """The API server did not answer, or not in time."""


class Refused(BackendError):
    """The API server answered with an error.

    `status` is the HTTP status, `reason` the machine-readable one (`NotFound`, `Conflict`,
    `Invalid`, `Forbidden` …; empty where it gave none).
    """

    def __init__(self, message: str, *, status: int, reason: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.reason = reason


class NotThere(Refused):
    """There is no object of this name, or its namespace is not there."""


class NoSuchKind(Refused):
    """The API server does not know the kind: its CustomResourceDefinition is not installed."""


class Forbidden(Refused):
    """A right is missing; the message names it."""


class QuotaExceeded(Refused):
    """A ResourceQuota of the namespace leaves too little; the message says of what."""


class Exists(Refused):
    """An object to be created is there already."""


class Stale(Refused):
    """The object has changed since it was read, or is not the one that was meant."""


@dataclass(frozen=True, slots=True)
class FieldOwner:
    """A field that another manager applies with another value."""

    manager: str
    field: str


class Conflict(Refused):
    """Other managers apply fields with other values; `owners` says who and which."""

    def __init__(self, message: str, owners: tuple[FieldOwner, ...]) -> None:
        super().__init__(message, status=409, reason="Conflict")
        self.owners = owners


_HINTS = {
    401: "log in to the cluster anew; `kubectl auth whoami` shows who you are to it",
    403: "it may not be done in this cluster or namespace; change what the reason names",
    422: "this is a fault of the settings or of tigctl; `tigctl validate` looks at the former",
    429: "the API server is overloaded; run the command again in a while",
}

_AT_ONCE = "somebody else writes it at the same moment; run the command again"
_ENDING = "somebody deletes the namespace: wait until it is gone, then run the command again"

# Quotas, policies and Pod Security answer 403 too; only what RBAC refuses is worded so.
_RIGHTS = (
    "ask who runs the cluster for the right that is named; tigctl rbac prints all that are needed,"
    " tigctl doctor says which are missing"
)


def refusal(what: str, status: int, body: Mapping[str, Any]) -> Refused:
    """The error for an answer of the API server (`body`: its object of kind Status)."""
    reason = str(body.get("reason") or "")
    details = body.get("details") or {}
    said = str(body.get("message") or "no reason given").strip()
    if status == 403 and said.endswith("is forbidden:"):
        # Kubernetes 1.30 refuses a server-side apply that would create something so, without a word
        # on who lacks what (apiserver, endpoints/handlers/update.go, withAuthorization).
        said = f'{said} this user cannot create resource "{details.get("kind", "")}"'
    message = f"the API server refused to {what}: {said}"
    causes = details.get("causes") or []
    if status == 404:
        # A path that is unknown has no object's name to complain about.
        if not details.get("name"):
            kind = f"{details.get('kind', '')}".strip()
            return NoSuchKind(
                f"the cluster does not know what is needed to {what}",
                status=status,
                reason=reason,
                hint=f"install the CustomResourceDefinitions of {kind or 'that kind'};"
                " tigctl doctor says which",
            )
        return NotThere(message, status=status, reason=reason)
    if status == 409:
        if owners := tuple(_owner(cause) for cause in causes if _is_owned(cause)):
            return Conflict(message, owners)
        if reason == "AlreadyExists":
            return Exists(message, status=status, reason=reason)
        return Stale(message, status=status, reason=reason, hint=_AT_ONCE)
    if any(cause.get("reason") == "NamespaceTerminating" for cause in causes):
        return Refused(message, status=status, reason=reason, hint=_ENDING)
    if status == 403 and (short := quota.exceeded(said)):
        short = f"the API server refused to {what}: {short}"
        return QuotaExceeded(short, status=status, reason=reason, hint=quota.HINT)
    if status == 403 and " cannot " in said:
        return Forbidden(message, status=status, reason=reason, hint=_RIGHTS)
    hint = _HINTS.get(status)
    return Refused(message, status=status, reason=reason, hint=hint)


def _is_owned(cause: Mapping[str, Any]) -> bool:
    return cause.get("reason") == "FieldManagerConflict"


def _owner(cause: Mapping[str, Any]) -> FieldOwner:
    # `conflict with "kubectl-client-side-apply" using apps/v1`
    quoted = str(cause.get("message", "")).split('"')
    manager = quoted[1] if len(quoted) > 2 else "another manager"
    return FieldOwner(manager, str(cause.get("field", "")).lstrip("."))
