"""Starts, checks and stops the simulated devices of examples/noc.

    scripts/devices up [--dir D]       starts them and waits until they answer
    scripts/devices status [--dir D]   one line per device; exit 0 if all are as they should be
    scripts/devices env                the variables their credentials need, for `eval`
    scripts/devices down [--dir D]     ends them and removes what they left

Running `up` again changes nothing. The folder D (default demo/devices in the checkout) holds
recordings, logs and which processes were started. With `--workspace W` the devices are where
that copy of examples/noc has them.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.simulator import agents, ber, silence, simulated
from tests.simulator.processes import Processes
from tests.simulator.simulated import DEAD, LOCKED, OWN, RECORDED, SLOW, SNMPD, Simulated

_PATIENCE = 60.0  # seconds to start; two loaded cores take about five
_MARK = "processes.json"  # what tells a state folder of ours from any other folder


class Refused(Exception):
    """Something stands in the way; the message says what and what to do."""


def up(directory: Path, workspace: Path = simulated.WORKSPACE) -> str:
    """Starts whatever does not answer yet and returns a line that says what is there."""
    devices = simulated.load(workspace)
    processes = Processes(directory)
    notes = []
    if not _healthy(processes, devices):
        down(directory)
        _refuse_taken(devices)
        try:
            notes += _start(processes, devices)
            _wait(processes, devices)
        except BaseException:
            processes.end()
            silence.lift(directory)  # the logs stay, to be read
            raise
    return _summary(devices, processes, notes)


def down(directory: Path) -> int:
    """Ends all processes, lifts the drop rule and removes the folder; returns how many ended."""
    if directory.exists() and not (directory / _MARK).exists() and any(directory.iterdir()):
        raise Refused(f"{directory} is not a folder of scripts/devices; give another one by --dir")
    silence.lift(directory)
    if not directory.exists():
        return 0
    ended = Processes(directory).end()
    shutil.rmtree(directory)
    return ended


def status(directory: Path, workspace: Path = simulated.WORKSPACE) -> tuple[list[str], bool]:
    """One line per device (name, address, kind, state), and whether all are as they should be."""
    devices = simulated.load(workspace)
    answering = _answering(devices, patience=1.0)
    started = {process.name for process in Processes(directory).all() if process.alive}
    lines, well = [], True
    for device in devices:
        if device.kind == DEAD:
            state = "silent, as it should be"
        elif device.name in answering:
            state = "answers"
        elif device.kind == SNMPD and started and "snmpd" not in started:
            state = "left out: snmpd is not installed"
        else:
            state, well = "does not answer", False
        where = f"{device.address}:{device.port}"
        lines.append(f"{device.name:12} {where:18} {device.kind:9} {state}")
    return lines, well


def _start(processes: Processes, devices: Sequence[Simulated]) -> list[str]:
    """Starts everything; returns what has to be said about what could not be."""
    directory = processes.directory
    directory.mkdir(parents=True, exist_ok=True)
    (directory / _MARK).write_text("[]")
    notes = []
    by_kind = {kind: [d for d in devices if d.kind == kind] for kind in simulated.KINDS}
    checks = [(device.address, port) for device in devices for port in device.tcp]
    programs = agents.snmpsim([*by_kind[RECORDED], *by_kind[OWN], *by_kind[LOCKED]], directory)
    programs += [agents.farm(device, directory, checks) for device in by_kind[SLOW]]
    for device in by_kind[SNMPD]:
        real = agents.snmpd(device, directory)
        if real:
            programs.append(real)
        else:
            notes.append(
                f"{device.name} is left out: snmpd is not installed (apt-get install snmpd)"
            )
    for program in programs:
        processes.start(program.name, program.command, program.environ)
    if reason := silence.impose(directory, [device.address for device in by_kind[DEAD]]):
        names = ", ".join(device.name for device in by_kind[DEAD])
        notes.append(f"{names} gives no answer to SNMP, but to ping: {reason}")
    return notes


def _refuse_taken(devices: Sequence[Simulated]) -> None:
    """Raises Refused where somebody else listens already, most likely other simulated devices."""
    for device in devices:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trying:
            try:
                trying.bind((device.address, device.port))
            except OSError as error:
                raise Refused(
                    f"UDP {device.address}:{device.port} is taken ({error.strerror})\n"
                    "  next: end what listens there: scripts/devices down of another checkout,"
                    " or of another --dir"
                ) from error


def _wait(processes: Processes, devices: Sequence[Simulated]) -> None:
    """Until every device that should answer does; raises Refused with the reason if not."""
    deadline = time.monotonic() + _PATIENCE
    waiting = _expected(processes, devices)
    while waiting:
        for process in processes.all():
            if not process.alive:
                said = processes.log(process).splitlines()[-1:] or ["it said nothing"]
                raise Refused(
                    f"{process.name} ended at once: {said[0]}\n"
                    f"  next: read {processes.directory / process.name}.log"
                )
        if time.monotonic() > deadline:
            names = ", ".join(device.name for device in waiting)
            raise Refused(f"no answer within {_PATIENCE:.0f} s from: {names}")
        answering = _answering(waiting, patience=0.5)
        waiting = [device for device in waiting if device.name not in answering]


def _expected(processes: Processes, devices: Sequence[Simulated]) -> list[Simulated]:
    """Devices whose answer is worth waiting for: not the dead one, nor the slow one's seconds."""
    real = any(process.name == "snmpd" for process in processes.all())
    return [
        device
        for device in devices
        if device.kind not in (DEAD, SLOW) and (device.kind != SNMPD or real)
    ]


