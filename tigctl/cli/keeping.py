"""What is kept as somebody made it: the options of `apply`, and how plans show it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from tigctl.cli import output
from tigctl.cli.stack import Stack, target_of
from tigctl.plan import choosing
from tigctl.spec.workspace import Tenant
from tigctl.targets.keeping import Held, said
from tigctl.targets.model import Action, FieldChange, Json, Plan

_FEW = 6


def keep(found: Stack, patterns: Sequence[str]) -> None:
    """Notes the decisions that these differences stay, and says so."""
    target = found.target
    changes = target.changes(found.bundle)
    keys = choosing.of_plan(found.tenant.name, patterns, changes, target.kept())
    target.keep(found.bundle, keys, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    for key in keys:
        output.say(f"kept as it is: {said(key)}")


def narrow(found: Stack, patterns: Sequence[str]) -> None:
    """Leaves everything out of an apply but these differences."""
    target = found.target
    changes = target.changes(found.bundle)
    target.narrow(choosing.of_plan(found.tenant.name, patterns, changes, target.kept()))


def give_back(tenant: Tenant, patterns: Sequence[str]) -> None:
    """Ends decisions, and says what comes next. Changes nothing else."""
    target = target_of(tenant)
    try:
        keys = choosing.of_kept(tenant.name, patterns, target.kept())
        target.give_back(keys)
    finally:
        target.close()
    for key in keys:
        output.say(f"given back: {said(key)}")
    output.say(f"See what files say of it: tigctl plan {tenant.name}")


def difference(field: FieldChange) -> str:
    """What is there, and what should be. What all paths into pods begin with goes unsaid."""
    path = field.path.removeprefix("spec.template.spec.")
    live, wanted = _shown(field.live), _shown(field.wanted)
    if field.live is None:
        return f"{path}: not there, should be {wanted}"
    if field.wanted is None:
        return f"{path}: {live}, should not be there"
    return f"{path}: {live}, should be {wanted}"


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def as_text(plan: Plan, *, verbose: bool) -> Iterator[str]:
    """What a plan leaves as somebody made it, for a person; nothing where nothing is."""
    if not plan.kept:
        return
    again = {(one.kind, one.name) for one in plan.changes if one.action is Action.CONFLICT}
    yield ""
    yield "Kept as somebody made it (tigctl apply --give-back KIND/NAME ends it):"
    for held in plan.kept:
        kept, change = held.kept, held.change
        since = kept.since.replace("T", " ")[:16]
        yield f"  {kept.kind}/{kept.name}, since {since}"
        if kept.key in again:
            yield "            changed once more since; stays until it is kept again or given back"
        elif change is None:
            yield "            holds nothing back any more: files say the same, or do not name it"
        elif change.action is not Action.UPDATE and change.action is not Action.ADOPT:
            yield f"            without this, apply would {change.action.value} it"
        fields = change.fields if change and change.action is not Action.CREATE else ()
        shown = fields if verbose else fields[:_FEW]
        for field in shown:
            yield f"            {difference(field)}"
        if rest := len(fields) - len(shown):
            yield f"            and {output.count(rest, 'more field')} (-v shows them)"


def as_json(kept: Sequence[Held]) -> list[Json]:
    """The form in `plan -o json`: `action` is what apply would do without the decision."""
    return [
        {
            "kind": one.kept.kind,
            "name": one.kept.name,
            "since": one.kept.since,
            "action": one.change.action.value if one.change else None,
            "fields": [asdict(field) for field in one.change.fields] if one.change else [],
        }
        for one in kept
    ]
