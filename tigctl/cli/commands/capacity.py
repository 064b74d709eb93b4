"""`tigctl capacity`: what a cluster has left, and how many tenants that is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from tigctl.cli import capacities, place
from tigctl.cli import output as out
from tigctl.cli.capacities import Shown
from tigctl.cli.options import output_option, tenant_argument
from tigctl.cli.stack import cluster_at, stack
from tigctl.errors import TargetError, UsageError
from tigctl.render.kubernetes.model import Object
from tigctl.spec.model import TargetSettings
from tigctl.spec.workspace import Tenant, Workspace
from tigctl.targets.kubernetes import room, typical
from tigctl.targets.kubernetes.options import Options
from tigctl.targets.kubernetes.overview import overview
from tigctl.targets.model import Json

NO_ROOM = 3


@click.command()
@tenant_argument(required=False)
@click.option(
    "--size",
    "sizes",
    metavar="SIZE",
    type=click.Choice(typical.SIZES),
    multiple=True,
    help=f"Only tenants of this size ({', '.join(typical.SIZES)}); may be given several times.",
)
@output_option()
def command(tenant: str | None, sizes: tuple[str, ...], output: str) -> int:
    """Show what a cluster has left, and how many tenants of each size that is for.

    Counts as the scheduler does: what pods request, not what they use. By node: processor, memory
    and number of pods; by Longhorn node: volume space. By size: how many more fit, with all nodes,
    and so that all still run when the worst failure domain is lost. With TENANT also whether what
    its files ask for fits beside what runs. Without TENANT: the cluster of each tenant.

    Reads only. Exit code 3 where TENANT finds no room.

    \b
    Examples:
      tigctl capacity
      tigctl capacity acme
      tigctl capacity --size small --size large
      tigctl capacity -o json
    """
    found = place.load(tenant)
    chosen = found.tenants[tenant] if tenant else None
    shown = [
        _shown(found, name, target, chosen, sizes or typical.SIZES)
        for name, target in _targets(found, tenant).items()
    ]
    if output == "json":
        documents: list[Json] = [dict(capacities.document(one)) for one in shown]
        out.as_json(documents[0] if tenant else documents)
    else:
        for number, one in enumerate(shown):
            if number:
                out.data("")
            capacities.show(one)
    needs = shown[0].needs
    return NO_ROOM if needs and needs["fits"] is False else 0


def _targets(found: Workspace, tenant: str | None) -> dict[str, TargetSettings]:
    """The clusters in question, by name; where there is no tenant yet, the fleet's own target."""
    targets = {one.settings.target: one.target for one in found.tenants.values()}
    name = found.fleet.target
    if not targets and (own := found.fleet.target_named(name)):
        targets[name] = own
    clusters = {key: one for key, one in targets.items() if one.type == "kubernetes"}
    if not clusters:
        what = f"{tenant} runs on this machine" if tenant else "no tenant runs on a cluster"
        raise UsageError(
            f"{what}; capacity counts the nodes of a Kubernetes cluster",
            hint="set target to one of type kubernetes, docs/engineer.md says how; what this"
            " machine lacks: tigctl doctor",
        )
    return clusters


def _shown(
    found: Workspace,
    name: str,
    target: TargetSettings,
    tenant: Tenant | None,
    sizes: Sequence[str],
) -> Shown:
    looked = room.look(cluster_at(found.root, target))
    if looked is None:
        raise TargetError(
            f"{name}: this user may not list all nodes and pods of the cluster",
            hint="tigctl rbac prints the rights that tigctl needs, for an administrator to apply",
        )
    fleet = typical.settings_of(found.fleet)
    tenants: dict[str, Sequence[Object]] = {
        size: typical.objects(size, fleet, target, found.fleet.images) for size in sizes
    }
    if tenant is None:
        key = fleet.placement.spread_by
        return Shown(name, key, overview(looked, tenants, key))
    objects, needs = _needs(tenant)
    tenants[f"as {tenant.name}"] = objects
    key = tenant.settings.placement.spread_by
    return Shown(name, key, overview(looked, tenants, key), tenant.name, needs)


def _needs(tenant: Tenant) -> tuple[Sequence[Object], Mapping[str, Json]]:
    """A tenant's objects, and whether what would be made of them now fits."""
    made = stack(tenant, Options(objects_only=True))
    try:
        made.target.changes(made.bundle)
        return made.bundle.kubernetes, made.target.room(made.bundle)
    finally:
        made.target.close()
