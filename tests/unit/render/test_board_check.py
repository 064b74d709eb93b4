"""What `tigctl boards check` finds without asking anybody, and how queries are filled in.

The shipped boards have none of these faults (tests/golden/test_boards.py); that they are answered
is proven in tests/integration/test_boards.py.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tigctl.render.board_check import check
from tigctl.render.board_queries import AllOf, Span, fill, panels, span_of, unknown, variables
from tigctl.render.bundle import Board

SOURCE = {"type": "influxdb", "uid": "tigctl-influxdb"}
SHOWN = "range(start: v.timeRangeStart, stop: v.timeRangeStop)"
PING = (
    f'from(bucket: "raw") |> {SHOWN} |> filter(fn: (r) => r._measurement == "ping"'
    ' and r._field == "average_response_ms") |> aggregateWindow(every: v.windowPeriod, fn: mean)'
)


def panel(flux: str = PING, unit: str = "ms", **changes: Any) -> dict[str, Any]:
    made = {
        "id": 1,
        "type": "timeseries",
        "title": "Response",
        "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8},
        "datasource": SOURCE,
        "targets": [{"refId": "A", "datasource": SOURCE, "query": flux}],
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
    }
    return {**made, **changes}


def board(*made: dict[str, Any], listed: Any = (), start: str = "now-6h") -> Board:
    model = {
        "uid": "own",
        "title": "Own",
        "panels": list(made),
        "templating": {"list": list(listed)},
        "time": {"from": start, "to": "now"},
    }
    return Board("own", "Own", "tigctl", json.dumps(model))


def rate(every: str, head: str = "", field: str = "ifHCInOctets", factor: str = "* 8.0") -> str:
    return (
        f'{head}from(bucket: "raw") |> {SHOWN} |> filter(fn: (r) => r._measurement == "interface"'
        f' and r._field == "{field}") |> derivative(unit: 1s, nonNegative: true)'
        f" |> aggregateWindow(every: {every}, fn: mean)"
        f" |> map(fn: (r) => ({{r with _value: r._value {factor}}}))"
    )


def test_a_board_without_faults() -> None:
    assert check(board(panel(), panel(rate("5m"), "bps", id=2, title="Traffic"))) == ()


FAULTS: list[tuple[dict[str, Any], str]] = [
    (panel(type=""), "has no type"),
    (panel(gridPos={"x": 0}), "has no gridPos"),
    (panel(gridPos={"x": 20, "y": 0, "w": 12, "h": 8}), "beyond the 24 columns: x 20 and w 12"),
    (panel(targets=[]), "asks nothing"),
    (panel(datasource={"type": "influxdb", "uid": "P1"}), "names the data source 'P1'"),
    (panel(PING + ' |> filter(fn: (r) => r.device == "${device}")'), "variable 'device'"),
    (panel(rate("1m"), "bps"), "windows of 1m in query A, at the least 1m; four polls take 4m"),
    (panel(rate("v.windowPeriod"), "bps"), "takes a rate over windows of v.windowPeriod"),
    (panel(rate("every", "every = 2m\n"), "bps"), "at the least 2m; four polls take 4m"),
    (
        panel(rate("5m").replace("every: 5m, fn: mean", "fn: mean, every: 2m"), "bps"),
        "takes a rate over windows of 2m",
    ),
    (
        panel(
            rate("5m").replace(
                "aggregateWindow(every: 5m, fn: mean)", "window(every: 2m) |> mean()"
            ),
            "bps",
        ),
        "takes a rate over windows of 2m",
    ),
    (panel(rate("5m", factor="* 1.0"), "bps"), "multiply them by 8"),
    (panel(rate("5m"), "Bps"), "shows bits in Bps"),
    (panel(unit="percent"), "shows average_response_ms in the unit 'percent'; ms fits"),
    (panel(title="Temperature"), "speaks of 'Temperature', but its query asks for ping"),
    (panel(title="Discards"), "speaks of 'Discards'"),
    (panel(PING.replace('"raw"', '"1h"')), "reads 6h from the bucket 1h in query A"),
]


@pytest.mark.parametrize(("made", "says"), FAULTS, ids=lambda value: str(value)[:40])
def test_what_is_wrong_with_a_panel(made: dict[str, Any], says: str) -> None:
    found = check(board(made))
    assert len(found) == 1, found
    assert says in found[0]


@pytest.mark.parametrize(
    "made",
    [
        panel(rate("v.windowPeriod"), "bps", interval="4m"),
        panel(rate("every", "least = 4m\nevery = if int(v: v.windowPeriod) > int(v: least) then"
                   " v.windowPeriod else least\n"), "bps"),
        panel(datasource={"type": "influxdb", "uid": "${source}"}),
        {"id": 1, "type": "text", "title": "T", "gridPos": {"x": 0, "y": 0, "w": 1, "h": 1}},
    ],
    ids=["least interval", "guarded", "a variable for the source", "text"],
)  # fmt: skip
def test_what_is_fine(made: dict[str, Any]) -> None:
    assert check(board(made)) == ()


def test_polls_and_time_shown_count() -> None:
    assert "four polls take 20m" in check(board(panel(rate("5m"), "bps")), interval=300)[0]
    assert "reads 30d from the bucket raw" in check(board(panel(), start="now-30d"))[0]
    default = panel(PING.replace('"raw"', "v.defaultBucket"))
    assert check(board(default)) == ()
    assert "reads 30d from the bucket raw" in check(board(default, start="now-30d"))[0]


def test_ids_and_variables() -> None:
    listed = [{"name": "site", "type": "query", "query": 'x("${device}")'}]
    found = check(board(panel(), panel(title="Response 2"), listed=listed))
    assert "variable 'site' needs 'device'" in found[0]
    assert "has the id 1 of panel 'Response'" in found[1]


# Queries


def test_everything_is_filled_in() -> None:
    values = {"device": "a.b", "site": ("x", "y/z"), "role": AllOf(".*")}
    text = "${device} ${device:regex} ${site:regex} ${role:regex} $device [[device]] ${site:csv} $x"
    assert fill(text, values, Span(0, 60)) == r"a.b a\.b (x|y\/z) .* a.b a.b x,y/z $x"
    flux = "range(start: v.timeRangeStart, stop: v.timeRangeStop) every: v.windowPeriod"
    assert fill(flux, {}, Span(0, 21_600), points=100) == (
        "range(start: 1970-01-01T00:00:00Z, stop: 1970-01-01T06:00:00Z) every: 216s"
    )


def test_panels_in_closed_rows_and_hidden_queries() -> None:
    hidden = {"refId": "B", "query": "x", "hide": True}
    inner = panel(targets=[{"refId": "A", "query": "y"}, hidden])
    made = board({"type": "row", "title": "R", "panels": [inner]})
    assert [dict(one.queries) for one in panels(made)] == [{"A": "y"}]


def test_variables_spans_and_unknown_names() -> None:
    listed = [
        {"name": "a", "type": "custom", "query": "1, two : 2", "multi": True},
        {
            "name": "b",
            "type": "query",
            "query": {"query": "q"},
            "includeAll": True,
            "allValue": ".*",
        },
    ]
    first, second = variables(board(listed=listed))
    assert (first.values, first.many, second.query, second.all_value) == (
        ("1", "2"),
        True,
        "q",
        ".*",
    )
    assert span_of(board(start="now-2d"), 200_000) == Span(200_000 - 172_800, 200_000)
    assert unknown("${a} $b ${__url_time_range} [[c]]", ["a"]) == ("b", "c")
