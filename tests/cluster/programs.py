"""Where the programs of the control plane are. scripts/tools knows, for it builds them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.cluster import ClusterError

_CHECKOUT = Path(__file__).resolve().parents[2]


def find(*names: str) -> Mapping[str, Path]:
    """The path of each part by its name; without names all that `scripts/tools kubernetes` builds.

    Raises ClusterError if one is not built yet.
    """
    done = subprocess.run(
        [_CHECKOUT / "scripts" / "tools", "--paths", *(names or ("kubernetes",))],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ClusterError(done.stderr.strip() or "scripts/tools failed and said nothing")
    lines = (line.split("\t") for line in done.stdout.splitlines() if line)
    return {name: Path(path) for name, path in lines}
