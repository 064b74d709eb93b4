"""The local target: the verbs of every target, on this machine."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tigctl.errors import TargetError, UsageError
from tigctl.render.bundle import Bundle
from tigctl.targets import compare, database, influxdb_state, keeping
from tigctl.targets.environment import refuse_unset
from tigctl.targets.interface import Access, Component, Observer, Opening, Revision
from tigctl.targets.keeping import Choice, Held, Kept, Key
from tigctl.targets.local import (
    boot,
    locks,
    network,
    ping,
    polling,
    programs,
    removing,
    resources,
    running,
    server,
)
from tigctl.targets.local.layout import Layout, disk_errors
from tigctl.targets.local.server import Tools
from tigctl.targets.local.state import State
from tigctl.targets.local.supervisor import Supervisor
from tigctl.targets.model import Change, Json, Resource
from tigctl.targets.steps import step

# Bytes below which a disk counts as full: no program can go on with less.
_LEAST_SPACE = 1 << 20


class LocalTarget:
    """One tenant's stack as processes of this machine, below `root`/.tigctl/local."""

    name = "local"

    def __init__(self, root: Path, tenant: str, *, new_tokens: bool = False) -> None:
        self.root = root
        self.tenant = tenant
        self._new_tokens = new_tokens
        self._held: tuple[Held, ...] = ()
        self._only: frozenset[Key] | None = None
        self.layout = Layout.of(root, tenant)
        self._supervisor = Supervisor(self.layout)

    # Looking

    def ping_method(self, setting: str) -> str:
        """`native` or `exec` for Telegraf's ping. `auto` is resolved once and then kept.

        Raises TargetError where Telegraf could ping in neither way.
        """
        if setting != "auto":
            return setting
        return State.load(self.layout).ping_method or ping.resolve()

    def changes(self, bundle: Bundle) -> tuple[Change, ...]:
        """What makes this machine what the bundle says."""
        kept, live = self.kept(), self.live()
        found = keeping.settled(
            compare.changes(self.wanted(bundle), live),
            compare.changes(self.wanted(_as_kept(bundle, kept)), live),
            live,
            kept,
        )
        self._held = found.held
        anew = influxdb_state.asked_anew(bundle.influxdb, found.changes) if self._new_tokens else ()
        takes = Choice(only=self._only).takes
        return tuple(one for one in (*found.changes, *anew) if takes(one.kind, one.name))

    def held(self) -> tuple[Held, ...]:
        """What decisions hold back; after `changes`."""
        return self._held

    def kept(self) -> tuple[Kept, ...]:
        """The decisions to leave things as somebody made them."""
        return tuple(keeping.loaded(State.load(self.layout).kept).values())

    def keep(self, bundle: Bundle, chosen: Collection[Key], since: str) -> None:
        """Notes in state.json that these differences stay."""
        there = {one.key: one for one in self.live()}
        with disk_errors(self.layout.home), locks.one_at_a_time(self.layout.lock, self.tenant):
            found = {(one.kind, one.name): one for one in self.changes(bundle)}
            kept = {one.key: one for one in self.kept()}
            for key in chosen:
                if key in found:
                    kept[key] = keeping.decided(found[key], there.get(key), kept.get(key), since)
            self._note(kept)

    def give_back(self, chosen: Collection[Key]) -> None:
        """Ends decisions."""
        with disk_errors(self.layout.home), locks.one_at_a_time(self.layout.lock, self.tenant):
            self._note({one.key: one for one in self.kept() if one.key not in chosen})

    def _note(self, kept: Mapping[Key, Kept]) -> None:
        State.load(self.layout).but(kept=tuple(keeping.dumped(kept))).save(self.layout)

    def narrow(self, only: Collection[Key]) -> None:
        """From now on these changes only: those inside InfluxDB, which stand alone."""
        for key in only:
            if key[0] not in influxdb_state.KINDS:
                raise UsageError(
                    f"{keeping.said(key)} cannot be repaired alone on this machine: programs and"
                    " their configurations belong together",
                    hint=f"tigctl apply {self.tenant}",
                )
        self._only = frozenset(only)

    def room(self, _bundle: Bundle) -> Mapping[str, Json]:
        """Nothing: this machine is not shared, and the plan's other figures say what it needs."""
        return {}

    def wanted(self, bundle: Bundle) -> tuple[Resource, ...]:
        """What has to be there for this bundle."""
        versions = Tools.find().versions
        influxd, telegraf = versions["influxd"], versions["telegraf"]
        found = [resources.wanted_state()] if State.load(self.layout).damaged else []
        found.append(resources.wanted_process(programs.INFLUXDB, influxd, secrets=False))
        found.extend(influxdb_state.wanted(bundle.influxdb))
        for shard in bundle.telegraf:
            found.append(resources.wanted_config(shard))
            found.append(resources.wanted_process(shard.name, telegraf, secrets=True))
        return tuple(found)

    def live(self) -> tuple[Resource, ...]:
        """What is there. InfluxDB is asked if it runs, else as it was seen last."""
        layout = self.layout
        state = State.load(layout)
        found = [resources.live_state(state)] if state.damaged else []
        with disk_errors(layout.home):
            found.extend(resources.live_processes(layout, state))
            found.extend(resources.live_configs(layout))
        if self._answers(state):
            url = programs.url(state.port or 0)
            found.extend(resources.seen(layout, state, url, self.tenant))
        else:
            found.extend(resources.remembered(state.influxdb))
        return tuple(found)

    def _answers(self, state: State) -> bool:
        """Whether our own InfluxDB listens on its port, so that it may be shown a token."""
        pid = programs.running_pid(self.layout, programs.INFLUXDB)
        return bool(pid and state.port and network.listens(pid, state.port))

    def components(self) -> tuple[Component, ...]:
        """The state of each program that was applied; none where nothing was."""
        layout = self.layout
        state = State.load(layout)
        names = [path.stem for path in sorted(layout.run.glob("*.json"))]
        supervised = self._supervisor.states()
        return tuple(
            self._component(name, state, supervised) for name in names if name != "supervisord"
        )

    def _component(self, name: str, state: State, supervised: server.States | None) -> Component:
        if supervised is None or name not in supervised:
            # A supervisor that cannot write its log ends; the log cannot say so.
            full = shutil.disk_usage(self.layout.home).free < _LEAST_SPACE
            why = (
                "the disk is full and its supervisor ended"
                if full
                else "its supervisor does not run"
            )
            return Component(name, "stopped", f"{why}; next: tigctl apply {self.tenant}")
        found = supervised[name]
        if found.state in {"RUNNING", "STARTING"}:
            if name != programs.INFLUXDB or self._answers(state):
                return Component(name, "running" if found.state == "RUNNING" else "starting")
            return Component(name, "starting", "it runs but does not answer yet")
        if found.state in {"STOPPED", "STOPPING"}:
            return Component(name, "stopped", f"next: tigctl apply {self.tenant}")
        last = self.layout.tail(name, lines=1).strip()
        return Component(name, "failed", f"{found.said or 'it ends again and again'}: {last}")

    def access(self) -> Access | None:
        """How to read the data; None where InfluxDB does not run or is not set up."""
        state = State.load(self.layout)
        token = self.layout.read_secret(database.secret_of("read"))
        if not token or not self._answers(state):
            return None
        return Access(programs.url(state.port or 0), self.tenant, token)

    # Doing

    def apply(
        self,
        bundle: Bundle,
        changes: Sequence[Change],
        environ: Mapping[str, str],
        observe: Observer,
    ) -> None:
        """Makes all of the bundle real and waits until the programs run.

        It does not trust `changes` to be complete: each step looks for itself, so that running
        again after a kill at any point gets it right.
        """
        del changes
        refuse_unset(bundle.telegraf, environ)
        found = Tools.find()
        layout = self.layout
        with disk_errors(layout.home):
            layout.make()
            with locks.one_at_a_time(layout.lock, self.tenant):
                self._apply(bundle, found, environ, observe)

    def _apply(
        self, bundle: Bundle, found: Tools, environ: Mapping[str, str], observe: Observer
    ) -> None:
        layout = self.layout
        names = ", ".join(shard.name for shard in bundle.telegraf)
        state = State.load(layout)
        if self._only is None:
            with step(observe, "check configurations") as said:
                polling.check(found.telegraf, bundle.telegraf, layout)
                said(names)
            state = self._remember(bundle, found)
        run = server.Server(layout, self._supervisor, found.influxd)
        with step(observe, "influxdb") as said:
            state = run.ensure(state)
            said("ready")
        with step(observe, "buckets, tasks, tokens") as said:
            state, did = self._prepare(run, state, bundle)
            said(did)
        if self._only is None:
            with step(observe, "telegraf") as said:
                did = running.run_telegraf(
                    layout,
                    self._supervisor,
                    found.telegraf,
                    bundle,
                    state=state,
                    environ=environ,
                )
                said(did)
            # Telegraf has the stored token by now, and what it wrote out with the former one.
            run.retire(state, bundle.influxdb)
        self._see(state, bundle)

    def _prepare(self, run: server.Server, state: State, bundle: Bundle) -> tuple[State, str]:
        kept = keeping.loaded(state.kept)
        wanted = influxdb_state.as_kept(bundle.influxdb, kept.values())
        done = run.prepare(state, wanted, Choice(kept, self._only), new_tokens=self._new_tokens)
        left = keeping.ended(kept, done.tasks)
        if left != kept:
            state = state.but(kept=tuple(keeping.dumped(left)))
            state.save(self.layout)
        parts = [f"{len(done.created)} made"] if done.created else []
        parts += [f"{len(done.changed)} changed"] if done.changed else []
        return state, ", ".join(parts) or "as they should be"

    def _remember(self, bundle: Bundle, found: Tools) -> State:
        state = State.load(self.layout)
        method = state.ping_method or ping.resolve(or_else="exec")
        versions = {programs.INFLUXDB: found.versions["influxd"]}
        versions |= {shard.name: found.versions["telegraf"] for shard in bundle.telegraf}
        tokens = {database.role(token): token.description for token in bundle.influxdb.tokens}
        fresh = state.but(ping_method=method, versions=versions, tokens=tokens, damaged=False)
        if fresh != state:
            fresh.save(self.layout)
        return fresh

    def _see(self, state: State, bundle: Bundle) -> State:
        url = programs.url(state.port or 0)
        there = resources.seen(self.layout, state, url, bundle.influxdb.organization)
        fresh = state.but(influxdb=resources.memory_of(iter(there)))
        if fresh != state:
            fresh.save(self.layout)
        return fresh

    def after_reboot(self) -> str:
        """How the stack comes back after a reboot, for a person; the first line says it shortly."""
        return boot.after_reboot(self.root, self.tenant)

    def start(self) -> None:
        """Starts the stack as it was applied last; for the time after a reboot.

        Raises TargetError where nothing was applied.
        """
        layout = self.layout
        if not layout.spec(programs.INFLUXDB).exists():
            raise TargetError(
                f"nothing was applied for {self.tenant} on this machine",
                hint=f"tigctl apply {self.tenant}",
            )
        with disk_errors(layout.home), locks.one_at_a_time(layout.lock, self.tenant):
            self._supervisor.start()

    def exists(self) -> bool:
        """Whether anything was applied for the tenant on this machine."""
        return self.layout.home.exists()

    def fate(self, *, volumes: bool, policies: bool = False, namespace: bool = False) -> str:
        """What `destroy` would do."""
        data = "Deletes its data too, for good." if volumes else "Keeps its data."
        left = " There are no policies and no namespace here." if policies or namespace else ""
        return (
            f"Stops InfluxDB and Telegraf of {self.tenant} and removes their set-up. {data}{left}"
        )

    def destroy(
        self,
        *,
        volumes: bool,
        observe: Observer,
        policies: bool = False,
        namespace: bool = False,
    ) -> Mapping[str, Json]:
        """Ends everything. Keeps the data and its tokens, unless `volumes`.

        Returns what was kept: `data` (folder), `bytes`, `secrets` (folder); empty where
        nothing was. There are no policies and no namespace here.
        """
        del policies, namespace
        layout = self.layout
        if not layout.home.exists():
            return {}
        with disk_errors(layout.home), locks.one_at_a_time(layout.lock, self.tenant):
            with step(observe, "stop") as said:
                ran = [name for name in self._names() if programs.running_pid(layout, name)]
                self._supervisor.shut_down()
                said(", ".join(ran) or "nothing ran")
            with step(observe, "remove") as said:
                said(removing.remove(layout, volumes=volumes))
        if volumes:
            shutil.rmtree(layout.home, ignore_errors=True)
        return removing.left(layout)

    def _names(self) -> list[str]:
        return sorted(path.stem for path in self.layout.run.glob("*.lock"))

    # History

    def revisions(self) -> tuple[Revision, ...]:
        """None are kept here. Raises UsageError."""
        raise UsageError(
            "the local target keeps no revisions",
            hint="put the workspace under git, go back there, and apply",
        )

    def former(self) -> None:
        """No revision is kept."""

    def bundle_of(self, revision: int) -> Bundle:
        """None are kept here. Raises UsageError."""
        del revision
        raise UsageError("the local target keeps no revisions")

    # A way in

    def opening(self, what: str) -> Opening:
        """Where an engineer finds InfluxDB, and how to log in. Shows no secret.

        Raises UsageError for something this target does not have, TargetError while stopped.
        """
        if what != "influxdb":
            raise UsageError(
                f"the local target has no {what}", hint=f"tigctl open {self.tenant} influxdb"
            )
        state = State.load(self.layout)
        if not self._answers(state):
            raise TargetError(
                f"InfluxDB of {self.tenant} does not run", hint=f"tigctl apply {self.tenant}"
            )
        return Opening(
            url=programs.url(state.port or 0),
            user=database.USER,
            password=f"in {self.layout.secret(database.PASSWORD)}",
            token=f"in {self.layout.secret(database.secret_of('read'))} (may only read)",
        )

    def closing_words(self, *, new: bool) -> str:
        """How the stack comes back after a reboot: in full the first time."""
        text = self.after_reboot()
        return text if new else text.splitlines()[0]

    def close(self) -> None:
        """Nothing is kept open."""


def _as_kept(bundle: Bundle, kept: Collection[Kept]) -> Bundle:
    return replace(bundle, influxdb=influxdb_state.as_kept(bundle.influxdb, kept))
