"""`tigctl boards`: which boards there are, and whether each is right and answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from tigctl.backends.errors import Unreachable
from tigctl.backends.influxdb import Influx
from tigctl.cli import output as out
from tigctl.cli import place, tables
from tigctl.cli.boarding import boards_of
from tigctl.cli.options import output_option, tenant_argument
from tigctl.cli.stack import stack
from tigctl.errors import BackendError, TargetError
from tigctl.plan import board_answers
from tigctl.plan.board_answers import Answer
from tigctl.render import board_check, board_queries
from tigctl.render.bundle import Board

if TYPE_CHECKING:
    from rich.table import Table


@click.group()
def command() -> None:
    """List and check the boards that people look at.

    Own ones in dashboards/ of the tenant or the workspace come before the shipped ones; one of
    the same uid takes the other's place.

    \b
    Example:
      tigctl boards check acme
    """


@command.command("list")
@tenant_argument(required=False)
@output_option()
def list_(tenant: str | None, output: str) -> None:
    """List all boards; with TENANT: as they are for it.

    \b
    Examples:
      tigctl boards list
      tigctl boards list acme -o json
    """
    found = boards_of(place.one(tenant) if tenant else None)
    if output == "json":
        out.as_json([_described(one) for one in found])
        return
    columns = (
        tables.Column("BOARD"),
        tables.Column("TITLE"),
        tables.Column("PANELS", right=True),
        tables.Column("FILE", fold=True),
    )
    rows = [(one.uid, one.title, str(len(board_queries.panels(one))), one.file) for one in found]
    tables.show(tables.table(columns, rows))


def _described(board: Board) -> dict[str, object]:
    panels = board_queries.panels(board)
    return {
        "uid": board.uid,
        "title": board.title,
        "file": board.file,
        "panels": [{"title": one.title, "type": one.kind} for one in panels],
    }


@command.command()
@tenant_argument(required=False)
@output_option()
def check(tenant: str | None, output: str) -> int:
    """Check boards, and ask each of their queries where the tenant's InfluxDB runs.

    Looks at what can be known from the files alone: shape, data source, variables, rates over
    too short a window, titles and units that disagree with the query, buckets that do not fit the
    time shown. Then every panel is asked; one without data is a fault, unless no device of the
    tenant tells such a thing. Without TENANT the workspace's and the shipped boards are checked,
    and nobody is asked. Exit code 1 where something is wrong.

    \b
    Examples:
      tigctl boards check
      tigctl boards check acme
    """
    one = place.one(tenant) if tenant else None
    found = boards_of(one)
    interval = one.settings.polling.interval if one else 60
    faults = [
        (board, fault)
        for board in found
        for fault in board_check.check(board, interval=_interval(board, interval))
    ]
    answers, why = _asked(tenant, found)
    wrong = bool(faults) or any(answer.wrong for answer in answers)
    if output == "json":
        out.as_json(_report(found, faults, answers))
        return int(wrong)
    for board, fault in faults:
        out.data(f"{board.file}: {fault}")
    for answer in answers:
        if answer.wrong:
            out.data(f"{answer.board}: panel {answer.panel!r}: {answer.wrong}")
    if answers:
        tables.show(_table(found, answers))
    out.data(_closing(found, len(faults), answers))
    if why:
        out.say(f"note: no panel was asked: {why}")
    return int(wrong)


def _interval(board: Board, interval: int) -> int:
    """The shipped boards keep to a minute; one who polls more seldom sees fewer points."""
    return min(interval, 60) if board.file.startswith("dashboards/tigctl-") else interval


def _asked(tenant: str | None, boards: Sequence[Board]) -> tuple[list[Answer], str]:
    """The answers, or why there are none."""
    if tenant is None:
        return [], "name a tenant whose InfluxDB runs"
    found = stack(place.one(tenant))
    try:
        access = found.target.access()
        if access is None:
            return [], f"the InfluxDB of {tenant} does not run; tigctl apply {tenant} starts it"
        with Influx(access.url, access.organization, access.token) as influx:
            return list(board_answers.ask(boards, influx, found.bundle)), ""
    except (Unreachable, TargetError) as error:
        return [], error.message
    except BackendError as error:
        return [], error.message
    finally:
        found.target.close()


def _table(boards: Sequence[Board], answers: Sequence[Answer]) -> Table:
    columns = (
        tables.Column("BOARD"),
        tables.Column("PANELS", right=True),
        tables.Column("ANSWERED", right=True),
        tables.Column("NOTHING TO SHOW", right=True),
        tables.Column("SLOWEST", right=True),
    )
    rows = []
    for board in boards:
        of = [one for one in answers if one.board == board.uid]
        rows.append(
            (
                board.title,
                str(len(of)),
                str(sum(one.rows > 0 for one in of)),
                str(sum(one.nothing_to_show for one in of) or "–"),
                out.seconds(max((one.seconds for one in of), default=0.0)),
            )
        )
    return tables.table(columns, rows)


def _closing(boards: Sequence[Board], faults: int, answers: Sequence[Answer]) -> str:
    known = out.count(faults, "fault") if faults else "no faults"
    count = f"{out.count(len(boards), 'board')}: {known}"
    if not answers:
        return count
    wrong = sum(bool(one.wrong) for one in answers)
    asked = out.count(len(answers), "panel")
    return f"{count}; {asked} asked, {wrong or 'none'} without an answer"


def _report(
    boards: Sequence[Board], faults: Sequence[tuple[Board, str]], answers: Sequence[Answer]
) -> dict[str, object]:
    return {
        "boards": [one.uid for one in boards],
        "faults": [
            {"board": board.uid, "file": board.file, "fault": text} for board, text in faults
        ],
        "panels": [
            {
                "board": one.board,
                "panel": one.panel,
                "rows": one.rows,
                "seconds": round(one.seconds, 3),
                "wrong": one.wrong,
                "nothing_to_show": one.nothing_to_show,
            }
            for one in answers
        ],
    }
