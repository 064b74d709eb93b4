"""Making Grafana's data sources, folders, boards and alerts what is wanted. Running again is safe.

Each step looks at what is there and makes one thing right, so that a run after a kill goes on
where the last one ended. A board that somebody saves at the same moment is left to that person:
the run stops with an error, and the next plan shows what was saved.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from tigctl.backends.grafana import Grafana
from tigctl.backends.grafana_model import SourceSettings
from tigctl.errors import TargetError
from tigctl.render.bundle import Board, DataSource, Folder, GrafanaState
from tigctl.targets import grafana_alerts, grafana_state
from tigctl.targets.grafana_alerts import Alerts
from tigctl.targets.grafana_state import BOARD, FOLDER, SOURCE, Found
from tigctl.targets.keeping import Choice, Key
from tigctl.targets.model import Action, Change

_NAMED = 4


@dataclass(frozen=True, slots=True)
class Done:
    """What was done to Grafana, for the step's line: kind and name of each.

    `anew` is `created`, by its keys.
    """

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    anew: tuple[Key, ...] = field(default=(), compare=False)


def apply(
    grafana: Grafana,
    state: GrafanaState,
    token: str,
    only: Collection[Change] | None = None,
    *,
    choice: Choice | None = None,
    adopt: bool = True,
) -> Done:
    """Makes Grafana what is wanted; of that, only these changes where `only` is given.

    `choice` says what stays as it is besides; without `adopt`, so does what is not ours. `token`
    may read the buckets. What differs is found out anew, so `only` may be older than the world;
    a change that is not needed any more is not made. Raises TargetError where the password is
    wrong, BackendError where Grafana refuses, and Stale where somebody saved meanwhile.
    """
    if not token:
        raise ValueError("no token for Grafana's data sources")
    found = grafana_state.look(grafana, state)
    if not found.login:
        raise TargetError(
            f"Grafana does not accept the password of {grafana.user} that tigctl stored",
            hint="docs/operations.md, 'Grafana's password is lost', says the way back in",
        )
    chosen = choice or Choice()
    wanted = None if only is None else {(one.kind, one.name) for one in only}
    settled = grafana_state.settled(state, found, token, chosen.kept.values())
    todo = [
        change
        for change in settled.changes
        if change.action is not Action.CONFLICT
        and (adopt or change.action is not Action.ADOPT)
        and chosen.takes(change.kind, change.name)
        and (wanted is None or (change.kind, change.name) in wanted)
    ]
    if state.files and todo:
        return _from_files(grafana, state, token, todo)
    left = {held.kept.key for held in settled.held}
    left |= {(one.kind, one.name) for one in settled.changes if one not in todo}
    done: dict[Action, list[str]] = {action: [] for action in Action}
    run = _Run(grafana, grafana_state.as_kept(state, chosen.kept.values()), found, token, left)
    for change in todo:
        run.carry_out(change)
        done[change.action].append(f"{change.kind} {change.name}")
    return Done(
        created=tuple(done[Action.CREATE]),
        changed=(*done[Action.ADOPT], *done[Action.UPDATE]),
        deleted=tuple(done[Action.DELETE]),
        anew=tuple((one.kind, one.name) for one in todo if one.action is Action.CREATE),
    )


def _from_files(
    grafana: Grafana, state: GrafanaState, token: str, todo: Collection[Change]
) -> Done:
    """Has Grafana read its files again; through its API goes only what is in none of them.

    Raises TargetError where it is not as wanted even then.
    """
    grafana.reload_files()
    found = grafana_state.look(grafana, state)
    run = _Run(grafana, state, found, token, ())
    changes = grafana_state.changes(state, found, token)
    for change in changes:
        if change.action is Action.DELETE:
            run.carry_out(change)
    wrong = [f"{one.kind} {one.name}" for one in changes if one.action is not Action.DELETE]
    if wrong:
        more = f" and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        raise TargetError(
            f"Grafana has read its files, and yet is not as they say: {', '.join(wrong[:_NAMED])}"
            f"{more}",
            hint="what its log says of provisioning; then let it start anew: kubectl rollout"
            " restart deployment/grafana in the tenant's namespace",
        )
    told = tuple(f"{one.kind} {one.name}" for one in todo if one.action is not Action.DELETE)
    gone = tuple(f"{one.kind} {one.name}" for one in todo if one.action is Action.DELETE)
    return Done(changed=told, deleted=gone)


class _Run:
    """One run: what is wanted and what was found, by the names of the plan."""

    def __init__(
        self,
        grafana: Grafana,
        state: GrafanaState,
        found: Found,
        token: str,
        left: Collection[Key],
    ) -> None:
        self._grafana = grafana
        self._token = token
        self._sources = {one.name: one for one in state.data_sources}
        self._folders = {one.uid: one for one in state.folders}
        self._boards = {one.uid: one for one in state.boards}
        self._live_sources = grafana_state.matched(found, state)
        self._stale_sources = grafana_state.stale_sources(found, state)
        self._live_folders = {one.uid: one for one in found.folders}
        self._versions = {one.uid: one.version for one in found.boards}
        rules = frozenset(name for kind, name in left if kind == grafana_alerts.RULE)
        self._alerts = Alerts(grafana.alerting, state.alerting, found.alerting, os.environ, rules)

    def carry_out(self, change: Change) -> None:
        """Makes one change."""
        if change.kind in grafana_alerts.KINDS:
            self._alerts.carry_out(change)
        elif change.action is Action.DELETE:
            self._delete(change)
        elif change.kind == SOURCE:
            self._put_source(self._sources[change.name])
        elif change.kind == FOLDER:
            self._put_folder(self._folders[change.name])
        else:
            self._put_board(self._boards[change.name])

    def _put_source(self, wanted: DataSource) -> None:
        settings = SourceSettings(
            uid=wanted.uid,
            name=wanted.name,
            url=wanted.url,
            organization=wanted.organization,
            bucket=wanted.bucket,
            mark=grafana_state.mark(self._token),
        )
        there = self._live_sources.get(wanted.name)
        if there is None:
            self._grafana.create_data_source(settings, self._token)
        else:
            self._grafana.update_data_source(there, settings, self._token)

    def _put_folder(self, wanted: Folder) -> None:
        there = self._live_folders.get(wanted.uid)
        if there is None:
            self._grafana.create_folder(wanted.uid, wanted.title)
            return
        if there.title != wanted.title:
            self._grafana.update_folder(wanted.uid, wanted.title)
        if there.parent:
            self._grafana.move_folder(wanted.uid)

    def _put_board(self, wanted: Board) -> None:
        version = self._versions.get(wanted.uid, 0)
        self._grafana.put_board(wanted.json, wanted.folder, version=version)

    def _delete(self, change: Change) -> None:
        delete: dict[str, Callable[[str], None]] = {
            FOLDER: self._grafana.delete_folder,
            BOARD: self._grafana.delete_board,
        }
        if change.kind == SOURCE:
            self._grafana.delete_data_source(self._stale_sources[change.name].uid)
        else:
            delete[change.kind](change.name)
