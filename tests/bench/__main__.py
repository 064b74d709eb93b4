"""Takes the measurements that are asked for and prints their table; see tests/bench/__init__.py."""

from __future__ import annotations

import argparse
import compileall
import dataclasses
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests import bench
from tests.bench import (
    boards,
    discovery,
    first_point,
    fleet,
    killed,
    outage,
    poll,
    probing,
    rendering,
    slow,
    starting,
)
from tests.bench.report import HEAD
from tests.bench.stage import CHECKOUT, Scale, Unfit

MEASUREMENTS = {
    "start": starting.run,
    "render": rendering.run,
    "first": first_point.run,
    "slow": slow.run,
    "outage": outage.run,
    "poll": poll.run,
    "fleet": fleet.run,
    "killed": killed.run,
    "discover": discovery.run,
    "boards": boards.run,
    "probe": probing.run,
}
# Small ones take a minute or two each and are for seeing that a measurement works.
_FULL = {"slow": Scale(devices=100, ports=24, interval=60, rounds=4)}
_QUICK = Scale(devices=40, ports=8, interval=10, rounds=2, quick=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Exit code 1 where a measurement could not be taken."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=bench.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", nargs="*", help=f"any of {' '.join(MEASUREMENTS)}; default all")
    parser.add_argument("--quick", action="store_true", help="small, only to see that it works")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep all files there")
    parser.add_argument("--devices", type=int, help="instead of the measurement's own number")
    parser.add_argument("--rounds", type=int, help="intervals measured after the first one")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.what if name not in MEASUREMENTS]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(MEASUREMENTS)}")

    # As an installed program has it; PYTHONDONTWRITEBYTECODE keeps a checkout from having any.
    for package in ("tigctl", "collectors"):
        compileall.compile_dir(CHECKOUT / package, quiet=1)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print(HEAD, flush=True)
    failed = False
    for name in options.what or MEASUREMENTS:
        scale = _QUICK if options.quick else _FULL.get(name, Scale())
        scale = Scale(
            options.devices or scale.devices,
            scale.ports,
            scale.interval,
            options.rounds or scale.rounds,
            scale.quick,
        )
        print(f"{name} ...", file=sys.stderr, flush=True)
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"tigctl-bench-{name}-") as own:
            directory = (options.keep / name).resolve() if options.keep else Path(own)
            directory.mkdir(parents=True, exist_ok=True)
            try:
                for figure in MEASUREMENTS[name](scale, directory):
                    # The goals are for full size; on a small one start-up outweighs the rest.
                    shown = dataclasses.replace(figure, goal=None) if options.quick else figure
                    print(shown.row(), flush=True)
            except Unfit as reason:
                failed = True
                print(f"{name} could not be measured: {reason}", file=sys.stderr)
        print(f"{name} took {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
