"""Running the cases of alert rules on a real InfluxDB: the query itself is what is tried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tigctl.backends.influxdb import Influx
from tigctl.errors import BackendError
from tigctl.render.alerts import cases, flux, healthy
from tigctl.render.alerts.load import Loaded
from tigctl.render.alerts.model import Case
from tigctl.spec.alerts import Alerts, RuleSettings

# All cases share one bucket, each in a month of its own: no query looks back so far.
_FIRST = datetime(2001, 1, 1, tzinfo=UTC)
_APART = timedelta(days=30)
# The last sample is some seconds old when a query sees it.
_LATER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one case; `wrong` says what is not as it should be, empty where all is well."""

    rule: str
    case: str
    wrong: str = ""


def run(rules: Iterable[Loaded], influx: Influx) -> Iterator[Outcome]:
    """Tries every case of the rules, in order, in the bucket `raw` of an empty InfluxDB."""
    number = 0
    for rule in rules:
        for case in rule.rule.cases:
            number += 1
            yield Outcome(rule.name, case.name, _try(rule, case, influx, _FIRST + number * _APART))


def _try(one: Loaded, case: Case, influx: Influx, end: datetime) -> str:
    settings = RuleSettings(limits=case.limits)
    context = flux.Context(
        devices=cases.devices(case),
        interval=case.every,
        alerts=Alerts(rules={one.name: settings}),
        windows={},
    )
    try:
        at = int(end.timestamp())
        samples = max((len(list(cases.samples(told))) for told in case.series.values()), default=0)
        points = (*cases.lines(case, at), *healthy.beside(case, samples, at))
        influx.write("raw", "\n".join(points))
        rows = influx.query(flux.query(one, context, at=end + _LATER))
    except (ValueError, BackendError) as error:
        return str(error)
    found = sorted(str(row.get(one.rule.labels[0]) or "") for row in rows)
    if found == sorted(case.fires):
        return ""
    return f"fires for {_named(found)}, expected {_named(case.fires)}"


def _named(found: Iterable[str]) -> str:
    return ", ".join(found) or "nothing"
