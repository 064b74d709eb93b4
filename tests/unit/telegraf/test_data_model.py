"""docs/data-model.md names every measurement, tag, field, type and class, and no others."""

from __future__ import annotations

import re
from pathlib import Path

from collectors.datamodel import MEASUREMENTS, SENSOR_CLASSES, FieldType, field_type, history

TEXT = (Path(__file__).parents[3] / "docs" / "data-model.md").read_text()
SECTIONS = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", TEXT, re.DOTALL | re.MULTILINE))


def rows(section: str) -> list[tuple[str, str]]:
    return re.findall(r"^\| `(\w+)` \| (\w+) \|", section, re.MULTILINE)


def test_every_measurement_is_described() -> None:
    assert list(SECTIONS) == list(MEASUREMENTS)


def test_fields_and_types_are_those_of_the_program() -> None:
    for name, measurement in MEASUREMENTS.items():
        told = {field: FieldType(kind) for field, kind in rows(SECTIONS[name]) if kind in _KINDS}
        assert told == measurement.fields, name


_KINDS = set(FieldType)


def test_tags_are_those_of_the_program() -> None:
    for name, measurement in MEASUREMENTS.items():
        told = re.search(r"Further tags?: ((?:`\w+`(?:, )?)+)", SECTIONS[name])
        assert tuple(re.findall(r"`(\w+)`", told[1] if told else "")) == measurement.tags, name


def test_classes_and_units_are_those_of_the_program() -> None:
    table = SECTIONS["sensor"].partition("| class |")[2]
    told = dict(re.findall(r"^\| `(\w+)` \| ?(.*?) ?\|$", table, re.MULTILINE))

    assert told == SENSOR_CLASSES


def test_types_of_fields_nobody_listed_follow_from_their_names() -> None:
    assert field_type("peer", "ifIndex") is FieldType.INTEGER
    assert field_type("peer", "packets_in") is FieldType.INTEGER
    assert field_type("peer", "count") is FieldType.INTEGER
    assert field_type("peer", "accounts") is FieldType.FLOAT
    assert field_type("port_power", "watts") is FieldType.FLOAT
    assert field_type("sensor", "text") is FieldType.STRING


def test_the_fields_of_history_are_those_of_the_program() -> None:
    table = TEXT.partition("| measurement | kept | fields |")[2]
    told: dict[str, dict[str, str]] = {}
    for name, how, fields in re.findall(r"^\| `(\w+)` \| (\w+) \| (.*) \|$", table, re.MULTILINE):
        told.setdefault(name, {}).update(dict.fromkeys(re.findall(r"`(\w+)`", fields), how))

    assert told == {name: kept for name in MEASUREMENTS if (kept := history(name))}
