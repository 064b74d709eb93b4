"""Whether what a tenant asks for fits into its cluster, in figures and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.errors import BackendError, TargetError
from tigctl.targets.kubernetes import capacity
from tigctl.targets.kubernetes.amounts import CPU, MEMORY, Amounts, amounts, size, text, total
from tigctl.targets.kubernetes.capacity import Pod, Refusal, Room, Verdict
from tigctl.targets.kubernetes.longhorn import Space, Volume
from tigctl.targets.kubernetes.room import Asks, asks, ledger
from tigctl.targets.model import Json

_NODES = 6  # that one error names


def check(cluster: Cluster, tenant: str, namespace: str, wanted: Sequence[Object]) -> None:
    """Raises TargetError where what is to be made finds no room; else it is promised room.

    `wanted` are the objects that are about to be made or changed. Where this user may not look,
    nothing is said.
    """
    book = ledger(cluster)
    with book.lock:
        looked = book.look()
        if looked is None:
            return
        asked = asks(looked, namespace, wanted)
        room = book.room(asked) if asked.pods else None
        if room is not None:
            verdict = capacity.place(room, asked.pods)
            if not verdict.fits:
                raise _refused(tenant, room, asked.pods, verdict)
            book.promise(asked.pods, verdict.placed)
        if looked.space is not None:
            _check_volumes(tenant, looked.space, asked.volumes)


def _check_volumes(tenant: str, space: Space, volumes: Sequence[Volume]) -> None:
    """A volume begins with fewer copies than it should have, but not with none."""
    tried = space.copy()
    for one in volumes:
        if not tried.put(one):
            left = ", ".join(f"{name} {size(tried.left(name))}" for name in tried.nodes[:_NODES])
            raise TargetError(
                f"{tenant}: no disk of Longhorn has room for volume {one.name}\n"
                f"  it asks for {size(one.size, up=True)}; left: {left or 'nothing'}"
                "\n  nothing was done",
                hint="tigctl capacity; add a disk, or set storage smaller",
            )


def _refused(tenant: str, room: Room, pods: Sequence[Pod], verdict: Verdict) -> TargetError:
    name, refusals = next(iter(verdict.refused.items()))
    pod = next(one for one in pods if one.name == name)
    after = room.copy()
    for other in pods:
        if other.name in verdict.placed:
            after.put(other, verdict.placed[other.name])
    beside = named(verdict.placed)
    also = f" beside {beside}" if beside else ""
    return TargetError(
        f"{tenant}: no node has room for {name}{also}\n  {shortage(after, pod, refusals)}"
        "\n  nothing was done",
        hint=f"tigctl capacity {tenant}{_remedy(after, pod, refusals)}, or a smaller size in"
        f" tenants/{tenant}/tenant.yaml; to leave it to the scheduler: --no-capacity-check",
    )


def named(names: Iterable[str]) -> str:
    """Names in a row, `a, b and 3 more`."""
    found = list(names)
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return ", ".join(found[:3]) + more


def _remedy(room: Room, pod: Pod, refusals: Mapping[str, Refusal]) -> str:
    """Nodes that only a cordon keeps from taking the pod."""
    shut = [
        node
        for node, refusal in refusals.items()
        if refusal.why == "cordoned"
        and all(amount <= room.left[node].get(name, 0) for name, amount in pod.wants.items())
    ]
    return f", uncordon {named(shut)}" if shut else ""


def shortage(room: Room, pod: Pod, refusals: Mapping[str, Refusal]) -> str:
    """What a pod asks for, and what each node has left of just that.

    `it asks for 4 GiB memory; left: node-1 1.2 GiB, node-3 3.8 GiB (cordoned)`.
    """
    short = {name for one in refusals.values() for name in one.missing}
    names = [name for name in pod.wants if name in short]
    if not names:
        names = [name for name in (CPU, MEMORY) if pod.wants.get(name)]
    asked = " and ".join(text(name, pod.wants[name], up=True) for name in names)
    nodes = (
        sorted(refusals, key=lambda node: (-max(0, room.left[node].get(names[0], 0)), node))
        if names
        else list(refusals)
    )
    left = []
    for node in nodes[:_NODES]:
        has = [text(name, max(0, room.left[node].get(name, 0))) for name in names]
        if len(names) == 1 and names[0] == MEMORY:
            has = [one.removesuffix(" memory") for one in has]
        why = f" ({refusals[node].why})" if refusals[node].why else ""
        left.append(f"{node} {' and '.join(has)}{why}")
    more = f", {len(nodes) - _NODES} nodes with less" if len(nodes) > _NODES else ""
    return f"it asks for {asked or 'nothing'}; left: {', '.join(left) or 'there is no node'}{more}"


def why_unscheduled(cluster: Cluster, pod: Object) -> str:
    """What a pod that waits for a node asks for, and what each has left; "" where unknown."""
    try:
        looked = ledger(cluster).look(fresh=0)
    except BackendError:
        return ""
    if looked is None:
        return ""
    room, waits = Room(looked.nodes, looked.running), Pod.of(pod)
    refusals = capacity.why_not(room, waits)
    return shortage(room, waits, refusals) if len(refusals) == len(room.nodes) else ""


def needs(
    cluster: Cluster,
    namespace: str,
    objects: Sequence[Object],
    changed: Sequence[Object],
    *,
    count: bool,
) -> dict[str, Json]:
    """Figures for a plan: what the tenant asks for, and whether what is to be made fits.

    `fits` is None where that cannot be known. With `count`, how many more such tenants fit.
    """
    pods = [
        pod
        for one in objects
        if one["kind"] in {"Deployment", "StatefulSet"}
        for pod in Pod.wished(one)
    ]
    found: dict[str, Json] = dict(summed(pods))
    found["volume_bytes"] = claimed(objects)
    found["fits"] = None
    try:
        looked = ledger(cluster).look()
        asked = asks(looked, namespace, changed) if looked else Asks(())
        room = ledger(cluster).room(asked)
    except BackendError:
        return found
    if looked is None or room is None:
        return found
    verdict = capacity.place(room, asked.pods)
    found["fits"] = verdict.fits
    after = room.copy()
    for pod in asked.pods:
        if pod.name in verdict.placed:
            after.put(pod, verdict.placed[pod.name])
    found["tight"] = verdict.tight
    found["nodes"] = [
        {
            "name": node,
            "pods": [pod for pod, there in verdict.placed.items() if there == node],
            "cpu_left": after.left[node].get(CPU, 0) / 1000,
            "memory_left_bytes": after.left[node].get(MEMORY, 0),
        }
        for node in dict.fromkeys(verdict.placed.values())
    ]
    if not verdict.fits:
        name, refusals = next(iter(verdict.refused.items()))
        pod = next(one for one in asked.pods if one.name == name)
        found["short"] = f"{name}: {shortage(after, pod, refusals)}"
    elif count and pods:
        found["more"] = capacity.more(after, pods)
    return found


def summed(pods: Sequence[Pod]) -> dict[str, int | float]:
    """Pods, processors and bytes of memory that pods request together."""
    sum_: Amounts = total(pod.wants for pod in pods)
    return {
        "pods": len(pods),
        "cpu": sum_.get(CPU, 0) / 1000,
        "memory_bytes": sum_.get(MEMORY, 0),
    }


def claimed(objects: Iterable[Object]) -> int:
    """Bytes of all volume claims."""
    return sum(
        amounts(one["spec"]["resources"]["requests"])["storage"]
        for one in objects
        if one["kind"] == "PersistentVolumeClaim"
    )
