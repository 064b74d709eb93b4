"""A device of 100,000 interfaces, from the first request to Telegraf's configuration.

The agent makes its answers up as it is asked, with descriptions that would break what they get
into. Counted are requests and bytes, never time. Left out: Telegraf reading such a table.
"""

from __future__ import annotations

import bisect
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from collectors.device import Device
from collectors.facts import Found
from collectors.knowledge.load import load_library
from collectors.knowledge.match import match
from collectors.login import Community, Secret
from collectors.probe.model import Ask, Options
from collectors.probe.run import probe
from collectors.snmp.ber import Oid, format_oid, parse_oid
from collectors.telegraf.model import Poll, Settings
from collectors.telegraf.shard import render
from tests.simulator import ber
from tests.unit.probe.fakes import COMMUNITY, SYSTEM, asked, response, serving
from tigctl.spec import lock

INTERFACES = 100_000
LIBRARY = load_library()
LOGIN = Community("default", "2c", Secret("COMMUNITY"))
HOSTILE = b'up",\n[[outputs.file]]\x1b[2J $HOME \xff'

_TABLES = {
    "1.3.6.1.2.1.2.2.1": (1, 2, 3, 5, 7, 8, 10, 16),
    "1.3.6.1.2.1.31.1.1.1": (1, 6, 10, 15, 18),
}
COLUMNS = sorted(parse_oid(f"{entry}.{one}") for entry, some in _TABLES.items() for one in some)
TEXTS = {"1.3.6.1.2.1.2.2.1.2", "1.3.6.1.2.1.31.1.1.1.1", "1.3.6.1.2.1.31.1.1.1.18"}
SCALARS = sorted((parse_oid(oid), value) for oid, value in SYSTEM)


class Router:
    """The agent; `requests` counts what it was asked."""

    def __init__(self) -> None:
        self.requests = 0
        self._starts = sorted([*(oid for oid, _ in SCALARS), *COLUMNS])
        self._scalars = dict(SCALARS)

    def __call__(self, request: bytes) -> Sequence[bytes]:
        self.requests += 1
        kind, repetitions, oids = asked(request)
        if kind == ber.GET:
            return [response(request, [self._named(oid) for oid in oids])]
        rows = []
        for _ in range(repetitions if kind == ber.GET_BULK else 1):
            oids = [self._next(oid) for oid in oids]
            rows += [self._named(oid) for oid in oids]
        return [response(request, rows)]

    def _next(self, oid: Oid) -> Oid:
        column = oid[:-1]
        if column in COLUMNS and oid[-1] < INTERFACES:
            return (*column, oid[-1] + 1)
        at = bisect.bisect_left(self._starts, oid if oid in COLUMNS else (*oid, 0))
        if at == len(self._starts):
            return oid
        start = self._starts[at]
        return start if start in self._scalars else (*start, 1)

    def _named(self, oid: Oid) -> tuple[str, bytes]:
        return format_oid(oid), self._value(oid)

    def _value(self, oid: Oid) -> bytes:
        if oid in self._scalars:
            return self._scalars[oid]
        if oid[:-1] not in COLUMNS or not 0 < oid[-1] <= INTERFACES:
            return ber.tlv(0x80, b"")  # noSuchObject
        if format_oid(oid[:-1]) in TEXTS:
            return ber.text(b"%d " % oid[-1] + HOSTILE)
        return ber.integer(oid[-1] % 7 + 1)


@pytest.fixture(scope="module")
def probed() -> tuple[Found, int]:
    """What is found out, in how many requests."""
    router = Router()
    with serving(router) as port:
        ask = Ask(Device("core", "127.0.0.1", port), (LOGIN,))
        patient = Options(timeout=60.0, deadline=600.0, slow_deadline=600.0)
        found = probe([ask], LIBRARY, {"COMMUNITY": COMMUNITY}, patient, lambda *_: None)
    return found["core"], router.requests


def test_rows_are_counted_up_to_a_bound(probed: tuple[Found, int]) -> None:
    found, requests = probed
    assert found.facts, found.silence
    counted = found.facts.answers.keys() & {*map(format_oid, COLUMNS)}
    assert len(counted) > 8
    assert {found.facts.answers[oid] for oid in counted} == {5_000}
    # Two columns of 5,000 rows for the names of interfaces, 50 rows in each answer.
    assert requests < 400


def test_the_lock_stays_small_and_reads_back(probed: tuple[Found, int], tmp_path: Path) -> None:
    entries = {"core": probed[0]}
    path = tmp_path / "devices.lock.json"
    lock.write(path, entries)
    assert path.stat().st_size < 64 << 10
    assert lock.read(path) == entries


def test_the_rule_holds_and_the_configuration_stays_small(
    probed: tuple[Found, int],
) -> None:
    facts = probed[0].facts
    assert facts
    poll = Poll(Device("core", "127.0.0.1"), LOGIN, facts, match(LIBRARY, facts))
    settings = Settings("acme")
    assert settings.interfaces.holds(poll.match.chosen)
    (shard,) = render([poll], settings)
    assert len(shard.config) < 256 << 10
    config = tomllib.loads(shard.config)
    assert {*config["outputs"]} == {"influxdb_v2"}
    assert settings.interfaces.condition in shard.config.replace('\\"', '"')
