"""What room a cluster has, asked once, and what tenants ask of it.

Several tenants that are applied at once must not each count on the same room, so a ledger counts
what one was promised against all that come after it.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.backends.kubernetes.errors import Refused
from tigctl.targets.kubernetes import capacity, longhorn
from tigctl.targets.kubernetes.amounts import amounts
from tigctl.targets.kubernetes.capacity import Room, Verdict
from tigctl.targets.kubernetes.longhorn import Space, Volume
from tigctl.targets.kubernetes.objects import Difference
from tigctl.targets.kubernetes.pods import Pod
from tigctl.targets.kubernetes.selecting import selects
from tigctl.targets.model import Action

WORKLOADS = frozenset({"Deployment", "StatefulSet"})
VOLUME = "PersistentVolumeClaim"
_UNFINISHED = "status.phase!=Succeeded,status.phase!=Failed"
_FORBIDDEN = 403


@dataclass(frozen=True, slots=True)
class Looked:
    """What a cluster showed: its nodes and all unfinished pods, storage classes, Longhorn's disks.

    `space` is None where Longhorn is not there or may not be looked at; `replicas` are the copies
    that it makes where a class names no number.
    """

    nodes: Sequence[Object]
    pods: Sequence[Pod]
    classes: Sequence[Object] = ()
    space: Space | None = None
    replicas: int = longhorn.REPLICAS

    def room(self) -> Room:
        """The room on the nodes, once pods that still wait for a node have one, where they can."""
        found = Room(self.nodes, (one for one in self.pods if one.node))
        for pod in self.pods:
            if not pod.node and (node := found.choice(pod)):
                found.put(pod, node)
        return found


@dataclass(frozen=True, slots=True)
class Asks:
    """What a tenant asks for beside what it has: pods, with those they replace; volumes."""

    pods: Sequence[Pod] = ()
    replaces: Sequence[Pod] = ()
    volumes: Sequence[Volume] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking: of the pods, and of the volumes those that no disk takes.

    `space` is what volumes find left, None where that is not known.
    """

    asked: Asks
    verdict: Verdict
    homeless: Sequence[Volume]
    space: Space | None

    @property
    def fits(self) -> bool:
        """Whether there is room for everything."""
        return self.verdict.fits and not self.homeless


def look(cluster: Cluster) -> Looked | None:
    """Asks the cluster; None where this user may not list its nodes and pods."""
    with cluster.parallel() as threads:
        nodes = threads.submit(cluster.objects, "Node")
        pods = threads.submit(cluster.objects, "Pod", fields=_UNFINISHED)
        classes = threads.submit(_readable, cluster, "StorageClass")
        disks = threads.submit(_readable, cluster, "LonghornNode")
        settings = threads.submit(_readable, cluster, "Setting")
        try:
            found, there = pods.result(), nodes.result()
        except Refused as error:
            if error.status == _FORBIDDEN:
                return None
            raise
        values = {one["metadata"]["name"]: str(one.get("value", "")) for one in settings.result()}
        space = longhorn.space(disks.result(), values) if disks.result() else None
        return Looked(
            there,
            [Pod.of(one) for one in found],
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


class Ledger:
    """The room of one cluster as it was when looked at, less what was promised since.

    Safe to use from several threads.
    """

    def __init__(self, looked: Looked) -> None:
        self.looked = looked
        self._room = looked.room()
        self._space = looked.space
        self._lock = threading.Lock()

    def ask(self, namespace: str, found: Iterable[Difference]) -> Answer:
        """Whether what is to be made or changed for a tenant finds room; if so, it is promised."""
        with self._lock:
            asked = self._asks(namespace, list(found))
            room = self._room
            if asked.replaces:
                room = room.copy()
                for pod in asked.replaces:
                    room.take(pod)
            verdict = capacity.place(room, asked.pods)
            space, homeless = self._space, []
            for volume in asked.volumes:
                if space is not None:
                    space, copies = space.put(volume)
                    # A volume begins with fewer copies than it should have, but not with none.
                    homeless += [] if copies else [volume]
            answer = Answer(asked, verdict, homeless, space)
            if answer.fits:
                self._room, self._space = verdict.after, space
            return answer

    def _asks(self, namespace: str, found: Sequence[Difference]) -> Asks:
        """A workload that grows is made anew, so its pods give their room back first."""
        there = self._room.pods(namespace)
        pods: list[Pod] = []
        replaces: list[Pod] = []
        for one in found:
            if one.wanted is not None and one.ref.kind in WORKLOADS:
                wished = list(Pod.wished(one.wanted))
                selector = one.wanted["spec"].get("selector")
                mine = [pod for pod in there if selects(selector, pod.labels)]
                if _grows(mine, wished):
                    pods += wished
                    replaces += mine
        made = [
            one.wanted
            for one in found
            if one.wanted is not None and one.change.action is Action.CREATE
        ]
        return Asks(pods, replaces, volumes(self.looked, made))


def _grows(mine: Sequence[Pod], wished: Sequence[Pod]) -> bool:
    if len(wished) > len(mine):
        return True
    return any(
        amount > min(pod.wants.get(name, 0) for pod in mine)
        for wish in wished
        for name, amount in wish.wants.items()
    )


def volumes(looked: Looked, made: Sequence[Object]) -> list[Volume]:
    """What the claims among new objects ask of Longhorn's disks; other classes ask nothing.

    A tenant may bring a class of its own.
    """
    classes = [*looked.classes, *(one for one in made if one["kind"] == "StorageClass")]
    found = []
    for claim in made:
        if claim["kind"] != VOLUME:
            continue
        name = claim["spec"].get("storageClassName")
        of = next((one for one in classes if _is(one, name)), None)
        if of is not None and of.get("provisioner") == longhorn.DRIVER:
            size = claimed(claim)
            parameters = of.get("parameters") or {}
            found.append(longhorn.volume_of(claim, size, parameters, looked.replicas))
    return found


def claimed(claim: Object) -> int:
    """Bytes that a claim asks for."""
    return amounts(claim["spec"]["resources"]["requests"])["storage"]


def _is(storage_class: Mapping[str, Any], name: str | None) -> bool:
    """Whether a class is the one of this name, or without a name the cluster's default."""
    metadata = storage_class["metadata"]
    if name:
        return bool(metadata["name"] == name)
    annotations = metadata.get("annotations") or {}
    return bool(annotations.get("storageclass.kubernetes.io/is-default-class") == "true")


_LEDGERS: weakref.WeakKeyDictionary[Cluster, Ledger | None] = weakref.WeakKeyDictionary()
_LOCK = threading.Lock()


def ledger(cluster: Cluster) -> Ledger | None:
    """The one ledger of a cluster, shared by all who share its connections.

    None where this user may not list nodes and pods.
    """
    with _LOCK:
        if cluster not in _LEDGERS:
            looked = look(cluster)
            _LEDGERS[cluster] = Ledger(looked) if looked else None
        return _LEDGERS[cluster]
