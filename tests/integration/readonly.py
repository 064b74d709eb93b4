"""A program as a container with a read-only root file system has it: nothing can be written but
empty folders at the given paths. Needs root; the network stays as it is.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence


def read_only(command: Sequence[str], *, writable: Sequence[str] = ()) -> list[str]:
    """The command in a mount namespace of its own, in which the file system is read-only.

    What lies in folders above a writable path is hidden where that path does not exist.
    """
    steps = ["mount --make-rprivate /"]
    for path in writable:
        quoted = shlex.quote(path)
        above = shlex.quote(path.rpartition("/")[0] or "/")
        steps.append(f"[ -d {quoted} ] || mount -t tmpfs tmpfs {above} && mkdir -p {quoted}")
        steps.append(f"mount -t tmpfs tmpfs {quoted}")
    # Every mount of a disk, not the kernel's own: /tmp or /root may be one.
    steps.append(
        "awk '$3 !~ /^(proc|sysfs|devtmpfs|devpts|cgroup.*|mqueue)$/ {print $2}' /proc/mounts"
        f" | grep -vxF {' '.join(f'-e {shlex.quote(path)}' for path in ('/none', *writable))}"
        ' | grep -v ^/dev | while read -r at; do mount -o remount,ro,bind "$at"; done'
    )
    steps.append("if touch /tigctl-test 2>/dev/null; then echo 'not read-only' >&2; exit 1; fi")
    steps.append(f"exec {shlex.join(command)}")
    return ["unshare", "--mount", "sh", "-ec", "\n".join(steps)]
