"""Who owns which fields of an object, from its `metadata.managedFields`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from typing import Any

from tigctl.backends.kubernetes.cluster import MANAGER
from tigctl.targets.kubernetes import fieldpath
from tigctl.targets.kubernetes.fieldpath import Path

# Parts of Kubernetes that fill in fields of objects that others made: the volume a claim got,
# the revision of a Deployment. What they write is no drift.
_CONTROLLERS = frozenset(
    {"kube-controller-manager", "kube-scheduler", "kubelet", "kube-apiserver", "kwok"}
)
# Labels, annotations and finalizers are added by cluster managers; they change nothing of ours.
_NOT_LOOKED_AT = frozenset({"f:metadata", "f:status"})

Entry = Mapping[str, Any]


def _entries(metadata: Mapping[str, Any]) -> Iterator[Entry]:
    """The entries about the object itself, not about its status or another subresource."""
    for entry in metadata.get("managedFields") or ():
        if not entry.get("subresource"):
            yield entry


def ours(metadata: Mapping[str, Any]) -> Entry | None:
    """What tigctl applied; None for an object that it did not make."""
    for entry in _entries(metadata):
        if entry.get("manager") == MANAGER and entry.get("operation") == "Apply":
            return entry
    return None


def fingerprint(metadata: Mapping[str, Any]) -> str:
    """Of the fields that tigctl owns: it changes as soon as somebody else changes one of them.

    Whoever sets a field takes it from us, or shares it; either changes our entry.
    """
    entry = ours(metadata)
    if entry is None:
        return ""
    document = json.dumps(entry.get("fieldsV1", {}), sort_keys=True, separators=(",", ":"))
    return sha256(document.encode()).hexdigest()[:16]


def strangers(metadata: Mapping[str, Any]) -> list[Entry]:
    """Entries of others who set more than metadata: people, tools, other appliers."""
    return [
        entry
        for entry in _entries(metadata)
        if entry.get("manager") not in _CONTROLLERS
        and entry.get("manager") != MANAGER
        and entry.get("fieldsV1", {}).keys() - _NOT_LOOKED_AT
    ]


def of(metadata: Mapping[str, Any], managers: Collection[str]) -> list[Entry]:
    """Entries of these managers, whatever they set."""
    return [entry for entry in _entries(metadata) if entry.get("manager") in managers]


def beside_ours(metadata: Mapping[str, Any]) -> bool:
    """Whether others set fields that tigctl does not.

    A field that is theirs and ours has our value: whoever sets another takes it from us.
    """
    others = strangers(metadata)
    if not others:
        return False
    own = set(paths(ours(metadata) or {}))
    return any(path not in own for entry in others for path in paths(entry))


def paths(entry: Entry) -> Iterator[Path]:
    """The fields an entry owns, metadata and status left out."""
    fields = entry.get("fieldsV1", {})
    yield from fieldpath.owned({k: v for k, v in fields.items() if k not in _NOT_LOOKED_AT})


def manager(metadata: Mapping[str, Any]) -> str:
    """Who made an object that is not ours, as far as it tells."""
    names = [
        str(entry["manager"])
        for entry in _entries(metadata)
        if entry.get("manager") and entry["manager"] not in _CONTROLLERS
    ]
    labelled = (metadata.get("labels") or {}).get("app.kubernetes.io/managed-by", "")
    return names[0] if names else labelled or "somebody"


def said(entry: Entry) -> str:
    """A manager and when it was at work: `kubectl-edit, 2026-11-20 14:02`."""
    when = str(entry.get("time", "")).replace("T", " ")[:16]
    return ", ".join(part for part in (str(entry.get("manager", "somebody")), when) if part)
