"""A tigctl of its own process, for tests that kill it: applies or destroys a small bundle.

python -m tests.integration.kubernetes.killed KUBECONFIG TENANT apply BUNDLE.json
python -m tests.integration.kubernetes.killed KUBECONFIG TENANT rotate BUNDLE.json
python -m tests.integration.kubernetes.killed KUBECONFIG TENANT recover BUNDLE.json
python -m tests.integration.kubernetes.killed KUBECONFIG TENANT destroy
"""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import TypeAdapter

from tigctl.backends.kubernetes.cluster import Cluster
from tigctl.render.bundle import Bundle
from tigctl.targets.interface import Step
from tigctl.targets.kubernetes import lease
from tigctl.targets.kubernetes.options import Options
from tigctl.targets.kubernetes.target import KubernetesTarget

# Who comes after a killed one waits that long for it.
lease.DURATION_S = 2
lease._RENEW_S = 0.4


def main(arguments: list[str]) -> None:
    kubeconfig, tenant, action, *files = arguments
    cluster = Cluster(kubeconfig=kubeconfig)
    options = Options(wait=60, new_tokens=action == "rotate", recover_operator=action == "recover")
    target = KubernetesTarget(cluster, tenant, f"tig-{tenant}", options)
    if action != "destroy":
        bundle = TypeAdapter(Bundle).validate_json(Path(files[0]).read_bytes())
        target.apply(bundle, target.changes(bundle), {}, _unseen)
    else:
        target.destroy(volumes=True, policies=True, namespace=True, observe=_unseen)


def _unseen(_step: Step) -> None:
    """Nobody looks."""


if __name__ == "__main__":
    main(sys.argv[1:])
