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


class Kind(StrEnum):
    """What a field is, and so what history keeps of it."""

    GAUGE = "gauge"
    COUNTER = "counter"
    COUNTER32 = "32-bit counter"
    COUNT = "count"
    STATE = "state"
    FAULT = "fault"
    """A state whose greater values are the worse ones."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measurement: the tags that tell its series apart, and its fields."""

    name: str
    tags: tuple[str, ...]
    fields: dict[str, FieldType]

    def of(self, *kinds: Kind) -> tuple[str, ...]:
        """Its fields of these kinds."""
        return tuple(name for name in self.fields if kind(self.name, name) in kinds)


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


# 32-bit counters that go round within minutes; errors are 32-bit as well, but never that many.
_COUNTERS_32 = frozenset({"ifInOctets", "ifOutOctets", "ifInUcastPkts", "ifOutUcastPkts"})
_COLLECTOR_COUNTERS = frozenset(
    {"errors", "timeouts", "metrics_dropped", "metrics_written", "metrics_rejected", "write_errors"}
)


def kind(measurement: str, field: str) -> Kind:
    """What a field is. Other floats than those named here are gauges, the rest is state."""
    if field in _COUNTERS_32:
        return Kind.COUNTER32
    if field in _COUNTERS or (measurement == "collector" and field in _COLLECTOR_COUNTERS):
        return Kind.COUNTER
    if field in {"packets_transmitted", "packets_received"}:
        return Kind.COUNT
    if field in {"result_code", "status"}:
        return Kind.FAULT
    if field == "uptime_seconds" or field_type(measurement, field) is not FieldType.FLOAT:
        return Kind.STATE
    return Kind.GAUGE


@dataclass(frozen=True, slots=True)
class Share:
    """A field of history only: of all polls, the percentage in which a condition held."""

    measurement: str
    name: str
    field: str
    condition: str


SHARES = (
    Share("ping", "answered_percent", "percent_packet_loss", "r._value < 100.0"),
    Share("tcp", "connected_percent", "result_code", "r._value == 0"),
)

# What tells who a device or an interface is rather than how it fares; the bucket `raw` has it.
# Each field kept of an interface costs a tenth of the work that history is.
_NOT_KEPT = frozenset(
    {
        *("ifIndex", "ifDescr", "ifType", "ifMtu", "ifHighSpeed", "ifAdminStatus"),
        *("sysName", "sysDescr", "sysObjectID", "vendor", "model", "serial", "os_version"),
    }
)


def history(measurement: str) -> dict[str, str]:
    """The fields in the buckets 5m and 1h, each with how it comes from the points as polled."""
    kept: dict[str, str] = {}
    for field in MEASUREMENTS[measurement].fields:
        match kind(measurement, field):
            case Kind.GAUGE:
                kept |= {field: "mean", f"{field}_max": "maximum"}
            case Kind.COUNTER | Kind.COUNTER32:
                kept[f"{field}_increase"] = "increase"
            case Kind.COUNT:
                kept[field] = "sum"
            case Kind.FAULT:
                kept |= {field: "last", f"{field}_max": "maximum"}
            case Kind.STATE if field not in _NOT_KEPT:
                kept[field] = "last"
    return kept | {one.name: "share" for one in SHARES if one.measurement == measurement}


# Units of fields whose name does not say them.
UNITS: dict[str, str] = {
    "usage_percent": "%",
    "used_percent": "%",
    "used_bytes": "B",
    "total_bytes": "B",
    "celsius": "°C",
    "uptime_seconds": "s",
    "ifHighSpeed": "Mbit/s",
    "ifHCInOctets": "B",
    "ifHCOutOctets": "B",
    "ifInOctets": "B",
    "ifOutOctets": "B",
    "ifMtu": "B",
}

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
    "tv_signal": "dBmV",
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
