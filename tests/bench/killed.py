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
"""

from __future__ import annotations

import itertools
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.report import Figure
from tests.bench.stage import Scale
from tests.cluster.plane import Plane
from tests.integration.kubernetes import boardstage
from tests.integration.kubernetes import killing as kill
from tests.integration.kubernetes.killing import Killing
from tigctl.render.bundle import Bundle
from tigctl.targets.kubernetes import names

_QUICK_STEP = 12


def run(scale: Scale, directory: Path) -> Iterator[Figure]:
    """How many calls each walk went through, and how many did not come right; walk by walk."""
    step = _QUICK_STEP if scale.quick else 1
    with Plane(directory / "plane", tied=True) as plane:
        walker = _Walker(plane, directory, step)
        for name, walk in (
            ("apply", walker.apply),
            ("upgrade", walker.upgrade),
            ("new tokens", walker.tokens),
            ("destroy", walker.destroy),
        ):
            calls, kills, wrong = walk()
            said = f"killed: {name}, {kills} kills at {calls} calls"
            yield Figure(f"{said}: did not converge", wrong, "kills", 0)


class _Walker:
    def __init__(self, plane: Plane, directory: Path, step: int) -> None:
        self._plane = plane
        self._directory = directory
        self._step = step
        self._numbers = itertools.count(1)

    @contextmanager
    def _tenant(self) -> Iterator[Killing]:
        name = f"walk-{next(self._numbers)}"
        folder = self._directory / name
        folder.mkdir(parents=True)
        with kill.whole(self._plane, name, folder) as made:
            yield made

    def apply(self) -> tuple[int, int, int]:
        """Each kill with a tenant, an InfluxDB and a Grafana of its own."""
        with self._tenant() as killing:
            _undisturbed(killing, boardstage.bundle(killing.stage.tenant))
            calls = len(killing.proxy.calls)

        def once(number: int) -> None:
            with self._tenant() as killing:
                wanted = boardstage.bundle(killing.stage.tenant)
                killing.run("apply", wanted, _at(number))
                killing.converges(wanted)
                _ended(killing)

        return self._walk("apply", calls, once)

    def upgrade(self) -> tuple[int, int, int]:
        """One tenant, to and fro between two versions."""
        with self._tenant() as killing:
            versions = itertools.cycle(_versions(killing.stage.tenant))
            _undisturbed(killing, next(versions))
            _undisturbed(killing, next(versions))
            calls = len(killing.proxy.calls)
            before = killing.secrets()

            def once(number: int) -> None:
                wanted = next(versions)
                killing.run("apply", wanted, _at(number))
                killing.converges(wanted)
                assert killing.secrets() == before, "a secret has changed"

            found = self._walk("upgrade", calls, once)
            _ended(killing)
            return found

    def tokens(self) -> tuple[int, int, int]:
        """One tenant, again and again."""
        with self._tenant() as killing:
            wanted = boardstage.bundle(killing.stage.tenant)
            _undisturbed(killing, wanted)
            killing.run("rotate", wanted)
            calls = len(killing.proxy.calls)

            def once(number: int) -> None:
                killing.run("rotate", wanted, _at(number))
                killing.converges(wanted)

            found = self._walk("new tokens", calls, once)
            _ended(killing)
            return found

    def destroy(self) -> tuple[int, int, int]:
        """Each kill with a tenant of its own."""
        with self._tenant() as killing:
            killing.stage.apply(boardstage.bundle(killing.stage.tenant))
            killing.run("destroy")
            calls = len(killing.proxy.calls)

        def once(number: int) -> None:
            with self._tenant() as killing:
                killing.stage.apply(boardstage.bundle(killing.stage.tenant))
                killing.run("destroy", None, _at(number))
                _ended(killing)

        return self._walk("destroy", calls, once)

    def _walk(self, name: str, calls: int, once: Callable[[int], None]) -> tuple[int, int, int]:
        numbers = range(1, calls + 1, self._step)
        wrong = 0
        for number in numbers:
            if sys.stderr.isatty():
                print(f"\r{name} {number}/{calls} ", end="", file=sys.stderr, flush=True)
            try:
                once(number)
            except Exception:  # noqa: BLE001 - whatever it is, it did not come right
                wrong += 1
                print(f"{name}: killed at call {number}:", file=sys.stderr)
                traceback.print_exc()
        return calls, len(numbers), wrong


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
