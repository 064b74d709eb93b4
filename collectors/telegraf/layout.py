"""One device's part of a configuration: all its plugin instances, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from collectors.device import Device
from collectors.telegraf import checks, limits
from collectors.telegraf.budget import divided, pace_of, wanted_interval
from collectors.telegraf.model import Poll, Settings
from collectors.telegraf.reading import Instance, Part, Reader
from collectors.telegraf.snmp import SnmpWriter
from collectors.telegraf.writer import Toml


@dataclass(frozen=True, slots=True)
class Laid:
    """One device, laid out.

    Attributes:
        toml: its plugin instances.
        parts: what it reads by SNMP; the processors follow from it.
        variables: environment variables its instances name.
        points_per_s: points per second, those about its inputs included.
        slow_points: points of one slow poll.
        names: of each column that names rows, the names that more than one row has.
    """

    device: Device
    toml: tuple[Toml, ...]
    parts: tuple[Part, ...]
    variables: tuple[str, ...]
    points_per_s: float
    slow_points: int
    names: tuple[tuple[str, tuple[str, ...]], ...]


class Layout:
    """Lays out devices one by one; remembers what they have in common."""

    def __init__(self, settings: Settings, reader: Reader) -> None:
        self._settings = settings
        self._reader = reader
        self._writer = SnmpWriter()

    def device(self, poll: Poll) -> Laid:
        """One device's part of the configuration."""
        device = poll.device
        place = {"device": device.name, "site": device.site, "role": device.role}
        tags = {name: value for name, value in place.items() if value}
        interval = wanted_interval(poll, self._settings)
        needed = self._settings.interfaces.needed(poll.match.chosen)
        fast, slow = self._reader.split(poll, needed)
        seldom = max(interval, self._settings.slow_interval)
        identity = {name: _clean(text) for name, text in poll.match.identity.items()}
        toml = [
            *self._checks(device, interval, tags),
            *self._fast(poll, fast, interval, tags),
            *self._snmp(poll, slow, seldom, f"{device.name}:slow", {**tags, **identity}),
        ]
        parts = tuple(read.part for read in (*fast.reads, *slow.reads))
        known = poll.facts.names if poll.facts else {}
        keys = {key for part in parts for key in part.names}
        # A stretched interval makes fewer points; the buffer need not be that exact.
        points = int(device.icmp) + len(device.tcp) + sum(read.points for read in fast.reads)
        return Laid(
            device=device,
            toml=tuple(toml),
            parts=parts,
            variables=poll.login.variables if poll.login and (fast or slow) else (),
            points_per_s=points / interval + len(toml) / self._settings.interval,
            slow_points=sum(read.points for read in slow.reads) + 1,
            names=tuple((key, known[key]) for key in sorted(keys) if key in known),
        )

    def _checks(self, device: Device, interval: int, tags: Mapping[str, str]) -> Iterator[Toml]:
        if device.icmp:
            spread = min(self._settings.jitter, limits.PING_SPREAD_S)
            offset = _offset(f"{device.name}:ping", spread)
            yield checks.ping(
                device, self._settings, interval=interval, offset_ms=offset, tags=tags
            )
        for port in device.tcp:
            offset = _offset(f"{device.name}:tcp:{port}", self._settings.jitter)
            yield checks.tcp(device, port, interval=interval, offset_ms=offset, tags=tags)

    def _fast(
        self, poll: Poll, instance: Instance, interval: int, tags: Mapping[str, str]
    ) -> Iterator[Toml]:
        name = poll.device.name
        parts = divided(instance, poll, interval)
        for alias, part in zip((name, f"{name}:small"), parts, strict=False):
            yield from self._snmp(poll, part, interval, alias, tags)

    def _snmp(
        self, poll: Poll, instance: Instance, interval: int, alias: str, tags: Mapping[str, str]
    ) -> Iterator[Toml]:
        if instance and poll.login:
            rule = self._settings.interfaces
            ports = tuple(
                dict.fromkeys(read.part.raw_name for read in instance.tables if read.part.naming)
            )
            held = ports and rule.holds(poll.match.chosen)
            yield self._writer.instance(
                poll.device,
                poll.login,
                instance,
                pace_of(instance, poll, interval),
                alias=alias,
                offset_ms=_offset(alias, self._settings.jitter),
                tags=tags,
                condition=rule.expression(ports) if held else "",
            )


def _clean(text: str) -> str:
    """A text that a device told when it was probed: one line, and not endless."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[: limits.TEXT_LENGTH]


def _offset(alias: str, spread_s: int) -> int:
    """Milliseconds after the start at which an instance is first polled.

    Drawn from its name: spread evenly over all, and the same at each start. Telegraf's own
    jitter is drawn anew for each poll, which makes intervals uneven.
    """
    drawn = int.from_bytes(blake2b(alias.encode(), digest_size=8).digest(), "big")
    return drawn % (spread_s * 1000) if spread_s else 0
