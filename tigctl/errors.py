"""The errors of tigctl: what went wrong, where, and what to do next.

    TigctlError                  anything tigctl refuses or fails at; carries the exit code
    ├── UsageError               the call itself makes no sense                      exit 2
    ├── InvalidFiles             faults in files of the workspace, all of them       exit 2
    └── WorldError               a machine, network or server does not do its part   exit 1
        ├── ToolError            a program (telegraf, influxd) is missing or unfit
        ├── TargetError          a target's state does not allow the step
        ├── BackendError         InfluxDB or Grafana refused or did not answer
        └── Busy                 another tigctl is at work on the same tenant

The program prints these as text; it never shows a traceback for any of them. A traceback
means a fault of tigctl itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class TigctlError(Exception):
    """Root of all errors a user may meet.

    `message` says what failed and what was got; `hint` what to do next, as an imperative
    sentence without the word "please". Neither ever holds a secret's value.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  next: {self.hint}" if self.hint else self.message


class UsageError(TigctlError):
    """The call itself makes no sense: an unknown tenant, flags that exclude each other."""

    exit_code = 2


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault in one file.

    `file` is relative to the workspace where it lies inside it; `line` counts from 1, 0 where
    the whole file is meant. `message` says what was got, what is expected and what to write.
    """

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.message}"


class InvalidFiles(TigctlError):
    """Faults in files of the workspace: all that were found, never only the first."""

    exit_code = 2

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))

    @property
    def summary(self) -> str:
        """The closing line: `4 faults in 2 files. Nothing was changed.`"""
        files = len({fault.file for fault in self.faults})
        count = len(self.faults)
        return (
            f"{count} fault{'s' if count != 1 else ''} in {files} file{'s' if files != 1 else ''}."
            " Nothing was changed."
        )


class WorldError(TigctlError):
    """A machine, network or server does not do its part."""


class ToolError(WorldError):
    """A program tigctl runs (telegraf, influxd) is missing, unfit or cannot be started."""


class TargetError(WorldError):
    """The state of a target does not allow the step."""


class BackendError(WorldError):
    """InfluxDB or Grafana refused, failed or did not answer."""


class Busy(WorldError):
    """Another tigctl is at work on the same tenant."""
