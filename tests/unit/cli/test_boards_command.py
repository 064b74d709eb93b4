"""`tigctl boards` without an InfluxDB: what it lists, what it says of files, exit codes.

What it says of answers is in tests/integration/test_boards.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tigctl.cli.main import main


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    return tmp_path


def test_all_shipped_boards_are_listed_and_without_fault(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["boards", "list", "-o", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {"tigctl-overview", "tigctl-device"} <= {one["uid"] for one in listed}
    assert main(["boards", "check"]) == 0
    said = capsys.readouterr()
    assert said.out == f"{len(listed)} boards: no faults\n"
    assert "name a tenant" in said.err


def test_an_own_board_takes_a_shipped_ones_place_and_its_faults_are_named(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = workspace / "tenants" / "acme" / "dashboards"
    folder.mkdir()
    board = {"uid": "tigctl-overview", "title": "Mine", "panels": [{"type": "stat", "id": 1}]}
    (folder / "mine.json").write_text(json.dumps(board))
    capsys.readouterr()
    assert main(["boards", "check", "acme"]) == 1
    said = capsys.readouterr()
    assert "tenants/acme/dashboards/mine.json: panel 'number 1' has no gridPos" in said.out
    assert "2 faults" in said.out
    assert "does not run" in said.err
    assert main(["boards", "list", "acme"]) == 0
    assert "Mine" in capsys.readouterr().out


def test_boards_of_the_workspace_are_checked_without_a_tenant(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "dashboards").mkdir()
    board = {"uid": "mine", "title": "Mine", "panels": [{"type": "stat", "id": 1}]}
    (workspace / "dashboards" / "mine.json").write_text(json.dumps(board))
    capsys.readouterr()
    assert main(["boards", "check"]) == 1
    assert "dashboards/mine.json: panel 'number 1' has no gridPos" in capsys.readouterr().out


def test_outside_a_workspace_the_shipped_boards_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["boards", "check"]) == 0
    assert capsys.readouterr().out.endswith("boards: no faults\n")
