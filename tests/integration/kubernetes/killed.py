"""A tigctl of its own process, for tests that kill it: applies or destroys a small bundle.

`process` makes it. It is forked from a server that has everything imported: a fresh Python
would spend more on its imports than on the work it is killed at.
"""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from pydantic import TypeAdapter

from tigctl.backends.kubernetes.cluster import Cluster
from tigctl.render.bundle import Bundle
from tigctl.targets.interface import Step
from tigctl.targets.kubernetes import lease
from tigctl.targets.kubernetes.options import Options
from tigctl.targets.kubernetes.target import KubernetesTarget


def process(
    kubeconfig: Path, tenant: str, action: str, bundle: Path | None, log: Path
) -> ForkServerProcess:
    """One that is not started yet; `action` is apply, rotate, recover or, without bundle, destroy.

    What it says on standard error is appended to `log`.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context.Process(target=_run, args=(kubeconfig, tenant, action, bundle, log))


def _run(kubeconfig: Path, tenant: str, action: str, bundle: Path | None, log: Path) -> None:
    with log.open("ab") as said:
        os.dup2(said.fileno(), 2)
    # Who comes after a killed one waits that long for it.
    lease.DURATION_S = 2
    lease._RENEW_S = 0.4
    cluster = Cluster(kubeconfig=str(kubeconfig))
    options = Options(wait=60, new_tokens=action == "rotate", recover_operator=action == "recover")
    target = KubernetesTarget(cluster, tenant, f"tig-{tenant}", options)
    if bundle is None:
        target.destroy(volumes=True, policies=True, namespace=True, observe=_unseen)
    else:
        wanted = TypeAdapter(Bundle).validate_json(bundle.read_bytes())
        target.apply(wanted, target.changes(wanted), {}, _unseen)


def _unseen(_step: Step) -> None:
    """Nobody looks."""
