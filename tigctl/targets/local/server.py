"""Runs InfluxDB: a port that is really its own, ready before anything is asked of it."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tigctl.backends.influxdb import Influx
from tigctl.errors import TargetError
from tigctl.render.bundle import InfluxState
from tigctl.targets import database, tools
from tigctl.targets.database import Ensured
from tigctl.targets.keeping import Choice
from tigctl.targets.local import network, programs, recovery
from tigctl.targets.local.layout import Layout
from tigctl.targets.local.programs import INFLUXDB
from tigctl.targets.local.state import State
from tigctl.targets.local.supervisor import ProcessState, Supervisor
from tigctl.targets.recovered import after_recovery

States = Mapping[str, ProcessState]

# Much data takes long to open; a start that fails is noticed earlier by the process ending.
_READY_SECONDS = 300.0
# A program that ends within its first second is tried again; this often is enough to tell.
_TRIES = 3
_PORTS_TRIED = 5
_PORT_TAKEN = "address already in use"


@dataclass(frozen=True, slots=True)
class Tools:
    """The programs, and their versions in words (`influxd 2.9.1`)."""

    influxd: Path
    telegraf: Path
    versions: Mapping[str, str]

    @classmethod
    def find(cls) -> Tools:
        """Finds both. Raises ToolError for one that is missing or unfit."""
        influxd, telegraf = tools.find("influxd"), tools.find("telegraf")
        found = {"influxd": influxd, "telegraf": telegraf}
        versions = {name: f"{name} {_version(path)}" for name, path in found.items()}
        return cls(influxd, telegraf, versions)


def _version(path: Path) -> str:
    done = subprocess.run(
        [str(path), "version"], capture_output=True, text=True, timeout=30, check=False
    )
    found = re.search(r"\d+\.\d+(?:\.\d+)?", done.stdout + done.stderr)
    return found[0] if found else "of unknown version"


@dataclass(frozen=True, slots=True)
class Server:
    """InfluxDB of one tenant."""

    layout: Layout
    supervisor: Supervisor
    influxd: Path

    def ensure(self, state: State) -> State:
        """Makes InfluxDB run as it should and waits until it answers; the port may be new."""
        refused: frozenset[int] = frozenset()
        for _ in range(_PORTS_TRIED):
            port = self._port(state, refused)
            if port != state.port:
                state = state.but(port=port)
                state.save(self.layout)
            programs.influxdb(self.layout, self.influxd, port).write(self.layout)
            said = self.layout.log_size(INFLUXDB)
            self._start()
            if self._wait_ready(port, said):
                return state
            refused |= {port}
        raise TargetError(
            f"ports {', '.join(map(str, sorted(refused)))} were taken by others, one after another",
            hint=f"name others: {network.PORTS_VARIABLE}=18086-18185, and run it again",
        )

    def _port(self, state: State, refused: frozenset[int]) -> int:
        pid = programs.running_pid(self.layout, INFLUXDB)
        if pid and state.port and network.listens(pid, state.port):
            return state.port
        return network.choose(state.port, refused)

    def _start(self) -> None:
        running = self.supervisor.states()
        if running is None:
            # Only InfluxDB at first: Telegraf's token and URL may be about to change.
            self.supervisor.ensure([INFLUXDB])
        elif INFLUXDB not in running:
            self.supervisor.ensure([INFLUXDB, *running])
        elif not programs.is_current(self.layout, INFLUXDB):
            self.supervisor.restart(INFLUXDB)

    def _wait_ready(self, port: int, said: int) -> bool:
        """True once it answers; False where somebody else took the port.

        `said`: size of its log when it was started.

        Raises TargetError with the end of its log where it cannot start.
        """
        deadline = time.monotonic() + _READY_SECONDS
        failures = _Failures()
        with Influx(programs.url(port), "", "", timeout=5) as influx:
            while time.monotonic() < deadline:
                pid = programs.running_pid(self.layout, INFLUXDB)
                if pid and network.listens(pid, port) and influx.healthy():
                    return True
                many = failures.many(self.supervisor, INFLUXDB)
                if failures.seen and _PORT_TAKEN in self.layout.tail(
                    INFLUXDB, lines=50, since=said
                ):
                    return False
                if many:
                    raise _cannot_start(self.layout, INFLUXDB, failures)
                time.sleep(0.03)
        raise TargetError(
            f"InfluxDB does not answer after {_READY_SECONDS:.0f} s",
            hint=f"look into {self.layout.log(INFLUXDB)}",
        )

    def prepare(
        self,
        state: State,
        wanted: InfluxState,
        choice: Choice | None = None,
        *,
        new_tokens: bool = False,
    ) -> Ensured:
        """First set-up, buckets, tasks and tokens as wanted; returns what was made or changed."""
        url = programs.url(state.port or 0)
        with database.operator(self.layout, wanted.organization, url) as influx:
            works = database.set_up(influx, self.layout, wanted)
        recovered = None if works else self._recover(state, wanted.organization)
        with database.operator(self.layout, wanted.organization, url) as influx:
            if recovered:
                after_recovery(influx, self.layout, recovered)
            elif not works:
                database.set_up(influx, self.layout, wanted)
            done = database.ensure(influx, self.layout, wanted, choice, new_tokens=new_tokens)
        more = (*done.changed, "operator's token") if recovered else done.changed
        return replace(done, changed=more)

    def retire(self, state: State, wanted: InfluxState) -> bool:
        """Deletes tokens that nobody uses any more. Returns whether there were any."""
        url = programs.url(state.port or 0)
        with database.operator(self.layout, wanted.organization, url) as influx:
            return database.retire(influx, self.layout, wanted) > 0

    def _recover(self, state: State, organization: str) -> str | None:
        """Id of the new operator's token; None where InfluxDB is empty, as on the first day."""
        self.supervisor.stop(INFLUXDB)
        said = self.layout.log_size(INFLUXDB)
        try:
            recovered = recovery.recover(self.layout, self.influxd, organization)
        finally:
            self.supervisor.restart(INFLUXDB)
        if not self._wait_ready(state.port or 0, said):
            raise TargetError(
                f"port {state.port} was taken while InfluxDB was stopped",
                hint="run tigctl apply again; it takes another port",
            )
        return recovered


def wait_running(layout: Layout, supervisor: Supervisor, name: str) -> None:
    """Waits until a program has run for a second. Raises TargetError where it cannot."""
    failures = _Failures()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = (supervisor.states() or {}).get(name)
        if found and found.state == "RUNNING":
            return
        if failures.many(supervisor, name):
            break
        time.sleep(0.05)
    raise _cannot_start(layout, name, failures)


class _Failures:
    """Counts how often a program was started and has ended instead of running."""

    def __init__(self) -> None:
        self._tries: set[int] = set()
        self.said = ""

    @property
    def seen(self) -> bool:
        """Whether it has failed at all."""
        return bool(self._tries)

    def many(self, supervisor: Supervisor, name: str) -> bool:
        """Whether it has failed often enough to give up."""
        states = supervisor.states()
        if states is None:
            self.said = "its supervisor has ended"
            return True
        found = states.get(name)
        if found and found.state in {"BACKOFF", "EXITED", "FATAL"}:
            self._tries.add(found.started)
            self.said = found.said
            return found.state == "FATAL" or len(self._tries) >= _TRIES
        return False


def _cannot_start(layout: Layout, name: str, failures: _Failures) -> TargetError:
    said = layout.tail(name) or f"    {failures.said or '(nothing)'}"
    return TargetError(
        f"{name} cannot start; it says:\n{said}",
        hint=f"put that right (all of it is in {layout.log(name)}), then run tigctl apply again",
    )
