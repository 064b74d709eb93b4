"""Rows with equal names, on the real Telegraf: no series is overwritten, and a number stands behind
a name only where it is needed; and what can be no share of a whole is not told. The profile and
the devices are made up.
"""

from __future__ import annotations

import pytest

from tests.integration.agents import Object
from tests.integration.chain import told_of
from tests.integration.lineprotocol import Point
from tests.integration.test_telegraf import of, port, system

pytestmark = pytest.mark.real

ACME = "1.3.6.1.4.1.99999"
PROFILE = f"""\
sysobjectid: 1.3.6.1.4.1.9.1.1208
tigctl: {{description: Acme routers}}
metrics:
- MIB: ACME-MIB
  table: {{OID: {ACME}.3, name: acmeFanTable}}
  symbols:
  - {{OID: {ACME}.3.1.2, name: acmeFanName}}
  - {{OID: {ACME}.3.1.3, name: acmeFanSpeed}}
  tigctl:
  - to: sensor
    tags: {{class: fanspeed, sensor: "{{acmeFanName}} {{index}}"}}
    fields: {{value: acmeFanSpeed}}
- MIB: ACME-MIB
  table: {{OID: {ACME}.4, name: acmeTempTable}}
  symbols:
  - {{OID: {ACME}.4.1.2, name: acmeTempName}}
  - {{OID: {ACME}.4.1.3, name: acmeTemp}}
  tigctl:
  - {{to: temperature, tags: {{sensor: "{{acmeTempName}}"}}, fields: {{celsius: acmeTemp}}}}
- MIB: ACME-MIB
  table: {{OID: {ACME}.5, name: acmeProbeTable}}
  symbols:
  - {{OID: {ACME}.5.1.2, name: acmeProbeName}}
  - {{OID: {ACME}.5.1.3, name: acmeProbe}}
  tigctl:
  - {{to: temperature, tags: {{sensor: "{{acmeProbeName}}"}}, fields: {{celsius: acmeProbe}}}}
- MIB: ACME-MIB
  table: {{OID: {ACME}.9, name: acmeOldProbeTable}}
  symbols:
  - {{OID: {ACME}.9.1.2, name: acmeOldProbeName}}
  - {{OID: {ACME}.9.1.3, name: acmeOldProbe}}
  tigctl:
  - {{to: temperature, tags: {{sensor: "{{acmeOldProbeName}}"}}, fields: {{celsius: acmeOldProbe}}}}
- MIB: ACME-MIB
  table: {{OID: {ACME}.8, name: acmeOldServiceTable}}
  symbols:
  - {{OID: {ACME}.8.1.2, name: acmeOldServiceLoad}}
  tigctl:
  - to: sensor
    tags: {{class: load, sensor: "Service {{index}}"}}
    fields: {{value: acmeOldServiceLoad}}
- MIB: ACME-MIB
  table: {{OID: {ACME}.6, name: acmeServiceTable}}
  symbols:
  - {{OID: {ACME}.6.1.2, name: acmeServiceLoad}}
  tigctl:
  - to: sensor
    tags: {{class: load, sensor: "Service {{index}}"}}
    fields: {{value: acmeServiceLoad}}
"""

IMPOSSIBLE = f"""\
- MIB: ACME-MIB
  table: {{OID: {ACME}.7, name: acmePoolTable}}
  symbols:
  - {{OID: {ACME}.7.1.2, name: acmePoolUsed}}
  - {{OID: {ACME}.7.1.3, name: acmePoolSize}}
  tigctl:
  - to: memory
    tags: {{pool: "{{index}}"}}
    fields:
      used_bytes: acmePoolUsed
      total_bytes: acmePoolSize
      used_percent: 100 * acmePoolUsed / acmePoolSize
  - {{to: cpu, tags: {{cpu: "{{index}}"}}, fields: {{usage_percent: acmePoolUsed}}}}
"""

