"""Many tenants on a real API server: plan, apply and memory, against kubectl in the same run.

Measured: `plan --all --objects-only` of unchanged tenants (rendering included), against
`kubectl diff --server-side` of the same YAML, which is timed on a part of the tenants and
multiplied; one new tenant by `apply --wait 0` and by `kubectl apply --server-side`, from cold
processes, the fastest of three; many new tenants by `apply --all` and by kubectl in a loop
(timed on a part); and the largest memory of the plan.

The control plane is the one of the tests (etcd without fsync). Pods are simulated, on nodes that
are large enough for all of them: each apply counts whether there is room, too.
"""

from __future__ import annotations

import csv
import os
import resource
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import yaml

from tests.bench import stage
from tests.bench.report import Figure
from tests.cluster.plane import Plane

# 200 tenants of these are below 8,000 objects, so there are more of them.
TENANTS = 385
LEAST_OBJECTS = 8_000
DEVICES = 10
NEW = 100
_KUBECTL_PART = 10


def run(scale: stage.Scale, directory: Path) -> list[Figure]:
    """All figures of this measurement."""
    tenants = 20 if scale.quick else TENANTS
    new = 10 if scale.quick else NEW
    with Plane(directory / "plane", tied=True) as plane:
        _enlarge(plane)
        root = workspace(directory / "fleet", plane, [f"t{n:03}" for n in range(tenants)])
        kubectl = Kubectl(plane)
        with plane.paused():  # pods would only be in the way of the API server
            one = _one(directory, plane, kubectl)
        filling = stage.tigctl(root, "apply", "--all", "--wait", "0")
        folders = [_rendered(root, f"t{n:03}") for n in range(min(_KUBECTL_PART, tenants))]
        objects = len(list((folders[0] / "kubernetes").glob("*.yaml")))
        if not scale.quick and tenants * objects < LEAST_OBJECTS:
            raise stage.Unfit(f"{tenants} tenants are {tenants * objects} objects, too few")
        # The first plan after the filling looks at whatever controllers were still at.
        stage.tigctl(root, "plan", "--all", "--objects-only", allowed=(0, 3))
        plan, memory = _planned(root)
        diff = sum(kubectl("diff", folder, allowed=(0, 1)) for folder in folders)
        diff *= tenants / len(folders)
        loop = _loop(directory, plane, kubectl, new)
    name = f"fleet: {tenants} tenants, {tenants * objects:,} objects"
    return [
        Figure(f"{name}: plan of all, unchanged", plan, "s", None if scale.quick else 8),
        Figure(f"{name}: plan, of kubectl diff", plan / diff, "×", 1 / 6),
        Figure(f"{name}: memory of the plan", memory, "MiB", 300),
        Figure(f"{name}: apply --all --wait 0 of new ones", filling.seconds, "s"),
        Figure("fleet: one new tenant, more than kubectl apply", one, "s", 0.5),
        Figure(f"fleet: {new} new tenants, of kubectl in a loop", loop, "×", 1 / 3),
    ]


def _enlarge(plane: Plane) -> None:
    """Gives the simulated nodes room for the pods of all tenants."""
    most = {"cpu": "1000", "memory": "4Ti", "pods": "2000"}
    for node in plane.api.list("/api/v1/nodes"):
        path = f"/api/v1/nodes/{node['metadata']['name']}"
        plane.api.patch(f"{path}/status", {"status": {"allocatable": most, "capacity": most}})


def workspace(root: Path, plane: Plane, names: Sequence[str]) -> Path:
    """A workspace of tenants with ten devices each, all on the plane."""
    for number, name in enumerate(names):
        folder = root / "tenants" / name
        folder.mkdir(parents=True)
        (folder / "tenant.yaml").write_text("# all as the fleet says\n")
        with (folder / "devices.csv").open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("name", "address", "site", "role"))
            for device in range(DEVICES):
                address = f"10.{number // 250 + 1}.{number % 250}.{device + 1}"
                writer.writerow((f"sw-{device}", address, "hall", "access"))
    fleet = {
        "targets": {"bench": {"type": "kubernetes", "kubeconfig": str(plane.kubeconfig)}},
        "target": "bench",
        "storage": {"class": "longhorn"},
        "exposure": {"grafana": {"type": "none"}},
        "credentials": {"default": {"version": "2c", "community": {"env": "SNMP_COMMUNITY"}}},
    }
    (root / "fleet.yaml").write_text(yaml.safe_dump(fleet))
    return root


class Kubectl:
    """Calls kubectl with the files of a rendered tenant; returns seconds."""

    def __init__(self, plane: Plane) -> None:
        self._program = plane.places.programs["kubectl"]
        self._environ = {**os.environ, "KUBECONFIG": str(plane.kubeconfig)}

    def __call__(self, verb: str, folder: Path, allowed: tuple[int, ...] = (0,)) -> float:
        began = time.perf_counter()
        done = subprocess.run(
            [self._program, verb, "--server-side", "-f", folder / "kubernetes"],
            env=self._environ,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - began
        if done.returncode not in allowed:
            raise stage.Unfit(f"kubectl {verb} failed: {done.stderr[-800:]}")
        return seconds


def _rendered(root: Path, tenant: str) -> Path:
    folder = root / "rendered" / tenant
    stage.tigctl(root, "render", tenant, "-o", str(folder))
    return folder


def _planned(root: Path) -> tuple[float, float]:
    """Seconds of a plan of all that finds nothing, and its largest memory in MiB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    found = [stage.tigctl(root, "plan", "--all", "--objects-only") for _ in range(3)]
    after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    # The largest child so far: an upper bound where another one was larger.
    return min(one.seconds for one in found), max(before, after) / 1024


def _one(directory: Path, plane: Plane, kubectl: Kubectl) -> float:
    """Seconds that a new tenant takes longer than by kubectl, the fastest of three each."""
    ours, theirs = [], []
    for number in range(3):
        root = workspace(directory / f"one-{number}", plane, [f"ours{number}", f"theirs{number}"])
        folder = _rendered(root, f"theirs{number}")
        ours.append(stage.tigctl(root, "apply", f"ours{number}", "--wait", "0").seconds)
        theirs.append(kubectl("apply", folder))
    return min(ours) - min(theirs)


def _loop(directory: Path, plane: Plane, kubectl: Kubectl, count: int) -> float:
    """Many new tenants at once, of kubectl one after the other."""
    root = workspace(directory / "ours", plane, [f"o{n:03}" for n in range(count)])
    part = min(_KUBECTL_PART, count)
    other = workspace(directory / "theirs", plane, [f"k{n:03}" for n in range(part)])
    folders = [_rendered(other, f"k{n:03}") for n in range(part)]
    ours = stage.tigctl(root, "apply", "--all", "--wait", "0").seconds
    theirs = sum(kubectl("apply", folder) for folder in folders) * count / part
    return ours / theirs
