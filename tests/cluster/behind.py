"""Runs the programs of tigctl's pods on a simulated cluster, so that a trial is a whole one.

    python -m tests.cluster.behind STATE

runs until SIGTERM, beside the control plane of that state folder. A pod of tigctl's whose program
there is (see running.py) gets it as soon as it is on a node: port-forward then leads to it, and
its log is the pod's. Such a pod becomes Ready when its program answers: an annotation tells
kwok (see kwok.py). A program that ends is started again; one whose pod is gone is ended.
"""

from __future__ import annotations

import shutil
import signal
import sys
import threading
from pathlib import Path

import urllib3

from tests.cluster import kwok
from tests.cluster.api import ApiError, Object
from tests.cluster.plane import Plane
from tests.cluster.running import PORTS, Running, free_port, runs

FOLDER = "behind"
_EVERY = 0.3  # seconds between two looks
_OURS = "app.kubernetes.io/managed-by=tigctl"


class Behind:
    """The programs behind the pods of one control plane."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self._folder = plane.state / FOLDER
        self._running: dict[str, Running] = {}
        self._ready: set[str] = set()
        # A Service keeps its address whatever pod is behind it, so these stay by namespace.
        self._influxdb: dict[str, int] = {}

    def look(self) -> None:
        """Makes what runs what the pods say, once."""
        pods = self._plane.api.list("/api/v1/pods", labelSelector=_OURS)
        wanted = {pod["metadata"]["uid"]: pod for pod in pods if _placed(pod) and runs(pod)}
        for uid in self._running.keys() - wanted.keys():
            self._running.pop(uid).end()
            self._ready.discard(uid)
        for uid, pod in wanted.items():
            self._one(uid, pod)
        self._forget_claims()

    def end(self) -> None:
        """Ends all."""
        for one in self._running.values():
            one.end()

    def _one(self, uid: str, pod: Object) -> None:
        found = self._running.get(uid)
        if found is None:
            port = self._influxdb.setdefault(pod["metadata"]["namespace"], free_port())
            found = self._running[uid] = Running(self._plane.api, pod, self._folder, port)
            port = PORTS[found.program]
            self._plane.forward_pod(found.namespace, found.name, port, found.port)
            self._plane.log_pod(found.namespace, found.name, found.log)
        if not found.alive:
            found.start()
        if uid not in self._ready and found.answers():
            self._plane.api.patch(
                f"/api/v1/namespaces/{found.namespace}/pods/{found.name}",
                {"metadata": {"annotations": {kwok.ANSWERS: "yes"}}},
            )
            self._ready.add(uid)

    def _forget_claims(self) -> None:
        """The data of a claim goes with it."""
        folders = list((self._folder / "claims").glob("*"))
        there = self._plane.api.list("/api/v1/persistentvolumeclaims") if folders else ()
        kept = {one["metadata"]["uid"] for one in there}
        for folder in folders:
            if folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)


def _placed(pod: Object) -> bool:
    return bool(pod["spec"].get("nodeName")) and not pod["metadata"].get("deletionTimestamp")


def main(state: str) -> None:
    """Looks until it is told to end. What cannot be done now is tried again."""
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: over.set())
    behind = Behind(Plane(Path(state)))
    while not over.wait(_EVERY):
        try:
            behind.look()
        except (ApiError, OSError, urllib3.exceptions.HTTPError) as error:
            print(error, file=sys.stderr, flush=True)
    behind.end()


if __name__ == "__main__":
    main(sys.argv[1])
