"""Which interfaces of a device give points: a rule for devices that have thousands.

Telegraf cannot read a table by halves, so the rows that are not wanted are read and dropped
before they cost anything further: no series, no memory of the buffer, no volume. The condition
is one of Telegraf's `metricpass` (Common Expression Language).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the settings are made of this, and `validate` knows no profiles
    from collectors.knowledge.model import Chosen

_INTERFACE = "interface"


@dataclass(frozen=True, slots=True)
class InterfaceRule:
    """What a tenant wants of devices with many interfaces.

    Attributes:
        above: the rule holds for devices with more interfaces than this.
        admin_down: whether those that are switched off (ifAdminStatus) give points.
        types: only these of ifType; empty: all.
        without_types: none of these.
        alias: only where ifAlias fits this pattern (RE2); empty: all.
    """

    above: int = 2_000
    admin_down: bool = False
    types: tuple[int, ...] = ()
    without_types: tuple[int, ...] = ()
    alias: str = ""

    def holds(self, chosen: Sequence[Chosen]) -> bool:
        """Whether the rule is for a device of which these metrics are polled."""
        rows = max((one.rows for one in chosen if _of_interfaces(one)), default=0)
        return rows > self.above and bool(self.condition)

    def needed(self, chosen: Sequence[Chosen]) -> frozenset[str]:
        """Symbols that are read of a device because the rule asks for them."""
        if not self.holds(chosen):
            return frozenset()
        found = set() if self.admin_down else {"ifAdminStatus"}
        if self.types or self.without_types:
            found.add("ifType")
        return frozenset(found)

    @property
    def condition(self) -> str:
        """The expression that is true for interfaces that are wanted; empty: for all."""
        parts = []
        if not self.admin_down:
            parts.append("(!has(fields.ifAdminStatus) || fields.ifAdminStatus != 2)")
        if self.types:
            parts.append(f"(!has(fields.ifType) || fields.ifType in {_list(self.types)})")
        if self.without_types:
            parts.append(
                f"(!has(fields.ifType) || !(fields.ifType in {_list(self.without_types)}))"
            )
        if self.alias:
            # Behind the script it is a tag, before it, on devices without ifName, a field.
            alias = (
                "(has(tags.ifAlias) ? tags.ifAlias :"
                ' has(fields.ifAlias) ? string(fields.ifAlias) : "")'
            )
            parts.append(f"{alias}.matches({_quoted(self.alias)})")
        return " && ".join(parts)

    def expression(self, names: Sequence[str]) -> str:
        """The condition for raw points of these names; all others pass."""
        others = " && ".join(f"name != {_quoted(name)}" for name in names)
        return f"({others}) || ({self.condition})"

    @property
    def words(self) -> str:
        """The rule for a person."""
        parts = [] if self.admin_down else ["not switched off"]
        if self.types:
            parts.append(f"of type {', '.join(map(str, self.types))}")
        if self.without_types:
            parts.append(f"not of type {', '.join(map(str, self.without_types))}")
        if self.alias:
            parts.append(f"with an ifAlias that fits {self.alias}")
        return " and ".join(parts)


def _of_interfaces(chosen: Chosen) -> bool:
    return any(output.measurement == _INTERFACE for output in chosen.metric.outputs)


def _list(numbers: Sequence[int]) -> str:
    return f"[{', '.join(map(str, numbers))}]"


def _quoted(text: str) -> str:
    """A string literal of CEL; JSON's escapes are among its own."""
    return json.dumps(text)
