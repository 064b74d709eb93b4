"""What has to be remembered from one call to the next. No secrets.

Everything in it can be found anew, so a damaged file stops nobody: it counts as empty, the
plan says so, and the next apply writes it again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tigctl.spec.files import replace as replace_file
from tigctl.targets import keeping
from tigctl.targets.local.layout import PRIVATE_FILE, Layout

VERSION = 1


@dataclass(frozen=True, slots=True)
class State:
    """The memory of one tenant.

    Attributes:
        port: InfluxDB's port on 127.0.0.1; kept, so that bookmarks go on working.
        ping_method: what `auto` was resolved to.
        versions: program -> version it was last started in.
        tokens: role (`write`, `read`) -> description of the token that plays it.
        influxdb: what InfluxDB held when it was last seen: "kind name" -> fields. Lets a plan
            tell what is kept while InfluxDB is stopped.
        kept: the decisions to leave things as somebody made them (`keeping.dumped`).
        damaged: the file was there but could not be read.
    """

    port: int | None = None
    ping_method: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    tokens: Mapping[str, str] = field(default_factory=dict)
    influxdb: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    kept: Sequence[Mapping[str, Any]] = ()
    damaged: bool = False

    @classmethod
    def load(cls, layout: Layout) -> State:
        """What is remembered; an empty state where nothing is, or nothing that makes sense."""
        try:
            found = json.loads(layout.state.read_bytes())
        except FileNotFoundError:
            return cls()
        except ValueError:
            return cls(damaged=True)
        return _checked(found)

    def save(self, layout: Layout) -> None:
        """Writes the state; on the disk when this returns."""
        content = asdict(self) | {"version": VERSION}
        del content["damaged"]
        replace_file(layout.state, json.dumps(content, indent=2) + "\n", mode=PRIVATE_FILE)

    def but(self, **changes: Any) -> State:
        """This state with changes."""
        return replace(self, **changes)


def _checked(found: Any) -> State:
    if not isinstance(found, dict) or found.pop("version", None) != VERSION:
        return State(damaged=True)
    port = found.get("port")
    mappings = [found.get(name, {}) for name in ("versions", "tokens", "influxdb")]
    fits = (
        (port is None or (isinstance(port, int) and 0 < port < 65536))
        and isinstance(found.get("ping_method", ""), str)
        and all(isinstance(mapping, dict) for mapping in mappings)
        and all(isinstance(value, dict) for value in found.get("influxdb", {}).values())
        and _are_decisions(found.get("kept", []))
        and set(found) <= {"port", "ping_method", "versions", "tokens", "influxdb", "kept"}
    )
    return State(**found | {"kept": tuple(found.get("kept", ()))}) if fits else State(damaged=True)


def _are_decisions(found: Any) -> bool:
    try:
        keeping.loaded(found)
    except (TypeError, KeyError, ValueError):
        return False
    return True
