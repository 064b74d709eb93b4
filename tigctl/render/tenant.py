"""From one tenant, its lock and the profiles to its bundle. Pure: same input, same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from collectors.datamodel import MEASUREMENTS
from collectors.device import Device
from collectors.discovery.topology import Suggestion, parents
from collectors.facts import Found
from collectors.knowledge.match import match
from collectors.knowledge.model import Library, Match
from collectors.login import Login
from collectors.telegraf.budget import budget, wanted_interval
from collectors.telegraf.model import Budget, Poll, Settings, Shard
from collectors.telegraf.reading import Reader
from collectors.telegraf.shard import render as telegraf
from tigctl.render.alerts import settings as alert_settings
from tigctl.render.alerts.grafana import alerting
from tigctl.render.alerts.load import Loaded
from tigctl.render.bundle import (
    Board,
    Bucket,
    Bundle,
    DeviceSummary,
    GrafanaState,
    InfluxState,
    Token,
)
from tigctl.render.grafana import state as grafana_state
from tigctl.render.history import tasks
from tigctl.render.kubernetes import provisioned, sizing
from tigctl.render.kubernetes.login import secrets
from tigctl.render.kubernetes.model import Object
from tigctl.render.kubernetes.objects import objects, stack_of
from tigctl.spec.said import said
from tigctl.spec.workspace import Tenant

# A note names this many devices at the most; the rest are counted.
_NAMED = 10

# InfluxDB as Grafana reaches it: the Service of its own namespace.
_INFLUXDB_URL = "http://influxdb:8086"


@dataclass(frozen=True, slots=True)
class _Planned:
    """One device on its way into the bundle."""

    poll: Poll
    found: Found | None
    stale: bool
    budget: Budget


def render(
    tenant: Tenant,
    lock: Mapping[str, Found],
    library: Library,
    *,
    ping_method: str,
    boards: Sequence[Board] = (),
    rules: Mapping[str, Loaded] | None = None,
) -> Bundle:
    """Everything a target needs for one tenant.

    `ping_method` is `native` or `exec`: who calls has resolved `auto`. A device without facts
    in the lock, or with another address or port than when it was probed, gets ping, system and
    interfaces; the bundle's notes say so.
    """
    settings = _settings(tenant, ping_method)
    reader = Reader()
    unknown = match(library, None)
    planned = []
    for device in tenant.devices:
        found, stale = _entry(device, lock)
        poll = _poll(tenant, device, found, library, unknown)
        planned.append(_Planned(poll, found, stale, budget(poll, settings, reader)))
    shards = telegraf([one.poll for one in planned], settings, reader)
    hung = _hung(tenant, planned)
    summaries = tuple(_summary(one, hung.get(one.poll.device.name)) for one in planned)
    state = _grafana(tenant, settings.bucket, boards, summaries, rules or {})
    return Bundle(
        tenant=tenant.name,
        telegraf=shards,
        influxdb=_influxdb(tenant, settings, planned),
        devices=summaries,
        notes=(
            *_notes(tenant.name, planned, settings),
            *_size_notes(tenant, summaries, shards),
        ),
        grafana=state,
        kubernetes=_objects(tenant, summaries, shards, state),
        settings=dict(
            (
                *said(tenant.settings),
                *said(tenant.images, "images."),
                *said(tenant.target, f"targets.{tenant.settings.target}."),
            )
        ),
    )


def _size_notes(
    tenant: Tenant, summaries: Sequence[DeviceSummary], shards: Sequence[Shard]
) -> tuple[str, ...]:
    """What a person should know of the sizes on a cluster."""
    if tenant.target.type != "kubernetes":
        return ()
    return sizing.notes(stack_of(tenant, summaries, shards))


def _grafana(
    tenant: Tenant,
    bucket: str,
    boards: Sequence[Board],
    summaries: Sequence[DeviceSummary],
    rules: Mapping[str, Loaded],
) -> GrafanaState:
    """What Grafana holds; nothing where the target runs none."""
    if tenant.target.type != "kubernetes":
        return GrafanaState()
    wanted = alert_settings.enabled(rules, tenant.settings.alerts)
    context = alert_settings.context(tenant, summaries)
    found = grafana_state(
        tenant.name,
        bucket,
        boards,
        url=_INFLUXDB_URL,
        alerting=alerting(tenant.name, wanted, context),
    )
    settings = tenant.settings
    files = not settings.storage.grafana
    kept = secrets(settings.login, settings.alerts.mail)
    if files:
        kept += provisioned.secrets(found)
    return replace(found, secrets=kept, files=files)


def _objects(
    tenant: Tenant,
    summaries: Sequence[DeviceSummary],
    shards: Sequence[Shard],
    state: GrafanaState,
) -> tuple[Object, ...]:
    """The tenant's objects on a cluster; none for another target."""
    if tenant.target.type != "kubernetes":
        return ()
    return objects(stack_of(tenant, summaries, shards, state))


def _settings(tenant: Tenant, ping_method: str) -> Settings:
    wanted = tenant.settings
    return Settings(
        organization=tenant.name,
        bucket=wanted.retention.buckets[0][0],
        interval=wanted.polling.interval,
        slow_interval=wanted.polling.slow_interval,
        jitter=wanted.polling.jitter,
        ping_count=wanted.ping.count,
        ping_method=ping_method,
        outage=wanted.outage,
        interfaces=wanted.interfaces.rule,
    )


