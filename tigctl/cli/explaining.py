"""What `explain` says of a device, as lines of text. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from collectors.datamodel import SENSOR_CLASSES, UNITS
from collectors.device import SNMP_PORT, Device
from collectors.facts import Facts, Found, InterfaceKey
from collectors.knowledge.match import match, nearly
from collectors.knowledge.model import Chosen, Match, Symbol
from collectors.login import Login
from tigctl.cli.output import beside, count, printable
from tigctl.cli.stack import Stack
from tigctl.render.bundle import DeviceSummary
from tigctl.spec.counters import wraps
from tigctl.spec.workspace import Tenant

_LABEL = 12  # width of the first column
_NEIGHBOURS = 12
_NEARLY = 5


def explanation(stack: Stack, name: str, *, objects: bool = False) -> list[str]:
    """All lines on the device `name`, which the tenant has; with `objects` each OID as well."""
    tenant = stack.tenant
    device = next(one for one in tenant.devices if one.name == name)
    expected = next(one for one in stack.bundle.devices if one.name == name)
    entry = stack.lock.get(name)
    if entry and (entry.address, entry.port) != (device.address, device.port):
        entry = None
    facts = entry.facts if entry else None
    found = match(stack.library, facts)
    lines = [_who(device, found, entry)]
    if not device.snmp:
        lines += _labelled("snmp", "not asked: the inventory says snmp: no")
    else:
        lines += _profile(found, tenant, name, answered=facts is not None)
        lines += _nearly(stack, facts)
        lines += _passed_over(found)
        lines += _objects(found) if objects else ()
        lines += _polls(found, tenant, device, expected)
        lines += _slowly(found, tenant)
        lines += _ports(found, tenant)
        lines += _counters(facts, expected.budget.interval)
        lines += _labelled("log in", _login(tenant.logins_for(device), entry))
    lines += _checks(device, tenant)
    lines += _hangs(expected)
    lines += _beside(facts)
    if entry and entry.silence:
        kept = " What was known from before is still polled." if facts else ""
        lines += _labelled("last probe", f"{entry.silence.text}.{kept}")
    elif device.snmp and not entry:
        lines += _labelled(
            "last probe", f"none yet. Ask it: tigctl probe {tenant.name} --device {name}"
        )
    return lines


def _who(device: Device, found: Match, entry: Found | None) -> str:
    port = "" if device.port == SNMP_PORT else f" port {device.port}"
    identity = {key: printable(value) for key, value in found.identity.items() if value}
    kind = " ".join(identity[key] for key in ("vendor", "model") if key in identity)
    details = [kind] if kind else []
    if "os_version" in identity:
        details.append(identity["os_version"])
    if "serial" in identity:
        details.append(f"serial {identity['serial']}")
    if not details and entry and entry.facts:
        details.append(f"unknown to the profiles; it says: {printable(entry.facts.sys_descr)[:60]}")
    where = f"{device.name} ({device.address}{port})"
    return f"{where} is {', '.join(details)}" if details else f"{where} is not identified"


def _profile(found: Match, tenant: Tenant, name: str, *, answered: bool) -> Iterator[str]:
    if found.profile:
        file = Path(found.profile.file)
        root = tenant.directory.parent.parent
        shown = file.relative_to(root) if file.is_relative_to(root) else f"shipped {file.name}"
        yield from _labelled("profile", f"{found.profile.name}, because {found.because} ({shown})")
    elif answered:
        yield from _labelled("profile", f"none for this kind: {found.because}")
    else:
        yield from _labelled("profile", "none yet, for it never answered; standard MIBs are tried")
    for chosen in found.chosen:
        yield from _labelled(
            "", f"+ {_plain(chosen.metric.id)} ({_extent(chosen)}) → {_gives(chosen)}"
        )
    if answered and not found.profile:
        learn = f"tigctl profiles learn {printable(name)}"
        yield from _labelled("", f"what else it offers, as a profile to start from: {learn}")


def _nearly(stack: Stack, facts: Facts | None) -> Iterator[str]:
    """The kinds it nearly is."""
    others = nearly(stack.library, facts) if facts else ()
    for name, why in others[:_NEARLY]:
        yield from _labelled("", f"- {name}: {printable(why)}")
    if len(others) > _NEARLY:
        yield from _labelled("", f"- {len(others) - _NEARLY} more of the same number")


def _passed_over(found: Match) -> Iterator[str]:
    """What is not polled, and why. Of what any device may have, silence is told in one line."""
    kind = found.profile.name if found.profile else ""
    giving = {chosen.metric.profile for chosen in found.chosen} | {kind}
    silent: dict[str, None] = {}
    for metric, why in found.passed_over.items():
        profile = metric.partition(":")[0]
        if why.startswith("no answer") and profile not in giving:
            silent[profile] = None
        else:
            yield from _labelled("", f"- {_plain(metric)}: {why}")
    if silent:
        yield from _labelled("", f"- no answer: {', '.join(silent)}")


def _objects(found: Match) -> Iterator[str]:
    """Each object that is polled, with its source and what comes of it."""
    label = "objects"
    for chosen in found.chosen:
        for symbol in chosen.symbols:
            becomes = ", ".join(dict.fromkeys(_becomes(chosen, symbol))) or "names or chooses rows"
            source = f"{symbol.mib}::{symbol.name}" if symbol.mib else symbol.name
            yield from _labelled(label, f"{symbol.oid} {source} → {becomes}")
            label = ""


def _becomes(chosen: Chosen, symbol: Symbol) -> Iterator[str]:
    for output in chosen.metric.outputs:
        kind = output.tags.get("class", "")
        if output.state and output.state.symbol == symbol.name:
            yield "sensor state"
        for field, expression in output.fields.items():
            if symbol.name in expression.names:
                unit = SENSOR_CLASSES.get(kind, "") if field == "value" else UNITS.get(field, "")
                name = f"{kind} value" if field == "value" else field
                yield f"{output.measurement} {name}{f' ({unit})' if unit else ''}"


def _plain(metric: str) -> str:
    """A metric's id without the mark that tells two readings of one table apart."""
    return metric.partition("~")[0]


