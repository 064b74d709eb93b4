"""What an object's status says of it in its conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def holds(found: Mapping[str, Any], kind: str) -> bool:
    """Whether a condition of an object (`Ready` of a pod or node …) is there and true."""
    conditions = (found.get("status") or {}).get("conditions") or ()
    return any(one["type"] == kind and one["status"] == "True" for one in conditions)
