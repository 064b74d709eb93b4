"""The documentation's pages, cut into fenced blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = tuple(
    sorted(
        path.relative_to(ROOT).as_posix()
        for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    )
)

_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>.*)$")


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, what follows it (a file's name), its lines."""

    page: str
    line: int
    language: str
    name: str
    text: str


def blocks(page: str) -> Iterator[Block]:
    """All fenced blocks of a page, in order."""
    opened: tuple[int, str, int] | None = None
    held: list[str] = []
    for number, line in enumerate((ROOT / page).read_text(encoding="utf-8").splitlines(), start=1):
        fence = _FENCE.match(line)
        if fence and opened is None:
            opened, held = (number, fence["info"].strip(), len(fence["indent"])), []
        elif fence and opened:
            language, _, name = opened[1].partition(" ")
            yield Block(page, opened[0], language, name, "\n".join(held))
            opened = None
        elif opened:
            held.append(line[opened[2] :])
    assert opened is None, f"{page}: a block that begins in line {opened and opened[0]} never ends"


def prose(page: str) -> str:
    """A page without its fenced and indented blocks."""
    kept, inside = [], False
    for line in (ROOT / page).read_text(encoding="utf-8").splitlines():
        if _FENCE.match(line):
            inside = not inside
        elif not inside and not line.startswith("    "):
            kept.append(line)
    return "\n".join(kept)
