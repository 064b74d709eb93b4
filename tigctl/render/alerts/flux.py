"""From a rule, a tenant's settings and its devices to the query that Grafana runs.

Everything that depends on who is meant is decided here and written into the query: limits by
device, maintenance, who hangs on whom. So the query is complete by itself, and a test that runs
it on InfluxDB tests the rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from tigctl.render.alerts.load import Loaded
from tigctl.spec.alerts import Alerts, Scope, Window

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")  # as Flux counts them, from 0
_WEEK_MIN = 7 * 24 * 60
# What is needed beyond a device's polls until its newest point can be read: writing, a slow answer.
_SLACK_S = 30

_ESCAPES = {
    **{chr(code): f"\\x{code:02x}" for code in (*range(32), 127)},
    "\\": "\\\\",
    '"': '\\"',
    "$": "\\x24",  # before a brace it would begin an expression
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}
_IMPORTS = ("array", "date", "dict", "regexp", "strings", "timezone")


@dataclass(frozen=True, slots=True)
class Watched:
    """A device as alerts see it; `interval` in seconds, `parent` "" where nobody knows one."""

    name: str
    site: str = ""
    role: str = ""
    parent: str = ""
    interval: int = 60
    snmp: bool = True
    icmp: bool = True


@dataclass(frozen=True, slots=True)
class Context:
    """What queries of one tenant have in common."""

    devices: Sequence[Watched]
    interval: int
    alerts: Alerts
    windows: Mapping[str, Window]


def query(one: Loaded, context: Context, *, at: datetime | None = None) -> str:
    """The complete query of a rule, as if it were run `at` a time; None: when it is run."""
    lines = [
        *(f'import "{name}"' for name in _IMPORTS),
        "",
        *([f"option now = () => {_time(at)}"] if at else []),
        *_times(one, context),
        *_devices(context),
        *_limits(one, context),
        *_quiet(one, context),
        *_alert(one),
    ]
    parts = ["\n".join(lines), one.included.strip(), one.rule.query.strip() + "\n    |> alert()"]
    return "\n\n".join(part for part in parts if part) + "\n"


def text(value: str) -> str:
    """A string literal of Flux, which knows fewer escapes than JSON."""
    return '"' + "".join(_ESCAPES.get(sign, sign) for sign in value) + '"'


def _times(one: Loaded, context: Context) -> Iterator[str]:
    """Durations, and the seconds after which a device of this rule counts as silent."""
    settings = context.alerts.rules.get(one.name)
    over = settings.over if settings and settings.over else one.rule.over
    usual = _patience(context.interval, one.rule.polls)
    yield f"over = {over}s"
    yield f"interval = {context.interval}s"
    others = {
        device.name: str(_patience(device.interval, one.rule.polls))
        for device in context.devices
        if device.interval != context.interval
    }
    yield _lookup("patience", others, str(usual))
    yield "age = (r) => (int(v: now()) - int(v: r._time)) / 1000000000"
    longest = max([usual, *(int(value) for value in others.values())])
    yield f"longest = {longest}s"
    yield _only("fresh", "age(r: r) <= patience(r: r)" if others else "")


def _patience(interval: int, polls: int) -> int:
    return interval * polls + _SLACK_S


def _devices(context: Context) -> Iterator[str]:
    """Who is asked how, and the way from each device up to the top."""
    deaf = {one.name: "false" for one in context.devices if not one.snmp}
    unpinged = {one.name: "false" for one in context.devices if not one.icmp}
    yield _lookup("polled", deaf, "true")
    yield _only("askedBySnmp", "polled(r: r)" if deaf else "")
    yield _lookup("pinged", unpinged, "true")
    yield _only("askedByPing", "pinged(r: r)" if unpinged else "")
    parents = {one.name: one.parent for one in context.devices if one.parent}
    chains = {name: _list(_above(name, parents)) for name in parents}
    yield _lookup("chain", chains, '[""]')


def _above(name: str, parents: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    while (name := parents.get(name, "")) and name not in found:
        found.append(name)
    return found


def _limits(one: Loaded, context: Context) -> Iterator[str]:
    """A function for each limit: the device's own, else the tenant's, else the rule's."""
    settings = context.alerts.rules.get(one.name)
    lowest = {}
    for name, limit in one.rule.limits.items():
        usual = settings.limits.get(name, limit.value) if settings else limit.value
        others = {}
        for exception in context.alerts.exceptions:
            if exception.rule != one.name or name not in exception.limits:
                continue
            value = _value(exception.limits[name])
            for device in _meant(exception, context.devices):
                others[device] = value
        others = {device: value for device, value in others.items() if value != _value(usual)}
        yield _lookup(name, others, _value(usual))
        if not isinstance(usual, str):
            lowest[name] = min((_value(usual), *others.values()), key=float)
    if lowest:
        yield f"lowestOf = {{{', '.join(f'{name}: {value}' for name, value in lowest.items())}}}"


