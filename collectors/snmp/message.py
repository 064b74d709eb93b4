"""PDUs, and the messages of SNMPv1 and v2c around them (RFC 1157, RFC 3416, RFC 1901)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from collectors.snmp import ber
from collectors.snmp.ber import Malformed, Oid


class Kind(IntEnum):
    """The PDUs a command generator sends and gets, by their tags."""

    GET = 0xA0
    GET_NEXT = 0xA1
    RESPONSE = 0xA2
    GET_BULK = 0xA5
    REPORT = 0xA8


class ErrorStatus(IntEnum):
    """Error-status of a response (RFC 3416, section 3); devices also send other numbers."""

    NO_ERROR = 0
    TOO_BIG = 1
    NO_SUCH_NAME = 2
    GEN_ERR = 5
    NO_ACCESS = 6
    AUTHORIZATION_ERROR = 16


VERSIONS = {"1": 0, "2c": 1, "3": 3}
"""The number a message carries for each version."""

_ABSENT = (0x80, 0x81, 0x82)  # noSuchObject, noSuchInstance, endOfMibView
_SIGNED = (ber.INTEGER,)
_UNSIGNED = (ber.COUNTER32, ber.GAUGE32, ber.TIME_TICKS, ber.COUNTER64)


class Varbind(NamedTuple):
    """One object of an answer: its full OID, and its value as it was sent."""

    oid: Oid
    tag: int
    value: bytes

    @property
    def absent(self) -> bool:
        """Whether the device says that there is no such object."""
        return self.tag in _ABSENT

    @property
    def text(self) -> str:
        """The value for a person: strings decoded, numbers and OIDs written out.

        A string that is not UTF-8 is taken as Latin-1, which every byte is part of. An OID that
        is cut off is no text at all: one broken value must not cost the rest of the answer.
        """
        if self.tag == ber.OBJECT_ID:
            try:
                return ber.format_oid(ber.decode_oid(self.value))
            except Malformed:
                return ""
        if self.tag == ber.IP_ADDRESS:
            return ".".join(map(str, self.value))
        if self.tag in _SIGNED or self.tag in _UNSIGNED:
            return str(int.from_bytes(self.value, "big", signed=self.tag in _SIGNED))
        if self.tag != ber.OCTETS:
            return ""
        try:
            return self.value.decode()
        except UnicodeDecodeError:
            return self.value.decode("latin-1")


@dataclass(frozen=True, slots=True)
class Pdu:
    """One PDU of an answer. `error_index` counts from 1; 0 means no varbind in particular."""

    kind: int
    request_id: int
    error_status: int
    error_index: int
    varbinds: tuple[Varbind, ...]


def encode_request(kind: Kind, request_id: int, oids: Sequence[Oid], repetitions: int) -> bytes:
    """A request; `repetitions` counts for GETBULK only (non-repeaters are not used)."""
    varbinds = (ber.tlv(ber.SEQUENCE, ber.object_id(oid), ber.EMPTY) for oid in oids)
    return ber.tlv(
        kind,
        ber.integer(request_id),
        ber.integer(0),
        ber.integer(repetitions if kind is Kind.GET_BULK else 0),
        ber.tlv(ber.SEQUENCE, *varbinds),
    )


def decode_pdu(data: bytes, at: int, end: int) -> Pdu:
    """The PDU at `at`. Raises Malformed, also where it is none of an answer."""
    kind, at, end = ber.header(data, at, end)
    if kind not in (Kind.RESPONSE, Kind.REPORT):
        raise Malformed(f"PDU {kind:#04x} is no answer")
    request_id, at = ber.expect_integer(data, at, end)
    error_status, at = ber.expect_integer(data, at, end)
    error_index, at = ber.expect_integer(data, at, end)
    at, end = ber.expect(data, at, end, ber.SEQUENCE)
    varbinds = []
    while at < end:
        start, stop = ber.expect(data, at, end, ber.SEQUENCE)
        oid_start, oid_stop = ber.expect(data, start, stop, ber.OBJECT_ID)
        tag, value_start, value_stop = ber.header(data, oid_stop, stop)
        oid = ber.decode_oid(data[oid_start:oid_stop])
        varbinds.append(Varbind(oid, tag, data[value_start:value_stop]))
        at = stop
    return Pdu(kind, request_id, error_status, error_index, tuple(varbinds))


def encode_community(version: str, community: bytes, pdu: bytes) -> bytes:
    """A message of SNMPv1 ("1") or v2c ("2c")."""
    return ber.tlv(ber.SEQUENCE, ber.integer(VERSIONS[version]), ber.octets(community), pdu)


def decode_community(version: str, data: bytes) -> Pdu:
    """The PDU of an answer by SNMPv1 or v2c. Raises Malformed."""
    at, end = ber.expect(data, 0, len(data), ber.SEQUENCE)
    number, at = ber.expect_integer(data, at, end)
    if number != VERSIONS[version]:
        raise Malformed(f"version number {number} where {VERSIONS[version]} (v{version}) was asked")
    _, at = ber.expect_octets(data, at, end)
    return decode_pdu(data, at, end)
