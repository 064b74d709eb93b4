"""What InfluxDB holds, as `influxdb.Influx` tells of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class FoundBucket:
    """A bucket as InfluxDB has it; `retention` in seconds, 0 means for ever."""

    id: str
    name: str
    retention: int

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """From InfluxDB's answer."""
        rules = found.get("retentionRules") or []
        seconds = sum(int(rule.get("everySeconds", 0)) for rule in rules)
        return cls(found["id"], found["name"], seconds)


@dataclass(frozen=True, slots=True)
class Authorization:
    """An authorization as InfluxDB has it. The token itself cannot be read again.

    `read` and `write` hold ids of single buckets; `others` counts all further permissions.
    """

    id: str
    description: str
    active: bool
    read: frozenset[str]
    write: frozenset[str]
    others: int

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """From InfluxDB's answer."""
        ids: dict[str, set[str]] = {"read": set(), "write": set()}
        others = 0
        for permission in found["permissions"]:
            resource = permission["resource"]
            if resource["type"] == "buckets" and resource.get("id"):
                ids[permission["action"]].add(resource["id"])
            else:
                others += 1
        return cls(
            id=found["id"],
            description=found.get("description", ""),
            active=found.get("status") == "active",
            read=frozenset(ids["read"]),
            write=frozenset(ids["write"]),
            others=others,
        )


@dataclass(frozen=True, slots=True)
class FoundTask:
    """A task as InfluxDB has it; `every` and `offset` as it writes them, such as 5m and 1m0s."""

    id: str
    name: str
    every: str
    offset: str
    active: bool
    flux: str

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """From InfluxDB's answer."""
        return cls(
            id=found["id"],
            name=found["name"],
            every=found.get("every", ""),
            offset=found.get("offset", ""),
            active=found.get("status") == "active",
            flux=found["flux"],
        )


@dataclass(frozen=True, slots=True)
class Made:
    """An authorization that was just made, with its token."""

    id: str
    token: str = field(repr=False)
