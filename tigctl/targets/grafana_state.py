"""Grafana's data sources, folders and boards in the form a plan compares. No secret's value.

GrafanaLogin    only where it is not accepted: then nothing else can be known
DataSource      where it leads, what it is asked in, and whether the stored token is the one in use
Folder          title, and that it lies at the top level
Board           title, folder, tags, times; a digest of each panel and variable, and of the whole
AlertRule, ContactPoint, NotificationPolicy    as targets/grafana_alerts.py says

Ours is what carries our mark: a board the tag `tigctl`, a data source the note beside its token,
a folder a uid that begins with `tigctl`. Whatever else is there belongs to people and stays.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from tigctl.backends.errors import Unreachable
from tigctl.backends.grafana import Grafana
from tigctl.backends.grafana_model import FoundBoard, FoundDataSource, FoundFolder
from tigctl.render import boards
from tigctl.render.bundle import DataSource, GrafanaState
from tigctl.render.grafana import FOLDER_UID
from tigctl.targets import compare, grafana_alerts, keeping
from tigctl.targets.grafana_alerts import FoundAlerting
from tigctl.targets.keeping import Kept, Settled
from tigctl.targets.model import Action, Change, Json, Resource

MANAGER = "tigctl"
LOGIN, SOURCE, FOLDER, BOARD = "GrafanaLogin", "DataSource", "Folder", "Board"
KINDS = frozenset({LOGIN, SOURCE, FOLDER, BOARD})

_STORED = "stored"


@dataclass(frozen=True, slots=True)
class Found:
    """What Grafana holds, as far as it matters here; by default nothing, as for a new one.

    `user` is who looked. `login`: whether the password was right. `refused` holds the uids of
    data sources whose token InfluxDB does not accept, `shared` those of our folders that hold
    what is not ours.
    """

    user: str = ""
    login: bool = True
    data_sources: tuple[FoundDataSource, ...] = ()
    folders: tuple[FoundFolder, ...] = ()
    boards: tuple[FoundBoard, ...] = ()
    refused: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    alerting: FoundAlerting = field(default_factory=FoundAlerting)


# Looking


def look(grafana: Grafana, state: GrafanaState) -> Found:
    """What Grafana holds of a state, and of ours beside it. Reads only.

    Costs eight requests, one per data source, one per board and one per group of alert rules.
    Raises BackendError, but not for a wrong password.
    """
    if not grafana.accepts_login():
        return Found(user=grafana.user, login=False)
    sources = grafana.data_sources()
    used = [one.uid for one in (_match(sources, wanted) for wanted in state.data_sources) if one]
    uids = {one.uid for one in grafana.boards(tag=boards.TAG)}
    uids |= {one.uid for one in state.boards}
    folders = _folders(grafana, state)
    return Found(
        user=grafana.user,
        data_sources=sources,
        folders=folders,
        boards=tuple(one for one in map(grafana.board, sorted(uids)) if one),
        refused=frozenset(uid for uid in used if _is_refused(grafana, uid)),
        shared=_shared(grafana, state, folders, uids),
        alerting=grafana_alerts.look(grafana.alerting, state.alerting),
    )


def _folders(grafana: Grafana, state: GrafanaState) -> tuple[FoundFolder, ...]:
    """The wanted folders, wherever they lie now, and the others of ours."""
    found = {one.uid: one for one in grafana.folders()}
    for wanted in state.folders:
        # The list has those at the top only.
        if wanted.uid not in found and (moved := grafana.folder(wanted.uid)):
            found[wanted.uid] = moved
    keep = {one.uid for one in state.folders}
    return tuple(one for uid, one in sorted(found.items()) if uid in keep or _is_ours(one))


def _shared(
    grafana: Grafana, state: GrafanaState, folders: Sequence[FoundFolder], ours: set[str]
) -> frozenset[str]:
    """Folders that are not wanted any more but hold boards of others: with them these would go."""
    keep = {one.uid for one in state.folders}
    return frozenset(
        one.uid
        for one in folders
        if one.uid not in keep
        and any(board.uid not in ours for board in grafana.boards(folder=one.uid))
    )


def _is_refused(grafana: Grafana, uid: str) -> bool:
    """Whether InfluxDB refuses the token; any other trouble is not the data source's."""
    try:
        return "unauthorized" in grafana.trouble_of_source(uid).lower()
    except Unreachable:
        return False


