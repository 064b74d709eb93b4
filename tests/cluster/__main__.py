"""Starts and ends the development cluster; the command line of scripts/cluster.

    scripts/cluster up       starts it: API server, controllers, scheduler, 3 simulated nodes
    scripts/cluster status   a line per process; exit 0 if all run and the API server is ready
    scripts/cluster down     ends them and removes all they left

Running `up` or `down` again changes nothing. State lies in TIGCTL_CLUSTER, by default
~/.local/state/tigctl/cluster. Everything listens on one address of 127.0.0.0/8.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.cluster import ClusterError
from tests.cluster.plane import Plane


def up(plane: Plane) -> int:
    """Starts it unless it runs, and says what to type next."""
    if plane.running():
        _say(f"Cluster   runs already on {plane.url}")
    else:
        began = time.monotonic()
        plane.start(lambda step, seconds: _say(f"Cluster   {step:24} {seconds:5.1f} s"))
        _say(f"Cluster   ready on {plane.url} in {time.monotonic() - began:.1f} s")
    _say("  next, in a workspace whose target is of type kubernetes:")
    print(f"export KUBECONFIG={plane.kubeconfig}")
    _say(f"  export PATH=$PATH:{plane.places.programs['kubectl'].parent}   # for kubectl")
    _say("  tigctl plan acme")
    _say("  and to end it: scripts/cluster down")
    return 0


def down(plane: Plane) -> int:
    """Ends it."""
    ended = plane.stop()
    _say(f"Cluster   {ended} processes ended" if ended else "Cluster   was not running")
    return 0


def status(plane: Plane) -> int:
    """A line per process."""
    for process in plane.processes():
        state = "runs" if process.alive else "ended"
        print(f"{process.name:24} {process.pid:8} {state}")
    if plane.running():
        print(f"{'API server':24} {plane.url} is ready")
        return 0
    _say("Cluster   is not running; next: scripts/cluster up")
    return 3


def _state() -> Path:
    if chosen := os.environ.get("TIGCTL_CLUSTER"):
        return Path(chosen)
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "tigctl" / "cluster"


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _interrupt(number: int, _frame: object) -> None:
    sys.exit(128 + number)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the module's docstring."""
    parser = argparse.ArgumentParser(
        prog="scripts/cluster",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = {"up": up, "down": down, "status": status}
    parser.add_argument("what", choices=commands)
    options = parser.parse_args(arguments)
    # An interrupted start ends what it started, whichever way it is interrupted.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return commands[options.what](Plane(_state(), behind=True))
    except ClusterError as error:
        _say(f"scripts/cluster: {error}")
        return 1
    except KeyboardInterrupt:
        _say("scripts/cluster: interrupted; nothing of it runs")
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
