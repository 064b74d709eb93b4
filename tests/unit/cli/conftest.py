"""A workspace in a folder of its own, and the program called in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tigctl.cli.main import main


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace as `tigctl init` writes it, with two devices; the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TIGCTL_WORKSPACE", raising=False)
    assert main(["init"]) == 0
    devices = "name,address\ncore-sw1,10.20.0.1\nedge-fw1,10.20.0.2\n"
    (tmp_path / "tenants/acme/devices.csv").write_text(devices)
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Calls the program and returns its exit code and what it said."""

    def call(*arguments: str) -> Said:
        capsys.readouterr()
        code = main(arguments)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call
