"""How to log in to a device by SNMP: by community or by user, secrets by reference only.

A `Secret` names the environment variable that holds the value; the value itself is fetched
by `Secret.value` at the moment it is needed and is never kept in an object that is printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from collectors.errors import MissingVariable


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret by reference: the name of the environment variable that holds it."""

    env: str

    def value(self, environ: Mapping[str, str], *, credential: str) -> str:
        """The secret itself. Raises MissingVariable where it is unset or empty."""
        value = environ.get(self.env, "")
        if not value:
            raise MissingVariable(self.env, credential)
        return value


class AuthProtocol(StrEnum):
    """Authentication protocols of SNMPv3 (RFC 3414, RFC 7860); Telegraf has the same names."""

    MD5 = "md5"
    SHA = "sha"
    SHA224 = "sha224"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"


class PrivacyProtocol(StrEnum):
    """Privacy protocols of SNMPv3; the ones ending in `c` localise keys as Cisco does."""

    DES = "des"
    AES = "aes"
    AES192 = "aes192"
    AES256 = "aes256"
    AES192C = "aes192c"
    AES256C = "aes256c"


@dataclass(frozen=True, slots=True)
class Community:
    """SNMPv1 or v2c: a community string. `version` is "1" or "2c"."""

    name: str
    version: str
    community: Secret

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables this login needs."""
        return (self.community.env,)


@dataclass(frozen=True, slots=True)
class User:
    """SNMPv3: a user of the User-based Security Model (RFC 3414).

    Without `auth` there is no `privacy` either; the loader sees to that.
    """

    name: str
    user: str
    context: str = ""
    auth: AuthProtocol | None = None
    auth_password: Secret | None = None
    privacy: PrivacyProtocol | None = None
    privacy_password: Secret | None = None

    version = "3"

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables this login needs."""
        secrets = (self.auth_password, self.privacy_password)
        return tuple(secret.env for secret in secrets if secret)

    @property
    def level(self) -> str:
        """The security level in Telegraf's words."""
        if not self.auth:
            return "noAuthNoPriv"
        return "authPriv" if self.privacy else "authNoPriv"


Login = Community | User
