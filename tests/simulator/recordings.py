"""Recordings for snmpsim: cut to what a monitor asks, renamed, and set in motion.

A recording (`.snmprec`, one `OID|tag|value` per line) is a still picture of a device, often
with ten thousands of rows of process lists and address tables that only cost start-up time.
`derive` makes of it a small one in which uptime and the counters of ports that are up run
(snmpsim's variation module `numeric`) and loads and sensors wander a little. Everything else
stays as recorded. The same recording and name give the same text.
"""

from __future__ import annotations

import bz2
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from zlib import crc32

# Found by its distribution, not imported: the package ships no types and is data only.
SHIPPED = Path(str(distribution("snmpsim-data").locate_file("snmpsim_data/data")))

# Subtrees of MIB-2 that are kept: system, interfaces, OSPF (general, neighbours), BGP,
# HOST-RESOURCES (system, storage, devices), IF-MIB, UPS, Printer, ENTITY (entPhysicalTable),
# sensors, states, PoE.
_STANDARD = r"1\.3\.6\.1\.2\.1\.(?:1|2|14\.(?:1|10)|15|25\.[123]|31|33|43|47\.1\.1|99|105|131)\."
_ENTERPRISE = r"1\.3\.6\.1\.4\.1\.(\d+(?:\.\d+){1,4})\b"
_LINE = re.compile(rf"^(?:{_STANDARD}|{_ENTERPRISE})[\d.]*\|[^\n|]*\|[^\n]*", re.MULTILINE)
_GROUP = re.compile(rf"^{_ENTERPRISE}", re.MULTILINE)

# Of an enterprise's tree, what has more rows than this under five arcs is left out: process
# lists, address tables, signatures of an intrusion prevention.
_MOST_ROWS = 600
# These are as big and hold CPU, memory or sensors.
_KEPT_ALL_THE_SAME = frozenset(
    {
        "11.2.14.11.5",  # HP-ICF: CPU and memory of ProCurve switches
        "1588.2.1.1.1",  # SW-MIB: sensors of Brocade Fibre Channel switches
        "2011.5.25.31.1",  # HUAWEI-ENTITY-EXTENT-MIB
        "2636.3.1.13.1",  # JUNIPER-MIB jnxOperatingTable
        "4881.1.1.10.2",  # Ruijie: CPU, memory, temperature
    }
)

_IF = "1.3.6.1.2.1.2.2.1."
_IF_X = "1.3.6.1.2.1.31.1.1.1."
_SYS_NAME = "1.3.6.1.2.1.1.5.0"
_UPTIMES = ("1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.25.1.1.0")  # sysUpTime, hrSystemUptime

# Columns of ifTable and ifXTable that run, and how fast: a share of the port's octets per
# second, in (True) or out.
_PACKET = 1 / 700
_RATES: dict[str, tuple[bool, float]] = {
    f"{_IF}10.": (True, 1),
    f"{_IF}11.": (True, _PACKET),
    f"{_IF}12.": (True, _PACKET / 50),
    f"{_IF}16.": (False, 1),
    f"{_IF}17.": (False, _PACKET),
    f"{_IF}18.": (False, _PACKET / 50),
    f"{_IF_X}2.": (True, _PACKET / 90),
    f"{_IF_X}3.": (True, _PACKET / 110),
    f"{_IF_X}4.": (False, _PACKET / 90),
    f"{_IF_X}5.": (False, _PACKET / 110),
    f"{_IF_X}6.": (True, 1),
    f"{_IF_X}7.": (True, _PACKET),
    f"{_IF_X}8.": (True, _PACKET / 90),
    f"{_IF_X}9.": (True, _PACKET / 110),
    f"{_IF_X}10.": (False, 1),
    f"{_IF_X}11.": (False, _PACKET),
    f"{_IF_X}12.": (False, _PACKET / 90),
    f"{_IF_X}13.": (False, _PACKET / 110),
}
_COLUMN = re.compile(r"(1\.3\.6\.1\.2\.1\.(?:2\.2\.1|31\.1\.1\.1)\.\d+\.)(\d+)$")

