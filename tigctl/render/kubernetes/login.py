"""How people log in to a tenant's Grafana: variables of its container, and LDAP's file. Pure.

Modelled on Grafana 12's documentation, "Configure generic OAuth authentication" and "Configure
LDAP authentication".
"""

from __future__ import annotations

from collections.abc import Iterator

import tomli_w

from tigctl.render.kubernetes import pod
from tigctl.render.kubernetes.model import Object
from tigctl.spec.alerts import MailServer
from tigctl.spec.login import GrafanaLogin, Ldap, Oidc

SECRET = "grafana-admin"  # noqa: S105 - the name of the Secret
OIDC_KEY, LDAP_KEY, MAIL_KEY = "oidc_client_secret", "ldap_bind_password", "smtp_password"
CONFIG = "grafana-ldap"
FILE = "ldap.toml"
_FOLDER = "/etc/tigctl/ldap"
_PASSWORD = "LDAP_BIND_PASSWORD"  # noqa: S105 - the name of a variable


def variables(login: GrafanaLogin) -> Iterator[Object]:
    """Environment variables of the container beside those of the reference."""
    plain: dict[str, str] = {}
    if not login.password:
        plain["GF_AUTH_DISABLE_LOGIN_FORM"] = "true"
    if login.oidc:
        plain |= _oidc(login.oidc)
    if login.ldap:
        plain |= {
            "GF_AUTH_LDAP_ENABLED": "true",
            "GF_AUTH_LDAP_CONFIG_FILE": f"{_FOLDER}/{FILE}",
            "GF_AUTH_LDAP_ALLOW_SIGN_UP": "true",
        }
    for name, value in plain.items():
        yield {"name": name, "value": value}
    if login.oidc:
        yield pod.variable_from("GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET", SECRET, OIDC_KEY)
    if login.ldap and login.ldap.bind_password:
        yield pod.variable_from(_PASSWORD, SECRET, LDAP_KEY)


def _oidc(oidc: Oidc) -> dict[str, str]:
    start = "GF_AUTH_GENERIC_OAUTH_"
    return {
        f"{start}ENABLED": "true",
        f"{start}NAME": oidc.name,
        f"{start}CLIENT_ID": oidc.client_id,
        f"{start}AUTH_URL": oidc.auth_url,
        f"{start}TOKEN_URL": oidc.token_url,
        f"{start}API_URL": oidc.userinfo_url,
        f"{start}SCOPES": " ".join(oidc.scopes),
        f"{start}ROLE_ATTRIBUTE_PATH": oidc.role,
        # Somebody whose role cannot be told gets in nowhere.
        f"{start}ROLE_ATTRIBUTE_STRICT": "true",
        f"{start}ALLOW_SIGN_UP": "true",
        f"{start}USE_PKCE": "true",
    }


def ldap_file(ldap: Ldap) -> str:
    """Grafana's file for LDAP; the password stands there as the name of a variable."""
    server: dict[str, object] = {
        "host": ldap.host,
        "port": ldap.port,
        "use_ssl": ldap.tls != "none",
        "start_tls": ldap.tls == "starttls",
        "ssl_skip_verify": False,
        "bind_dn": ldap.bind_dn,
        "search_filter": ldap.search_filter,
        "search_base_dns": list(ldap.search_base),
    }
    if ldap.bind_password:
        server["bind_password"] = f"$__env{{{_PASSWORD}}}"
    attributes = {
        "name": "givenName",
        "surname": "sn",
        "username": "sAMAccountName" if "sAMAccountName" in ldap.search_filter else "uid",
        "member_of": "memberOf",
        "email": "mail",
    }
    groups = [
        {"group_dn": dn, "org_role": role}
        for dn, role in ((ldap.editors, "Editor"), (ldap.viewers, "Viewer"))
        if dn
    ]
    server |= {"attributes": attributes, "group_mappings": groups}
    return tomli_w.dumps({"servers": [server]})


def secrets(login: GrafanaLogin, mail: MailServer) -> tuple[tuple[str, str], ...]:
    """What the Secret holds from the environment: its keys, each with the variable's name."""
    found = (
        (OIDC_KEY, login.oidc.client_secret if login.oidc else None),
        (LDAP_KEY, login.ldap.bind_password if login.ldap else None),
        (MAIL_KEY, mail.password if mail.host else None),
    )
    return tuple((key, reference.env) for key, reference in found if reference)


def mount(container: Object, spec: Object) -> None:
    """Puts LDAP's file where Grafana looks for it."""
    container["volumeMounts"].append({"name": "ldap", "mountPath": _FOLDER, "readOnly": True})
    spec["volumes"].append({"name": "ldap", "configMap": {"name": CONFIG}})
