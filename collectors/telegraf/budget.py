"""What the polling of one device costs, and which waiting times fit it. Pure arithmetic.

Costs are predictions from what the probe counted and timed. The same figures set
max_repetitions, timeout, retries and interval of the rendered configuration, so that what
`explain` shows is what Telegraf does.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial

from collectors.facts import Facts
from collectors.login import Community
from collectors.telegraf import limits
from collectors.telegraf.model import Budget, Poll, Settings
from collectors.telegraf.reading import Instance, Read, Reader

_UNKNOWN = Facts(credentials="", sys_object_id="", sys_descr="", sys_name="")


@dataclass(frozen=True, slots=True)
class Pace:
    """How one instance of inputs.snmp is paced.

    Attributes:
        interval: seconds between two polls.
        timeout_ms: how long one answer is waited for.
        retries: how often an unanswered request is sent again.
        max_repetitions: rows asked for by one GETBULK.
        requests, bytes: of one poll, both directions.
        worst_s: seconds of one poll, if each answer takes as long as nine of ten did.
    """

    interval: int
    timeout_ms: int
    retries: int
    max_repetitions: int
    requests: int
    bytes: int
    worst_s: float


def wanted_interval(poll: Poll, settings: Settings) -> int:
    """Seconds between two polls as the inventory or the tenant asks for them."""
    return poll.device.interval or settings.interval


def budget(poll: Poll, settings: Settings, reader: Reader | None = None) -> Budget:
    """What one poll of a device costs. `interval` is stretched where the device is too slow.

    With many devices, one `reader` for all of them saves work.
    """
    needed = settings.interfaces.needed(poll.match.chosen)
    fast, _ = (reader or Reader()).split(poll, needed)
    interval = wanted_interval(poll, settings)
    paces = [pace_of(part, poll, interval) for part in divided(fast, poll, interval)]
    points = sum(read.points for read in fast.reads)
    return Budget(
        interval=max(pace.interval for pace in paces),
        requests=sum(pace.requests for pace in paces),
        bytes=sum(pace.bytes for pace in paces),
        points=points + int(poll.device.icmp) + len(poll.device.tcp),
        worst_s=sum(pace.worst_s for pace in paces),
    )


def divided(instance: Instance, poll: Poll, interval: int) -> tuple[Instance, ...]:
    """The instance itself, or two: large tables with all scalars, then the small tables.

    Telegraf knows one max_repetitions per instance, and what is asked for beyond a table's end
    is answered all the same: beside 48 ports, a table of two rows costs as much as one of 48.
    Two instances ask at the same time, so a device that is slow to answer keeps to one.
    """
    whole: tuple[Instance, ...] = (instance,)
    if any(read.part.beside for read in instance.tables):
        return whole  # what a row fetches from another table has to come before it
    pace = pace_of(instance, poll, interval)
    if pace.max_repetitions < limits.DIVIDED_FROM or pace.worst_s > limits.QUICK_SHARE * interval:
        return whole
    bound = _bound(poll)
    best, parts = _price(whole, bound) * (1 - limits.WORTH_DIVIDING), whole
    for rows in sorted({_rows(read) for read in instance.tables})[:-1]:
        small = Instance(tables=tuple(read for read in instance.tables if _rows(read) <= rows))
        large = Instance(
            instance.scalars, tuple(read for read in instance.tables if _rows(read) > rows)
        )
        price = _price((large, small), bound)
        if price < best:
            best, parts = price, (large, small)
    return parts


def _rows(read: Read) -> int:
    return max(read.counts, default=0)


def _price(parts: Iterable[Instance], bound: int) -> float:
    """What the tables of these instances cost, in varbinds."""
    price = 0.0
    for part in parts:
        columns = _columns(part)
        price += _cost(columns, _repetitions(columns, bound))
    return price


def _columns(instance: Instance) -> tuple[tuple[int, int], ...]:
    """Rows of a column, and how many columns have so many rows."""
    counted = Counter(rows for read in instance.tables for rows in read.counts)
    return tuple(sorted(counted.items()))


def _bound(poll: Poll) -> int:
    """The most rows that one request may ask this device for."""
    if isinstance(poll.login, Community) and poll.login.version == "1":
        return 1  # GETNEXT: SNMPv1 knows no bulk
    return max(1, min((poll.facts or _UNKNOWN).max_repetitions, limits.MAX_REPETITIONS))


def pace_of(instance: Instance, poll: Poll, interval: int) -> Pace:
    """The pace of one instance that should be polled every `interval` seconds."""
    facts = poll.facts or _UNKNOWN
    scalars = sum(len(read.counts) for read in instance.scalars)
    columns = _columns(instance)
    repetitions = _repetitions(columns, _bound(poll))
    walks = sum(count * _walk(rows, repetitions) for rows, count in columns)
    requests = scalars + walks
    varbinds = scalars + walks * repetitions
    worst_s = requests * facts.answer_ms / 1000
    stretched, timeout_ms, retries = _waiting(poll.facts, worst_s, interval)
    return Pace(
        interval=stretched,
        timeout_ms=timeout_ms,
        retries=retries,
        max_repetitions=repetitions,
        requests=requests,
        bytes=requests * limits.REQUEST_BYTES + varbinds * limits.VARBIND_BYTES,
        worst_s=worst_s,
    )


def _walk(rows: int, repetitions: int) -> int:
    """Requests of one column's walk: it ends with the first row of the next column.

    A column that is not there costs two: a GETBULK, then a GET of the column itself.
    """
    return math.ceil((rows + 1) / repetitions) if rows else 2


@lru_cache(maxsize=4096)
def _repetitions(columns: tuple[tuple[int, int], ...], bound: int) -> int:
    """The max_repetitions with which columns (rows, how many of them) cost least.

    Telegraf knows one value per instance. What is asked for beyond a table's end is answered
    all the same, so a small table pays for a large one; a request has a price as well.
    """
    candidates = {bound}
    for rows, _ in columns:
        for requests in (1, 2, 3, 4):
            candidates.add(min(bound, math.ceil((rows + 1) / requests)))
    return min(sorted(candidates), key=partial(_cost, columns))


def _cost(columns: tuple[tuple[int, int], ...], repetitions: int) -> int:
    """What walking these columns costs, in varbinds."""
    price = limits.REQUEST_IN_VARBINDS + repetitions
    return sum(count * _walk(rows, repetitions) * price for rows, count in columns)


def _waiting(facts: Facts | None, worst_s: float, interval: int) -> tuple[int, int, int]:
    """Interval in seconds, timeout in ms and retries that fit each other.

    The interval is the first multiple of the wanted one of which a poll fills no more than
    its share, and which still holds a poll whose last request is never answered.
    """
    answer_ms = facts.answer_ms if facts else _UNKNOWN.answer_ms
    least_ms = 2 * answer_ms + limits.TIMEOUT_MARGIN_MS
    silent_s = (limits.MIN_RETRIES + 1) * least_ms / 1000
    needed_s = max(worst_s / limits.BUSY_SHARE, worst_s + silent_s)
    stretched = interval * max(1, math.ceil(needed_s / interval))
    left_ms = (stretched - worst_s) * 1000
    wish_ms = max(least_ms, limits.MIN_TIMEOUT_MS) if facts else limits.UNKNOWN_TIMEOUT_MS
    for retries in range(limits.RETRIES, limits.MIN_RETRIES - 1, -1):
        if (retries + 1) * wish_ms <= left_ms:
            return stretched, wish_ms, retries
    return stretched, max(least_ms, int(left_ms / (limits.MIN_RETRIES + 1))), limits.MIN_RETRIES
