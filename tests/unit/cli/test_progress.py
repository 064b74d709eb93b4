"""Progress on standard error: in place on a terminal, ended steps only elsewhere."""

from __future__ import annotations

import contextlib
import io
import sys

import pytest

from collectors.discovery.model import Progress
from collectors.facts import Facts, Found, Reason, Silence
from tigctl.cli.progress import Probing, Steps, Sweeping, bar
from tigctl.targets.interface import Step


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error from here on. No fixture: pytest puts its own back before the test."""
    made = Terminal()
    monkeypatch.setattr(sys, "stderr", made)
    monkeypatch.setenv("TERM", "xterm")
    return made


STEPS = (
    Step("influxdb"),
    Step("influxdb", "ready", seconds=0.4),
    Step("data", done=1, total=4),
    Step("data", "(1 known silent: x)", done=4, total=4, seconds=9.3),
)
KEPT = (
    " 1 influxdb                 ready                                               0.4 s\n"
    " 2 data                     4/4 (1 known silent: x)                             9.3 s\n"
)


def test_a_log_gets_ended_steps_only(capsys: pytest.CaptureFixture[str]) -> None:
    with Steps() as steps:
        for step in STEPS:
            steps(step)
    assert capsys.readouterr().err == KEPT


def test_a_terminal_sees_what_goes_on_and_keeps_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal(monkeypatch)
    with Steps() as steps:
        for step in STEPS:
            steps(step)
    text = screen.getvalue()
    assert "2 data                     ━━━━━━──────" in text
    lines = [line.rsplit("\x1b[K", 1)[-1] for line in text.split("\n")]
    assert "\n".join(lines) == KEPT


def test_a_terminal_is_left_with_a_clean_line_when_a_step_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = terminal(monkeypatch)
    with contextlib.suppress(ValueError), Steps() as steps:
        steps(Step("influxdb"))
        raise ValueError
    assert screen.getvalue().endswith("\r\x1b[K")


def test_probing_counts_verdicts(capsys: pytest.CaptureFixture[str]) -> None:
    with Probing(3) as probing:
        probing("a", Found("10.0.0.1", 161, Facts("default", "1.3", "", "")))
        probing("b", Found("10.0.0.2", 161, None, Silence(Reason.DEAD, "")))
        probing("c", Found("10.0.0.3", 161, None, Silence(Reason.REFUSED, "")))
        probing.end()
    said = capsys.readouterr().err
    assert said.startswith("Probe  3/3 ━━━━━━━━━━━━━━━━━━━━━━━━  1 answered, 1 dead, 1 refused  ")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("done", "total", "drawn"), [(0, 4, "────"), (1, 4, "━───"), (4, 4, "━━━━"), (0, 0, "━━━━")]
)
def test_bars(done: int, total: int, drawn: str) -> None:
    assert bar(done, total, width=4) == drawn


def test_a_sweep_shows_the_time_left_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def go() -> None:
        with Sweeping(1_022, 1_000) as sweeping:
            sweeping(Progress(done=511, total=1_022, left=65.4, found=12))
            sweeping.end()

    go()
    said = capsys.readouterr().err
    assert said.startswith("Sweep  1,022 addresses, 1,000 packets/s  ")
    assert said.count("\n") == 1
    screen = terminal(monkeypatch)
    go()
    half = "━" * 12 + "─" * 12
    assert f"{half}  1,000 packets/s, 1:05 left, 12 found" in screen.getvalue()
