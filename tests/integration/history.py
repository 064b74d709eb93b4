"""History straightforwardly: what windows hold, computed from points in plain Python.

Says in a few lines what the tasks of `tigctl.render.history` must come to, and shares nothing
with them. Points are (time in s, value), in the order of time.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

Points = Sequence[tuple[int, float]]
WINDOW = 300


def windows(points: Points, window: int = WINDOW) -> dict[int, list[float]]:
    """The values in each window, by its beginning."""
    found: dict[int, list[float]] = defaultdict(list)
    for at, value in points:
        found[at - at % window].append(value)
    return dict(found)


def each(points: Points, how: Callable[[list[float]], float], window: int = WINDOW) -> dict:
    """One value per window."""
    return {begin: how(values) for begin, values in windows(points, window).items()}


def mean(values: Iterable[float]) -> float:
    """The arithmetic mean."""
    found = list(values)
    return sum(found) / len(found)


def increases(
    points: Points, *, bits: int = 64, restarts: Sequence[tuple[int, int]] = ()
) -> dict[int, int]:
    """How far a counter went up in each window.

    Each point counts from the one before. One that falls was reset and counted from zero; but
    one of 32 bits went round if it fell by more than half of them, unless the device restarted:
    `restarts` holds the times of the polls before and after.
    """
    found: dict[int, int] = defaultdict(int)
    for (was_at, was), (at, now) in itertools.pairwise(points):
        step = int(now) - int(was)
        if step < 0:
            restarted = any(before <= was_at and at <= after for before, after in restarts)
            around = bits == 32 and step < -(2**31) and not restarted
            step = step + 2**32 if around else int(now)
        found[at - at % WINDOW] += step
    return dict(found)


def hours(by_window: Mapping[int, float], how: Callable[[list[float]], float]) -> dict:
    """One value per hour from those of the windows."""
    return each(sorted(by_window.items()), how, 3600)
