"""A pod as far as the scheduler's choice of a node depends on it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tigctl.targets.kubernetes.amounts import Amounts, requests
from tigctl.targets.kubernetes.selecting import Labels

Object = Mapping[str, Any]

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
# Owners whose pods are bound to their node, and are lost with it.
_BOUND = frozenset({"DaemonSet", "Node"})


@dataclass(frozen=True)
class Pod:
    """A pod that runs on `node`, or one that wants to run somewhere (`node` empty).

    `bound`: it belongs to its node, and moves nowhere.
    """

    name: str
    namespace: str
    labels: Labels
    spec: Object
    wants: Amounts
    node: str = ""
    bound: bool = False

    @classmethod
    def of(cls, found: Object) -> Pod:
        """From the API server's object."""
        metadata, spec = found["metadata"], found["spec"]
        return cls(
            metadata["name"],
            metadata.get("namespace", ""),
            metadata.get("labels") or {},
            spec,
            requests(spec),
            spec.get("nodeName", ""),
            any(one["kind"] in _BOUND for one in metadata.get("ownerReferences") or ()),
        )

    @classmethod
    def wished(cls, workload: Object) -> Iterator[Pod]:
        """The pods of a Deployment or StatefulSet, as it would make them."""
        metadata, spec = workload["metadata"], workload["spec"]
        template = spec["template"]
        wants = requests(template["spec"])
        labels = (template.get("metadata") or {}).get("labels") or {}
        count = spec.get("replicas", 1)
        numbered = workload["kind"] == "StatefulSet" or count > 1
        for number in range(count):
            name = metadata["name"] + (f"-{number}" if numbered else "")
            yield cls(name, metadata.get("namespace", ""), labels, template["spec"], wants)

    @cached_property
    def apart(self) -> tuple[Object, ...]:
        """The terms of its required anti-affinity."""
        return tuple(self._anti_affinity.get(_REQUIRED) or ())

    @cached_property
    def rather_apart(self) -> tuple[tuple[int, Object], ...]:
        """The terms of its preferred anti-affinity, with their weights."""
        found = self._anti_affinity.get(_PREFERRED) or ()
        return tuple((one["weight"], one["podAffinityTerm"]) for one in found)

    @property
    def _anti_affinity(self) -> Object:
        affinity: Object = (self.spec.get("affinity") or {}).get("podAntiAffinity") or {}
        return affinity
