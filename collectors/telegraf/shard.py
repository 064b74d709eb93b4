"""Telegraf processes: the devices are dealt out to them, each gets one complete file.

Agent, output and buffer are computed here from the points of its devices.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import blake2b, sha256

from collectors.telegraf import limits
from collectors.telegraf.layout import Laid, Layout
from collectors.telegraf.model import Poll, Settings, Shard
from collectors.telegraf.processors import processors
from collectors.telegraf.reading import Reader
from collectors.telegraf.writer import Table, Toml, Variable, document, dump

_COMMENT = """{name}: how Telegraf polls {count} devices. Written by tigctl; do not edit.
Start Telegraf with --strict-env-handling, so that no text can name an environment variable."""


def render(
    polls: Sequence[Poll], settings: Settings, reader: Reader | None = None
) -> tuple[Shard, ...]:
    """The Telegraf processes that poll these devices: as few as the buffers allow.

    The same input gives the same bytes. Devices keep their order; without any device there is
    no Telegraf.
    """
    layout = Layout(settings, reader or Reader())
    laid = [layout.device(poll) for poll in polls]
    return tuple(
        _shard(f"telegraf-{number}", devices, settings)
        for number, devices in enumerate(_deal(laid, settings))
    )


def _deal(laid: Sequence[Laid], settings: Settings) -> list[list[Laid]]:
    """The devices of each Telegraf.

    A device's place follows from its name and the number of Telegrafs only: a device more or
    less changes one file, and one Telegraf more takes its share from each of the others.
    """
    buffer = _buffered(laid, settings) * limits.POINT_BYTES
    configuration = sum(len(toml) for one in laid for toml in one.toml) * limits.CONFIG_BYTES
    count = math.ceil(max(buffer, configuration) / limits.SHARD_BYTES)
    if count <= 1:
        return [list(laid)] if laid else []
    dealt: list[list[Laid]] = [[] for _ in range(count)]
    for one in laid:
        dealt[_place(one.device.name, count)].append(one)
    return [devices for devices in dealt if devices]


def _place(name: str, count: int) -> int:
    """Jump consistent hash (Lamping and Veach, 2014) of a name into `count` places."""
    key = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
    place, following = 0, 0
    while following < count:
        place = following
        key = (key * 2862933555777941757 + 1) % 2**64
        following = int((place + 1) * (2**31 / ((key >> 33) + 1)))
    return place


def _buffered(laid: Sequence[Laid], settings: Settings) -> int:
    """Points that come during an outage, besides those of Telegraf about itself."""
    often = sum(one.points_per_s for one in laid) * settings.outage
    rounds = 1 + settings.outage // settings.slow_interval
    return math.ceil(often) + rounds * sum(one.slow_points for one in laid)


def _shard(name: str, laid: Sequence[Laid], settings: Settings) -> Shard:
    buffer = max(
        limits.BUFFER_AT_LEAST, math.ceil(_buffered(laid, settings) * limits.BUFFER_MARGIN)
    )
    parts = [part for one in laid for part in one.parts]
    variables = {settings.url_variable: None, settings.token_variable: None}
    variables |= dict.fromkeys(sorted({name for one in laid for name in one.variables}))
    config = document(
        _COMMENT.format(name=name, count=len(laid)),
        (
            _agent(settings, buffer),
            _output(name, settings),
            *processors(
                [one.device for one in laid],
                dict.fromkeys(parts),
                {f"{one.device.name} {key}": names for one in laid for key, names in one.names},
            ),
            _internal(name, settings),
            *(toml for one in laid for toml in one.toml),
        ),
    )
    return Shard(
        name=name,
        config=config,
        devices=tuple(one.device.name for one in laid),
        digests={one.device.name: _digest(one.toml) for one in laid},
        variables=tuple(variables),
        buffer_points=buffer,
        memory_bytes=limits.BASE_BYTES
        + limits.CONFIG_BYTES * len(config)
        + limits.POINT_BYTES * buffer,
    )


def _digest(toml: Sequence[Toml]) -> str:
    return sha256("\n".join(toml).encode()).hexdigest()[:16]


def _agent(settings: Settings, buffer: int) -> Toml:
    return dump(
        Table(
            "agent",
            {
                "interval": f"{settings.interval}s",
                # Else an input of 6 h gives its first point after up to 6 h.
                "round_interval": False,
                # Each input has an offset of its own instead, which stays the same.
                "collection_jitter": "0s",
                "flush_interval": f"{limits.FLUSH_INTERVAL_S}s",
                "flush_jitter": "0s",
                "metric_batch_size": limits.BATCH_POINTS,
                "metric_buffer_limit": buffer,
                "omit_hostname": True,
                "snmp_translator": "gosmi",
                "skip_processors_after_aggregators": True,
            },
            array=False,
        )
    )


def _output(name: str, settings: Settings) -> Toml:
    return dump(
        Table(
            "outputs.influxdb_v2",
            {
                "alias": name,
                "urls": [Variable(settings.url_variable)],
                "token": Variable(settings.token_variable),
                "organization": settings.organization,
                "bucket": settings.bucket,
                "content_encoding": "gzip",
                "timeout": f"{limits.WRITE_TIMEOUT_S}s",
            },
        )
    )


def _internal(name: str, settings: Settings) -> Toml:
    # How ping and TCP checks fare stands in their own points; with them, there would be three
    # times as many metrics as devices.
    unwanted = {"input": ["ping", "net_response"]}
    return dump(
        Table(
            "inputs.internal",
            {"interval": f"{settings.interval}s", "collect_memstats": True},
            children=(
                Table("inputs.internal.tags", {"telegraf": name}, array=False),
                Table("inputs.internal.tagdrop", unwanted, array=False),
            ),
        )
    )
