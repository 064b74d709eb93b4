"""The map of the code in docs/architecture.md: every folder of the code has a row, and every module
that a row names is there. Leaves out whether what a row says of a module is so.
"""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import ROOT

_ROW = re.compile(
    r"^\| `(?P<folder>(?:collectors|tigctl)[a-z/]*)` \| (?P<text>.*) \|$", re.MULTILINE
)
_PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
_MAP = _PAGE.partition("\n## Folder by folder\n")[2].partition("\n## ")[0]
ROWS = {row["folder"]: re.findall(r"`(\w+)`", row["text"]) for row in _ROW.finditer(_MAP)}


def test_every_folder_of_the_code_has_a_row() -> None:
    folders = {
        path.parent.relative_to(ROOT).as_posix()
        for top in ("collectors", "tigctl")
        for path in (ROOT / top).rglob("*.py")
    }
    assert ROWS.keys() == folders


@pytest.mark.parametrize("folder", ROWS)
def test_the_modules_of_a_row_are_there(folder: str) -> None:
    missing = [name for name in ROWS[folder] if not (ROOT / folder / f"{name}.py").exists()]
    assert missing == []


def test_the_folders_beside_the_code_are_there() -> None:
    named = re.findall(r"`([a-z/]+)`", _MAP.partition("\nBeside the code: ")[2])
    assert named
    assert [name for name in named if not (ROOT / name).is_dir()] == []
