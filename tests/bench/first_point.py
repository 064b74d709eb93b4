"""How soon after `apply` begins every living device of the demo has its first point, of ping.

Measured: seconds by the clock from the start of `tigctl apply` until a query finds a ping point
of each device that answers ping, with the devices probed and the tools built. It starts the
simulated devices and a stack of its own, so no demo may be running.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.bench import stage
from tests.bench.report import Figure
from tests.integration.servers import request
from tests.simulator import demo, simulated
from tigctl.errors import TigctlError
from tigctl.targets.local.target import LocalTarget

_PATIENCE = 120.0  # seconds


def run(scale: stage.Scale, directory: Path) -> list[Figure]:
    """All figures of this measurement."""
    root = directory / "noc"
    shutil.copytree(stage.CHECKOUT / "examples" / "noc", root)
    os.environ |= simulated.ENVIRONMENT
    try:
        print(demo.up(directory / "devices"), file=sys.stderr)
    except demo.Refused as refused:
        raise stage.Unfit(str(refused)) from refused
    try:
        return _measure(root)
    finally:
        demo.down(directory / "devices")


def _measure(root: Path) -> list[Figure]:
    alive = {device.name for device in simulated.load() if device.kind != simulated.DEAD}
    program = Path(sys.executable).with_name("tigctl")
    probed = subprocess.run([program, "probe", "acme"], cwd=root, check=False)
    if probed.returncode:
        raise stage.Unfit(f"tigctl probe acme ended with {probed.returncode}")
    began = time.monotonic()
    applying = subprocess.Popen([program, "apply", "acme"], cwd=root, stdout=subprocess.DEVNULL)
    try:
        firsts = _firsts(root, alive, began)
        applying.wait(_PATIENCE)
        applied = time.monotonic() - began
    finally:
        if applying.poll() is None:
            applying.terminate()
            applying.wait(20)
        subprocess.run([program, "destroy", "acme", "-P", "--yes"], cwd=root, check=False)
    missing = alive - firsts.keys()
    if missing:
        raise stage.Unfit(f"no ping point within {_PATIENCE:.0f} s of {', '.join(sorted(missing))}")
    return [
        Figure(f"first: ping point of each of {len(alive)} devices", max(firsts.values()), "s", 30),
        Figure("first: ping point of the first device", min(firsts.values()), "s"),
        Figure("first: apply as a whole", applied, "s"),
    ]


def _firsts(root: Path, alive: set[str], began: float) -> dict[str, float]:
    """Device -> seconds after which a query found a ping point of it."""
    found: dict[str, float] = {}
    while alive - found.keys() and time.monotonic() - began < _PATIENCE:
        for device in _seen(root):
            found.setdefault(device, time.monotonic() - began)
        time.sleep(0.25)
    return found


def _seen(root: Path) -> list[str]:
    """Devices with a ping point now; none while the stack is not up."""
    try:
        access = LocalTarget(root, "acme").access()
        if access is None:
            return []
        # One line per series: the tag `device` of each that has a point.
        flux = (
            'import "influxdata/influxdb/schema" schema.tagValues(bucket: "raw", tag: "device",'
            ' predicate: (r) => r._measurement == "ping", start: -1h)'
        )
        status, answer = request(
            "POST",
            f"{access.url}/api/v2/query?org={access.organization}",
            {"query": flux, "dialect": {"header": False, "annotations": []}},
            token=access.token,
        )
    except (OSError, TigctlError):
        return []  # not up yet
    if status != 200:
        return []
    return [line.rsplit(",", 1)[1] for line in answer.decode().splitlines() if "," in line]
