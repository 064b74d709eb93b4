"""Alerting of the small Grafana: rules, contact points, notification policies.

Modelled on Grafana 12's "Alerting provisioning HTTP API" and, for what that leaves open, on its
source (pkg/services/ngalert/api/api_provisioning.go, provisioning/*.go):

- what is stored this way has the provenance `api`, and people cannot change it with the mouse
- storing a group replaces its rules: others of it go, a rule of another group moves; the folder
  has to be there; Grafana adds keys of its own to a rule (id, updated, provenance …)
- a contact point's secret settings come back as [REDACTED]; several may share a name, and are
  then one receiver; the last of a name cannot go while a policy uses it
- policies may name only receivers that are there; resetting puts the default tree back
- what came from a file (files.py) has the provenance `file`; the API refuses to
  change it, for that would change its provenance (services/ngalert/provisioning/provisioning.go)
- what fires now stands below /api/prometheus: here a rule fires as soon as it is stored whose
  query holds array.from, for nobody evaluates anything
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, field

from tests.grafana.answers import Answer, Body, error

_SECRET = {"slack": {"url", "token"}, "teams": {"url"}, "webhook": {"password"}}
_DEFAULT: Body = {"receiver": "empty", "group_by": ["grafana_folder", "alertname"]}


def _is_from_file(*found: Body) -> Answer | None:
    """The refusal where any of these came from a file."""
    if any(one.get("provenance") == "file" for one in found):
        return error(403, "cannot change provenance from 'file' to 'api'")
    return None


@dataclass
class Alerting:
    """What this Grafana holds of alerting; all of it is data for JSON.

    `folders` are those of the server, `intervals` in seconds by folder/group.
    """

    folders: dict[str, Body]
    rules: dict[str, Body] = field(default_factory=dict)
    intervals: dict[str, int] = field(default_factory=dict)
    contacts: dict[str, Body] = field(default_factory=dict)
    policy: Body = field(default_factory=lambda: deepcopy(_DEFAULT))
    ids: int = 0

    def answer(self, method: str, parts: list[str], body: Body) -> Answer:
        """The answer to a request below /api/v1/provisioning."""
        match parts:
            case ["alert-rules"] if method == "GET":
                return 200, deepcopy(list(self.rules.values()))
            case ["alert-rules", uid] if method == "DELETE":
                if refused := _is_from_file(self.rules.get(uid, {})):
                    return refused
                self.rules.pop(uid, None)
                return 204, {}
            case ["folder", folder, "rule-groups", group]:
                return self._group(method, folder, group, body)
            case ["contact-points", *rest]:
                return self._contact(method, rest[0] if rest else "", body)
            case ["policies"]:
                return self._policies(method, body)
        return error(404, "Not found")

    def firing(self) -> Answer:
        """The answer to GET /api/prometheus/grafana/api/v1/rules."""
        rules = [
            {"uid": uid, "name": rule["title"], "state": _state(rule)}
            for uid, rule in self.rules.items()
        ]
        return 200, {"status": "success", "data": {"groups": [{"name": "all", "rules": rules}]}}

    def _group(self, method: str, folder: str, group: str, body: Body) -> Answer:
        inside = [
            uid
            for uid, one in self.rules.items()
            if (one["folderUID"], one["ruleGroup"]) == (folder, group)
        ]
        if method == "GET":
            if not inside:
                return error(404, "rule group not found")
            return 200, {
                "title": group,
                "folderUid": folder,
                "interval": self.intervals.get(f"{folder}/{group}", 60),
                "rules": [self.rules[uid] for uid in inside],
            }
        if folder not in self.folders:
            return error(400, "folder does not exist")
        titles = [rule["title"] for rule in body["rules"]]
        if len(set(titles)) < len(titles):
            return error(400, "a conflicting alert rule is found: rule title must be unique")
        if refused := _is_from_file(*(self.rules[uid] for uid in inside)):
            return refused
        for uid in inside:
            del self.rules[uid]
        for rule in body["rules"]:
            self.ids += 1
            self.rules[rule["uid"]] = {
                **deepcopy(rule),
                "id": self.ids,
                "folderUID": folder,
                "ruleGroup": group,
                "updated": "2026-11-20T14:02:00Z",
                "provenance": "api",
                "notification_settings": None,
                "record": None,
            }
        self.intervals[f"{folder}/{group}"] = body["interval"]
        return 200, body

    def _contact(self, method: str, uid: str, body: Body) -> Answer:
        if method == "GET":
            return 200, [self._shown(one) for one in self.contacts.values()]
        if method == "POST":
            if body["uid"] in self.contacts:
                return error(400, f"receiver with UID {body['uid']} already exists")
            self.contacts[body["uid"]] = {**deepcopy(body), "provenance": "api"}
            return 202, self._shown(self.contacts[body["uid"]])
        if uid not in self.contacts:
            return error(404, "contact point not found")
        if refused := _is_from_file(self.contacts[uid]):
            return refused
        if method == "PUT":
            self.contacts[uid] = {**deepcopy(body), "uid": uid, "provenance": "api"}
            return 202, {"message": "contactpoint updated"}
        name = self.contacts[uid]["name"]
        last = sum(one["name"] == name for one in self.contacts.values()) == 1
        if last and name in _receivers(self.policy):
            return error(409, f"contact point {name} is currently used by a notification policy")
        del self.contacts[uid]
        return 202, {"message": "contactpoint deleted"}

    def _shown(self, contact: Body) -> Body:
        secret = _SECRET.get(contact["type"], set())
        settings = {
            key: "[REDACTED]" if key in secret else value
            for key, value in contact["settings"].items()
        }
        return {**contact, "settings": settings, "disableResolveMessage": False}

    def _policies(self, method: str, body: Body) -> Answer:
        if method == "GET":
            return 200, deepcopy(self.policy)
        if refused := _is_from_file(self.policy):
            return refused
        if method == "DELETE":
            self.policy = deepcopy(_DEFAULT)
            return 202, {"message": "policies reset"}
        known = {one["name"] for one in self.contacts.values()} | {_DEFAULT["receiver"]}
        if missing := sorted(_receivers(body) - known):
            return error(400, f"invalid object specification: receiver {missing[0]!r} is missing")
        self.policy = {**deepcopy(body), "provenance": "api"}
        return 202, {"message": "policies updated"}


def _receivers(tree: Body) -> set[str]:
    found = {tree["receiver"]}
    for route in tree.get("routes") or ():
        found |= _receivers(route)
    return found


def _state(rule: Body) -> str:
    return "firing" if "array.from" in json.dumps(rule["data"]) else "inactive"
