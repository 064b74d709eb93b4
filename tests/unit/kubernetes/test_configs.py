"""Covers the cutting of Telegraf's configuration into files that fit ConfigMaps: each part is
complete TOML within its bound, together they are the whole, and the first has what all share.

What Telegraf itself says of the parts is in tests/integration/test_kubernetes_telegraf.py.
"""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.telegraf.model import Shard
from collectors.telegraf.writer import Table, document, dump
from tests.unit.kubernetes.stacks import stack, switches, workloads
from tigctl.errors import TigctlError
from tigctl.render.kubernetes import configs

CONFIG_MAP_BYTES = 2**20


def shard(config: str) -> Shard:
    return Shard("telegraf-0", config, (), {}, (), 10_000, 2**27)


def merged(texts: list[str]) -> dict[str, Any]:
    """What Telegraf makes of several files: plugins of the same kind one after the other."""
    found: dict[str, Any] = {}
    for text in texts:
        for kind, tables in tomllib.loads(text).items():
            into = found.setdefault(kind, {})
            for name, value in tables.items():
                if isinstance(value, list) and kind != "agent":
                    into.setdefault(name, []).extend(value)
                else:
                    assert name not in into
                    into[name] = value
    return found


def test_a_small_one_stays_whole() -> None:
    one = stack(switches(2)).shards[0]
    assert configs.parts(one) == [("00.conf", one.config)]


def test_a_large_one_is_spread_over_config_maps() -> None:
    given_ = stack(switches(500))
    (one,) = given_.shards
    assert len(one.config) > CONFIG_MAP_BYTES
    found = workloads(given_)
    maps = [found[f"ConfigMap telegraf-0-{number}"]["data"] for number in range(2)]
    assert "ConfigMap telegraf-0-2" not in found
    for data in maps:
        assert sum(len(key) + len(text.encode()) for key, text in data.items()) < CONFIG_MAP_BYTES
    assert [list(data) for data in maps] == [["00.conf", "health.conf"], ["01.conf"]]
    assert maps[0]["00.conf"] + maps[1]["01.conf"] == one.config
    assert merged([maps[0]["00.conf"], maps[1]["01.conf"]]) == tomllib.loads(one.config)
    sources = found["Deployment telegraf-0"]["spec"]["template"]["spec"]["volumes"][0]
    assert sources["projected"]["sources"] == [
        {"configMap": {"name": "telegraf-0-0"}},
        {"configMap": {"name": "telegraf-0-1"}},
    ]


TEXTS = st.text(
    st.characters(codec="utf-8") | st.sampled_from("[]\n\"'$\\"), max_size=20
) | st.sampled_from(["\n[[inputs.ping]]\n", "[[inputs.snmp]]", "'''\n[[inputs.x]]"])
INPUTS = st.lists(
    st.builds(
        lambda plugin, text, texts, child: dump(
            Table(
                f"inputs.{plugin}",
                {"text": text, "texts": texts},
                children=(Table(f"inputs.{plugin}.table", {"name": child}),) if child else (),
            )
        ),
        st.sampled_from(["snmp", "ping", "net_response"]),
        TEXTS,
        st.lists(TEXTS, max_size=3),
        TEXTS,
    ),
    max_size=12,
)


@given(INPUTS, st.integers(min_value=400, max_value=2_000))
def test_the_parts_are_the_whole(inputs: list[Any], most: int) -> None:
    agent = dump(Table("agent", {"interval": "60s"}, array=False))
    output = dump(Table("outputs.influxdb_v2", {"bucket": "raw"}))
    config = document("telegraf-0", (agent, output, *inputs))
    largest = max((len(one.encode()) + 1 for one in inputs), default=0)
    files = configs.parts(shard(config), max(most, largest))
    assert [name for name, _ in files] == sorted(name for name, _ in files)
    texts = [text for _, text in files]
    assert "".join(texts) == config
    assert all(len(text.encode()) <= max(most, largest) for text in texts)
    assert merged(texts) == tomllib.loads(config)
    first = tomllib.loads(texts[0])
    assert {"agent", "outputs"} <= first.keys()
    assert all(tomllib.loads(text).keys() == {"inputs"} for text in texts[1:])


def test_as_few_parts_as_fit() -> None:
    config = "[agent]\n" + "[[inputs.ping]]\nx = 1\n" * 4
    assert len(configs.parts(shard(config), most=len(config))) == 1
    assert len(configs.parts(shard(config), most=len(config) - 1)) == 2


def test_one_plugin_that_fits_nowhere_is_refused() -> None:
    config = "[agent]\n[[inputs.snmp]]\nx = '" + "x" * 100 + "'\n"
    with pytest.raises(TigctlError) as caught:
        configs.parts(shard(config), most=60)
    assert "telegraf-0: [[inputs.snmp]] takes" in caught.value.message
    with pytest.raises(TigctlError) as caught:
        configs.parts(shard("[agent]\n" + "# \n" * 40 + "[[inputs.snmp]]\n"), most=60)
    assert "what all devices share" in caught.value.message


@pytest.mark.parametrize(("interval", "silence"), [(60, "300s"), (5, "300s"), (600, "1800s")])
def test_health_waits_for_some_polls(interval: int, silence: str) -> None:
    one = shard("[agent]\n")
    (found,) = tomllib.loads(configs.health(one, interval))["outputs"]["health"]
    assert found["max_time_between_metrics"] == silence
    assert found["default_status"] == 503
    # Nothing but Telegraf's figures about itself, or all points would be held twice.
    assert found["namepass"] == ["collector"]
    assert found["tagpass"] == {"input": ["telegraf-0"]}
