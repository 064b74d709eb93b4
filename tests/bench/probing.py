"""1,000 simulated switches of 48 ports probed by `tigctl probe`, 2 % of them dead.

Measured: the whole call by the clock, and the most memory it had resident. The farm that answers
runs beside it and needs about as much of the processor.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.bench import stage
from tests.bench.report import Figure
from tests.simulator.farm import Layout


def run(scale: stage.Scale, directory: Path) -> list[Figure]:
    """All figures of this measurement."""
    number = 40 if scale.quick else 1_000
    layout = Layout(number, 48, number // 50, base="127.89.0.1", community=stage.COMMUNITY)
    with stage.farm(layout) as serving:
        root = stage.workspace(directory / "noc", stage.devices_of(serving), "", icmp=False)
        began = time.perf_counter()
        process = subprocess.Popen(
            [Path(sys.executable).with_name("tigctl"), "probe", stage.TENANT],
            cwd=root,
            env={**os.environ, "SNMP_COMMUNITY": stage.COMMUNITY},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        if process.returncode:
            raise stage.Unfit(f"tigctl probe ended with {process.returncode}")
        facts = (root / "tenants" / stage.TENANT / "devices.lock.json").read_text()
        missed = len(stage.living(serving)) - facts.count('"facts"')
    name = f"{number:,} devices × 48 ports"
    return [
        Figure(f"probe: {name}", seconds, "s", 120),
        Figure("probe: living devices without facts", missed, "", 0),
        Figure("probe: largest memory", used.ru_maxrss / 1024, "MiB", 400),
    ]
