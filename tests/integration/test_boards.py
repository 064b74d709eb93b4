"""Every query of every panel of the shipped boards, on data of the real Telegraf with a past.

Each must return what its table in dashboards/README.md promises. Covers `tigctl boards check` on
the same data too. Leaves out how boards look (`make boards`) and how fast they are (tests/bench).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from tests.boards import write
from tests.boards.world import Customer, world
from tests.integration import small
from tigctl.backends.influxdb import Influx
from tigctl.plan import board_answers
from tigctl.render import board_queries, boards
from tigctl.render.board_queries import AllOf, Span, Values
from tigctl.render.bundle import Board

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

BOARDS = {one.uid: one for one in boards.load((), boards.SHIPPED, folder="tigctl")}
PROMISES = {
    key: columns for key, columns in write.promises(write.README.read_text()).items() if columns
}


@pytest.fixture(scope="module")
def customer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Customer]:
    with world(tmp_path_factory.mktemp("customer")) as made:
        yield made


@pytest.fixture
def influx(customer: Customer) -> Iterator[Influx]:
    with Influx(customer.server.url, "acme", customer.server.token) as made:
        yield made


def choices(board: Board, influx: Influx, shown: Span) -> list[Values]:
    """Values of the board's variables: all where it may be, else one after the other."""
    values: dict[str, Sequence[str] | str] = {}
    single, options = "", [""]
    for one in board_queries.variables(board):
        if one.many:
            values[one.name] = AllOf(one.all_value)
            continue
        rows = influx.query(board_queries.fill(one.query, values, shown))
        single, options = one.name, sorted(str(row["_value"]) for row in rows)
        assert options, f"{board.uid}: variable {one.name} has no values"
        values[one.name] = options[0]
    return [{**values, single: option} for option in options] if single else [values]


@pytest.mark.parametrize(("uid", "title"), PROMISES, ids=lambda text: text.replace(" ", "-"))
@pytest.mark.parametrize("shown", ["as it opens", "24 h"])
def test_a_panel_returns_what_is_promised(
    customer: Customer, influx: Influx, uid: str, title: str, shown: str
) -> None:
    board = BOARDS[uid]
    (panel,) = [one for one in board_queries.panels(board) if one.title == title]
    now = customer.end
    span = Span(now - 86_400, now) if shown == "24 h" else board_queries.span_of(board, now)
    missing = set(PROMISES[uid, title])
    for values in choices(board, influx, span):
        seen: set[str] = set()
        for flux in panel.queries.values():
            rows = influx.query(board_queries.fill(flux, values, span, points=300))
            assert len(rows) < 50_000
            seen |= {key for row in rows for key, value in row.items() if value is not None}
        missing -= seen
        if not missing:
            break
    assert not missing, f"without data: {sorted(missing)}"


def test_boards_check_sees_every_panel_answered(customer: Customer, influx: Influx) -> None:

    answers = list(board_answers.ask(list(BOARDS.values()), influx, small.bundle(), customer.end))
    assert [one for one in answers if one.wrong or not one.rows] == []
    assert {(one.board, one.panel) for one in answers} == set(PROMISES)


def test_a_port_that_is_described_anew_stays_one(customer: Customer, influx: Influx) -> None:
    """With two hours of polls, half of them under another description."""
    end, bit_rate = customer.end, 8_000
    tags = r"interface,device=renamed,site=hq,role=access,ifName=e1,ifAlias="
    lines = []
    for at in range(end - 7_200, end, 60):
        count = (at - end + 7_200) * bit_rate // 8
        fields = ",".join(
            f"{name}={count}i" for name in ("ifHCInOctets", "ifHCOutOctets", "ifHCInUcastPkts")
        )
        alias = r"to\ Hamburg" if at < end - 3_600 else r"to\ Bremen"
        state = f"ifInErrors={count // 100}i,ifInDiscards=0i,ifOperStatus=1i,ifHighSpeed=1i"
        lines.append(f"{tags}{alias} {fields},{state} {at}000000000")
    assert customer.server.write("\n".join(lines), bucket="raw") == 204
    panels = {one.title: one for one in board_queries.panels(BOARDS["tigctl-interfaces"])}
    values: Values = {
        "site": AllOf(".*"),
        "role": AllOf(".*"),
        "device": "renamed",
        "interface": AllOf(".*"),
    }

    def rows(title: str) -> list[dict[str, object]]:
        (flux,) = list(panels[title].queries.values())[:1]
        span = Span(end - 7_200, end)
        return influx.query(board_queries.fill(flux, values, span, points=30))

    for title in ("In", "Errors per second", "Errors, share of packets", "Use of the speed"):
        found = rows(title)
        assert len({str(row["table"]) for row in found}) == 1, title
        times = [row["_time"] for row in found]
        assert len(times) == len(set(times)) > 20, title
    # The poll in which the description changed belongs to neither, so nothing is counted twice.
    assert {round(float(str(row["_value"]))) for row in rows("In")} == {bit_rate}
    for title in ("Ports", "95th percentile, mean and greatest"):
        (row,) = rows(title)
        assert (row["Port"], row["Description"]) == ("e1", "to Bremen"), title
    assert round(float(str(row["In mean"]))) == bit_rate
    assert round(float(str(row["Errors"])), 1) == 1.0


def test_traffic_of_a_site_is_even_to_the_edges_of_the_time_shown(
    customer: Customer, influx: Influx
) -> None:
    """A window that is cut off by the time shown would be told as less or more than there was."""
    end, bit_rate = customer.end, 8_000
    tags = "interface,device=even,site=even,role=access,ifName=e1"
    lines = [
        f"{tags} ifHCInOctets={at * bit_rate // 8}i {at}" for at in range(end - 7_200, end, 60)
    ]
    path = f"/api/v2/write?org={customer.server.organization}&bucket=raw&precision=s"
    assert customer.server.call("POST", path, "\n".join(lines).encode())[0] == 204
    panels = {one.title: one for one in board_queries.panels(BOARDS["tigctl-site"])}
    values: Values = {"site": "even", "role": AllOf(".*")}
    span = Span(end - 6_950, end - 70)
    (query,) = panels["Traffic in"].queries.values()
    rows = influx.query(board_queries.fill(query, values, span, points=30))
    assert len(rows) > 20
    assert {round(float(str(row["_value"]))) for row in rows} == {bit_rate}
