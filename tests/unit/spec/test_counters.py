"""Covers the word on 32-bit counters that wrap between two polls, in `validate` and `explain`."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectors.facts import Facts, Found
from tigctl.spec import lock
from tigctl.spec.counters import warnings, wraps
from tigctl.spec.workspace import load

FACTS = Facts("default", "1.3", "", "", fastest=1_000)


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        (60, ("wrap after 34 s at 1,000 Mbit/s, and are polled every 60 s; a port that carries"
             " more than 572 Mbit/s is told wrong. Write interval 17s for it")),
        (30, "after one lost poll a busy port is told wrong. Write interval 17s for it"),
    ],
)  # fmt: skip
def test_the_word_says_what_to_write(interval: int, said: str) -> None:
    assert wraps(FACTS, interval).endswith(said)


def test_where_no_interval_helps_none_is_named() -> None:
    fast = Facts("default", "1.3", "", "", fastest=100_000)
    assert wraps(fast, 5).endswith("No shorter interval can help")


def test_only_devices_that_are_polled_too_seldom_are_named(tmp_path: Path) -> None:
    tenant = tmp_path / "tenants" / "acme"
    tenant.mkdir(parents=True)
    credentials = "credentials: {default: {version: 2c, community: {env: C}}}\n"
    (tmp_path / "fleet.yaml").write_text(credentials)
    (tenant / "devices.csv").write_text(
        "name,address,interval\nold,10.0.0.1,\nquick,10.0.0.2,15s\nnew,10.0.0.3,\n"
    )
    entries = {
        "old": Found("10.0.0.1", 161, FACTS),
        "quick": Found("10.0.0.2", 161, FACTS),
        "new": Found("10.0.0.3", 161, Facts("default", "1.3", "", "")),
    }
    acme = load(tmp_path).tenants["acme"]
    assert list(warnings(acme)) == []
    lock.write(tenant / "devices.lock.json", entries)
    assert [text.partition(" of")[0] for text in warnings(acme)] == ["acme: old has counters"]
