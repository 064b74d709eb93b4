"""The API server itself: does it answer, how old is it, what time has it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from tigctl.backends.kubernetes.cluster import Pulse
from tigctl.targets.finding import Finding, failed, ok, warning
from tigctl.targets.kubernetes.doctor.look import Look
from tigctl.targets.kubernetes.fitting import named
from tigctl.targets.kubernetes.lease import DURATION_S

# docs/operations.md says what follows from which field, and what was tried.
OLDEST = (1, 30)
_OLDER_NODES = 3  # minor versions that a kubelet may be behind the API server
_NOTABLE = timedelta(seconds=5)
Version = tuple[int, int]


def version(look: Look) -> Iterator[Finding]:
    """The API server's version, and by which way it is reached."""
    said = look.cluster.version()
    found = parsed(said)
    where = look.cluster.host
    if path := urlsplit(where).path:
        where += f", a manager's proxy (path {path})"
    text = f"{said} at {where}"
    if found and found < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        yield failed(
            "API server",
            f"{text}: too old",
            f"update the cluster to Kubernetes {oldest} or later",
        )
    else:
        yield ok("API server", text)


def nodes(look: Look) -> Iterator[Finding]:
    """Whether the nodes' versions go with the API server's."""
    server = parsed(look.cluster.version())
    versions: Counter[str] = Counter()
    odd = []
    for node in look.objects("Node"):
        said = node["status"]["nodeInfo"]["kubeletVersion"].partition("-")[0]
        versions[said] += 1
        kubelet = parsed(said)
        if server and kubelet and not 0 <= server[1] - kubelet[1] <= _OLDER_NODES:
            odd.append(f"{node['metadata']['name']} {said}")
    if odd:
        yield warning(
            "versions of nodes",
            f"do not go with the API server's: {named(odd)}",
            f"a kubelet may be {_OLDER_NODES} minor versions older than the API server and never"
            " newer: update the one that is behind",
        )
    elif versions:
        counted = [f"{count} with {said}" for said, count in sorted(versions.items())]
        yield ok("versions of nodes", named(counted))


def clock(look: Look) -> Iterator[Finding]:
    """This machine's clock against the API server's: Leases and certificates depend on them."""
    pulse = look.cluster.pulse()
    off = skew(pulse)
    took = (pulse.ended - pulse.began) / timedelta(milliseconds=1)
    if off is None:
        yield warning("clock", "the answer carries no date", "see what stands in between")
        return
    text = f"{'behind' if off > timedelta() else 'ahead'} by {abs(off).total_seconds():,.0f} s"
    remedy = "let both take their time from the same source (chrony, systemd-timesyncd)"
    if abs(off) >= timedelta(seconds=DURATION_S):
        text = f"this machine is {text}: who works on a tenant cannot be told"
        yield failed("clock", text, remedy)
    elif abs(off) >= _NOTABLE:
        yield warning("clock", f"this machine is {text}", remedy)
    else:
        yield ok("clock", f"the same here and there; an answer takes {took:,.0f} ms")


def skew(pulse: Pulse) -> timedelta | None:
    """How far this machine's clock is behind the server's at least; None where none is told.

    The server's date has whole seconds, and it was set at some time between two of ours.
    """
    try:
        told = parsedate_to_datetime(pulse.date).astimezone(UTC)
    except ValueError:
        return None
    if told > pulse.ended:
        return told - pulse.ended
    latest = told + timedelta(seconds=1)
    return latest - pulse.began if latest < pulse.began else timedelta()


def parsed(said: str) -> Version | None:
    """Major and minor of `v1.35.4+k3s1`."""
    found = re.match(r"v?(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else None
