"""The supervisord of a tenant: it starts the programs again when they end.

This package is the only one that knows supervisord. It runs detached, in the tenant's folder,
and is asked over a Unix socket by XML-RPC. Unix sockets have short names (108 bytes), folders
may be deep; so both sides reach the socket by way of /proc: the supervisor as
/proc/self/cwd/run/…, tigctl through an open descriptor of the folder.
"""

from __future__ import annotations

import configparser
import contextlib
import http.client
import io
import json
import os
import shlex
import socket
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tigctl.errors import TargetError
from tigctl.spec.files import replace
from tigctl.targets.local import launch, locks
from tigctl.targets.local.layout import PRIVATE_FILE, Layout
from tigctl.targets.local.programs import INFLUXDB

SUPERVISOR = "supervisord"
_SOCKET = "supervisor.sock"
# InfluxDB writes its cache to the disk. Telegraf waits for polls under way, which a slow device
# can draw out for minutes; it goes on flushing every 5 s meanwhile, so after two flushes only
# what those polls would still have told is lost.
STOP_SECONDS = {"telegraf": 12, INFLUXDB: 60}
_START_SECONDS = 20.0
_NOT_RUNNING, _ALREADY_STARTED = 70, 60  # supervisor.xmlrpc.Faults


@dataclass(frozen=True, slots=True)
class ProcessState:
    """A program as the supervisor sees it; `state` in its own words (RUNNING, BACKOFF …).

    `said` is the supervisor's remark; `started` when it was last tried, in s since 1970.
    """

    name: str
    state: str
    pid: int
    said: str
    started: int


class Supervisor:
    """The supervisor of one tenant, running or not."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    @property
    def pid(self) -> int | None:
        """Its pid, or None where it does not run."""
        return locks.holder(self._layout.held(SUPERVISOR))

    def states(self) -> Mapping[str, ProcessState] | None:
        """The programs it looks after, or None where it does not run or does not answer."""
        try:
            with self._asked() as server:
                found: Any = server.supervisor.getAllProcessInfo()
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return None
        return {
            item["name"]: ProcessState(
                item["name"], item["statename"], item["pid"], item["description"], item["start"]
            )
            for item in found
        }

    def ensure(self, programs: Sequence[str]) -> None:
        """Makes it run, and look after these programs; new ones are started, others ended.

        Programs it looks after already are left running as they are.
        """
        self._write(programs)
        if self.states() is None:
            self._start(programs)
        else:
            self._reload()

    def restart(self, program: str) -> None:
        """Stops the program, if it runs, and starts it again with the files as they are now."""
        self.stop(program)
        self._call("startProcess", program, False)

    def stop(self, program: str) -> None:
        """Stops the program and waits until it is gone."""
        self._call("stopProcess", program, False)
        seconds = stop_seconds(program) + 15
        if not locks.wait_free(self._layout.held(program), seconds=seconds):
            raise TargetError(
                f"{program} does not stop",
                hint=f"look into {self._layout.log(program)}",
            )
        self._wait_stopped(program)

    def shut_down(self) -> None:
        """Ends the supervisor and every program, also one left by an earlier supervisor."""
        layout = self._layout
        with contextlib.suppress(OSError, http.client.HTTPException, xmlrpc.client.Error):
            with self._asked() as server:
                server.supervisor.shutdown()
            locks.wait_free(layout.held(SUPERVISOR), seconds=max(STOP_SECONDS.values()) + 15)
        self.end_strays()
        with contextlib.suppress(FileNotFoundError):
            (layout.run / _SOCKET).unlink()

    def end_strays(self) -> tuple[str, ...]:
        """Ends a supervisor that no longer answers, and programs without one; their names."""
        held = sorted(self._layout.run.glob("*.lock"), key=lambda path: path.stem != SUPERVISOR)
        return tuple(
            path.stem for path in held if locks.end_holder(path, seconds=stop_seconds(path.stem))
        )

    # Configuration

    def _write(self, programs: Sequence[str]) -> None:
        replace(self._config, configuration(programs), mode=PRIVATE_FILE)

    @property
    def _config(self) -> Path:
        return self._layout.run / f"{SUPERVISOR}.conf"

    def programs(self) -> tuple[str, ...]:
        """The programs of the configuration as it was written last."""
        parser = configparser.RawConfigParser()
        with contextlib.suppress(configparser.Error):
            parser.read(self._config)
        return tuple(
            section.removeprefix("program:")
            for section in parser.sections()
            if section.startswith("program:")
        )

    # Life

    def start(self) -> None:
        """Starts it with the configuration as it was written last; fine if it runs already."""
        if self.states() is None:
            self._start(self.programs())

    def _start(self, programs: Sequence[str]) -> None:
        layout = self._layout
        self.end_strays()
        output = layout.logs / f"{SUPERVISOR}.start"
        spec = {
            "name": SUPERVISOR,
            "command": [
                *(sys.executable, "-P", "-m", "supervisor.supervisord", "--nodaemon", "--silent"),
                *("--configuration", str(self._config)),
            ],
            "environment": {"PATH": os.defpath, "HOME": str(layout.home), "LANG": "C.UTF-8"},
            "folder": str(layout.home),
            "lock": str(layout.held(SUPERVISOR)),
            "started": str(layout.started(SUPERVISOR)),
            "inputs": [],
            "log": str(output),
        }
        path = layout.spec(SUPERVISOR)
        replace(path, json.dumps(spec, indent=2) + "\n", mode=PRIVATE_FILE)
        subprocess.run([*launcher(), str(path), "--detach"], check=True, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + _START_SECONDS
        while (found := self.states()) is None or not set(programs) <= set(found):
            if time.monotonic() > deadline:
                raise TargetError(
                    f"the supervisor does not start:\n{_read_end(output)}",
                    hint=f"look into {layout.log(SUPERVISOR)}, then run the command again",
                )
            time.sleep(0.02)

    def _reload(self) -> None:
        with self._translated(), self._asked() as server:
            answer: Any = server.supervisor.reloadConfig()
            added, changed, removed = answer[0]
        for name in (*changed, *removed):
            self.stop(name)
            self._call("removeProcessGroup", name)
        for name in (*added, *changed):
            self._call("addProcessGroup", name)

    def _wait_stopped(self, program: str) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            found = (self.states() or {}).get(program)
            if found is None or found.state in {"STOPPED", "EXITED", "FATAL", "UNKNOWN"}:
                return
            time.sleep(0.02)

    # Talk

    def _call(self, method: str, *arguments: object) -> None:
        with self._translated(), self._asked() as server:
            try:
                getattr(server.supervisor, method)(*arguments)
            except xmlrpc.client.Fault as fault:
                if fault.faultCode not in {_NOT_RUNNING, _ALREADY_STARTED}:
                    raise

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
            said = error.faultString if isinstance(error, xmlrpc.client.Fault) else str(error)
            raise TargetError(
                f"the supervisor failed: {said}",
                hint="run tigctl apply again; it ends what is left and starts anew",
            ) from error

    @contextlib.contextmanager
    def _asked(self) -> Iterator[xmlrpc.client.ServerProxy]:
        transport = _UnixTransport(self._layout.run, _SOCKET)
        with xmlrpc.client.ServerProxy("http://supervisor/RPC2", transport=transport) as server:
            yield server


def launcher() -> tuple[str, ...]:
    """The command that starts a program; its argument is the program's spec."""
    return (sys.executable, "-I", "-S", str(Path(launch.__file__)))


