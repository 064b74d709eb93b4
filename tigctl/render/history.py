"""History: the tasks of InfluxDB that fill the buckets 5m and 1h. Pure.

Everything follows from `collectors.datamodel`, which says of each field what it is. A point's
time is the beginning of its window, and writing one again changes nothing, so each task may
run over the same time as often as it likes:

    5m         each 5 minutes, over the last whole 5 minutes
    5m late    each hour, over all for which points can have come late, if Telegraf had to wait
    1h         each hour, from 5m, over the last hours
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from collectors.datamodel import (
    COMMON_TAGS,
    MEASUREMENTS,
    SHARES,
    Kind,
    Share,
    history,
)
from tigctl.render.bundle import Task

# sysUpTime goes round here: 2^32 hundredths of a second. One that falls although it would not yet
# have come so far was a restart; a minute is left for a device whose clock runs fast.
_UPTIME_ROUND = 2**32 / 100 - 60
_HALF, _ROUND = 2**31, 2**32

_IMPORTS = 'import "array"\nimport "date"'
_TO_5M = 'to(bucket: "5m")'
_WINDOW = "window(every: 5m)"
_NEXT = "\n        |> "


def tasks(organization: str, *, interval: int, outage: int) -> tuple[Task, ...]:
    """The tasks of a tenant, in buckets named raw, 5m and 1h.

    `interval`: the longest that a device is polled at, `outage`: how long Telegraf keeps points
    while InfluxDB is away; both in seconds.
    """
    # One poll may fail before a counter's increase is not known any more.
    before = max(150, interval * 5 // 2)
    late = 3600 + -(-outage // 300) * 300
    hours = 2 + -(-outage // 3600)
    plain = (*_gauges(), *_states())
    name = f"tigctl {organization}"
    return (
        _task(f"{name} 5m", "5m", "1m", (_last("5m"), *plain, *_counters(before))),
        _task(
            f"{name} 5m late",
            "1h",
            "3m",
            (_unless_on_time(late), *plain, *_counters(before, parted=True)),
        ),
        _task(f"{name} 1h", "1h", "10m", (_last("1h", f"{hours}h"), *_hourly())),
    )


def _task(name: str, every: str, offset: str, sections: Iterable[str]) -> Task:
    option = f'option task = {{name: "{name}", every: {every}, offset: {offset}}}'
    return Task(name, every, offset, "\n\n".join((_IMPORTS, option, *sections)) + "\n")


# Over which time


def _last(window: str, span: str = "") -> str:
    return (
        f"// time\nstop = date.truncate(t: now(), unit: {window})\n"
        f"start = date.sub(d: {span or window}, from: stop)"
    )


def _unless_on_time(late: int) -> str:
    """All the time for which points can have come late, where a write of Telegraf's failed.

    Where none did, a time of which there are no points: a task cannot end early.
    """
    return f"""\
// time
latest = date.truncate(t: now(), unit: 5m)
failed =
    (from(bucket: "raw")
        |> range(start: date.sub(d: {late}s, from: latest), stop: latest)
        |> filter(fn: (r) => r._measurement == "collector" and r._field == "write_errors")
        |> difference(nonNegative: true, initialZero: true)
        |> filter(fn: (r) => r._value > 0.0)
        |> group()
        |> count()
        |> findColumn(fn: (key) => true, column: "_value"))
stop = if length(arr: failed) > 0 then latest else 1980-01-01T00:00:00Z
start = date.sub(d: {late}s, from: stop)"""


# What from the points as polled


def _gauges() -> Iterable[str]:
    wanted = _where(Kind.GAUGE)
    yield _windows("means of gauges", wanted, "mean")
    yield _windows("maxima of gauges", wanted, "max", suffix="_max")
    yield _windows("sums of counts", _where(Kind.COUNT), "sum")
    yield from map(_share, SHARES)


def _states() -> Iterable[str]:
    texts = _where(Kind.STATE, Kind.FAULT, but=("interface",))
    yield _windows("last states and texts", texts, "last")
    yield _windows("worst of faults", _where(Kind.FAULT), "max", suffix="_max")


def _counters(before: int, *, parted: bool = False) -> Iterable[str]:
    """`parted`: the time is more than a single window."""
    yield _interfaces(before, parted=parted)
    yield _short_counters(before)
    yield f"""\
