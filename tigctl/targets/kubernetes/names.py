"""Labels, annotations and names of what tigctl keeps in a tenant's namespace beside the stack."""

from __future__ import annotations

from tigctl.render.kubernetes.model import MANAGED_LABEL, NAME_LABEL, TENANT_LABEL

MANAGED, TENANT, COMPONENT = MANAGED_LABEL, TENANT_LABEL, NAME_LABEL
DIGEST = "tigctl.dev/digest"
RESTARTED = "tigctl.dev/secrets"
ROLE = "tigctl.dev/role"  # of what tigctl keeps for itself: inventory, revision, lease

INVENTORY = "tigctl-inventory"
LEASE = "tigctl"
REVISION = "tigctl-revision"

OPERATOR_SECRET = "influxdb-operator"  # noqa: S105 - names of Secrets, here and below
WRITER_SECRET = "influxdb-writer"  # noqa: S105
READER_SECRET = "influxdb-reader"  # noqa: S105
GRAFANA_SECRET = "grafana-admin"  # noqa: S105
DEVICES_SECRET = "device-credentials"  # noqa: S105
SECRETS = (OPERATOR_SECRET, WRITER_SECRET, READER_SECRET, GRAFANA_SECRET, DEVICES_SECRET)

VOLUME = "PersistentVolumeClaim"
POLICY = "CiliumNetworkPolicy"

# Kinds of objects that a bundle may hold, in the order in which they are made; taken away in
# the opposite one.
KINDS = (
    "Namespace",
    "ResourceQuota",
    "LimitRange",
    "ServiceAccount",
    "StorageClass",
    POLICY,
    VOLUME,
    "ConfigMap",
    "Secret",
    "Service",
    "PodDisruptionBudget",
    "StatefulSet",
    "Deployment",
    "Certificate",
    "ListenerSet",
    "HTTPRoute",
    "Ingress",
)


def labels(tenant: str, role: str = "") -> dict[str, str]:
    """The labels of what tigctl keeps for itself or makes while applying."""
    found = {MANAGED: "tigctl", TENANT: tenant}
    return {**found, ROLE: role} if role else found
