"""Which device of the demo is which simulation: the inventory joined with `simulated.csv`.

Also the demo's secrets. They guard nothing but invented devices on loopback addresses, which
is why they may stand here.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
WORKSPACE = CHECKOUT / "examples" / "noc"
RECORDINGS = WORKSPACE / "devices"

COMMUNITY = "demo-read-only"
OTHER_COMMUNITY = "somebody-elses"
USER = "noc"  # as fleet.yaml says
ENVIRONMENT = {
    "SNMP_COMMUNITY": COMMUNITY,
    "SNMP_AUTH_PASSWORD": "demo-authentication",
    "SNMP_PRIVACY_PASSWORD": "demo-encryption",
}
"""What the variables named in examples/noc/fleet.yaml must hold for the simulated devices."""

RECORDED, OWN, SNMPD, SLOW, LOCKED, DEAD = "recorded", "own", "snmpd", "slow", "locked", "dead"
KINDS = (RECORDED, OWN, SNMPD, SLOW, LOCKED, DEAD)


@dataclass(frozen=True, slots=True)
class Simulated:
    """One device of the demo. `tcp` are ports that must accept a connection."""

    name: str
    address: str
    port: int
    credentials: str
    tcp: tuple[int, ...]
    vendor: str
    kind: str
    source: str

    @property
    def community(self) -> str:
        """The community it answers to."""
        return OTHER_COMMUNITY if self.kind == LOCKED else COMMUNITY

    @property
    def by_user(self) -> bool:
        """Whether it answers to SNMPv3 only."""
        return self.credentials == "core"


def load(workspace: Path = WORKSPACE, tenant: str = "acme") -> tuple[Simulated, ...]:
    """All devices of the demo, in the inventory's order.

    Raises ValueError where the two files do not name the same devices.
    """
    inventory = _rows(workspace / "tenants" / tenant / "devices.csv")
    behind = _rows(workspace / "devices" / "simulated.csv")
    if inventory.keys() != behind.keys():
        odd = ", ".join(sorted(inventory.keys() ^ behind.keys()))
        raise ValueError(f"devices.csv and simulated.csv of {workspace} differ in: {odd}")
    return tuple(
        Simulated(
            name=name,
            address=row["address"],
            port=int(row["port"]),
            credentials=row["credentials"],
            tcp=tuple(int(port) for port in row["tcp"].split(";") if port),
            vendor=behind[name]["vendor"],
            kind=behind[name]["kind"],
            source=behind[name]["source"],
        )
        for name, row in inventory.items()
    )


def _rows(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}
