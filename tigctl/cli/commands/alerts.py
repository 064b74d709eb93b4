"""`tigctl alerts`: which rules there are, whether each fires when it must, whom it reaches."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import click

from tigctl.cli import output, place, tables
from tigctl.cli.alerting import rules_of, setting_faults
from tigctl.cli.options import tenant_argument
from tigctl.cli.stack import stack
from tigctl.errors import InvalidFiles, TargetError, ToolError, UsageError
from tigctl.plan import alert_cases, alert_test
from tigctl.render.alerts import flux, load, settings
from tigctl.render.alerts.grafana import PREFIX
from tigctl.render.alerts.load import Loaded
from tigctl.render.alerts.model import Limit
from tigctl.spec.alerts import Alerts
from tigctl.spec.faults import suggest
from tigctl.spec.quantity import format_duration
from tigctl.spec.workspace import Tenant
from tigctl.targets import scratch, tools
from tigctl.targets.kubernetes.target import KubernetesTarget
from tigctl.targets.model import Json


@click.group()
def command() -> None:
    """List, show, check and test the rules by which people are called.

    A rule is one query that returns rows only when it fires. Own ones in dashboards/alerts/ of
    the tenant or the workspace come before the shipped ones. docs/alerts.md says more.

    \b
    Example:
      tigctl alerts list acme
    """


@command.command("list")
@tenant_argument(required=False)
@click.option(
    "-o", "--output", "form", type=click.Choice(["table", "json"]), default="table",
    show_default=True, help="Form of the data on standard output.",
)  # fmt: skip
def list_(tenant: str | None, form: str) -> None:
    """List all rules with their limits; with TENANT: as they are for it.

    \b
    Examples:
      tigctl alerts list
      tigctl alerts list acme -o json
    """
    rules, alerts = _rules(tenant)
    if form == "json":
        output.as_json([_described(one, alerts) for one in rules.values()])
        return
    columns = (
        tables.Column("RULE"),
        tables.Column("SEVERITY"),
        tables.Column("AFTER", right=True),
        tables.Column("LIMITS", fold=True, most=40),
        tables.Column("SAYS", fold=True),
    )
    tables.show(tables.table(columns, [_row(one, alerts) for one in rules.values()]))


@command.command()
@click.argument("rule")
@tenant_argument(required=False)
def show(rule: str, tenant: str | None) -> None:
    """Print a rule's query for a tenant, complete, as Grafana runs it.

    TENANT can be left out where there is only one.

    \b
    Example:
      tigctl alerts show device-down acme
    """
    found = stack(place.one(tenant))
    rules = rules_of(found.tenant)
    if rule not in rules:
        raise UsageError(f"no rule named {rule}", hint="tigctl alerts list shows all names")
    output.data(
        flux.query(rules[rule], settings.context(found.tenant, found.bundle.devices)).rstrip()
    )


@command.command()
@tenant_argument(required=False)
def check(tenant: str | None) -> int:
    """Check the rules and try each on a real InfluxDB with its own cases.

    Reads the rules of TENANT, else those of the workspace and all its tenants, and what their
    settings say of rules. Then made series are written into an InfluxDB that lives as long as
    the check, and each query has to fire for them or to keep silent, as its case says. Exit code
    1 where one does not.

    \b
    Examples:
      tigctl alerts check
      tigctl alerts check acme
    """
    tenants = [place.one(tenant)] if tenant else place.every()
    found: dict[tuple[str, Path], Loaded] = {}
    faults = []
    for one in tenants:
        rules = rules_of(one)
        faults += setting_faults(one, rules)
        found |= {(name, rule.file): rule for name, rule in rules.items()}
    if faults:
        raise InvalidFiles(faults)
    count = output.count(len(found), "rule")
    bare = [name for (name, _), rule in found.items() if not rule.rule.cases]
    for name in bare:
        output.say(f"note: {name} has no cases: nobody knows whether it fires")
    try:
        tools.find("influxd")
    except ToolError as error:
        output.data(f"{count}: no faults")
        output.say(f"note: the cases were not tried: {error.message}")
        return 0
    with scratch.influxdb() as influx:
        outcomes = list(alert_cases.run(found.values(), influx))
    wrong = [one for one in outcomes if one.wrong]
    for one_ in wrong:
        output.data(f"{one_.rule}: {one_.case}: {one_.wrong}")
    cases = output.count(len(outcomes), "case")
    output.data(f"{count}, {cases}: {len(wrong) or 'none'} wrong")
    return 1 if wrong else 0


@command.command()
@tenant_argument()
@click.argument("rule", default="device-down")
@click.option("--device", metavar="NAME", help="As if it were this device; default: the first.")
def test(tenant: str, rule: str, device: str | None) -> None:
    """Fire an alert on purpose, to see whether it reaches somebody.

    Stores a rule in the tenant's Grafana that fires at once, with the texts, the severity and the
    device's site and role of RULE (device-down where none is named), waits until Grafana has sent
    it, and takes it away again. Kubernetes only: nowhere else runs a Grafana.

    \b
    Examples:
      tigctl alerts test acme
      tigctl alerts test acme interface-down --device core-sw1
    """
    found = stack(place.one(tenant))
    target = found.target
    if not isinstance(target, KubernetesTarget):
        raise UsageError(
            f"{tenant} runs on {target.name}, where there is no Grafana to send alerts",
            hint=f"tigctl alerts check {tenant} tries the rules themselves, without one",
        )
    alerting = found.bundle.grafana.alerting
    wanted = next((one for one in alerting.rules if one.uid == f"{PREFIX}{rule}"), None)
    if wanted is None:
        raise UsageError(
            f"{tenant} has no rule named {rule}", hint=f"tigctl alerts list {tenant} shows them"
        )
    labels = _labels_of(found.tenant, device)
    made = alert_test.made(wanted, labels)
    try:
        with target.grafana() as grafana:
            if grafana is None:
                raise TargetError(
                    f"{tenant}: no pod of Grafana is ready", hint=f"tigctl status {tenant}"
                )
            alert_test.fire(grafana.alerting, made, output.say)
    finally:
        target.close()
    to = alert_test.receiver(alerting.policy, {**labels, **json.loads(made.json)["labels"]})
    if to:
        output.data(f"{tenant}: {made.title!r} was sent to contact {to}: ask whether it came")
    else:
        output.data(f"{tenant}: {made.title!r} fired in Grafana; nobody is told (alerts.contacts)")


def _labels_of(tenant: Tenant, name: str | None) -> dict[str, str]:
    """The labels that an alert of a device has."""
    devices = {one.name: one for one in tenant.devices}
    if name and name not in devices:
        raise UsageError(
            f"{tenant.name} has no device {name!r}; {suggest(name, devices, what='there are')}"
        )
    if not devices:
        return {"device": "test"}
    one = devices[name] if name else tenant.devices[0]
    labels = {"device": one.name, "site": one.site, "role": one.role}
    return {key: value for key, value in labels.items() if value}


def _rules(tenant: str | None) -> tuple[Mapping[str, Loaded], Alerts]:
    if tenant is None:
        return load.load((), Path()), Alerts()
    one = place.one(tenant)
    return rules_of(one), one.settings.alerts


def _row(one: Loaded, alerts: Alerts) -> tuple[str, ...]:
    own = alerts.rules.get(one.name)
    if not alerts.enabled or (own and not own.enabled):
        return one.name, "off", "", "", one.rule.title
    limits = [
        f"{name} {_amount(own.limits.get(name, limit.value) if own else limit.value)}{_unit(limit)}"
        for name, limit in one.rule.limits.items()
    ]
    over = own.over if own and own.over else one.rule.over
    severity = own.severity if own and own.severity else one.rule.severity
    return one.name, severity, format_duration(over), ", ".join(limits), one.rule.title


def _unit(limit: Limit) -> str:
    return f" {limit.unit}" if limit.unit else ""


def _amount(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _described(one: Loaded, alerts: Alerts) -> dict[str, Json]:
    own = alerts.rules.get(one.name)
    return {
        "name": one.name,
        "title": one.rule.title,
        "enabled": alerts.enabled and not (own and not own.enabled),
        "severity": own.severity if own and own.severity else one.rule.severity,
        "over_s": own.over if own and own.over else one.rule.over,
        "every_s": one.rule.every,
        "limits": {
            name: own.limits.get(name, limit.value) if own else limit.value
            for name, limit in one.rule.limits.items()
        },
        "summary": one.rule.summary,
        "first": one.rule.first,
        "shipped": one.shipped,
    }
