"""What a long step shows while it runs, on standard error.

On a terminal one line is rewritten in place; elsewhere only ended steps are written, one line
each, so that a log stays readable. Layers below know only an observer to inform.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from types import TracebackType
from typing import Self

from collectors.discovery.model import Progress
from collectors.facts import Found, Reason
from tigctl.cli.output import WIDTH, count, is_terminal, printable, say, seconds
from tigctl.targets.interface import Step

_BAR = 24


class Line:
    """The line a terminal shows last; `show` rewrites it, `keep` leaves one for good."""

    def __init__(self) -> None:
        self.moving = is_terminal(sys.stderr)
        self._shown = False

    def show(self, text: str) -> None:
        """Shows what goes on, where the line can be taken back."""
        if self.moving:
            sys.stderr.write(f"\r\x1b[K{printable(text)[: WIDTH - 1]}")
            sys.stderr.flush()
            self._shown = True

    def clear(self) -> None:
        """Takes the moving line away."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            self._shown = False

    def keep(self, text: str) -> None:
        """Writes a line that stays."""
        self.clear()
        say(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.clear()


def bar(done: int, total: int, width: int = _BAR) -> str:
    """A bar of `width` signs, filled as far as the work is done."""
    full = width * done // total if total else width
    return "━" * full + "─" * (width - full)


class Steps(Line):
    """Observes an apply or destroy: ` 4 influxdb        ready        3.4 s`."""

    def __init__(self) -> None:
        super().__init__()
        self._number = 0
        self._started = time.monotonic()

    def __call__(self, step: Step) -> None:
        """One event; a step with `seconds` has ended."""
        progress = f"{step.done}/{step.total}" if step.total else ""
        said = " ".join(filter(None, (progress, step.detail)))
        if step.seconds is None:
            moving = f"{bar(step.done, step.total)} {said}" if step.total else said
            self.show(f"{self._number + 1:2} {step.name:<24} {moving}")
            return
        self._number += 1
        self.keep(
            f"{self._number:2} {step.name:<24} {said:<48} {seconds(step.seconds):>8}".rstrip()
        )


class Probing(Line):
    """Observes a probe: `Probe  12/24 ━━━━────  10 answered, 1 dead, 1 refused  2.1 s`."""

    def __init__(self, total: int) -> None:
        super().__init__()
        self._total = total
        self._done = 0
        self._said: Counter[str] = Counter()
        self._started = time.monotonic()

    def __call__(self, _name: str, found: Found) -> None:
        """One device has answered, or will not."""
        self._done += 1
        self._said[verdict(found)] += 1
        self.show(self._text())

    def end(self) -> None:
        """The closing line."""
        self.keep(self._text())

    def _text(self) -> str:
        said = ", ".join(f"{number} {word}" for word, number in sorted(self._said.items()))
        took = seconds(time.monotonic() - self._started)
        return f"Probe  {self._done}/{self._total} {bar(self._done, self._total)}  {said}  {took}"


class Sweeping(Line):
    """Observes a sweep: `Sweep  1,022 addresses ━━━━────  1,000 packets/s, 0:03 left, 12 found`."""

    def __init__(self, addresses: int, rate: int) -> None:
        super().__init__()
        self._what = f"Sweep  {count(addresses, 'address', 'addresses')}"
        self._rate = rate
        self._started = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        """It has got so far."""
        left = round(progress.left)
        self.show(
            f"{self._what} {bar(progress.done, progress.total)}  {self._rate:,} packets/s,"
            f" {left // 60}:{left % 60:02} left, {progress.found:,} found"
        )

    def end(self) -> None:
        """The closing line."""
        self.keep(
            f"{self._what}, {self._rate:,} packets/s  {seconds(time.monotonic() - self._started)}"
        )


_WORDS = {
    Reason.DEAD: "dead",
    Reason.NO_ANSWER: "without answer",
    Reason.REFUSED: "refused",
    Reason.TIMEOUT: "timed out",
    Reason.BROKEN: "broken",
    Reason.NO_SNMP: "not asked",
}


def verdict(found: Found) -> str:
    """One word on what came of asking a device."""
    return _WORDS[found.silence.reason] if found.silence else "answered"
