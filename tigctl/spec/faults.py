"""Collecting faults, and the nearest known word for a wrong one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from tigctl.errors import Fault, InvalidFiles


class Faults:
    """All faults found so far; whoever finds one adds it and goes on."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, file: str, line: int, message: str) -> None:
        """One more fault; `line` counts from 1, 0 where the whole file is meant."""
        self.found.append(Fault(file, line, message))

    def __len__(self) -> int:
        return len(self.found)

    def raise_all(self) -> None:
        """Raises InvalidFiles where there is any fault."""
        if self.found:
            raise InvalidFiles(self.found)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word a person most likely meant, or None."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def suggest(word: str, known: Iterable[str], *, what: str = "known here") -> str:
    """The end of a message about a wrong word: the nearest known one, else all known ones."""
    names = sorted(known)
    if near := nearest(word, names):
        return f"did you mean {near!r}?"
    if not names:
        return "there is none"
    shown = ", ".join(names[:20])
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return f"{what}: {shown}{more}"
