"""A tenant of each named size, for the question how many more would fit. Pure.

It is rendered as any other tenant, with the fleet's settings for placement and storage, and polls
as many switches as this size of InfluxDB is made for (docs/sizing.md).
"""

from __future__ import annotations

import math

from collectors.telegraf import limits
from collectors.telegraf.model import Budget, Shard
from tigctl.render.bundle import DeviceSummary
from tigctl.render.kubernetes import sizing
from tigctl.render.kubernetes.model import Object, Stack
from tigctl.render.kubernetes.storage import claims
from tigctl.render.kubernetes.workloads import grafana, influxdb, telegraf
from tigctl.spec.model import Fleet, TargetSettings, TenantSettings
from tigctl.spec.stack import Images, Resources

SIZES = tuple(sizing.NAMED)
_OUTAGE_S, _INTERVAL_S = 15 * 60, 60
# Of one switch of 48 ports: its ports, system and ping; and bytes of configuration.
_POINTS, _CONFIG_BYTES = 50, 4_300


def settings_of(fleet: Fleet) -> TenantSettings:
    """What a tenant has that says nothing itself."""
    own = fleet.defaults
    return fleet.model_copy(update={key: getattr(own, key) for key in own.model_fields_set})


def objects(
    size: str, settings: TenantSettings, target: TargetSettings, images: Images
) -> list[Object]:
    """The claims and workloads of such a tenant. Raises KeyError for a size without a name."""
    count = switches(size)
    summaries = [_switch(number) for number in range(count)]
    name = f"size-{size}"
    chosen = settings.model_copy(update={"size": size, "resources": Resources()})
    stack = Stack(
        tenant=name,
        namespace=f"tig-{name}",
        settings=chosen,
        target=target,
        images=images,
        devices=(),
        summaries=summaries,
        shards=_shards([one.name for one in summaries]),
    )
    return [*claims(stack), *influxdb(stack), *telegraf(stack), *grafana(stack)]


def switches(size: str) -> int:
    """Switches of 48 ports that InfluxDB of a named size is made for."""
    return sizing.series_served(sizing.NAMED[size].memory) // (_POINTS + sizing.SERIES_PER_DEVICE)


def _switch(number: int) -> DeviceSummary:
    budget = Budget(_INTERVAL_S, requests=0, bytes=0, points=_POINTS, worst_s=0)
    return DeviceSummary(
        f"switch-{number}", "", "", "", "", True, True, True, expects=(), budget=budget
    )


def _shards(names: list[str]) -> list[Shard]:
    """As many Telegrafs as hold the buffers and the configurations of these switches."""
    buffer = len(names) * _POINTS * _OUTAGE_S // _INTERVAL_S * limits.POINT_BYTES
    config = len(names) * _CONFIG_BYTES * limits.CONFIG_BYTES
    count = max(1, math.ceil(max(buffer, config) / limits.SHARD_BYTES))
    memory = limits.BASE_BYTES + math.ceil((buffer * limits.BUFFER_MARGIN + config) / count)
    return [
        Shard(f"telegraf-{number}", "", tuple(names[number::count]), {}, (), 0, memory)
        for number in range(count)
    ]
