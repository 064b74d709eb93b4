"""All objects of one tenant, in the order in which they are made."""

from __future__ import annotations

from collections.abc import Sequence

from collectors.telegraf.model import Shard
from tigctl.render.bundle import DeviceSummary, GrafanaState
from tigctl.render.kubernetes.exposure import entrances
from tigctl.render.kubernetes.model import Object, Stack
from tigctl.render.kubernetes.policies import policies
from tigctl.render.kubernetes.storage import claims
from tigctl.render.kubernetes.workloads import grafana, influxdb, namespace, telegraf
from tigctl.spec.workspace import Tenant


def stack_of(
    tenant: Tenant,
    summaries: Sequence[DeviceSummary] = (),
    shards: Sequence[Shard] = (),
    state: GrafanaState | None = None,
) -> Stack:
    """What a tenant's objects follow from."""
    return Stack(
        tenant=tenant.name,
        namespace=tenant.settings.namespace,
        settings=tenant.settings,
        target=tenant.target,
        images=tenant.images,
        devices=tenant.devices,
        summaries=summaries,
        shards=shards,
        grafana=state or GrafanaState(),
    )


def objects(stack: Stack) -> tuple[Object, ...]:
    """All objects: what others need comes first."""
    return (
        *namespace(stack),
        *policies(stack),
        *claims(stack),
        *influxdb(stack),
        *telegraf(stack),
        *grafana(stack),
        *entrances(stack),
    )
