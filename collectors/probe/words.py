"""Why a device gave no facts, in words for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from collectors.facts import Reason, Silence
from collectors.snmp.credentials import Keys
from collectors.snmp.errors import (
    Closed,
    NoResponse,
    Refused,
    Report,
    Unreachable,
)


@dataclass(frozen=True, slots=True)
class Ping:
    """What ping said: whether it was asked (else why not), and the average in ms."""

    asked: bool
    ms: float | None = None
    why_not: str = ""

    @property
    def lost(self) -> bool:
        """Whether the host was pinged and did not answer."""
        return self.asked and self.ms is None

    def __str__(self) -> str:
        if not self.asked:
            return f"not pinged: {self.why_not}"
        if self.ms is None:
            return "ping lost"
        # Rounded, because these words are kept in the lock and should stay the same.
        if self.ms < 1:
            return "ping under 1 ms"
        return f"ping {self.ms:.0f} ms" if self.ms < 10 else f"ping {round(self.ms, -1):.0f} ms"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One login that was tried, and why it did not work."""

    keys: Keys
    failure: NoResponse | Refused


def nothing_fits(attempts: Sequence[Attempt], port: int, ping: Ping) -> Silence:
    """No login got an answer that could be used."""
    refused = [attempt for attempt in attempts if isinstance(attempt.failure, Refused)]
    if refused:
        return Silence(Reason.REFUSED, "; ".join(map(_refused, refused)))
    failures = [attempt.failure for attempt in attempts if isinstance(attempt.failure, NoResponse)]
    tried = f"tried: {', '.join(attempt.keys.name for attempt in attempts)}"
    garbage = next((f.garbage for f in failures if f.garbage and type(f) is NoResponse), "")
    if garbage:
        return Silence(
            Reason.BROKEN, f"what answers on UDP port {port} is no SNMP agent: {garbage}"
        )
    unreachable = next((f for f in failures if isinstance(f, Unreachable)), None)
    if unreachable and ping.ms is None:
        return Silence(Reason.DEAD, f"no way to this address: {unreachable.garbage}")
    if any(isinstance(failure, Closed) for failure in failures):
        return Silence(
            Reason.NO_ANSWER,
            f"the host is there ({ping}), but UDP port {port} is closed: switch its SNMP agent on",
        )
    if ping.lost:
        return Silence(Reason.DEAD, f"no answer to ping or SNMP ({tried})")
    if ping.asked:
        return Silence(Reason.NO_ANSWER, f"answers ping, but no credential fits ({tried})")
    return Silence(Reason.NO_ANSWER, f"no answer to SNMP ({tried}; {ping})")


def stalled(name: str, silence: NoResponse, ping: Ping) -> Silence:
    """It answered who it is, then nothing more."""
    text = f"answered as {name}, then SNMP time-out after {_tries(silence)} ({ping})"
    return Silence(Reason.TIMEOUT, text)


def too_slow(name: str, seconds: float, slowest: float) -> Silence:
    """It answers, but its time was over before it had told all."""
    text = f"answers as {name}, but {seconds:g} s were not enough (slowest answer {slowest:.1f} s)"
    return Silence(Reason.TIMEOUT, text)


def stopped_accepting(name: str, refused: Refused) -> Silence:
    """It took the login at first and then refused it."""
    text = f"answered as {name}, then refused the same login: v3: {refused.report}"
    return Silence(Reason.REFUSED, text)


def not_asked() -> Silence:
    """The inventory says `snmp: no`."""
    return Silence(Reason.NO_SNMP, "not asked by SNMP: the inventory says snmp: no")


def no_login() -> Silence:
    """There is nothing to log in with."""
    return Silence(Reason.NO_ANSWER, "not asked by SNMP: it has no credentials")


def own_fault(error: Exception) -> Silence:
    """Something in tigctl itself failed at this device."""
    text = f"probing it failed inside tigctl ({type(error).__name__}: {error}); report this fault"
    return Silence(Reason.BROKEN, text)


def _tries(silence: NoResponse) -> str:
    tries = f"{silence.tries} tries" if silence.tries > 1 else "1 try"
    return f"{tries} of {silence.timeout:.2g} s"


def _refused(attempt: Attempt) -> str:
    keys, refused = attempt.keys, attempt.failure
    assert isinstance(refused, Refused)  # noqa: S101 - the caller chose them by that
    user = getattr(keys, "user", "")
    words = {
        Report.USER_NAME: f"unknown user name '{user}'",
        Report.DIGEST: f"wrong digest for user '{user}': password or auth protocol differs",
        Report.DECRYPTION: (
            f"decryption error for user '{user}': privacy password or protocol differs"
        ),
        Report.TIME_WINDOW: "not in time window: its clock or boot counter jumps",
        Report.SECURITY_LEVEL: f"user '{user}' may not log in with this security level",
        Report.CONTEXT: f"unknown context '{getattr(keys, 'context', '')}'",
        Report.SILENT: (
            f"no answer to user '{user}', only to discovery:"
            " privacy password, protocols or context differ"
        ),
    }.get(refused.report, f"{refused.report} {refused.detail}".rstrip())
    return f"v3: {words} ({keys.name})"
