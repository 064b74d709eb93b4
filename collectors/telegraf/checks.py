"""One device's inputs.ping and inputs.net_response."""

from __future__ import annotations

import math
from collections.abc import Mapping

from collectors.datamodel import MEASUREMENTS
from collectors.device import Device
from collectors.telegraf import limits
from collectors.telegraf.model import Settings
from collectors.telegraf.writer import Table, Toml, dump


def ping(
    device: Device, settings: Settings, *, interval: int, offset_ms: int, tags: Mapping[str, str]
) -> Toml:
    """The instance that pings a device; its points are those of the data model as they are."""
    half = interval / 2 / settings.ping_count
    spacing = max(limits.LEAST_PING_SPACING_S, min(limits.PING_SPACING_S, half))
    sending_s = (settings.ping_count - 1) * spacing
    if settings.ping_method == "native":
        waiting = {"deadline": f"{math.ceil(sending_s + limits.PING_WAIT_S)}s"}
    else:
        # With a deadline ping(8) goes on beyond `count` until it has that many answers.
        waiting = {"deadline": "0s", "timeout": f"{limits.PING_WAIT_S}s"}
    return dump(
        Table(
            "inputs.ping",
            {
                "alias": f"{device.name}:ping",
                "urls": [device.address],
                "interval": f"{interval}s",
                "collection_offset": f"{offset_ms}ms",
                "method": settings.ping_method,
                "count": settings.ping_count,
                "ping_interval": f"{round(spacing * 1000)}ms",
                **waiting,
                "fieldinclude": list(MEASUREMENTS["ping"].fields),
                "tagexclude": ["url"],
            },
            children=(Table("inputs.ping.tags", dict(tags), array=False),),
        )
    )


def tcp(
    device: Device, port: int, *, interval: int, offset_ms: int, tags: Mapping[str, str]
) -> Toml:
    """The instance that times the TCP handshake with one port."""
    host = f"[{device.address}]" if ":" in device.address else device.address
    return dump(
        Table(
            "inputs.net_response",
            {
                "alias": f"{device.name}:tcp:{port}",
                "protocol": "tcp",
                "address": f"{host}:{port}",
                "interval": f"{interval}s",
                "collection_offset": f"{offset_ms}ms",
                "timeout": f"{limits.TCP_TIMEOUT_S}s",
                "name_override": "tcp",
                "fieldinclude": ["response_time", "result_code"],
                "tagexclude": ["server", "protocol", "result"],
            },
            children=(Table("inputs.net_response.tags", dict(tags), array=False),),
        )
    )
