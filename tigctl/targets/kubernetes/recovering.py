"""The way back into a tenant's InfluxDB whose operator's token is lost.

InfluxDB makes a new token only while it is stopped, from its own volume. So its StatefulSet gets
an init container for one start: the same image, user and volume as InfluxDB's own container, and
no right at the API server but those an apply has anyway. The token comes by the container's log,
which others may read as well. Therefore it is stored, used to make another one that nobody has
seen, and deleted with all the operator's tokens there were before.

Secret influxdb-operator says in its key `recovery` how far this has come: it is there from the
moment the token is stored until no former one is left, so that whoever comes after a kill goes on.
"""

from __future__ import annotations

import contextlib
import copy
from typing import TYPE_CHECKING

from tigctl.backends.kubernetes.cluster import Object
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.errors import TargetError, TigctlError
from tigctl.render.bundle import Bundle
from tigctl.targets import database, recovered
from tigctl.targets.kubernetes import names, waiting, waves
from tigctl.targets.kubernetes.carry import Carrier
from tigctl.targets.kubernetes.objects import Difference, kept, stamped
from tigctl.targets.kubernetes.snapshot import Snapshot
from tigctl.targets.model import Action, Change, FieldChange

if TYPE_CHECKING:
    from tigctl.targets.kubernetes.target import KubernetesTarget

CONTAINER = "recovery"
_POD = "influxdb-0"
_BOLT = "INFLUXD_BOLT_PATH"
_LINES = 200
# Without `--wait` too there is no way around waiting for InfluxDB here.
_PATIENCE_S = 300.0


def is_locked_out(target: KubernetesTarget, organization: str) -> bool:
    """Whether an InfluxDB that was set up does not accept the stored operator's token."""
    url = target.reach.url(waves.INFLUXDB)
    if url is None:
        return False
    with database.operator(target.secrets, organization, url) as influx:
        return influx.is_set_up() and not influx.accepts_token()


def begun(target: KubernetesTarget) -> bool:
    """Whether there is a new token, and former ones may be left."""
    return bool(target.secrets.read_secret(database.RECOVERY))


def change(organization: str, *, begun: bool) -> Change:
    """What a plan says of a token that is lost, or of a new one beside which others may work."""
    now, wanted = "not accepted", "a new one: apply with --recover-operator"
    if begun:
        now, wanted = "new, and former ones may still work", "new"
    field = FieldChange("operator_token", now, wanted)
    return Change(Action.UPDATE, "Organization", organization, (field,))


def recover(target: KubernetesTarget, bundle: Bundle, there: Snapshot, carrier: Carrier) -> None:
    """Has InfluxDB make a new operator's token and stores it; InfluxDB is restarted twice.

    Raises TargetError with the container's own reason; InfluxDB runs as before then.
    """
    ref = Ref("StatefulSet", target.namespace, waves.INFLUXDB)
    found = target.wanted(bundle, there, carrier.inventory)
    decision = carrier.inventory.kept.get((ref.kind, ref.name))
    usual = kept(next(one for one in found if Ref.of(one) == ref), decision)
    try:
        _apply(target, carrier, with_recovery(usual, bundle.influxdb.organization))
        said = target.cluster.logs(target.namespace, _POD, CONTAINER, lines=_LINES)
        made = recovered.shown(said)
        if made is None:
            raise TargetError(
                f"{target.tenant}: the log of container {CONTAINER} of {_POD} shows no token",
                hint=f"run it again: tigctl apply {target.tenant} --recover-operator",
            )
        _store(target, token=made[1], recovery=made[0])
    except BaseException:
        with contextlib.suppress(TigctlError):
            _apply(target, carrier, usual)
        raise
    _apply(target, carrier, usual)


def with_recovery(usual: Object, organization: str) -> Object:
    """InfluxDB's StatefulSet with an init container that makes an operator's token. Pure."""
    changed = copy.deepcopy(usual)
    spec = changed["spec"]["template"]["spec"]
    container = copy.deepcopy(spec["containers"][0])
    for key in ("startupProbe", "readinessProbe", "livenessProbe", "lifecycle", "ports"):
        container.pop(key, None)
    bolt = f"$({_BOLT})"  # Kubernetes puts the variable's value there
    command = ["influxd", "recovery", *recovered.arguments(organization), "--bolt-path", bolt]
    spec["initContainers"] = [
        *(spec.get("initContainers") or ()),
        {**container, "name": CONTAINER, "command": command, "args": []},
    ]
    return changed


def finish(target: KubernetesTarget, organization: str) -> str:
    """Replaces the token that stood in a log, and deletes all others; what the step says."""
    url = target.reach.url(waves.INFLUXDB)
    if url is None:
        return "InfluxDB is not there; the next apply goes on"
    with database.operator(target.secrets, organization, url) as influx:
        seen = target.secrets.read_secret(database.RECOVERY)
        made = recovered.renew(influx, seen)
    # Both at once: the id is always that of an authorization that is still there.
    _store(target, token=made.token, recovery=made.id)
    with database.operator(target.secrets, organization, url) as influx:
        recovered.after_recovery(influx, target.secrets, made.id)
    _store(target, recovery="")
    return "new; no former one is left"


def _store(target: KubernetesTarget, **values: str) -> None:
    """Sets keys of the operator's Secret; empty ones go."""
    merged = {**target.secrets.read(names.OPERATOR_SECRET), **values}
    wanted = {key: value for key, value in merged.items() if value}
    target.secrets.write(names.OPERATOR_SECRET, wanted)


def _apply(target: KubernetesTarget, carrier: Carrier, wanted: Object) -> None:
    ref = Ref.of(wanted)
    update = Change(Action.UPDATE, ref.kind, ref.name)
    carrier.apply([Difference(ref, update, stamped(wanted))])
    patience = target.options.wait or _PATIENCE_S
    waiting.wait(target.cluster, target.tenant, [ref], patience, carrier.checked)
