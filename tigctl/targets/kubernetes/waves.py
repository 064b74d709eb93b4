"""In which order objects are made, changed and taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tigctl.backends.kubernetes.cluster import Object
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.render.kubernetes.model import INSTANCE_LABEL
from tigctl.targets.kubernetes import names
from tigctl.targets.kubernetes.objects import Difference

_BASE = frozenset({"Namespace", "ResourceQuota", "LimitRange", "ServiceAccount", "StorageClass"})
WORKLOADS = frozenset({"StatefulSet", "Deployment"})
INFLUXDB = "influxdb"
GRAFANA = "grafana"


@dataclass(frozen=True, slots=True)
class Waves:
    """The differences of one tenant by the step in which they are carried out."""

    base: tuple[Difference, ...]
    policies: tuple[Difference, ...]
    volumes: tuple[Difference, ...]
    influxdb: tuple[Difference, ...]
    rest: tuple[Difference, ...]
    deletions: tuple[Difference, ...]


def waves(found: Sequence[Difference]) -> Waves:
    """Deals the differences out."""
    dealt: dict[str, list[Difference]] = {
        "base": [],
        "policies": [],
        "volumes": [],
        "influxdb": [],
        "rest": [],
        "deletions": [],
    }
    for one in found:
        dealt[_wave(one)].append(one)
    return Waves(**{name: tuple(many) for name, many in dealt.items()})


def _wave(one: Difference) -> str:
    if one.wanted is None:
        return "deletions"
    if one.ref.kind in _BASE:
        return "base"
    if one.ref.kind == names.POLICY:
        return "policies"
    if one.ref.kind == names.VOLUME:
        return "volumes"
    return "influxdb" if component(one) == INFLUXDB else "rest"


def component(one: Difference) -> str:
    """The component an object belongs to, empty for those of the whole tenant."""
    labels = (one.wanted or {}).get("metadata", {}).get("labels") or {}
    return str(labels.get(names.COMPONENT, ""))


def belongs_to(wanted: Object, workload: Difference) -> bool:
    """Whether an object is this workload, or a configuration that its pods mount."""
    if Ref.of(wanted) == workload.ref:
        return True
    own = (workload.wanted or {}).get("metadata", {}).get("labels") or {}
    labels = wanted["metadata"].get("labels") or {}
    return wanted["kind"] == "ConfigMap" and all(
        labels.get(key) == own.get(key) for key in (names.COMPONENT, INSTANCE_LABEL)
    )
