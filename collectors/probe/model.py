"""What a probe is asked to do, and how patient it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from collectors.device import Device
from collectors.knowledge.model import IdentitySource, NameColumn
from collectors.login import Login


@dataclass(frozen=True, slots=True)
class Ask:
    """One device to probe, and the logins to try, in order."""

    device: Device
    logins: tuple[Login, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """How patient a probe is. Times are in seconds.

    Attributes:
        timeout: how long one request waits before it is sent again.
        retries: how often it is sent again. With the defaults an answer is waited for 6 s.
        patience: how long a host that answers ping, but has answered no SNMP, gets at the end
            for one more request.
        deadline: for all of one device.
        slow_deadline: the same for a device whose answers take longer than `timeout`.
        concurrency: devices probed at the same time.
    """

    timeout: float = 2.0
    retries: int = 2
    patience: float = 10.0
    deadline: float = 60.0
    slow_deadline: float = 240.0
    concurrency: int = 100


class Questions(Protocol):
    """What a device is worth asking for (as `collectors.knowledge.match.questions` says)."""

    @property
    def columns(self) -> tuple[str, ...]:
        """OIDs of columns, and of scalars without `.0`, whose rows are counted."""

    @property
    def texts(self) -> tuple[str, ...]:
        """Full OIDs of texts to fetch."""

    @property
    def exact(self) -> tuple[str, ...]:
        """Full OIDs of values in tables, of which it is asked whether they are there."""

    @property
    def rows(self) -> tuple[IdentitySource, ...]:
        """Columns in which the first row that fits is looked for."""

    @property
    def names(self) -> tuple[NameColumn, ...]:
        """Columns that name rows, whose names are compared."""

    @property
    def stranger(self) -> bool:
        """Whether it is worth asking below which enterprises the device answers."""


Inquiry = Callable[[str, str, tuple[str, ...]], Questions]
"""From sysObjectID, sysDescr and the enterprises below which it answers (none, while nobody has
asked) to what the device is worth asking for."""
