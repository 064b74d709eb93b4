"""A /16 of loopback swept with three logins at 10,000 packets/s, 2 % of it with an agent.

All of loopback answers ping, which is the worst case: every address is a host, and every one of
them is asked with every login. The agents answer to the second login, the third is a user of
SNMPv3. Beside it in the same run: the pings alone against fping at the same pace, and the SNMP
part against a plain loop of pysnmp, which asks one address after the other with each login.
That loop waits for every silent address, so it is timed on a sample with as large a share of
agents, with a wait of half a second and no retries, which favours it.
"""

from __future__ import annotations

import asyncio
import csv
import io
import shutil
import subprocess
import time
from pathlib import Path

from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    get_cmd,
)

from collectors.discovery.model import Options
from collectors.discovery.sweep import sweep
from collectors.discovery.targets import Targets, hosts
from tests.bench import stage
from tests.bench.report import Figure
from tests.simulator.farm import Layout

_RATE = 10_000
_SHARE = 50  # one address in so many has an agent
_SAMPLE = 25
_WAIT = 0.5
_SETTINGS = """\
  strange: {version: 2c, community: {env: STRANGE}}
  default: {version: 2c, community: {env: SNMP_COMMUNITY}}
  user: {version: 3, user: noc, auth: {protocol: sha256, password: {env: STRANGE}}}
"""


def run(scale: stage.Scale, directory: Path) -> list[Figure]:
    """All figures of this measurement."""
    network, addresses = ("127.88.0.0/22", 1 << 10) if scale.quick else ("127.88.0.0/16", 1 << 16)
    # Every 49th, because of the two addresses in 256 that the farm leaves out.
    devices = addresses // _SHARE
    layout = Layout(devices, 1, base="127.88.0.7", community=stage.COMMUNITY, step=_SHARE - 1)
    root = directory / "noc"
    tenant = root / "tenants" / stage.TENANT
    tenant.mkdir(parents=True)
    (root / "fleet.yaml").write_text("credentials:\n" + _SETTINGS)
    (tenant / "tenant.yaml").write_text(f"networks: [{network}]\n")
    (tenant / "devices.csv").write_text("name,address\n")
    with stage.farm(layout) as serving:
        arguments = ("discover", stage.TENANT, "--rate", str(_RATE), "--port", str(serving.port))
        found = stage.tigctl(root, *arguments, "--snmp-only", STRANGE="somebody-elses")
        rows = {row["address"] for row in csv.DictReader(io.StringIO(found.output))}
        alive = {device.address for device in layout.build()}
        sample = [f"127.88.0.{n}" for n in range(1, 1 + _SAMPLE)]
        loop = _pysnmp_loop(sample, serving.port) / len(sample) * addresses
    size = f"{addresses:,} addresses, {devices:,} agents"
    figures = [
        Figure(f"discover: {size}, 3 logins", found.seconds, "s", None if scale.quick else 25),
        Figure("discover: agents not found", len(alive - rows), "", 0),
        Figure("discover: of a plain pysnmp loop", found.seconds / loop, "×", 0.1),
        Figure(f"plain pysnmp loop, by {len(sample)} addresses", loop, "s"),
    ]
    ours = _pings(network)
    figures.append(Figure("pings alone", ours, "s"))
    if shutil.which("fping"):
        theirs = _fping(network)
        figures.append(Figure("fping, one try, 0.1 ms between two", theirs, "s"))
        figures.append(Figure("pings alone, of fping", ours / theirs, "×", 1.2))
    return figures


def _pings(network: str) -> float:
    """Seconds to ping all of it by our sweep, without any login."""
    began = time.perf_counter()
    options = Options(rate=_RATE, retries=0)
    targets = Targets([hosts(network)], 161)
    found = sweep(targets, [], options, observe=lambda _: None, keep=lambda _: None)
    if len(found.seen) != len(targets):
        raise stage.Unfit(f"{len(found.seen)} of {len(targets)} answered ping {found.unpinged}")
    return time.perf_counter() - began


def _fping(network: str) -> float:
    began = time.perf_counter()
    command = ["fping", "-q", "-a", "-r", "0", "-i", "0.1", "-g", network]
    subprocess.run(command, capture_output=True, check=False)
    return time.perf_counter() - began


def _pysnmp_loop(addresses: list[str], port: int) -> float:
    """Seconds to ask each address with each community; the user is left out."""

    async def loop() -> None:
        engine = SnmpEngine()
        name = ObjectType(ObjectIdentity("1.3.6.1.2.1.1.5.0"))
        for address in addresses:
            for community in ("somebody-elses", stage.COMMUNITY):
                target = await UdpTransportTarget.create((address, port), _WAIT, 0)
                await get_cmd(engine, CommunityData(community), target, ContextData(), name)
        engine.close_dispatcher()

    began = time.perf_counter()
    asyncio.run(loop())
    return time.perf_counter() - began
