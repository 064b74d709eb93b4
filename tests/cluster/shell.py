"""A shell beside a cluster with one real node; the command line of `scripts/node shell`.

It begins in a workspace with the demo's tenant, whose simulated devices answer. Runs inside
the namespaces that scripts/node makes. When the shell ends, so does the cluster.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.cluster import ClusterError, noc
from tests.cluster.images import add_stack
from tests.cluster.node import Node
from tests.cluster.plane import Plane
from tests.simulator.simulated import ENVIRONMENT

_READY = """Node      ready; leave this shell to end all of it. Now, for example:
  tigctl probe acme
  tigctl apply acme
  kubectl -n tig-acme get pods"""


def main() -> int:
    """Starts everything, then the shell; its exit code is ours."""
    with tempfile.TemporaryDirectory(prefix="tigctl-node-") as folder:
        folders = Path(folder) / "volumes"
        workspace = Path(folder) / "workspace"
        plane = Plane(Path(folder) / "plane", nodes=0, tied=True, folders=folders)
        try:
            with plane, Node(plane, folders) as node, noc.devices(node, workspace):
                add_stack(node)
                programs = (Path(sys.executable).parent, plane.places.programs["kubectl"].parent)
                environ = {
                    **os.environ,
                    **ENVIRONMENT,
                    "KUBECONFIG": str(plane.kubeconfig),
                    "PATH": ":".join(map(str, (*programs, os.environ["PATH"]))),
                }
                print(_READY, file=sys.stderr)
                shell = os.environ.get("SHELL", "/bin/sh")
                return subprocess.run([shell], env=environ, cwd=workspace, check=False).returncode
        except ClusterError as error:
            print(f"scripts/node: {error}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    raise SystemExit(main())
