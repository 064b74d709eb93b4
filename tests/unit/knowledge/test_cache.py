"""The kept copy of parsed profiles: used while nothing changed, never when it cannot be trusted.

That another user's file is refused is tested by modes; a second user is not at hand in tests.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from collectors.knowledge.cache import remembered


class Counted:
    """A load that counts how often it is done."""

    def __init__(self, value: object = ("parsed",)) -> None:
        self.value = value
        self.times = 0

    def __call__(self) -> object:
        self.times += 1
        return self.value


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = tmp_path / "profiles"
    made.mkdir()
    (made / "acme.yaml").write_text("sysobjectid: 1.3.6.1.4.1.99999.1")
    return made


def kept(folder: Path) -> Path:
    (found,) = (folder.parent / "cache" / "tigctl").iterdir()
    return found


def times_again(folder: Path) -> int:
    again = Counted()
    assert remembered(folder, again) == ("parsed",)
    return again.times


def test_what_has_not_changed_is_parsed_once(folder: Path) -> None:
    assert times_again(folder) == 1
    assert times_again(folder) == 0
    assert kept(folder).parent.stat().st_mode & 0o077 == 0
    assert kept(folder).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("change", ["content", "time", "new", "gone"])
def test_a_changed_folder_is_parsed_again(folder: Path, change: str) -> None:
    times_again(folder)
    file = folder / "acme.yaml"
    if change == "content":
        file.write_text("sysobjectid: 1.3.6.1.4.1.99999.12")
    elif change == "time":
        os.utime(file, ns=(1, 1))
    elif change == "new":
        (folder / "other.yaml").write_text("")
    else:
        file.unlink()
    assert times_again(folder) == 1


@pytest.mark.parametrize("damage", ["cut", "empty", "turned", "other"])
def test_a_damaged_copy_is_not_read(folder: Path, damage: str) -> None:
    times_again(folder)
    content = kept(folder).read_bytes()
    damaged = {
        "cut": content[:-3],
        "empty": b"",
        "turned": content[:-1] + bytes([content[-1] ^ 1]),
        "other": b"no pickle at all",
    }
    kept(folder).write_bytes(damaged[damage])
    assert times_again(folder) == 1
    assert times_again(folder) == 0


@pytest.mark.parametrize("what", ["file", "folder"])
@pytest.mark.parametrize("mode", [0o020, 0o002])
def test_what_others_can_write_is_not_read(folder: Path, what: str, mode: int) -> None:
    times_again(folder)
    place = kept(folder) if what == "file" else kept(folder).parent
    place.chmod(place.stat().st_mode | mode)
    assert times_again(folder) == 1


def test_what_another_user_owns_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times_again(folder)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert times_again(folder) == 1


def test_two_installations_keep_a_copy_each(folder: Path) -> None:
    other = folder.parent / "others"
    other.mkdir()
    assert [times_again(place) for place in (folder, other, folder, other)] == [1, 1, 0, 0]


def test_a_link_is_not_followed(folder: Path) -> None:
    times_again(folder)
    place = kept(folder)
    place.rename(folder.parent / "elsewhere").chmod(0o600)
    place.symlink_to(folder.parent / "elsewhere")
    assert times_again(folder) == 1


def test_without_a_place_it_is_parsed_each_time(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "acme.yaml"))
    assert times_again(folder) == 1
    assert times_again(folder) == 1
