"""Covers Grafana's pod as rendered: where it is reached and by TLS of whose, who is let in and how,
mail, and that without a volume it is built from files. What every pod has is in test_workloads.py.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.kubernetes.stacks import (
    container,
    pod_of,
    stack,
    switches,
    variables,
    workloads,
)
from tigctl.errors import TigctlError
from tigctl.render.bundle import (
    Alerting,
    Board,
    ContactPoint,
    DataSource,
    Folder,
    GrafanaState,
)
from tigctl.render.kubernetes.grafana import at_address


def test_grafana_without_a_volume_keeps_nothing() -> None:
    found = workloads(stack(switches(1), {"storage": {"grafana": "none"}}))
    volumes = pod_of(found, "Deployment grafana")["volumes"]
    data = next(one for one in volumes if one["name"] == "data")
    assert data.keys() == {"name", "emptyDir"}
    assert "persistentVolumeClaim" not in json.dumps(volumes)
    assert found["ResourceQuota tigctl"]["spec"]["hard"]["requests.storage"] == "40Gi"
    assert found["ResourceQuota tigctl"]["spec"]["hard"]["persistentvolumeclaims"] == "2"


def test_grafana_without_a_volume_is_built_from_files() -> None:
    contact = ContactPoint("hook", "webhook", "{}", "url", "HOOK_URL")
    boards = tuple(
        Board(f"tigctl-{number}", "A", "tigctl", json.dumps({"text": "x" * 400_000}))
        for number in range(4)
    )
    state = GrafanaState(
        (DataSource("tigctl-influxdb", "InfluxDB", "http://influxdb:8086", "acme", "raw"),),
        (Folder("tigctl", "Network"),),
        boards,
        Alerting(contacts=(contact,)),
        files=True,
    )
    given = replace(stack(switches(1), {"storage": {"grafana": "none"}}), grafana=state)
    found = workloads(given)
    maps = {key: one["data"] for key, one in found.items() if key.startswith("ConfigMap grafana-")}
    assert len(maps) == 2, "a ConfigMap holds 1 MiB"
    assert all(sum(map(len, data.values())) < 1_000_000 for data in maps.values())
    pod = pod_of(found, "Deployment grafana")
    (volume,) = (one for one in pod["volumes"] if one["name"] == "files")
    items = [item for one in volume["projected"]["sources"] for item in one["configMap"]["items"]]
    paths = {item["path"] for item in items}
    assert "provisioning/datasources/tigctl.yaml" in paths
    assert "boards/tigctl/tigctl-3.json" in paths
    assert {item["key"] for item in items} == {key for data in maps.values() for key in data}
    given_to_it = variables(pod["containers"][0])
    assert given_to_it["TIGCTL_INFLUXDB_READER_TOKEN"] == "influxdb-reader/token"
    assert given_to_it["TIGCTL_CONTACT_HOOK_URL"] == "grafana-admin/TIGCTL_CONTACT_HOOK_URL"
    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
    annotations = found["Deployment grafana"]["spec"]["template"]["metadata"]["annotations"]
    newer = replace(given, grafana=replace(state, boards=boards[:3]))
    assert (
        workloads(newer)["Deployment grafana"]["spec"]["template"]["metadata"]["annotations"]
        != annotations
    )


def test_a_file_that_fits_no_config_map_is_told() -> None:
    board = Board("big", "A", "tigctl", json.dumps({"text": "x" * 1_000_000}))
    state = GrafanaState((), (Folder("tigctl", "Network"),), (board,), files=True)
    given = replace(stack(switches(1), {"storage": {"grafana": "none"}}), grafana=state)
    with pytest.raises(TigctlError, match=r"boards/tigctl/big.json has 1,0"):
        workloads(given)


def grafana(settings: dict[str, Any]) -> dict[str, Any]:
    found = workloads(stack((), {"exposure": {"grafana": settings}}))
    return variables(container(found, "Deployment grafana"))


@pytest.mark.parametrize(
    ("settings", "url", "sub_path", "secure"),
    [
        ({"host": "acme.example"}, "http://acme.example/", "false", "false"),
        (
            {"host": "noc.example", "path": "/acme/", "tls": {"issuer": "public"}},
            *("https://noc.example/acme/", "true", "true"),
        ),
        (
            {"type": "ingress", "host": "noc.example", "path": "/a/b", "tls": {"secret": "own"}},
            *("https://noc.example/a/b/", "true", "true"),
        ),
        (
            {"type": "loadbalancer", "address": "2001:db8::7"},
            *("http://[2001:db8::7]/", "false", "false"),
        ),
        (
            {"host": "noc.example", "path": "/acme", "tls": {"outside": True}},
            *("https://noc.example/acme/", "true", "true"),
        ),
        (
            {"type": "loadbalancer", "host": "acme.example", "tls": {"outside": True}},
            *("https://acme.example/", "false", "true"),
        ),
        (
            {"type": "loadbalancer", "address": "192.0.2.7,2001:db8::7", "port": 3001},
            *("http://192.0.2.7:3001/", "false", "false"),
        ),
        (
            {"type": "loadbalancer", "address": "192.0.2.7", "tls": {"secret": "wildcard"}},
            *("https://192.0.2.7/", "false", "true"),
        ),
        (
            {"type": "loadbalancer", "host": "a.example", "port": 8443, "tls": {"issuer": "ca"}},
            *("https://a.example:8443/", "false", "true"),
        ),
        (
            {"type": "loadbalancer", "host": "a.example", "port": 80, "tls": {"outside": True}},
            *("https://a.example/", "false", "true"),
        ),
        (
            {"type": "loadbalancer", "path": "/acme"},
            *("http://%(domain)s/acme/", "true", "false"),
        ),
        (
            {"type": "none", "host": "acme.example", "tls": {"issuer": "public"}},
            *("%(protocol)s://%(domain)s:%(http_port)s/", "false", "false"),
        ),
        (
            {"type": "none", "path": "/acme"},
            *("%(protocol)s://%(domain)s:%(http_port)s/acme/", "true", "false"),
        ),
    ],
)
def test_grafana_knows_where_it_is(
    settings: dict[str, Any], url: str, sub_path: str, secure: str
) -> None:
    found = grafana(settings)
    assert found["GF_SERVER_ROOT_URL"] == url
    assert found["GF_SERVER_SERVE_FROM_SUB_PATH"] == sub_path
    assert found["GF_SECURITY_COOKIE_SECURE"] == secure


@pytest.mark.parametrize(
    ("tls", "secret"), [({"issuer": "ca"}, "grafana-tls"), ({"secret": "wildcard"}, "wildcard")]
)
def test_a_grafana_that_ends_tls_itself(tls: dict[str, str], secret: str) -> None:
    entrance = {"type": "loadbalancer", "host": "a.example", "tls": tls}
    found = workloads(stack((), {"exposure": {"grafana": entrance}}))
    pod = pod_of(found, "Deployment grafana")
    (container,) = pod["containers"]
    (volume,) = (one for one in pod["volumes"] if "secret" in one)
    assert volume["secret"]["secretName"] == secret
    # The files are root's and of the pod's group, which Grafana's user is in.
    assert volume["secret"]["defaultMode"] == 0o440
    assert pod["securityContext"]["fsGroup"] == pod["securityContext"]["runAsGroup"]
    (mount,) = (one for one in container["volumeMounts"] if one["name"] == volume["name"])
    assert mount["readOnly"]
    assert "subPath" not in mount, "a renewed certificate would never arrive"
    given = variables(container)
    assert given["GF_SERVER_PROTOCOL"] == "https"
    assert given["GF_SERVER_CERT_FILE"] == f"{mount['mountPath']}/tls.crt"
    assert given["GF_SERVER_CERT_KEY"] == f"{mount['mountPath']}/tls.key"
    assert given["GF_SERVER_CERTS_WATCH_INTERVAL"]
    (port,) = container["ports"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = container[probe]["httpGet"]
        assert (asked["scheme"], asked["port"]) == ("HTTPS", port["name"])
    (way,) = found["Service grafana"]["spec"]["ports"]
    assert way["targetPort"] == port["name"] == "https"


@pytest.mark.parametrize(
    "entrance",
    [
        {"type": "gateway", "host": "a.example", "tls": {"issuer": "ca"}},
        {"type": "loadbalancer", "host": "a.example", "tls": {"outside": True}},
        {"type": "none", "tls": {"secret": "wildcard"}},
    ],
    ids=lambda one: str(one["type"]),
)
def test_elsewhere_grafana_speaks_plain_http(entrance: dict[str, Any]) -> None:
    found = workloads(stack((), {"exposure": {"grafana": entrance}}))
    pod = pod_of(found, "Deployment grafana")
    assert not [one for one in pod["volumes"] if "secret" in one]
    assert "GF_SERVER_PROTOCOL" not in variables(pod["containers"][0])
    assert "scheme" not in pod["containers"][0]["readinessProbe"]["httpGet"]


def test_a_planned_address_is_filled_in() -> None:
    settings = {"type": "loadbalancer", "path": "/acme", "port": 3001}
    given = workloads(stack((), {"exposure": {"grafana": settings}}))["Deployment grafana"]
    found = at_address(given, "2001:db8::7")
    container = found["spec"]["template"]["spec"]["containers"][0]
    assert variables(container)["GF_SERVER_ROOT_URL"] == "http://[2001:db8::7]:3001/acme/"
    assert at_address(found, "192.0.2.1") == found, "it knows one already"


@pytest.mark.parametrize("kind", ["gateway", "ingress", "loadbalancer", "none"])
@pytest.mark.parametrize(("path", "asked"), [("/", "/api/health"), ("/a/b/", "/a/b/api/health")])
def test_grafana_is_probed_below_its_path(kind: str, path: str, asked: str) -> None:
    settings = {"type": kind, "host": "noc.example", "path": path}
    found = container(
        workloads(stack((), {"exposure": {"grafana": settings}})), "Deployment grafana"
    )
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert found[probe]["httpGet"]["path"] == asked


def test_grafana_lets_nobody_in_and_calls_nobody() -> None:
    found = grafana({"type": "none"})
    for name in (
        "GF_AUTH_ANONYMOUS_ENABLED",
        "GF_USERS_ALLOW_SIGN_UP",
        "GF_ANALYTICS_REPORTING_ENABLED",
        "GF_ANALYTICS_CHECK_FOR_UPDATES",
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES",
        "GF_NEWS_NEWS_FEED_ENABLED",
    ):
        assert found[name] == "false", name
    assert found["GF_PLUGINS_PREINSTALL_DISABLED"] == "true"
    assert found["GF_SECURITY_ADMIN_USER"] == "grafana-admin/user"
    assert found["GF_SECURITY_ADMIN_PASSWORD"] == "grafana-admin/password"
    assert found["GF_SECURITY_SECRET_KEY"] == "grafana-admin/secret_key"


def _mail(settings: dict[str, Any]) -> dict[str, Any]:
    found = container(workloads(stack((), {"alerts": settings})), "Deployment grafana")
    return {
        one["name"]: one.get("value", one.get("valueFrom"))
        for one in found["env"]
        if one["name"].startswith("GF_SMTP")
    }


def test_grafana_sends_mail_where_a_server_is_named() -> None:
    assert _mail({}) == {}
    server = {"host": "mail.noc.example", "sender": "noc@noc.example", "tls": "offered"}
    assert _mail({"mail": server}) == {
        "GF_SMTP_ENABLED": "true",
        "GF_SMTP_HOST": "mail.noc.example:587",
        "GF_SMTP_FROM_ADDRESS": "noc@noc.example",
        "GF_SMTP_FROM_NAME": "acme",
        "GF_SMTP_STARTTLS_POLICY": "OpportunisticStartTLS",
    }
    found = _mail({"mail": {**server, "user": "noc", "password": {"env": "MAIL_PASSWORD"}}})
    assert found["GF_SMTP_USER"] == "noc"
    assert found["GF_SMTP_PASSWORD"] == {
        "secretKeyRef": {"name": "grafana-admin", "key": "smtp_password"}
    }


OIDC = {
    "client_id": "grafana-acme",
    "client_secret": {"env": "OIDC_SECRET"},
    "auth_url": "https://sso.example/authorize",
    "token_url": "https://sso.example/token",
    "userinfo_url": "https://sso.example/userinfo",
}


LDAP = {
    "host": "ldap.example",
    "bind_dn": "cn=grafana,dc=example",
    "bind_password": {"env": "LDAP_SECRET"},
    "search_base": ["ou=people,dc=example"],
    "editors": "cn=noc,dc=example",
}


def _login(settings: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    objects = workloads(stack((), {"login": settings}))
    env = container(objects, "Deployment grafana")["env"]
    file = objects.get("ConfigMap grafana-ldap")
    return (
        {one["name"]: one.get("value", one.get("valueFrom")) for one in env},
        tomllib.loads(file["data"]["ldap.toml"]) if file else {},
    )


def test_people_look_and_nobody_gets_in_unasked() -> None:
    found, file = _login({})
    assert found["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    assert found["GF_USERS_AUTO_ASSIGN_ORG_ROLE"] == "Viewer"
    assert not file
    assert not [name for name in found if "OAUTH" in name or "LDAP" in name]


def test_people_come_by_single_sign_on() -> None:
    found, _ = _login({"oidc": OIDC, "password": False})
    assert found["GF_AUTH_GENERIC_OAUTH_ROLE_ATTRIBUTE_PATH"] == "'Viewer'"
    assert found["GF_AUTH_GENERIC_OAUTH_API_URL"] == "https://sso.example/userinfo"
    assert found["GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET"] == {
        "secretKeyRef": {"name": "grafana-admin", "key": "oidc_client_secret"}
    }
    assert found["GF_AUTH_DISABLE_LOGIN_FORM"] == "true"


def test_people_come_from_a_directory() -> None:
    found, file = _login({"ldap": LDAP})
    (server,) = file["servers"]
    assert found["GF_AUTH_LDAP_CONFIG_FILE"] == "/etc/tigctl/ldap/ldap.toml"
    assert (server["host"], server["use_ssl"], server["start_tls"]) == ("ldap.example", True, False)
    assert server["bind_password"] == "$__env{LDAP_BIND_PASSWORD}"
    assert found["LDAP_BIND_PASSWORD"]["secretKeyRef"]["key"] == "ldap_bind_password"
    assert [one["org_role"] for one in server["group_mappings"]] == ["Editor", "Viewer"]
