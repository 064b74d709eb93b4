"""Settings of who may log in to a tenant's Grafana, besides the administrator that tigctl makes."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from tigctl.spec.credentials import Reference
from tigctl.spec.fields import Flag, Label, Section, Whole


def _address(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", value):
        raise ValueError(f"{value!r} is no address; write one such as https://sso.example/token")
    return value


Address = Annotated[str, AfterValidator(_address)]


class Oidc(Section):
    """Log-in by OpenID Connect."""

    name: Label = "single sign-on"
    """What stands on the button."""

    client_id: Label
    """Grafana's name at the provider."""

    client_secret: Reference
    """The secret that belongs to it, by reference."""

    auth_url: Address
    """Where people log in (authorization endpoint)."""

    token_url: Address
    """Where Grafana gets tokens (token endpoint)."""

    userinfo_url: Address
    """Where Grafana asks who somebody is (userinfo endpoint)."""

    scopes: tuple[Label, ...] = ("openid", "profile", "email")
    """What is asked for. Default: openid, profile and email."""

    role: str = "'Viewer'"
    """Role of somebody, as a JMESPath of what the provider says of them: `contains(groups[*],
    'noc') && 'Editor' || 'Viewer'`. Default: everybody looks, nobody edits."""


class Ldap(Section):
    """Log-in by a directory (LDAP)."""

    host: Label
    """Name of its server."""

    port: Annotated[Whole, Field(ge=1, le=65535)] = 636
    """Its port. Default 636."""

    tls: Literal["ldaps", "starttls", "none"] = "ldaps"
    """ldaps: encrypted from the beginning; starttls: after it; none: passwords go in the clear.
    Default ldaps."""

    bind_dn: str
    """Whom Grafana searches as; `%s` is the name that is given at log-in."""

    bind_password: Reference | None = None
    """That one's password, by reference."""

    search_base: Annotated[tuple[str, ...], Field(min_length=1)]
    """Where people are searched."""

    search_filter: str = "(sAMAccountName=%s)"
    """How they are found. Default: by their name in Active Directory."""

    editors: str = ""
    """DN of the group whose members may edit boards of their own. Default: nobody."""

    viewers: str = "*"
    """DN of the group whose members may look. Default `*`: whoever is found."""


class GrafanaLogin(Section):
    """Who may log in to Grafana, besides its administrator. Nobody gets in without logging in."""

    oidc: Oidc | None = None
    """By OpenID Connect."""

    ldap: Ldap | None = None
    """By a directory."""

    password: Flag = True
    """false: no log-in by a form, which leaves the administrator to tigctl. Default true."""

    @model_validator(mode="after")
    def _somebody(self) -> GrafanaLogin:
        if not self.password and self.oidc is None:
            raise ValueError("password: false leaves nobody a way in; write oidc, too")
        return self
