"""What an object's status says of it in its conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def of(found: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """A condition of an object (`Ready` of a pod or node …); empty where it is not set."""
    return among(found.get("status") or {}, kind)


def among(status: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """The same of a status that is not an object's own, as those of a Longhorn node's disks."""
    return next((one for one in status.get("conditions") or () if one.get("type") == kind), {})


def holds(found: Mapping[str, Any], kind: str) -> bool:
    """Whether a condition of an object is there and true."""
    return of(found, kind).get("status") == "True"
