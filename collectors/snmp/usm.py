"""Messages of SNMPv3 under the User-based Security Model (RFC 3412, RFC 3414, RFC 7860).

Not done on purpose: the window of 150 s on what the device says its time is (RFC 3414, 3.2.7
b). It guards against answers played again, and an answer here must carry the random
message id of a request that still waits; agents with a clock that stands still would be lost.
Telegraf does not check it either.
"""

from __future__ import annotations

import hmac
import time
from dataclasses import dataclass

from collectors.snmp import ber, keys
from collectors.snmp.ber import Malformed
from collectors.snmp.credentials import UserKeys
from collectors.snmp.message import VERSIONS, Kind, Pdu, decode_pdu, encode_request

_AUTH, _PRIVACY, _REPORTABLE = 0x01, 0x02, 0x04
_MODEL = 3  # USM
_LARGEST = 65_507


@dataclass(frozen=True, slots=True)
class Engine:
    """An SNMP engine as one of its messages told: its ID, boots and time in seconds."""

    id: bytes = b""
    boots: int = 0
    time: int = 0


@dataclass(frozen=True, slots=True)
class _Parameters:
    """The security parameters of an answer; `digest_at` is the digest's place in it."""

    engine: Engine
    digest: bytes
    digest_at: int
    salt: bytes


class UserSecurity:
    """One user at one device: its engine, and the keys made to fit it."""

    def __init__(self, user: UserKeys) -> None:
        self._user = user
        self._auth_key = b""
        self._cipher: keys.Cipher | None = None
        self._heard = 0.0
        self.engine = Engine()

    def discovery(self, message_id: int) -> bytes:
        """The message that asks a device for its engine (RFC 3414, section 4)."""
        scoped = _scoped(b"", b"", encode_request(Kind.GET, message_id, (), 0))
        return _message(message_id, 0, _parameters(Engine(), b"", b"", b""), scoped)

    def encode(self, message_id: int, pdu: bytes) -> bytes:
        """A request to the device whose engine is known."""
        user, level, salt, digest = self._user, 0, b"", b""
        elapsed = int(time.monotonic() - self._heard)
        engine = Engine(self.engine.id, self.engine.boots, self.engine.time + elapsed)
        data = _scoped(engine.id, user.context.encode(), pdu)
        if self._cipher:
            level |= _PRIVACY
            encrypted, salt = self._cipher.encrypt(engine.boots, engine.time, data)
            data = ber.octets(encrypted)
        if user.auth:
            level |= _AUTH
            digest = bytes(keys.digest_length(user.auth))
        parameters = _parameters(engine, user.user.encode(), digest, salt)
        message = _message(message_id, level, parameters, data)
        if user.auth:
            # Behind the digest stand only the salt and the data, so its place is known.
            at = len(message) - len(data) - len(ber.octets(salt)) - len(digest)
            digest = keys.digest(user.auth, self._auth_key, message)
            message = message[:at] + digest + message[at + len(digest) :]
        return message

    def decode(self, data: bytes) -> tuple[int, Pdu, Engine]:
        """Message id, PDU and engine of an answer.

        Raises Malformed; also where an answer should be signed and is not, or the signature is
        wrong. A report may come unsigned: it says why the device does not know us.
        """
        at, end = ber.expect(data, 0, len(data), ber.SEQUENCE)
        version, at = ber.expect_integer(data, at, end)
        if version != VERSIONS["3"]:
            raise Malformed(f"version number {version} where 3 was asked")
        message_id, level, at = _decode_global_data(data, at, end)
        start, at = ber.expect(data, at, end, ber.OCTETS)
        parameters = _decode_parameters(data, start, at)
        if level & _AUTH:
            self._check(data, parameters)
        if level & _PRIVACY:
            encrypted, _ = ber.expect_octets(data, at, end)
            plain = self._decrypt(encrypted, parameters)
            pdu = _decode_scoped(plain, 0, len(plain))
        else:
            pdu = _decode_scoped(data, at, end)
        user = self._user
        required = (_AUTH if user.auth else 0) | (_PRIVACY if user.privacy else 0)
        if pdu.kind != Kind.REPORT and level & required != required:
            raise Malformed("the answer is not signed or not encrypted as the request was")
        return message_id, pdu, parameters.engine

    def learn(self, engine: Engine) -> None:
        """Take over ID and time of the engine, from an answer whose message id was expected."""
        if engine.id and engine.id != self.engine.id:
            user = self._user
            if user.auth:
                self._auth_key = keys.localise(user.auth, user.auth_key, engine.id)
                if user.privacy:
                    self._cipher = keys.Cipher(user.privacy, user.auth, user.privacy_key, engine.id)
        self.engine = engine if engine.id else Engine(self.engine.id, engine.boots, engine.time)
        self._heard = time.monotonic()

    def _check(self, data: bytes, parameters: _Parameters) -> None:
        user, at, digest = self._user, parameters.digest_at, parameters.digest
        if not user.auth or parameters.engine.id != self.engine.id:
            raise Malformed("the answer is signed by an engine nobody asked")
        blank = data[:at] + bytes(len(digest)) + data[at + len(digest) :]
        if not hmac.compare_digest(keys.digest(user.auth, self._auth_key, blank), digest):
            raise Malformed("the answer's signature is wrong")

    def _decrypt(self, encrypted: bytes, parameters: _Parameters) -> bytes:
        if self._cipher is None:
            raise Malformed("the answer is encrypted, the request was not")
        engine = parameters.engine
        return self._cipher.decrypt(engine.boots, engine.time, parameters.salt, encrypted)


