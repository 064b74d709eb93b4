"""Writing a bundle to a folder: atomic files, no leftovers, nobody else's files touched."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from collectors.telegraf.model import Budget, Shard
from tigctl.errors import UsageError, WorldError
from tigctl.render.bundle import Bucket, Bundle, DeviceSummary, InfluxState, Token
from tigctl.render.write import write
from tigctl.spec.files import replace as real


def shard(number: int) -> Shard:
    name = f"telegraf-{number}"
    return Shard(name, f"# {name} é\n", (f"sw{number}",), {f"sw{number}": "d1"}, ("T",), 10, 20)


def bundle(shards: int = 1) -> Bundle:
    device = DeviceSummary(
        name="sw0",
        address="192.0.2.1",
        profile="cisco",
        site='a "site"\n',
        role="é",
        snmp=True,
        icmp=True,
        probed=True,
        expects=("ping",),
        budget=Budget(60, 3, 400, 5, 0.1234567),
        silence="broken \ud800 text",
    )
    return Bundle(
        "acme",
        tuple(shard(number) for number in range(shards)),
        InfluxState("acme", (Bucket("raw", 3600),), (Token("t", ("raw",), ()),)),
        (device,),
        ("a note",),
    )


def files(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir()}


def test_files_are_written_and_named(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder"

    written = write(bundle(2), target)

    names = {"telegraf/telegraf-0.conf", "telegraf/telegraf-1.conf", "bundle.json"}
    assert {str(path) for path in written} == names == files(target)
    assert (target / "telegraf/telegraf-0.conf").read_text() == "# telegraf-0 é\n"


def test_the_bundle_is_json_with_a_device_a_line(tmp_path: Path) -> None:
    write(bundle(), tmp_path)

    text = (tmp_path / "bundle.json").read_text()
    read = json.loads(text)
    assert read["tenant"] == "acme"
    assert read["files"] == ["telegraf/telegraf-0.conf"]
    assert read["buckets"] == [{"name": "raw", "retention": 3600}]
    assert read["tokens"] == [{"description": "t", "read": ["raw"], "write": []}]
    assert read["notes"] == ["a note"]
    (device,) = read["devices"]
    assert device["site"] == 'a "site"\n'
    assert (device["worst_s"], device["telegraf"], device["digest"]) == (0.123, "telegraf-0", "d1")
    assert sum('"name": "sw0"' in line for line in text.splitlines()) == 1


def test_an_empty_bundle_is_json_too(tmp_path: Path) -> None:
    nothing = replace(bundle(0), devices=(), notes=())

    write(nothing, tmp_path)

    read = json.loads((tmp_path / "bundle.json").read_text())
    assert read["devices"] == read["files"] == read["telegraf"] == []


def test_a_later_render_takes_away_what_it_lacks_and_no_more(tmp_path: Path) -> None:
    write(bundle(3), tmp_path)
    (tmp_path / "telegraf" / "notes.txt").write_text("mine")
    (tmp_path / "README").write_text("mine")

    write(bundle(1), tmp_path)

    names = {"telegraf/telegraf-0.conf", "telegraf/notes.txt", "README", "bundle.json"}
    assert files(tmp_path) == names


def test_a_folder_that_is_left_empty_goes(tmp_path: Path) -> None:
    write(bundle(2), tmp_path)

    write(replace(bundle(0)), tmp_path)

    assert {path.name for path in tmp_path.iterdir()} == {"bundle.json"}


@pytest.mark.parametrize("name", ["README", "telegraf/other.conf", ".git/config"])
def test_a_folder_with_something_else_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")

    with pytest.raises(UsageError, match="no render of tigctl"):
        write(bundle(), tmp_path)

    assert files(tmp_path) == {name}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"files": 3}', "\x00", '{"files": [1'])
def test_a_bundle_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "bundle.json").write_text(content)

    with pytest.raises(UsageError):
        write(bundle(), tmp_path)

    assert (tmp_path / "bundle.json").read_text() == content


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("mine")

    with pytest.raises(UsageError, match="is a file"):
        write(bundle(), path)


def test_a_list_that_leads_elsewhere_removes_nothing_there(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    target = tmp_path / "render"
    write(bundle(), target)
    listed = ["../outside.txt", str(outside), "", ".", "a/../../outside.txt", 7]
    (target / "bundle.json").write_text(json.dumps({"files": listed}))

    write(bundle(), target)

    assert outside.read_text() == "mine"


@pytest.mark.parametrize("before", [0, 4])
@pytest.mark.parametrize("broken_at", range(5))
def test_a_render_that_is_broken_off_is_finished_by_the_next(
    tmp_path: Path, broken_at: int, before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever write is the last one: the next run ends with exactly its own files."""
    calls = iter(range(100))

    def failing(path: Path, content: str | bytes, *, mode: int = 0o644) -> None:
        if next(calls) == broken_at:
            raise WorldError("disk full")
        real(path, content, mode=mode)

    target = tmp_path / "render"
    (target / "telegraf").mkdir(parents=True)
    if before:
        write(bundle(before + 1), target)
    monkeypatch.setattr("tigctl.render.write.replace", failing)
    with pytest.raises(WorldError):
        write(bundle(4), target)
    monkeypatch.undo()

    write(bundle(1), target)

    assert files(target) == {"telegraf/telegraf-0.conf", "bundle.json"}


def test_what_a_kill_at_the_very_start_leaves_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "telegraf").mkdir()
    (tmp_path / ".bundle.json.1a2b3c4d.tmp").write_text("{")

    write(bundle(), tmp_path)

    assert (tmp_path / "telegraf/telegraf-0.conf").exists()
