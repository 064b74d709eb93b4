"""The images of the stack, made from the programs that scripts/tools builds.

Grafana's is a stand-in (containers/grafana), for its server is in no registry of modules.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cluster import ClusterError
from tests.cluster.node import Node, build
from tigctl.targets import tools

INFLUXDB = "docker.io/library/influxdb:2.9.1"
TELEGRAF = "docker.io/library/telegraf:1.39.3"
GRAFANA = "docker.io/grafana/grafana:12.0.0"


def add_influxdb(node: Node, name: str = INFLUXDB) -> None:
    """InfluxDB at /usr/bin/influxd, as the official image has it."""
    node.add_image(name, {"/usr/bin/influxd": tools.find("influxd")})


def add_telegraf(node: Node, name: str = TELEGRAF) -> None:
    """Telegraf, and of Debian what its official image has too: ping, and cp to copy it."""
    programs = {f"/usr/bin/{name}": _installed(name) for name in ("cp", "ping")}
    node.add_image(name, {"/usr/bin/telegraf": tools.find("telegraf"), **programs})


def add_grafana(node: Node, name: str = GRAFANA) -> None:
    """The stand-in, to be started as Grafana is."""
    node.add_image(name, {"/usr/bin/grafana": build("grafana", node.state)})


def add_stack(node: Node) -> None:
    """All three."""
    add_influxdb(node)
    add_telegraf(node)
    add_grafana(node)


def _installed(name: str) -> Path:
    if found := shutil.which(name):
        return Path(found)
    raise ClusterError(f"{name} is not installed, and the image of Telegraf needs it")
