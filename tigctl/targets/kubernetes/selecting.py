"""How Kubernetes selects: labels by selectors, nodes by taints and affinities. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tigctl.targets.kubernetes import conditions

Labels = Mapping[str, str]

_CLOSING = frozenset({"NoSchedule", "NoExecute"})
CORDONED = "node.kubernetes.io/unschedulable"
NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
_SAID = {
    CORDONED: "cordoned",
    NOT_READY: "not ready",
    UNREACHABLE: "unreachable",
    "node.kubernetes.io/memory-pressure": "short of memory",
    "node.kubernetes.io/disk-pressure": "short of disk",
    "node.kubernetes.io/pid-pressure": "short of process ids",
    "node.kubernetes.io/network-unavailable": "without network",
    "node.kubernetes.io/out-of-service": "out of service",
    "node-role.kubernetes.io/control-plane": "control plane",
}


def selects(selector: Mapping[str, Any] | None, labels: Labels) -> bool:
    """Whether a label selector selects labels; None selects nothing, an empty one everything."""
    if selector is None:
        return False
    wanted = selector.get("matchLabels") or {}
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _meets(one, labels) for one in selector.get("matchExpressions") or ()
    )


def _meets(expression: Mapping[str, Any], labels: Labels) -> bool:
    key, operator = str(expression["key"]), str(expression["operator"])
    values = [str(value) for value in expression.get("values") or ()]
    here = labels.get(key)
    if operator in {"Exists", "DoesNotExist"}:
        return (here is not None) == (operator == "Exists")
    if operator == "In":
        return here in values
    if operator == "NotIn":
        return here not in values
    try:
        given, bound = int(here or ""), int(values[0])
    except (ValueError, IndexError):
        return False
    return given > bound if operator == "Gt" else operator == "Lt" and given < bound


def takes(node: Mapping[str, Any], pod: Mapping[str, Any]) -> bool:
    """Whether a node's labels are what a pod's `spec` requires of them."""
    metadata = node["metadata"]
    labels = metadata.get("labels") or {}
    if not selects({"matchLabels": pod.get("nodeSelector") or {}}, labels):
        return False
    affinity = (pod.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    # Terms are alternatives; one that says nothing selects nothing.
    return any(
        (term.get("matchExpressions") or term.get("matchFields"))
        and all(_meets(one, labels) for one in term.get("matchExpressions") or ())
        and all(
            _meets(one, {"metadata.name": metadata["name"]})
            for one in term.get("matchFields") or ()
        )
        for term in required.get("nodeSelectorTerms") or ()
    )


def closing(node: Mapping[str, Any]) -> tuple[Mapping[str, str], ...]:
    """The taints that keep pods away from a node, a cordon and not being ready among them."""
    spec = node.get("spec") or {}
    found = [one for one in spec.get("taints") or () if one.get("effect") in _CLOSING]
    keys = {one["key"] for one in found}
    if spec.get("unschedulable") and CORDONED not in keys:
        found.append({"key": CORDONED, "effect": "NoSchedule"})
    # The controller that taints such nodes may not have come to it yet.
    if not conditions.holds(node, "Ready") and not keys & {NOT_READY, UNREACHABLE}:
        found.append({"key": NOT_READY, "effect": "NoSchedule"})
    return tuple(found)


def closed(taints: Sequence[Mapping[str, str]], tolerations: Sequence[Mapping[str, Any]]) -> str:
    """Why taints keep a pod with these tolerations away: `cordoned`, `not ready`; "" if not."""
    for taint in taints:
        if not any(_tolerates(one, taint) for one in tolerations):
            value = f"={taint['value']}" if taint.get("value") else ""
            return _SAID.get(taint["key"], f"taint {taint['key']}{value}")
    return ""


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    if toleration.get("effect") not in {None, "", taint.get("effect")}:
        return False
    key = toleration.get("key") or ""
    if toleration.get("operator", "Equal") == "Exists":
        return key in {"", taint["key"]}
    return bool(key == taint["key"] and toleration.get("value", "") == taint.get("value", ""))
