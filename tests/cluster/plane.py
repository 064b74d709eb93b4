"""One control plane with simulated nodes: start, stop, and what a test may do to it.

    with Plane(tmp_path / "plane", tied=True) as plane:
        plane.api.create({...})                      # as cluster-admin
        plane.forward_pod("tig-acme", "influxdb-0", 8086, influx.port)

It listens on an address of its own in 127.0.0.0/8, so that several run side by side. All that
belongs to it lies in its state folder: keys, kubeconfigs, logs, etcd's data, and which
processes were started. They are ended by pid.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import urllib3
import yaml

from tests.cluster import ClusterError, control, kwok, programs
from tests.cluster.api import Api, ApiError, Object, condition
from tests.cluster.control import Places
from tests.simulator.processes import Process, Processes

T = TypeVar("T")

START_SECONDS = 120.0  # two loaded cores take about 15
_MARK = "cluster.json"  # what tells a state folder of ours from any other folder
_OBJECTS = Path(__file__).with_name("objects")
_CHECKOUT = Path(__file__).parents[2]
_LISTENING = ("etcd", "etcd-peers", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
_COMPONENTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")


class Plane:
    """The control plane of one state folder, running or not.

    With `tied` it is killed by the kernel when the process that started it ends, however that
    ends. `options` are further arguments by program, for example
    {"kube-controller-manager": ["--node-monitor-grace-period=15s"]}. With `folders` a volume is
    a folder there, for real nodes. With `behind` tigctl's own pods run their programs (behind.py).
    """

    def __init__(
        self,
        state: Path,
        *,
        nodes: int = 3,
        tied: bool = False,
        options: Mapping[str, Sequence[str]] | None = None,
        folders: Path | None = None,
        behind: bool = False,
    ) -> None:
        self.state = state.resolve()
        self.nodes = nodes
        self._tied = tied
        self._options = options or {}
        self._folders = folders
        self._behind = behind
        self._processes = Processes(self.state)

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

    # -- the way in

    @property
    def kubeconfig(self) -> Path:
        """Of a cluster-admin; its only context is `development`."""
        return self.state / "admin.kubeconfig"

    @property
    def url(self) -> str:
        return self.places.url

    @property
    def authority(self) -> Path:
        """The certificate (PEM) that the API server's own is signed by."""
        return self.places.keys.authority

    @property
    def certificate(self) -> Path:
        """The cluster-admin's certificate (PEM); its key is `key`."""
        return self.places.keys.certificate("admin")

    @property
    def key(self) -> Path:
        return self.places.keys.key("admin")

    @cached_property
    def api(self) -> Api:
        """A client of the tests' own, as cluster-admin."""
        return Api(self.url, authority=self.authority, certificate=self.certificate, key=self.key)

    @cached_property
    def places(self) -> Places:
        """Address, ports and files. Raises ClusterError where nothing was ever started."""
        try:
            known = json.loads((self.state / _MARK).read_text())
        except FileNotFoundError:
            raise ClusterError(f"no control plane was started in {self.state}") from None
        return Places(known["address"], known["ports"], self.state, programs.find())

    def user(self, name: str, *, group: str = "") -> Path:
        """A kubeconfig for another user, who has only the rights that RBAC gives to it."""
        keys, file = self.places.keys, self.places.kubeconfig(f"user-{name}")
        keys.sign(f"user-{name}", name, group=group)
        keys.kubeconfig(f"user-{name}", self.url, file)
        return file

    # -- start and stop

    def start(self, observe: Callable[[str, float], None] | None = None) -> None:
        """Starts all and waits until nodes are Ready and everything in objects/ is there.

        `observe` is told of each step and the seconds it took. Whatever fails, nothing keeps
        running; the logs stay in the folder. Raises ClusterError with the reason.
        """
        self._settle()
        try:
            for step, do in (
                ("keys", self._make_keys),
                ("etcd, kube-apiserver", self._start_server),
                ("controllers, scheduler", self._start_controllers),
                ("definitions", self._load_definitions),
                (f"{self.nodes} nodes", self._start_nodes),
                ("storage, entrances", self._load_objects),
            ):
                began = time.monotonic()
                do()
                if observe:
                    observe(step, time.monotonic() - began)
        except BaseException as error:
            self._processes.end(patience=0)
            if isinstance(error, ApiError | urllib3.exceptions.HTTPError):
                raise ClusterError(f"{error}\n  the logs: {self.state}/*.log") from error
            raise

    def stop(self) -> int:
        """Ends all processes and removes the folder; returns how many were running.

        Raises ClusterError if the folder holds anything else.
        """
        if "api" in self.__dict__:
            self.api.close()
            del self.api
        self.__dict__.pop("places", None)
        if not self.state.exists():
            return 0
        if not (self.state / _MARK).exists() and any(self.state.iterdir()):
            raise ClusterError(f"{self.state} holds something else; give another folder")
        # Nothing of it is kept, so nobody needs the time to write anything down.
        ended = self._processes.end(patience=0)
        shutil.rmtree(self.state)
        return ended

    def processes(self) -> tuple[Process, ...]:
        """All that were started and not ended, dead or alive."""
        return self._processes.all()

    def running(self) -> bool:
        """Whether every part runs and the API server says that it is ready."""
        started = self.processes()
        if not started or not all(process.alive for process in started):
            return False
        return self._ready()

    # -- what a test may do

    def wait(self, ask: Callable[[], T | None], what: str, seconds: float = 120.0) -> T:
        """The first true answer; AssertionError names `what` after `seconds` without one."""
        deadline = time.monotonic() + seconds
        while not (answer := ask()):
            assert time.monotonic() < deadline, f"no {what} within {seconds:.0f} s"
            time.sleep(0.05)
        return answer

    def forward_pod(
        self,
        namespace: str,
        pod: str,
        port: int,
        target_port: int,
        *,
        address: str = "127.0.0.1",
    ) -> None:
        """Lets port-forward to a port of a simulated pod reach a real process of this machine."""
        to = {"ports": [port], "target": {"address": address, "port": target_port}}
        wanted = _about_pod("PortForward", namespace, pod, {})
        there = self.api.find(f"{_KWOK_PATH}/namespaces/{namespace}/portforwards/{pod}") or wanted
        others = [one for one in there["spec"].get("forwards", ()) if one["ports"] != [port]]
        wanted["spec"]["forwards"] = [*others, to]
        self.api.apply(wanted)

    def log_pod(self, namespace: str, pod: str, file: Path) -> None:
        """Makes a file the log of all containers of a simulated pod.

        Each line has the form of the container runtime: TIME stdout F TEXT.
        """
        logs = [{"logsFile": str(file), "previousLogsFile": str(file), "follow": False}]
        self.api.apply(_about_pod("Logs", namespace, pod, {"logs": logs}))

    def exec_pod(self, namespace: str, pod: str, environ: Mapping[str, str]) -> None:
        """Lets exec in a simulated pod run the command on this machine, as this user."""
        variables = [{"name": name, "value": value} for name, value in environ.items()]
        self.api.apply(
            _about_pod("Exec", namespace, pod, {"execs": [{"local": {"envs": variables}}]})
        )

    def kill_node(self, number: int) -> None:
        """Loses node worker-NUMBER as by loss of power; NotReady follows after 40 to 50 s."""
        self._processes.end(kwok.node_name(number), patience=0)

    def start_node(self, number: int) -> None:
        """Brings back a node that was lost."""
        # kwok takes over a lease of another process only when that has run out, after 40 s.
        self.api.delete(
            f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{kwok.node_name(number)}"
        )
        play = kwok.play_node(number, self.places, behind=self._behind)
        self._start(kwok.node_name(number), play)

    @contextlib.contextmanager
    def paused(self, *numbers: int) -> Iterator[None]:
        """These nodes, or all, do nothing meanwhile: pods stay Pending, deleted ones stay too.

        After 40 s of it the controllers take the nodes for lost.
        """
        names = [kwok.node_name(number) for number in numbers or self._numbers()]
        for name in names:
            self._processes.send(name, signal.SIGSTOP)
        try:
            yield
        finally:
            for name in names:
                self._processes.send(name, signal.SIGCONT)

    # -- the steps of start

    def _settle(self) -> None:
        """Makes the folder ours: address and ports are chosen and written down."""
        if self.running():
            raise ClusterError(f"a control plane runs already in {self.state}")
        self.stop()
        programs.find()  # complains before anything is made
        self.state.mkdir(parents=True, mode=0o700)
        names = [*_LISTENING, *(kwok.node_name(number) for number in self._numbers())]
        address, ports = control.free_ports(names)
        (self.state / _MARK).write_text(json.dumps({"address": address, "ports": ports}))

    def _make_keys(self) -> None:
        places, keys = self.places, self.places.keys
        keys.create()
        keys.pair("accounts")
        served = [places.address, control.SERVICE, "kubernetes.default.svc", "localhost"]
        keys.sign("apiserver", "kube-apiserver", hosts=served)
        keys.sign("kubelet", "system:node:simulated", group="system:nodes", hosts=[places.address])
        keys.sign("kubelet-client", "kube-apiserver", group="system:masters")
        for name, user, group in (
            ("admin", "admin", "system:masters"),
            ("kwok", "kwok", "system:masters"),
            ("kube-controller-manager", "system:kube-controller-manager", ""),
            ("kube-scheduler", "system:kube-scheduler", ""),
        ):
            keys.sign(name, user, group=group)
            keys.kubeconfig(name, places.url, places.kubeconfig(name))

    def _start_server(self) -> None:
        self._start("etcd", control.etcd(self.places))
        self._start("kube-apiserver", control.apiserver(self.places))
        self._until(self._ready, "the API server")

    def _start_controllers(self) -> None:
        self._start("kube-controller-manager", control.controller_manager(self.places))
        self._start("kube-scheduler", control.scheduler(self.places))
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        self._until(lambda: self.api.find(account), "the controllers")

    def _load_definitions(self) -> None:
        """Files go to the server as they are: reading 2 MB of YAML here would take seconds."""
        folders = [kwok.definitions(self.places), *self.places.programs["crds"].iterdir()]
        files = sorted(file for folder in folders for file in folder.glob("*.yaml"))
        path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

        def load(file: Path) -> None:
            self.api.request("POST", path, file.read_bytes(), kind="application/yaml")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(load, files))
        self._until(
            lambda: all(condition(one, "Established") == "True" for one in self.api.list(path)),
            "the definitions",
        )

    def _start_nodes(self) -> None:
        for number in self._numbers():
            self.api.create(kwok.node(number, self.places))
            self.start_node(number)
        self._start("services", kwok.play_services(self.places, folders=self._folders))
        if self._behind:
            self._start("pods", [sys.executable, "-m", "tests.cluster.behind", self.state])
        self._until(
            lambda: all(condition(n, "Ready") == "True" for n in self.api.list("/api/v1/nodes")),
            "the nodes",
        )

    def _load_objects(self) -> None:
        for file in sorted(_OBJECTS.glob("*.yaml")):
            for wanted in yaml.safe_load_all(file.read_text(encoding="utf-8")):
                self._until(partial(self._applied, wanted), wanted["kind"])
        self._until(self._scheduled, "the scheduler")

    def _applied(self, wanted: Object) -> bool:
        """Whether the server took it; a kind that was just defined may not be served yet."""
        try:
            self.api.apply(wanted)
        except ApiError as error:
            if error.status == 404:
                return False
            raise
        return True

    def _scheduled(self) -> bool:
        with contextlib.suppress(OSError):
            port = self.places.ports["kube-scheduler"]
            socket.create_connection((self.places.address, port), timeout=1).close()
            return True
        return False

    # -- small things

    def _numbers(self) -> range:
        return range(1, self.nodes + 1)

    def _ready(self) -> bool:
        try:
            return self.api.request("GET", "/readyz") == b"ok"
        except (ApiError, urllib3.exceptions.HTTPError):
            return False

    def _start(self, name: str, command: Sequence[str | Path]) -> None:
        tie = ["setpriv", "--pdeathsig", "KILL", "--"] if self._tied else []
        environ = {"PYTHONPATH": str(_CHECKOUT)}  # for those that are Python of ours
        self._processes.start(name, [*tie, *command, *self._options.get(name, ())], environ)

    def _until(self, ask: Callable[[], object], what: str) -> None:
        """Waits for the first true answer; raises ClusterError as soon as a process has ended."""
        deadline = time.monotonic() + START_SECONDS
        while not ask():
            for process in self.processes():
                if not process.alive:
                    said = self._processes.log(process).splitlines()[-5:]
                    raise ClusterError(
                        f"{process.name} ended at once:\n"
                        + "".join(f"  {line}\n" for line in said)
                        + f"  next: read {self.state / process.name}.log"
                    )
            if time.monotonic() > deadline:
                raise ClusterError(f"{what}: not there within {START_SECONDS:.0f} s")
            time.sleep(0.05)


_KWOK = "kwok.x-k8s.io/v1alpha1"
_KWOK_PATH = f"/apis/{_KWOK}"


def _about_pod(kind: str, namespace: str, pod: str, spec: Object) -> Object:
    """An object of kwok's that says what a simulated pod of the same name does."""
    metadata = {"namespace": namespace, "name": pod}
    return {"apiVersion": _KWOK, "kind": kind, "metadata": metadata, "spec": spec}
