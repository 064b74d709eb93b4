"""Telegraf's configuration as ConfigMaps: cut into files that each fit one.

The files together are what the whole is: Telegraf reads them in the order of their names, and the
first has the agent, the output and the processors.
"""

from __future__ import annotations

import re
from hashlib import sha256

from collectors.telegraf.model import Shard
from collectors.telegraf.writer import Table, dump
from tigctl.errors import TigctlError

# A ConfigMap holds 1 MiB, all its keys together. The rest is for the names of its keys and for
# health.conf, and keeps requests well below what etcd takes (1.5 MiB).
PART_BYTES = 960 * 1024
HEALTH_PORT = 8888
HEALTH_FILE = "health.conf"

# Longest that Telegraf may be without a figure of its own before it counts as hung, in seconds.
_SILENCE_AT_LEAST = 300
_SILENT_POLLS = 3

# The header of an input, at the beginning of a line. The writer puts nothing else there that
# begins so: strings are on one line, but for scripts of our own, which hold no TOML.
_INPUT = re.compile(r"^(?=\[\[inputs\.\w+\]\]$)", re.MULTILINE)


def parts(shard: Shard, most: int = PART_BYTES) -> list[tuple[str, str]]:
    """The files of a configuration, name and text: complete TOML of at most `most` bytes each.

    Raises TigctlError where one plugin alone is larger than that.
    """
    if len(shard.config) * 4 <= most or len(shard.config.encode()) <= most:
        return [(_name(0), shard.config)]
    texts: list[str] = []
    held: list[str] = []
    room = most
    for piece in _INPUT.split(shard.config):
        length = len(piece.encode())
        if length > most:
            raise _too_large(shard, piece, length, most)
        if length > room:
            texts.append("".join(held))
            held, room = [], most
        held.append(piece)
        room -= length
    texts.append("".join(held))
    return [(_name(number), text) for number, text in enumerate(texts)]


def health(shard: Shard, interval: int) -> str:
    """What the probes ask, as a configuration of its own beside the rendered one.

    It answers 200 as long as Telegraf's figures about itself come through gathering, processors
    and flushing, and nothing else reaches it. Whether InfluxDB takes the rest plays no part: a
    restart would throw away the very samples that are kept for it.
    """
    silence = max(_SILENCE_AT_LEAST, _SILENT_POLLS * interval)
    return dump(
        Table(
            "outputs.health",
            {
                "service_address": f"http://:{HEALTH_PORT}",
                "default_status": 503,
                "max_time_between_metrics": f"{silence}s",
                "namepass": ["collector"],
            },
            children=(Table("outputs.health.tagpass", {"input": [shard.name]}, array=False),),
        )
    )


def checksum(*texts: str) -> str:
    """What a pod's annotation says of the files it mounts."""
    total = sha256()
    for text in texts:
        content = text.encode()
        total.update(len(content).to_bytes(8, "big"))
        total.update(content)
    return total.hexdigest()[:16]


def _name(number: int) -> str:
    # Two digits, so that the order of names is that of numbers; a Telegraf has no 8 MB to read.
    return f"{number:02}.conf"


def _too_large(shard: Shard, piece: str, length: int, most: int) -> TigctlError:
    first = piece.partition("\n")[0]
    what = first if first.startswith("[[inputs.") else "what all devices share (sites, roles)"
    return TigctlError(
        f"{shard.name}: {what} takes {length:,} bytes of configuration, a ConfigMap has room for"
        f" {most:,}",
        hint="spread the devices over several tenants",
    )
