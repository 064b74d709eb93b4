"""Firing an alert on purpose: a rule that fires at once goes all the way to whom it reaches."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from tigctl.backends.grafana_alerting import GrafanaAlerting
from tigctl.errors import TargetError
from tigctl.render.alerts.flux import text
from tigctl.render.alerts.grafana import rule_of
from tigctl.render.bundle import AlertRule

_NAME, _GROUP = "test", "tigctl test"
_EVERY_S, _LOOK_S, _PATIENCE_S = 10, 1.0, 120.0
# Grafana collects for `group_wait` (30 s) before it sends.
SENDING_S = 45.0


def made(rule: AlertRule, labels: Mapping[str, str]) -> AlertRule:
    """A rule that fires at once, with the texts and the severity of another one."""
    model = json.loads(rule.json)
    row = ", ".join(f"{key}: {text(value)}" for key, value in {**labels, "test": "yes"}.items())
    columns = ", ".join(text(key) for key in (*labels, "test"))
    query = (
        'import "array"\n\n'
        f"array.from(rows: [{{_time: now(), _value: 1.0, {row}}}])\n"
        f"    |> group(columns: [{columns}])\n"
    )
    return rule_of(
        name=_NAME,
        title=f"Test: {rule.title}",
        query=query,
        every=_EVERY_S,
        over=60,
        labels=model["labels"],
        annotations={
            **model["annotations"],
            "description": "This is a test: nothing is wrong. Tell whoever asked for it.",
        },
    )


def fire(
    grafana: GrafanaAlerting,
    rule: AlertRule,
    observe: Callable[[str], None],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Stores the rule, waits until it fires and is sent, and takes it away, whatever happens.

    Raises TargetError where it does not fire in time.
    """
    model: dict[str, Any] = {**json.loads(rule.json), "uid": rule.uid}
    try:
        grafana.put_group(rule.folder, _GROUP, rule.interval, [model])
        observe("stored; waiting until Grafana has run it")
        waited = 0.0
        while grafana.state_of(rule.uid) != "firing":
            if waited >= _PATIENCE_S:
                raise TargetError(
                    f"Grafana did not fire the test within {_PATIENCE_S:.0f} s",
                    hint="is its alerting switched off, or its data source unable to answer?",
                )
            sleep(_LOOK_S)
            waited += _LOOK_S
        observe("fires; waiting until it is sent")
        sleep(SENDING_S)
    finally:
        grafana.delete_rule(rule.uid)


def receiver(policy: str, labels: Mapping[str, str]) -> str:
    """The contact that a policy sends an alert with these labels to; "" without policy."""
    if not policy:
        return ""
    tree = json.loads(policy)
    for route in tree.get("routes") or ():
        if all(
            re.fullmatch(pattern, labels.get(name, ""))
            for name, _, pattern in route["object_matchers"]
        ):
            return str(route["receiver"])
    return str(tree["receiver"])
