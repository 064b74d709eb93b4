"""Small bundles for tests of the target: few objects, made by hand, with a real InfluxDB behind.

What a whole tenant looks like is the business of the tests of rendering.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cluster import engineer
from tests.cluster.plane import Plane
from tests.integration.servers import influxd
from tigctl.backends.kubernetes.cluster import Cluster
from tigctl.render.bundle import Bucket, Bundle, InfluxState, Token
from tigctl.targets.interface import Step
from tigctl.targets.kubernetes.options import Options
from tigctl.targets.kubernetes.target import KubernetesTarget
from tigctl.targets.model import Change

DAY = 86_400
Object = dict[str, Any]

_SECURITY = {
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "seccompProfile": {"type": "RuntimeDefault"},
}
_CONTAINER_SECURITY = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def labels(tenant: str, component: str = "") -> dict[str, str]:
    found = {"app.kubernetes.io/managed-by": "tigctl", "tigctl.dev/tenant": tenant}
    return {**found, "app.kubernetes.io/name": component} if component else found


def _metadata(tenant: str, name: str, component: str = "") -> Object:
    return {"name": name, "namespace": f"tig-{tenant}", "labels": labels(tenant, component)}


def _workload(tenant: str, name: str, component: str, image: str) -> Object:
    selected = {"app.kubernetes.io/name": component, "tigctl.dev/tenant": tenant}
    return {
        "replicas": 1,
        "selector": {"matchLabels": selected},
        "template": {
            "metadata": {"labels": labels(tenant, component)},
            "spec": {
                "securityContext": _SECURITY,
                "containers": [
                    {
                        "name": component,
                        "image": image,
                        "env": [{"name": "LEVEL", "value": "info"}],
                        "securityContext": _CONTAINER_SECURITY,
                    }
                ],
            },
        },
    }


def objects(
    tenant: str, *, telegraf: str = "telegraf:1.39.3", config: str = "[agent]\n"
) -> tuple[Object, ...]:
    """Namespace, policy, volume, InfluxDB, Telegraf: one of each kind that has its own rules."""
    enforce = {"pod-security.kubernetes.io/enforce": "restricted"}
    return (
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": f"tig-{tenant}", "labels": {**labels(tenant), **enforce}},
        },
        {
            "apiVersion": "cilium.io/v2",
            "kind": "CiliumNetworkPolicy",
            "metadata": _metadata(tenant, "default-deny"),
            "spec": {"endpointSelector": {}, "ingress": [{}], "egress": [{}]},
        },
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": _metadata(tenant, "influxdb-data", "influxdb"),
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "longhorn",
                "resources": {"requests": {"storage": "1Gi"}},
            },
        },
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": _metadata(tenant, "telegraf-0", "telegraf"),
            "data": {"telegraf.conf": config},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": _metadata(tenant, "influxdb", "influxdb"),
            "spec": {
                "serviceName": "influxdb",
                **_workload(tenant, "influxdb", "influxdb", "influxdb:2.9.1"),
            },
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": _metadata(tenant, "telegraf-0", "telegraf"),
            "spec": {
                "strategy": {"type": "Recreate"},
                **_workload(tenant, "telegraf-0", "telegraf", telegraf),
            },
        },
    )


def bundle(tenant: str, found: tuple[Object, ...] | None = None, *, raw: int = 30) -> Bundle:
    """A bundle of these objects (copied), with two buckets and the two tokens."""
    state = InfluxState(
        tenant,
        (Bucket("raw", raw * DAY), Bucket("5m", 180 * DAY)),
        (
            Token(f"tigctl {tenant} telegraf", write=("raw",)),
            Token(f"tigctl {tenant} reader", read=("raw", "5m")),
        ),
    )
    wanted = copy.deepcopy(found if found is not None else objects(tenant))
    return Bundle(tenant, (), state, (), (), wanted)


class Stage:
    """One tenant on a plane, with a real InfluxDB to which its simulated pod leads."""

    def __init__(self, plane: Plane, tenant: str, port: int) -> None:
        self.plane = plane
        self.tenant = tenant
        self.namespace = f"tig-{tenant}"
        self.port = port
        self.cluster = Cluster(kubeconfig=str(engineer.kubeconfig(plane)))
        self.steps: list[Step] = []

    def target(self, **options: Any) -> KubernetesTarget:
        """A target as a new process of tigctl would have it."""
        return KubernetesTarget(
            self.cluster, self.tenant, self.namespace, Options(**{"wait": 60.0, **options})
        )

    def observe(self, step: Step) -> None:
        self.steps.append(step)
        if step.name == "influxdb" and step.seconds is None:
            self.plane.forward_pod(self.namespace, "influxdb-0", 8086, self.port)

    def apply(self, wanted: Bundle, **options: Any) -> tuple[Change, ...]:
        """Plans and applies; returns what had to be changed."""
        target = self.target(**options)
        try:
            changes = target.changes(wanted)
            target.apply(wanted, changes, {}, self.observe)
            return changes
        finally:
            target.reach.close()

    def plan(self, wanted: Bundle, **options: Any) -> dict[str, Change]:
        """What would change, by `Kind name`."""
        target = self.target(**options)
        try:
            return {f"{one.kind} {one.name}": one for one in target.changes(wanted)}
        finally:
            target.reach.close()

    def path(self, kind: str, name: str, group: str = "/api/v1") -> str:
        """The API server's path of an object in the tenant's namespace."""
        return f"{group}/namespaces/{self.namespace}/{kind}/{name}"


@contextmanager
def stage(plane: Plane, tenant: str, directory: Path) -> Iterator[Stage]:
    """A tenant of its own with a fresh InfluxDB, which is not set up."""
    with influxd(directory, set_up=False) as server:
        yield Stage(plane, tenant, server.port)


Make = Callable[[str], Stage]
