"""Alert rules, contact points and policies as Grafana takes them. Pure.

A rule has three steps there: the query (A), its newest value (B), and that there is one (C). So
whatever row the query returns is an alert, and the tests of the query are those of the alert.

Modelled on Grafana's alerting provisioning API and its file format (documentation of Grafana 12,
"Alerting provisioning HTTP API", "Use configuration files to provision alerting resources").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tigctl.render.alerts import flux
from tigctl.render.alerts.flux import Context
from tigctl.render.alerts.load import Loaded
from tigctl.render.alerts.model import fill
from tigctl.render.boards import dumps
from tigctl.render.bundle import Alerting, AlertRule, ContactPoint
from tigctl.render.grafana import FOLDER_UID, SOURCE_UID
from tigctl.spec.alerts import Alerts, Contact, Route
from tigctl.spec.quantity import format_duration

PREFIX = f"{FOLDER_UID}-"
# What rules made by tigctl carry, so that policies and people know them.
RULE_LABEL, SEVERITY_LABEL, TENANT_LABEL = "rule", "severity", "tenant"
_EXPRESSION = "__expr__"


def alerting(tenant: str, rules: Sequence[Loaded], context: Context) -> Alerting:
    """What Grafana holds for a tenant with these rules."""
    alerts = context.alerts
    contacts = tuple(_contact(name, one) for name, one in alerts.contacts.items())
    return Alerting(
        rules=tuple(_rule(tenant, one, context) for one in rules),
        contacts=contacts,
        policy=dumps(_policy(alerts)) if contacts else "",
    )


def _rule(tenant: str, one: Loaded, context: Context) -> AlertRule:
    rule, own = one.rule, context.alerts.rules.get(one.name)
    over = own.over if own and own.over else rule.over
    labels = {
        RULE_LABEL: one.name,
        SEVERITY_LABEL: own.severity if own and own.severity else rule.severity,
        TENANT_LABEL: tenant,
    }
    annotations = {
        "summary": _template(rule.summary, rule.labels),
        "description": _template(rule.first, rule.labels),
    }
    if book := rule.runbook or fill(context.alerts.runbook, {"rule": one.name}):
        annotations["runbook_url"] = book
    return rule_of(
        name=one.name,
        title=rule.title,
        query=flux.query(one, context),
        every=rule.every,
        over=over,
        labels=labels,
        annotations=annotations,
    )


def rule_of(
    *,
    name: str,
    title: str,
    query: str,
    every: int,
    over: int,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
) -> AlertRule:
    """A rule that fires for each row of a query; `every` and `over` in seconds."""
    model = {
        "title": title,
        "condition": "C",
        "data": [
            _step("A", SOURCE_UID, over, {"query": query}),
            _step(
                "B",
                _EXPRESSION,
                0,
                {
                    "type": "reduce",
                    "expression": "A",
                    "reducer": "last",
                    "settings": {"mode": "dropNN"},
                },
            ),
            _step("C", _EXPRESSION, 0, {"type": "math", "expression": "is_number($B)"}),
        ],
        # No row is no alert. A query that fails is one of its own, for then nobody is watched.
        "noDataState": "OK",
        "execErrState": "Error",
        # How long it has to be so is the query's business.
        "for": "0s",
        "labels": dict(labels),
        "annotations": dict(annotations),
        "isPaused": False,
    }
    group = f"tigctl every {format_duration(every)}"
    return AlertRule(f"{PREFIX}{name}", title, FOLDER_UID, group, every, dumps(model))


def _step(reference: str, source: str, over: int, model: Mapping[str, Any]) -> dict[str, Any]:
    kind = "influxdb" if source == SOURCE_UID else _EXPRESSION
    return {
        "refId": reference,
        "queryType": "",
        "relativeTimeRange": {"from": over, "to": 0},
        "datasourceUid": source,
        # Grafana fills in the last two where they are left out.
        "model": {
            "refId": reference,
            "datasource": {"type": kind, "uid": source},
            **model,
            "intervalMs": 1000,
            "maxDataPoints": 43200,
        },
    }


def _template(text: str, labels: Iterable[str]) -> str:
    """A text for people in the language of Grafana's templates."""
    put = {
        name: f'{{{{ with index $labels "{name}" }}}}{{{{ . }}}}{{{{ else }}}}–{{{{ end }}}}'
        for name in labels
    }
    put["value"] = "{{ humanize $values.B.Value }}"
    # What looks like a template in somebody's own text is none.
    return fill(text.replace("{{", '{{ "{{" }}'), put)


def _contact(name: str, contact: Contact) -> ContactPoint:
    if contact.email:
        settings = {"addresses": ";".join(contact.email), "singleEmail": False}
        return ContactPoint(name, "email", dumps(settings))
    variable = contact.reference
    if contact.webhook:
        return ContactPoint(name, "webhook", dumps({"httpMethod": "POST"}), "url", variable)
    return ContactPoint(name, "teams" if contact.teams else "slack", dumps({}), "url", variable)


def _policy(alerts: Alerts) -> dict[str, Any]:
    """Who hears of what: the first route that fits, else the contact for the rest."""
    rest = alerts.contact or next(iter(alerts.contacts))
    return {
        "receiver": rest,
        # One message for all that goes wrong at a site by the same rule.
        "group_by": ["grafana_folder", "alertname", "site"],
        "group_wait": "30s",
        "group_interval": "5m",
        "repeat_interval": format_duration(alerts.repeat),
        "routes": [_route(one) for one in alerts.routes],
    }


def _route(route: Route) -> dict[str, Any]:
    wanted = {
        SEVERITY_LABEL: route.severity,
        RULE_LABEL: route.rule,
        "site": route.site,
        "role": route.role,
        "device": route.device,
    }
    matchers = [
        [name, "=~", "|".join(map(_literal, values))] for name, values in wanted.items() if values
    ]
    return {"receiver": route.contact, "object_matchers": matchers}


def _literal(text: str) -> str:
    """A text as a regular expression of Go that fits nothing else."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text)
