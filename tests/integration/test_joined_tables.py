"""Rows that take values from other tables, and from scalars, on the real Telegraf: by a column that
holds the other row's index, by parts of their own index, and one value for all rows.

The profile and the devices are made up; a device is probed, matched, rendered and polled once.
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
  table: {{OID: {ACME}.3, name: acmeSensorTable}}
  symbols:
  - {{OID: {ACME}.3.1.2, name: acmeSensorPart}}
  - {{OID: {ACME}.3.1.3, name: acmeSensorValue}}
  - {{OID: {ACME}.2.1, name: acmeDivisor, tigctl: {{row: 0}}}}
  - {{OID: {ACME}.4.1.2, name: acmeSlotOn, tigctl: {{row: "{{index.1}}"}}}}
  metric_tags:
  - tag: sensor
    MIB: ENTITY-MIB
    symbol:
      OID: 1.3.6.1.2.1.47.1.1.1.1.7
      name: entPhysicalName
      tigctl: {{row: "{{acmeSensorPart}}"}}
  tigctl:
  - to: temperature
    tags: {{sensor: "{{entPhysicalName}}"}}
    fields: {{celsius: acmeSensorValue / acmeDivisor}}
    where: acmeSensorValue > 0 and acmeSlotOn == 1
- MIB: ACME-MIB
  table: {{OID: {ACME}.5, name: acmeFanTable}}
  symbols:
  - {{OID: {ACME}.5.1.3, name: acmeFanSpeed}}
  metric_tags:
  - tag: sensor
    symbol: {{OID: {ACME}.4.1.3, name: acmeSlotName}}
    table: acmeSlotTable
    index_transform: [{{start: 1, end: 1}}]
  tigctl:
  - to: sensor
    tags: {{class: fanspeed, sensor: "{{acmeSlotName}} {{index.1}}"}}
    fields: {{value: acmeFanSpeed}}
"""


def sensors(first: str, divisor: int) -> list[Object]:
    rows = {"1.1": (1001, 215), "1.2": (1001, 0), "2.1": (1002, 330), "2.2": (7, 440)}
    return [
        *port(1),
        *((f"{ACME}.3.1.2.{index}", 2, part) for index, (part, _) in rows.items()),
        *((f"{ACME}.3.1.3.{index}", 2, value) for index, (_, value) in rows.items()),
        *((f"{ACME}.3.1.2.3.1", 2, 1002), (f"{ACME}.3.1.3.3.1", 2, 550)),
        (f"{ACME}.2.1.0", 2, divisor),
        *((f"{ACME}.4.1.2.{slot}", 2, on) for slot, on in ((1, 1), (2, 1), (3, 2))),
        *((f"{ACME}.4.1.3.{slot}", 4, f"{first} slot {slot}") for slot in (1, 2)),
        ("1.3.6.1.2.1.47.1.1.1.1.7.1001", 4, f"{first} module"),
        ("1.3.6.1.2.1.47.1.1.1.1.7.1002", 4, f"{first} supply"),
        *((f"{ACME}.5.1.3.{fan}", 2, speed) for fan, speed in (("8.1", 3000), ("8.2", 3100))),
    ]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[Point]:
    directory = tmp_path_factory.mktemp("joined")
    served = {
        "r1": ("127.44.0.1", [*system("r1"), *sensors("left", 10)]),
        "r2": ("127.44.0.2", [*system("r2"), *sensors("right", 1)]),
    }
    return told_of(served, PROFILE, directory)


def test_a_row_is_named_by_the_row_it_points_to_and_scaled_by_a_scalar(told: list[Point]) -> None:
    # 1.2 measures nothing, 3.1 stands in a slot that is off, 2.2 points to a part nobody knows.
    assert of(told, "r1", "temperature") == {
        "sensor=left module": {"celsius": 21.5},
        "sensor=left supply": {"celsius": 33.0},
        "sensor=2.2": {"celsius": 44.0},
    }
    assert of(told, "r2", "temperature") == {
        "sensor=right module": {"celsius": 215.0},
        "sensor=right supply": {"celsius": 330.0},
        "sensor=2.2": {"celsius": 440.0},
    }


def test_a_row_is_named_by_a_part_of_its_index(told: list[Point]) -> None:
    assert of(told, "r1", "sensor") == {
        "class=fanspeed,sensor=left slot 1 8": {"value": 3000.0},
        "class=fanspeed,sensor=left slot 2 8": {"value": 3100.0},
    }
