"""What one apply does inside a tenant's InfluxDB and Grafana, through their pods."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from tigctl.errors import TargetError
from tigctl.render.bundle import Bundle
from tigctl.targets import database, grafana_changes, influxdb_state, keeping
from tigctl.targets.keeping import Choice, Kept, Key
from tigctl.targets.kubernetes import names, waves
from tigctl.targets.kubernetes.comparing import GRAFANA_KINDS

if TYPE_CHECKING:
    from tigctl.targets.kubernetes.target import KubernetesTarget

_NAMED = 4


class Inside:
    """Made for one run.

    `former_tokens`: whether there are tokens beside the stored ones. `grafana_asked`: whether
    Grafana has what it should. `choice`: what stays as it is. `anew`: what was made anew.
    """

    def __init__(self, target: KubernetesTarget, bundle: Bundle) -> None:
        self.choice = Choice()
        self.anew: tuple[Key, ...] = ()
        self.target = target
        self.bundle = bundle
        self.former_tokens = False
        self.grafana_asked = False

    def prepare_influxdb(self) -> str:
        """First set-up, buckets, tasks and tokens; what the step says."""
        target, kept = self.target, self._kept(influxdb_state.KINDS)
        wanted = influxdb_state.as_kept(self.bundle.influxdb, kept.values())
        url = target.reach.url(waves.INFLUXDB)
        if url is None:
            parts = {one.name: one.reason for one in target.components()}
            why = parts.get(waves.INFLUXDB) or "it is starting"
            raise TargetError(
                f"{target.tenant}: no pod of InfluxDB is ready: {why}",
                hint=f"tigctl status {target.tenant}; then apply again",
            )
        with database.operator(target.secrets, wanted.organization, url) as influx:
            if not database.set_up(influx, target.secrets, wanted):
                raise TargetError(
                    f"{target.tenant}: InfluxDB does not accept the operator's token that Secret"
                    f" {names.OPERATOR_SECRET} holds",
                    hint=f"put the right one back, or have a new one made, for which InfluxDB is"
                    f" restarted twice: tigctl apply {target.tenant} --recover-operator",
                )
            done = database.ensure(
                influx,
                target.secrets,
                wanted,
                replace(self.choice, kept=kept),
                new_tokens=target.options.new_tokens,
            )
        self.former_tokens = done.former
        self.anew += done.tasks
        return _told((*done.created, *done.changed))

    def retire(self) -> str:
        """Deletes the tokens that nobody uses any more; what the step says."""
        target, wanted = self.target, self.bundle.influxdb
        url = target.reach.url(waves.INFLUXDB)
        if url is None:
            return "InfluxDB is not there; the next apply deletes them"
        with database.operator(target.secrets, wanted.organization, url) as influx:
            return f"{database.retire(influx, target.secrets, wanted)} deleted"

    def prepare_grafana(self) -> str:
        """Data sources, folders, boards and alerts; what the step says."""
        target, state = self.target, self.bundle.grafana
        token = target.secrets.read_secret(database.secret_of("read"))
        with target.grafana() as grafana:
            if grafana is None or not token:
                raise TargetError(
                    f"{target.tenant}: no pod of Grafana is ready",
                    hint=f"tigctl status {target.tenant}; then apply again",
                )
            choice = replace(self.choice, kept=self._kept(GRAFANA_KINDS))
            adopt = target.options.adopt
            done = grafana_changes.apply(grafana, state, token, choice=choice, adopt=adopt)
        self.grafana_asked = True
        self.anew += done.anew
        return _told((*done.created, *done.changed, *done.deleted))

    def _kept(self, kinds: Collection[str]) -> dict[Key, Kept]:
        return {one.key: one for one in keeping.of_kinds(self.choice.kept, kinds)}


def _told(parts: tuple[str, ...]) -> str:
    return ", ".join(parts[:_NAMED]) if parts else "as they should be"