def stop_seconds(program: str) -> int:
    """How long a program may take to stop before it is killed."""
    return STOP_SECONDS.get(program.partition("-")[0], 60)


def configuration(programs: Sequence[str]) -> str:
    """The supervisor's configuration. All paths are relative to the tenant's folder."""
    parser = configparser.RawConfigParser()
    parser["supervisord"] = {
        "logfile": f"logs/{SUPERVISOR}.log",
        "logfile_maxbytes": "1MB",
        "logfile_backups": "1",
        "pidfile": f"run/{SUPERVISOR}.pid",
        "childlogdir": "logs",
        "nocleanup": "true",
        # Asked for by name, so that supervisord does not warn about running as root.
        **({"user": "root"} if os.geteuid() == 0 else {}),
    }
    parser["unix_http_server"] = {"file": f"/proc/self/cwd/run/{_SOCKET}", "chmod": "0600"}
    parser["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
    }
    for name in programs:
        parser[f"program:{name}"] = {
            "command": _quoted(*launcher(), f"run/{name}.json"),
            "autostart": "true",
            "autorestart": "true",
            "startsecs": "1",
            # It waits one second longer each time: it goes on trying for days.
            "startretries": "1000",
            "stopsignal": "TERM",
            "stopwaitsecs": str(stop_seconds(name)),
            "killasgroup": "true",
            "redirect_stderr": "true",
            "stdout_logfile": f"logs/{name}.log",
            "stdout_logfile_maxbytes": "5MB",
            "stdout_logfile_backups": "2",
            "priority": "1" if name == INFLUXDB else "2",
        }
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def _quoted(*words: str) -> str:
    # supervisord fills in %(…)s, then splits as a shell does.
    return shlex.join(words).replace("%", "%%")


def _read_end(path: Path) -> str:
    try:
        lines = path.read_text(errors="replace").splitlines()[-8:]
    except OSError:
        return ""
    return "\n".join(f"    {line[:300]}" for line in lines)


class _UnixTransport(xmlrpc.client.Transport):
    """XML-RPC over a Unix socket `name` in `folder`, however long the folder's path is."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__()
        self._folder = folder
        self._name = name

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        """Called by the base class for each request."""
        connection = _UnixConnection(self._folder, self._name)
        self._connection = host, connection  # what the base class closes
        return connection


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, folder: Path, name: str) -> None:
        super().__init__("supervisor", timeout=30)
        self._folder = folder
        self._name = name

    def connect(self) -> None:
        """Connects; called by the base class."""
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.sock.settimeout(self.timeout)
            self.sock.connect(f"/proc/self/fd/{folder}/{self._name}")
        except OSError:
            self.close()
            raise
        finally:
            os.close(folder)
