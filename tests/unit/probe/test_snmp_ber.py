"""BER as SNMP uses it, against pysnmp's codec: what we write it reads, what it writes we read.

Left out: sockets and sessions (test_probe_trouble.py), SNMPv3 (test_snmp_usm.py).
"""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto.api import v1, v2c

from collectors.snmp import ber
from collectors.snmp.ber import Malformed
from collectors.snmp.message import (
    Kind,
    Varbind,
    decode_community,
    encode_community,
    encode_request,
)

PART = st.integers(0, 2**32 - 1)
OIDS = st.tuples(st.just(1), st.integers(0, 39)).flatmap(
    lambda head: st.lists(PART, max_size=20).map(lambda rest: (*head, *rest))
)
IDS = st.integers(0, 2**31 - 1)


@given(st.lists(OIDS, max_size=40), IDS, st.binary(max_size=40), st.sampled_from(["1", "2c"]))
def test_pysnmp_reads_our_requests(
    oids: list[ber.Oid], number: int, community: bytes, version: str
) -> None:
    pdu = encode_request(Kind.GET_NEXT, number, oids, 0)
    api = v1 if version == "1" else v2c
    message, rest = decoder.decode(
        encode_community(version, community, pdu), asn1Spec=api.Message()
    )
    assert not rest
    assert bytes(api.apiMessage.get_community(message)) == community
    read = api.apiMessage.get_pdu(message)
    assert int(api.apiPDU.get_request_id(read)) == number
    assert [tuple(name) for name, _ in api.apiPDU.get_varbinds(read)] == oids


@given(st.lists(OIDS, min_size=1, max_size=5), IDS, st.integers(1, 2**31 - 1))
def test_pysnmp_reads_our_bulk_requests(oids: list[ber.Oid], number: int, repetitions: int) -> None:
    pdu = encode_request(Kind.GET_BULK, number, oids, repetitions)
    message, _ = decoder.decode(encode_community("2c", b"x", pdu), asn1Spec=v2c.Message())
    read = v2c.apiMessage.get_pdu(message)
    assert read.tagSet == v2c.GetBulkRequestPDU.tagSet
    assert int(v2c.apiBulkPDU.get_max_repetitions(read)) == repetitions
    assert int(v2c.apiBulkPDU.get_non_repeaters(read)) == 0


VALUES = st.one_of(
    st.integers(-(2**31), 2**31 - 1).map(lambda n: (v2c.Integer32(n), str(n))),
    st.integers(0, 2**32 - 1).map(lambda n: (v2c.Counter32(n), str(n))),
    st.integers(0, 2**32 - 1).map(lambda n: (v2c.Gauge32(n), str(n))),
    st.integers(0, 2**64 - 1).map(lambda n: (v2c.Counter64(n), str(n))),
    st.text(max_size=300).map(lambda t: (v2c.OctetString(t.encode()), t)),
    OIDS.filter(lambda oid: len(oid) > 1).map(
        lambda oid: (v2c.ObjectIdentifier(oid), ber.format_oid(oid))
    ),
    st.ip_addresses(v=4).map(lambda a: (v2c.IpAddress(str(a)), str(a))),
)


@given(st.lists(st.tuples(OIDS, VALUES), max_size=20), IDS)
def test_we_read_pysnmps_responses(
    varbinds: list[tuple[ber.Oid, tuple[object, str]]], number: int
) -> None:
    pdu = v2c.ResponsePDU()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, number)
    v2c.apiPDU.set_varbinds(pdu, [(oid, value) for oid, (value, _) in varbinds])
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, "public")
    v2c.apiMessage.set_pdu(message, pdu)
    read = decode_community("2c", encoder.encode(message))
    assert read.request_id == number
    assert [(varbind.oid, varbind.text) for varbind in read.varbinds] == [
        (oid, text) for oid, (_, text) in varbinds
    ]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_malformed(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        decode_community("2c", data)


RESPONSE = bytes.fromhex(
    "302902010104067075626c6963a21c020401020304020100020100300e300c06082b060102010105000500"
)


@given(st.integers(0, len(RESPONSE) - 1), st.integers(0, 255))
def test_a_damaged_response_is_read_or_malformed(at: int, byte: int) -> None:
    damaged = RESPONSE[:at] + bytes([byte]) + RESPONSE[at + 1 :]
    for data in (damaged, RESPONSE[:at]):
        with contextlib.suppress(Malformed):
            decode_community("2c", data)


def test_a_cut_off_response_says_so() -> None:
    assert decode_community("2c", RESPONSE).varbinds[0].oid == (1, 3, 6, 1, 2, 1, 1, 5, 0)
    with pytest.raises(Malformed, match="cut off"):
        decode_community("2c", RESPONSE[:-4])


def test_an_answer_of_another_version_is_malformed() -> None:
    with pytest.raises(Malformed, match="version number 1"):
        decode_community("1", RESPONSE)


@pytest.mark.parametrize("text", ["", "1", "1.x", "1.-3", "a.b"])
def test_what_is_no_oid_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        ber.parse_oid(text)


def test_a_leading_dot_is_fine() -> None:
    assert ber.parse_oid(".1.3.6") == (1, 3, 6)


def test_latin_1_is_read_where_it_is_not_utf_8() -> None:
    assert Varbind((1, 3), ber.OCTETS, b"B\xfcro").text == "Büro"
    assert Varbind((1, 3), ber.OCTETS, "Büro".encode()).text == "Büro"


def test_an_unsigned_value_with_the_sign_bit_set_is_read_as_it_was_meant() -> None:
    # Some agents leave out the leading zero of a Counter32 above 2^31; pysnmp refuses it.
    assert Varbind((1, 3), ber.COUNTER32, b"\xff\xff\xff\xfe").text == "4294967294"
