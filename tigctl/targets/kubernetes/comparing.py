"""How what lies inside a tenant's InfluxDB and Grafana differs from what is wanted. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from tigctl.backends.influxdb import Influx
from tigctl.backends.kubernetes.errors import Forbidden
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.errors import BackendError
from tigctl.render.bundle import Bundle
from tigctl.targets import (
    compare,
    database,
    grafana_alerts,
    grafana_state,
    influxdb_state,
    keeping,
)
from tigctl.targets.grafana_state import Found
from tigctl.targets.keeping import Kept, Key, Settled
from tigctl.targets.kubernetes import recovering
from tigctl.targets.kubernetes.snapshot import Snapshot
from tigctl.targets.kubernetes.waves import GRAFANA, INFLUXDB
from tigctl.targets.model import Action, Change, FieldChange, Resource

if TYPE_CHECKING:
    from tigctl.targets.kubernetes.target import KubernetesTarget

GRAFANA_KINDS = grafana_state.KINDS | grafana_alerts.KINDS


def compared(
    target: KubernetesTarget, bundle: Bundle, there: Snapshot, kept: Mapping[Key, Kept]
) -> Settled:
    """What is different; all where none is there to be asked."""
    if there.namespace is None:
        influxdb = compare.changes(tuple(influxdb_state.wanted(bundle.influxdb)), ())
        grafana = grafana_state.changes(bundle.grafana, Found(), "")
        return Settled((*influxdb, *grafana))
    keeper = Ref("StatefulSet", target.namespace, INFLUXDB)
    one = _influxdb(target, bundle, kept, made=keeper in there.objects)
    other = _grafana(target, bundle, kept)
    return Settled(
        (*one.changes, *other.changes), (*one.held, *other.held), {**one.live, **other.live}
    )


def _influxdb(
    target: KubernetesTarget, bundle: Bundle, kept: Mapping[Key, Kept], *, made: bool
) -> Settled:
    state = bundle.influxdb
    try:
        if made and target.reach.url(INFLUXDB) is None:
            return _silent("InfluxDB", INFLUXDB, "no pod of it is ready")
        live = _influxdb_now(target, bundle)
        if influxdb_state.is_locked_out(live):
            # What is behind the lock is not known, so nothing is said of it.
            return Settled((recovering.change(state.organization, begun=False),))
    except Forbidden:
        raise
    except BackendError as error:
        # Its pod is ready and yet it cannot be asked: that is a finding, not an end.
        return _silent("InfluxDB", INFLUXDB, error.message)
    ours = keeping.of_kinds(kept, influxdb_state.KINDS)
    found = keeping.settled(
        compare.changes(tuple(influxdb_state.wanted(state)), live),
        compare.changes(tuple(influxdb_state.wanted(influxdb_state.as_kept(state, ours))), live),
        live,
        ours,
    )
    more: list[Change] = []
    if target.options.new_tokens:
        more += influxdb_state.asked_anew(state, found.changes)
    if recovering.begun(target):
        more.append(recovering.change(state.organization, begun=True))
    return replace(found, changes=(*found.changes, *more))


def _silent(kind: str, name: str, why: str) -> Settled:
    """For one that cannot be asked, so that nothing is known of what it holds."""
    return Settled((Change(Action.UPDATE, kind, name, (FieldChange("state", why, "answers"),)),))


def _influxdb_now(target: KubernetesTarget, bundle: Bundle) -> tuple[Resource, ...]:
    url = target.reach.url(INFLUXDB)
    if not url:
        return ()
    token = target.secrets.read_secret(database.OPERATOR)
    tokens = {database.role(one): one.description for one in bundle.influxdb.tokens}
    with Influx(url, bundle.influxdb.organization, token, timeout=20) as influx:
        return tuple(influxdb_state.live(target.secrets, influx, tokens))


def _grafana(target: KubernetesTarget, bundle: Bundle, kept: Mapping[Key, Kept]) -> Settled:
    if not bundle.grafana.data_sources:
        return Settled()
    try:
        with target.grafana() as grafana:
            found = grafana_state.look(grafana, bundle.grafana) if grafana else Found()
    except Forbidden:
        raise
    except BackendError as error:
        return _silent("Grafana", GRAFANA, error.message)
    token = target.secrets.read_secret(database.secret_of("read"))
    ours = keeping.of_kinds(kept, GRAFANA_KINDS)
    return grafana_state.settled(bundle.grafana, found, token, ours)
