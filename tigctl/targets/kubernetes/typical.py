"""What a tenant of each named size asks of the nodes: for the question how many more would fit.

InfluxDB is that of the size. Telegraf is what polls as many switches of 48 ports as this InfluxDB
is made for, every minute (docs/sizing.md); Grafana is the same for all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from collectors.telegraf import limits
from collectors.telegraf.model import Shard
from tigctl.render.kubernetes import sizing
from tigctl.render.kubernetes.sizing import Load, Needs
from tigctl.targets.kubernetes.amounts import CPU, MEMORY, PODS
from tigctl.targets.kubernetes.capacity import Pod

SIZES = tuple(sizing.NAMED)
_PORTS, _INTERVAL_S, _OUTAGE_S = 48, 60, 15 * 60
# Of one switch: its ports, system and ping; and bytes of configuration.
_POINTS, _CONFIG_BYTES = _PORTS + 2, 4_300


def pods(size: str) -> list[Pod]:
    """The pods of such a tenant. Raises KeyError for a size that has no name."""
    needs = {"influxdb": sizing.NAMED[size], "grafana": sizing.GRAFANA}
    needs |= {f"telegraf-{number}": one for number, one in enumerate(_telegrafs(size))}
    return [_pod(size, name, one) for name, one in needs.items()]


def _telegrafs(size: str) -> Iterator[Needs]:
    series = (sizing.NAMED[size].memory - sizing.INFLUXDB_BYTES) // sizing.SERIES_BYTES
    switches = series // (_POINTS + sizing.SERIES_PER_DEVICE)
    buffer = switches * _POINTS * _OUTAGE_S / _INTERVAL_S * limits.POINT_BYTES
    config = switches * _CONFIG_BYTES * limits.CONFIG_BYTES
    count = max(1, math.ceil(max(buffer, config) / limits.SHARD_BYTES))
    for _ in range(count):
        share = math.ceil(switches / count)
        memory = limits.BASE_BYTES + (buffer * limits.BUFFER_MARGIN + config) / count
        rate = share / _INTERVAL_S
        load = Load(0, (_POINTS + sizing.OWN_POINTS) * rate, rate, share)
        yield sizing.telegraf(Shard("", "", (), {}, (), 0, math.ceil(memory)), load)


def _pod(size: str, name: str, needs: Needs) -> Pod:
    wants = {CPU: needs.cpu, MEMORY: needs.memory, PODS: 1}
    return Pod(name, f"typical-{size}", {}, {}, wants)
