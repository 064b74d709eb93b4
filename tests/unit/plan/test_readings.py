"""Covers: from rows of InfluxDB's answer to readings. Leaves out: the queries themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tigctl.plan import readings
from tigctl.plan.readings import Reading

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def collected(*rows: dict[str, object]) -> dict[str, Reading]:
    found: dict[str, Reading] = {}
    readings._collect(found, [{"device": "sw1", **row} for row in rows])  # type: ignore[dict-item]  # rows of plain values
    return found


def memory(pool: str, used: float, total: float | None) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [
        {"result": "memory", "pool": pool, "_field": "used_percent", "_value": used}
    ]
    if total is not None:
        rows.append({"result": "memory", "pool": pool, "_field": "total_bytes", "_value": total})
    return rows


def test_memory_is_that_of_the_largest_pool_that_is_no_swap() -> None:
    found = collected(
        *memory("Physical memory", 41.0, 100.0),
        *memory("I/O", 90.0, 10.0),
        *memory("Swap space", 1.0, 1000.0),
        *memory("Virtual memory", 2.0, 1100.0),
    )
    assert found["sw1"].memory_percent == 41.0


def test_memory_of_swap_counts_if_nothing_else_is_there() -> None:
    assert collected(*memory("Swap", 7.0, None))["sw1"].memory_percent == 7.0


def test_ping_time_is_that_of_the_newest_series() -> None:
    # After its site was changed a device has a series with the former tag as well.
    rows = [
        {"result": "ping", "_field": "average_response_ms", "_time": NOON, "_value": 5.0},
        {
            "result": "ping",
            "_field": "average_response_ms",
            "_time": NOON - timedelta(hours=1),
            "_value": 9.0,
        },
    ]
    for order in (rows, rows[::-1]):
        found = collected(*order)["sw1"]
        assert (found.ping_ms, found.ping_answered_at) == (5.0, NOON)


def test_a_lost_ping_is_a_ping_without_answer() -> None:
    found = collected({"result": "ping", "_field": "packets_received", "_time": NOON, "_value": 0})
    assert found["sw1"] == Reading(ping_at=NOON)


def test_no_port_up_is_zero_and_not_unknown() -> None:
    assert collected({"result": "ports", "ifType": 4})["sw1"].ports_up == 0
    found = collected({"result": "up", "ifType": 3}, {"result": "ports", "ifType": 4})["sw1"]
    assert (found.ports_up, found.ports) == (3, 4)


def test_rows_without_a_device_are_telegraf_s_own() -> None:
    found: dict[str, Reading] = {}
    readings._collect(found, [{"result": "snmp", "_time": NOON}])
    assert found == {}