def _is_ours(folder: FoundFolder) -> bool:
    return folder.uid == FOLDER_UID or folder.uid.startswith(f"{FOLDER_UID}-")


def _match(sources: Sequence[FoundDataSource], wanted: DataSource) -> FoundDataSource | None:
    """The data source that is meant: by uid, else by name, which Grafana has once only."""
    by_uid = [one for one in sources if one.uid == wanted.uid]
    by_name = [one for one in sources if one.name == wanted.name]
    return next(iter((*by_uid, *by_name)), None)


def matched(found: Found, state: GrafanaState) -> Mapping[str, FoundDataSource]:
    """The data sources there are, by the wanted name."""
    pairs = ((one.name, _match(found.data_sources, one)) for one in state.data_sources)
    return {name: there for name, there in pairs if there}


def stale_sources(found: Found, state: GrafanaState) -> Mapping[str, FoundDataSource]:
    """Data sources of ours that are not wanted any more, by the name a plan gives them."""
    used = {one.uid for one in matched(found, state).values()}
    names = {one.name for one in state.data_sources}
    return {
        f"{one.name} ({one.uid})" if one.name in names else one.name: one
        for one in found.data_sources
        if one.mark and one.uid not in used
    }


# Wanted


def wanted(state: GrafanaState) -> Iterator[Resource]:
    """Data sources, folders and boards, in the order in which they are made."""
    for source in state.data_sources:
        fields: dict[str, Json] = {
            "uid": source.uid,
            "name": source.name,
            "type": "influxdb",
            "url": source.url,
            "access": "proxy",
            "organization": source.organization,
            "bucket": source.bucket,
            "language": "Flux",
            "default": True,
            "token": _STORED,
        }
        yield Resource(SOURCE, source.name, fields, MANAGER)
    for folder in state.folders:
        yield Resource(FOLDER, folder.uid, {"title": folder.title, "parent": ""}, MANAGER)
    for board in state.boards:
        yield Resource(BOARD, board.uid, board_fields(board.json, board.folder), MANAGER)
    yield from grafana_alerts.wanted(state.alerting)


# There


def live(found: Found, state: GrafanaState, token: str) -> Iterator[Resource]:
    """What was found. `token` is the one that data sources should have, "" where none is known."""
    for name, source in matched(found, state).items():
        yield _live_source(name, source, _token(source, token, found.refused))
    for name, source in stale_sources(found, state).items():
        yield _live_source(name, source, "of no use any more")
    for folder in found.folders:
        ours = _is_ours(folder) and folder.uid not in found.shared
        fields: dict[str, Json] = {"title": folder.title, "parent": folder.parent}
        yield Resource(FOLDER, folder.uid, fields, MANAGER if ours else "")
    for board in found.boards:
        model = boards.normal(json.loads(board.json))
        ours = boards.TAG in model.get("tags", ())
        fields = board_fields(boards.dumps(model), board.folder)
        yield Resource(BOARD, board.uid, fields, MANAGER if ours else "")
    yield from grafana_alerts.live(found.alerting, state.alerting, os.environ)


def _live_source(name: str, source: FoundDataSource, token: str) -> Resource:
    fields: dict[str, Json] = {
        "uid": source.uid,
        "name": source.name,
        "type": source.type,
        "url": source.url,
        "access": source.access,
        "organization": source.organization,
        "bucket": source.bucket,
        "language": source.language,
        "default": source.default,
        "token": token,
    }
    return Resource(SOURCE, name, fields, MANAGER if source.mark or source.provisioned else "")


def mark(token: str) -> str:
    """What is noted beside a token, to know it again. Nobody can tell the token from it."""
    return sha256(b"tigctl data source " + token.encode()).hexdigest()[:16]


def _token(source: FoundDataSource, token: str, refused: frozenset[str]) -> str:
    if not source.has_token:
        return "missing"
    if source.provisioned:
        return "not accepted by InfluxDB" if source.uid in refused else _STORED
    if not source.mark:
        return "not stored by tigctl"
    if token and source.mark != mark(token):
        return "a former one"
    return "not accepted by InfluxDB" if source.uid in refused else _STORED