def _healthy(processes: Processes, devices: Sequence[Simulated]) -> bool:
    started = processes.all()
    if not started or not all(process.alive for process in started):
        return False
    expected = _expected(processes, devices)
    return len(_answering(expected, patience=2.0)) == len(expected)


def _answering(devices: Sequence[Simulated], *, patience: float) -> set[str]:
    """Names of those that answer a request for sysName within `patience` seconds.

    The slow one is known by its own delay, so it gets that long on top.
    """
    longest = patience
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.bind(("127.0.0.1", 0))
        places = {}
        for device in devices:
            if device.kind == DEAD:
                continue
            if device.kind == SLOW:
                longest = max(longest, patience + float(device.source))
            places[device.address, device.port] = device.name
            asking.sendto(_question(device), (device.address, device.port))
        found: set[str] = set()
        deadline = time.monotonic() + longest
        while len(found) < len(places) and (left := deadline - time.monotonic()) > 0:
            asking.settimeout(left)
            try:
                _, place = asking.recvfrom(4096)
            except TimeoutError:
                break
            except ConnectionRefusedError:
                continue
            if place in places:
                found.add(places[place])
    return found


def _question(device: Simulated) -> bytes:
    if device.by_user:
        return ber.discovery()
    version = ber.V1 if device.credentials == "legacy" else ber.V2C
    return ber.request(ber.GET, ["1.3.6.1.2.1.1.5.0"], community=device.community, version=version)


def _summary(devices: Sequence[Simulated], processes: Processes, notes: Sequence[str]) -> str:
    real = any(process.name == "snmpd" for process in processes.all())
    there = [d for d in devices if d.kind != DEAD and (d.kind != SNMPD or real)]
    vendors = {device.vendor for device in there}
    first, last = devices[0].address, devices[-1].address.rpartition(".")[2]
    line = (
        f"Devices   {len(there)} simulated devices of {len(vendors)} vendors answer on"
        f" {first}-{last}"
    )
    return "\n".join((line, *(f"          {note}" for note in notes)))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the module's docstring."""
    parser = argparse.ArgumentParser(
        prog="scripts/devices",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=("up", "down", "status", "env"))
    parser.add_argument("--dir", type=Path, default=simulated.CHECKOUT / "demo" / "devices")
    parser.add_argument("--workspace", type=Path, default=simulated.WORKSPACE)
    options = parser.parse_args(arguments)
    directory = options.dir.resolve()
    try:
        if options.what == "up":
            print(up(directory, options.workspace), file=sys.stderr)
        elif options.what == "down":
            ended = down(directory)
            print(f"Devices   {ended} processes ended" if ended else "Devices   none were running",
                  file=sys.stderr)  # fmt: skip
        elif options.what == "status":
            lines, well = status(directory, options.workspace)
            print("\n".join(lines))
            return 0 if well else 3
        else:
            for name, value in simulated.ENVIRONMENT.items():
                print(f"export {name}={shlex.quote(value)}")
    except Refused as refused:
        print(f"scripts/devices: {refused}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
