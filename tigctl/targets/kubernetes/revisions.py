"""The history of a tenant: each apply leaves the whole bundle it carried out.

Kept as Secrets, for nobody but tigctl needs to read them; a bundle holds no secret's value. A
large bundle is spread over several, below the size the API server takes.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.errors import TargetError
from tigctl.render.bundle import Bundle
from tigctl.targets.interface import Revision
from tigctl.targets.kubernetes import names

KEPT = 10
# A Secret holds 1 MiB with its names and base64.
_PART_BYTES = 700_000
_NUMBER = "tigctl.dev/revision"
_PARTS = "tigctl.dev/parts"
_TYPE = "tigctl.dev/revision"


def numbers(cluster: Cluster, tenant: str, namespace: str) -> list[Revision]:
    """All kept revisions, oldest first."""
    found = {
        number: Revision(number, str(one["metadata"].get("creationTimestamp", "")))
        for one in _listed(cluster, tenant, namespace)
        if (number := _number(one["metadata"]))
    }
    return [found[number] for number in sorted(found)]


def save(cluster: Cluster, tenant: str, namespace: str, number: int, bundle: Bundle) -> None:
    """Writes a revision, the first part last, and takes away those that are too old."""
    parts = list(_parts(_dumped(bundle)))
    for place, part in reversed(list(enumerate(parts))):
        metadata = {
            "name": _name(number, place),
            "namespace": namespace,
            "labels": {**names.labels(tenant, "revision"), _NUMBER: str(number)},
            "annotations": {_PARTS: str(len(parts))},
        }
        cluster.apply(_secret(metadata, part), force=True)
    if number <= KEPT:
        return
    for one in _listed(cluster, tenant, namespace):
        if _number(one["metadata"]) <= number - KEPT:
            cluster.delete(Ref("Secret", namespace, one["metadata"]["name"]))


def holds(cluster: Cluster, namespace: str, number: int, bundle: Bundle) -> bool:
    """Whether a revision is there and is of this bundle."""
    return bool(number) and _packed(cluster, namespace, number) == _dumped(bundle)


def load(cluster: Cluster, tenant: str, namespace: str, number: int) -> Bundle:
    """The bundle of a revision. Raises TargetError where it is not there or not whole."""
    try:
        if (packed := _packed(cluster, namespace, number)) is not None:
            return _ADAPTER.validate_json(gzip.decompress(packed))
    except (OSError, EOFError, ValidationError):
        pass
    kept = [str(one.number) for one in numbers(cluster, tenant, namespace)]
    raise TargetError(
        f"{tenant}: revision {number} is not there or not whole",
        hint=f"kept are {', '.join(kept)}" if kept else f"tigctl apply {tenant} makes one",
    )


_ADAPTER = TypeAdapter(Bundle)


def _packed(cluster: Cluster, namespace: str, number: int) -> bytes | None:
    """What the parts of a revision hold; None where one is not there."""
    packed = b""
    place, parts = 0, 1
    while place < parts:
        found = cluster.get(Ref("Secret", namespace, _name(number, place)))
        if found is None:
            return None
        parts = int(found["metadata"]["annotations"][_PARTS])
        packed += base64.b64decode(found["data"]["bundle"])
        place += 1
    return packed


def _dumped(bundle: Bundle) -> bytes:
    # No time in it: the same bundle gives the same bytes.
    return gzip.compress(_ADAPTER.dump_json(bundle), mtime=0)


def _parts(packed: bytes) -> Iterator[bytes]:
    for start in range(0, len(packed), _PART_BYTES):
        yield packed[start : start + _PART_BYTES]


def _listed(cluster: Cluster, tenant: str, namespace: str) -> list[Object]:
    return cluster.objects(
        "Secret", namespace, labels=names.labels(tenant, "revision"), metadata_only=True
    )


def _number(metadata: Mapping[str, Any]) -> int:
    text = str((metadata.get("labels") or {}).get(_NUMBER, ""))
    return int(text) if text.isdigit() else 0


def _name(number: int, place: int) -> str:
    return f"{names.REVISION}-{number}" + (f"-{place}" if place else "")


def _secret(metadata: Object, data: bytes) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": _TYPE,
        "immutable": True,
        "data": {"bundle": base64.b64encode(data).decode()},
    }