# Percentages that wander by a few points around what was recorded.
_PERCENT = re.compile(
    r"1\.3\.6\.1\.(?:2\.1\.25\.3\.3\.1\.2"  # HOST-RESOURCES-MIB hrProcessorLoad
    r"|2\.1\.33\.1\.4\.4\.1\.5"  # UPS-MIB upsOutputPercentLoad
    r"|4\.1\.9\.9\.109\.1\.1\.1\.1\.[345678]"  # CISCO-PROCESS-MIB cpmCPUTotal*
    r"|4\.1\.9\.9\.305\.1\.1\.1"  # CISCO-SYSTEM-EXT-MIB cseSysCPUUtilization
    r"|4\.1\.11\.2\.14\.11\.5\.1\.9\.6\.1"  # STATISTICS-MIB hpSwitchCpuStat
    r"|4\.1\.789\.1\.2\.1\.3"  # NETWORK-APPLIANCE-MIB cpuBusyTimePerCent
    r"|4\.1\.2011\.5\.25\.31\.1\.1\.1\.1\.5"  # hwEntityCpuUsage
    r"|4\.1\.2636\.3\.1\.13\.1\.8"  # jnxOperatingCPU
    r"|4\.1\.12356\.101\.4\.1\.3"  # FORTINET-FORTIGATE-MIB fgSysCpuUsage
    r")\."
)
# Sensors that wander by two hundredths.
_SENSOR = re.compile(
    r"1\.3\.6\.1\.(?:2\.1\.99\.1\.1\.1\.4"  # ENTITY-SENSOR-MIB entPhySensorValue
    r"|4\.1\.9\.9\.91\.1\.1\.1\.1\.4"  # CISCO-ENTITY-SENSOR-MIB entSensorValue
    r")\."
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a recording."""

    oid: str
    tag: str
    value: str

    @property
    def order(self) -> tuple[int, ...]:
        """What rows sort by."""
        return tuple(map(int, self.oid.split(".")))

    def __str__(self) -> str:
        return f"{self.oid}|{self.tag}|{self.value}"


def read(path: Path) -> str:
    """The text of a recording, packed by bzip2 or not."""
    content = path.read_bytes()
    return (bz2.decompress(content) if path.suffix == ".bz2" else content).decode("latin-1")


def derive(text: str, name: str) -> str:
    """The recording `text` as the device `name` of the demo; see the module's docstring."""
    rows = sorted(_cut(text), key=lambda row: row.order)
    by_oid = {row.oid: row for row in rows}
    return "".join(f"{_move(row, by_oid, name)}\n" for row in rows)


def _cut(text: str) -> Iterable[Row]:
    """The rows that are kept, each OID once (of two the first one counts)."""
    sizes = Counter(_GROUP.findall(text))
    too_big = {group for group, size in sizes.items() if size > _MOST_ROWS} - _KEPT_ALL_THE_SAME
    found: dict[str, Row] = {}
    for match in _LINE.finditer(text):
        if match[1] not in too_big:
            oid, tag, value = match[0].rstrip("\r").split("|", 2)
            found.setdefault(oid, Row(oid, tag, value))
    return found.values()


def _move(row: Row, rows: dict[str, Row], name: str) -> Row:
    """The row as it is served."""
    if row.oid == _SYS_NAME:
        return Row(row.oid, "4", name)
    if not row.value.isdecimal():
        return row
    value = int(row.value)
    if row.oid in _UPTIMES:
        return Row(row.oid, "67:numeric", f"rate=100,initial={value},wrap=1")
    if column := _COLUMN.match(row.oid):
        return _traffic(row, column[1], column[2], rows, name)
    if _PERCENT.match(row.oid) and value <= 100:
        return _wander(row, value, 3.0, 100)
    return _wander(row, value, max(1.0, value * 0.02), 10**9) if _SENSOR.match(row.oid) else row


def _traffic(row: Row, column: str, port: str, rows: dict[str, Row], name: str) -> Row:
    if column not in _RATES or row.tag not in ("65", "70"):
        return row
    state = rows.get(f"{_IF}8.{port}")
    if state is None or state.value != "1":  # ifOperStatus up
        return row
    inward, share = _RATES[column]
    rate = _octets_per_second(port, rows, name, inward=inward) * share
    return Row(row.oid, f"{row.tag}:numeric", f"rate={rate:.4f},initial={row.value},wrap=1")


def _octets_per_second(port: str, rows: dict[str, Row], name: str, *, inward: bool) -> float:
    """Up to 40 % of the port's speed, most ports far less; fixed by the names alone."""
    speed = 0
    for oid, unit in ((f"{_IF_X}15.{port}", 1_000_000), (f"{_IF}5.{port}", 1)):
        found = rows.get(oid)
        if not speed and found and found.value.isdecimal():
            speed = int(found.value) * unit
    draw = crc32(f"{name}:{port}:{inward}".encode()) % 1000 / 1000
    return min(speed or 100_000_000, 10_000_000_000) / 8 * (0.4 * draw**3 + 0.0005)


def _wander(row: Row, value: int, by: float, most: int) -> Row:
    # Periods of 3 to 10 minutes, another one for each row.
    rate = 0.01 + crc32(row.oid.encode()) % 100 / 4000
    moves = f"function=sin,rate={rate:.5f},scale={by:.1f},offset={value},min=0,max={most}"
    return Row(row.oid, f"{row.tag}:numeric", moves)
