"""Covers the settings models: the promised defaults, limits of single keys, credentials.

Leaves out the wording of faults in files: the golden cases have that.
"""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from collectors.login import AuthProtocol, Community, PrivacyProtocol, Secret, User
from tigctl.spec.credentials import AuthName, Credential, PrivacyName
from tigctl.spec.fields import merge
from tigctl.spec.model import Fleet, TargetSettings, TenantSettings

DAY = 86_400


# What docs/workspace.md promises for a tenant.yaml that is empty.
DEFAULTS = {
    "target": "local",
    "class_": "",
    "namespace": "",
    "networks": (),
    "discovery": {"exclude": (), "rate": 1000},
    "credentials": {},
    "polling": {"interval": 60, "slow_interval": 21_600, "jitter": 30},
    "interfaces": {
        "above": 2_000,
        "admin_down": False,
        "types": (),
        "without_types": (),
        "alias": "",
    },
    "ping": {"count": 4, "method": "auto"},
    "retention": {"raw": 30 * DAY, "m5": 180 * DAY, "h1": 730 * DAY},
    "outage": 900,
    "size": "auto",
    "resources": {
        name: {part: {"cpu": None, "memory": None} for part in ("requests", "limits")}
        for name in ("telegraf", "influxdb", "grafana")
    },
    "storage": {
        "class_": "",
        "replicas": 3,
        "data_locality": "",
        "node_tags": (),
        "disk_tags": (),
        "influxdb": 20 * 2**30,
        "grafana": 2**30,
    },
    "exposure": {
        name: {
            "type": kind,
            "host": "",
            "path": "/",
            "address": "",
            "port": None,
            "shared": False,
            "tls": {"issuer": "", "secret": "", "outside": False},
        }
        for name, kind in (("grafana", "gateway"), ("influxdb", "none"))
    },
    "isolation": {
        "telegraf": {"egress": (), "ingress": (), "nodes": ()},
        "influxdb": {"egress": (), "ingress": (), "clients": ()},
        "grafana": {"egress": (), "ingress": (), "clients": ()},
        "jobs": {"egress": ()},
    },
    "login": {"oidc": None, "ldap": None, "password": True},
    "placement": {"spread_by": "topology.kubernetes.io/zone", "required": False},
    "alerts": {
        "enabled": True,
        "contacts": {},
        "contact": None,
        "routes": (),
        "rules": {},
        "exceptions": (),
        "mail": {
            "host": "",
            "port": 587,
            "sender": "grafana@localhost",
            "user": "",
            "password": None,
            "tls": "required",
        },
        "runbook": "",
        "repeat": 4 * 3600,
    },
    "maintenance": {},
    "boards": {},
    "recovery": {},
}


def test_the_promised_defaults() -> None:
    assert TenantSettings.model_validate({}).model_dump() == DEFAULTS


def test_the_promised_defaults_of_the_fleet() -> None:
    fleet = Fleet.model_validate({})
    assert (dict(fleet.targets), dict(fleet.classes)) == ({}, {})
    assert fleet.images.model_dump() == {
        "registry": "",
        "pull_secret": "",
        "telegraf": "telegraf:1.39.3",
        "influxdb": "influxdb:2.9.1",
        "grafana": "grafana/grafana:12.2.0",
    }
    assert fleet.target_named("local") == TargetSettings(type="local")
    assert fleet.target_named("prod") is None


def test_buckets_finest_first() -> None:
    settings = TenantSettings.model_validate({"retention": {"raw": "1h", "5m": "2d", "1h": "3w"}})
    assert settings.retention.buckets == (("raw", 3600), ("5m", 2 * DAY), ("1h", 21 * DAY))


@pytest.mark.parametrize(("interval", "jitter"), [("60s", 30), ("5s", 2), ("5m", 150)])
def test_jitter_follows_the_interval(interval: str, jitter: int) -> None:
    settings = TenantSettings.model_validate({"polling": {"interval": interval}})
    assert settings.polling.jitter == jitter


def test_settings_are_frozen() -> None:
    settings = TenantSettings.model_validate({})
    with pytest.raises(ValidationError):
        settings.polling.interval = 5  # type: ignore[misc]  # that is what is tried


@pytest.mark.parametrize(
    "data",
    [
        {"polling": {"interval": "4s"}},
        {"polling": {"interval": "2d"}},
        {"polling": {"interval": 60}},
        {"ping": {"count": 0}},
        {"ping": {"count": 21}},
        {"ping": {"count": "4"}},
        {"ping": {"count": True}},
        {"ping": {"method": "icmp"}},
        {"retention": {"raw": "59m"}},
        {"retention": {"5m": "1s"}},
        {"retention": {"1h": "0s"}},
        {"outage": "8d"},
        {"namespace": "Acme"},
        {"namespace": "a" * 64},
        {"namespace": "-a"},
        {"namespace": "kube-system"},
        {"namespace": "default"},
        {"networks": "10.0.0.0/24"},
        {"networks": ["10.0.0.1/24"]},
        {"networks": ["0.0.0.0/0"]},
        {"networks": ["::/0"]},
        {"networks": [""]},
        {"storage": {"replicas": 0}},
        {"storage": {"influxdb": "0Gi"}},
        {"storage": {"influxdb": "none"}},
        {"exposure": {"grafana": {"host": "https://noc.example"}}},
        {"exposure": {"grafana": {"path": "grafana"}}},
        {"exposure": {"grafana": {"address": "10.0.0.0/24"}}},
        {"placement": {"required": "yes"}},
        {"size": "huge"},
        {"alerts": {"anything": 1}},
        {"target": "a b"},
        {"unknown": 1},
        {"class_": "gold"},
    ],
)
def test_what_a_tenant_cannot_be(data: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TenantSettings.model_validate(data)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("10.20.0.0/22", "10.20.0.0/22"),
        ("10.20.0.0/255.255.252.0", "10.20.0.0/22"),
        ("10.0.0.7", "10.0.0.7/32"),
        ("2001:DB8:0::/48", "2001:db8::/48"),
        ("10.0.0.0/8", "10.0.0.0/8"),
    ],
)
def test_networks_in_canonical_form(written: str, read: str) -> None:
    assert TenantSettings.model_validate({"networks": [written]}).networks == (read,)


