"""tigctl killed with -9 at every single call of an apply, an upgrade, new tokens and a destroy.

Each walk first lets tigctl run undisturbed and counts its calls to the API server, InfluxDB and
Grafana. Then, for each number up to that, a tigctl is killed once the server has answered that
call (a port-forward: before it gets it), and run again. Counted is what does not converge then:

apply     a tenant nobody has seen; run again, a plan finds nothing, no token, data source, board
          or object is there twice or too many, and every stored token works
upgrade   configuration, image, a retention and a board change, and a policy goes; besides, all
          Secrets hold what they held before
tokens    new tokens on demand
destroy   with -P -C -N; run again, nothing of the tenant is left in the cluster

Two walkers go side by side. Each kill is noted in killed.jsonl; with --keep a run that broke off
goes on behind the last one. How far it is stands on standard error.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.bench.report import Figure
from tests.bench.stage import Scale, Unfit
from tests.cluster.plane import Plane
from tests.integration.kubernetes import boardstage
from tests.integration.kubernetes import killing as kill
from tests.integration.kubernetes.killing import Killing
from tigctl.render.bundle import Bundle
from tigctl.targets.kubernetes import names

_QUICK_STEP = 12
_WALKERS = 2
# Each so many kills a line says how far it is.
_TOLD = 10

Once = Callable[[Killing, int], None]


def run(scale: Scale, directory: Path) -> Iterator[Figure]:
    """How many calls each walk went through, and how many did not come right; walk by walk.

    Raises Unfit at the end where a walk could not be gone at all; the others are gone before.
    """
    step = _QUICK_STEP if scale.quick else 1
    broken = []
    own = directory / str(os.getpid())  # a former run may have left files
    with Plane(own / "plane", tied=True) as plane:
        walks = _Walks(plane, own, step, Journal(directory / "killed.jsonl"))
        for name, walk in (
            ("apply", walks.apply),
            ("upgrade", walks.upgrade),
            ("new tokens", walks.tokens),
            ("destroy", walks.destroy),
        ):
            try:
                calls, kills, wrong = walk(name)
            except Exception:  # noqa: BLE001 - the other walks can be gone all the same
                traceback.print_exc()
                broken.append(name)
                continue
            said = f"killed: {name}, {kills} kills at {calls} calls"
            yield Figure(f"{said}: did not converge", wrong, "kills", 0)
    if broken:
        raise Unfit(f"walks not gone: {', '.join(broken)}")


class Journal:
    """What became of each kill, on disk as soon as it is known."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        lines = file.read_text().splitlines() if file.exists() else []
        noted = [json.loads(line) for line in lines]
        self._known = {(one["walk"], one["number"]): bool(one["right"]) for one in noted}

    def note(self, walk: str, number: int, *, right: bool) -> None:
        with self._lock, self._file.open("a") as file:
            self._known[walk, number] = right
            file.write(json.dumps({"walk": walk, "number": number, "right": right}) + "\n")

    def known(self, walk: str) -> dict[int, bool]:
        """The kills of a walk that are done: whether each came right."""
        return {number: right for (name, number), right in self._known.items() if name == walk}