def _entry(device: Device, lock: Mapping[str, Found]) -> tuple[Found | None, bool]:
    """The lock's entry for a device; one for another address or port is stale and not used."""
    found = lock.get(device.name)
    if found and (found.address, found.port) != (device.address, device.port):
        return None, True
    return found, False


_NOTHING = Match(profile=None, because="not asked by SNMP", chosen=())


def _poll(
    tenant: Tenant, device: Device, found: Found | None, library: Library, unknown: Match
) -> Poll:
    if not device.snmp:
        return Poll(device, None, None, _NOTHING)
    facts = found.facts if found else None
    login = _login(tenant.logins_for(device), facts.credentials if facts else "")
    return Poll(device, login, facts, match(library, facts) if facts else unknown)


def _login(logins: Sequence[Login], answered: str) -> Login | None:
    """The login that the device answered to when it was probed, else the first one."""
    for login in logins:
        if login.name == answered:
            return login
    return logins[0] if logins else None


def _influxdb(tenant: Tenant, settings: Settings, planned: Sequence[_Planned]) -> InfluxState:
    raw = settings.bucket
    buckets = tuple(Bucket(name, seconds) for name, seconds in tenant.settings.retention.buckets)
    return InfluxState(
        organization=tenant.name,
        buckets=buckets,
        tokens=(
            Token(f"tigctl {tenant.name} telegraf", write=(raw,)),
            Token(f"tigctl {tenant.name} reader", read=tuple(bucket.name for bucket in buckets)),
        ),
        tasks=tasks(
            tenant.name,
            interval=max((one.budget.interval for one in planned), default=settings.interval),
            outage=settings.outage,
        ),
    )


def _hung(tenant: Tenant, planned: Iterable[_Planned]) -> dict[str, Suggestion]:
    """On whom devices without a parent in the inventory hang, as far as that is sure."""
    facts = {one.poll.device.name: one.poll.facts for one in planned if one.poll.facts}
    return {one.device: one for one in parents(tenant.devices, facts) if one.sure}


def _summary(one: _Planned, hung: Suggestion | None) -> DeviceSummary:
    device, facts = one.poll.device, one.poll.facts
    profile = one.poll.match.profile
    expects, may = _expects(one.poll)
    return DeviceSummary(
        name=device.name,
        address=device.address,
        profile=profile.name if profile and facts else "",
        site=device.site,
        role=device.role,
        snmp=device.snmp,
        icmp=device.icmp,
        probed=facts is not None,
        expects=expects,
        budget=one.budget,
        silence=one.found.silence.text if one.found and one.found.silence else "",
        parent=device.parent or (hung.parent if hung else ""),
        link=hung.why if hung else "",
        may=may,
    )


def _expects(poll: Poll) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The measurements that should arrive, of those polled often; and those that may.

    What an output with a condition gives depends on what the device says today: a sensor that
    is not plugged in gives nothing, and nobody misses it.
    """
    expected: set[str] = set()
    may: set[str] = set()
    if poll.device.icmp:
        expected.add("ping")
    if poll.device.tcp:
        expected.add("tcp")
    if poll.login:
        for chosen in poll.match.chosen:
            if not all(symbol.slow for symbol in chosen.symbols):
                outputs = chosen.metric.outputs
                for one in outputs:
                    (may if one.where else expected).add(one.measurement)
    return _ordered(expected), _ordered(may - expected)


def _ordered(names: set[str]) -> tuple[str, ...]:
    """In the data model's order, what it does not name last."""
    known = [name for name in MEASUREMENTS if name in names]
    return (*known, *sorted(names.difference(known)))


def _notes(tenant: str, planned: Sequence[_Planned], settings: Settings) -> Iterable[str]:
    """What a person should know before this is carried out, a sentence each."""
    asked = [one for one in planned if one.poll.login]
    unknown = [one for one in asked if not one.poll.facts and not one.stale]
    silent = [one for one in unknown if one.found and one.found.silence]
    fresh = [one for one in unknown if one not in silent]
    little = "only ping, system and interfaces are polled"
    if fresh:
        yield f"{_which(fresh)}: never probed, so {little}; next: tigctl probe {tenant}"
    if silent:
        yield (
            f"{_which(silent)}: silent when probed, so {little}; why: tigctl explain {tenant} NAME"
        )
    if stale := [one for one in asked if one.stale]:
        yield (
            f"{_which(stale)}: probed at another address or port, so {little};"
            f" next: tigctl probe {tenant}"
        )
    for one in _first(slow := [one for one in asked if _stretched(one, settings)]):
        answer_ms = one.poll.facts.answer_ms if one.poll.facts else 0
        yield (
            f"{one.poll.device.name} takes up to {answer_ms} ms for each of"
            f" {one.budget.requests} answers: polled every {one.budget.interval} s instead of"
            f" {wanted_interval(one.poll, settings)} s"
        )
    if len(slow) > _NAMED:
        yield f"{len(slow) - _NAMED} more answer too slowly for their interval as well"


def _stretched(one: _Planned, settings: Settings) -> bool:
    return one.budget.interval > wanted_interval(one.poll, settings)


def _first(planned: Sequence[_Planned]) -> Sequence[_Planned]:
    return planned[:_NAMED]


def _which(planned: Sequence[_Planned]) -> str:
    names = ", ".join(one.poll.device.name for one in _first(planned))
    more = len(planned) - _NAMED
    return f"{names} and {more} more" if more > 0 else names
