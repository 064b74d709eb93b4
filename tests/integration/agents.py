"""Simulated SNMP agents (snmpsim) for tests, from objects a test writes down.

with agents(tmp_path, {"127.0.0.1": [Object("1.3.6.1.2.1.1.5.0", 4, "sw1")]}) as port:
    ...                                    # community `public`, v1 and v2c
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# One object: OID with instance, BER tag in decimal (2 integer, 4 octets, 6 OID, 65 Counter32,
# 66 Gauge32, 67 TimeTicks, 70 Counter64; with an `x` behind it for a value in hexadecimal), value.
Object = tuple[str, int | str, object]

COMMUNITY = "public"
V3_USER, V3_AUTH, V3_PRIVACY = "noc", "authentication", "encryption"


@dataclass(frozen=True)
class SimulatedUser:
    """A user of SNMPv3; protocols as snmpsim names them (`--help` lists them), NONE for none."""

    name: str
    auth: str = "NONE"
    privacy: str = "NONE"

    @property
    def options(self) -> list[str]:
        """What tells snmpsim of this user."""
        options = [f"--v3-user={self.name}"]
        if self.auth != "NONE":
            options += [f"--v3-auth-key={V3_AUTH}", f"--v3-auth-proto={self.auth}"]
        if self.privacy != "NONE":
            options += [f"--v3-priv-key={V3_PRIVACY}", f"--v3-priv-proto={self.privacy}"]
        return options


@contextlib.contextmanager
def agents(
    directory: Path,
    devices: Mapping[str, Sequence[Object]],
    *,
    v3: Sequence[str] = (),
    users: Mapping[str, Sequence[SimulatedUser]] | None = None,
) -> Iterator[int]:
    """Serves each address its objects, all on one free UDP port, which is yielded.

    The addresses in `v3` answer to the user above (SHA256, AES) besides the community, those
    in `users` to the users named there. SNMPv3 is asked with the empty context.
    """
    known = dict.fromkeys(v3, (SimulatedUser(V3_USER, "SHA256", "AES"),)) | dict(users or {})
    port = _free_port(list(devices))
    options: list[str] = []
    for number, (address, objects) in enumerate(devices.items()):
        folder = directory / "recordings" / str(number)
        folder.mkdir(parents=True)
        stem = "self" if address in known else COMMUNITY
        lines = sorted(objects, key=lambda one: tuple(map(int, one[0].split("."))))
        text = "".join(f"{oid}|{tag}|{value}\n" for oid, tag, value in lines)
        (folder / f"{stem}.snmprec").write_text(text, encoding="latin-1")
        family = "6" if ":" in address else "4"
        endpoint = f"[{address}]:{port}" if family == "6" else f"{address}:{port}"
        options += [
            f"--v3-engine-id=80004fb805{number + 1:08x}",
            f"--data-dir={folder}",
            f"--agent-udpv{family}-endpoint={endpoint}",
        ]
        for user in known.get(address, ()):
            options += user.options
    with _running(directory, options, list(devices)[-1], port):
        yield port


@contextlib.contextmanager
def _running(directory: Path, options: list[str], last: str, port: int) -> Iterator[None]:
    program = Path(sys.executable).with_name("snmpsim-command-responder")
    cache = directory / "cache"
    cache.mkdir()
    log = directory / "snmpsim.log"
    environ = {"HOME": str(directory), "PATH": os.environ["PATH"], "SNMPSIM_ALLOW_ROOT": "true"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(program, "--logging-method=stderr", "--log-level=error"),
                *(f"--cache-dir={cache}", *options),
            ],
            env=environ,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    try:
        deadline = time.monotonic() + 150  # a few hundred endpoints on a busy machine
        while not _bound(last, port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _free_port(addresses: Sequence[str]) -> int:
    for _ in range(50):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if not any(_bound(address, port) for address in addresses):
            return port
    raise RuntimeError("no UDP port is free on all addresses")


def _bound(address: str, port: int) -> bool:
    """Whether somebody holds this UDP port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, port))
        except OSError:
            return True
    return False
