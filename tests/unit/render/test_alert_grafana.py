"""Covers what a tenant's alerts become in Grafana's provisioning files, and which environment
variables they need. The same through the API is tests/integration/test_grafana_alerts.py's.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tigctl.render.alerts import grafana, settings
from tigctl.render.alerts.flux import Context
from tigctl.render.alerts.load import load
from tigctl.render.bundle import Alerting
from tigctl.render.grafana import grafana_files, state
from tigctl.spec.alerts import Alerts

RULES = load((), Path())
GIVEN = {
    "mail": {"host": "mail.noc.example", "password": {"env": "MAIL_PASSWORD"}},
    "contacts": {"desk": {"email": ["a@noc.example", "b@noc.example"]}, "hook": {}},
    "routes": [{"contact": "hook", "severity": ["critical", "warning"]}],
    "repeat": "1d",
}
GIVEN["contacts"]["hook"] = {"webhook": {"env": "HOOK_URL"}}  # type: ignore[index]  # a mapping


def _alerting(given: dict[str, Any]) -> Alerting:
    alerts = Alerts.model_validate(given)
    context = Context((), 60, alerts, {})
    return grafana.alerting("acme", settings.enabled(RULES, alerts), context)


def _file(given: dict[str, Any]) -> dict[str, Any]:
    made = state("acme", "raw", (), url="", alerting=_alerting(given))
    text = grafana_files(made)["grafana/provisioning/alerting/tigctl.yaml"]
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def test_the_file_holds_rules_contacts_and_policies() -> None:
    found = _file(GIVEN)
    rules = [rule for group in found["groups"] for rule in group["rules"]]
    assert {rule["uid"] for rule in rules} == {f"tigctl-{name}" for name in RULES}
    assert len({group["name"] for group in found["groups"]}) == len(found["groups"])
    points = {one["name"]: one["receivers"][0] for one in found["contactPoints"]}
    assert points["desk"]["settings"]["addresses"] == "a@noc.example;b@noc.example"
    assert points["hook"]["settings"]["url"] == "$HOOK_URL"
    (policy,) = found["policies"]
    assert (policy["receiver"], policy["repeat_interval"]) == ("desk", "1d")
    assert policy["routes"] == [
        {"receiver": "hook", "object_matchers": [["severity", "=~", "critical|warning"]]}
    ]


@pytest.mark.parametrize(
    ("given", "kind", "settings"),
    [
        ({"email": ["a@noc.example"]}, "email", {"addresses": "a@noc.example"}),
        ({"webhook": {"env": "ADDRESS"}}, "webhook", {"url": "$ADDRESS", "httpMethod": "POST"}),
        ({"teams": {"env": "ADDRESS"}}, "teams", {"url": "$ADDRESS"}),
        ({"slack": {"env": "ADDRESS"}}, "slack", {"url": "$ADDRESS"}),
    ],
    ids=["email", "webhook", "teams", "slack"],
)
def test_each_way_to_reach_somebody(
    given: dict[str, Any], kind: str, settings: dict[str, Any]
) -> None:
    contacts = {"mail": {"host": "mail.noc.example"}, "contacts": {"desk": given}}
    (point,) = _file(contacts)["contactPoints"]
    (receiver,) = point["receivers"]
    assert (receiver["type"], receiver["uid"]) == (kind, "tigctl-desk")
    assert settings.items() <= receiver["settings"].items()


def test_only_a_contact_s_own_variable_is_put_in() -> None:
    text = yaml.safe_dump(_file(GIVEN)["groups"])
    assert "$labels" in text
    assert "$$labels" in text
    assert "$labels" not in text.replace("$$labels", "")


def test_without_contacts_nobody_s_policies_are_touched() -> None:
    assert _file({}).keys() == {"apiVersion", "groups"}
    assert _alerting({"enabled": False}) == Alerting()


def test_the_variables_that_have_to_be_set() -> None:
    made = state("acme", "raw", (), url="", alerting=_alerting(GIVEN))
    assert made.variables == ("HOOK_URL",)
    assert replace(made, secrets=(("key", "PASSWORD"),)).variables == ("HOOK_URL", "PASSWORD")
    assert state("acme", "raw", (), url="", alerting=_alerting({})).variables == ()