class _Walks:
    def __init__(self, plane: Plane, directory: Path, step: int, journal: Journal) -> None:
        self._plane = plane
        self._directory = directory
        self._step = step
        self._journal = journal
        self._numbers = itertools.count(1)

    @contextmanager
    def _tenant(self) -> Iterator[Killing]:
        name = f"walk-{next(self._numbers)}"
        folder = self._directory / name
        folder.mkdir(parents=True)
        with kill.whole(self._plane, name, folder) as made:
            yield made

    def apply(self, name: str) -> tuple[int, int, int]:
        """Each kill with a tenant, an InfluxDB and a Grafana of its own."""
        with self._tenant() as killing:
            _undisturbed(killing, boardstage.bundle(killing.stage.tenant))
            calls = len(killing.proxy.calls)

        def once(killing: Killing, number: int) -> None:
            wanted = boardstage.bundle(killing.stage.tenant)
            killing.run("apply", wanted, _at(number))
            killing.converges(wanted)
            _ended(killing)

        return self._walk(name, calls, lambda _killing: once, lasting=False)

    def upgrade(self, name: str) -> tuple[int, int, int]:
        """A tenant of each walker's, to and fro between two versions."""

        def begin(killing: Killing) -> Once:
            versions = itertools.cycle(_versions(killing.stage.tenant))
            _undisturbed(killing, next(versions))
            _undisturbed(killing, next(versions))
            before = killing.secrets()

            def once(killing: Killing, number: int) -> None:
                wanted = next(versions)
                killing.run("apply", wanted, _at(number))
                killing.converges(wanted)
                assert killing.secrets() == before, "a secret has changed"

            return once

        with self._tenant() as killing:
            begin(killing)
            calls = len(killing.proxy.calls)
            _ended(killing)
        return self._walk(name, calls, begin, lasting=True)

    def tokens(self, name: str) -> tuple[int, int, int]:
        """A tenant of each walker's, again and again."""

        def begin(killing: Killing) -> Once:
            _undisturbed(killing, boardstage.bundle(killing.stage.tenant))
            return once

        def once(killing: Killing, number: int) -> None:
            wanted = boardstage.bundle(killing.stage.tenant)
            killing.run("rotate", wanted, _at(number))
            killing.converges(wanted)

        with self._tenant() as killing:
            begin(killing)
            killing.run("rotate", boardstage.bundle(killing.stage.tenant))
            calls = len(killing.proxy.calls)
            _ended(killing)
        return self._walk(name, calls, begin, lasting=True)

    def destroy(self, name: str) -> tuple[int, int, int]:
        """Each kill with a tenant of its own."""
        with self._tenant() as killing:
            killing.stage.apply(boardstage.bundle(killing.stage.tenant))
            killing.run("destroy")
            calls = len(killing.proxy.calls)

        def once(killing: Killing, number: int) -> None:
            killing.stage.apply(boardstage.bundle(killing.stage.tenant))
            killing.run("destroy", None, _at(number))
            _ended(killing)

        return self._walk(name, calls, lambda _killing: once, lasting=False)

    def _walk(
        self, name: str, calls: int, begin: Callable[[Killing], Once], *, lasting: bool
    ) -> tuple[int, int, int]:
        """Calls, kills, and how many came wrong. `begin` makes a tenant ready to be killed.

        `lasting`: a walker keeps its tenant until a kill goes wrong.
        """
        numbers = range(1, calls + 1, self._step)
        known = self._journal.known(name)
        left = [number for number in numbers if number not in known]
        telling = _Telling(name, len(left))
        queue = iter(left)

        def walker() -> None:
            with ExitStack() as kept:
                ready: tuple[Killing, Once] | None = None
                for number in queue:
                    try:
                        if ready is None:
                            killing = kept.enter_context(self._tenant())
                            ready = killing, begin(killing)
                        ready[1](ready[0], number)
                        right = True
                    except Exception:  # noqa: BLE001 - whatever it is, it did not come right
                        right = False
                        telling.wrong(number)
                    self._journal.note(name, number, right=right)
                    telling.done()
                    if not right or not lasting:
                        ready = None
                        # A tenant that is broken already may break on its way out, too.
                        with contextlib.suppress(Exception):
                            kept.close()
                if ready is not None:
                    _ended(ready[0])

        with ThreadPoolExecutor(_WALKERS) as walkers:
            for one in [walkers.submit(walker) for _ in range(_WALKERS)]:
                one.result()
        found = self._journal.known(name)
        return calls, len(numbers), sum(not found[number] for number in numbers)


class _Telling:
    """How far a walk is, and how long it will take."""

    def __init__(self, name: str, total: int) -> None:
        self._name = name
        self._total = total
        self._done = 0
        self._wrong = 0
        self._began = time.monotonic()
        self._lock = threading.Lock()

    def wrong(self, number: int) -> None:
        with self._lock:
            self._wrong += 1
            print(f"{self._name}: killed at call {number}:", file=sys.stderr)
            traceback.print_exc()

    def done(self) -> None:
        with self._lock:
            self._done += 1
            if self._done % _TOLD and self._done != self._total:
                return
            seconds = time.monotonic() - self._began
            rest = seconds / self._done * (self._total - self._done)
            said = f"{self._done}/{self._total} kills, {self._wrong} wrong, {seconds:.0f} s"
            print(f"  {self._name} {said}, {rest:.0f} s left", file=sys.stderr, flush=True)


def _at(number: int) -> Callable[[kill.Call], bool]:
    return lambda call: call.number == number


def _undisturbed(killing: Killing, wanted: Bundle) -> None:
    """Applied; again where a busy machine let a way into a simulated pod break."""
    for left in (2, 1, 0):
        try:
            killing.run("apply", wanted)
            return
        except AssertionError:
            if not left:
                raise


def _versions(tenant: str) -> tuple[Bundle, Bundle]:
    first = boardstage.bundle(tenant)
    changed = boardstage.objects(tenant, telegraf="telegraf:1.39.4", config="# new\n")
    fewer = tuple(one for one in changed if one["kind"] != names.POLICY)
    return first, boardstage.bundle(tenant, fewer, title="Ports and links", raw=60)


def _ended(killing: Killing) -> None:
    """Destroyed (again), nothing is left of it."""
    code = killing.run("destroy")
    assert code != -signal.SIGKILL
    left = killing.left()
    assert not left, left