// increases of Telegraf's own counters
from(bucket: "raw")
    |> range(start: date.sub(d: {before}s, from: start), stop: stop)
    |> filter(fn: (r) => {_any_of("collector", MEASUREMENTS["collector"].of(Kind.COUNTER))})
    |> difference(nonNegative: true, initialZero: true)
    |> filter(fn: (r) => r._time >= start)
    |> {_WINDOW}
    |> sum()
    |> map(fn: (r) => ({{r with _time: r._start, _field: r._field + "_increase"}}))
    |> {_TO_5M}
    |> yield(name: "collector")"""


def _interfaces(before: int, *, parted: bool) -> str:
    """Of interfaces all in one go, with a table for each port only where there is no other way.

    A pivot refuses a table that lacks one of its keys, and tags in another order are another
    series; so ports without a description go alone. One that was described anew stays one port.
    """
    interface = MEASUREMENTS["interface"]
    counters = interface.of(Kind.COUNTER)
    states = tuple(one for one in interface.of(Kind.STATE) if one in history("interface"))
    told = ",\n            ".join(
        (*(f"{one}_increase: r.{one}" for one in counters), *(f"{one}: r.{one}" for one in states))
    )
    read = f"""\
from(bucket: "raw")
    |> range(start: date.sub(d: {before}s, from: start), stop: stop)
    |> filter(fn: (r) => {_any_of("interface", (*counters, *states))})"""
    return f"""\
// interfaces: increases of counters, last states
counters = {_list(counters)}
kept = (tables=<-, tags) =>
    tables
        |> group(columns: {_list(("_measurement", *COMMON_TAGS))})
        |> pivot(
            rowKey: array.concat(arr: tags, v: ["_time"]),
            columnKey: ["_field"],
            valueColumn: "_value",
        )
        |> sort(columns: ["_time"])
        |> group(columns: {_list(("_measurement", *COMMON_TAGS, "ifName"))})
        |> difference(columns: counters, nonNegative: true, initialZero: true)
        |> range(start: start, stop: stop){_NEXT + _WINDOW if parted else ""}
        |> cumulativeSum(columns: counters)
        |> group(columns: {_list(("_measurement", *COMMON_TAGS, "_start", "_stop"))})
        |> sort(columns: ["_time"], desc: true)
        |> unique(column: "ifName")
        |> duplicate(column: "_start", as: "_time")
        |> to(
            bucket: "5m",
            tagColumns: array.concat(arr: {_list(COMMON_TAGS)}, v: tags),
            fieldFn: (r) => ({{
            {told},
        }}),
        )

{read}
    |> filter(fn: (r) => exists r.ifAlias)
    |> kept(tags: {_list(interface.tags)})
    |> yield(name: "interfaces")

{read}
    |> filter(fn: (r) => not exists r.ifAlias)
    |> kept(tags: ["ifName"])
    |> yield(name: "interfaces without description")"""


def _short_counters(before: int) -> str:
    """32-bit counters go round within minutes: one that falls far has, if nobody restarted."""
    since = f"range(start: date.sub(d: {before}s, from: start), stop: stop)"
    fields = MEASUREMENTS["interface"].of(Kind.COUNTER32)
    return f"""\
// interfaces: increases of 32-bit counters
restarts =
    from(bucket: "raw")
        |> {since}
        |> filter(fn: (r) => {_any_of("system", ("uptime_seconds",))})
        |> duplicate(column: "_value", as: "is")
        |> difference(keepFirst: true)
        |> elapsed(unit: 1s)
        |> filter(fn: (r) => r._value < 0.0)
        |> filter(fn: (r) => r.is - r._value + float(v: r.elapsed) < {_UPTIME_ROUND:.1f})
when = (device, t) => device + " " + string(v: date.truncate(t: t, unit: 5m))
restarted =
    (union(
        // Tables are read some seconds after the uptime.
        tables: [
            restarts |> map(fn: (r) => ({{at: when(device: r.device, t: r._time)}})),
            restarts
                |> timeShift(duration: 30s)
                |> map(fn: (r) => ({{at: when(device: r.device, t: r._time)}})),
        ],
    )
        |> group()
        |> findColumn(fn: (key) => true, column: "at"))
