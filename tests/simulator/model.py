"""The objects of a simulated switch: encoded once, shared by all devices with as many ports.

A row is either bytes that never change or a function of the device's number and the time.
Counters start so high that a day of traffic neither wraps nor shortens the 64-bit ones; the
32-bit ones wrap as they do on a real port.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial

from tests.simulator import ber

Row = bytes | Callable[[int, float], bytes]
"""What is sent for one object: bytes, or a function (device number, seconds since start)."""

SYSTEM = "1.3.6.1.2.1.1"  # SNMPv2-MIB
IF_ENTRY = "1.3.6.1.2.1.2.2.1"  # IF-MIB ifTable
IF_X_ENTRY = "1.3.6.1.2.1.31.1.1.1"  # IF-MIB ifXTable
HR_STORAGE = "1.3.6.1.2.1.25.2.3.1"  # HOST-RESOURCES-MIB hrStorageTable
HR_PROCESSOR = "1.3.6.1.2.1.25.3.3.1"  # HOST-RESOURCES-MIB hrProcessorTable
HR_RAM, HR_DISK = "1.3.6.1.2.1.25.2.1.2", "1.3.6.1.2.1.25.2.1.4"
NET_SNMP_LINUX = "1.3.6.1.4.1.8072.3.2.10"  # NET-SNMP-TC: what net-snmp says on Linux

_DAY_TICKS = 8_640_000
_C32, _C64 = 1 << 32, 1 << 64


class Objects:
    """All objects of one kind of device, in MIB order.

    Attributes:
        names: encoded OIDs.
        rows: what is sent for each.
        place: encoded OID -> position.
        wide: positions of 64-bit counters, which SNMP v1 does not know.
    """

    def __init__(self, objects: Sequence[tuple[str, Row]]) -> None:
        encoded = sorted(
            ((ber.arcs(ber.oid(name)), ber.oid(name), row) for name, row in objects),
            key=lambda item: item[0],
        )
        self._order = [item[0] for item in encoded]
        self.names = [item[1] for item in encoded]
        self.rows = [item[2] for item in encoded]
        self.place = {name: position for position, name in enumerate(self.names)}
        self.wide = frozenset(
            position
            for position, (name, row) in enumerate(zip(self.names, self.rows, strict=True))
            if _sent(row)[2 + 2 + len(name)] == ber.COUNTER64
        )
        self._roots: dict[bytes, int] = {}

    def after(self, name: bytes) -> int:
        """Position of the first object after `name`; their number where none is."""
        known = self.place.get(name)
        if known is not None:
            return known + 1
        found = self._roots.get(name)
        if found is None:
            found = bisect_right(self._order, ber.arcs(name))
            if len(self._roots) < 10_000:  # askers may send anything; columns are few
                self._roots[name] = found
        return found

    def missing(self, name: bytes) -> bytes:
        """noSuchInstance where a neighbour stands in the same column, else noSuchObject."""
        column = ber.arcs(name)[:-1]
        near = self.after(name)
        for position in (near - 1, near):
            if 0 <= position < len(self._order) and self._order[position][:-1] == column:
                return ber.NO_SUCH_INSTANCE
        return ber.NO_SUCH_OBJECT


def _sent(row: Row) -> bytes:
    return row if isinstance(row, bytes) else row(0, 0.0)


def _moving(tag: int, dotted: str, modulus: int, base: int, rate: float) -> Row:
    """A counter: `rate` per second on device 0, up to 1.9 times that on others."""
    name = ber.tlv(ber.OBJECT_ID, ber.oid(dotted))
    # What stands before the number, by the number's length: worked out once.
    heads = [bytes((ber.SEQUENCE, len(name) + 2 + n)) + name + bytes((tag, n)) for n in range(10)]

    def row(number: int, seconds: float) -> bytes:
        value = (base + int(rate * (1 + number % 10 / 10) * seconds)) % modulus
        size = value.bit_length() // 8 + 1
        return heads[size] + value.to_bytes(size, "big")

    return row


def _computed(dotted: str, value: Callable[[int, float], bytes]) -> Row:
    name = ber.oid(dotted)
    return lambda number, seconds: ber.varbind(name, value(number, seconds))


def device_name(number: int) -> str:
    """The sysName of a device of the farm."""
    return f"sim-{number:05d}"


def _system(ports: int) -> Iterator[tuple[str, bytes]]:
    yield f"{SYSTEM}.1.0", ber.text(f"Simulated switch, {ports} ports")
    yield f"{SYSTEM}.2.0", ber.tlv(ber.OBJECT_ID, ber.oid(NET_SNMP_LINUX))
    yield f"{SYSTEM}.4.0", ber.text("noc@noc.example")
    yield f"{SYSTEM}.6.0", ber.text("nowhere")
    yield f"{SYSTEM}.7.0", ber.integer(78)
    yield "1.3.6.1.2.1.2.1.0", ber.integer(ports)
    storage = (("Physical memory", HR_RAM, 1024, 4_000_000), ("/", HR_DISK, 4096, 10_000_000))
    for index, (label, kind, unit, size) in enumerate(storage, 1):
        yield f"{HR_STORAGE}.1.{index}", ber.integer(index)
        yield f"{HR_STORAGE}.2.{index}", ber.tlv(ber.OBJECT_ID, ber.oid(kind))
        yield f"{HR_STORAGE}.3.{index}", ber.text(label)
        yield f"{HR_STORAGE}.4.{index}", ber.integer(unit)
        yield f"{HR_STORAGE}.5.{index}", ber.integer(size)
    for index in (1, 2):
        yield f"{HR_PROCESSOR}.1.{index}", ber.tlv(ber.OBJECT_ID, ber.oid("0.0"))


def _wandering() -> Iterator[tuple[str, Row]]:
    def ticks(number: int, seconds: float) -> bytes:
        value = (_DAY_TICKS * (1 + number % 90) + int(seconds * 100)) % _C32
        return ber.integer(value, ber.TIME_TICKS)

    yield f"{SYSTEM}.3.0", _computed(f"{SYSTEM}.3.0", ticks)
    yield (
        f"{SYSTEM}.5.0",
        _computed(f"{SYSTEM}.5.0", lambda number, _: ber.text(device_name(number))),
    )
    # Sawtooths of a quarter of an hour: visibly alive, and easy to foretell.
    for index in (1, 2):
        load, used = f"{HR_PROCESSOR}.2.{index}", f"{HR_STORAGE}.6.{index}"
        yield load, _computed(load, partial(_load, index))
        yield used, _computed(used, _used)


def _load(processor: int, number: int, seconds: float) -> bytes:
    return ber.integer(5 + (number + 7 * processor + int(seconds) // 9) % 90)


def _used(number: int, seconds: float) -> bytes:
    return ber.integer(1_000_000 + number * 97 + int(seconds) % 900 * 500)


def _port(port: int) -> Iterator[tuple[str, bytes]]:
    """The columns of ifTable (22) and ifXTable (19) that do not move."""
    up = port % 4 != 0
    for column, value in {
        1: ber.integer(port),
        2: ber.text(f"GigabitEthernet1/0/{port}"),
        3: ber.integer(6),  # ethernetCsmacd
        4: ber.integer(1500),
        5: ber.integer(1_000_000_000, ber.GAUGE32),
        6: ber.text(bytes((2, 0, 0x5E, 0, port >> 8, port & 0xFF))),
        7: ber.integer(1),
        8: ber.integer(1 if up else 2),
        9: ber.integer(1234, ber.TIME_TICKS),
        21: ber.integer(0, ber.GAUGE32),
        22: ber.tlv(ber.OBJECT_ID, ber.oid("0.0")),
    }.items():
        yield f"{IF_ENTRY}.{column}.{port}", value
    for column, value in {
        1: ber.text(f"Gi1/0/{port}"),
        14: ber.integer(1),
        15: ber.integer(1000, ber.GAUGE32),
        16: ber.integer(2),
        17: ber.integer(1),
        18: ber.text(f"room {port // 8 + 1}, outlet {port % 8 + 1}"),
        19: ber.integer(0, ber.TIME_TICKS),
    }.items():
        yield f"{IF_X_ENTRY}.{column}.{port}", value


def _traffic(port: int) -> Iterator[tuple[str, Row]]:
    """The counters of one port. Octets per second: up to 30 % of 1 Gbit/s; none where down."""
    rate = (port * 7919 % 37_500 * 1000.0) if port % 4 else 0.0
    narrow = {10: rate, 11: rate / 800, 12: rate / 80_000, 13: 0.0, 14: 0.0, 15: 0.0}
    narrow |= {16: rate / 3, 17: rate / 2400, 18: rate / 240_000, 19: 0.0, 20: 0.0}
    for column, per_second in narrow.items():
        dotted = f"{IF_ENTRY}.{column}.{port}"
        yield dotted, _moving(ber.COUNTER32, dotted, _C32, port * 1_000_003, per_second)
    for column in range(2, 6):
        dotted = f"{IF_X_ENTRY}.{column}.{port}"
        yield dotted, _moving(ber.COUNTER32, dotted, _C32, port * 101, rate / 80_000)
    wide = {6: rate, 7: rate / 800, 8: rate / 80_000, 9: rate / 160_000}
    wide |= {10: rate / 3, 11: rate / 2400, 12: rate / 240_000, 13: rate / 480_000}
    for column, per_second in wide.items():
        dotted = f"{IF_X_ENTRY}.{column}.{port}"
        yield dotted, _moving(ber.COUNTER64, dotted, _C64, (1 << 40) + port * 10**9, per_second)


@lru_cache(maxsize=64)
def switch(ports: int) -> Objects:
    """A switch with `ports` ports: system, ifTable, ifXTable, HOST-RESOURCES CPU and storage."""
    fixed = list(_system(ports))
    moving = list(_wandering())
    for port in range(1, ports + 1):
        fixed += _port(port)
        moving += _traffic(port)
    objects: list[tuple[str, Row]] = [
        (dotted, ber.varbind(ber.oid(dotted), value)) for dotted, value in fixed
    ]
    return Objects(objects + moving)
