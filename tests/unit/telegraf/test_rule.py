"""Covers for whom the rule for interfaces holds, what it asks for and how it reads. That Telegraf
does as it says is in tests/integration/test_telegraf.py."""

from __future__ import annotations

import tomllib
from dataclasses import replace

from collectors.telegraf.budget import budget
from collectors.telegraf.rule import InterfaceRule
from collectors.telegraf.shard import render
from tests.unit.telegraf.devices import SETTINGS, STORAGE, SYSTEM, interfaces, poll

RULE = InterfaceRule(above=47, types=(6, 161), without_types=(24,), alias='^"up"$')


def test_it_holds_above_a_number_of_interfaces() -> None:
    listed = poll("sw1", SYSTEM, interfaces(), rows=48)
    assert RULE.holds(listed.match.chosen)
    assert not replace(RULE, above=48).holds(listed.match.chosen)
    assert not RULE.holds(poll("sw1", STORAGE, rows=48).match.chosen)
    assert not InterfaceRule(above=0, admin_down=True).holds(listed.match.chosen)


def test_by_default_only_very_big_devices_are_concerned() -> None:
    small, big = (poll("sw1", SYSTEM, interfaces(), rows=rows) for rows in (2_000, 2_001))
    shards = (render([one], SETTINGS)[0] for one in (small, big))
    few, many = (tomllib.loads(shard.config)["inputs"]["snmp"] for shard in shards)
    assert not any("metricpass" in one for one in few)
    assert [one.get("metricpass") for one in many] == [
        '(name != "interface") || ((!has(fields.ifAdminStatus) || fields.ifAdminStatus != 2))',
        (
            '(name != "if-mib:ifTable#ifName") ||'
            " ((!has(fields.ifAdminStatus) || fields.ifAdminStatus != 2))"
        ),
    ]


def test_what_it_needs_is_read_often_and_paid_for() -> None:
    listed = poll("sw1", SYSTEM, interfaces(), rows=48)
    plain = budget(listed, SETTINGS)
    ruled = budget(listed, replace(SETTINGS, interfaces=RULE))
    assert ruled.requests > plain.requests
    (shard,) = render([listed], replace(SETTINGS, interfaces=RULE))
    fast = tomllib.loads(shard.config)["inputs"]["snmp"][0]
    assert "ifType" in [column["name"] for column in fast["table"][0]["field"]]
    # In the file a dollar is doubled: it must not name a variable.
    assert r'.matches("^\"up\"$$")' in fast["metricpass"]


def test_it_says_what_it_does() -> None:
    assert RULE.words == (
        "not switched off and of type 6, 161 and not of type 24"
        ' and with an ifAlias that fits ^"up"$'
    )
