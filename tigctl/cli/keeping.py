"""What is kept as somebody made it: the options of `apply`, and how plans show it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from tigctl.cli import output
from tigctl.cli.stack import Stack, target_of
from tigctl.plan import choosing
from tigctl.spec.workspace import Tenant
from tigctl.targets import textlines
from tigctl.targets.keeping import Held, said
from tigctl.targets.model import Action, FieldChange, Json, Plan

INDENT = " " * 12  # of what belongs to a change
_FEW = 6
_LONG = 400  # characters of one difference that are shown without -v


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
    if field.lines:
        gone, come = textlines.counted(field.lines)
        return f"{path}: {output.count(gone, 'line')} should go, {come} should come"
    live, wanted = _shown(field.live), _shown(field.wanted)
    if field.live is None:
        return f"{path}: not there, should be {wanted}"
    if field.wanted is None:
        return f"{path}: {live}, should not be there"
    return f"{path}: {live}, should be {wanted}"


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def folded(line: str, indent: str = "") -> Iterator[str]:
    """A line that begins with a sign, or belongs to one, folded to a page's width."""
    yield from textwrap.wrap(
        line,
        output.WIDTH,
        initial_indent=indent,
        subsequent_indent=INDENT,
        break_on_hyphens=False,
        break_long_words=False,
    )


def told(field: FieldChange, *, verbose: bool) -> Iterator[str]:
    """A difference, folded to a page's width; with `verbose` the lines of a text that differ."""
    said = difference(field)
    if not verbose and field.lines:
        said += " (-v shows them)"
    elif not verbose and len(said) > _LONG:
        said = f"{said[:_LONG]} … (-v shows all)"
    yield from folded(said, INDENT)
    for line in field.lines if verbose else ():
        shown = f"{INDENT}  {line}".replace("\t", "    ")
        yield shown if len(shown) <= output.WIDTH else shown[: output.WIDTH - 1] + "…"


def field_as_json(field: FieldChange) -> dict[str, Json]:
    """The form of a difference in `plan -o json`; `lines` only where there are any."""
    found: dict[str, Json] = {"path": field.path, "live": field.live, "wanted": field.wanted}
    return {**found, "lines": list(field.lines)} if field.lines else found


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
            yield from told(field, verbose=verbose)
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
            "fields": [field_as_json(field) for field in one.change.fields] if one.change else [],
        }
        for one in kept
    ]
