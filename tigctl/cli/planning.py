"""Plans as text, as JSON, and as a file that `apply --plan` carries out later."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from tigctl.cli import keeping, rooms
from tigctl.cli.output import beside, count, listed
from tigctl.errors import Fault, InvalidFiles, UsageError
from tigctl.targets.model import Action, Change, Json, Plan, Since

_SIGNS = {
    Action.CREATE: "+ create",
    Action.UPDATE: "~ update",
    Action.DELETE: "- delete",
    Action.ADOPT: "= adopt",
    Action.CONFLICT: "! conflict",
}
_FEW = 6  # fields of one change, and names of one kind, that are shown without -v
_WIDTH = len(keeping.INDENT)
_SIZE = ".resources."  # in the path of what a container asks for


def as_text(plan: Plan, *, verbose: bool) -> Iterator[str]:
    """The plan for a person: creations and deletions by kind, the rest one by one."""
    if not plan.changes:
        yield f"{plan.tenant} on {plan.target}: nothing to change."
        yield from keeping.as_text(plan, verbose=verbose)
        return
    yield f"{plan.tenant} on {plan.target}"
    yield ""
    yield from _by_kind(plan.changes, Action.CREATE, verbose=verbose)
    yield from _addresses(plan.changes)
    yield from _one_by_one(plan.changes, verbose=verbose)
    yield from _by_kind(plan.changes, Action.DELETE, verbose=verbose)
    yield from _needs(plan, verbose=verbose)
    said = plan.summary
    yield ""
    parts = [f"{said['create']} to create, {said['update']} to change, {said['delete']} to delete"]
    parts += [f"{said[word]} to {word}" for word in ("adopt",) if said[word]]
    parts += [count(said["conflict"], "conflict")] if said["conflict"] else []
    yield f"{', '.join(parts)}. Carry out: tigctl apply {plan.tenant}"
    yield from keeping.as_text(plan, verbose=verbose)


def _by_kind(changes: Sequence[Change], action: Action, *, verbose: bool) -> Iterator[str]:
    of_kind: dict[str, list[str]] = {}
    for change in changes:
        if change.action is action:
            of_kind.setdefault(change.kind, []).append(change.name)
    for kind, names in of_kind.items():
        number = "" if len(names) == 1 else f"{len(names)} "
        most = len(names) if verbose else _FEW
        yield from keeping.folded(f"  {_SIGNS[action]:<9} {number}{kind}: {listed(names, most)}")


def _addresses(changes: Sequence[Change]) -> Iterator[str]:
    """What entrances that are to be made are reached by: what DNS and firewalls have to know."""
    for change in changes:
        for field in change.fields if change.action is Action.CREATE else ():
            if change.kind == "Service" and field.path.endswith("[metallb.io/loadBalancerIPs]"):
                yield f"            {change.name} gets {field.wanted}"


def _one_by_one(changes: Sequence[Change], *, verbose: bool) -> Iterator[str]:
    """Each with its fields; many that are alike are told together."""
    alike: dict[tuple[Json, ...], list[Change]] = {}
    for change in changes:
        if change.action not in {Action.CREATE, Action.DELETE}:
            fields = tuple(field.path for field in change.fields)
            key = (change.action, change.kind, change.manager, *fields)
            alike.setdefault(key, []).append(change)
    for some in alike.values():
        if len(some) > _FEW and not verbose:
            yield from _together(some)
        else:
            for change in some:
                yield from _one(change, verbose=verbose)


def _together(some: Sequence[Change]) -> Iterator[str]:
    one = some[0]
    names = listed([change.name for change in some], _FEW)
    yield from keeping.folded(
        f"  {_SIGNS[one.action]:<9} {len(some)} {one.kind}: {names}{_by(one)}"
    )
    paths = listed([field.path for field in one.fields], _FEW)
    yield f"            each: {paths} (-v shows them)"


def _one(change: Change, *, verbose: bool) -> Iterator[str]:
    yield f"  {_SIGNS[change.action]:<9} {change.kind} {change.name}{_by(change)}"
    # What a reason is given for, before what follows from it.
    fields = sorted(change.fields, key=lambda one: bool(change.why) and _SIZE not in one.path)
    shown = fields if verbose else fields[:_FEW]
    for field in shown:
        yield from keeping.told(field, verbose=verbose)
    if change.why:
        yield from keeping.folded(f"why: {change.why}", keeping.INDENT)
    if rest := len(change.fields) - len(shown):
        yield f"            and {count(rest, 'more field')} (-v shows them)"


def _by(change: Change) -> str:
    return f"   (changed by {change.manager})" if change.manager else ""


def _since(found: Since, *, verbose: bool) -> Iterator[str]:
    """What files say otherwise than they did: where all that comes from."""
    when = f"revision {found.revision}"
    said = [
        f"{one.path} was {one.live or 'not set'}, is {one.wanted or 'not set'}"
        for one in found.settings
    ]
    for names, word in (
        (found.more, "more"),
        (found.fewer, "fewer"),
        (found.otherwise, "polled otherwise"),
    ):
        if names:
            named = listed(names, len(names) if verbose else _FEW)
            said.append(f"{count(len(names), 'device')} {word}: {named}")
    if said:
        text = f"since {when}: {'; '.join(said)}"
    elif found.same:
        text = f"say the same as at {when}, so what differs came about on the target"
    else:
        text = f"settings and devices are those of {when}; profiles, boards or tigctl are others"
    yield from beside("files", text, width=_WIDTH)


def _needs(plan: Plan, *, verbose: bool) -> Iterator[str]:
    needs = plan.needs
    yield ""
    if plan.since:
        yield from _since(plan.since, verbose=verbose)
    yield from rooms.needed(needs.get("room"))
    try:
        devices, processes = int(str(needs["devices"])), int(str(needs["telegraf_processes"]))
        memory = int(str(needs["telegraf_memory_bytes"])) / 1_000_000
        points, requests = needs["points_per_minute"], needs["requests_per_minute"]
        kilobytes = int(str(needs["bytes_per_minute"])) / 1000
    except (KeyError, ValueError):
        return
    label = "polls" if "room" in needs else "needs"
    yield (
        f"  {label:<10}{count(processes, 'Telegraf process', 'Telegraf processes')} for"
        f" {count(devices, 'device')}, {memory:,.0f} MB of memory at the worst"
    )
    yield f"            a minute: {points:,} points, {requests:,} requests, {kilobytes:,.0f} kB"


def as_json(plan: Plan) -> dict[str, Json]:
    """The form of `plan -o json`."""
    changes: list[Json] = [
        {
            "action": change.action.value,
            "kind": change.kind,
            "name": change.name,
            "fields": [keeping.field_as_json(field) for field in change.fields],
            "manager": change.manager,
            **({"why": change.why} if change.why else {}),
        }
        for change in plan.changes
    ]
    summary: dict[str, Json] = dict(plan.summary)
    return {
        "tenant": plan.tenant,
        "target": plan.target,
        "changes": changes,
        "summary": summary,
        "kept": keeping.as_json(plan.kept),
        "needs": dict(plan.needs),
        **({"since": _json(plan.since)} if plan.since else {}),
    }


def _json(found: Since) -> Json:
    settings: list[Json] = [keeping.field_as_json(one) for one in found.settings]
    return {
        "revision": found.revision,
        "settings": settings,
        "devices": {
            "more": list(found.more),
            "fewer": list(found.fewer),
            "otherwise": list(found.otherwise),
        },
        "same": found.same,
    }


def read_file(path: Path) -> dict[str, Json]:
    """The changes in a file that `plan --out` wrote: tenant -> changes, as in `as_json`.

    Raises InvalidFiles for anything else, UsageError where there is no such file.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        plans = content if isinstance(content, list) else [content]
        return {str(plan["tenant"]): list(plan["changes"]) for plan in plans}
    except (FileNotFoundError, IsADirectoryError):
        raise UsageError(f"{path}: no such file", hint="make one: tigctl plan --out FILE") from None
    except (ValueError, KeyError, TypeError):
        fault = Fault(str(path), 0, "is no plan of tigctl; make one with tigctl plan --out FILE")
        raise InvalidFiles([fault]) from None
