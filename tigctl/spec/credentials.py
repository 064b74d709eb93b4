"""Credentials of the workspace: how to log in to devices, secrets by reference only."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from collectors.login import AuthProtocol, Community, Login, PrivacyProtocol, Secret, User
from tigctl.spec.fields import Section, Variable, setting

AuthName = Literal["md5", "sha", "sha224", "sha256", "sha384", "sha512"]
PrivacyName = Literal["des", "aes", "aes192", "aes256", "aes192c", "aes256c"]

_VERSIONS = ("1", "2c", "3")
_BY_COMMUNITY = ("community",)
_BY_USER = ("user", "context", "auth", "privacy")


def _reference(value: object) -> object:
    """Refuses a secret that stands in the file, without repeating it."""
    if isinstance(value, dict | SecretReference):
        return value
    raise ValueError(
        "a secret never stands in a file; put it into an environment variable and write "
        "{env: NAME_OF_THE_VARIABLE} here (and change the secret if the file was shared)"
    )


def _version(value: object) -> object:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    text = text.lower().removeprefix("v")
    if text == "2":
        raise ValueError("version 2 is written 2c (SNMPv2 with communities)")
    if text not in _VERSIONS:
        shown = f"{value!r} " if isinstance(value, str | int | float) else ""
        raise ValueError(f"{shown}is no version of SNMP; write 1, 2c or 3")
    return text


class SecretReference(Section):
    """A secret by reference."""

    env: Variable
    """Name of the environment variable that holds the secret. It is read when it is needed, and
    the rendered files name it as it is. Names beginning with TIGCTL_ are tigctl's own."""


Reference = Annotated[SecretReference, BeforeValidator(_reference)]


class Authentication(Section):
    """How a user of SNMPv3 proves who it is."""

    protocol: AuthName
    """md5, sha, sha224, sha256, sha384 or sha512 (RFC 3414, RFC 7860), as set on the device."""

    password: Reference
    """The authentication passphrase, by reference."""


class Privacy(Section):
    """How SNMPv3 messages are encrypted."""

    protocol: PrivacyName
    """des, aes, aes192, aes256, or aes192c and aes256c, which localise the key as Cisco does."""

    password: Reference
    """The privacy passphrase, by reference."""


class Credential(Section):
    """One way to log in to devices by SNMP, referred to by its name."""

    version: Annotated[
        Literal["1", "2c", "3"],
        BeforeValidator(_version),
        WithJsonSchema({"enum": ["1", "2c", "3", 1, 3]}),
    ]
    """The version of SNMP: 1, 2c or 3. Version 1 has no 64-bit counters: 2c wherever it works."""

    community: Reference | None = None
    """The community string, by reference. Versions 1 and 2c only, and needed there."""

    user: Annotated[str, Field(min_length=1, max_length=32)] | None = None
    """The user name (RFC 3414: up to 32 characters). Version 3 only, and needed there."""

    context: str = setting("", max_length=255)
    """The context name, where the device has several. Version 3 only; default: the empty one."""

    auth: Authentication | None = None
    """Authentication. Version 3 only; without it nobody proves who he is (noAuthNoPriv)."""

    privacy: Privacy | None = None
    """Encryption. Version 3 only, together with `auth`; without it texts travel in the clear."""

    @model_validator(mode="after")
    def _fits_version(self) -> Credential:
        by_user = self.version == "3"
        foreign = [
            key
            for key in (_BY_COMMUNITY if by_user else _BY_USER)
            if key in self.model_fields_set and getattr(self, key)
        ]
        if foreign:
            other = "1 or 2c" if by_user else "3"
            raise ValueError(
                f"version is {self.version}, but {' and '.join(foreign)} belongs to version "
                f"{other}; change the version or delete the key"
            )
        needed = "user" if by_user else "community"
        if getattr(self, needed) is None:
            written = "user: NAME" if by_user else "community: {env: SNMP_COMMUNITY}"
            raise ValueError(f"version {self.version} needs {needed}; write {written}")
        if self.privacy and not self.auth:
            raise ValueError("privacy needs auth too (RFC 3414); add auth: {protocol, password}")
        return self

    def login(self, name: str) -> Login:
        """What the collectors log in with."""
        if self.community is not None:
            return Community(name, self.version, Secret(self.community.env))
        return User(
            name=name,
            user=self.user or "",
            context=self.context,
            auth=AuthProtocol(self.auth.protocol) if self.auth else None,
            auth_password=Secret(self.auth.password.env) if self.auth else None,
            privacy=PrivacyProtocol(self.privacy.protocol) if self.privacy else None,
            privacy_password=Secret(self.privacy.password.env) if self.privacy else None,
        )
