"""Covers reading files as text: what is no readable UTF-8 text ends as one clear fault."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from tigctl.spec.faults import Faults
from tigctl.spec.text import read_text


def read(path: Path, limit: int = 1000) -> tuple[str | None, list[str]]:
    faults = Faults()
    text = read_text(path, path.name, faults, limit=limit)
    return text, [str(fault) for fault in faults.found]


def test_utf_8_with_and_without_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("grün\r\n".encode())
    assert read(path) == ("grün\r\n", [])
    path.write_bytes("grün\r\n".encode("utf-8-sig"))
    assert read(path) == ("grün\r\n", [])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name".encode("utf-16"), "a.csv: is UTF-16 text, not UTF-8 text; save it from the"),
        ("name".encode("utf-16-le"), "a.csv: is a binary file or UTF-16, not UTF-8 text; save"),
        ("a\nb\ngrün".encode("latin-1"), "a.csv:3: byte 0xfc is not UTF-8 (Latin-1 or Windows-"),
        (b"PK\x03\x04\x14", "a.csv: is a zip file, perhaps a spreadsheet (.xlsx, .ods), not"),
        (b"\xd0\xcf\x11\xe0\xa1", "a.csv: is an old Office file (.xls), not UTF-8 text"),
        (b"\x1f\x8b\x08", "a.csv: is a gzip file"),
        (b"%PDF-1.7", "a.csv: is a PDF"),
        (b"a\0b", "a.csv: is a binary file or UTF-16"),
        (b"x" * 1001, "a.csv: is larger than 0 MiB; is it the right file?"),
    ],
)
def test_what_is_no_text(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    text, faults = read(path)
    assert text is None
    assert len(faults) == 1
    assert faults[0].startswith(message)


def test_the_hint_for_yaml_names_no_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"a: \xff")
    assert read(path)[1][0].endswith("; save it as UTF-8")


def test_folders_pipes_and_dead_links(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert read(tmp_path / "folder")[1] == [
        "folder: is a folder, a file is expected; rename the folder"
    ]
    os.mkfifo(tmp_path / "pipe")
    assert "is no regular file" in read(tmp_path / "pipe")[1][0]
    (tmp_path / "loop").symlink_to("loop")
    assert "cannot be read: too many levels" in read(tmp_path / "loop")[1][0]
    (tmp_path / "dead").symlink_to("nowhere")
    assert "cannot be read: no such file" in read(tmp_path / "dead")[1][0]


def test_a_file_without_the_right_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # the tests may run as root, who may read all
    assert read(path)[1] == [
        "a.yaml: cannot be read: permission denied; make it readable for your user"
    ]


def test_a_real_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "devices.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    assert "perhaps a spreadsheet" in read(path)[1][0]