def board_fields(model: str, folder: str) -> dict[str, Json]:
    """What a plan tells of a board, from its model in normal form."""
    board = json.loads(model)
    times, templating = board.get("time"), board.get("templating")
    fields: dict[str, Json] = {
        "title": str(board.get("title") or ""),
        "folder": folder,
        "tags": ", ".join(board.get("tags") or ()),
        "time": f"{times.get('from')} to {times.get('to')}" if isinstance(times, dict) else "",
        "refresh": str(board.get("refresh") or ""),
    }
    variables = templating.get("list") if isinstance(templating, dict) else None
    for one in _objects(variables):
        fields[f"variables.{one.get('name')}"] = boards.digest(one)
    fields |= _panel_fields(_objects(board.get("panels")))
    fields["content"] = boards.digest(board)
    return fields


def _panel_fields(panels: Sequence[Mapping[str, Any]]) -> dict[str, Json]:
    """A digest of each panel by its title; those in a closed row count as panels of the board."""
    flat = [*panels, *(inner for one in panels for inner in _objects(one.get("panels")))]
    fields: dict[str, Json] = {}
    for panel in flat:
        number = panel.get("id")
        name = f"panels.{panel.get('title') or f'number {number}'}"
        if name in fields:
            name = f"{name} ({number})"
        fields[name] = boards.digest({key: panel[key] for key in panel if key != "panels"})
    return fields


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


# The difference


def changes(state: GrafanaState, found: Found, token: str) -> tuple[Change, ...]:
    """What makes Grafana what is wanted, deletions last.

    What has our name or uid but not our mark is adopted. A board that somebody else saved last
    names that person and the time.
    """
    if not found.login:
        there = Resource(LOGIN, found.user, {"password": "not accepted"}, MANAGER)
        right = Resource(LOGIN, found.user, {"password": "accepted"}, MANAGER)
        return compare.changes((right,), (there,))
    there_now = tuple(live(found, state, token))
    strangers = {one.key for one in there_now if not one.manager}
    savers = {one.uid: _saver(one) for one in found.boards if one.updated_by != found.user}
    return tuple(
        _told(change, strangers, savers)
        for change in compare.changes(tuple(wanted(state)), there_now)
    )


def as_kept(state: GrafanaState, kept: Iterable[Kept]) -> GrafanaState:
    """The state with data sources that lead where somebody made them lead, and keeps it so."""
    values = {one.name: one.values for one in kept if one.kind == SOURCE}
    sources = tuple(replace(one, **values.get(one.name, {})) for one in state.data_sources)
    return replace(state, data_sources=sources)


def settled(state: GrafanaState, found: Found, token: str, kept: Iterable[Kept]) -> Settled:
    """What makes Grafana what is wanted, but for what somebody made otherwise and keeps.

    A folder with anything in it that is kept is not deleted: what it holds would go with it.
    """
    ours = tuple(kept)
    live_now = tuple(live(found, as_kept(state, ours), token)) if found.login else ()
    now = changes(as_kept(state, ours), found, token)
    if not found.login:
        return Settled(now)
    full = _with_kept(found, ours)
    now = tuple(
        one
        for one in now
        if (one.action, one.kind) != (Action.DELETE, FOLDER) or one.name not in full
    )
    return keeping.settled(changes(state, found, token), now, live_now, ours)


def _with_kept(found: Found, kept: Sequence[Kept]) -> set[str]:
    """The uids of folders that hold a board or a rule that is kept."""
    keys = {one.key for one in kept}
    holds = {one.folder for one in found.boards if (BOARD, one.uid) in keys}
    rules = found.alerting.rules
    return holds | {one.folder for one in rules if (grafana_alerts.RULE, one.uid) in keys}


def _told(change: Change, strangers: set[tuple[str, str]], savers: Mapping[str, str]) -> Change:
    saver = savers.get(change.name, "") if change.kind == BOARD else ""
    if change.action is Action.UPDATE and (change.kind, change.name) in strangers:
        return replace(change, action=Action.ADOPT, manager=saver)
    if change.action is Action.UPDATE and saver:
        return replace(change, manager=saver)
    return change


def _saver(board: FoundBoard) -> str:
    """`anna, 2026-11-20 14:02`."""
    when = board.updated[:16].replace("T", " ")
    return f"{board.updated_by or 'somebody'}, {when}" if when else board.updated_by
