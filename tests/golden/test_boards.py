"""dashboards/ is what tests/boards writes, and has no fault that a file alone can show.

That its queries are answered is proven in tests/integration/test_boards.py; that Grafana's types
accept it, and how it looks, by `make boards`.
"""

from __future__ import annotations

import pytest

from tests.boards import write
from tigctl.render import boards
from tigctl.render.board_check import check
from tigctl.render.bundle import Board

SHIPPED = boards.load((), boards.SHIPPED, folder="tigctl")


def test_the_files_are_what_is_written(update_golden: bool) -> None:
    if update_golden:
        write.everything()
    for path, text in write.files().items():
        assert path.read_text() == text, f"{path.name}: run python -m tests.boards"
    written = {path.name for path in write.files()}
    assert {path.name for path in write.FOLDER.glob("*.*")} == written


@pytest.mark.parametrize("board", SHIPPED, ids=lambda one: one.uid)
def test_no_board_has_a_fault(board: Board) -> None:
    assert check(board) == ()


def test_every_panel_is_promised_and_every_promise_is_kept_by_one() -> None:
    promised = write.promises(write.README.read_text())
    there = {
        (board.uid, panel.model["title"]) for board in write.boards() for panel in board.panels
    }
    assert set(promised) == there
    without = {title for (_, title), columns in promised.items() if not columns}
    assert without == {"Open alerts", "What to do"}  # Grafana tells the one, the other is a text


def test_what_is_said_of_a_column_is_said_of_one_that_a_table_has() -> None:
    for board in write.boards():
        for panel in board.panels:
            for order in panel.model.get("transformations", ()):
                named = {
                    one["matcher"]["options"]
                    for one in panel.model["fieldConfig"]["overrides"]
                    if one["matcher"]["id"] == "byName"
                }
                where = f"{board.uid}: {panel.model['title']}"
                there = set(order["options"]["indexByName"])
                assert named <= there, where
                assert set(panel.columns) <= there, where
