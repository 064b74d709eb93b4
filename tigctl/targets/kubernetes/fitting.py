"""Whether what a tenant asks for fits into its cluster, in figures and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.errors import BackendError, TargetError
from tigctl.targets.kubernetes import capacity, growth
from tigctl.targets.kubernetes.amounts import CPU, MEMORY, size, text, total
from tigctl.targets.kubernetes.capacity import Refusal, Room
from tigctl.targets.kubernetes.longhorn import Space, Volume
from tigctl.targets.kubernetes.objects import Difference
from tigctl.targets.kubernetes.pods import Pod
from tigctl.targets.kubernetes.room import VOLUME, WORKLOADS, Answer, claimed, ledger, look
from tigctl.targets.model import Json

_NODES = 6  # that one error names
MOST = 999  # that is counted


def check(cluster: Cluster, tenant: str, namespace: str, found: Sequence[Difference]) -> None:
    """Raises TargetError where what is to be made finds no room; else it is promised room.

    Where this user may not look, nothing is said.
    """
    if not any(one.ref.kind in {*WORKLOADS, VOLUME} and one.wanted for one in found):
        return
    book = ledger(cluster)
    answer = book.ask(namespace, found) if book else None
    if answer is None or answer.fits:
        return
    if answer.verdict.fits:
        raise _homeless(tenant, answer)
    raise _refused(tenant, answer)


def _homeless(tenant: str, answer: Answer) -> TargetError:
    return TargetError(
        f"{tenant}: no disk of Longhorn has room for volume {answer.homeless[0].name}\n"
        f"  {disk_shortage(answer)}\n  nothing was done",
        hint=f"tigctl capacity {tenant}; add a disk, or set storage smaller in"
        f" tenants/{tenant}/tenant.yaml; to leave it to Longhorn: --no-capacity-check",
    )


def _refused(tenant: str, answer: Answer) -> TargetError:
    verdict = answer.verdict
    pod, refusals = verdict.refused[0]
    beside = f" beside {named(verdict.placed)}" if verdict.placed else ""
    return TargetError(
        f"{tenant}: no node has room for {pod.name}{beside}\n"
        f"  {shortage(verdict.after, pod, refusals)}\n  nothing was done",
        hint=f"tigctl capacity {tenant}{_remedy(verdict.after, pod, refusals)}, or a smaller size"
        f" in tenants/{tenant}/tenant.yaml; to leave it to the scheduler: --no-capacity-check",
    )


def named(names: Iterable[str]) -> str:
    """Names in a row, `a, b, c and 3 more`."""
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
    if not names:  # no node lacks room: what they say tells more
        names = [name for name in (CPU, MEMORY) if pod.wants.get(name)]
    asked = " and ".join(text(name, pod.wants[name], up=True) for name in names)

    def amount(node: str, name: str) -> int:
        return max(0, room.left[node].get(name, 0))

    def most_first(node: str) -> tuple[int, str]:
        return (-amount(node, names[0]) if names else 0, node)

    left = []
    for node in sorted(refusals, key=most_first)[:_NODES]:
        has = " and ".join(text(name, amount(node, name)) for name in names)
        has = has.removesuffix(" memory") if names == [MEMORY] else has
        why = f"({refusals[node].why})" if refusals[node].why else ""
        left.append(" ".join(filter(None, (node, has, why))))
    more = f", {len(refusals) - _NODES} nodes with less" if len(refusals) > _NODES else ""
    return f"it asks for {asked or 'nothing'}; left: {', '.join(left) or 'there is no node'}{more}"


def disk_shortage(answer: Answer) -> str:
    """What the first volume without a disk asks for, and what Longhorn's nodes have left."""
    volume = answer.homeless[0]
    left = by_node(answer.space, volume) if answer.space else {}
    most = sorted(left.items(), key=lambda one: (-one[1], one[0]))
    shown = ", ".join(f"{node} {size(amount)}" for node, amount in most[:_NODES])
    more = f", {len(most) - _NODES} nodes with less" if len(most) > _NODES else ""
    tags = f" on disks tagged {named(sorted(volume.disks))}" if volume.disks else ""
    tags += f" on nodes tagged {named(sorted(volume.nodes))}" if volume.nodes else ""
    return f"it asks for {size(volume.size, up=True)}{tags}; left: {shown or 'nothing'}{more}"


def by_node(space: Space, volume: Volume) -> dict[str, int]:
    """By node, what the largest disk that is one for a volume still takes."""
    found: dict[str, int] = {}
    for disk in space.disks:
        if volume.nodes <= disk.node_tags and volume.disks <= disk.tags:
            found[disk.node] = max(disk.left, found.get(disk.node, 0))
    return found


def why_unscheduled(cluster: Cluster, found: Object) -> str:
    """What a pod that waits for a node asks for, and what each has left; "" where unknown."""
    try:
        looked = look(cluster)
    except BackendError:
        return ""
    if looked is None:
        return ""
    pod = Pod.of(found)
    room = Room(looked.nodes, (one for one in looked.pods if one.node))
    refusals = capacity.why_not(room, pod)
    return shortage(room, pod, refusals) if len(refusals) == len(room.nodes) else ""


def needs(
    cluster: Cluster,
    namespace: str,
    objects: Sequence[Object],
    changed: Sequence[Difference],
    *,
    count: bool,
) -> dict[str, Json]:
    """Figures for a plan: what the tenant asks for, and whether what is to be made fits.

    `fits` is None where that cannot be known. With `count`, how many more such tenants fit.
    """
    pods = pods_of(objects)
    found: dict[str, Json] = {**summed(pods), "volume_bytes": volume_bytes(objects), "fits": None}
    try:
        book = ledger(cluster)
    except BackendError:
        return found
    if book is None:
        return found
    answer = book.ask(namespace, changed)
    verdict = answer.verdict
    found |= {"fits": answer.fits, "tight": not verdict.sure}
    found["nodes"] = [
        {
            "name": node,
            "pods": [pod for pod, there in verdict.placed.items() if there == node],
            "cpu_left": verdict.after.left[node].get(CPU, 0) / 1000,
            "memory_left_bytes": verdict.after.left[node].get(MEMORY, 0),
        }
        for node in dict.fromkeys(verdict.placed.values())
    ]
    if not answer.fits:
        found["short"] = short_of(answer)
    elif count and pods:
        found["more"] = growth.more(verdict.after, pods, MOST).count
    return found


def short_of(answer: Answer) -> str:
    """What finds no room, and what is left where."""
    if answer.verdict.fits:
        return f"volume {answer.homeless[0].name}: {disk_shortage(answer)}"
    pod, refusals = answer.verdict.refused[0]
    return f"{pod.name}: {shortage(answer.verdict.after, pod, refusals)}"


def pods_of(objects: Iterable[Object]) -> list[Pod]:
    """The pods that a tenant's objects make."""
    return [pod for one in objects if one["kind"] in WORKLOADS for pod in Pod.wished(one)]


def summed(pods: Sequence[Pod]) -> dict[str, int | float]:
    """Pods, processors and bytes of memory that pods request together."""
    sum_ = total(pod.wants for pod in pods)
    return {
        "pods": len(pods),
        "cpu": sum_.get(CPU, 0) / 1000,
        "memory_bytes": sum_.get(MEMORY, 0),
    }


def volume_bytes(objects: Iterable[Object]) -> int:
    """Bytes of all volume claims."""
    return sum(claimed(one) for one in objects if one["kind"] == VOLUME)
