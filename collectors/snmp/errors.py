"""Why a device gave no answer to a request.

Never shown as they are: `collectors.probe` puts them into words.

    NoResponse        nothing that could be used came back in time
    ├── Closed        the host says that nobody listens on the port
    └── Unreachable   the system knows no way to the address
    Refused           SNMPv3: the device answered with a report instead
    DeadlinePassed    the time for this device is over
"""

from __future__ import annotations

from enum import StrEnum


class Report(StrEnum):
    """The reports of RFC 3414 (usmStats…) and RFC 3412, 3413 (snmpUnknown…)."""

    SECURITY_LEVEL = "unsupported security level"
    TIME_WINDOW = "not in time window"
    USER_NAME = "unknown user name"
    ENGINE_ID = "unknown engine ID"
    DIGEST = "wrong digest"
    DECRYPTION = "decryption error"
    CONTEXT = "unknown context"
    OTHER = "a report we do not know"
    SILENT = "no answer but to discovery"


class NoResponse(Exception):
    """Nothing that could be used came back, although the request was sent `tries` times.

    `timeout` is in seconds per try; `garbage` says what is wrong with the last thing that did
    come back, empty where nothing came.
    """

    def __init__(self, tries: int, timeout: float, garbage: str = "") -> None:
        super().__init__(f"no answer to {tries} tries of {timeout:g} s")
        self.tries = tries
        self.timeout = timeout
        self.garbage = garbage


class Closed(NoResponse):
    """The host says that nobody listens on this port."""


class Unreachable(NoResponse):
    """The network says that there is no way to this address; `garbage` holds its words."""


class Refused(Exception):
    """The device answered an SNMPv3 request with a report."""

    def __init__(self, report: Report, detail: str = "") -> None:
        super().__init__(f"{report} {detail}".rstrip())
        self.report = report
        self.detail = detail


class DeadlinePassed(Exception):
    """The time for this device is over."""
