"""What the checks ask a cluster, each of it once, and the tenants by what they need."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.spec.exposure import Entrance
from tigctl.spec.workspace import Tenant
from tigctl.targets.kubernetes.fitting import named
from tigctl.targets.kubernetes.selecting import closed, closing

Key = TypeVar("Key", bound=Hashable)


class Look:
    """One cluster with the tenants that are to run on it; safe to use from several threads."""

    def __init__(self, cluster: Cluster, tenants: Sequence[Tenant]) -> None:
        self.cluster = cluster
        self.tenants = tenants
        self._lists: dict[str, list[Object]] = {}
        self._served: dict[str, tuple[str, ...]] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def objects(self, kind: str) -> list[Object]:
        """All objects of a kind, of all namespaces."""
        with self._locks[kind]:
            if kind not in self._lists:
                self._lists[kind] = self.cluster.objects(kind)
            return self._lists[kind]

    def served(self, group: str) -> tuple[str, ...]:
        """The versions of an API group that are served; none where it is not known."""
        with self._locks[f"/{group}"]:
            if group not in self._served:
                self._served[group] = self.cluster.served(group)
            return self._served[group]

    def workers(self) -> list[Object]:
        """The nodes that take tenants' pods now."""
        return [one for one in self.objects("Node") if not shut(one)]

    def entrances(self, kind: str) -> Iterator[tuple[Tenant, str, Entrance]]:
        """The tenants' entrances of a type, with the component each is for."""
        for tenant in self.tenants:
            exposure = tenant.settings.exposure
            for component, entrance in (
                ("grafana", exposure.grafana),
                ("influxdb", exposure.influxdb),
            ):
                if entrance.type == kind:
                    yield tenant, component, entrance

    def grouped(self, key: Callable[[Tenant], Key]) -> Mapping[Key, list[Tenant]]:
        """The tenants by what they have in common."""
        found: dict[Key, list[Tenant]] = {}
        for tenant in self.tenants:
            found.setdefault(key(tenant), []).append(tenant)
        return found

    def whose(self, tenants: Sequence[Tenant]) -> str:
        """` (acme, globex)`, where it does not concern all tenants."""
        names = list(dict.fromkeys(one.name for one in tenants))
        return "" if len(names) == len(self.tenants) else f" ({named(names)})"


def shut(node: Object) -> str:
    """Why a node takes no pods of tenants now; empty where it does."""
    return closed(closing(node), ())


def is_default(found: Object) -> bool:
    """Whether a storage class or an ingress class is the cluster's default."""
    annotations = found["metadata"].get("annotations") or {}
    return any(
        value == "true" and key.endswith("/is-default-class") for key, value in annotations.items()
    )


def labels(found: Mapping[str, Any]) -> Mapping[str, str]:
    """The labels of an object."""
    return found["metadata"].get("labels") or {}
