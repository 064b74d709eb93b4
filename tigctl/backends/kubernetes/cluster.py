"""Requests to one API server, in plain data.

Reads, server-side apply and deletions are tried again where the server is busy or a connection
breaks, because doing them twice does no harm; creating is not.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tigctl.backends.kubernetes.errors import Refused, Stale
from tigctl.backends.kubernetes.kinds import KINDS, Ref
from tigctl.backends.kubernetes.wire import PARALLEL, Wire

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

Object = dict[str, Any]

MANAGER = "tigctl"
_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
_ONE_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
# A chunk of a list; larger ones make the API server hold much in memory.
_PAGE = 500
_AT_ONCE_TRIES = 4


@dataclass(frozen=True, slots=True)
class Pulse:
    """When a request began and ended by this machine's clock, and the server's `Date`."""

    began: datetime
    ended: datetime
    date: str


class Cluster:
    """One cluster, by a context of a kubeconfig (empty: the current one).

    Safe to use from several threads. Raises UsageError at once where the kubeconfig or its
    context is not there; no request is made before the first call.
    """

    def __init__(self, context: str = "", kubeconfig: str = "") -> None:
        self.context = context
        self._wire = Wire(context, kubeconfig)
        self._known: set[str] = set()
        self._threads = ThreadPoolExecutor(PARALLEL, thread_name_prefix="kubernetes")

    @property
    def host(self) -> str:
        """The API server's address, with the path of a manager's proxy where there is one."""
        return self._wire.host

    @property
    def client(self) -> ApiClient:
        """The client below, for this package."""
        return self._wire.client

    # Reading

    def get(self, ref: Ref, *, metadata_only: bool = False) -> Object | None:
        """One object, or None where there is none (or no namespace, or no such kind)."""
        accept = _ONE_METADATA if metadata_only else "application/json"
        try:
            return self._wire.ask("GET", ref.path, f"read {ref}", accept=accept)
        except Refused as error:
            if error.status == 404:
                return None
            raise

    def objects(
        self,
        kind: str,
        namespace: str = "",
        *,
        labels: Mapping[str, str] | None = None,
        fields: str = "",
        metadata_only: bool = False,
    ) -> list[Object]:
        """All objects of a kind, in one namespace or in all; empty where the kind is unknown.

        `fields` is a field selector. The items carry no `kind` when only metadata is asked for.
        """
        known = KINDS[kind]
        query = {"limit": str(_PAGE)}
        if labels:
            query["labelSelector"] = ",".join(f"{key}={value}" for key, value in labels.items())
        if fields:
            query["fieldSelector"] = fields
        found: list[Object] = []
        try:
            while True:
                page = self._wire.ask(
                    "GET",
                    known.path(namespace),
                    f"list {known.plural}",
                    query=query,
                    accept=_METADATA if metadata_only else "application/json",
                )
                found.extend(page.get("items") or [])
                following = page["metadata"].get("continue")
                if not following:
                    return found
                query["continue"] = following
        except Refused as error:
            if error.status == 404:
                return []
            if error.status == 410 and "continue" in query:  # it took too long: begin anew
                return self.objects(
                    kind, namespace, labels=labels, fields=fields, metadata_only=metadata_only
                )
            raise

    def knows(self, kind: str) -> bool:
        """Whether the API server knows a kind. That it does is asked once only."""
        if kind in self._known:
            return True
        known = KINDS[kind]
        root = f"/apis/{known.version}" if known.group else f"/api/{known.version}"
        try:
            found = self._wire.ask("GET", root, f"ask for {known.version}")
        except Refused as error:
            if error.status == 404:
                return False
            raise
        if any(one["name"] == known.plural for one in found["resources"]):
            self._known.add(kind)
        return kind in self._known

    def served(self, group: str) -> tuple[str, ...]:
        """The versions of an API group that are served, the preferred one first; none: unknown."""
        try:
            found = self._wire.ask("GET", f"/apis/{group}", f"ask for {group}")
        except Refused as error:
            if error.status == 404:
                return ()
            raise
        first = found["preferredVersion"]["version"]
        others = (one["version"] for one in found["versions"])
        return tuple(dict.fromkeys((first, *others)))

    def version(self) -> str:
        """The API server's version: `v1.35.4`."""
        return str(self._wire.ask("GET", "/version", "tell its version")["gitVersion"])

    def pulse(self) -> Pulse:
        """How long a small request takes, and which time the API server has."""
        began = datetime.now(UTC)
        headers: dict[str, str] = {}
        self._wire.raw("GET", "/version", "tell its version", answered=headers.update)
        return Pulse(began, datetime.now(UTC), headers.get("Date", ""))

    def allows(
        self, verb: str, kind: str, namespace: str = "", subresource: str = "", name: str = ""
    ) -> bool:
        """Whether this user may do `verb` (get, list, patch, create, delete …) with a kind.

        Without `namespace` in all of them, without `name` with every object.
        """
        known = KINDS[kind]
        attributes = {
            "verb": verb,
            "group": known.group,
            "resource": known.plural,
            "subresource": subresource,
            "namespace": namespace,
            "name": name,
        }
        answer = self._wire.ask(
            "POST",
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            "ask for rights",
            body={
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SelfSubjectAccessReview",
                "spec": {"resourceAttributes": attributes},
            },
            again=True,
        )
        return bool(answer["status"].get("allowed"))

    def user(self) -> str:
        """Who this user is to the API server; empty where it does not say (before 1.28)."""
        try:
            answer = self._wire.ask(
                "POST",
                "/apis/authentication.k8s.io/v1/selfsubjectreviews",
                "ask who this is",
                body={"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"},
                again=True,
            )
        except Refused:
            return ""
        return str(answer["status"]["userInfo"].get("username", ""))

    def rules(self, namespace: str) -> list[Object]:
        """What this user may do in a namespace, as rules of roles; perhaps not all of it."""
        answer = self._wire.ask(
            "POST",
            "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
            "ask for rights",
            body={
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SelfSubjectRulesReview",
                "spec": {"namespace": namespace},
            },
            again=True,
        )
        return list(answer["status"].get("resourceRules") or ())

    def logs(
        self, namespace: str, pod: str, container: str, *, lines: int, previous: bool = False
    ) -> str:
        """The last lines of a container's log; empty where there is none."""
        query = {"container": container, "tailLines": str(lines), "previous": str(previous).lower()}
        path = f"{Ref('Pod', namespace, pod).path}/log"
        try:
            return self._wire.raw("GET", path, f"read the log of {pod}", query=query).decode(
                errors="replace"
            )
        except Refused:
            return ""

    # Writing

    def apply(self, wanted: Object, *, force: bool = False, dry_run: bool = False) -> Object:
        """Server-side apply under our field manager; returns the object as it is then.

        Raises Conflict where other managers apply fields with other values and not `force`.
        """
        ref = Ref.of(wanted)
        query = {"fieldManager": MANAGER, "fieldValidation": "Strict", "force": str(force).lower()}
        if dry_run:
            query["dryRun"] = "All"
        for left in reversed(range(_AT_ONCE_TRIES)):
            try:
                return self._wire.ask(
                    "PATCH",
                    ref.path,
                    f"apply {ref}",
                    query=query,
                    body=wanted,
                    content="application/apply-patch+yaml",
                    again=True,
                )
            except Stale:  # another wrote it in between: what we apply holds all the same
                if not left:
                    raise
        raise AssertionError("the last try returns or raises")

    def create(self, wanted: Object) -> Object:
        """Creates an object. Raises Exists where there is one of that name."""
        ref = Ref.of(wanted)
        path = KINDS[ref.kind].path(ref.namespace)
        query = {"fieldManager": MANAGER, "fieldValidation": "Strict"}
        return self._wire.ask("POST", path, f"create {ref}", query=query, body=wanted)

    def replace(self, wanted: Object) -> Object:
        """Replaces an object; with its resourceVersion only if nobody changed it since (Stale)."""
        ref = Ref.of(wanted)
        query = {"fieldManager": MANAGER}
        return self._wire.ask("PUT", ref.path, f"replace {ref}", query=query, body=wanted)

    def patch(self, ref: Ref, change: Object | list[Object], *, manager: str = MANAGER) -> Object:
        """A merge patch (an object) or a JSON patch (a list of operations)."""
        kind = "json-patch" if isinstance(change, list) else "merge-patch"
        return self._wire.ask(
            "PATCH",
            ref.path,
            f"change {ref}",
            query={"fieldManager": manager},
            body=change,
            content=f"application/{kind}+json",
        )

    def delete(self, ref: Ref, *, uid: str = "", propagation: str = "Background") -> bool:
        """Deletes an object; one that is gone is fine. Returns whether it was there.

        With `uid` only that very object: Stale is raised where another took its name.
        """
        body: Object = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": propagation,
        }
        if uid:
            body["preconditions"] = {"uid": uid}
        try:
            self._wire.ask("DELETE", ref.path, f"delete {ref}", body=body, again=True)
        except Refused as error:
            if error.status == 404:
                return False
            raise
        return True

    def parallel(self) -> contextlib.AbstractContextManager[ThreadPoolExecutor]:
        """Threads for several calls at once: as many as there are connections.

        They are shared by all who use this cluster, so nothing run in them may wait for them.
        """
        return contextlib.nullcontext(self._threads)
