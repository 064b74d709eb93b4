"""What the parts of the small Grafana share: requests, answers, and the numbers it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]
Answer = tuple[int, Any]

_NOW = "2026-11-20T14:02:{:02}Z"


@dataclass
class Request:
    """One request below /api: who asks, the parts of the path, the query, the body."""

    user: str
    parts: list[str]
    query: dict[str, list[str]]
    body: Body

    def one(self, name: str, default: str = "") -> str:
        """The first value of a parameter."""
        return self.query.get(name, [default])[0]

    def page(self, found: list[Any]) -> list[Any]:
        """The part of a list that `limit` and `page` ask for."""
        limit, page = int(self.one("limit", "1000")), int(self.one("page", "1"))
        return found[(page - 1) * limit : page * limit]


def error(code: int, message: str, **more: str) -> Answer:
    """A refusal in Grafana's form."""
    return code, {"message": message, **more}


@dataclass(kw_only=True)
class Numbers:
    """The ids it gave, and a clock that goes on by a second with each save."""

    ids: int = 0
    saves: int = 0

    def next_id(self) -> int:
        """An id that nothing has yet."""
        self.ids += 1
        return self.ids

    def now(self) -> str:
        """The time of a save."""
        self.saves += 1
        return _NOW.format(self.saves % 60)
