"""Errors of the collectors. tigctl turns them into its own at its edge.

CollectorError
├── MissingVariable     a credential names an environment variable that is not set
├── ProfileError        faults in profiles, each with file and line
└── NoRight             this process may not do it (raw or datagram ICMP sockets)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class CollectorError(Exception):
    """Root of the collectors' errors; `hint` says what to do next."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class MissingVariable(CollectorError):
    """A credential names an environment variable that is not set, or is empty."""

    def __init__(self, variable: str, credential: str) -> None:
        super().__init__(
            f"environment variable {variable} is not set; credentials '{credential}' need it",
            hint=f"export {variable}=… and run the command again",
        )
        self.variable = variable
        self.credential = credential


@dataclass(frozen=True, slots=True, order=True)
class ProfileFault:
    """One fault in one profile; `line` counts from 1, 0 where the whole file is meant."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.message}"


class ProfileError(CollectorError):
    """Faults in profiles: all that were found."""

    def __init__(self, faults: Sequence[ProfileFault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.faults)))


class NoRight(CollectorError):
    """The system does not let this process do it; the hint names the right that is missing."""
