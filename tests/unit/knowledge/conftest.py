"""A folder of profiles per test, and no shipped profiles, unless a test asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectors.knowledge import load
from tests.unit.knowledge.library import Folder


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """An empty folder; nothing else is in the library."""
    monkeypatch.setattr(load, "_shipped", lambda: ({}, {}, ()))
    return Folder(tmp_path / "profiles")
