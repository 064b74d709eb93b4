"""Kinds that a tenant needs and a cluster does not know, told before anything is done."""

from __future__ import annotations

from collections.abc import Iterable

from tigctl.backends.kubernetes.cluster import Cluster
from tigctl.backends.kubernetes.kinds import KINDS
from tigctl.errors import TargetError
from tigctl.targets.kubernetes import names

# Those that come with a CustomResourceDefinition: what they are for, and how to do without.
_NEEDED_FOR = {
    names.POLICY: ("policies", "install Cilium, or leave policies out: -C"),
    "HTTPRoute": ("exposure by gateway", "install the Gateway API, or choose another exposure"),
    "ListenerSet": (
        "a Gateway's certificate for this tenant",
        "install the Gateway API 1.5 or later, or end TLS elsewhere (tls in tenant.yaml)",
    ),
    "Certificate": ("certificates", "install cert-manager, or choose another tls in tenant.yaml"),
}


def refuse(cluster: Cluster, tenant: str, kinds: Iterable[str]) -> None:
    """Raises TargetError where objects of these kinds shall be made and one is not known."""
    for kind in sorted(set(kinds) & _NEEDED_FOR.keys()):
        if not cluster.knows(kind):
            why, remedy = _NEEDED_FOR[kind]
            raise TargetError(
                f"{tenant}: the cluster does not know {kind} ({KINDS[kind].version}), needed for"
                f" {why}; nothing was done",
                hint=f"{remedy}; tigctl doctor {tenant} looks for all that is missing",
            )
