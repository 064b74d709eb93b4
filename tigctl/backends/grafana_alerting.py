"""Grafana's alerting behind a small interface: rules, contact points, notification policies.

Modelled on the alerting provisioning API of Grafana 12 (below /api/v1/provisioning), which 11 and
13 have as well, and on /api/prometheus/grafana for what fires now.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tigctl.backends.grafana_model import quoted

_BASE = "/v1/provisioning"
Ask = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class FoundRule:
    """An alert rule as Grafana has it; `json` is the whole of it.

    `provenance` is "api" for one that came by the provisioning API, "file" from a file, "" for
    one that people made.
    """

    uid: str
    title: str
    folder: str
    group: str
    provenance: str
    json: str


@dataclass(frozen=True, slots=True)
class FoundContact:
    """A contact point; `settings` (JSON) without the secret ones, which come redacted."""

    uid: str
    name: str
    type: str
    provenance: str
    settings: str


@dataclass(frozen=True, slots=True)
class FoundPolicy:
    """The tree of notification policies as JSON; `provenance` as for a rule."""

    provenance: str
    json: str


class GrafanaAlerting:
    """What concerns alerting in one Grafana. `ask` and `drop` make its requests."""

    def __init__(self, ask: Ask, drop: Callable[[str], None]) -> None:
        self._ask = ask
        self._drop = drop

    def rules(self) -> tuple[FoundRule, ...]:
        """All alert rules, by uid."""
        found = self._ask("GET", f"{_BASE}/alert-rules")
        return tuple(
            sorted(
                (
                    FoundRule(
                        uid=one["uid"],
                        title=one["title"],
                        folder=one.get("folderUID") or "",
                        group=one.get("ruleGroup") or "",
                        provenance=one.get("provenance") or "",
                        json=json.dumps(one, ensure_ascii=False),
                    )
                    for one in found
                ),
                key=lambda one: one.uid,
            )
        )

    def interval(self, folder: str, group: str) -> int:
        """How often the rules of a group are run, in seconds."""
        found = self._ask("GET", f"{_BASE}/folder/{quoted(folder)}/rule-groups/{quoted(group)}")
        return int(found.get("interval") or 0)

    def put_group(
        self, folder: str, group: str, interval: int, rules: Sequence[Mapping[str, Any]]
    ) -> None:
        """Makes a group hold exactly these rules, each with its uid."""
        body = {
            "title": group,
            "folderUid": folder,
            "interval": interval,
            "rules": [
                {**one, "orgID": 1, "folderUID": folder, "ruleGroup": group} for one in rules
            ],
        }
        self._ask("PUT", f"{_BASE}/folder/{quoted(folder)}/rule-groups/{quoted(group)}", body)

    def delete_rule(self, uid: str) -> None:
        """Deletes a rule; one that is gone already is fine."""
        self._drop(f"{_BASE}/alert-rules/{quoted(uid)}")

    def contacts(self) -> tuple[FoundContact, ...]:
        """All contact points, by uid."""
        found = self._ask("GET", f"{_BASE}/contact-points")
        return tuple(
            sorted(
                (
                    FoundContact(
                        uid=one.get("uid") or "",
                        name=one["name"],
                        type=one["type"],
                        provenance=one.get("provenance") or "",
                        settings=json.dumps(one.get("settings") or {}, ensure_ascii=False),
                    )
                    for one in found
                ),
                key=lambda one: one.uid,
            )
        )

    def put_contact(
        self, uid: str, name: str, kind: str, settings: Mapping[str, Any], *, there: bool
    ) -> None:
        """Stores a contact point under its uid; `there` says whether it is one already."""
        body = {"uid": uid, "name": name, "type": kind, "settings": dict(settings)}
        if there:
            self._ask("PUT", f"{_BASE}/contact-points/{quoted(uid)}", body)
        else:
            self._ask("POST", f"{_BASE}/contact-points", body)

    def delete_contact(self, uid: str) -> None:
        """Deletes a contact point. Raises Refused where a policy still uses it."""
        self._drop(f"{_BASE}/contact-points/{quoted(uid)}")

    def policy(self) -> FoundPolicy:
        """The tree of notification policies."""
        found = self._ask("GET", f"{_BASE}/policies")
        return FoundPolicy(found.get("provenance") or "", json.dumps(found, ensure_ascii=False))

    def put_policy(self, policy: Mapping[str, Any]) -> None:
        """Makes this the tree of notification policies."""
        self._ask("PUT", f"{_BASE}/policies", dict(policy))

    def reset_policy(self) -> None:
        """Puts Grafana's own tree back, which sends everything to its default contact."""
        self._drop(f"{_BASE}/policies")

    def state_of(self, uid: str) -> str:
        """How a rule is now: `firing`, `pending`, `inactive`; "" where it was never run."""
        found = self._ask("GET", "/prometheus/grafana/api/v1/rules")
        for group in found["data"]["groups"]:
            for rule in group["rules"]:
                if rule.get("uid") == uid:
                    return str(rule.get("state") or "")
        return ""
