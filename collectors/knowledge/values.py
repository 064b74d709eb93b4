"""Plain values of a profile: OIDs, regular expressions, conditions. Faults are noted."""

from __future__ import annotations

import re
from typing import Any

from collectors.knowledge.document import Faults, Map, maps
from collectors.knowledge.model import Condition

# `~` stands for the device's own sysObjectID, `~~` for what that stands below.
OID = re.compile(r"~~?|(~~?|[0-2])(\.\d+)+")
# RE2 has neither look-around nor back-references.
_NOT_RE2 = re.compile(r"\(\?[=!<]|\\[1-9]|\(\?P=")


def yes(value: Any) -> bool:
    """Whether a plain value of a profile means yes."""
    return str(value).lower() in {"true", "yes"}


def oid(value: Any, line: int, faults: Faults) -> str:
    """A numeric OID without a leading dot; empty (with a fault) for what is none."""
    text = str(value).strip().removeprefix(".")
    if not OID.fullmatch(text):
        faults.add(line, f"OID {value!r} is not numeric; write it like 1.3.6.1.2.1.1.3.0")
        return ""
    return text


def regex(pattern: str, line: int, faults: Faults) -> int:
    """Checks a regular expression; how many groups it has."""
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        faults.add(line, f"{pattern!r} is no regular expression ({error})")
        return 0
    if _NOT_RE2.search(pattern):
        faults.add(line, f"{pattern!r}: look-around and back-references are not in RE2")
    return compiled.groups


def conditions(extension: Map, faults: Faults) -> tuple[Condition, ...]:
    """The key `when`: objects and what their texts have to match."""
    if "when" not in extension:
        return ()
    line = extension.lines["when"]
    found = []
    for item in maps(extension["when"], faults, line, "when"):
        faults.unknown_keys(item, ("OID", "name", "matches"), "`when`")
        number = oid(item.get("OID", ""), item.lines.get("OID", item.line), faults)
        pattern = str(item.get("matches", ""))
        if not pattern:
            faults.add(item.line, "`when` needs `matches:`, a regular expression")
            continue
        regex(pattern, item.lines["matches"], faults)
        if number:
            found.append(Condition(number, str(item.get("name", "")), pattern))
    return tuple(found)
