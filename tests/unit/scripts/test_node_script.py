"""What scripts/node leaves: nothing where it ends or is told to, and what a kill leaves goes with
the next one, the kernel's settings put back as the first of several found them.

A copy of the script with stand-ins for what needs root, and folders of the test's own. Leaves out
what it runs (tests/node).
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

# Each says what it is asked for; `unshare` stands for all that runs inside until its input ends.
STAND_INS = {
    "id": "echo 0",
    "sysctl": """
        case $1 in
          -q) shift 2; echo "$*" >>"$TRACE"; echo "${1#*=}" >"$KERNEL" ;;
          *) for name; do echo "$name = $(cat "$KERNEL")"; done ;;
        esac""",
    "unshare": """
        echo 1 >"$KERNEL"
        mkdir -p "$CGROUPS/cpu/tigctl-node-aa/pod"
        touch "$TMPDIR/image"
        echo "up"
        read -r""",
}
FORMER = "vm.overcommit_memory=0 kernel.panic=0 kernel.panic_on_oops=0"


class House:
    """A checkout with the script, and the machine it believes to be on."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.records, self.cgroups, self.temporary = (
            root / name for name in ("run", "cgroup", "tmp")
        )
        self.trace, kernel, programs = root / "trace", root / "kernel", root / "bin"
        for folder in (self.records, self.cgroups / "cpu", self.temporary, programs):
            folder.mkdir(parents=True)
        self.trace.touch()
        kernel.write_text("0\n")
        text = (ROOT / "scripts/node").read_text()
        for old, new in (
            ("records=/run\n", f"records={self.records}\n"),
            ("cgroups=/sys/fs/cgroup\n", f"cgroups={self.cgroups}\n"),
        ):
            assert old in text
            text = text.replace(old, new)
        (root / "scripts").mkdir()
        self.script = _program(root / "scripts/node", text)
        _program(root / "scripts/tools", "#!/bin/sh\n")
        for name, body in STAND_INS.items():
            _program(programs / name, f"#!/bin/bash\n{body}\n")
        self.environ = {
            **os.environ,
            "KERNEL": str(kernel),
            "TRACE": str(self.trace),
            "CGROUPS": str(self.cgroups),
            "PATH": f"{programs}:{os.environ['PATH']}",
            "TMPDIR": str(self.temporary),
        }
        self.started: list[subprocess.Popen[str]] = []

    def up(self) -> subprocess.Popen[str]:
        """Starts one and waits until it is inside."""
        pipe = subprocess.PIPE
        # Bash traps no signal that whoever started the tests ignores, as nohup does.
        command = ("env", "--default-signal", self.script, "shell")
        started = subprocess.Popen(command, env=self.environ, stdin=pipe, stdout=pipe, text=True)
        self.started.append(started)
        assert started.stdout
        assert started.stdout.readline() == "up\n"
        return started

    def down(self) -> str:
        """What `scripts/node down` says."""
        done = subprocess.run(
            [self.script, "down"], env=self.environ, capture_output=True, text=True, check=True
        )
        return done.stderr

    def left(self) -> set[str]:
        """What is there of runs."""
        folders = (self.records, self.temporary, self.cgroups / "cpu")
        return {folder.name for folder in folders if any(folder.iterdir())}

    def put_back(self) -> list[str]:
        """What the kernel's settings were set to."""
        return self.trace.read_text().splitlines()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    for one in made.started:
        one.kill()
        one.communicate()


def _program(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_one_that_ends_leaves_nothing(house: House) -> None:
    one = house.up()
    assert house.left() == {"run", "tmp", "cpu"}
    one.communicate()
    assert house.left() == set()
    assert house.put_back() == [FORMER]
    house.down()
    assert house.put_back() == [FORMER]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_one_that_is_told_to_end_leaves_nothing(house: House, number: signal.Signals) -> None:
    one = house.up()
    one.send_signal(number)
    one.wait()
    assert house.left() == set()
    assert house.put_back() == [FORMER]


def test_what_a_kill_leaves_goes_with_the_next(house: House) -> None:
    one = house.up()
    one.kill()
    assert one.stdout
    assert one.stdout.read() == "", "what runs inside ends with the script"
    assert house.left() == {"run", "tmp", "cpu"}
    assert house.down() == ""
    assert house.left() == set()
    assert house.put_back() == [FORMER]

    house.up().kill()
    again = house.up()
    again.communicate()
    assert house.left() == set()
    assert set(house.put_back()) == {FORMER}


def test_two_at_once_put_back_what_the_first_found(house: House) -> None:
    first, second = house.up(), house.up()
    first.communicate()
    assert house.left() == {"run", "tmp", "cpu"}
    assert house.put_back() == [], "the other one still needs them as they are"
    assert "one is running, and stays" in house.down()
    second.communicate()
    assert house.left() == set()
    assert house.put_back() == [FORMER]


def test_nobody_s_folder_of_that_name_is_no_record(house: House) -> None:
    (house.temporary / "tigctl-node.mine").mkdir()
    house.down()
    assert house.left() == {"tmp"}
