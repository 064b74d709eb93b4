"""A shell on a cluster with one real node; the command line of `scripts/node shell`.

Runs inside the namespaces that scripts/node makes. When the shell ends, so does the cluster.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.cluster import ClusterError
from tests.cluster.images import add_stack
from tests.cluster.node import Node
from tests.cluster.plane import Plane


def main() -> int:
    """Starts everything, then the shell; its exit code is ours."""
    with tempfile.TemporaryDirectory(prefix="tigctl-node-") as folder:
        folders = Path(folder) / "volumes"
        plane = Plane(Path(folder) / "plane", nodes=0, tied=True, folders=folders)
        try:
            with plane, Node(plane, folders) as node:
                add_stack(node)
                kubectl = plane.places.programs["kubectl"].parent
                environ = {
                    **os.environ,
                    "KUBECONFIG": str(plane.kubeconfig),
                    "PATH": f"{os.environ['PATH']}:{kubectl}",
                }
                print("Node      ready; leave this shell to end it", file=sys.stderr)
                shell = os.environ.get("SHELL", "/bin/sh")
                return subprocess.run([shell], env=environ, check=False).returncode
        except ClusterError as error:
            print(f"scripts/node: {error}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    raise SystemExit(main())
