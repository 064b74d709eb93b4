"""What room a cluster has, asked once and kept for a while, and what tenants ask of it.

Several tenants that are applied at once must not each count on the same room, so what one was
promised is counted against the others until its pods are there.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.backends.kubernetes.errors import Refused
from tigctl.targets.kubernetes import longhorn
from tigctl.targets.kubernetes.amounts import amounts
from tigctl.targets.kubernetes.capacity import Pod, Room
from tigctl.targets.kubernetes.longhorn import Space, Volume
from tigctl.targets.kubernetes.selecting import selects

WORKLOADS = frozenset({"Deployment", "StatefulSet"})
VOLUME = "PersistentVolumeClaim"
UNFINISHED = "status.phase!=Succeeded,status.phase!=Failed"
_FORBIDDEN = 403
_FRESH_S = 15.0


@dataclass(frozen=True, slots=True)
class Looked:
    """What a cluster showed: nodes, pods that run somewhere, pods that wait, Longhorn's disks.

    `space` is None where Longhorn is not there or may not be looked at.
    """

    nodes: Sequence[Object]
    running: Sequence[Pod]
    waiting: Sequence[Pod] = ()
    classes: Sequence[Object] = ()
    space: Space | None = None
    replicas: int = longhorn.REPLICAS

    @property
    def pods(self) -> tuple[Pod, ...]:
        """All of them."""
        return (*self.running, *self.waiting)


@dataclass(frozen=True, slots=True)
class Asks:
    """What a tenant asks for beside what it has: pods, with those they replace; volumes."""

    pods: Sequence[Pod]
    replaces: Sequence[Pod] = ()
    volumes: Sequence[Volume] = ()


def look(cluster: Cluster) -> Looked | None:
    """Asks the cluster; None where this user may not list its nodes and pods."""
    with cluster.parallel() as threads:
        nodes = threads.submit(cluster.objects, "Node")
        pods = threads.submit(cluster.objects, "Pod", fields=UNFINISHED)
        classes = threads.submit(_readable, cluster, "StorageClass")
        disks = threads.submit(_readable, cluster, "LonghornNode")
        settings = threads.submit(_readable, cluster, "Setting")
        try:
            found = [Pod.of(one) for one in pods.result()]
            there = nodes.result()
        except Refused as error:
            if error.status == _FORBIDDEN:
                return None
            raise
        values = longhorn_settings(settings.result())
        space = longhorn.space(disks.result(), values) if disks.result() else None
    return Looked(
        there,
        [one for one in found if one.node],
        [one for one in found if not one.node],
        classes.result(),
        space,
        longhorn.number(values, "default-replica-count", longhorn.REPLICAS),
    )


def _readable(cluster: Cluster, kind: str) -> list[Object]:
    """All objects of a kind; none where this user may not see them."""
    try:
        return cluster.objects(kind)
    except Refused as error:
        if error.status == _FORBIDDEN:
            return []
        raise


def longhorn_settings(found: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Longhorn's settings by name."""
    return {one["metadata"]["name"]: str(one.get("value", "")) for one in found}


def asks(looked: Looked, namespace: str, wanted: Iterable[Object]) -> Asks:
    """What of the `wanted` objects of a tenant is new or grows, against what is there.

    A workload that grows is made anew, so its pods give their room back first.
    """
    wanted = list(wanted)
    there = [one for one in looked.pods if one.namespace == namespace]
    # A tenant may bring a class of its own.
    classes = [*looked.classes, *(one for one in wanted if one["kind"] == "StorageClass")]
    pods: list[Pod] = []
    replaces: list[Pod] = []
    volumes: list[Volume] = []
    for one in wanted:
        if one["kind"] in WORKLOADS:
            wished = list(Pod.wished(one))
            selector = one["spec"].get("selector")
            mine = [pod for pod in there if selects(selector, pod.labels)]
            if _grows(mine, wished):
                pods += wished
                replaces += mine
        elif one["kind"] == VOLUME and looked.space is not None:
            volume = _volume(one, classes, looked.replicas)
            volumes += [volume] if volume else []
    return Asks(pods, replaces, volumes)


