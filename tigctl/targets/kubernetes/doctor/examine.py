"""All checks on one cluster, several at once; the findings are in the order of the checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from tigctl.backends.kubernetes.cluster import Cluster
from tigctl.backends.kubernetes.errors import Refused
from tigctl.errors import BackendError
from tigctl.spec.workspace import Tenant
from tigctl.targets.finding import Finding, failed, warning
from tigctl.targets.kubernetes.doctor import (
    addresses,
    definitions,
    entrances,
    namespaces,
    nodes,
    permissions,
    server,
    storage,
    volumes,
)
from tigctl.targets.kubernetes.doctor.look import Look

Check = Callable[[Look], Iterator[Finding]]

_FORBIDDEN = 403
# The name that a finding gets when the check may not look or gets no answer.
CHECKS: dict[str, Check] = {
    "versions of nodes": server.nodes,
    "clock": server.clock,
    "rights": permissions.permissions,
    "definitions": definitions.definitions,
    "failure domains": nodes.failure_domains,
    "storage class": storage.classes,
    "Longhorn": volumes.volumes,
    "gateway": entrances.gateways,
    "ingress class": entrances.ingress_classes,
    "certificates": entrances.issuers,
    "MetalLB": addresses.pools,
    "Cilium's agents": nodes.cilium,
    "Pod Security": namespaces.security,
    "secrets of others": namespaces.secrets,
    "policies": namespaces.enforced,
    "way to pods": namespaces.way,
    "metrics": definitions.metrics,
}
_AT_ONCE = 8


def examine(cluster: Cluster, tenants: Sequence[Tenant]) -> list[Finding]:
    """Looks at what these tenants need of their cluster; one that is silent is one finding."""
    look = Look(cluster, tenants)
    try:
        found = list(server.version(look))
    except BackendError as error:
        return [failed("API server", error.message, error.hint or "see whether it runs")]
    # Threads of its own: checks may use those of the cluster.
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        parts = threads.map(lambda name: _run(name, look), CHECKS)
        return [*found, *(one for part in parts for one in part)]


def _run(name: str, look: Look) -> list[Finding]:
    found: list[Finding] = []
    try:
        for one in CHECKS[name](look):
            found.append(one)  # noqa: PERF402 - what was found before an error is kept
    except Refused as error:
        if error.status == _FORBIDDEN:
            text = f"may not be looked at: {error.message}"
            return [*found, warning(name, text, error.hint or "tigctl rbac")]
        return [*found, failed(name, error.message, error.hint or "see the API server's log")]
    except BackendError as error:
        return [*found, failed(name, error.message, error.hint or "run it again")]
    return found