def test_a_volume_can_be_left_out() -> None:
    assert TenantSettings.model_validate({"storage": {"grafana": "none"}}).storage.grafana == 0


@pytest.mark.parametrize(
    ("image", "fine"),
    [
        ("influxdb:2.9.1", True),
        ("registry.example:5000/mirror/influxdb:2.9.1-alpine", True),
        ("influxdb@sha256:" + "0" * 64, True),
        ("influxdb", False),
        ("influxdb:latest", False),
        ("registry.example:5000/influxdb", False),
        ("influx db:1", False),
    ],
)
def test_images_are_pinned(image: str, fine: bool) -> None:
    try:
        Fleet.model_validate({"images": {"influxdb": image}})
    except ValidationError:
        assert not fine
    else:
        assert fine


@pytest.mark.parametrize(
    ("version", "read"),
    [("1", "1"), (1, "1"), ("2c", "2c"), ("2C", "2c"), ("v2c", "2c"), (3, "3"), ("3", "3")],
)
def test_versions_as_text_and_number(version: object, read: str) -> None:
    how: dict[str, Any] = {"user": "noc"} if read == "3" else {"community": {"env": "SNMP"}}
    assert Credential.model_validate({"version": version, **how}).version == read


@pytest.mark.parametrize("version", [2, "2", 3.0, True, None, "2b", "", [], 4])
def test_versions_that_are_none(version: object) -> None:
    with pytest.raises(ValidationError):
        Credential.model_validate({"version": version, "community": {"env": "SNMP"}})


def test_logins() -> None:
    by_community = Credential.model_validate({"version": "2c", "community": {"env": "SNMP"}})
    assert by_community.login("default") == Community("default", "2c", Secret("SNMP"))
    by_user = Credential.model_validate(
        {
            "version": 3,
            "user": "noc",
            "context": "vlan-7",
            "auth": {"protocol": "sha256", "password": {"env": "A"}},
            "privacy": {"protocol": "aes256c", "password": {"env": "P"}},
        }
    )
    assert by_user.login("core") == User(
        name="core",
        user="noc",
        context="vlan-7",
        auth=AuthProtocol.SHA256,
        auth_password=Secret("A"),
        privacy=PrivacyProtocol.AES256C,
        privacy_password=Secret("P"),
    )
    bare = Credential.model_validate({"version": 3, "user": "noc"}).login("bare")
    assert isinstance(bare, User)
    assert bare.level == "noAuthNoPriv"


def test_the_protocols_are_those_of_the_collectors() -> None:
    assert set(AuthName.__args__) == {str(protocol) for protocol in AuthProtocol}
    assert set(PrivacyName.__args__) == {str(protocol) for protocol in PrivacyProtocol}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"version": "2c"}, "version 2c needs community"),
        ({"version": 3}, "version 3 needs user"),
        ({"version": 3, "user": "u", "community": {"env": "C"}}, "community belongs to version"),
        ({"version": 1, "community": {"env": "C"}, "user": "u"}, "user belongs to version 3"),
        (
            {"version": 3, "user": "u", "privacy": {"protocol": "aes", "password": {"env": "P"}}},
            "privacy needs auth too",
        ),
        ({"version": 1, "community": {"env": "TIGCTL_C"}}, "tigctl's own"),
        ({"version": 1, "community": {"env": "tigctl_c"}}, "tigctl's own"),
        ({"version": 1, "community": {"env": "1A"}}, "is not the name of an environment variable"),
        ({"version": 1, "community": {"env": "A-B"}}, "is not the name of an environment variable"),
        ({"version": 1, "community": {"env": ""}}, "is not the name of an environment variable"),
    ],
)
def test_credentials_that_do_not_fit(data: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Credential.model_validate(data)


@pytest.mark.parametrize(
    "secret", ["hunter2", "${hunter2}", ["hunter2"], {"env": "hunter2!"}, {"value": "hunter2"}]
)
def test_no_secret_is_repeated_even_by_the_raw_error(secret: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Credential.model_validate({"version": "2c", "community": secret})
    assert "hunter2" not in str(caught.value)


def test_merging() -> None:
    lower = {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    upper = {"a": {"c": [3]}, "d": {"e": 1}}
    assert merge(lower, upper) == {"a": {"b": 1, "c": [3]}, "d": {"e": 1}}
    assert lower == {"a": {"b": 1, "c": [1, 2]}, "d": 1}