def _grows(mine: Sequence[Pod], wished: Sequence[Pod]) -> bool:
    if len(wished) > len(mine):
        return True
    return any(
        amount > min(pod.wants.get(name, 0) for pod in mine)
        for wish in wished
        for name, amount in wish.wants.items()
    )


def _volume(claim: Object, classes: Iterable[Object], replicas: int) -> Volume | None:
    """What a claim asks of Longhorn's disks; None where its class is another's."""
    name = claim["spec"].get("storageClassName")
    found = next((one for one in classes if _is(one, name)), None)
    if found is None or found.get("provisioner") != longhorn.DRIVER:
        return None
    size = amounts(claim["spec"]["resources"]["requests"])["storage"]
    return longhorn.volume_of(claim, size, found.get("parameters") or {}, replicas)


def _is(storage_class: Object, name: str | None) -> bool:
    if name:
        return bool(storage_class["metadata"]["name"] == name)
    return is_default(storage_class)


def is_default(storage_class: Mapping[str, Any]) -> bool:
    """Whether a storage class or ingress class is the cluster's default."""
    annotations = storage_class["metadata"].get("annotations") or {}
    return any(
        value == "true" and key.endswith("/is-default-class") for key, value in annotations.items()
    )


class Ledger:
    """The room of one cluster, with what was promised since it was looked at."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = weakref.ref(cluster)
        self._looked: Looked | None = None
        self._at = float("-inf")
        self._promised: dict[tuple[str, str], Pod] = {}
        self.lock = threading.RLock()

    def look(self, *, fresh: float = _FRESH_S) -> Looked | None:
        """What is there, not older than `fresh` seconds; None where it may not be looked at."""
        with self.lock:
            cluster = self._cluster()
            if cluster and time.monotonic() - self._at > fresh:
                self._looked = look(cluster)
                self._at = time.monotonic()
                self._keep_promises()
            return self._looked

    def _keep_promises(self) -> None:
        """Pods that are there by now, wherever, need no promise any more."""
        there = {
            (pod.namespace, _known(pod)) for pod in (self._looked.pods if self._looked else ())
        }
        self._promised = {
            key: pod
            for key, pod in self._promised.items()
            if (pod.namespace, _known(pod)) not in there
        }

    def room(self, asked: Asks, *, fresh: float = _FRESH_S) -> Room | None:
        """The room for a tenant: without the pods it replaces, and after those that wait."""
        looked = self.look(fresh=fresh)
        if looked is None:
            return None
        found = Room(looked.nodes, [one for one in looked.running if one not in asked.replaces])
        for pod in self._promised.values():
            if pod.node in found.nodes and pod.namespace not in {
                one.namespace for one in asked.pods
            }:
                found.put(pod, pod.node)
        for pod in looked.waiting:
            if pod not in asked.replaces and (node := found.choice(pod)):
                found.put(pod, node)
        return found

    def promise(self, pods: Sequence[Pod], placed: Mapping[str, str]) -> None:
        """Counts pods that are about to be made where they will likely be."""
        with self.lock:
            for pod in pods:
                key = pod.namespace, pod.name
                self._promised[key] = replace(pod, node=placed[pod.name])


def _known(pod: Pod) -> frozenset[tuple[str, str]]:
    """What stays the same of a pod's labels, whether it is wished or made."""
    own = ("tigctl.dev/tenant", "app.kubernetes.io/name", "app.kubernetes.io/instance")
    return frozenset((key, pod.labels[key]) for key in own if key in pod.labels)


_LEDGERS: weakref.WeakKeyDictionary[Cluster, Ledger] = weakref.WeakKeyDictionary()
_LOCK = threading.Lock()


def ledger(cluster: Cluster) -> Ledger:
    """The one ledger of a cluster; whoever shares its connections shares this."""
    with _LOCK:
        if cluster not in _LEDGERS:
            _LEDGERS[cluster] = Ledger(cluster)
        return _LEDGERS[cluster]
