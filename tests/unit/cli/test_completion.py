"""What the shell completes: commands, tenants, devices."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from tigctl.cli.main import root


def complete(*words: str) -> list[str]:
    completion = ShellComplete(root, {}, "tigctl", "_TIGCTL_COMPLETE")
    return [item.value for item in completion.get_completions(list(words[:-1]), words[-1])]


def test_commands() -> None:
    assert complete("va") == ["validate"]
    assert "apply" in complete("")


def test_tenants(workspace: Path) -> None:
    (workspace / "tenants/globex").mkdir()
    assert complete("status", "") == ["acme", "globex"]
    assert complete("status", "g") == ["globex"]
    assert complete("--workspace", str(workspace), "probe", "a") == ["acme"]


def test_devices(workspace: Path) -> None:
    assert complete("explain", "acme", "") == ["core-sw1", "edge-fw1"]
    assert complete("probe", "acme", "--device", "e") == ["edge-fw1"]


def test_faulty_files_complete_to_nothing(workspace: Path) -> None:
    (workspace / "fleet.yaml").write_text("nonsense: 1\n")
    assert complete("explain", "acme", "") == []
    assert complete("explain", "nobody", "") == []


def test_outside_a_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert complete("status", "") == []
