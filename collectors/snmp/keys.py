"""Keys and ciphers of SNMPv3 users: the only module that imports pysnmp.

pysnmp is imported when the first user's password is turned into a key, so that whoever has
no v3 device does not wait for it.
"""

from __future__ import annotations

import functools
import hmac
from typing import Any

from collectors.login import AuthProtocol, PrivacyProtocol
from collectors.snmp.ber import Malformed

# Hash, and the length its digest is cut to (RFC 3414, RFC 7860).
_DIGESTS = {
    AuthProtocol.MD5: ("md5", 12),
    AuthProtocol.SHA: ("sha1", 12),
    AuthProtocol.SHA224: ("sha224", 16),
    AuthProtocol.SHA256: ("sha256", 24),
    AuthProtocol.SHA384: ("sha384", 32),
    AuthProtocol.SHA512: ("sha512", 48),
}

# The names pysnmp has for the protocols. It calls Blumenthal's draft what Telegraf calls
# aes192 and aes256; the ones Cisco uses (draft of Reeder) bear the plain names there.
_AUTH_NAMES = {
    AuthProtocol.MD5: "USM_AUTH_HMAC96_MD5",
    AuthProtocol.SHA: "USM_AUTH_HMAC96_SHA",
    AuthProtocol.SHA224: "USM_AUTH_HMAC128_SHA224",
    AuthProtocol.SHA256: "USM_AUTH_HMAC192_SHA256",
    AuthProtocol.SHA384: "USM_AUTH_HMAC256_SHA384",
    AuthProtocol.SHA512: "USM_AUTH_HMAC384_SHA512",
}
_PRIVACY_NAMES = {
    PrivacyProtocol.DES: "USM_PRIV_CBC56_DES",
    PrivacyProtocol.AES: "USM_PRIV_CFB128_AES",
    PrivacyProtocol.AES192: "USM_PRIV_CFB192_AES_BLUMENTHAL",
    PrivacyProtocol.AES256: "USM_PRIV_CFB256_AES_BLUMENTHAL",
    PrivacyProtocol.AES192C: "USM_PRIV_CFB192_AES",
    PrivacyProtocol.AES256C: "USM_PRIV_CFB256_AES",
}


def digest_length(protocol: AuthProtocol) -> int:
    """Bytes of the digest in a message."""
    return _DIGESTS[protocol][1]


def digest(protocol: AuthProtocol, key: bytes, message: bytes) -> bytes:
    """The digest of a message whose place for the digest holds zeros."""
    name, length = _DIGESTS[protocol]
    return hmac.digest(key, message, name)[:length]


def of_password(protocol: AuthProtocol, password: bytes) -> bytes:
    """The user's key Ku (RFC 3414, A.2): not yet made to fit a device."""
    return bytes(_auth_service(protocol).hash_passphrase(_octets(password)))


def localise(protocol: AuthProtocol, key: bytes, engine_id: bytes) -> bytes:
    """The authentication key for one device's engine (RFC 3414, A.2)."""
    return bytes(_auth_service(protocol).localize_key(_octets(key), _octets(engine_id)))


class Cipher:
    """The privacy of one user at one device."""

    def __init__(
        self, protocol: PrivacyProtocol, auth: AuthProtocol, key: bytes, engine_id: bytes
    ) -> None:
        config, services = _pysnmp()
        self._service = services.PRIV_SERVICES[getattr(config, _PRIVACY_NAMES[protocol])]
        auth_id = getattr(config, _AUTH_NAMES[auth])
        self._key = self._service.localize_key(auth_id, _octets(key), _octets(engine_id))

    def encrypt(self, boots: int, time: int, plain: bytes) -> tuple[bytes, bytes]:
        """The encrypted bytes, and the salt that goes with them."""
        encrypted, salt = self._service.encrypt_data(self._key, (boots, time, None), plain)
        return bytes(encrypted), bytes(salt)

    def decrypt(self, boots: int, time: int, salt: bytes, encrypted: bytes) -> bytes:
        """The plain bytes. Raises Malformed where salt or length cannot be right."""
        if len(salt) != 8:
            raise Malformed(f"the salt of an encrypted answer has {len(salt)} bytes, not 8")
        from pysnmp.proto.error import StatusInformation  # noqa: PLC0415 - imported when used

        parameters = (boots, time, _octets(salt))
        try:
            return bytes(self._service.decrypt_data(self._key, parameters, _octets(encrypted)))
        except StatusInformation as error:
            raise Malformed("an encrypted answer is not whole") from error


@functools.cache
def _pysnmp() -> tuple[Any, Any]:
    from pysnmp.entity import config  # noqa: PLC0415 - imported when used
    from pysnmp.proto.secmod.rfc3414.service import (  # noqa: PLC0415 - imported when used
        SnmpUSMSecurityModel,
    )

    return config, SnmpUSMSecurityModel


def _auth_service(protocol: AuthProtocol) -> Any:
    config, services = _pysnmp()
    return services.AUTH_SERVICES[getattr(config, _AUTH_NAMES[protocol])]


def _octets(value: bytes) -> Any:
    from pysnmp.proto.rfc1902 import OctetString  # noqa: PLC0415 - imported when used

    return OctetString(value)
