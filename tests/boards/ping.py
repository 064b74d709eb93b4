"""The board Ping and availability."""

from __future__ import annotations

from tests.boards import alive, flux, worst
from tests.boards.columns import (
    TO_DEVICE,
    TO_SITE,
    colored,
    in_order,
    now_and_before,
)
from tests.boards.model import ANSWERED, BAD, GOOD, LOSS, Panel, Written, override
from tests.boards.panels import table
from tests.boards.variables import ALL_DEVICES, ROLE, SITE

SCOPE = flux.DEVICES
COLUMNS = (
    *("Device", "Site", "Role", "Now", "Before", "24 h", "7 d", "30 d", "Loss", "Fastest", "Mean"),
    "Slowest",
)
OPEN = (("0", "open", GOOD), ("1", "no answer", BAD), ("2", "refused", BAD))


def board() -> Written:
    return Written(
        "tigctl-ping",
        "Ping and availability",
        "Who answers, how fast, and what share of the time; the ports that are tried.",
        [SITE, ROLE, ALL_DEVICES],
        [*_answers(), _tried(), _devices(), *_worst()],
    )


def _answers() -> list[Panel]:
    return [
        alive.availability("Available 24 h", "24h", 0, SCOPE),
        alive.availability("Available 7 d", "7d", 3, SCOPE),
        alive.availability("Available 30 d", "30d", 6, SCOPE),
        alive.over_time(
            "Answers, now and before",
            (9, 0, 15, 12),
            SCOPE,
            25,
            "The 25 devices that answered least in the time shown.",
        ),
    ]


def _tried() -> Panel:
    return table(
        "Ports that are tried",
        (0, 4, 9, 8),
        TCP,
        says="Whether a connection comes about, now and when the time shown began.",
        overrides=[
            override("Device", links=TO_DEVICE),
            override("Site", links=TO_SITE),
            *now_and_before(OPEN, 90),
            override("Response", unit="ms", decimals=1),
        ],
        transformations=in_order(("Device", "Site", "Port", "Now", "Before", "Response")),
        reads=("tcp.result_code", "tcp.response_ms"),
        columns=("Device", "Port", "Now", "Before"),
        nothing="no ports are tried; the inventory's column tcp names them",
    )


def _devices() -> Panel:
    return table(
        "Devices",
        (0, 12, 24, 13),
        _table(),
        says="Availability as a share of answered pings; round trips of the time shown.",
        overrides=[
            *worst.WHO,
            *(colored(one, "percent", 2, ANSWERED) for one in ("24 h", "7 d", "30 d")),
            colored("Loss", "percent", 1, LOSS),
            *(override(one, unit="ms", decimals=1) for one in ("Fastest", "Mean", "Slowest")),
        ],
        transformations=in_order(COLUMNS),
        reads=(
            *alive.PRESENCE,
            *("ping.answered_percent", "ping.minimum_response_ms"),
            *("ping.average_response_ms", "ping.maximum_response_ms"),
        ),
        columns=COLUMNS,
    )


def _worst() -> list[Panel]:
    return [
        alive.most(
            "Slowest to answer",
            (0, 25, 12, 9),
            "average_response_ms",
            SCOPE,
            says="The ten devices with the longest mean round trip in the time shown.",
            unit="ms",
            defaults={},
        ),
        alive.most(
            "Most packets lost",
            (12, 25, 12, 9),
            "percent_packet_loss",
            SCOPE,
            says="The ten devices that lost most in the time shown.",
            unit="percent",
            defaults={"decimals": 0, "max": 100, "thresholds": LOSS},
        ),
    ]


def _table() -> str:
    by = '["device", "site", "role"]'

    def ping(field: str, how: str) -> str:
        condition = f"{flux.fields('ping', field)} and {SCOPE}"
        return f"from(bucket: bucket) |> {flux.SHOWN} |> filter(fn: (r) => {condition}) |> {how}()"

    return (
        f'import "date"\n\n{flux.HEAD}\n{flux.state(SCOPE)}\n{flux.available(SCOPE)}\n'
        + flux.wide(
            [
                flux.named("state(at: v.timeRangeStop)", "Now"),
                flux.named("state(at: v.timeRangeStart)", "Before"),
                flux.named(f"available(span: 24h, by: {by})", "24 h"),
                flux.named(f"available(span: 7d, by: {by})", "7 d"),
                flux.named(f"available(span: 30d, by: {by})", "30 d"),
                flux.named(ping("percent_packet_loss", "mean"), "Loss"),
                flux.named(ping("minimum_response_ms", "min"), "Fastest"),
                flux.named(ping("average_response_ms", "mean"), "Mean"),
                flux.named(ping("maximum_response_ms", "max"), "Slowest"),
            ]
        )
        + '\n    |> rename(columns: {device: "Device", site: "Site", role: "Role"})'
        + '\n    |> sort(columns: ["24 h", "Device"])'
    )


TCP = f"""\
import "date"

tried = (at, field, what) =>
    from(bucket: "raw")
        |> range(start: date.sub(d: 15m, from: at), stop: at)
        |> filter(fn: (r) => r._measurement == "tcp" and r._field == field and {SCOPE})
        |> last()
        |> toFloat()
        |> set(key: "what", value: what)

union(tables: [
    tried(at: v.timeRangeStop, field: "result_code", what: "Now"),
    tried(at: v.timeRangeStart, field: "result_code", what: "Before"),
    tried(at: v.timeRangeStop, field: "response_ms", what: "Response"),
])
    |> keep(columns: ["device", "site", "port", "what", "_value"])
    |> group()
    |> pivot(rowKey: ["device", "site", "port"], columnKey: ["what"], valueColumn: "_value")
    |> filter(fn: (r) => exists r.Now)
    |> rename(columns: {{device: "Device", site: "Site", port: "Port"}})
    |> sort(columns: ["Now"], desc: true)"""
