"""In which order objects are made, changed and taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tigctl.backends.kubernetes.kinds import Ref
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


def by_workload(found: Sequence[Difference]) -> list[tuple[tuple[Difference, ...], Ref | None]]:
    """Runs of objects to apply together, each with the workload to wait for afterwards.

    First what no workload is, because pods look for it when they start; then the workloads.
    """
    plain = tuple(one for one in found if one.ref.kind not in WORKLOADS)
    runs: list[tuple[tuple[Difference, ...], Ref | None]] = [(plain, None)] if plain else []
    runs += [((one,), one.ref) for one in found if one.ref.kind in WORKLOADS]
    return runs
