"""SNMPv3 messages: keys by the vectors of RFC 3414, signatures, encryption, what is refused.

Both ends are ours here; that others understand us is shown against snmpsim and snmpd in
tests/integration/test_probe.py.
"""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.login import AuthProtocol, PrivacyProtocol, Secret, User
from collectors.snmp import keys
from collectors.snmp.ber import Malformed
from collectors.snmp.credentials import UserKeys, prepare
from collectors.snmp.message import Kind, encode_request
from collectors.snmp.usm import Engine, UserSecurity

ENGINE = Engine(bytes.fromhex("000000000000000000000002"), 3, 1000)
AUTH, PRIVACY, WRONG = Secret("AUTH"), Secret("PRIVACY"), Secret("WRONG")
ENVIRON = {"AUTH": "maplesyrup", "PRIVACY": "pancakes-with-syrup", "WRONG": "not-the-password"}
RESPONSE = encode_request(Kind.RESPONSE, 7, [(1, 3, 6, 1)], 0)


def keys_of(
    auth: AuthProtocol | None = AuthProtocol.SHA256,
    privacy: PrivacyProtocol | None = None,
    password: Secret = AUTH,
    privacy_password: Secret = PRIVACY,
) -> UserKeys:
    user = User(
        name="core",
        user="noc",
        auth=auth,
        auth_password=password if auth else None,
        privacy=privacy,
        privacy_password=privacy_password if privacy else None,
    )
    prepared = prepare(user, ENVIRON)
    assert isinstance(prepared, UserKeys)
    return prepared


def at(engine: Engine, user: UserKeys) -> UserSecurity:
    security = UserSecurity(user)
    security.learn(engine)
    return security


@pytest.mark.parametrize(
    ("protocol", "key", "localised"),
    [  # RFC 3414, A.3.1 and A.3.2
        (
            AuthProtocol.MD5,
            "9faf3283884e92834ebc9847d8edd963",
            "526f5eed9fcce26f8964c2930787d82b",
        ),
        (
            AuthProtocol.SHA,
            "9fb5cc0381497b3793528939ff788d5d79145211",
            "6695febc9288e36282235fc7151f128497b38f3f",
        ),
    ],
)
def test_keys_are_those_of_the_rfc(protocol: AuthProtocol, key: str, localised: str) -> None:
    derived = keys.of_password(protocol, b"maplesyrup")
    assert derived.hex() == key
    assert keys.localise(protocol, derived, ENGINE.id).hex() == localised


@pytest.mark.parametrize(("auth", "privacy"), list(product(AuthProtocol, [None, *PrivacyProtocol])))
def test_every_combination_goes_there_and_back(
    auth: AuthProtocol, privacy: PrivacyProtocol | None
) -> None:
    user = keys_of(auth, privacy)
    sent = at(ENGINE, user).encode(7, RESPONSE)
    assert (RESPONSE in sent) == (privacy is None)
    number, pdu, engine = at(ENGINE, user).decode(sent)
    assert (number, pdu.request_id, engine.id) == (7, 7, ENGINE.id)


@given(st.data())
def test_a_changed_byte_is_never_accepted(data: st.DataObject) -> None:
    user = _SIGNED
    sent = at(ENGINE, user).encode(7, RESPONSE)
    place = data.draw(st.integers(0, len(sent) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != sent[place]))
    with pytest.raises(Malformed):
        at(ENGINE, user).decode(sent[:place] + bytes([byte]) + sent[place + 1 :])


_SIGNED = keys_of()


def test_a_wrong_password_does_not_sign() -> None:
    sent = at(ENGINE, keys_of(password=WRONG)).encode(7, RESPONSE)
    with pytest.raises(Malformed, match="signature is wrong"):
        at(ENGINE, keys_of()).decode(sent)


def test_an_unsigned_response_is_refused_where_the_request_was_signed() -> None:
    sent = at(ENGINE, keys_of(auth=None)).encode(7, RESPONSE)
    with pytest.raises(Malformed, match="not signed"):
        at(ENGINE, keys_of()).decode(sent)


def test_a_signed_response_is_refused_where_the_request_was_encrypted() -> None:
    sent = at(ENGINE, keys_of()).encode(7, RESPONSE)
    with pytest.raises(Malformed, match="not signed or not encrypted"):
        at(ENGINE, keys_of(privacy=PrivacyProtocol.AES)).decode(sent)


def test_another_engines_signature_is_refused() -> None:
    other = Engine(b"another-engine", 1, 1)
    sent = at(other, keys_of()).encode(7, RESPONSE)
    with pytest.raises(Malformed, match="engine nobody asked"):
        at(ENGINE, keys_of()).decode(sent)


def test_a_wrong_privacy_password_gives_no_pdu() -> None:
    sent = at(ENGINE, keys_of(privacy=PrivacyProtocol.AES)).encode(7, RESPONSE)
    other = keys_of(privacy=PrivacyProtocol.AES, privacy_password=WRONG)
    with pytest.raises(Malformed):
        at(ENGINE, other).decode(sent)


def test_a_report_may_be_unsigned() -> None:
    report = encode_request(Kind.REPORT, 7, [(1, 3, 6, 1, 6, 3, 15, 1, 1, 3, 0)], 0)
    sent = at(ENGINE, keys_of(auth=None)).encode(7, report)
    _, pdu, _ = at(ENGINE, keys_of()).decode(sent)
    assert pdu.kind == Kind.REPORT


def test_an_engine_id_of_zeros_does_not_move_the_digest() -> None:
    zeros = Engine(bytes(24), 0, 0)
    for auth in AuthProtocol:
        user = keys_of(auth)
        assert at(zeros, user).decode(at(zeros, user).encode(7, RESPONSE))[0] == 7


def test_decoding_alone_teaches_nothing() -> None:
    # Anyone may send a report; only one whose message id was expected may move our clock.
    security = at(ENGINE, keys_of())
    report = encode_request(Kind.REPORT, 7, [(1, 3, 6, 1, 6, 3, 15, 1, 1, 2, 0)], 0)
    security.decode(at(Engine(b"forged-engine", 9, 9), keys_of(auth=None)).encode(7, report))
    assert security.engine == ENGINE


def test_no_secret_is_printed() -> None:
    shown = repr(keys_of(privacy=PrivacyProtocol.AES256))
    assert "auth_key" not in shown
    assert "privacy_key" not in shown
    assert all(password not in shown for password in ENVIRON.values())
