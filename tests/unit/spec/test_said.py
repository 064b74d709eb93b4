"""What settings say in effect, flat: units as they are written, other names of keys, what is unset.

Leaves out what a plan makes of it (tests/unit/plan/test_since.py).
"""

from __future__ import annotations

from tigctl.spec.model import TenantSettings
from tigctl.spec.said import said
from tigctl.spec.stack import Images


def test_keys_are_as_a_person_writes_them() -> None:
    settings = TenantSettings.model_validate(
        {
            "polling": {"interval": "90s"},
            "retention": {"raw": "30d"},
            "storage": {"class": "fast", "grafana": "2Gi"},
            "resources": {"influxdb": {"limits": {"memory": "4Gi"}}},
            "credentials": {"core": {"version": "2c", "community": {"env": "SECRET"}}},
            "networks": ["10.0.0.0/24"],
        }
    )
    found = dict(said(settings))
    wanted = {
        "polling.interval": "90s",
        "retention.raw": "30d",
        "storage.class": "fast",
        "storage.grafana": "2Gi",
        "resources.influxdb.limits.memory": "4Gi",
        "credentials.core.community.env": "SECRET",
        "networks": '["10.0.0.0/24"]',
        "login.password": "true",
    }
    assert {key: found.get(key) for key in wanted} == wanted
    assert "resources.influxdb.requests.memory" not in found
    assert dict(said(Images(telegraf="telegraf:1.2"), "images."))["images.telegraf"] == (
        "telegraf:1.2"
    )


def test_the_same_settings_say_the_same() -> None:
    assert list(said(TenantSettings())) == list(said(TenantSettings()))
    assert all(isinstance(text, str) for _, text in said(TenantSettings()))
