"""A made fleet in InfluxDB: what boards, tasks and rules are measured on.

Every device has as many ports as told, two processors, a memory, a disk, four sensors; one site
in twelve is looked at closely. Of devices: 6 hours as polled each minute, 24 hours in 5m, 30 days
in 1h. Of all ports no more than anything asks of all ports at once, since the rest of 430 million
values would take an hour to write: 2 hours as polled and in 5m, 7 days of octets in 1h, and the
quarters of an hour in which rules look whether a port was ever up. Of the ports of the site looked
at everything. Every second port is down, five in a hundred are nearly full, and two have errors.
"""

from __future__ import annotations

import itertools
import multiprocessing
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.integration.servers import InfluxServer

SITES = 12
SITE, DEVICE = "s7", "sw007"  # looked at: a site, and one of its devices
HOUR, DAY = 3600, 86_400

_OCTETS = ("ifHCInOctets", "ifHCOutOctets")
_COUNTERS = (
    *(*_OCTETS, "ifHCInUcastPkts", "ifHCOutUcastPkts"),
    *("ifInErrors", "ifOutErrors", "ifInDiscards", "ifOutDiscards"),
)
_GAUGES = (
    ("cpu", "cpu=0", "usage_percent"),
    ("cpu", "cpu=1", "usage_percent"),
    ("memory", "pool=main", "used_percent"),
    ("storage", "storage=flash", "used_percent"),
    *(("temperature", f"sensor=s{number}", "celsius") for number in range(4)),
)
# Lines: a portion has to be taken within the ten seconds after which InfluxDB gives it up.
_AT_ONCE = 2_500
_WRITERS = 4  # InfluxDB takes from one what the next one still puts together
# InfluxDB is too busy for the moment; 500 is what it answers where a write timed out inside it.
_BUSY = {429, 500, 503}
_PAUSES = (1, 2, 4, 8, 16, 32, 64)  # seconds


@dataclass(frozen=True, slots=True)
class Fleet:
    """How many devices with how many ports; `quick`: a twelfth of the time in raw and 5m."""

    devices: int
    ports: int
    quick: bool = False


@dataclass(frozen=True, slots=True)
class _Poll:
    """What is written of one moment: of all devices, and of ports some counters."""

    bucket: str
    at: int
    step: int
    devices: bool
    ports: Sequence[int]  # the devices whose ports these are
    counters: tuple[str, ...]


def fill(server: InfluxServer, fleet: Fleet, now: int) -> Iterator[str]:
    """Writes all of it up to `now`, several polls at once; says what is written as it goes."""
    # Forked, so that each writer has the server, which cannot be sent to it.
    with multiprocessing.get_context("fork").Pool(_WRITERS, _begin, (server, fleet)) as pool:
        for what, polls in _plan(fleet, now):
            yield what
            for _ in pool.imap_unordered(_write, polls):
                pass


