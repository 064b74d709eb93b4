"""The demo beside a real node: examples/noc and its simulated devices, where pods reach them.

Pods do not reach 127.0.0.0/8 of their node, so the copy has each device at 198.18.20.N instead
of 127.20.0.N, a target of type kubernetes and a host name for Grafana, which it needs there. All
else is as in examples/noc: the images that tigctl names by itself are those `images.py` makes.

    with noc.devices(node, workspace):
        subprocess.run([...tigctl, "--workspace", workspace, "probe", "acme"])
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.cluster import ClusterError, engineer
from tests.cluster.node import Node
from tests.simulator import simulated

TENANT = "acme"
_THERE, _HERE = "127.20.0.", "198.18.20."


def copy(directory: Path, kubeconfig: Path) -> None:
    """Writes the workspace; its target `node` is the cluster of this kubeconfig."""
    shutil.copytree(simulated.WORKSPACE, directory, dirs_exist_ok=True)
    tenant = directory / "tenants" / TENANT
    for file in (tenant / "devices.csv", tenant / "tenant.yaml"):
        _replace(file, _THERE, _HERE)
    fleet = directory / "fleet.yaml"
    _replace(fleet, "target: local\n", "target: trial\n")
    _replace(fleet, "{type: kubernetes}", f"{{type: kubernetes, kubeconfig: {kubeconfig}}}")


@contextlib.contextmanager
def devices(node: Node, workspace: Path) -> Iterator[None]:
    """The devices of the copy, which is made in `workspace`, at addresses of the node."""
    if shutil.which("snmpd", path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
        raise ClusterError("snmpd is missing, which one of the devices is (apt-get install snmpd)")
    copy(workspace, engineer.kubeconfig(node.plane))
    for device in simulated.load(workspace):
        _address("add", device.address)
    try:
        _simulator("up", workspace)
        yield
    finally:
        _simulator("down", workspace)
        for device in simulated.load(workspace):
            _address("delete", device.address)


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    if old not in text:
        raise ClusterError(f"{file} has no {old!r}: examples/noc is not what it was")
    file.write_text(text.replace(old, new), encoding="utf-8")


def _address(action: str, address: str) -> None:
    _run("ip", "address", action, f"{address}/32", "dev", "node")


def _simulator(action: str, workspace: Path) -> None:
    """As scripts/devices does it: a program of its own, whose children outlive it."""
    program = (sys.executable, "-m", "tests.simulator.demo")
    _run(*program, action, "--dir", workspace / "simulator", "--workspace", workspace)


def _run(*command: str | Path) -> None:
    done = subprocess.run(
        command, cwd=simulated.CHECKOUT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ClusterError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
