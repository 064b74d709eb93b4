"""Whether a tenant's boards are answered: every query of every panel, asked of its InfluxDB."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tigctl.backends.errors import Refused
from tigctl.backends.influxdb import Influx
from tigctl.render import board_queries as queries
from tigctl.render.board_queries import AllOf, Panel, Span, Values, Variable
from tigctl.render.bundle import Board, Bundle

# A panel for one device is answered if any of this many devices answers it.
MOST_CHOICES = 50

_MEASUREMENT = re.compile(r'_measurement"?\]? == "(\w+)"')
# What is there whatever the devices tell; the rest stands in the bundle.
_ALWAYS = frozenset({"collector"})
_OF_DEVICES = "and exists r.device"

# What may be empty in a tenant's first hour: history, and how a window differs from the last one.
_LATE = re.compile(r'bucket: "1h"|aggregateWindow\([^)]*\)\s*\|> (?:derivative|difference)\(')
# The first hour is there ten minutes after its end.
_HISTORY = """\
from(bucket: "1h")
    |> range(start: -30d)
    |> filter(fn: (r) => r._measurement == "collector")
    |> last()"""


@dataclass(frozen=True, slots=True)
class Answer:
    """How one panel was answered.

    `rows`: of all its queries together; `seconds` of the slowest one; `error`: what InfluxDB
    said to a query that it refused; `nothing_to_show`: no device of the tenant tells what it asks,
    or it asks for history, or for two windows of time, and there is none yet.
    """

    board: str
    panel: str
    rows: int
    seconds: float
    error: str = ""
    nothing_to_show: bool = False

    @property
    def wrong(self) -> str:
        """What is wrong with it, or nothing."""
        if self.error:
            return self.error
        return "" if self.rows or self.nothing_to_show else "has no data"


def ask(boards: Sequence[Board], influx: Influx, bundle: Bundle, now: int = 0) -> Iterator[Answer]:
    """Asks each panel of each board over the time that it shows when it is opened.

    Variables take all their values where they may; where only one can be chosen, one after the
    other until the panel is answered. `now` in seconds since 1970, 0 for now. Raises BackendError
    where InfluxDB does not answer at all.
    """
    told = _ALWAYS.union(*(one.expects for one in bundle.devices))
    young = not influx.query(_HISTORY)
    for board in boards:
        shown = queries.span_of(board, now or int(time.time()))
        choices = list(_choices(queries.variables(board), influx, shown))
        for panel in queries.panels(board):
            if panel.queries:
                answer = _answer(board, panel, choices, influx, shown=shown, told=told)
                late = any(_LATE.search(flux) for flux in panel.queries.values())
                if young and late and not answer.rows and not answer.error:
                    answer = replace(answer, nothing_to_show=True)
                yield answer


def _choices(
    variables: Sequence[Variable], influx: Influx, shown: Span
) -> Iterator[dict[str, Sequence[str] | str]]:
    """Values for all variables, in as many ways as the last one that takes a single value has."""
    values: dict[str, Sequence[str] | str] = {}
    last, options = "", [""]
    for one in variables:
        if one.many and one.all_value:
            values[one.name] = AllOf(one.all_value)
            continue
        found = one.values
        if one.query:
            rows = influx.query(queries.fill(one.query, values, shown))
            found = tuple(str(row.get("_value", "")) for row in rows)
        if one.many:
            values[one.name] = found
        else:
            values[one.name] = found[0] if found else ""
            last, options = one.name, list(found[:MOST_CHOICES]) or [""]
    for option in options:
        yield {**values, last: option} if last else values


def _answer(
    board: Board,
    panel: Panel,
    choices: Sequence[Values],
    influx: Influx,
    *,
    shown: Span,
    told: frozenset[str],
) -> Answer:
    rows, slowest = 0, 0.0
    points = int(panel.model.get("maxDataPoints") or queries.POINTS)
    for values in choices:
        for flux in panel.queries.values():
            began = time.perf_counter()
            try:
                rows += len(influx.query(queries.fill(flux, values, shown, points=points)))
            except Refused as error:
                return Answer(board.uid, panel.title, 0, slowest, error.message)
            slowest = max(slowest, time.perf_counter() - began)
        if rows:
            break
    asked = {name for flux in panel.queries.values() for name in _MEASUREMENT.findall(flux)}
    nothing = not rows and bool(asked) and not asked & told
    # How polls of devices fare is told of devices that are polled.
    of_devices = all(_OF_DEVICES in flux for flux in panel.queries.values())
    if asked == _ALWAYS and of_devices and "system" not in told:
        nothing = not rows
    return Answer(board.uid, panel.title, rows, slowest, nothing_to_show=nothing)
