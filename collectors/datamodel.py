"""The data model: measurements, their tags and their fields with types.

Types are part of the contract, because InfluxDB refuses a point whose type differs from the
first one seen. Every point also has the tags `device` and, where known, `site` and `role`.
docs/data-model.md says the same in words; a test keeps the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FieldType(StrEnum):
    """The type a field has in InfluxDB."""

    INTEGER = "integer"
    FLOAT = "float"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measurement: the tags that tell its series apart, and its fields."""

    name: str
    tags: tuple[str, ...]
    fields: dict[str, FieldType]


COMMON_TAGS = ("device", "site", "role")

_I, _F, _S = FieldType.INTEGER, FieldType.FLOAT, FieldType.STRING

_COUNTERS = (
    *("ifHCInOctets", "ifHCOutOctets", "ifHCInUcastPkts", "ifHCOutUcastPkts"),
    *("ifInOctets", "ifOutOctets", "ifInUcastPkts", "ifOutUcastPkts"),
    *("ifInErrors", "ifOutErrors", "ifInDiscards", "ifOutDiscards"),
)

MEASUREMENTS: dict[str, Measurement] = {
    measurement.name: measurement
    for measurement in (
        Measurement(
            "ping",
            (),
            {
                "average_response_ms": _F,
                "minimum_response_ms": _F,
                "maximum_response_ms": _F,
                "packets_transmitted": _I,
                "packets_received": _I,
                "percent_packet_loss": _F,
                "result_code": _I,
            },
        ),
        Measurement("tcp", ("port",), {"response_ms": _F, "result_code": _I}),
        Measurement(
            "system",
            (),
            {"sysName": _S, "sysDescr": _S, "sysObjectID": _S, "uptime_seconds": _F},
        ),
        Measurement("inventory", (), {"vendor": _S, "model": _S, "serial": _S, "os_version": _S}),
        Measurement(
            "interface",
            ("ifName", "ifAlias"),
            {
                "ifIndex": _I,
                "ifDescr": _S,
                "ifAdminStatus": _I,
                "ifOperStatus": _I,
                "ifType": _I,
                "ifMtu": _I,
                "ifHighSpeed": _I,
                **dict.fromkeys(_COUNTERS, _I),
            },
        ),
        Measurement("cpu", ("cpu",), {"usage_percent": _F}),
        Measurement("memory", ("pool",), {"used_bytes": _F, "total_bytes": _F, "used_percent": _F}),
        Measurement(
            "storage", ("storage",), {"used_bytes": _F, "total_bytes": _F, "used_percent": _F}
        ),
        Measurement("temperature", ("sensor",), {"celsius": _F}),
        Measurement("sensor", ("class", "sensor"), {"value": _F, "status": _I, "text": _S}),
        Measurement("supply", ("supply",), {"used_percent": _F, "level": _F, "capacity": _F}),
        Measurement(
            "collector",
            ("input",),
            {
                # With the tag device: one input of one device. Counts go up from the start of
                # Telegraf: take differences.
                **dict.fromkeys(("gather_ms", "errors", "timeouts"), _F),
                # Without it: Telegraf itself, whose name stands in the tag input.
                **dict.fromkeys(("buffer_size", "buffer_limit", "metrics_dropped"), _F),
                **dict.fromkeys(("metrics_written", "metrics_rejected", "write_errors"), _F),
                **dict.fromkeys(("write_ms", "memory_bytes"), _F),
            },
        ),
    )
}


def field_type(measurement: str, field: str) -> FieldType:
    """The type of a field; one the model does not name follows from its name alone."""
    known = MEASUREMENTS.get(measurement)
    if known and field in known.fields:
        return known.fields[field]
    integer = field.startswith(("if", "packets_")) or field in {"result_code", "status", "count"}
    return _I if integer else _F


# Classes of the measurement `sensor`, each with the unit of its field `value`.
SENSOR_CLASSES: dict[str, str] = {
    "voltage": "V",
    "current": "A",
    "power": "W",
    "power_consumed": "kWh",
    "power_factor": "",
    "frequency": "Hz",
    "fanspeed": "rpm",
    "humidity": "%",
    "airflow": "m³/h",
    "pressure": "kPa",
    "load": "%",
    "charge": "%",
    "percent": "%",
    "runtime": "min",
    "count": "",
    "delay": "s",
    "loss": "%",
    "bitrate": "bit/s",
    "dbm": "dBm",
    "signal": "dBm",
    "snr": "dB",
    "ber": "",
    "quality_factor": "",
    "chromatic_dispersion": "ps/nm",
    "cooling": "W",
    "waterflow": "l/min",
    "state": "",
}


class Status(StrEnum):
    """Field `status` of class state: 0 ok, 1 warning, 2 critical, 3 unknown."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"

    @property
    def number(self) -> int:
        """The value of the field."""
        return list(Status).index(self)