increase = (r) =>
    if r._value >= 0 then
        r._value
    else if r._value >= -{_HALF}
            or contains(value: when(device: r.device, t: r._time), set: restarted) then
        r.is
    else
        r._value + {_ROUND}

from(bucket: "raw")
    |> {since}
    |> filter(fn: (r) => {_any_of("interface", fields)})
    |> duplicate(column: "_value", as: "is")
    |> difference()
    |> filter(fn: (r) => r._time >= start)
    |> map(fn: (r) => ({{r with _value: increase(r: r)}}))
    |> {_WINDOW}
    |> sum()
    |> map(fn: (r) => ({{r with _time: r._start, _field: r._field + "_increase"}}))
    |> {_TO_5M}
    |> yield(name: "short counters")"""


def _windows(title: str, wanted: str, how: str, *, suffix: str = "") -> str:
    named = f'\n    |> map(fn: (r) => ({{r with _field: r._field + "{suffix}"}}))' if suffix else ""
    return f"""\
// {title}
from(bucket: "raw")
    |> range(start: start, stop: stop)
    |> filter(fn: (r) => {wanted})
    |> aggregateWindow(every: 5m, fn: {how}, createEmpty: false, timeSrc: "_start"){named}
    |> {_TO_5M}
    |> yield(name: "{title}")"""


def _share(share: Share) -> str:
    set_ = f'_field: "{share.name}", _value: if {share.condition} then 100.0 else 0.0'
    return f"""\
// {share.measurement}: {share.name}
from(bucket: "raw")
    |> range(start: start, stop: stop)
    |> filter(fn: (r) => {_any_of(share.measurement, (share.field,))})
    |> map(fn: (r) => ({{r with {set_}}}))
    |> aggregateWindow(every: 5m, fn: mean, createEmpty: false, timeSrc: "_start")
    |> {_TO_5M}
    |> yield(name: "{share.name}")"""


# What from the bucket 5m


def _hourly() -> Iterable[str]:
    for how, words in (
        ("mean", ("mean", "share")),
        ("max", ("maximum",)),
        ("sum", ("sum", "increase")),
        ("last", ("last",)),
    ):
        kept = {
            name: tuple(field for field, told in history(name).items() if told in words)
            for name in MEASUREMENTS
        }
        wanted = _or(_any_of(name, fields) for name, fields in kept.items() if fields)
        yield f"""\
// {how}
from(bucket: "5m")
    |> range(start: start, stop: stop)
    |> filter(fn: (r) => {wanted})
    |> aggregateWindow(every: 1h, fn: {how}, createEmpty: false, timeSrc: "_start")
    |> to(bucket: "1h")
    |> yield(name: "{how}")"""


# Conditions


def _where(*kinds: Kind, but: Sequence[str] = ()) -> str:
    """The condition for all fields of these kinds; what history does not keep is left out."""
    found = []
    for one in MEASUREMENTS.values():
        kept = history(one.name)
        fields = tuple(name for name in one.of(*kinds) if name in kept)
        if fields and one.name not in but:
            found.append(_any_of(one.name, fields))
    return _or(found)


def _any_of(measurement: str, fields: Sequence[str]) -> str:
    # A number that stands for a state has no mean.
    rest = ' and r.class != "state"' if tuple(fields) == ("value",) else ""
    names = [f'r._field == "{one}"' for one in fields]
    if len(names) == 1:
        return f'r._measurement == "{measurement}" and {names[0]}{rest}'
    inner = "\n                or ".join(names)
    return f'r._measurement == "{measurement}"\n            and ({inner}){rest}'


def _or(conditions: Iterable[str]) -> str:
    return "\n        or ".join(f"({one})" for one in conditions)


def _list(names: Iterable[str]) -> str:
    quoted = [f'"{one}"' for one in names]
    line = ", ".join(quoted)
    return f"[{line}]" if len(line) < 80 else "[\n    " + ",\n    ".join(quoted) + ",\n]"