POOLS = {1: 40, 2: 101, 3: -5, 4: 100, 5: 0}
LB_WEB = "6." + ".".join(str(ord(character)) for character in "lb-web")


def rows(table: int, named: dict[str, tuple[str, int]]) -> list[Object]:
    return [
        *((f"{ACME}.{table}.1.2.{index}", 4, name) for index, (name, _) in named.items()),
        *((f"{ACME}.{table}.1.3.{index}", 2, value) for index, (_, value) in named.items()),
    ]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[Point]:
    directory = tmp_path_factory.mktemp("names")
    served = {
        "r1": (
            "127.44.1.1",
            [
                *system("r1"),
                *port(1),
                *rows(3, {"10": ("FAN1", 3000), "11": ("FAN2", 3100)}),
                *rows(
                    4, {"2": ("CPU", 41), "9": ("CPU", 42), "10": ("CPU", 43), "11": ("Inlet", 20)}
                ),
                *rows(5, {"1": ("Inlet", 21), "2": ("Outlet", 30)}),
                *((f"{ACME}.7.1.2.{index}", 2, used) for index, used in POOLS.items()),
                *((f"{ACME}.7.1.3.{index}", 2, 100) for index in POOLS),
                *rows(9, {"1": ("Inlet", 22)}),
                *((f"{ACME}.8.1.2.{index}", 2, 7) for index in (LB_WEB, "2")),
                *(
                    (f"{ACME}.6.1.2.{index}", 2, 5)
                    for index in (LB_WEB, f"{LB_WEB}.1", "3.108.98.49")
                ),
            ],
        ),
        "r2": (
            "127.44.1.2",
            [
                *system("r2"),
                *port(1),
                *rows(3, {"10": ("FAN", 3000), "11": ("FAN", 3100), "12": ("PSU fan", 3200)}),
            ],
        ),
    }
    return told_of(served, PROFILE + IMPOSSIBLE, directory)


def test_a_number_stands_only_behind_names_that_repeat(told: list[Point]) -> None:
    assert of(told, "r1", "sensor").keys() >= {
        "class=fanspeed,sensor=FAN1",
        "class=fanspeed,sensor=FAN2",
    }
    assert of(told, "r2", "sensor") == {
        "class=fanspeed,sensor=FAN 10": {"value": 3000.0},
        "class=fanspeed,sensor=FAN 11": {"value": 3100.0},
        "class=fanspeed,sensor=PSU fan": {"value": 3200.0},
    }


def test_no_row_overwrites_another_one(told: list[Point]) -> None:
    # Whatever the order in which Telegraf hands them over: the lowest index keeps the name, and of
    # two tables the one that is read first.
    assert of(told, "r1", "temperature") == {
        "sensor=CPU": {"celsius": 41.0},
        "sensor=CPU 9": {"celsius": 42.0},
        "sensor=CPU 10": {"celsius": 43.0},
        "sensor=Inlet": {"celsius": 20.0},
        "sensor=Inlet 1": {"celsius": 21.0},
        "sensor=Inlet 1 1": {"celsius": 22.0},
        "sensor=Outlet": {"celsius": 30.0},
    }


def test_an_index_that_is_a_text_is_shown_as_one(told: list[Point]) -> None:
    # The last one could be an address as well. What two tables tell is told once, by the first.
    found = of(told, "r1", "sensor")
    assert {name: fields["value"] for name, fields in found.items() if "load" in name} == {
        "class=load,sensor=Service lb-web": 7.0,
        "class=load,sensor=Service 2": 7.0,
        "class=load,sensor=Service lb-web 1": 5.0,
        "class=load,sensor=Service 3.108.98.49": 5.0,
    }


def test_more_than_all_and_less_than_nothing_is_not_told(told: list[Point]) -> None:
    assert set(of(told, "r1", "memory")) == {"pool=1", "pool=4", "pool=5"}
    assert set(of(told, "r1", "cpu")) == {"cpu=1", "cpu=4", "cpu=5"}
