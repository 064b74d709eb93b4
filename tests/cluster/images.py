"""The images of the stack, made from the programs that scripts/tools builds.

They are named as tigctl names those of the registry. Grafana's is a stand-in
(containers/grafana), for its server is in no registry of modules: the recorded API of
tests/grafana, in Python, whose interpreter comes along.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests import grafana
from tests.cluster import ClusterError, image
from tests.cluster.node import Node
from tigctl.spec.stack import Images
from tigctl.targets import tools

# In full, as containerd keeps what a pod calls influxdb:2.9.1 and grafana/grafana:12.2.0.
_NAMES = Images()
INFLUXDB = f"docker.io/library/{_NAMES.influxdb}"
TELEGRAF = f"docker.io/library/{_NAMES.telegraf}"
GRAFANA = f"docker.io/{_NAMES.grafana}"

# What the stand-in needs of Python: reading the host's name loads the last one only then.
_LOADED = ("tests.grafana.server", "urllib.request", "encodings.idna")


def add_influxdb(node: Node, name: str = INFLUXDB) -> None:
    """InfluxDB at /usr/bin/influxd, as the official image has it."""
    node.add_image(name, {"/usr/bin/influxd": tools.find("influxd")})


def add_telegraf(node: Node, name: str = TELEGRAF) -> None:
    """Telegraf, and of Debian what its official image has too: ping, and cp to copy it."""
    programs = {f"/usr/bin/{name}": _installed(name) for name in ("cp", "ping")}
    node.add_image(name, {"/usr/bin/telegraf": tools.find("telegraf"), **programs})


def add_grafana(node: Node, name: str = GRAFANA) -> None:
    """The stand-in, to be started as Grafana is."""
    program = Path(__file__).with_name("containers") / "grafana" / "grafana.py"
    package = Path(grafana.__file__).parent
    beside = {f"/opt/grafana/tests/grafana/{one.name}": one for one in package.glob("*.py")}
    own = {"/usr/bin/grafana": program, **beside}
    node.add_image(name, own | image.interpreter("/opt/python", package.parents[1], *_LOADED))


def add_stack(node: Node) -> None:
    """All three."""
    add_influxdb(node)
    add_telegraf(node)
    add_grafana(node)


def _installed(name: str) -> Path:
    if found := shutil.which(name):
        return Path(found)
    raise ClusterError(f"{name} is not installed, and the image of Telegraf needs it")
