"""The programs behind the demo's devices, and the files they need: snmpsim, snmpd, the farm."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.simulator import recordings
from tests.simulator.simulated import CHECKOUT, ENVIRONMENT, OWN, RECORDINGS, USER, Simulated

SNMPSIM_PROCESSES = 2
"""Two, so that building their indexes and answering can use two cores."""


@dataclass(frozen=True, slots=True)
class Program:
    """A command to start, with what it needs in its environment."""

    name: str
    command: tuple[str | Path, ...]
    environ: Mapping[str, str] = field(default_factory=dict)


def snmpsim(devices: Sequence[Simulated], directory: Path) -> list[Program]:
    """Writes the recordings into the folder and returns the commands that serve them."""
    texts = {}
    for device in devices:
        folder = RECORDINGS if device.kind == OWN else recordings.SHIPPED
        texts[device.name] = recordings.derive(recordings.read(folder / device.source), device.name)
    # The biggest first, each to the process that has the least so far.
    groups: list[list[Simulated]] = [[] for _ in range(SNMPSIM_PROCESSES)]
    loads = [0] * SNMPSIM_PROCESSES
    for device in sorted(devices, key=lambda device: -len(texts[device.name])):
        lightest = loads.index(min(loads))
        groups[lightest].append(device)
        loads[lightest] += len(texts[device.name])
    return [
        _snmpsim(f"snmpsim-{number}", group, texts, directory)
        for number, group in enumerate(groups)
        if group
    ]


def _snmpsim(
    name: str, devices: Sequence[Simulated], texts: Mapping[str, str], directory: Path
) -> Program:
    """One snmpsim; each device is an SNMP engine of its own with a folder of its own."""
    options = []
    for device in devices:
        folder = directory / "recordings" / device.name
        folder.mkdir(parents=True, exist_ok=True)
        # snmpsim takes the community from the file's name; `self` stands for SNMPv3's default
        # context, and no community leads there.
        stem = "self" if device.by_user else device.community
        (folder / f"{stem}.snmprec").write_text(texts[device.name], encoding="latin-1")
        options += [
            f"--v3-engine-id=80004fb805{int(device.address.rpartition('.')[2]):08x}",
            f"--data-dir={folder}",
            f"--agent-udpv4-endpoint={device.address}:{device.port}",
        ]
        if device.by_user:
            options += [
                f"--v3-user={USER}",
                f"--v3-auth-key={ENVIRONMENT['SNMP_AUTH_PASSWORD']}",
                "--v3-auth-proto=SHA256",
                f"--v3-priv-key={ENVIRONMENT['SNMP_PRIVACY_PASSWORD']}",
                "--v3-priv-proto=AES",
            ]
    arguments = directory / f"{name}.arguments"
    arguments.write_text("\n".join(options))
    cache = directory / f"{name}.cache"
    cache.mkdir(exist_ok=True)
    command = (
        Path(sys.executable).with_name("snmpsim-command-responder"),
        "--logging-method=stderr",
        "--log-level=error",
        f"--cache-dir={cache}",
        f"--args-from-file={arguments}",
    )
    # As root snmpsim insists on another user, who may be barred from the virtual environment;
    # this is its own way to say no. It listens on loopback addresses only.
    environ = {"SNMPSIM_ALLOW_ROOT": "true"} if os.geteuid() == 0 else {}
    return Program(name, command, {"HOME": str(Path.home()), **environ})


def snmpd(device: Simulated, directory: Path) -> Program | None:
    """The real agent of Net-SNMP; None where it is not installed."""
    program = shutil.which("snmpd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        return None
    folder = directory / "snmpd"
    folder.mkdir(exist_ok=True)
    configuration = folder / "snmpd.conf"
    configuration.write_text(
        f"agentAddress udp:{device.address}:{device.port}\n"
        f"rocommunity {device.community} 127.0.0.0/8\n"
        # The network of tests (RFC 2544), which a real node's pods have addresses of.
        f"rocommunity {device.community} 198.18.0.0/15\n"
        f"sysName {device.name}\n"
        "sysLocation this machine\n"
        "sysContact noc@acme.example\n"
        "dontLogTCPWrappersConnects yes\n"
    )
    command = (
        program,
        "-f",
        "-C",
        "-c",
        configuration,
        "-I",
        "-smux",
        "-LEe",
        "-p",
        folder / "pid",
    )
    # It may write nowhere but here, and reads none of this machine's own settings.
    own = {"SNMP_PERSISTENT_DIR": str(folder), "SNMPCONFPATH": str(folder), "MIBS": ""}
    return Program("snmpd", command, own)


def farm(device: Simulated, directory: Path, also: Sequence[tuple[str, int]]) -> Program:
    """The slow device, and something for TCP checks to connect to at the addresses `also`."""
    listening = [f"--tcp={address}:{port}" for address, port in also]
    command = (
        *(sys.executable, "-m", "tests.simulator.farm"),
        *("--devices", "1", "--ports", "4", "--community", device.community),
        *("--bind", device.address, "--base", device.address, "--port", str(device.port)),
        *("--delay", f"1={device.source}"),
        *listening,
    )
    return Program("farm", command, {"PYTHONPATH": str(CHECKOUT)})
