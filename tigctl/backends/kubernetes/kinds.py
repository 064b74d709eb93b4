"""Kinds of objects that tigctl makes or looks at, and under which path the API server has them.

A table instead of discovery: it costs no request, and a kind that is missing here is a fault of
tigctl that a test finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind; `version` as in `apiVersion`."""

    version: str
    name: str
    plural: str
    namespaced: bool = True

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.version.rpartition("/")[0]

    def path(self, namespace: str = "", name: str = "") -> str:
        """The path of the collection, or of one object."""
        root = f"/apis/{self.version}" if "/" in self.version else f"/api/{self.version}"
        inside = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{inside}/{self.plural}" + (f"/{name}" if name else "")


KINDS = {
    kind.name: kind
    for kind in (
        Kind("v1", "Namespace", "namespaces", namespaced=False),
        Kind("v1", "Node", "nodes", namespaced=False),
        Kind("v1", "ResourceQuota", "resourcequotas"),
        Kind("v1", "LimitRange", "limitranges"),
        Kind("v1", "ServiceAccount", "serviceaccounts"),
        Kind("v1", "ConfigMap", "configmaps"),
        Kind("v1", "Secret", "secrets"),
        Kind("v1", "Service", "services"),
        Kind("v1", "Pod", "pods"),
        Kind("v1", "Event", "events"),
        Kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
        Kind("v1", "PersistentVolume", "persistentvolumes", namespaced=False),
        Kind("apps/v1", "StatefulSet", "statefulsets"),
        Kind("apps/v1", "Deployment", "deployments"),
        Kind("apps/v1", "ReplicaSet", "replicasets"),
        Kind("apps/v1", "DaemonSet", "daemonsets"),
        Kind("batch/v1", "Job", "jobs"),
        Kind("batch/v1", "CronJob", "cronjobs"),
        Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
        Kind("networking.k8s.io/v1", "Ingress", "ingresses"),
        Kind("networking.k8s.io/v1", "IngressClass", "ingressclasses", namespaced=False),
        Kind("storage.k8s.io/v1", "StorageClass", "storageclasses", namespaced=False),
        Kind("coordination.k8s.io/v1", "Lease", "leases"),
        Kind("cilium.io/v2", "CiliumNetworkPolicy", "ciliumnetworkpolicies"),
        Kind("cilium.io/v2", "CiliumEndpoint", "ciliumendpoints"),
        Kind("gateway.networking.k8s.io/v1", "Gateway", "gateways"),
        Kind("gateway.networking.k8s.io/v1", "GatewayClass", "gatewayclasses", namespaced=False),
        Kind("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes"),
        Kind("gateway.networking.k8s.io/v1", "ListenerSet", "listenersets"),
        Kind("cert-manager.io/v1", "Certificate", "certificates"),
        Kind("cert-manager.io/v1", "ClusterIssuer", "clusterissuers", namespaced=False),
        Kind("metallb.io/v1beta1", "IPAddressPool", "ipaddresspools"),
        Kind("metallb.io/v1beta1", "L2Advertisement", "l2advertisements"),
        Kind("metallb.io/v1beta1", "BGPAdvertisement", "bgpadvertisements"),
        Kind("metallb.io/v1beta2", "BGPPeer", "bgppeers"),
        Kind("metrics.k8s.io/v1beta1", "NodeMetrics", "nodes", namespaced=False),
        Kind("longhorn.io/v1beta2", "Setting", "settings"),
        # Kubernetes has a kind Node, too; this one is only read.
        Kind("longhorn.io/v1beta2", "LonghornNode", "nodes"),
        Kind(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            "customresourcedefinitions",
            namespaced=False,
        ),
    )
}


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """Which object: a kind, a namespace (empty for objects of the cluster) and a name."""

    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Ref:
        """The reference of an object. Raises KeyError for one without kind or name."""
        metadata = found["metadata"]
        kind = KINDS[found["kind"]]
        namespace = metadata.get("namespace", "") if kind.namespaced else ""
        return cls(kind.name, namespace, metadata["name"])

    @property
    def path(self) -> str:
        """The object's path at the API server."""
        return KINDS[self.kind].path(self.namespace, self.name)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