def _plan(fleet: Fleet, now: int) -> Iterator[tuple[str, list[_Poll]]]:
    """All polls, a part for each thing that is told while they are written."""
    part = 12 if fleet.quick else 1
    everybody = range(fleet.devices)
    near = [one for one in everybody if f"s{one % SITES}" == SITE]
    for bucket, step, span, all_ports, some in (
        ("raw", 60, 6 * HOUR // part, 2 * HOUR // part, _COUNTERS),
        ("5m", 300, DAY // part, 2 * HOUR // part, _COUNTERS),
        ("1h", HOUR, 30 * DAY, 7 * DAY, _OCTETS),
    ):
        few = [] if bucket == "1h" else near
        yield (
            f"bucket {bucket}",
            [
                _Poll(bucket, at, step, True, everybody, some)
                if at >= now - all_ports
                else _Poll(bucket, at, step, True, few, _COUNTERS)
                for at in range(now - span, now, step)
            ],
        )
    yield (
        "what ports were in the last week",
        [
            _Poll("raw", at, 60, False, everybody, ())
            for ago in (6 * HOUR, DAY, 2 * DAY, 4 * DAY, 7 * DAY)
            for at in range(now - ago - 15 * 60, now - ago, 60)
        ],
    )


_writer: tuple[InfluxServer, Fleet]


def _begin(server: InfluxServer, fleet: Fleet) -> None:
    global _writer  # noqa: PLW0603 - what a process of a pool has is global to it
    _writer = (server, fleet)


def _write(poll: _Poll) -> None:
    server, fleet = _writer
    lines = _ports(poll.ports, fleet.ports, poll.at, poll.step, poll.counters)
    if poll.devices:
        lines = itertools.chain(_devices(range(fleet.devices), poll.at, poll.step), lines)
    write(server, poll.bucket, lines)


def write(server: InfluxServer, bucket: str, lines: Iterable[str]) -> None:
    """Line protocol, in portions."""
    portion: list[str] = []
    for line in lines:
        portion.append(line)
        if len(portion) == _AT_ONCE:
            _send(server, bucket, "\n".join(portion))
            portion = []
    if portion:
        _send(server, bucket, "\n".join(portion))


def _send(server: InfluxServer, bucket: str, lines: str) -> None:
    """One portion; again, after growing pauses, while InfluxDB is too busy to take it.

    Points of the same series and time replace each other, so that nothing is written twice.
    """
    for pause in (*_PAUSES, None):
        try:
            status = server.write(lines, bucket=bucket)
        except OSError as error:
            # urllib wraps what happens before the answer begins.
            if not isinstance(getattr(error, "reason", error), TimeoutError):
                raise
            status = 503
        if status not in _BUSY or pause is None:
            break
        time.sleep(pause)
    assert status == 204, f"InfluxDB answers {status} to a write into {bucket}"


def _who(device: int) -> str:
    return f"device=sw{device:03},site=s{device % SITES},role=access"


def _devices(devices: Iterable[int], at: int, step: int) -> Iterator[str]:
    """The points of devices in one poll, or in one window; those of ports apart."""
    stamp, answered = f"{at}000000000", ",answered_percent=100" if step > 60 else ""
    for device in devices:
        who, wave = _who(device), (at // 60 + device) % 50
        yield (
            f"ping,{who} average_response_ms={1 + wave / 10},minimum_response_ms=1,"
            f"maximum_response_ms=9,percent_packet_loss=0,packets_transmitted=4i,"
            f"packets_received=4i,result_code=0i{answered} {stamp}"
        )
        yield f"system,{who} uptime_seconds={at % 10**7} {stamp}"
        yield f"collector,{who},input=snmp gather_ms={100 + wave} {stamp}"
        for name, tag, field in _GAUGES:
            yield f"{name},{who},{tag} {field}={20 + wave} {stamp}"


def _a_second(counter: str) -> int:
    """Of octets and packets what is counted at a ten-thousandth of the speed of 1 Gbit/s."""
    return 12_500 if "Octets" in counter else 20 if "Pkts" in counter else 0


def _ports(
    devices: Iterable[int], ports: int, at: int, step: int, counters: Iterable[str]
) -> Iterator[str]:
    """The points of ports in one poll, or in one window: states, and these counters."""
    stamp, suffix = f"{at}000000000", "_increase" if step > 60 else ""
    names = [(f",{one}{suffix}=", _a_second(one)) for one in counters]
    seconds = step if step > 60 else at
    # History has no more of a port's states.
    states = "" if step > 60 else "ifAdminStatus=1i,ifHighSpeed=1000i,"
    for device in devices:
        who = _who(device)
        for port in range(ports):
            load = ((device * 7 + port * 13) % 100) ** 2
            faulty = (device + port) % 50 == 0
            told = "".join(
                f"{name}{seconds * (load * most if most else faulty)}i" for name, most in names
            )
            alias = "uplink" if port == 0 else f"port\\ {port}"
            yield (
                f"interface,{who},ifName=ge-0/0/{port},ifAlias={alias} {states}"
                f"ifOperStatus={1 + port % 2}i{told} {stamp}"
            )
