"""Waiting for workloads: until they run, or until it is clear that they will not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tigctl.backends.kubernetes import quota
from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.errors import TargetError
from tigctl.targets.kubernetes import certificates, conditions, fitting, nodeloss
from tigctl.targets.kubernetes.trouble import FATAL_AFTER_S, REMEDIES, Trouble

LOOK_S = 0.5
# What is there already runs in no time: an image that the node has, an address of a free pool.
_FIRST_LOOKS_S = (0.1, 0.1, 0.2, 0.3)


def _pauses() -> Iterator[float]:
    """Seconds from one look to the next."""
    yield from _FIRST_LOOKS_S
    while True:
        yield LOOK_S


def is_ready(workload: Object) -> bool:
    """Whether a Deployment or StatefulSet runs as it was applied last, and nothing older."""
    spec, status = workload["spec"], workload.get("status") or {}
    wanted = spec.get("replicas", 1)
    if status.get("observedGeneration", 0) < workload["metadata"]["generation"]:
        return False
    if workload["kind"] == "StatefulSet":
        current = status.get("currentRevision") == status.get("updateRevision")
        return bool(status.get("readyReplicas", 0) == wanted and current)
    return bool(
        status.get("updatedReplicas", 0) == wanted
        and status.get("availableReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
    )


def wait(
    cluster: Cluster,
    tenant: str,
    workloads: Sequence[Ref],
    patience: float,
    checked: Callable[[], None],
) -> None:
    """Returns once all of them run. Raises TargetError with the pod's own reason if they do not.

    Fails at once where waiting is of no use (an image that is not there, a container that ends
    again and again, no node with room), else after `patience` seconds. `checked` is called
    between two looks and may raise.
    """
    began, pauses = time.monotonic(), _pauses()
    since: dict[tuple[Ref, str], float] = {}
    while True:
        open_ones = [
            (ref, found)
            for ref in workloads
            if (found := cluster.get(ref)) is None or not is_ready(found)
        ]
        if not open_ones:
            return
        now = time.monotonic()
        for ref, found in open_ones:
            trouble = trouble_of(cluster, ref, found) if found else None
            if trouble is None:
                continue
            first = since.setdefault((ref, trouble.kind), now)
            if now - first >= FATAL_AFTER_S.get(trouble.kind, patience):
                raise _failed(tenant, ref, trouble, now - began)
        if now - began >= patience:
            ref, found = open_ones[0]
            trouble = trouble_of(cluster, ref, found) if found else None
            raise _failed(tenant, ref, trouble or Trouble("", "it is not ready yet"), now - began)
        checked()
        time.sleep(next(pauses))


def wait_for_secrets(
    cluster: Cluster,
    tenant: str,
    workload: Object,
    patience: float,
    checked: Callable[[], None],
) -> None:
    """Returns once the Secrets are there that a workload mounts; its pods cannot start before.

    For a workload that runs: raises TargetError where one does not come, and nothing was done.
    """
    ref, pod = Ref.of(workload), workload["spec"]["template"]["spec"]
    began, pauses = time.monotonic(), _pauses()
    while trouble := certificates.missing(cluster, ref.namespace, pod):
        now = time.monotonic() - began
        if now >= min(patience, FATAL_AFTER_S.get(trouble.kind, patience)):
            raise TargetError(
                f"{tenant}: {ref} runs on as it was, after {now:.0f} s: {trouble.said}",
                hint=f"{REMEDIES[trouble.kind]}, then tigctl apply {tenant} again",
            )
        checked()
        time.sleep(next(pauses))


def wait_for_addresses(
    cluster: Cluster,
    tenant: str,
    services: Sequence[Ref],
    patience: float,
    checked: Callable[[], None],
) -> list[str]:
    """Returns the addresses of these Services once each has one.

    Raises TargetError with MetalLB's own reason where it gives none.
    """
    began, pauses = time.monotonic(), _pauses()
    while True:
        found = {ref: cluster.get(ref) for ref in services}
        without = [(ref, one) for ref, one in found.items() if one and not addresses_of(one)]
        if not without:
            return [address for one in found.values() if one for address in addresses_of(one)]
        now = time.monotonic() - began
        for ref, one in without:
            trouble = trouble_of_address(cluster, one)
            if now >= min(patience, FATAL_AFTER_S[trouble.kind]):
                raise TargetError(
                    f"{tenant}: {ref} has no address after {now:.0f} s: {trouble.said}",
                    hint=f"{REMEDIES[trouble.kind]}, then tigctl apply {tenant} again; all else is"
                    " done and runs",
                )
        checked()
        time.sleep(next(pauses))


def addresses_of(service: Object) -> list[str]:
    """The addresses, or host names, by which a Service is reached from outside."""
    given = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return [str(one.get("ip") or one.get("hostname")) for one in given]


def trouble_of_address(cluster: Cluster, service: Object) -> Trouble:
    """Why a Service has no address: in the words of who gives them out, or that nobody does."""
    metadata = service["metadata"]
    said = _last_event(cluster, metadata["namespace"], "Service", metadata["name"])
    if said:
        return Trouble("AddressRefused", said)
    return Trouble("AddressPending", "nobody gave it one, or said why not")


def _failed(tenant: str, ref: Ref, trouble: Trouble, seconds: float) -> TargetError:
    return TargetError(
        f"{tenant}: {ref} does not run after {seconds:.0f} s: {trouble.said}",
        hint=f"{REMEDIES.get(trouble.kind, 'mend what the reason names')}, then tigctl apply"
        f" {tenant} again; what is done stays, nothing was lost",
    )


def trouble_of(cluster: Cluster, ref: Ref, workload: Object) -> Trouble | None:
    """What keeps a workload from running; None where nothing speaks of trouble yet."""
    if conditions.holds(workload, "ReplicaFailure"):
        said = conditions.of(workload, "ReplicaFailure").get("message", "")
        return _not_created(str(said))
    generation = (workload.get("status") or {}).get("observedGeneration", 0)
    if generation < workload["metadata"]["generation"]:
        return None  # what there is belongs to a former version
    every = _pods(cluster, ref, workload)
    pods = [one for one in every if not one["metadata"].get("deletionTimestamp")]
    for pod in pods:
        if found := _of_pod(cluster, pod):
            return found
    if lost := nodeloss.why(cluster, ref.kind, pods or every):
        return Trouble("NodeLost", lost)
    if not pods:
        return _refused_pods(cluster, ref)
    return None


def _pods(cluster: Cluster, ref: Ref, workload: Object) -> list[Object]:
    """The pods of the newest version of a workload, those on their way out included."""
    selected = workload["spec"]["selector"]["matchLabels"]
    if workload["kind"] == "StatefulSet":
        newest = {"controller-revision-hash": (workload["status"]).get("updateRevision", "")}
    else:
        sets = [
            one
            for one in cluster.objects("ReplicaSet", ref.namespace, labels=selected)
            if one["spec"].get("replicas")
        ]
        last = max(sets, key=_revision, default=None)
        if last is None:
            return []
        newest = {"pod-template-hash": last["metadata"]["labels"]["pod-template-hash"]}
    return cluster.objects("Pod", ref.namespace, labels={**selected, **newest})


def _revision(replica_set: Object) -> int:
    annotations = replica_set["metadata"].get("annotations") or {}
    return int(annotations.get("deployment.kubernetes.io/revision", 0))


def _of_pod(cluster: Cluster, pod: Object) -> Trouble | None:
    metadata, status = pod["metadata"], pod.get("status") or {}
    name = metadata["name"]
    scheduled = conditions.of(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        return _unscheduled(cluster, pod, str(scheduled.get("message", "")))
    ready = conditions.holds(pod, "Ready")
    lacks = None if ready else certificates.missing(cluster, metadata["namespace"], pod["spec"])
    if lacks:
        return lacks
    statuses = [
        *(status.get("initContainerStatuses") or ()),
        *(status.get("containerStatuses") or ()),
    ]
    for one in statuses:
        waiting = (one.get("state") or {}).get("waiting")
        if not waiting or waiting.get("reason") in {None, "ContainerCreating", "PodInitializing"}:
            continue
        reason = str(waiting["reason"])
        said = f"container {one['name']} of {name}: {reason}: {waiting.get('message', '')}".strip()
        if reason == "CrashLoopBackOff":
            said = f"container {one['name']} of {name} ends again and again: " + _last_words(
                cluster, pod, one
            )
        return Trouble(reason, said.rstrip(": "))
    return None


def _last_words(cluster: Cluster, pod: Object, container: Mapping[str, Any]) -> str:
    metadata = pod["metadata"]
    log = cluster.logs(
        metadata["namespace"], metadata["name"], container["name"], lines=3, previous=True
    )
    ended = ((container.get("lastState") or {}).get("terminated")) or {}
    code = f"exit code {ended.get('exitCode', 'unknown')}"
    if ended.get("reason") == "OOMKilled":
        return f"{code}, it needed more memory than its limit"
    last = " / ".join(line.strip() for line in log.splitlines() if line.strip())
    return f"{code}; {last}" if last else code


def _unscheduled(cluster: Cluster, pod: Object, said: str) -> Trouble:
    """No node takes the pod: because of a volume, or for want of room."""
    claims = [
        volume["persistentVolumeClaim"]["claimName"]
        for volume in pod["spec"].get("volumes") or ()
        if "persistentVolumeClaim" in volume
    ]
    namespace = pod["metadata"]["namespace"]
    for claim in claims:
        found = cluster.get(Ref("PersistentVolumeClaim", namespace, claim))
        if found is None:
            return Trouble("VolumePending", f"volume {claim} is not there")
        if "unbound" in said and (found.get("status") or {}).get("phase") == "Pending":
            why = _last_event(cluster, namespace, "PersistentVolumeClaim", claim)
            return Trouble("VolumePending", f"volume {claim} is pending: {why or said}")
    why = fitting.why_unscheduled(cluster, pod) or said
    return Trouble("Unschedulable", f"no node has room for {pod['metadata']['name']}: {why}")


def _refused_pods(cluster: Cluster, ref: Ref) -> Trouble | None:
    """A StatefulSet tells only in an event that the API server takes none of its pods."""
    said = _last_event(cluster, ref.namespace, ref.kind, ref.name, reason="FailedCreate")
    return _not_created(said) if said else None


def _not_created(said: str) -> Trouble:
    short = quota.exceeded(said)
    return Trouble("QuotaExceeded", short) if short else Trouble("FailedCreate", said)


def _last_event(cluster: Cluster, namespace: str, kind: str, name: str, reason: str = "") -> str:
    """What the newest warning about an object says; empty where there is none."""
    found = [
        event
        for event in cluster.objects("Event", namespace)
        if event["involvedObject"].get("kind") == kind
        and event["involvedObject"].get("name") == name
        and event.get("type") == "Warning"
        and reason in {"", event.get("reason")}
    ]
    newest = max(found, key=lambda event: str(event.get("lastTimestamp") or ""), default=None)
    return str(newest["message"]) if newest else ""
