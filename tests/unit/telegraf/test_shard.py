"""Whole configurations: dealing devices out, buffers, variables, and that they are TOML without
a way for a text to name a variable. What Telegraf makes of them is an integration test.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.telegraf import limits
from collectors.telegraf.model import Shard
from collectors.telegraf.shard import render
from tests.unit.telegraf.devices import SETTINGS, SYSTEM, V1, V3, facts, interfaces, poll, switch

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    ["$HOME", "${HOME}", "$$", "'''", '"""', "{{", "\\", "\t\r\n\0"]
)


def only(shards: tuple[Shard, ...]) -> Shard:
    (shard,) = shards
    return shard


def strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return []


@settings(max_examples=50)
@given(site=TEXTS, model=TEXTS, context=TEXTS, user=TEXTS, organization=TEXTS)
def test_texts_go_through_and_name_no_variable(
    site: str, model: str, context: str, user: str, organization: str
) -> None:
    login = replace(V3, context=context, user=user)
    one = poll("sw1", site=site, role=site, login=login, identity={"model": model}, tcp=(22,))

    shard = only(render([one], replace(SETTINGS, organization=organization)))

    read = tomllib.loads(shard.config)
    tags = read["inputs"]["net_response"][0]["tags"]
    assert tags.get("site", "").replace("$$", "$") == site
    assert read["inputs"]["snmp"][0]["sec_name"].replace("$$", "$") == user
    found = set(re.findall(r"\$\{(\w+)\}", "\n".join(strings(read)).replace("$$", "")))
    assert found == set(shard.variables)
    for text in strings(read):
        if "$" in text and text not in {f"${{{name}}}" for name in shard.variables}:
            assert all(len(run) % 2 == 0 for run in re.findall(r"\$+", text)), text


def test_the_same_input_gives_the_same_bytes() -> None:
    polls = [poll(f"sw{number}", site="hall") for number in range(20)]

    assert render(polls, SETTINGS) == render(list(polls), SETTINGS)


def test_without_devices_there_is_no_telegraf() -> None:
    assert render([], SETTINGS) == ()


def test_500_switches_of_48_ports_are_one_telegraf() -> None:
    polls = [poll(f"sw{number}", SYSTEM, interfaces()) for number in range(500)]

    shard = only(render(polls, SETTINGS))

    # 48 ports, uptime, ping, and how its three inputs fared.
    points = 500 * (48 + 1 + 1 + 3) / 60 * SETTINGS.outage
    assert shard.buffer_points >= points * limits.BUFFER_MARGIN
    assert shard.memory_bytes < 1.5 * 1024**3


def test_many_devices_are_spread_and_each_is_polled_once() -> None:
    polls = [poll(f"sw{number}", SYSTEM, interfaces()) for number in range(3000)]

    shards = render(polls, SETTINGS)

    assert [shard.name for shard in shards] == [f"telegraf-{n}" for n in range(len(shards))]
    assert len(shards) > 3
    dealt = [name for shard in shards for name in shard.devices]
    assert sorted(dealt) == sorted(one.device.name for one in polls)
    sizes = [len(shard.devices) for shard in shards]
    assert max(sizes) < 1.3 * min(sizes)
    for shard in shards:
        assert tuple(shard.digests) == shard.devices
        assert shard.memory_bytes < 1.8 * limits.SHARD_BYTES


def test_devices_without_ports_are_spread_by_the_size_of_their_configuration() -> None:
    polls = [poll(f"sw{number}", snmp=False) for number in range(20_000)]

    shards = render(polls, SETTINGS)

    assert len(shards) > 1
    sizes = [limits.CONFIG_BYTES * len(shard.config) for shard in shards]
    assert max(sizes) < 1.3 * limits.SHARD_BYTES
    assert all(shard.memory_bytes > size for shard, size in zip(shards, sizes, strict=True))


def test_one_device_more_changes_one_file_only() -> None:
    polls = [poll(f"sw{number}", SYSTEM, interfaces()) for number in range(3001)]

    before, after = render(polls[:-1], SETTINGS), render(polls, SETTINGS)

    assert len(before) == len(after)
    assert sum(one.config != two.config for one, two in zip(before, after, strict=True)) == 1


def test_a_device_that_changes_changes_its_digest_and_no_other() -> None:
    first, second = poll("a"), poll("b")
    moved = poll("b", address="127.0.0.2")

    before, after = only(render([first, second], SETTINGS)), only(render([first, moved], SETTINGS))

    assert before.digests["a"] == after.digests["a"]
    assert before.digests["b"] != after.digests["b"]


