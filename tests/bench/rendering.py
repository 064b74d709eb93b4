"""How long `tigctl render` takes for 10,000 and for 20,000 devices, never probed and probed.

Measured: the whole call of the program by the clock, from files to files, the fastest of three
(whatever else the machine does only ever adds); and how much longer twice as many devices take.
The probed devices all have the lock entry of one farm device with 48 ports that was really
probed.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from pathlib import Path

from tests.bench import stage
from tests.bench.report import Figure
from tests.simulator.model import device_name
from tigctl.spec import lock

_GOALS = {"never probed": 5.0, "probed": 15.0}  # seconds for 10,000 devices
_TWICE = 2.2
_TIMES = 3


def run(scale: stage.Scale, directory: Path) -> list[Figure]:
    """All figures of this measurement."""
    few = 1_000 if scale.quick else 10_000
    figures = []
    for kind, goal in _GOALS.items():
        seconds = {}
        for count in (few, 2 * few):
            root = directory / f"{kind.replace(' ', '-')}-{count}"
            stage.workspace(root, _rows(count), "outage: 5m\n")
            if kind == "probed":
                _lock(root, count, directory)
            seconds[count] = min(_seconds(root, number) for number in range(_TIMES))
        figures += [
            Figure(f"render: {few:,} devices {kind}", seconds[few], "s", goal * few / 10_000),
            Figure(f"render: {2 * few:,} devices {kind}, of half as many",
                   seconds[2 * few] / seconds[few], "×", _TWICE),
        ]  # fmt: skip
    return figures


def _seconds(root: Path, number: int) -> float:
    """One call, into a new folder."""
    folder = root / f"rendered-{number}"
    return stage.tigctl(root, "render", stage.TENANT, "-o", str(folder)).seconds


def _rows(count: int) -> dict[str, tuple[str, int]]:
    first = int(ipaddress.IPv4Address("10.64.0.1"))  # never asked: rendering needs no network
    return {
        device_name(number): (str(ipaddress.IPv4Address(first + number)), 161)
        for number in range(count)
    }


def _lock(root: Path, count: int, directory: Path) -> None:
    """Gives every device the entry of one that was probed."""
    probed = directory / "one"
    path = probed / "tenants" / stage.TENANT / "devices.lock.json"
    if not path.exists():
        one = stage.Scale(devices=1)
        with stage.farm(stage.layout(one, base="127.33.0.1")) as serving:
            stage.workspace(probed, stage.devices_of(serving), "")
            stage.tigctl(probed, "probe", stage.TENANT)
    [found] = lock.read(path).values()
    entries = {
        name: dataclasses.replace(found, address=address, port=port)
        for name, (address, port) in _rows(count).items()
    }
    lock.write(root / "tenants" / stage.TENANT / "devices.lock.json", entries)
