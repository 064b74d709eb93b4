"""What the objects of a tenant follow from, and what they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from collectors.device import Device
from collectors.telegraf.model import Shard
from tigctl.render.bundle import DeviceSummary, GrafanaState
from tigctl.spec.model import TargetSettings, TenantSettings
from tigctl.spec.stack import Images

# One Kubernetes object, as YAML or JSON would hold it.
Object = dict[str, Any]

TENANT_LABEL = "tigctl.dev/tenant"
MANAGED_LABEL = "app.kubernetes.io/managed-by"
NAME_LABEL = "app.kubernetes.io/name"
INSTANCE_LABEL = "app.kubernetes.io/instance"
CONFIG_ANNOTATION = "tigctl.dev/config"
MANAGER = "tigctl"


@dataclass(frozen=True, slots=True)
class Stack:
    """One tenant's stack: its settings, its devices, its Telegraf processes.

    `summaries` say by device what its polling costs, in the order of `devices`.
    """

    tenant: str
    namespace: str
    settings: TenantSettings
    target: TargetSettings
    images: Images
    devices: Sequence[Device]
    summaries: Sequence[DeviceSummary]
    shards: Sequence[Shard]
    grafana: GrafanaState = field(default_factory=GrafanaState)

    def labels(self, name: str = "", instance: str = "") -> dict[str, str]:
        """The labels of an object: of the component `name` where it belongs to one."""
        labels = {MANAGED_LABEL: MANAGER, TENANT_LABEL: self.tenant}
        if name:
            labels[NAME_LABEL] = name
        if instance:
            labels[INSTANCE_LABEL] = instance
        return labels

    def selector(self, name: str, instance: str = "") -> dict[str, str]:
        """The labels by which a component's pods are found."""
        labels = self.labels(name, instance)
        del labels[MANAGED_LABEL]
        return labels

    def metadata(self, name: str, component: str = "", instance: str = "") -> Object:
        """The metadata of an object in the tenant's namespace."""
        return {
            "name": name,
            "namespace": self.namespace,
            "labels": self.labels(component, instance),
        }