def test_variables_are_those_that_are_used() -> None:
    mute = poll("mute", snmp=False, login=V1)

    shard = only(render([poll("a"), poll("b", login=V3), mute], SETTINGS))

    assert shard.variables == (
        *("TIGCTL_INFLUXDB_URL", "TIGCTL_INFLUXDB_TOKEN"),
        *("NOC_AUTH", "NOC_PRIVACY", "SNMP_COMMUNITY"),
    )


@pytest.mark.parametrize("outage", [60, 900, 86_400])
def test_the_buffer_holds_an_outage(outage: int) -> None:
    polls = [poll(f"sw{number}", SYSTEM, interfaces()) for number in range(40)]

    shards = render(polls, replace(SETTINGS, outage=outage))

    needed = 40 * 50 / 60 * outage
    assert sum(shard.buffer_points for shard in shards) >= max(needed, limits.BUFFER_AT_LEAST)


def test_polls_are_spread_over_the_jitter() -> None:
    polls = [poll(f"sw{number}", SYSTEM) for number in range(200)]

    read = tomllib.loads(only(render(polls, replace(SETTINGS, jitter=20))).config)

    offsets = [int(one["collection_offset"][:-2]) for one in read["inputs"]["snmp"]]
    assert max(offsets) < 20_000
    assert all(
        sum(low <= offset < low + 5000 for offset in offsets) > len(offsets) / 6
        for low in (0, 5000, 10_000, 15_000)
    )
    pings = [int(one["collection_offset"][:-2]) for one in read["inputs"]["ping"]]
    assert max(pings) < 1000 * limits.PING_SPREAD_S
    together = tomllib.loads(only(render(polls, replace(SETTINGS, jitter=0))).config)
    assert {one["collection_offset"] for one in together["inputs"]["snmp"]} == {"0ms"}


def test_each_device_has_instances_of_its_own() -> None:
    read = tomllib.loads(only(render([poll("a", tcp=(22,)), poll("b")], SETTINGS)).config)

    inputs = read["inputs"]
    assert [one["alias"] for one in inputs["snmp"]] == ["a", "a:slow", "b", "b:slow"]
    assert [one["alias"] for one in inputs["ping"]] == ["a:ping", "b:ping"]
    assert [one["alias"] for one in inputs["net_response"]] == ["a:tcp:22"]
    assert {one["tags"]["device"] for one in inputs["snmp"]} == {"a", "b"}


def test_what_the_tenant_sets_is_what_telegraf_gets() -> None:
    asked = replace(
        SETTINGS,
        organization="globex",
        bucket="b",
        interval=30,
        slow_interval=600,
        ping_count=2,
        ping_method="exec",
        url_variable="U",
        token_variable="T",
    )

    read = tomllib.loads(only(render([poll("a"), poll("b", interval=300)], asked)).config)

    assert read["agent"]["interval"] == "30s"
    output = read["outputs"]["influxdb_v2"][0]
    assert (output["organization"], output["bucket"]) == ("globex", "b")
    assert (output["urls"], output["token"]) == (["${U}"], "${T}")
    assert [one["interval"] for one in read["inputs"]["snmp"]] == ["30s", "600s", "300s", "600s"]
    ping = read["inputs"]["ping"][0]
    assert (ping["method"], ping["count"], ping["deadline"]) == ("exec", 2, "0s")


def test_the_identity_is_one_line_and_not_endless() -> None:
    one = poll("a", identity={"model": "x\r\n\ty" * 200}, known=facts())

    read = tomllib.loads(only(render([one], SETTINGS)).config)

    model = read["inputs"]["snmp"][1]["tags"]["model"]
    assert model.startswith("x yx y")
    assert len(model) == limits.TEXT_LENGTH


def test_small_tables_are_polled_by_an_instance_of_their_own() -> None:
    read = tomllib.loads(only(render([switch(48)], SETTINGS)).config)

    asked = {
        one["alias"]: {table["name"].partition(":")[2] or table["name"] for table in one["table"]}
        for one in read["inputs"]["snmp"]
        if "table" in one
    }
    assert asked["sw1"] == {"interface"}
    assert asked["sw1:small"] == {"hrStorageTable", "ciscoEnvMonFanStatusTable"}
    assert asked.keys() <= {"sw1", "sw1:small", "sw1:slow"}
