"""What `apply` does for one tenant or for many, and what it says of it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tigctl.cli import health as shown
from tigctl.cli import keeping, output, planning, tables
from tigctl.cli import many as many_tenants
from tigctl.cli.many import Outcome
from tigctl.cli.progress import Steps
from tigctl.cli.stack import Stack, expect, stack
from tigctl.errors import TigctlError
from tigctl.plan.apply import Result, apply
from tigctl.plan.diff import plan
from tigctl.spec.workspace import Tenant
from tigctl.targets.interface import Step
from tigctl.targets.kubernetes.options import Options
from tigctl.targets.model import Action, Json

SILENT = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options ask for; `planned` maps a tenant to the changes its plan file holds.

    `keep` and `only` name changes of one tenant, as `KIND/NAME`.
    """

    wait: float
    strict: bool
    planned: Mapping[str, Json]
    options: Options
    keep: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


def one(tenant: Tenant, asked: Asked) -> int:
    """Applies one tenant, step by step in front of the user. Returns the exit code."""
    found = stack(tenant, asked.options)
    try:
        for note in found.bundle.notes:
            output.say(f"note: {note}")
        _still_fits(found, asked.planned)
        if asked.keep:
            keeping.keep(found, asked.keep)
        if asked.only:
            keeping.narrow(found, asked.only)
        name = tenant.name
        word = f"Interrupted. What was done stays; next: tigctl apply {name} goes on from there"
        with output.when_interrupted(word), Steps() as steps:
            result = apply(found.bundle, found.target, os.environ, steps, wait=asked.wait)
        report(result)
        output.say(found.target.closing_words(new=_is_new(result)))
    finally:
        found.target.close()
    return _code(result, asked)


def many(tenants: Sequence[Tenant], asked: Asked) -> int:
    """Applies several tenants at once, a line for each. Returns the worst exit code."""
    expect(tenants)

    def work(tenant: Tenant) -> Result:
        found = stack(tenant, asked.options)
        try:
            _still_fits(found, asked.planned)
            return apply(found.bundle, found.target, os.environ, _unseen, wait=asked.wait)
        finally:
            found.target.close()

    word = "Interrupted. What was done stays; next: the same command again goes on from there"
    with output.when_interrupted(word):
        outcomes = many_tenants.each(tenants, work, name="Apply", tell=_line)
    output.say()
    output.say(many_tenants.summary(outcomes, "applied"))
    failed = [outcome.error.exit_code for outcome in outcomes if outcome.error]
    if failed:
        return failed[0]
    return max((_code(outcome.found, asked) for outcome in outcomes if outcome.found), default=0)


def _unseen(_step: Step) -> None:
    """The steps of many tenants at once would tell nobody anything."""


def _line(outcome: Outcome[Result]) -> str:
    took = output.seconds(outcome.seconds)
    name = outcome.tenant.name
    if outcome.error:
        return f"{name}: {outcome.error}"
    result = outcome.found
    if result is None:
        return name
    said = output.count(len(result.plan.changes), "change") if result.changed else "no change"
    devices = "not waited for"
    if result.waited:
        devices = f"data from {len(result.with_data)}/{len(result.health.devices)} devices"
    return f"{name:<24} {said:<14} {devices:<28} {took:>8}"


def _still_fits(found: Stack, planned: Mapping[str, Json]) -> None:
    if found.tenant.name not in planned:
        return
    now = planning.as_json(plan(found.bundle, found.target))["changes"]
    if now != planned[found.tenant.name]:
        raise TigctlError(
            f"{found.tenant.name}: files or target have changed since the plan was made;"
            " nothing was done",
            hint=f"look at it anew: tigctl plan {found.tenant.name}",
        )


def _is_new(result: Result) -> bool:
    return any(
        change.kind in {"Process", "Namespace"} and change.action is Action.CREATE
        for change in result.plan.changes
    )


def _code(result: Result, asked: Asked) -> int:
    return SILENT if asked.strict and (result.without_data or result.known_silent) else 0


def report(result: Result) -> None:
    """Tells a person what an apply came to."""
    name = result.health.tenant
    if not result.changed:
        output.say(f"{name}: nothing had to be changed.")
    if not result.waited:
        output.say(f"Not waited for; how it comes up: tigctl status {name} --watch")
        return
    if result.first_s is not None and result.last_s is not None:
        first, last = output.seconds(result.first_s), output.seconds(result.last_s)
        output.say(f"First data after {first}, from the last device after {last}.")
    for one in result.without_data:
        output.say(f"no data yet from {one.name}: {one.reason or one.state}")
    output.say()
    if result.health.devices:
        tables.show(shown.devices(result.health.devices))
        output.say()
    output.say(shown.verdict(result.health))
    output.say(f"Look again: tigctl status {name} --watch     Why so: tigctl explain {name} DEVICE")
