"""What a server with an HTTP API may do instead of what it was asked; for InfluxDB and Grafana.

The API server of Kubernetes says more about its refusals and has errors of its own.
"""

from __future__ import annotations

from tigctl.errors import BackendError


class Refused(BackendError):
    """The server answered, but with an error; `status` is the HTTP status."""

    def __init__(self, message: str, *, status: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class Unreachable(BackendError):
    """The server did not answer, or not in time."""
