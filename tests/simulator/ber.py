"""SNMP messages as bytes: the little of BER (X.690) that agents and askers need.

Knows nothing of sockets and of what a device holds. Lengths are written in their shortest
form, so that the bytes are those a real agent sends.
"""

from __future__ import annotations

from functools import lru_cache

INTEGER, OCTETS, NULL, OBJECT_ID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
IP_ADDRESS, COUNTER32, GAUGE32, TIME_TICKS, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x46
GET, GET_NEXT, RESPONSE, SET, GET_BULK = 0xA0, 0xA1, 0xA2, 0xA3, 0xA5
REPORT = 0xA8

NOTHING = b"\x05\x00"  # NULL: the value in a request
NO_SUCH_OBJECT = b"\x80\x00"
NO_SUCH_INSTANCE = b"\x81\x00"
END_OF_MIB_VIEW = b"\x82\x00"

V1, V2C, V3 = 0, 1, 3


def tlv(tag: int, content: bytes) -> bytes:
    """One item: tag, length, content."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def sequence(*items: bytes) -> bytes:
    """Items wrapped in a SEQUENCE."""
    return tlv(SEQUENCE, b"".join(items))


def integer(value: int, tag: int = INTEGER) -> bytes:
    """A number in its shortest form; unsigned types get their leading zero this way too."""
    size = (value + (value < 0)).bit_length() // 8 + 1
    return tlv(tag, value.to_bytes(size, "big", signed=True))


def text(value: str | bytes) -> bytes:
    """An OCTET STRING."""
    return tlv(OCTETS, value.encode() if isinstance(value, str) else value)


def _arc(value: int) -> bytes:
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(0x80 | (value & 0x7F))
    return bytes(reversed(out))


@lru_cache(maxsize=100_000)
def oid(dotted: str) -> bytes:
    """The content of an OBJECT IDENTIFIER, without tag and length."""
    first, second, *rest = map(int, dotted.split("."))
    return _arc(first * 40 + second) + b"".join(map(_arc, rest))


def arcs(content: bytes) -> tuple[int, ...]:
    """The numbers of an encoded OBJECT IDENTIFIER; these sort as the MIB does, bytes do not.

    The first number stands for the first two arcs (43 for 1.3).
    """
    out, value = [], 0
    for byte in content:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            out.append(value)
            value = 0
    return tuple(out)


def dotted(content: bytes) -> str:
    """An encoded OBJECT IDENTIFIER for people."""
    first, *rest = arcs(content)
    head = min(first // 40, 2)
    return ".".join(map(str, (head, first - 40 * head, *rest)))


def varbind(name: bytes, value: bytes) -> bytes:
    """A variable binding from an OID's content and a whole value."""
    return sequence(tlv(OBJECT_ID, name), value)


def read(data: bytes, at: int) -> tuple[int, int, int]:
    """Tag, start and end of the content of the item at `at`.

    Raises IndexError or ValueError where the data ends before the item does.
    """
    size, start = data[at + 1], at + 2
    if size & 0x80:
        start += size & 0x7F
        size = int.from_bytes(data[at + 2 : start], "big")
    end = start + size
    if end > len(data):
        raise ValueError("the item is longer than the message")
    return data[at], start, end


def request(
    kind: int,
    names: list[str],
    *,
    community: str,
    version: int = V2C,
    number: int = 1,
    first: int = 0,
    second: int = 0,
) -> bytes:
    """A request of SNMP v1 or v2c.

    `first` and `second` are non-repeaters and max-repetitions of a GETBULK, else 0.
    """
    rows = sequence(*(varbind(oid(name), NOTHING) for name in names))
    body = integer(number) + integer(first) + integer(second) + rows
    return sequence(integer(version), text(community), tlv(kind, body))


def discovery() -> bytes:
    """An SNMPv3 message that asks an agent for its engine ID (RFC 3414, 4).

    Every v3 agent answers it with a report, whatever users it knows.
    """
    header = sequence(integer(1), integer(65507), tlv(OCTETS, b"\x04"), integer(3))
    security = sequence(text(b""), integer(0), integer(0), text(b""), text(b""), text(b""))
    pdu = tlv(GET, integer(1) + integer(0) + integer(0) + sequence())
    scoped = sequence(text(b""), text(b""), pdu)
    return sequence(integer(V3), header, text(security), scoped)


def answer(data: bytes) -> tuple[int, int, list[tuple[str, int, bytes]]]:
    """Request number, error status and (OID, tag, content) of each binding of a response."""
    _, at, _ = read(data, 0)
    _, _, at = read(data, at)  # version
    _, _, at = read(data, at)  # community
    _, at, _ = read(data, at)
    _, start, at = read(data, at)
    number = int.from_bytes(data[start:at], "big", signed=True)
    _, start, at = read(data, at)
    status = int.from_bytes(data[start:at], "big")
    _, _, at = read(data, at)
    _, at, end = read(data, at)
    rows = []
    while at < end:
        _, at, after = read(data, at)
        _, start, stop = read(data, at)
        tag, value, value_end = read(data, stop)
        rows.append((dotted(data[start:stop]), tag, data[value:value_end]))
        at = after
    return number, status, rows
