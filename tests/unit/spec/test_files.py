"""Covers atomic replacement and what a refusal of the system turns into.

Leaves out a power failure: that fsync does its part is the system's promise.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from tigctl.errors import WorldError
from tigctl.spec import files


def test_text_and_bytes_are_written(tmp_path: Path) -> None:
    files.replace(tmp_path / "a", "grün")
    files.replace(tmp_path / "b", b"\x00\xff")
    assert (tmp_path / "a").read_bytes() == "grün".encode()
    assert (tmp_path / "b").read_bytes() == b"\x00\xff"


def test_a_secret_file_is_only_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o666)
    files.replace(path, "new", mode=0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_a_link_points_to_is_replaced(tmp_path: Path) -> None:
    real = tmp_path / "elsewhere" / "real"
    real.parent.mkdir()
    real.write_text("old")
    link = tmp_path / "link"
    link.symlink_to(real)
    files.replace(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "lock"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if step == "replace":
        monkeypatch.setattr(Path, "replace", full)
    elif step == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(files, "_write", full)
    with pytest.raises(WorldError) as caught:
        files.replace(path, "new")
    assert str(path) in caught.value.message
    assert "no space left" in caught.value.message
    assert caught.value.hint is not None
    assert "free some space" in caught.value.hint
    assert [entry.name for entry in tmp_path.iterdir()] == ["lock"]
    assert path.read_text() == "old"


def test_an_interruption_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.replace(tmp_path / "a", "x")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_and_a_folder_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="no such file"):
        files.replace(tmp_path / "none" / "a", "x")
    (tmp_path / "dir").mkdir()
    with pytest.raises(WorldError) as caught:
        files.replace(tmp_path / "dir", "x")
    assert "rename it" in (caught.value.hint or "")
    (tmp_path / "file").write_text("")
    with pytest.raises(WorldError, match="make folder"):
        files.make_folder(tmp_path / "file" / "below")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["dir", "file"]


def test_a_very_long_name(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    files.replace(path, "x")
    assert path.read_text() == "x"
