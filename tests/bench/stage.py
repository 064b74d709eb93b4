"""What every measurement needs: a farm, a workspace, the program, and what a process used.

Everything listens on loopback addresses only and is ended by pid.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from tests.simulator.farm import Layout
from tests.simulator.model import device_name

CHECKOUT = Path(__file__).resolve().parents[2]
TENANT = "bench"
COMMUNITY = "bench-read-only"
_TICKS = os.sysconf("SC_CLK_TCK")


class Unfit(Exception):
    """A measurement cannot be taken; the message says why."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How big a measurement is. `rounds` are intervals measured after the first one."""

    devices: int = 500
    ports: int = 48
    interval: int = 60
    rounds: int = 6
    quick: bool = False


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a farm counted so far; requests to dead devices are in `packets_in`."""

    packets_in: int
    packets_out: int
    varbinds: int
    cpu_seconds: float

    @property
    def packets(self) -> int:
        """SNMP packets in both directions."""
        return self.packets_in + self.packets_out


class FarmProcess:
    """A farm in a process of its own."""

    def __init__(self, layout: Layout, process: subprocess.Popen[str]) -> None:
        self.layout = layout
        self.process = process
        ready = json.loads(self._line())
        self.port: int = ready["port"]

    def statistics(self) -> Statistics:
        """The counts up to now."""
        self.process.send_signal(signal.SIGUSR1)
        told = json.loads(self._line())
        return Statistics(
            told["packets_in"], told["packets_out"], told["varbinds"], told["cpu_seconds"]
        )

    def _line(self) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise Unfit("the farm ended; its words stand above")
        return line


@contextlib.contextmanager
def farm(layout: Layout) -> Iterator[FarmProcess]:
    """Serves a layout on a free UDP port until the end of the block."""
    command = [sys.executable, "-m", "tests.simulator.farm", "--port", "0"]
    command += ["--devices", str(layout.devices), "--ports", str(layout.ports)]
    command += ["--dead", str(layout.dead), "--base", layout.base]
    command += ["--community", layout.community, "--step", str(layout.step)]
    for number, seconds in layout.delays:
        command += ["--delay", f"{number}={seconds}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT) as process:
        try:
            yield FarmProcess(layout, process)
        finally:
            process.terminate()
            process.communicate(timeout=10)


def layout(scale: Scale, *, base: str, **options: Any) -> Layout:
    """A farm's layout for this scale."""
    return Layout(
        devices=scale.devices, ports=scale.ports, base=base, community=COMMUNITY, **options
    )


def workspace(
    root: Path, rows: Mapping[str, tuple[str, int]], settings: str, *, icmp: bool = True
) -> Path:
    """Writes a workspace with the tenant `bench`: device -> (address, port).

    `settings` are further lines of fleet.yaml.
    """
    tenant = root / "tenants" / TENANT
    tenant.mkdir(parents=True)
    credentials = "credentials: {default: {version: 2c, community: {env: SNMP_COMMUNITY}}}\n"
    (root / "fleet.yaml").write_text(credentials + settings)
    (tenant / "tenant.yaml").write_text("# all as the fleet says\n")
    with (tenant / "devices.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("name", "address", "port", "site", "role", "icmp"))
        for name, (address, port) in rows.items():
            writer.writerow((name, address, port, "bench", "access", "yes" if icmp else "no"))
    return root


def devices_of(serving: FarmProcess) -> dict[str, tuple[str, int]]:
    """The farm's devices as `workspace` wants them, named by their sysName."""
    return {
        device_name(device.number): (device.address, serving.port)
        for device in serving.layout.build()
    }


def living(serving: FarmProcess) -> set[str]:
    """Names of the devices that answer."""
    return {device_name(d.number) for d in serving.layout.build() if d.agent is not None}


@dataclass(frozen=True, slots=True)
class Run:
    """A finished call of tigctl; `seconds` by the clock."""

    seconds: float
    code: int
    output: str


def tigctl(root: Path, *arguments: str, allowed: tuple[int, ...] = (0,), **environ: str) -> Run:
    """Calls the program in a workspace. Raises Unfit with its words where it fails."""
    program = Path(sys.executable).with_name("tigctl")
    started = time.perf_counter()
    done = subprocess.run(
        [program, *arguments],
        cwd=root,
        env={**os.environ, "SNMP_COMMUNITY": COMMUNITY, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    if done.returncode not in allowed:
        words = (done.stderr or done.stdout).strip()[-1500:]
        raise Unfit(f"tigctl {' '.join(arguments)} ended with {done.returncode}:\n{words}")
    return Run(seconds, done.returncode, done.stdout)


def rendered(root: Path) -> tuple[Path, int]:
    """Renders the workspace: its one Telegraf configuration and the memory it was promised.

    Raises Unfit where more than one Telegraf came out, as the figures are for one.
    """
    folder = root / "rendered"
    tigctl(root, "render", TENANT, "-o", str(folder))
    configs = sorted((folder / "telegraf").glob("*.conf"))
    if len(configs) != 1:
        raise Unfit(f"{len(configs)} Telegrafs were rendered; the figures are for one")
    bundle = json.loads((folder / "bundle.json").read_text())
    return configs[0], sum(shard["memory_bytes"] for shard in bundle["telegraf"])


def to_file(config: Path, lines: Path, *, keep_outputs: bool = False, **agent: Any) -> Path:
    """A copy of a Telegraf configuration that writes line protocol to the file `lines`.

    Instead of to its own outputs, or besides them. `agent` overrides keys of [agent].
    """
    data = tomllib.loads(config.read_text())
    outputs = data.get("outputs", {}) if keep_outputs else {}
    data["outputs"] = {**outputs, "file": [{"files": [str(lines)], "data_format": "influx"}]}
    data["agent"] = {**data.get("agent", {}), **agent}
    copy = lines.with_suffix(".conf")
    copy.write_text(tomli_w.dumps(data))
    return copy


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and of its children that ended (proc(5), utime to cstime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def peak_bytes(pid: int) -> int:
    """The most memory a process ever had resident (VmHWM)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise Unfit(f"process {pid} tells no VmHWM")


def wait(seconds: float, what: str) -> None:
    """Sleeps, and says so on standard error: these take minutes."""
    print(f"  {what}: {seconds:.0f} s", file=sys.stderr, flush=True)
    time.sleep(seconds)
