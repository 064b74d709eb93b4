"""A pytest plugin: in CI a skip is a failure, unless tests/allowed_skips.txt lists it.

A test that skips because something is missing proves nothing; on a developer's machine that
is fine, in CI it must not go unseen. Loaded by `-p tests.skips` in pyproject.toml.

Each line of allowed_skips.txt is a test's id or a pattern of ids (`*` for any text), then two
blanks and the reason. Empty lines and those that begin with `#` are comments.
"""

from __future__ import annotations

import fnmatch
import os
from pathlib import Path

import pytest

LISTED = Path(__file__).with_name("allowed_skips.txt")


def pytest_configure(config: pytest.Config) -> None:
    # With xdist only the controller sees all reports; its workers leave it to that one.
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Skips(strict=os.environ.get("CI") == "true"), "tigctl-skips")


def allowed(text: str) -> dict[str, str]:
    """The patterns in the text of allowed_skips.txt, each with its reason."""
    found = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            pattern, _, reason = line.partition("  ")
            if not reason.strip():
                raise pytest.UsageError(f"{LISTED.name}: {pattern!r} has no reason; add one")
            found[pattern.strip()] = reason.strip()
    return found


class Skips:
    """Collects the skips of a run and fails it for those that are not listed."""

    def __init__(self, *, strict: bool, listed: str | None = None) -> None:
        self.strict = strict
        text = listed if listed is not None else LISTED.read_text(encoding="utf-8")
        self.listed = allowed(text)
        self.unlisted: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # An expected failure is reported as skipped too, and is none.
        if report.skipped and not hasattr(report, "wasxfail"):
            self.note(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.note(report.nodeid)

    def note(self, node: str) -> None:
        """One skipped test, or a module skipped as a whole."""
        if not any(node == one or fnmatch.fnmatchcase(node, one) for one in self.listed):
            self.unlisted.append(node)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.strict and self.unlisted and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.strict and self.unlisted:
            terminalreporter.section("skips that tests/allowed_skips.txt does not list")
            for node in sorted(set(self.unlisted)):
                terminalreporter.line(f"FAILED {node} was skipped")
