"""A real node that joins a control plane: containerd, runc, kubelet, kube-proxy, CoreDNS.

Only inside a network namespace of its own, which scripts/node makes: pods and services get
addresses of 198.18.0.0/15 and 10.96.0.0/16, which exist there and lead nowhere else. Needs
root. Everything is real but the volumes, which are folders, and the images, which are made
from programs of this machine (`image.py`).

    plane = Plane(state, nodes=0, folders=folders)
    with Node(plane, folders) as node:
        node.add_image("docker.io/library/influxdb:2.9.1", {"/usr/bin/influxd": path})
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.cluster import ClusterError, cgroups, control, image, nodeconfig, programs
from tests.cluster.api import condition
from tests.cluster.plane import Plane
from tests.simulator.processes import Processes

NAME = "real-1"
ADDRESS = "198.18.255.1"  # RFC 2544: for tests, routed by nobody
PODS = "198.18.1.0/24"
START_SECONDS = 60.0
_CNI = Path("/usr/lib/cni")  # where Debian's containernetworking-plugins are
_CONTAINERS = Path(__file__).with_name("containers")
_PAUSE = "localhost/pause:1"


class Node:
    """One real node of `plane`; `folders` is where that plane puts volumes."""

    def __init__(self, plane: Plane, folders: Path) -> None:
        self.plane = plane
        self.state = plane.state / NAME
        self._folders = folders
        self._processes = Processes(self.state)
        self._cgroup = f"{cgroups.PREFIX}{secrets.token_hex(4)}"
        self._stopped = threading.Event()
        self._provisioner = threading.Thread(target=self._keep_folders, daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Joins the plane and waits until the node is Ready. Raises ClusterError if it cannot."""
        _check()
        self.state.mkdir(mode=0o700)
        self._folders.mkdir(parents=True, exist_ok=True)
        try:
            _make_network()
            self._start_containerd()
            pause = build("pause", self.state)
            self.add_image(_PAUSE, {"/pause": pause}, start=["/pause"])
            self._start_kubelet()
            self._start_services()
            self._provisioner.start()
            self._until(self._ready, "a Ready node")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends everything on the node at once, as by loss of power, and removes what it left."""
        self._stopped.set()
        if self._provisioner.is_alive():
            self._provisioner.join()
        self._processes.end(patience=0)
        # What containerd started outlives it: the shims, known by our socket, and containers.
        for pid in (*self._shims(), *cgroups.members(self._cgroup)):
            _kill(pid)
        cgroups.remove(self._cgroup)
        self._unmount()
        shutil.rmtree(self.state, ignore_errors=True)

    # -- what a test may do

    def add_image(self, name: str, files: Mapping[str, Path], *, start: Sequence[str] = ()) -> None:
        """Makes an image of programs (path in the image: file here) and gives it to containerd.

        `name` in full: docker.io/library/influxdb:2.9.1, for that is what a pod's name becomes.
        """
        archive = self.state / "image.tar"
        image.write(archive, name, files, start=start)
        self.import_image(archive)
        archive.unlink()

    def processes(self) -> list[int]:
        """Those of all containers, the ones that hold a pod's namespaces included."""
        return list(cgroups.members(self._cgroup))

    def import_image(self, archive: Path) -> None:
        """Gives containerd the images of an OCI archive."""
        self.ctr("images", "import", archive)

    def ctr(self, *arguments: str | Path) -> str:
        """Runs containerd's own client on the node's containers and images."""
        done = subprocess.run(
            ["ctr", "--address", self._socket, "--namespace", "k8s.io", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ClusterError(f"ctr {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout

    # -- the steps of start

    @property
    def _socket(self) -> Path:
        return self.state / "containerd.sock"

    def _start_containerd(self) -> None:
        (self.state / "cni").mkdir()
        self._write("cni/pods.conflist", nodeconfig.network(self.state, PODS))
        config = self.state / "containerd.toml"
        config.write_text(nodeconfig.containerd(self.state, self._socket, _CNI, _PAUSE))
        self._start("containerd", ["containerd", "--config", config])
        self._until(self._containerd_answers, "containerd")

    def _start_kubelet(self) -> None:
        keys, kubeconfig = self.plane.places.keys, self.state / "kubelet.kubeconfig"
        keys.sign(NAME, f"system:node:{NAME}", group="system:nodes", hosts=[ADDRESS, NAME])
        keys.kubeconfig(NAME, self.plane.url, kubeconfig)
        config = nodeconfig.kubelet(
            self.state,
            address=ADDRESS,
            cgroup=self._cgroup,
            socket=self._socket,
            authority=keys.authority,
            certificate=keys.certificate(NAME),
            key=keys.key(NAME),
        )
        cgroups.make(self._cgroup)
        labels = ("type=real", "topology.kubernetes.io/zone=zone-1")
        self._start(
            "kubelet",
            [
                programs.find("kubelet")["kubelet"],
                f"--config={self._write('kubelet.json', config)}",
                f"--kubeconfig={kubeconfig}",
                f"--hostname-override={NAME}",
                f"--node-ip={ADDRESS}",
                f"--root-dir={self.state / 'kubelet'}",
                f"--cert-dir={self.state}",
                f"--node-labels={','.join(labels)}",
            ],
        )

    def _start_services(self) -> None:
        """The addresses and names of services: kube-proxy and CoreDNS."""
        keys, kubeconfig = self.plane.places.keys, self.state / "kube-proxy.kubeconfig"
        keys.sign("kube-proxy", "system:kube-proxy")
        keys.kubeconfig("kube-proxy", self.plane.url, kubeconfig)
        found = programs.find("kube-proxy", "coredns")
        self._start(
            "kube-proxy",
            [
                found["kube-proxy"],
                f"--kubeconfig={kubeconfig}",
                f"--hostname-override={NAME}",
                "--proxy-mode=nftables",
                f"--cluster-cidr={PODS}",
                "--conntrack-max-per-core=0",  # what the machine has stays as it is
                "--conntrack-tcp-timeout-established=0s",
                "--conntrack-tcp-timeout-close-wait=0s",
            ],
        )
        corefile = self.state / "Corefile"
        corefile.write_text(nodeconfig.coredns(ADDRESS, self.plane.kubeconfig))
        self._start("coredns", [found["coredns"], "-conf", corefile])

    def _keep_folders(self) -> None:
        """One folder for each volume there is, as a provisioner would; kubelet waits for it."""
        while not self._stopped.wait(0.2):
            volumes = self.plane.api.list("/api/v1/persistentvolumes")
            wanted = {Path(one["spec"].get("local", {}).get("path", "/")) for one in volumes}
            for folder in wanted:
                folder.mkdir(parents=True, exist_ok=True)
            for folder in set(self._folders.iterdir()) - wanted:
                shutil.rmtree(folder, ignore_errors=True)

    # -- small things

    def _start(self, name: str, command: Sequence[str | Path]) -> None:
        self._processes.start(name, command, {})

    def _until(self, ask: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not ask():
            for process in self._processes.all():
                if not process.alive:
                    said = "\n  ".join(self._processes.log(process).splitlines()[-5:])
                    raise ClusterError(f"{process.name} ended at once:\n  {said}")
            if time.monotonic() > deadline:
                logs = "\n  ".join(self._processes.log(one)[-800:] for one in self._processes.all())
                raise ClusterError(f"{what}: not there within {START_SECONDS:.0f} s\n  {logs}")
            time.sleep(0.1)

    def _containerd_answers(self) -> bool:
        try:
            self.ctr("version")
        except ClusterError:
            return False
        return True

    def _ready(self) -> bool:
        node = self.plane.api.find(f"/api/v1/nodes/{NAME}")
        return node is not None and condition(node, "Ready") == "True"

    def _write(self, name: str, content: object) -> Path:
        file = self.state / name
        file.write_text(json.dumps(content, indent=1))
        return file

    def _shims(self) -> Iterator[int]:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    command = (entry / "cmdline").read_bytes()
                except OSError:
                    continue
                if b"containerd-shim" in command and str(self._socket).encode() in command:
                    yield int(entry.name)

    def _unmount(self) -> None:
        mounted = [line.split(" ")[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for path in reversed(mounted):
            if path.startswith(f"{self.state}/"):
                subprocess.run(["umount", "--lazy", path], capture_output=True, check=False)


def build(name: str, directory: Path) -> Path:
    """Builds one of our own small programs for containers, without libraries."""
    target = directory / name
    source = _CONTAINERS / name / "main.go"
    done = subprocess.run(
        ["go", "build", "-trimpath", "-ldflags", "-s -w", "-o", target, source],
        env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false"},
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ClusterError(f"building {name} failed: {done.stderr.strip()}")
    return target


def _check() -> None:
    """Raises ClusterError with all that is missing; nothing was touched then."""
    problems = []
    if os.geteuid() != 0:
        problems.append("it needs root")
    elif _leads_out():
        problems.append("it needs a network namespace of its own: run it by scripts/node")
    packages = {
        "containerd": "containerd",
        "ctr": "containerd",
        "runc": "runc",
        "nft": "nftables",
        "ip": "iproute2",
    }
    problems += [
        f"{program} is missing (apt-get install {package})"
        for program, package in packages.items()
        if shutil.which(program) is None
    ]
    if not (_CNI / "ptp").exists():
        problems.append(f"{_CNI}/ptp is missing (apt-get install containernetworking-plugins)")
    if problems:
        raise ClusterError("a real node cannot start here:\n  " + "\n  ".join(problems))


def _leads_out() -> bool:
    """Whether this network namespace has a way out, as the machine's own has."""
    return bool(subprocess.run(["ip", "route"], capture_output=True, check=True).stdout.strip())


def _make_network() -> None:
    for command in (
        ["ip", "link", "set", "lo", "up"],
        ["ip", "link", "add", "node", "type", "veth", "peer", "name", "outside"],
        ["ip", "address", "add", f"{ADDRESS}/32", "dev", "node"],
        ["ip", "link", "set", "node", "up"],
        ["ip", "link", "set", "outside", "up"],
        # A route, so that the node itself reaches services; kube-proxy changes the address.
        ["ip", "route", "add", control.SERVICES, "dev", "node"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ClusterError(f"{' '.join(command)}: {done.stderr.strip()}")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
