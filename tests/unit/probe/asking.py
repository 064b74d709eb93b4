"""Probing one fake agent: who asks, what all tests ask for, and what a good agent answers."""

from __future__ import annotations

from dataclasses import dataclass

from collectors.device import Device
from collectors.facts import Facts, Found, Reason
from collectors.knowledge.model import IdentitySource, NameColumn
from collectors.login import Community, Secret
from collectors.probe.model import Ask, Options
from collectors.probe.run import probe_with
from tests.simulator import ber
from tests.unit.probe.fakes import (
    COMMUNITY,
    SYSTEM,
    Behaviour,
    serving,
    table,
)

ENVIRON = {"COMMUNITY": COMMUNITY, "WRONG": "nobody-knows"}
V1 = Community("old", "1", Secret("COMMUNITY"))
V2C = Community("default", "2c", Secret("COMMUNITY"))
WRONG = Community("wrong", "2c", Secret("WRONG"))
OPTIONS = Options(timeout=0.2, retries=2, patience=0.6, deadline=5.0, slow_deadline=20.0)

IF_ENTRY, IF_X_ENTRY = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
STORAGE, VENDOR = "1.3.6.1.2.1.25.2.3.1", "1.3.6.1.4.1.99999.7"
SERIAL = f"{VENDOR}.1.0"


@dataclass(frozen=True)
class Wanted:
    """Questions of a test."""

    columns: tuple[str, ...] = (
        *(f"{IF_ENTRY}.{column}" for column in (2, 7, 8)),
        *(f"{IF_X_ENTRY}.{column}" for column in (1, 6, 10)),
        *(f"{STORAGE}.{column}" for column in (3, 5, 6)),
        *("1.3.6.1.2.1.1.5", "1.3.6.1.2.1.99.1.1.1.4", f"{VENDOR}.1", f"{VENDOR}.2"),
    )
    texts: tuple[str, ...] = (SERIAL, f"{VENDOR}.9.0")
    exact: tuple[str, ...] = ()
    rows: tuple[IdentitySource, ...] = ()
    names: tuple[NameColumn, ...] = ()
    stranger: bool = False


OBJECTS = [
    *SYSTEM,
    *table(IF_ENTRY, (2, 7, 8), 52),
    *table(IF_X_ENTRY, (1, 6, 10), 52),
    *table(STORAGE, (3, 5, 6), 3),
    (SERIAL, ber.text("FCW1929B68S")),
]
ANSWERS = {
    **dict.fromkeys((f"{IF_ENTRY}.{column}" for column in (2, 7, 8)), 52),
    **dict.fromkeys((f"{IF_X_ENTRY}.{column}" for column in (1, 6, 10)), 52),
    **dict.fromkeys((f"{STORAGE}.{column}" for column in (3, 5, 6)), 3),
    "1.3.6.1.2.1.1.5": 1,
    f"{VENDOR}.1": 1,
}


def probe_one(
    port: int,
    *logins: Community,
    options: Options = OPTIONS,
    wanted: Wanted | None = None,
    address: str = "127.0.0.1",
) -> Found:
    """What is found out about one agent on loopback."""
    ask = Ask(Device("fake", address, port), logins or (V2C,))
    inquiry = lambda *_: wanted or Wanted()  # noqa: E731 - a constant function
    return probe_with([ask], inquiry, ENVIRON, options, lambda *_: None)["fake"]


def facts_of(behave: Behaviour, *logins: Community, delay: float = 0.0) -> Facts:
    """What is found out about one that behaves so; AssertionError where it stays silent."""
    with serving(behave, delay=delay) as port:
        found = probe_one(port, *logins)
    assert found.facts, found.silence
    return found.facts


def silence_of(behave: Behaviour, *logins: Community) -> tuple[Reason, str]:
    """Why one that behaves so has no facts."""
    with serving(behave) as port:
        found = probe_one(port, *logins)
    assert found.silence, found.facts
    return found.silence.reason, found.silence.text
