"""The files in dashboards/ that follow from the boards written here."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.boards import (
    capacity,
    collector,
    device,
    environment,
    interfaces,
    overview,
    ping,
    servicedesk,
    site,
)
from tests.boards.model import Panel, Written

FOLDER = Path(__file__).parents[2] / "dashboards"
README = FOLDER / "README.md"
BEGIN, END = "<!-- panels: begin -->\n", "<!-- panels: end -->\n"


def boards() -> list[Written]:
    """All boards, in the order in which people need them."""
    return [
        one.board()
        for one in (
            overview,
            site,
            device,
            interfaces,
            ping,
            environment,
            capacity,
            servicedesk,
            collector,
        )
    ]


def files() -> dict[Path, str]:
    """The files as they should be."""
    found = {
        FOLDER / f"{one.uid}.json": json.dumps(one.json, indent=2, ensure_ascii=False) + "\n"
        for one in boards()
    }
    before, rest = README.read_text().split(BEGIN)
    after = rest.split(END)[1]
    found[README] = before + BEGIN + tables() + END + after
    return found


def everything() -> list[Path]:
    """Writes what differs, and returns it."""
    changed = []
    for path, text in files().items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            changed.append(path)
    return changed


def tables() -> str:
    """A table for each board: its panels, what they read, the columns they return."""
    return "\n".join(_table(one) for one in boards())


def _table(board: Written) -> str:
    rows = [_row(one) for one in board.panels]
    return "\n".join(
        (
            f"### {board.title} (`{board.uid}`)\n",
            f"{board.says}\n",
            "| panel | reads | returns |",
            "|---|---|---|",
            *rows,
            "",
        )
    )


def _row(panel: Panel) -> str:
    title = panel.model["title"]
    if panel.exempt:
        kind = "a text" if panel.model["type"] == "text" else "asks Grafana itself"
        return f"| {title} | – | {kind} |"
    reads = ", ".join(f"`{one}`" for one in panel.reads)
    columns = ", ".join(f"`{one}`" for one in panel.columns)
    return f"| {title} | {reads} | {columns} |"


def promises(text: str) -> dict[tuple[str, str], tuple[str, ...]]:
    """What the tables promise: uid and title of a panel -> columns; none for what Grafana tells."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    uid = ""
    for line in text.splitlines():
        if heading := re.match(r"### .* \(`([\w-]+)`\)$", line):
            uid = heading[1]
        row = re.match(r"\| (?!panel|---)(.+?) \| (.+?) \| (.+?) \|$", line)
        if row:
            found[uid, row[1]] = tuple(re.findall(r"`([^`]+)`", row[3]))
    return found
