"""The rights tigctl needs at the API server: one table of what it does. Pure.

`tigctl rbac` prints roles made from it, `tigctl doctor` asks for each right in it, and a test
holds it against the calls of a tenant's whole life. What Kubernetes lets every user do is left
out: asking for one's own rights, the server's version, which kinds there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tigctl.backends.kubernetes.cluster import Object
from tigctl.backends.kubernetes.kinds import KINDS
from tigctl.targets.kubernetes import names

NAME = "tigctl"
_VERSION = "rbac.authorization.k8s.io/v1"
_GROUP = "rbac.authorization.k8s.io"
# Every kind that a bundle may hold is listed, compared, applied, made and taken away.
_OWN = ("get", "list", "patch", "create", "delete")
# Shared by all tenants, so never taken away with one.
_SHARED = frozenset({"StorageClass"})


@dataclass(frozen=True, slots=True)
class Right:
    """Verbs on a kind, or on a part of it (`subresource`).

    `everywhere`: on objects of the cluster, or on those of all namespaces; else only in the
    tenant's own one. `own`: on objects of the cluster, only on that with the tenant's namespace
    as its name. `optional`: who may not look there is told less, and can do as much.
    """

    kind: str
    verbs: tuple[str, ...]
    why: str
    subresource: str = ""
    everywhere: bool = False
    own: bool = False
    optional: bool = False

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return KINDS[self.kind].group

    @property
    def resource(self) -> str:
        """As rules write it: `pods/log`."""
        plural = KINDS[self.kind].plural
        return f"{plural}/{self.subresource}" if self.subresource else plural


def _made() -> Iterator[Right]:
    for kind in names.KINDS:
        if kind == "Namespace":
            continue
        everywhere = not KINDS[kind].namespaced
        verbs = tuple(verb for verb in _OWN if kind not in _SHARED or verb != "delete")
        yield Right(kind, verbs, "part of the stack", everywhere=everywhere)


IN_NAMESPACE: tuple[Right, ...] = (
    *(right for right in _made() if not right.everywhere),
    Right("Lease", ("get", "create", "update", "delete"), "keeps two applies of a tenant apart"),
    Right("Pod", ("list",), "says why a workload does not run"),
    Right("Pod", ("get",), "the last words of a container that ended", "log"),
    Right("Pod", ("get", "create"), "the way to InfluxDB and Grafana", "portforward"),
    Right("ReplicaSet", ("list",), "tells the pods of the newest version"),
    Right("DaemonSet", ("list",), "tells who else uses a volume"),
    Right("Job", ("list",), "tells who else uses a volume"),
    Right("CronJob", ("list",), "tells who else uses a volume"),
    Right("Event", ("list",), "says why a volume or a pod is not made"),
    Right("CiliumEndpoint", ("list",), "doctor: are policies enforced", optional=True),
)


def _looks(why: str, *kinds: str, verb: str = "list") -> Iterator[Right]:
    for kind in kinds:
        yield Right(kind, (verb,), why, everywhere=True, optional=True)


IN_CLUSTER: tuple[Right, ...] = (
    Right("Namespace", ("get", "patch", "delete"), "the tenant's own", everywhere=True, own=True),
    *(right for right in _made() if right.everywhere),
    *_looks("capacity, failure domains", "Node"),
    *_looks("capacity: what nodes have left", "Pod"),
    *_looks("capacity: room for volumes", "LonghornNode"),
    *_looks("doctor: how Longhorn is set", "Setting"),
    *_looks("doctor: the entrance", "Gateway", "GatewayClass", verb="get"),
    *_looks("doctor: the entrance", "IngressClass"),
    *_looks("doctor: certificates", "ClusterIssuer", verb="get"),
    *_looks("addresses: which are taken", "Service"),
    *_looks("addresses: which there are", "IPAddressPool"),
    *_looks("doctor: addresses", "L2Advertisement", "BGPAdvertisement", "BGPPeer"),
)

# What new tenants, and work on all tenants at once (`--all`), need beside.
FOR_ALL: tuple[Right, ...] = (
    Right("Namespace", ("create",), "a new tenant's own", everywhere=True),
    Right("Namespace", ("list",), "plan and apply of all tenants", everywhere=True),
)


@dataclass(frozen=True, slots=True)
class Subject:
    """Who gets the rights; `namespace` is a service account's."""

    kind: str
    name: str
    namespace: str = ""

    def as_object(self) -> Object:
        """As bindings write it."""
        if self.kind == "ServiceAccount":
            return {"kind": self.kind, "name": self.name, "namespace": self.namespace}
        return {"apiGroup": _GROUP, "kind": self.kind, "name": self.name}


def of_all(subject: Subject | None = None) -> list[Object]:
    """What suffices for every tenant there is or will be: one ClusterRole, and its binding."""
    rights = (*IN_CLUSTER, *FOR_ALL, *IN_NAMESPACE)
    role = _role("ClusterRole", {"name": NAME}, rights, "")
    return [role, *([_binding(role, subject)] if subject else [])]


def of_tenant(tenant: str, namespace: str, subject: Subject | None = None) -> list[Object]:
    """What suffices for one tenant: a ClusterRole, a Role in its namespace, and their bindings."""
    metadata = {"name": f"{NAME}-{tenant}"}
    wide = _role("ClusterRole", metadata, IN_CLUSTER, namespace)
    narrow = _role("Role", {"name": NAME, "namespace": namespace}, IN_NAMESPACE, namespace)
    bindings = [_binding(role, subject) for role in (wide, narrow)] if subject else []
    return [wide, narrow, *bindings]


def _role(kind: str, metadata: Object, rights: Sequence[Right], namespace: str) -> Object:
    """Rules that say the same are joined, so that a person can read them."""
    joined: dict[tuple[str, tuple[str, ...], bool], list[str]] = {}
    verbs_of: dict[tuple[str, str, bool], list[str]] = {}
    for right in rights:
        own = right.own and bool(namespace)
        verbs = verbs_of.setdefault((right.group, right.resource, own), [])
        verbs += [verb for verb in right.verbs if verb not in verbs]
    for (group, resource, own), found in verbs_of.items():
        joined.setdefault((group, tuple(found), own), []).append(resource)
    rules = []
    for (group, same, own), resources in joined.items():
        rule: Object = {"apiGroups": [group], "resources": resources, "verbs": list(same)}
        if own:
            rule["resourceNames"] = [namespace]
        rules.append(rule)
    return {"apiVersion": _VERSION, "kind": kind, "metadata": dict(metadata), "rules": rules}


def _binding(role: Object, subject: Subject) -> Object:
    return {
        "apiVersion": _VERSION,
        "kind": f"{role['kind']}Binding",
        "metadata": dict(role["metadata"]),
        "roleRef": {
            "apiGroup": _GROUP,
            "kind": role["kind"],
            "name": role["metadata"]["name"],
        },
        "subjects": [subject.as_object()],
    }
