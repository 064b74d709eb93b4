"""What tigctl applied last, kept in a ConfigMap of the tenant's namespace.

For each object its uid and the fingerprint of the fields that were ours right after the apply;
what somebody changed on purpose and keeps, anywhere in the tenant (see `targets/keeping.py`);
for each entrance with an address of its own, that address, so that it stays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.targets import keeping
from tigctl.targets.keeping import Kept, Key
from tigctl.targets.kubernetes import managed, names

_KEY = "objects.json"


@dataclass(frozen=True, slots=True)
class Applied:
    """One object as it was right after it was applied."""

    uid: str
    fingerprint: str

    @classmethod
    def of(cls, live: Object) -> Self:
        """From the server's answer to the apply."""
        metadata = live["metadata"]
        return cls(str(metadata["uid"]), managed.fingerprint(metadata))


@dataclass(frozen=True, slots=True)
class Inventory:
    """All objects applied for one tenant.

    The `values` of a decision in `kept` on an object are by path, dumped as `fieldpath` does.
    `revision` is the number of the last one.
    `addresses` are by Service, with a comma between two of them.
    """

    objects: Mapping[Ref, Applied] = field(default_factory=dict)
    kept: Mapping[Key, Kept] = field(default_factory=dict)
    revision: int = 0
    addresses: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, cluster: Cluster, namespace: str) -> Self:
        """The inventory of a namespace; empty where there is none or it cannot be read."""
        return cls.parse(cluster.get(Ref("ConfigMap", namespace, names.INVENTORY)))

    @classmethod
    def load_all(cls, cluster: Cluster) -> dict[str, Self]:
        """The inventories of all tenants by namespace, in one list."""
        selected = {names.ROLE: "inventory", names.MANAGED: "tigctl"}
        found = cluster.objects("ConfigMap", labels=selected)
        return {one["metadata"]["namespace"]: cls.parse(one) for one in found}

    @classmethod
    def parse(cls, found: Mapping[str, Any] | None) -> Self:
        """From the ConfigMap. One that was damaged counts as empty: each look is longer then."""
        try:
            document = json.loads((found or {})["data"][_KEY])
            return cls(
                {_ref(key): Applied(*value) for key, value in document["objects"].items()},
                keeping.loaded(document["kept"]),
                int(document["revision"]),
                {str(key): str(value) for key, value in document.get("addresses", {}).items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            return cls()

    def save(self, cluster: Cluster, tenant: str, namespace: str) -> None:
        """Writes it, whatever was there."""
        document = {
            "objects": {_key(ref): [one.uid, one.fingerprint] for ref, one in self.objects.items()},
            "kept": keeping.dumped(self.kept),
            "revision": self.revision,
            "addresses": dict(self.addresses),
        }
        wanted: Object = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": names.INVENTORY,
                "namespace": namespace,
                "labels": names.labels(tenant, "inventory"),
            },
            "data": {_KEY: json.dumps(document, separators=(",", ":"), sort_keys=True)},
        }
        cluster.apply(wanted, force=True)

    def noting(self, there: Mapping[Ref, Mapping[str, Any]]) -> Self:
        """With these objects (metadata by reference) as they are, where it does not know them.

        It may know one of that name which is gone: a tigctl that was killed did not write it down.
        """
        objects = dict(self.objects)
        for ref, metadata in there.items():
            noted = Applied.of({"metadata": metadata})
            if ref not in objects or objects[ref].uid != noted.uid:
                objects[ref] = noted
        return self.but(objects=objects)

    def but(self, **changes: Any) -> Self:
        """A copy with other values."""
        return replace(self, **changes)


def _key(ref: Ref) -> str:
    return f"{ref.kind}/{ref.namespace}/{ref.name}"


def _ref(key: str) -> Ref:
    kind, namespace, name = key.split("/", 2)
    return Ref(kind, namespace, name)
