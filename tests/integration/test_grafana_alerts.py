"""Covers alert rules, contact points and policies in Grafana over real HTTP: the plan, making them,
drift, secrets, and that what people made stays.

Grafana itself cannot be had here: tests/grafana/alerting.py speaks its API and says what it was
modelled on. That a rule's query fires when it must is tests/integration/test_alert_rules.py's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.grafana.server import GrafanaServer
from tigctl.backends.errors import Refused
from tigctl.backends.grafana import Grafana
from tigctl.errors import TargetError
from tigctl.plan import alert_test
from tigctl.render.alerts import grafana as rendered
from tigctl.render.alerts import settings
from tigctl.render.alerts.flux import Context, Watched
from tigctl.render.alerts.load import load
from tigctl.render.bundle import GrafanaState
from tigctl.render.grafana import state as grafana_state_of
from tigctl.spec.alerts import Alerts
from tigctl.targets import grafana_state
from tigctl.targets.grafana_alerts import uid_of
from tigctl.targets.grafana_changes import apply
from tigctl.targets.model import Action, Change

TOKEN = "a-token-that-nobody-may-see"
RULES = load((), Path())
CONTACTS: dict[str, Any] = {
    "mail": {"host": "mail.noc.example"},
    "contacts": {
        "desk": {"email": ["desk@noc.example"]},
        "oncall": {"slack": {"env": "ONCALL_URL"}},
    },
    "contact": "desk",
    "routes": [{"contact": "oncall", "severity": ["critical"], "site": ["h.q"]}],
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[GrafanaServer]:
    monkeypatch.setenv("ONCALL_URL", "https://hooks.example/first-secret")
    with GrafanaServer() as running:
        yield running


@pytest.fixture
def grafana(server: GrafanaServer) -> Iterator[Grafana]:
    with Grafana(server.url, "admin", "right", timeout=10) as opened:
        yield opened


def state(given: Mapping[str, Any] | None = None) -> GrafanaState:
    alerts = Alerts.model_validate(given or {})
    context = Context((Watched("sw-1", "hq", "access"),), 60, alerts, {})
    wanted = rendered.alerting("acme", settings.enabled(RULES, alerts), context)
    return grafana_state_of("acme", "raw", (), url="http://influxdb:8086", alerting=wanted)


def plan(grafana: Grafana, wanted: GrafanaState) -> tuple[Change, ...]:
    return grafana_state.changes(wanted, grafana_state.look(grafana, wanted), TOKEN)


def shown(changes: tuple[Change, ...]) -> list[str]:
    return [f"{change.action} {change.kind} {change.name}" for change in changes]


def test_all_is_made_and_then_nothing_differs(server: GrafanaServer, grafana: Grafana) -> None:
    wanted = state(CONTACTS)
    before = plan(grafana, wanted)
    assert {change.action for change in before} == {Action.CREATE}
    apply(grafana, wanted, TOKEN)
    assert plan(grafana, wanted) == ()
    held = server.state.alerting
    assert set(held.rules) == {f"tigctl-{name}" for name in RULES}
    assert held.policy["receiver"] == "desk"
    (route,) = held.policy["routes"]
    assert route["object_matchers"] == [["severity", "=~", "critical"], ["site", "=~", "h\\.q"]]
    assert set(held.intervals.values()) == {one.rule.every for one in RULES.values()}


def test_a_rule_says_what_where_and_what_to_do_first(
    server: GrafanaServer, grafana: Grafana
) -> None:
    runbook = "https://wiki.example/{rule}"
    apply(grafana, state({**CONTACTS, "runbook": runbook}), TOKEN)
    rule = server.state.alerting.rules["tigctl-device-down"]
    assert rule["labels"] == {"rule": "device-down", "severity": "critical", "tenant": "acme"}
    assert rule["annotations"]["runbook_url"] == "https://wiki.example/device-down"
    assert 'index $labels "device"' in rule["annotations"]["summary"]
    assert "humanize $values.B.Value" in rule["annotations"]["summary"]
    assert "{site}" not in json.dumps(rule["annotations"])
    assert [step["refId"] for step in rule["data"]] == ["A", "B", "C"]
    assert rule["noDataState"] == "OK"


def test_what_somebody_changed_is_named_and_repaired(
    server: GrafanaServer, grafana: Grafana
) -> None:
    wanted = state(CONTACTS)
    apply(grafana, wanted, TOKEN)
    held = server.state.alerting
    held.rules["tigctl-cpu-high"]["isPaused"] = True
    held.rules["tigctl-memory-high"]["data"][0]["model"]["query"] = "nothing"
    del held.rules["tigctl-restarted"]
    held.policy["routes"] = []
    first = next(uid for uid, one in held.contacts.items() if one["name"] == "desk")
    held.contacts[first]["settings"]["addresses"] = "other@noc.example"
    changes = {change.name: change for change in plan(grafana, wanted)}
    assert {name: change.action for name, change in changes.items()} == {
        "desk": Action.UPDATE,
        "policies": Action.UPDATE,
        "tigctl-cpu-high": Action.UPDATE,
        "tigctl-memory-high": Action.UPDATE,
        "tigctl-restarted": Action.CREATE,
    }
    paths = {field.path for field in changes["tigctl-cpu-high"].fields}
    assert paths == {"paused", "content"}
    assert {field.path for field in changes["desk"].fields} == {"settings.addresses"}
    apply(grafana, wanted, TOKEN)
    assert plan(grafana, wanted) == ()


def test_what_is_not_wanted_any_more_goes_and_what_people_made_stays(
    server: GrafanaServer, grafana: Grafana
) -> None:
    apply(grafana, state(CONTACTS), TOKEN)
    held = server.state.alerting
    server.by_hand("anna", "POST", "/api/folders", {"uid": "hers", "title": "Hers"})
    held.rules["hers"] = {
        **held.rules["tigctl-cpu-high"],
        "uid": "hers",
        "folderUID": "hers",
        "ruleGroup": "hers",
        "provenance": "",
    }
    held.contacts["hers"] = {"uid": "hers", "name": "Anna", "type": "email", "settings": {}}
    fewer = state({"rules": {"cpu-high": {"enabled": False}}})
    found = shown(plan(grafana, fewer))
    # No contact can go while a policy names it.
    assert found[:2] == ["delete AlertRule tigctl-cpu-high", "delete NotificationPolicy policies"]
    assert set(found[2:]) == {"delete ContactPoint oncall", "delete ContactPoint desk"}
    apply(grafana, fewer, TOKEN)
    assert plan(grafana, fewer) == ()
    assert set(held.contacts) == {"hers"}
    assert "hers" in held.rules
    assert held.policy["receiver"] == "empty"


def test_a_secret_is_stored_never_shown_and_changed_when_it_changes(
    server: GrafanaServer, grafana: Grafana, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = state(CONTACTS)
    assert "first-secret" not in repr(plan(grafana, wanted))
    apply(grafana, wanted, TOKEN)
    held = server.state.alerting
    monkeypatch.setenv("ONCALL_URL", "https://hooks.example/second-secret")
    (change,) = plan(grafana, wanted)
    assert (change.kind, change.name, change.action) == ("ContactPoint", "oncall", Action.UPDATE)
    assert [(one.live, one.wanted) for one in change.fields] == [("a former one", "stored")]
    apply(grafana, wanted, TOKEN)
    stored = [one["settings"]["url"] for one in held.contacts.values() if one["name"] == "oncall"]
    assert stored == ["https://hooks.example/second-secret"]
    assert plan(grafana, wanted) == ()
    # Who looks without the secret learns nothing, and is not told that it differs.
    monkeypatch.delenv("ONCALL_URL")
    assert plan(grafana, wanted) == ()


def test_a_missing_secret_is_an_error_that_names_it(
    grafana: Grafana, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ONCALL_URL")
    with pytest.raises(TargetError, match="ONCALL_URL is not set, but contact oncall needs it"):
        apply(grafana, state(CONTACTS), TOKEN)


def test_a_kill_between_two_secrets_is_mended(
    server: GrafanaServer, grafana: Grafana, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = state(CONTACTS)
    apply(grafana, wanted, TOKEN)
    monkeypatch.setenv("ONCALL_URL", "https://hooks.example/second-secret")
    server.misbehave("DELETE", "/api/v1/provisioning/contact-points/.*", 500)
    with pytest.raises(Refused, match="500"):
        apply(grafana, wanted, TOKEN)
    held = server.state.alerting
    assert sum(one["name"] == "oncall" for one in held.contacts.values()) == 2
    apply(grafana, wanted, TOKEN)
    assert plan(grafana, wanted) == ()


def test_policies_that_people_made_are_adopted_not_overrun(
    server: GrafanaServer, grafana: Grafana
) -> None:
    server.state.alerting.policy = {"receiver": "Anna", "routes": [{"receiver": "Anna"}]}
    (change,) = (one for one in plan(grafana, state(CONTACTS)) if one.kind == "NotificationPolicy")
    assert change.action is Action.ADOPT
    # Without contacts nobody's policies are touched.
    assert not [one for one in plan(grafana, state()) if one.kind == "NotificationPolicy"]


def test_uids_fit_and_tell_secrets_apart() -> None:
    contact = replace(state(CONTACTS).alerting.contacts[1], name="x" * 63)
    uids = {uid_of(contact, {"ONCALL_URL": value}) for value in ("a", "b", "")}
    assert len(uids) == 3
    assert all(len(uid) <= 40 for uid in uids)


# Firing on purpose


def test_a_test_fires_says_whom_it_reaches_and_leaves_nothing(
    server: GrafanaServer, grafana: Grafana
) -> None:
    wanted = state(CONTACTS)
    apply(grafana, wanted, TOKEN)
    rule = next(one for one in wanted.alerting.rules if one.uid == "tigctl-device-down")
    made = alert_test.made(rule, {"device": "sw-1", "site": "h.q"})
    said: list[str] = []
    slept: list[float] = []
    alert_test.fire(grafana.alerting, made, said.append, sleep=slept.append)
    assert said == ["stored; waiting until Grafana has run it", "fires; waiting until it is sent"]
    assert slept == [alert_test.SENDING_S]
    assert "tigctl-test" not in server.state.alerting.rules
    assert plan(grafana, wanted) == ()
    labels = {"site": "h.q", **json.loads(made.json)["labels"]}
    assert alert_test.receiver(wanted.alerting.policy, labels) == "oncall"
    assert alert_test.receiver(wanted.alerting.policy, {**labels, "site": "hxq"}) == "desk"
    assert alert_test.receiver("", labels) == ""


def test_a_test_that_does_not_fire_is_told_and_goes(
    server: GrafanaServer, grafana: Grafana
) -> None:
    wanted = state(CONTACTS)
    apply(grafana, wanted, TOKEN)
    silent = replace(wanted.alerting.rules[0], uid="tigctl-test")
    with pytest.raises(TargetError, match="did not fire"):
        alert_test.fire(grafana.alerting, silent, lambda _: None, sleep=lambda _: None)
    assert "tigctl-test" not in server.state.alerting.rules


def test_a_test_that_was_killed_is_cleaned_up_by_the_next_apply(
    server: GrafanaServer, grafana: Grafana
) -> None:
    wanted = state(CONTACTS)
    apply(grafana, wanted, TOKEN)
    model = json.loads(alert_test.made(wanted.alerting.rules[0], {"device": "a"}).json)
    grafana.alerting.put_group("tigctl", "tigctl test", 10, [{**model, "uid": "tigctl-test"}])
    assert shown(plan(grafana, wanted)) == ["delete AlertRule tigctl-test"]
