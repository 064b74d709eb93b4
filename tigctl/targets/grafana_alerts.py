"""Grafana's alert rules, contact points and policies in the form a plan compares; and making them.

AlertRule            title, group, how often it is run; severity; digests of query and content
ContactPoint         type, settings; whether the stored secret is the one in the environment
NotificationPolicy   where everything goes that no route takes, and each route

Ours is what has a uid that begins with `tigctl-`, and the policies where they came by the API or
were never touched. Whatever else is there belongs to people and stays.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tigctl.backends.grafana_alerting import FoundContact, FoundPolicy, FoundRule, GrafanaAlerting
from tigctl.errors import TargetError
from tigctl.render.alerts.grafana import PREFIX, SEVERITY_LABEL
from tigctl.render.boards import digest, dumps
from tigctl.render.bundle import Alerting, AlertRule, ContactPoint
from tigctl.targets.compare import MANAGER
from tigctl.targets.model import Action, Change, Json, Resource

RULE, CONTACT, POLICY = "AlertRule", "ContactPoint", "NotificationPolicy"
KINDS = frozenset({RULE, CONTACT, POLICY})
TREE = "policies"
FILE = "file"  # the provenance of what Grafana read from its provisioning files

# What Grafana sends everything to as long as nobody said otherwise.
_UNTOUCHED = frozenset({"", "empty", "grafana-default-email"})
_STORED = "stored"


@dataclass(frozen=True, slots=True)
class FoundAlerting:
    """What Grafana holds of alerting; `intervals` in seconds by group of ours."""

    rules: tuple[FoundRule, ...] = ()
    contacts: tuple[FoundContact, ...] = ()
    policy: FoundPolicy | None = None
    intervals: Mapping[str, int] | None = None


def look(grafana: GrafanaAlerting, wanted: Alerting) -> FoundAlerting:
    """What is there. Reads only: three requests, and one for each group of ours."""
    rules = grafana.rules()
    groups = {(one.folder, one.group) for one in rules if one.uid.startswith(PREFIX)}
    places = {(one.folder, one.group) for one in wanted.rules}
    names = {one.group for one in wanted.rules}
    files = {(one.folder, one.group) for one in rules if one.provenance == FILE}
    groups = {one for one in groups if one in places or (one in files and one[1] in names)}
    return FoundAlerting(
        rules=rules,
        contacts=grafana.contacts(),
        policy=grafana.policy(),
        intervals={group: grafana.interval(folder, group) for folder, group in sorted(groups)},
    )


# Wanted and there


def wanted(state: Alerting) -> Iterator[Resource]:
    """In the order in which they are made: policies name contact points."""
    for contact in state.contacts:
        yield Resource(CONTACT, contact.name, _contact_fields(contact), MANAGER)
    if state.policy:
        yield Resource(POLICY, TREE, _policy_fields(json.loads(state.policy)), MANAGER)
    for rule in state.rules:
        model = json.loads(rule.json)
        fields = _rule_fields(model, rule.folder, rule.group, rule.interval)
        yield Resource(RULE, rule.uid, fields, MANAGER)


def live(found: FoundAlerting, state: Alerting, environ: Mapping[str, str]) -> Iterator[Resource]:
    """What was found, of ours and of what has a wanted name."""
    contacts = {one.name: one for one in state.contacts}
    for there in _one_each(found.contacts, contacts, environ):
        mine = there.uid.startswith(PREFIX)
        if mine or there.name in contacts:
            fields = _found_contact(there, contacts.get(there.name), environ)
            yield Resource(CONTACT, there.name, fields, MANAGER if mine else "")
    if found.policy and (policy := _policy(found.policy, state)):
        yield policy
    rules = {one.uid: one for one in state.rules}
    for one in found.rules:
        if one.uid.startswith(PREFIX):
            yield _found_rule(one, rules.get(one.uid), found.intervals or {})


def _one_each(
    found: Collection[FoundContact],
    wanted_: Mapping[str, ContactPoint],
    environ: Mapping[str, str],
) -> Iterator[FoundContact]:
    """One contact point for each name: that with the right secret, else one of ours."""
    by_name: dict[str, list[FoundContact]] = {}
    for one in found:
        by_name.setdefault(one.name, []).append(one)
    for name, several in by_name.items():
        right = uid_of(wanted_[name], environ) if name in wanted_ else ""
        yield min(several, key=lambda one: (one.uid != right, not one.uid.startswith(PREFIX)))


def _policy(policy: FoundPolicy, state: Alerting) -> Resource | None:
    """The policies, unless they are as Grafana begins with, or nobody's business."""
    tree = json.loads(policy.json)
    if policy.provenance:
        return Resource(POLICY, TREE, _policy_fields(tree), MANAGER)
    untouched = not tree.get("routes") and str(tree.get("receiver") or "") in _UNTOUCHED
    if untouched or not state.policy:
        return None
    return Resource(POLICY, TREE, _policy_fields(tree), "")


def uid_of(contact: ContactPoint, environ: Mapping[str, str]) -> str:
    """The uid of a contact point: another one for each secret, for Grafana shows none."""
    start = f"{PREFIX}{sha256(contact.name.encode()).hexdigest()[:10]}-"
    if not contact.variable:
        return f"{start}open"
    secret = environ.get(contact.variable, "")
    return start + sha256(b"tigctl contact point" + secret.encode()).hexdigest()[:8]


def _contact_fields(contact: ContactPoint) -> dict[str, Json]:
    fields: dict[str, Json] = {"type": contact.type}
    settings = json.loads(contact.settings)
    fields |= {f"settings.{key}": dumps(value) for key, value in sorted(settings.items())}
    if contact.secret:
        fields[f"settings.{contact.secret}"] = _STORED
    return fields


