"""Basic Encoding Rules (X.690), as far as SNMP uses them.

Decoding is lenient where a device's fault does no harm (an integer of five bytes, an empty
OID) and raises Malformed where the structure itself does not hold.
"""

from __future__ import annotations

from collections.abc import Sequence

Oid = tuple[int, ...]

INTEGER = 0x02
OCTETS = 0x04
NULL = 0x05
OBJECT_ID = 0x06
SEQUENCE = 0x30
IP_ADDRESS = 0x40
COUNTER32 = 0x41
GAUGE32 = 0x42
TIME_TICKS = 0x43
COUNTER64 = 0x46

EMPTY = b"\x05\x00"
"""The value NULL, as requests carry it."""


class Malformed(ValueError):
    """These bytes are no message of SNMP; the text says where it stops to make sense."""


def tlv(tag: int, *contents: bytes) -> bytes:
    """One element: tag, length, contents."""
    content = b"".join(contents)
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


def integer(value: int) -> bytes:
    """An INTEGER in the fewest bytes."""
    size = (value + (value < 0)).bit_length() // 8 + 1
    return tlv(INTEGER, value.to_bytes(size, "big", signed=True))


def octets(value: bytes) -> bytes:
    """An OCTET STRING."""
    return tlv(OCTETS, value)


def object_id(oid: Sequence[int]) -> bytes:
    """An OBJECT IDENTIFIER of at least two parts."""
    content = bytearray()
    for part in (oid[0] * 40 + oid[1], *oid[2:]):
        if part < 0x80:
            content.append(part)
            continue
        shift = (part.bit_length() - 1) // 7 * 7
        while shift:
            content.append(0x80 | (part >> shift) & 0x7F)
            shift -= 7
        content.append(part & 0x7F)
    return tlv(OBJECT_ID, bytes(content))


def parse_oid(text: str) -> Oid:
    """The OID written as `1.3.6.1` (a leading dot is fine). Raises ValueError."""
    parts = tuple(int(part) for part in text.removeprefix(".").split("."))
    if len(parts) < 2 or min(parts) < 0:
        raise ValueError(f"'{text}' is not an OID")
    return parts


def format_oid(oid: Oid) -> str:
    """The OID as text, without a leading dot."""
    return ".".join(map(str, oid))


def header(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Tag, start and stop of the contents of the element at `at`."""
    if at + 2 > end:
        raise Malformed(f"it ends at byte {end}, where another element should begin")
    tag, length = data[at], data[at + 1]
    start = at + 2
    if length & 0x80:
        size = length & 0x7F
        if not 1 <= size <= 4:
            raise Malformed(f"byte {at + 1} is no length SNMP allows")
        length = int.from_bytes(data[start : start + size], "big")
        start += size
    stop = start + length
    if stop > end:
        raise Malformed(f"it is cut off: {length} bytes announced at byte {at}, {end - start} left")
    return tag, start, stop


def expect(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Start and stop of the contents of the element at `at`, which must have this tag."""
    found, start, stop = header(data, at, end)
    if found != tag:
        raise Malformed(f"byte {at} is {found:#04x}, not {tag:#04x}")
    return start, stop


def expect_integer(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The INTEGER at `at`, and where the next element begins."""
    start, stop = expect(data, at, end, INTEGER)
    return int.from_bytes(data[start:stop], "big", signed=True), stop


def expect_octets(data: bytes, at: int, end: int) -> tuple[bytes, int]:
    """The OCTET STRING at `at`, and where the next element begins."""
    start, stop = expect(data, at, end, OCTETS)
    return data[start:stop], stop


def decode_oid(content: bytes) -> Oid:
    """The OID whose contents these are. An empty one is taken as 0.0."""
    if not content:
        return (0, 0)
    if content.isascii():
        # No part needs more than one byte, which is how most OIDs end.
        parts = list(content)
    else:
        parts, part = [], 0
        for byte in content:
            part = part << 7 | byte & 0x7F
            if byte < 0x80:
                parts.append(part)
                part = 0
        if content[-1] >= 0x80:
            raise Malformed("the last part of an OID is cut off")
    first = min(parts[0] // 40, 2)
    return (first, parts[0] - 40 * first, *parts[1:])
