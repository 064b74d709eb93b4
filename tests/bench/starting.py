"""How soon the program answers: `tigctl --help`, and `tigctl validate` of one tenant.

Measured: the whole call by the clock, the median of 15 after one that warms the disk cache.
The tenant is the one of examples/noc.
"""

from __future__ import annotations

import shutil
import statistics
from pathlib import Path

from tests.bench import stage
from tests.bench.report import Figure

_TIMES = 15


def run(scale: stage.Scale, directory: Path) -> list[Figure]:
    """All figures of this measurement."""
    root = directory / "noc"
    shutil.copytree(stage.CHECKOUT / "examples" / "noc", root)
    return [
        Figure("start: tigctl --help", _median(root, "--help"), "s", 0.15),
        Figure("start: tigctl validate acme", _median(root, "validate", "acme"), "s", 0.4),
    ]


def _median(root: Path, *arguments: str) -> float:
    stage.tigctl(root, *arguments)
    return statistics.median(stage.tigctl(root, *arguments).seconds for _ in range(_TIMES))