def _found_contact(
    there: FoundContact, contact: ContactPoint | None, environ: Mapping[str, str]
) -> dict[str, Json]:
    fields: dict[str, Json] = {"type": there.type}
    known = json.loads(contact.settings) if contact else {}
    settings = json.loads(there.settings)
    # Grafana adds settings of its own.
    fields |= {f"settings.{key}": dumps(settings.get(key)) for key in sorted(known)}
    if contact and contact.secret:
        unknown = not environ.get(contact.variable) and there.uid.startswith(PREFIX)
        # What comes from a file has the value of its Secret, and is rolled with it.
        same = unknown or there.provenance == FILE or there.uid == uid_of(contact, environ)
        fields[f"settings.{contact.secret}"] = _STORED if same else "a former one"
    return fields


def _policy_fields(tree: Mapping[str, Any]) -> dict[str, Json]:
    fields: dict[str, Json] = {
        key: dumps(tree.get(key))
        for key in ("receiver", "group_by", "group_wait", "group_interval", "repeat_interval")
    }
    for number, route in enumerate(tree.get("routes") or ()):
        matchers = [" ".join(one) for one in route.get("object_matchers") or ()]
        extra = sorted(route.keys() - {"receiver", "object_matchers", "provenance"})
        said = f"{route.get('receiver')}: {', '.join(matchers) or 'all'}"
        said += "".join(f"; {key} {dumps(route[key])}" for key in extra)
        fields[f"routes.{number}"] = said
    return fields


def _rule_fields(
    model: Mapping[str, Any], folder: str, group: str, interval: int
) -> dict[str, Json]:
    steps = model.get("data") or ()
    query = next((one["model"].get("query") for one in steps if one.get("refId") == "A"), "")
    return {
        "title": str(model.get("title") or ""),
        "folder": folder,
        "group": group,
        "interval_s": interval,
        "severity": str((model.get("labels") or {}).get(SEVERITY_LABEL) or ""),
        "paused": bool(model.get("isPaused")),
        "query": digest(query),
        "content": digest(model),
    }


def _found_rule(there: FoundRule, rule: AlertRule | None, intervals: Mapping[str, int]) -> Resource:
    model = json.loads(there.json)
    if rule:
        restricted = _as_in(model, json.loads(rule.json))
        model = restricted if isinstance(restricted, dict) else model
    # Of a rule that comes from a file, Grafana names the folder itself.
    folder = rule.folder if rule and there.provenance == FILE else there.folder
    fields = _rule_fields(model, folder, there.group, intervals.get(there.group, 0))
    return Resource(RULE, there.uid, fields, MANAGER)


def _as_in(value: Any, pattern: Any) -> Any:
    """A value with those keys only that the pattern has: Grafana adds keys of its own."""
    if isinstance(value, dict) and isinstance(pattern, dict):
        return {key: _as_in(value.get(key), one) for key, one in pattern.items()}
    if isinstance(value, list) and isinstance(pattern, list) and len(value) == len(pattern):
        return [_as_in(one, other) for one, other in zip(value, pattern, strict=True)]
    return value


# Making


class Alerts:
    """Makes single changes, as a plan names them. Running again is safe.

    `left` are the uids of rules that stay as they are, wanted otherwise or not at all.
    """

    def __init__(
        self,
        grafana: GrafanaAlerting,
        state: Alerting,
        found: FoundAlerting,
        environ: Mapping[str, str],
        left: Collection[str] = (),
    ) -> None:
        self._grafana = grafana
        self._state = state
        self._found = found
        self._environ = environ
        self._left = frozenset(left)
        self._groups: set[str] = set()

    def carry_out(self, change: Change) -> None:
        """Makes one change."""
        delete = change.action is Action.DELETE
        steps: dict[str, Callable[[str], None]] = {
            RULE: self._grafana.delete_rule if delete else self._put_rule,
            CONTACT: self._delete_contact if delete else self._put_contact,
            POLICY: self._reset_policy if delete else self._put_policy,
        }
        steps[change.kind](change.name)

    def _put_rule(self, uid: str) -> None:
        """All rules of a group are stored at once, those that stay as they were found."""
        group = next(one.group for one in self._state.rules if one.uid == uid)
        if group in self._groups:
            return
        self._groups.add(group)
        rules = [one for one in self._state.rules if one.group == group]
        folder = rules[0].folder
        stored = [
            {**json.loads(one.json), "uid": one.uid} for one in rules if one.uid not in self._left
        ]
        stored += [
            json.loads(one.json)
            for one in self._found.rules
            if one.uid in self._left and (one.folder, one.group) == (folder, group)
        ]
        self._grafana.put_group(folder, group, rules[0].interval, stored)

    def _put_contact(self, name: str) -> None:
        contact = next(one for one in self._state.contacts if one.name == name)
        settings = json.loads(contact.settings)
        if contact.secret:
            value = self._environ.get(contact.variable, "")
            if not value:
                raise TargetError(
                    f"environment variable {contact.variable} is not set, but contact {name}"
                    " needs it",
                    hint=f"export {contact.variable}=…, then run the command again",
                )
            settings[contact.secret] = value
        uid = uid_of(contact, self._environ)
        there = any(one.uid == uid for one in self._found.contacts)
        self._grafana.put_contact(uid, name, contact.type, settings, there=there)
        self._delete_contact(name, keep=uid)

    def _delete_contact(self, name: str, *, keep: str = "") -> None:
        for one in self._found.contacts:
            if one.name == name and one.uid != keep:
                self._grafana.delete_contact(one.uid)

    def _put_policy(self, _name: str) -> None:
        self._grafana.put_policy(json.loads(self._state.policy))

    def _reset_policy(self, _name: str) -> None:
        self._grafana.reset_policy()
