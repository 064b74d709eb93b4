"""The newest data of each device: one request for all devices, whatever their number.

Only what InfluxDB can answer from its index and newest blocks is asked of long ranges; the
figures for the table come from the last few intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tigctl.backends.influxdb import Influx, Row
from tigctl.render.bundle import Bundle, DeviceSummary
from tigctl.targets.interface import Access

# How far back a last sign of life is looked for.
HORIZON_DAYS = 7
PING, TCP = "ping", "tcp"
# Interfaces that are ports (IANAifType-MIB): ethernetCsmacd, fastEther, fastEtherFX,
# gigabitEthernet, fibreChannel, infiniband. Loopbacks, VLANs and tunnels are none.
PORT_TYPES = (6, 62, 69, 117, 56, 199)
_NOT_SNMP = frozenset({PING, TCP, "collector"})
# One field is enough to know that a measurement arrives; interfaces have twenty of them.
_TELLING_FIELD = {"system": "uptime_seconds", "interface": "ifOperStatus"}


@dataclass(frozen=True, slots=True)
class Reading:
    """The newest that is known of one device; None where there is nothing.

    Attributes:
        snmp_at: when SNMP answered last.
        ping_at: when Telegraf pinged last; `ping_answered_at` when that was answered.
        ping_ms: average of the last answered ping.
        tcp_at, tcp_answered_at: the same for TCP checks.
        cpu_percent: mean over the CPUs; memory_percent: of the largest pool that is no swap;
        temperature_celsius: of the hottest sensor; ports_up of ports.
    """

    snmp_at: datetime | None = None
    ping_at: datetime | None = None
    ping_answered_at: datetime | None = None
    ping_ms: float | None = None
    tcp_at: datetime | None = None
    tcp_answered_at: datetime | None = None
    cpu_percent: float | None = None
    memory_percent: float | None = None
    temperature_celsius: float | None = None
    ports_up: int | None = None
    ports: int | None = None


def heartbeat(device: DeviceSummary) -> str:
    """The measurement whose arrival shows that SNMP answers; "" where none is expected."""
    expected = [name for name in device.expects if name not in _NOT_SNMP]
    return "system" if "system" in expected or not expected else expected[0]


def read(bundle: Bundle, access: Access, *, figures: bool = True) -> Mapping[str, Reading]:
    """The newest reading of each device that has any. Raises BackendError.

    Without `figures` only the signs of life are read.
    """
    bucket = bundle.influxdb.buckets[0].name
    queries = [_signs(bucket, sorted({heartbeat(device) for device in bundle.devices}))]
    if figures:
        longest = max((device.budget.interval for device in bundle.devices), default=60)
        queries.append(_figures(bucket, max(300, 3 * longest)))
    found: dict[str, Reading] = {}
    with _asked(access) as influx:
        for flux in queries:
            _collect(found, influx.query(flux))
    return found


def arrivals(
    bundle: Bundle, access: Access, measurements: Iterable[str]
) -> dict[tuple[str, str], datetime]:
    """(device, measurement) -> when the newest point came. Raises BackendError."""
    bucket = bundle.influxdb.buckets[0].name
    flux = (
        f"{_source(bucket, f'{HORIZON_DAYS}d', _any_of(sorted(measurements)))}\n"
        '  |> last() |> keep(columns: ["device", "_measurement", "_time"])\n'
        '  |> group(columns: ["device", "_measurement"]) |> max(column: "_time")\n'
    )
    with _asked(access) as influx:
        rows = influx.query(flux)
    return {
        (str(row["device"]), str(row["_measurement"])): time
        for row in rows
        if isinstance(time := row.get("_time"), datetime) and row.get("device")
    }


def _asked(access: Access) -> Influx:
    # Each series costs InfluxDB about 40 µs: 5,000 devices of 48 ports take 20 s.
    return Influx(access.url, access.organization, access.token, timeout=120)


# Queries


def _source(bucket: str, back: str, where: str) -> str:
    return f'from(bucket: "{bucket}") |> range(start: -{back}) |> filter(fn: (r) => {where})'


def _field(measurement: str, *fields: str) -> str:
    names = " or ".join(f'r._field == "{field}"' for field in fields)
    return f'r._measurement == "{measurement}" and ({names})'


def _any_of(measurements: Sequence[str]) -> str:
    return " or ".join(
        f"({_field(name, _TELLING_FIELD[name])})"
        if name in _TELLING_FIELD
        else f'r._measurement == "{name}"'
        for name in measurements
    )


def _signs(bucket: str, heartbeats: Sequence[str]) -> str:
    """When SNMP, ping and TCP answered last, each device in a row or a few."""
    back = f"{HORIZON_DAYS}d"
    keep = '|> last() |> keep(columns: ["device", "_field", "_time", "_value"])'
    checks = (
        ("ping", _field(PING, "average_response_ms", "packets_received", "result_code")),
        ("tcp", _field(TCP, "result_code")),
    )
    newest = (
        '|> last() |> keep(columns: ["device", "_time"]) |> group(columns: ["device"])\n'
        '  |> max(column: "_time")'
    )
    parts = [f'{_source(bucket, back, _any_of(heartbeats))}\n  {newest} |> yield(name: "snmp")\n']
    parts += [
        f'{_source(bucket, back, where)}\n  {keep} |> yield(name: "{name}")\n'
        for name, where in checks
    ]
    # A port is a series of its own; the last answered handshake of any of them counts.
    answered = f"{_field(TCP, 'result_code')} and r._value == 0"
    parts.append(f'{_source(bucket, back, answered)}\n  {keep} |> yield(name: "tcp_answered")\n')
    return "\n".join(parts)


def _figures(bucket: str, seconds: int) -> str:
    """CPU, memory, temperature and ports of each device, from the last `seconds`."""
    back = f"{seconds}s"
    each = '|> last() |> keep(columns: ["device", "_value"]) |> group(columns: ["device"])'
    types = " or ".join(f"r.ifType == {number}" for number in PORT_TYPES)
    cpu = _source(bucket, back, _field("cpu", "usage_percent"))
    celsius = _source(bucket, back, _field("temperature", "celsius"))
    memory = _source(bucket, back, _field("memory", "used_percent", "total_bytes"))
    interfaces = _source(bucket, back, _field("interface", "ifOperStatus", "ifType"))
    return f"""
{cpu}
  {each} |> mean() |> yield(name: "cpu")

