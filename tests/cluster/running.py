"""What a simulated pod of tigctl's really runs: its containers' programs, without containers.

A program is the one of this machine (influxd, telegraf, or the stand-in for Grafana) with the
arguments and variables of the pod. Its mounts are folders: claims keep theirs as long as the claim
is there, ConfigMaps and Secrets are written out. Ports are free ones of 127.0.0.1. Left out:
everything that a container and a network of its own would add, such as rights, limits and policies.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from tests.cluster.api import Api, Object
from tigctl.targets import tools

# The port that is asked for in a pod, by the program that listens on it.
PORTS = {"influxd": 8086, "grafana": 3000, "telegraf": 8888}
_CHECKOUT = Path(__file__).parents[2]
_PATIENCE = 20.0  # seconds that influxd may take to write out what it holds


class Running:
    """One pod's program. `folder` is where claims and the pod's own files lie.

    `influxdb` is the port that the name `influxdb` means in this namespace.
    """

    def __init__(self, api: Api, pod: Object, folder: Path, influxdb: int) -> None:
        self.namespace: str = pod["metadata"]["namespace"]
        self.name: str = pod["metadata"]["name"]
        self.uid: str = pod["metadata"]["uid"]
        self.container: Object = pod["spec"]["containers"][0]
        self.program: str = self.container["command"][0]
        # Of init containers those whose program there is: a recovery of InfluxDB is one.
        self._before = [one for one in pod["spec"].get("initContainers", ()) if _known(one)]
        self.port = influxdb if self.program == "influxd" else free_port()
        self._influxdb = influxdb
        self.log = folder / "logs" / f"{self.namespace}_{self.name}.log"
        self._api = api
        self._volumes: list[Object] = pod["spec"].get("volumes") or []
        self._folder = folder
        self._child: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Starts it."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        for one in self._before:
            child = self._run(one)
            assert child.stdout
            _copy(child.stdout, self.log)
            child.wait()
        self._child = self._run(self.container)
        assert self._child.stdout
        threading.Thread(target=_copy, args=(self._child.stdout, self.log), daemon=True).start()

    def _run(self, container: Object) -> subprocess.Popen[str]:
        mounts, inside = self._mounts(container), self._environ(container)
        environ = {name: _inside(text, mounts) for name, text in inside.items()}
        program, *words = [*container["command"], *container.get("args", ())]
        return subprocess.Popen(
            [
                *(str(shutil.which("setpriv")), "--pdeathsig", "KILL", "--"),
                *_command(program),
                *(_inside(_expanded(word, inside), mounts) for word in words),
            ],
            env={**environ, **_around(program, self.port, self._influxdb)},
            cwd=self._own,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def answers(self) -> bool:
        """Whether it listens."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return self.alive

    def end(self) -> None:
        """Ends it and waits until it has; what the pod had for itself goes."""
        if self._child and self.alive:
            os.kill(self._child.pid, signal.SIGTERM)
            try:
                self._child.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        shutil.rmtree(self._folder / "pods" / self.uid, ignore_errors=True)

    # -- what the kubelet would do

    @property
    def _own(self) -> Path:
        found = self._folder / "pods" / self.uid
        found.mkdir(parents=True, exist_ok=True)
        return found

    def _mounts(self, container: Object) -> dict[str, str]:
        """Each mount's path in the container -> a folder here."""
        volumes = {one["name"]: one for one in self._volumes}
        found = {}
        for mount in container.get("volumeMounts", ()):
            folder = self._volume(volumes[mount["name"]])
            found[mount["mountPath"].rstrip("/")] = str(folder / mount.get("subPath", ""))
        return found

    def _volume(self, volume: Object) -> Path:
        if claim := volume.get("persistentVolumeClaim"):
            there = self._get("persistentvolumeclaims", claim["claimName"])
            folder = self._folder / "claims" / there["metadata"]["uid"]
            folder.mkdir(parents=True, exist_ok=True)
            return folder
        folder = self._own / volume["name"]
        folder.mkdir(exist_ok=True)
        projected = volume.get("projected", {}).get("sources", [volume])
        for source in projected:
            for name, content in self._files(source).items():
                (folder / name).write_bytes(content)
        return folder

    def _files(self, source: Object) -> dict[str, bytes]:
        """The files of a ConfigMap or Secret that is mounted whole."""
        if named := source.get("configMap"):
            data = self._get("configmaps", named["name"]).get("data") or {}
            return {name: self._text(text).encode() for name, text in data.items()}
        if named := source.get("secret"):
            return self._secret(named.get("secretName") or named["name"])
        return {}

    def _text(self, text: str) -> str:
        # All pods of this machine share its ports.
        return text.replace('"http://:8888"', f'"http://127.0.0.1:{self.port}"')

    def _environ(self, container: Object) -> dict[str, str]:
        found = {}
        for one in container.get("env", ()):
            reference = one.get("valueFrom", {}).get("secretKeyRef")
            if reference:
                held = self._secret(reference["name"])
                if reference["key"] in held or not reference.get("optional"):
                    found[one["name"]] = held[reference["key"]].decode()
            else:
                found[one["name"]] = one.get("value", "")
        return found

    def _secret(self, name: str) -> dict[str, bytes]:
        data = self._get("secrets", name).get("data") or {}
        return {key: base64.b64decode(value) for key, value in data.items()}

    def _get(self, kind: str, name: str) -> Object:
        return self._api.get(f"/api/v1/namespaces/{self.namespace}/{kind}/{name}")


def runs(pod: Object) -> bool:
    """Whether a pod is one whose program there is here."""
    return _known(pod["spec"]["containers"][0])


def _known(container: Object) -> bool:
    return (container.get("command") or [""])[0] in PORTS


def _expanded(word: str, environ: Mapping[str, str]) -> str:
    """A word with the variables that Kubernetes puts in: $(NAME)."""
    return re.sub(r"\$\((\w+)\)", lambda found: environ.get(found[1], found[0]), word)


def _command(program: str) -> list[str]:
    if program == "grafana":
        stand_in = Path(__file__).with_name("containers") / "grafana" / "grafana.py"
        return [sys.executable, str(stand_in)]
    return [str(tools.find(program))]


def _around(program: str, port: int, influxdb: int) -> Mapping[str, str]:
    """What the pod's network is to it: its own port, and who `influxdb` is."""
    if program == "influxd":
        return {"INFLUXD_HTTP_BIND_ADDRESS": f"127.0.0.1:{port}"}
    # No name is resolved for a request that goes by a proxy, and InfluxDB takes those as well.
    proxy = {"http_proxy": f"http://127.0.0.1:{influxdb}", "no_proxy": "127.0.0.1"}
    if program == "telegraf":
        return {**proxy, "PATH": os.environ["PATH"]}
    listen = {"GF_SERVER_HTTP_ADDR": "127.0.0.1", "GF_SERVER_HTTP_PORT": str(port)}
    return {**proxy, **listen, "PYTHONPATH": str(_CHECKOUT)}


def _inside(text: str, mounts: Mapping[str, str]) -> str:
    """A text in which paths of the container are those of this machine."""
    for path in sorted(mounts, key=len, reverse=True):
        if text == path or text.startswith(f"{path}/"):
            return mounts[path] + text[len(path) :]
    return text


def _copy(pipe: IO[str], file: Path) -> None:
    """Keeps what a program says in the form in which a container's runtime does."""
    with pipe, file.open("a", encoding="utf-8") as log:
        for line in pipe:
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            log.write(f"{now} stdout F {line.rstrip()}\n")
            log.flush()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