def _value(amount: float | str) -> str:
    # Flux knows no exponents.
    return text(amount) if isinstance(amount, str) else f"{Decimal(repr(float(amount))):f}"


def _quiet(one: Loaded, context: Context) -> Iterator[str]:
    """A function that says of a row whether nobody wants to hear of it now."""
    silenced: dict[str, bool] = {}
    for exception in context.alerts.exceptions:
        if exception.rule == one.name:
            for device in _meant(exception, context.devices):
                silenced[device] = not exception.enabled
    off = {device: "true" for device, is_off in silenced.items() if is_off}
    yield _lookup("silenced", off, "false")
    calls = ["silenced(r: r)"]
    for number, window in enumerate(context.windows.values(), 1):
        meant = dict.fromkeys(_meant(window, context.devices), "true")
        whole = window.everything
        yield f"during{number} = {_active(window)}"
        yield _lookup(f"inside{number}", {} if whole else meant, "true" if whole else "false")
        calls.append(f"(during{number} and inside{number}(r: r))")
    yield f"quiet = (r) => {' or '.join(calls)}"
    yield _only("watched", "not quiet(r: r)" if off or context.windows else "")


def _active(window: Window) -> str:
    """Whether a window is open now, as an expression."""
    if window.start and window.end:
        opens, closes = (_time(window.moment(one)) for one in (window.start, window.end))
        return f"now() >= {opens} and now() < {closes}"
    zone = f"timezone.location(name: {text(window.timezone)})"
    hour, minute = map(int, (window.at or "00:00").split(":"))
    at = (
        f"date.weekDay(t: now(), location: {zone}) * 1440"
        f" + date.hour(t: now(), location: {zone}) * 60"
        f" + date.minute(t: now(), location: {zone})"
    )
    spans = []
    for day in window.weekly:
        begin = _DAYS.index(day) * 1440 + hour * 60 + minute
        end = begin + window.lasts // 60
        spans.append(f"({at} >= {begin} and {at} < {end})")
        if end > _WEEK_MIN:  # from Saturday into Sunday
            spans.append(f"({at} < {end - _WEEK_MIN})")
    return " or ".join(spans)


def _alert(one: Loaded) -> Iterator[str]:
    """How each query ends: without quiet devices, a series for each alert, with the value now."""
    labels = _list(one.rule.labels)
    kept = _list(("_time", "_value", *one.rule.labels))
    yield "alert = (tables=<-) => tables"
    yield "    |> watched()"
    yield "    |> map(fn: (r) => ({r with _time: now(), _value: float(v: r._value)}))"
    yield f"    |> keep(columns: {kept})"
    yield f"    |> group(columns: {labels})"
    yield "    |> last()"


def _lookup(name: str, others: Mapping[str, str], usual: str) -> str:
    """A function from a row to what holds for its device."""
    if not others:
        return f"{name} = (r) => {usual}"
    pairs = ", ".join(f"{text(key)}: {value}" for key, value in others.items())
    return (
        f"{name}Of = [{pairs}]\n"
        f"{name} = (r) => dict.get(dict: {name}Of, key: if exists r.device then r.device else"
        f' "", default: {usual})'
    )


def _only(name: str, condition: str) -> str:
    """A function that keeps the rows for which a condition holds; "" keeps all of them.

    A call within a filter costs InfluxDB a tenth of a millisecond for each row, so it is left out
    where it would keep everything.
    """
    kept = f" |> filter(fn: (r) => {condition})" if condition else ""
    return f"{name} = (tables=<-) => tables{kept}"


def _meant(scope: Scope, devices: Sequence[Watched]) -> Iterator[str]:
    return (one.name for one in devices if scope.covers(one.name, one.site, one.role))


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _list(values: Iterable[str]) -> str:
    return f"[{', '.join(map(text, values))}]"
