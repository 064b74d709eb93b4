"""What a tenant's settings make of the rules: which there are, and whether the settings fit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from tigctl.render.alerts.flux import Context, Watched
from tigctl.render.alerts.load import Loaded
from tigctl.render.bundle import DeviceSummary
from tigctl.spec.alerts import Alerts, Amount
from tigctl.spec.faults import suggest
from tigctl.spec.workspace import Tenant


def enabled(rules: Mapping[str, Loaded], alerts: Alerts) -> list[Loaded]:
    """The rules that a tenant has."""
    if not alerts.enabled:
        return []
    return [
        one
        for name, one in rules.items()
        if not (name in alerts.rules and not alerts.rules[name].enabled)
    ]


def context(tenant: Tenant, summaries: Iterable[DeviceSummary]) -> Context:
    """What the queries have to know of a tenant and of how its devices are polled."""
    settings = tenant.settings
    polled = {one.name: one for one in summaries}
    usual = settings.polling.interval
    devices = tuple(
        Watched(
            device.name,
            device.site,
            device.role,
            polled[device.name].parent if device.name in polled else device.parent,
            polled[device.name].budget.interval if device.name in polled else usual,
            device.snmp,
            device.icmp,
        )
        for device in tenant.devices
    )
    return Context(devices, usual, settings.alerts, settings.maintenance)


def faults(alerts: Alerts, rules: Mapping[str, Loaded]) -> Iterator[str]:
    """What in settings fits no rule or no contact, each with its key."""
    for name, own in alerts.rules.items():
        yield from _rule(f"alerts.rules.{name}", name, own.limits, rules)
    for number, one in enumerate(alerts.exceptions):
        yield from _rule(f"alerts.exceptions.{number}", one.rule, one.limits, rules)
    for number, route in enumerate(alerts.routes):
        where = f"alerts.routes.{number}"
        yield from _contact(f"{where}.contact", route.contact, alerts)
        for name in route.rule:
            yield from _rule(f"{where}.rule", name, {}, rules)
    if alerts.contact:
        yield from _contact("alerts.contact", alerts.contact, alerts)
    for name, contact in alerts.contacts.items():
        if contact.email and not alerts.mail.host:
            yield (
                f"alerts.contacts.{name}: mail needs a server; write"
                " alerts: {mail: {host: mail.noc.example, sender: monitoring@noc.example}}"
            )


def _rule(
    where: str, name: str, limits: Mapping[str, Amount], rules: Mapping[str, Loaded]
) -> Iterator[str]:
    if name not in rules:
        yield f"{where}: {name!r} is no rule; {suggest(name, rules, what='there are')}"
        return
    known = rules[name].rule.limits
    for limit, value in limits.items():
        if limit not in known:
            yield (
                f"{where}.limits: {limit!r} is no limit of {name};"
                f" {suggest(limit, known, what='it has')}"
            )
        elif isinstance(known[limit].value, str) != isinstance(value, str):
            expected = "a regular expression" if isinstance(known[limit].value, str) else "a number"
            yield f"{where}.limits.{limit}: {value!r} is given, {expected} is expected"
        elif isinstance(value, str) and not _compiles(value):
            yield f"{where}.limits.{limit}: {value!r} is no regular expression"


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _contact(where: str, name: str, alerts: Alerts) -> Iterator[str]:
    if name not in alerts.contacts:
        yield (
            f"{where}: {name!r} is not in alerts.contacts;"
            f" {suggest(name, alerts.contacts, what='there are')}"
        )
