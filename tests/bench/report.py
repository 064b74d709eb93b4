"""One row of the table: a figure, what it is held against, and the share of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """Something measured. `goal` is the most it should be, in the same unit; None: no goal."""

    what: str
    measured: float
    unit: str
    goal: float | None = None

    @property
    def share(self) -> str:
        """How much of the goal was used; above 1.00 the goal is missed."""
        if self.goal is None:
            return "–"
        if self.goal == 0:
            return "met" if self.measured == 0 else "MISSED"
        share = self.measured / self.goal
        return f"{share:.2f}" if share <= 1 else f"{share:.2f} MISSED"

    def row(self) -> str:
        """The figure as a row of a Markdown table."""
        goal = "–" if self.goal is None else f"≤ {_number(self.goal)} {self.unit}"
        return f"| {self.what} | {_number(self.measured)} {self.unit} | {goal} | {self.share} |"


HEAD = "| figure | measured | goal | of the goal |\n|---|---|---|---|"


def _number(value: float) -> str:
    value = float(value)
    if value.is_integer():
        return f"{value:,.0f}"
    return f"{value:,.3f}" if abs(value) < 10 else f"{value:,.1f}"
