"""Covers what is kept of an interrupted sweep: it comes back as it was, and what is damaged, old or
of another sweep counts as none."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from collectors.discovery.model import Kept, Seen
from tigctl.spec import interrupted

KEPT = Kept(
    attempt=1,
    question=2,
    index=300,
    ping_attempt=-1,
    flags=bytes(range(256)) * 4,
    lost=3,
    seen=(Seen("10.0.0.1", 161, "core", ping=True, sys_name="sw1"), Seen("::1", 1161)),
)
SWEEP = interrupted.key([(4, 1, 2)], [], (161,), ["core"])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = interrupted.path(tmp_path, "acme")
    interrupted.write(path, SWEEP, KEPT)
    return path


def test_it_comes_back_as_it_was(place: Path, tmp_path: Path) -> None:
    assert interrupted.read(place, SWEEP) == KEPT
    assert place == tmp_path / ".tigctl/discover/acme.json"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    interrupted.forget(place)
    assert interrupted.read(place, SWEEP) is None


def test_another_sweep_is_not_gone_on_with(place: Path) -> None:
    for other in ([(4, 1, 3)], [], (161,), ["core"]), ([(4, 1, 2)], [], (161,), ["default"]):
        assert interrupted.read(place, interrupted.key(*other)) is None


def test_yesterday_s_is_too_old(place: Path) -> None:
    then = place.stat().st_mtime - 90_000
    os.utime(place, (then, then))
    assert interrupted.read(place, SWEEP) is None


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"version": 1}', b"null", b"\xff"])
def test_what_is_damaged_counts_as_none(place: Path, damage: bytes) -> None:
    place.write_bytes(damage)
    assert interrupted.read(place, SWEEP) is None
    place.write_text(json.dumps({"version": 1, "sweep": SWEEP, "flags": "AAAA", "seen": []}))
    assert interrupted.read(place, SWEEP) is None
