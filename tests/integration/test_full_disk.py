"""Covers a disk that is really full: before an apply, during one, and for a probe's lock.

The disk is a small tmpfs in a mount namespace of the test's own, so nobody else sees it. Leaves
out other faults of a disk (unreadable, read-only), which unit tests of the files cover.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

# As root a mount namespace is enough; others need a user namespace around it.
UNSHARE = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
SCRIPT = """
set -u
mount -t tmpfs -o size=$SIZE tmpfs "$DISK" && cd "$DISK"
tigctl() { "$PYTHON" -m tigctl "$@" </dev/null; echo "code $1 $?"; }
tigctl init w && cd w
printf 'name,address,snmp\\nme,127.41.9.9,no\\n' > tenants/acme/devices.csv
"""
CLEAN = """
tigctl destroy acme --yes -P
cd / && umount "$DISK"
"""


def run(folder: Path, size: str, script: str) -> str:
    """What the script says, both streams; each command's exit code stands in a line `code …`."""
    environ = {**os.environ, "DISK": str(folder), "SIZE": size, "PYTHON": sys.executable}
    done = subprocess.run(
        [*UNSHARE, "bash", "-c", SCRIPT + script + CLEAN],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=200,
        check=False,
    )
    said = done.stdout
    if "unshare failed" in said or "permission denied" in said.lower():
        pytest.skip("no mount namespace can be made here")
    assert "Traceback" not in said
    assert "code destroy 0" in said, said
    return said


def test_a_disk_that_fills_up_under_the_stack_is_named(tmp_path: Path) -> None:
    said = run(tmp_path, "300k", "tigctl apply acme --wait 60s")
    assert "code apply 1" in said, said
    assert "the disk is full" in said or "no space left on device" in said, said


def test_a_full_disk_stops_nothing_for_good(tmp_path: Path) -> None:
    fill = "head -c 300m /dev/zero > fill 2>/dev/null\n"
    said = run(
        tmp_path,
        "100m",
        f"{fill}tigctl apply acme --wait 60s\ntigctl probe acme\nls tenants/acme\n"
        "rm fill; echo MENDED\ntigctl probe acme\ntigctl apply acme --wait 60s\n",
    )
    refused, _, mended = said.partition("MENDED\n")
    assert "code apply 1" in refused, said
    assert "code probe 1" in refused, said
    assert "devices.lock.json" not in refused.splitlines(), said
    assert "code probe 0" in mended, said
    assert "code apply 0" in mended, said
    assert "no space left on device" in said, said