def _scoped(engine_id: bytes, context: bytes, pdu: bytes) -> bytes:
    return ber.tlv(ber.SEQUENCE, ber.octets(engine_id), ber.octets(context), pdu)


def _parameters(engine: Engine, user: bytes, digest: bytes, salt: bytes) -> bytes:
    return ber.tlv(
        ber.SEQUENCE,
        ber.octets(engine.id),
        ber.integer(engine.boots),
        ber.integer(engine.time),
        ber.octets(user),
        ber.octets(digest),
        ber.octets(salt),
    )


def _message(message_id: int, level: int, parameters: bytes, data: bytes) -> bytes:
    global_data = ber.tlv(
        ber.SEQUENCE,
        ber.integer(message_id),
        ber.integer(_LARGEST),
        ber.octets(bytes((level | _REPORTABLE,))),
        ber.integer(_MODEL),
    )
    version = ber.integer(VERSIONS["3"])
    return ber.tlv(ber.SEQUENCE, version, global_data, ber.octets(parameters), data)


def _decode_global_data(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Message id, security level, and where the security parameters begin."""
    at, stop = ber.expect(data, at, end, ber.SEQUENCE)
    message_id, at = ber.expect_integer(data, at, stop)
    _, at = ber.expect_integer(data, at, stop)
    flags, _ = ber.expect_octets(data, at, stop)
    if len(flags) != 1:
        raise Malformed(f"the flags of a message have {len(flags)} bytes, not 1")
    return message_id, flags[0], stop


def _decode_parameters(data: bytes, at: int, end: int) -> _Parameters:
    at, end = ber.expect(data, at, end, ber.SEQUENCE)
    engine_id, at = ber.expect_octets(data, at, end)
    boots, at = ber.expect_integer(data, at, end)
    engine_time, at = ber.expect_integer(data, at, end)
    _, at = ber.expect_octets(data, at, end)
    digest_at, at = ber.expect(data, at, end, ber.OCTETS)
    salt, _ = ber.expect_octets(data, at, end)
    # What does not fit 31 bits cannot be sent back: such an engine tells no time.
    boots, engine_time = (max(0, value) & 0x7FFF_FFFF for value in (boots, engine_time))
    engine = Engine(engine_id, boots, engine_time)
    return _Parameters(engine, data[digest_at:at], digest_at, salt)


def _decode_scoped(data: bytes, at: int, end: int) -> Pdu:
    at, end = ber.expect(data, at, end, ber.SEQUENCE)
    _, at = ber.expect_octets(data, at, end)
    _, at = ber.expect_octets(data, at, end)
    return decode_pdu(data, at, end)
