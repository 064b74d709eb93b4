"""Counters of 32 bits, and whether polling is often enough for them.

Between two polls a counter must not wrap: then a rate cannot be told from one that is higher by
what the counter holds. Half of that time is what is asked for, so that one lost poll does no harm.
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.facts import Facts
from tigctl.spec import lock
from tigctl.spec.quantity import format_duration
from tigctl.spec.workspace import Tenant

_SHORTEST = 5


def wraps(facts: Facts, interval: int) -> str:
    """What is wrong with polling a device every `interval` seconds, and what to write."""
    wrap = facts.wrap_s or 0.0
    most = int(2**32 * 8 / interval / 1e6)
    wish = max(_SHORTEST, int(wrap / 2))
    lead = (
        f"of 32 bits only: they wrap after {wrap:.0f} s at {facts.fastest:,} Mbit/s, and are polled"
        f" every {interval} s; "
    )
    if wrap < interval:
        lead += f"a port that carries more than {most:,} Mbit/s is told wrong. "
    else:
        lead += "after one lost poll a busy port is told wrong. "
    if wish >= interval:
        return lead + "No shorter interval can help"
    return lead + f"Write interval {format_duration(wish)} for it"


def warnings(tenant: Tenant) -> Iterator[str]:
    """The devices of a tenant whose counters may wrap between two polls, as sentences.

    Reads the lock, if anything in it speaks of such a device. Raises InvalidFiles.
    """
    path = tenant.lock_path
    try:
        if b'"fastest"' not in path.read_bytes():
            return
    except OSError:
        return  # whoever needs the lock says what is wrong with it
    entries = lock.read(path)
    for device in tenant.devices:
        entry = entries.get(device.name)
        facts = entry.facts if entry else None
        interval = device.interval or tenant.settings.polling.interval
        if device.snmp and facts and facts.wrap_s and facts.wrap_s < interval:
            yield f"{tenant.name}: {device.name} has counters {wraps(facts, interval)}"
