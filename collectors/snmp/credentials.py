"""From a login to the keys of a session: the one place where secrets are fetched.

Keys of a user are derived from the password here, once per run (a megabyte is hashed for
each, RFC 3414 A.2), and made to fit the single device in `keys`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from collectors.login import AuthProtocol, Community, Login, PrivacyProtocol, User
from collectors.snmp import keys


@dataclass(frozen=True, slots=True)
class CommunityKeys:
    """What a message of SNMPv1 or v2c needs. `name` is the credentials' name."""

    name: str
    version: str
    community: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class UserKeys:
    """What a message of SNMPv3 needs: the user, the protocols, and keys not yet localised."""

    name: str
    user: str
    context: str
    auth: AuthProtocol | None
    privacy: PrivacyProtocol | None
    auth_key: bytes = field(repr=False)
    privacy_key: bytes = field(repr=False)

    version = "3"


Keys = CommunityKeys | UserKeys


def prepare(login: Login, environ: Mapping[str, str]) -> Keys:
    """The keys of a login. Raises MissingVariable where its secret is not set."""
    if isinstance(login, Community):
        community = login.community.value(environ, credential=login.name)
        return CommunityKeys(login.name, login.version, community.encode())
    return _prepare_user(login, environ)


def _prepare_user(login: User, environ: Mapping[str, str]) -> UserKeys:
    auth_key = privacy_key = b""
    if login.auth and login.auth_password:
        password = login.auth_password.value(environ, credential=login.name)
        auth_key = keys.of_password(login.auth, password.encode())
        if login.privacy and login.privacy_password:
            password = login.privacy_password.value(environ, credential=login.name)
            # The privacy key is derived with the hash of the authentication (RFC 3826, 1.2.1).
            privacy_key = keys.of_password(login.auth, password.encode())
    return UserKeys(
        login.name, login.user, login.context, login.auth, login.privacy, auth_key, privacy_key
    )