{celsius}
  {each} |> max() |> yield(name: "temperature")

{memory}
  |> last() |> keep(columns: ["device", "pool", "_field", "_value"]) |> yield(name: "memory")

ports = {interfaces}
  |> last() |> keep(columns: ["device", "ifName", "_field", "_value"]) |> group()
  |> pivot(rowKey: ["device", "ifName"], columnKey: ["_field"], valueColumn: "_value")
  |> filter(fn: (r) => {types}) |> group(columns: ["device"])

ports |> count(column: "ifType") |> yield(name: "ports")
ports |> filter(fn: (r) => r.ifOperStatus == 1) |> count(column: "ifType") |> yield(name: "up")
"""


# Answers


def _collect(found: dict[str, Reading], rows: Sequence[Row]) -> None:
    pools: dict[str, dict[str, dict[str, float]]] = {}
    for row in rows:
        device, result = row.get("device"), row.get("result")
        if not isinstance(device, str):
            continue
        if result == "memory":
            pool = pools.setdefault(device, {}).setdefault(str(row.get("pool")), {})
            pool[str(row["_field"])] = _number(row) or 0.0
        elif take := _TAKERS.get(str(result)):
            found[device] = take(found.get(device, Reading()), row)
    for device, by_pool in pools.items():
        percent = _main_memory(by_pool)
        found[device] = replace(found.get(device, Reading()), memory_percent=percent)


def _main_memory(pools: Mapping[str, Mapping[str, float]]) -> float | None:
    """Usage of the largest pool, in percent; swap and virtual memory only if nothing else is."""
    full = {name: pool for name, pool in pools.items() if "used_percent" in pool}
    real = {
        name: pool
        for name, pool in full.items()
        if not any(word in name.lower() for word in ("swap", "virtual", "cached", "buffer"))
    }
    candidates = (real or full).values()
    largest = max(candidates, key=lambda pool: pool.get("total_bytes", 0.0), default=None)
    return largest["used_percent"] if largest else None


def _number(row: Row, column: str = "_value") -> float | None:
    value = row.get(column)
    return float(value) if isinstance(value, int | float) else None


def _time(row: Row) -> datetime | None:
    value = row.get("_time")
    return value if isinstance(value, datetime) else None


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one and other else one or other


def _snmp(was: Reading, row: Row) -> Reading:
    return replace(was, snmp_at=_later(was.snmp_at, _time(row)))


def _ping(was: Reading, row: Row) -> Reading:
    time = _time(row)
    if row.get("_field") != "average_response_ms":
        return replace(was, ping_at=_later(was.ping_at, time))
    # The average is only there for pings that were answered. A device whose site or role has
    # changed has older series too: the newest counts.
    if time and (was.ping_answered_at is None or time >= was.ping_answered_at):
        return replace(
            was,
            ping_answered_at=time,
            ping_ms=_number(row),
            ping_at=_later(was.ping_at, time),
        )
    return was


def _tcp(was: Reading, row: Row) -> Reading:
    return replace(was, tcp_at=_later(was.tcp_at, _time(row)))


def _tcp_answered(was: Reading, row: Row) -> Reading:
    return replace(was, tcp_answered_at=_later(was.tcp_answered_at, _time(row)))


def _count(row: Row) -> int | None:
    number = _number(row, "ifType")
    return None if number is None else int(number)


_TAKERS: dict[str, Callable[[Reading, Row], Reading]] = {
    "snmp": _snmp,
    "ping": _ping,
    "tcp": _tcp,
    "tcp_answered": _tcp_answered,
    "cpu": lambda was, row: replace(was, cpu_percent=_number(row)),
    "temperature": lambda was, row: replace(was, temperature_celsius=_number(row)),
    "ports": lambda was, row: replace(was, ports=_count(row), ports_up=was.ports_up or 0),
    "up": lambda was, row: replace(was, ports_up=_count(row)),
}
