"""The processors: what they make of raw points is exactly the data model.

Processors are global in Telegraf and run by `order`; each names the points it takes. The
native points of `interface` meet two cheap ones only; whatever else comes by SNMP has a colon
in its name and meets the script.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from collectors.device import Device
from collectors.telegraf import starlark
from collectors.telegraf.reading import INTERFACE, Part
from collectors.telegraf.writer import Script, Table, Toml, dump


def processors(
    devices: Sequence[Device], parts: Iterable[Part], names: Mapping[str, Sequence[str]]
) -> tuple[Toml, ...]:
    """All processors of one Telegraf, in order.

    `names`: device and column of names -> the names that more than one row has.
    """
    parts = tuple(parts)
    tables = []
    if any(part.native for part in parts):
        tables += _interface()
    if any(not part.native for part in parts):
        tables.append(_rules(parts, names))
    if any(device.tcp for device in devices):
        tables += _tcp()
    tables.append(_collector(devices))
    return tuple(
        dump(Table(table.path, {"order": order, **table.values}, children=table.children))
        for order, table in enumerate(tables, 1)
    )


def _interface() -> list[Table]:
    """The row's index, which comes as the tag `index`, becomes the field `ifIndex`."""
    rename = Table("processors.rename.replace", {"tag": "index", "dest": "ifIndex"})
    return [
        Table("processors.rename", {"namepass": [INTERFACE]}, children=(rename,)),
        Table(
            "processors.converter",
            {"namepass": [INTERFACE]},
            children=(Table("processors.converter.tags", {"integer": ["ifIndex"]}, array=False),),
        ),
    ]


def _rules(parts: Sequence[Part], names: Mapping[str, Sequence[str]]) -> Table:
    return Table(
        "processors.starlark",
        {"namepass": ["*:*"], "source": Script(starlark.script(parts))},
        # Without any, the script still has to find it.
        children=(
            Table(
                "processors.starlark.constants.NAMES",
                {key: tuple(told) for key, told in names.items()},
                array=False,
            ),
        ),
    )


def _tcp() -> list[Table]:
    """net_response tells seconds; the data model says milliseconds."""
    scaling = Table(
        "processors.scale.scaling", {"factor": 1000.0, "offset": 0.0, "fields": ["response_time"]}
    )
    rename = Table("processors.rename.replace", {"field": "response_time", "dest": "response_ms"})
    return [
        Table("processors.scale", {"namepass": ["tcp"]}, children=(scaling,)),
        Table("processors.rename", {"namepass": ["tcp"]}, children=(rename,)),
    ]


def _collector(devices: Sequence[Device]) -> Table:
    """inputs.internal knows devices by alias only; their site and role are told to the script."""
    constants = [
        Table(f"processors.starlark.constants.{name}", known, array=False)
        for name, known in (
            # Without any, the script still has to find both.
            ("SITES", {device.name: device.site for device in devices if device.site}),
            ("ROLES", {device.name: device.role for device in devices if device.role}),
        )
    ]
    return Table(
        "processors.starlark",
        {"namepass": ["internal_*"], "source": Script(_collector_script())},
        children=tuple(constants),
    )


@cache
def _collector_script() -> str:
    return Path(__file__).with_name("collector.star").read_text(encoding="utf-8")
