"""One tigctl at a time per tenant: a Lease in the tenant's namespace.

A thread renews it while work goes on. Whoever is killed stops renewing: the next one looks on
until either it is renewed, which means that somebody works, or `DURATION_S` are over.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.backends.kubernetes.errors import Exists, NotThere, Refused, Stale, Unreachable
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.errors import Busy, TargetError
from tigctl.targets.kubernetes import names

DURATION_S = 20
_RENEW_S = 5.0
_LOOK_S = 0.5


class Held:
    """A Lease that is ours. `check` raises as soon as it may not be so any more."""

    def __init__(self, cluster: Cluster, tenant: str, found: Object) -> None:
        self._cluster = cluster
        self._tenant = tenant
        self._found = found
        self._ref = Ref.of(found)
        self._lost = ""
        self._renewed = datetime.now(UTC)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew, daemon=True, name="lease")
        self._thread.start()

    def check(self) -> None:
        """Raises TargetError where somebody else may be at work by now."""
        late = datetime.now(UTC) - self._renewed > timedelta(seconds=DURATION_S)
        if self._lost or late:
            raise TargetError(
                f"{self._tenant}: lost the right to go on ({self._lost or 'not renewed in time'})",
                hint=f"what was done stays; run it again: tigctl apply {self._tenant}",
            )

    def release(self) -> None:
        """Gives it back."""
        self._stop.set()
        self._thread.join(_RENEW_S)
        if not self._lost:
            with contextlib.suppress(Refused, Unreachable):
                self._cluster.delete(self._ref, uid=self._found["metadata"]["uid"])

    def _renew(self) -> None:
        while not self._stop.wait(_RENEW_S):
            try:
                self._found["spec"]["renewTime"] = _stamp(datetime.now(UTC))
                self._found = self._cluster.replace(self._found)
                self._renewed = datetime.now(UTC)
            except (Stale, NotThere) as error:
                self._lost = error.reason
                return
            except (Refused, Unreachable):
                continue  # `check` tells when this goes on for too long


@contextlib.contextmanager
def held(cluster: Cluster, tenant: str, namespace: str) -> Iterator[Held]:
    """Holds the tenant's Lease. Raises Busy where somebody else does."""
    one = Held(cluster, tenant, _take(cluster, tenant, namespace))
    try:
        yield one
    finally:
        one.release()


def _take(cluster: Cluster, tenant: str, namespace: str) -> Object:
    ref = Ref("Lease", namespace, names.LEASE)
    wanted = _wanted(tenant, namespace)
    seen = ""
    while True:
        try:
            return cluster.create(wanted)
        except Exists:
            found = cluster.get(ref)
        if found is None:
            continue
        spec = found["spec"]
        if _is_over(spec):
            with contextlib.suppress(Stale, NotThere):
                return cluster.replace({**found, "spec": wanted["spec"]})
            continue
        renewed = f"{spec.get('holderIdentity')} {spec.get('renewTime')}"
        if seen and renewed != seen:  # somebody lives and works on it
            raise Busy(
                f"{tenant}: {spec.get('holderIdentity', 'somebody')} is at work on it since"
                f" {str(spec.get('acquireTime', ''))[:19].replace('T', ' ')} UTC",
                hint="wait until that has ended, then run it again",
            )
        seen = renewed
        time.sleep(_LOOK_S)


def _wanted(tenant: str, namespace: str) -> Object:
    now = _stamp(datetime.now(UTC))
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": names.LEASE,
            "namespace": namespace,
            "labels": names.labels(tenant, "lease"),
        },
        "spec": {
            "holderIdentity": f"{_user()}@{socket.gethostname()} pid {os.getpid()}"
            f" {uuid.uuid4().hex[:8]}",
            "leaseDurationSeconds": DURATION_S,
            "acquireTime": now,
            "renewTime": now,
        },
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in containers
        return str(os.getuid())


def _is_over(spec: dict[str, Any]) -> bool:
    try:
        renewed = datetime.fromisoformat(str(spec["renewTime"]))
        return datetime.now(UTC) - renewed > timedelta(seconds=int(spec["leaseDurationSeconds"]))
    except (KeyError, ValueError, TypeError):
        return True


def _stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
