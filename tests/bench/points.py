"""What Telegraf wrote, read back from its line protocol: how often, how evenly."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import floor
from pathlib import Path


def times(lines: Path, measurement: str, tag: str) -> dict[str, list[float]]:
    """Value of a tag (the device) -> times of its points of a measurement, in seconds, sorted.

    Points of one gathering share their time and count once.
    """
    begin = re.compile(rb"%b,(?:[^ ]*,)?%b=([^, ]+)" % (measurement.encode(), tag.encode()))
    found: dict[str, set[int]] = defaultdict(set)
    with lines.open("rb") as file:
        for line in file:
            if match := begin.match(line):
                found[match[1].decode()].add(int(line.rsplit(b" ", 1)[1]))
    return {device: [at / 1e9 for at in sorted(seen)] for device, seen in found.items()}


def count(lines: Path, fields: Mapping[str, str]) -> dict[str, int]:
    """Measurement -> number of its points that hold the field given for it."""
    names = {name.encode(): b"%b=" % field.encode() for name, field in fields.items()}
    found = dict.fromkeys(fields, 0)
    with lines.open("rb") as file:
        for line in file:
            name = line[: min(at for at in (line.find(b","), line.find(b" ")) if at >= 0)]
            if (field := names.get(name)) and field in line:
                found[name.decode()] += 1
    return found


def missed(at: Sequence[float], interval: float, begin: float, end: float) -> int:
    """Intervals between `begin` and `end` without a point.

    A point that comes half an interval late or later counts as missed.
    """
    if not at:
        return int((end - begin) / interval)
    edges = (begin, *at, end)
    return sum(
        max(0, floor((later - earlier) / interval - 0.5))
        for earlier, later in itertools.pairwise(edges)
    )


def lateness(at: Sequence[float], interval: float) -> float:
    """The most that two points in a row were further apart than the interval, in its shares."""
    gaps = (later - earlier for earlier, later in itertools.pairwise(at))
    return max(0.0, *(gap / interval - 1 for gap in gaps), 0.0)
