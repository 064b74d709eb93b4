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


def commands(page: str, heading: str) -> list[str]:
    """The commands of blocks `sh` under a heading; after | or a backslash a line goes on."""
    found: list[str] = []
    for block in blocks(page):
        if block.language == "sh" and heading_of(block) == heading:
            text = re.sub(r"([|\\\\])\n\s*", lambda end: end[1].replace("\\", "") + " ", block.text)
            found += text.splitlines()
    assert found, f"{page} shows no command under {heading!r}"
    return found


def heading_of(block: Block) -> str:
    """The heading that a block stands under."""
    above = (ROOT / block.page).read_text(encoding="utf-8").splitlines()[: block.line]
    return next(line.lstrip("# ") for line in reversed(above) if re.match(r"#+ ", line))