def _extent(chosen: Chosen) -> str:
    if chosen.metric.scalar:
        return count(len(chosen.symbols), "value")
    rows = count(chosen.rows, "row") if chosen.rows else "rows not known yet"
    return f"{rows} × {count(len(chosen.symbols), 'column')}"


def _gives(chosen: Chosen) -> str:
    return ", ".join(dict.fromkeys(one.measurement for one in chosen.metric.outputs)) or "identity"


def _polls(found: Match, tenant: Tenant, device: Device, expected: DeviceSummary) -> Iterator[str]:
    budget = expected.budget
    wanted = device.interval or tenant.settings.polling.interval
    stretched = (
        f" instead of {wanted} s, because it answers too slowly" if budget.interval > wanted else ""
    )
    slowness = (
        "if it answers as slowly as when it was probed"
        if expected.probed
        else "by assumption, until it answers a probe"
    )
    yield from _labelled("polls", f"every {budget.interval} s{stretched}")
    if found.chosen:
        yield from _labelled(
            "",
            f"{count(budget.requests, 'request')}, {round(budget.bytes / 1000, 1):g} kB, worst case"
            f" {budget.worst_s:.1f} s of {budget.interval} s {slowness}",
        )
    a_day = budget.points * 86_400 // max(1, budget.interval)
    yield from _labelled(
        "points", f"{budget.points:,} per poll, one of each series; {a_day:,} a day"
    )


def _slowly(found: Match, tenant: Tenant) -> Iterator[str]:
    names = [symbol.name for chosen in found.chosen for symbol in chosen.symbols if symbol.slow]
    if names:
        every = tenant.settings.polling.slow_interval
        shown = f"{every // 3600} h" if every % 3600 == 0 else f"{every} s"
        yield from _labelled("slowly", f"{', '.join(dict.fromkeys(names))}: every {shown}")


def _login(logins: tuple[Login, ...], entry: Found | None) -> str:
    answered = entry.facts.credentials if entry and entry.facts else ""
    said = []
    for login in logins:
        version = f"v{login.version}"
        needs = f", from {' and '.join(login.variables)}" if login.variables else ""
        fits = ", which it answered to" if login.name == answered else ""
        said.append(f"{login.name} ({version}{needs}{fits})")
    return "; ".join(said) or "no credentials"


def _ports(found: Match, tenant: Tenant) -> Iterator[str]:
    """The rule by which interfaces give points, where it holds for this device."""
    rule = tenant.settings.interfaces.rule
    if rule.holds(found.chosen):
        said = f"only those {rule.words} give points, for there are more than {rule.above:,}"
        yield from _labelled("ports", f"{said} (interfaces in tenant.yaml)")


def _counters(facts: Facts | None, interval: int) -> Iterator[str]:
    """A word on what polling cannot tell of this device's interfaces."""
    if facts and (wrap := facts.wrap_s) and wrap < 2 * interval:
        yield from _labelled("counters", wraps(facts, interval))
    if facts and facts.interface_key is InterfaceKey.INDEX:
        said = "interfaces have no names of their own: they go by index, which a reboot may change"
        yield from _labelled("names", said)


def _checks(device: Device, tenant: Tenant) -> Iterator[str]:
    checks = [f"ping, {tenant.settings.ping.count} packets"] if device.icmp else []
    checks += [f"TCP port {port}" for port in device.tcp]
    yield from _labelled("also", "; ".join(checks) if checks else "no ping: the inventory says so")


def _hangs(expected: DeviceSummary) -> Iterator[str]:
    """The device that alerts take for the cause where both are down."""
    if expected.parent:
        why = f"by {printable(expected.link)}" if expected.link else "the inventory says"
        yield from _labelled("hangs on", f"{expected.parent} ({why})")


def _beside(facts: Facts | None) -> Iterator[str]:
    """The neighbours, a line each."""
    label = "beside"
    found = facts.neighbours if facts else ()
    for one in found[:_NEIGHBOURS]:
        far = f" {printable(one.far_port)}" if one.far_port else ""
        said = f"{printable(one.port)} to {printable(one.name)}{far} ({one.protocol.upper()})"
        yield from _labelled(label, said)
        label = ""
    if len(found) > _NEIGHBOURS:
        yield from _labelled("", f"and {len(found) - _NEIGHBOURS} more")


def _labelled(label: str, text: str) -> Iterator[str]:
    return beside(label, text, width=_LABEL, indent=0)
