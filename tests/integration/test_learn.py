"""`tigctl profiles learn` on a simulated device, as a user types it: what it writes, that it passes
`profiles check`, that the device is polled by it, and that nothing is overwritten.

The device is made up. What is proposed of which values, and walking agents that misbehave, are
covered by tests/unit/learning.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from collectors.knowledge.load import load_library
from collectors.knowledge.match import match
from tests.integration.agents import COMMUNITY, Object, agents
from tests.integration.test_telegraf import port, system

pytestmark = pytest.mark.real

ACME = "1.3.6.1.4.1.99999"
ENTITY = "1.3.6.1.2.1.47.1.1.1.1.7"
TEMPERATURES = {1: ("Inlet temperature", 231), 2: ("Outlet temperature", 402)}
DEVICE: list[Object] = [
    *((oid, tag, f"{ACME}.1.7" if oid.endswith(".2.0") else value) for oid, tag, value in system(
        "rt1", "AcmeOS 4.2.1 on XR-900"
    )),
    *port(1),
    *((f"{ACME}.3.1.1.2.{row}", 4, name) for row, (name, _) in TEMPERATURES.items()),
    *((f"{ACME}.3.1.1.3.{row}", 2, value) for row, (_, value) in TEMPERATURES.items()),
    *((f"{ACME}.3.1.1.4.{row}", 2, 650) for row in TEMPERATURES),
    *((f"{ACME}.3.2.1.2.{row}", 66, part) for row, part in ((1, 1001), (2, 1002))),
    *((f"{ACME}.3.2.1.3.{row}", 66, speed) for row, speed in ((1, 3210), (2, 3250))),
    *((f"{ACME}.3.2.1.4.{row}", 2, state) for row, state in ((1, 2), (2, 4))),
    (f"{ENTITY}.1001", 4, "Fan left"),
    (f"{ENTITY}.1002", 4, "Fan right"),
    (f"{ACME}.2.1.0", 4, "XR-900"),
    (f"{ACME}.2.2.0", 4, "FX19240077AB"),
    (f"{ACME}.2.3.0", 4, "4.2.1"),
    (f"{ACME}.2.4.0", 2, 37),
]  # fmt: skip


@dataclass(frozen=True)
class Workspace:
    root: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environ = {key: text for key, text in os.environ.items() if not key.startswith("TIGCTL_W")}
        done = subprocess.run(
            [sys.executable, "-m", "tigctl", *arguments],
            cwd=self.root,
            env=environ | {"SNMP_COMMUNITY": COMMUNITY},
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    directory = tmp_path_factory.mktemp("learn")
    with agents(directory, {"127.45.0.1": DEVICE}) as number:
        made = Workspace(directory / "workspace")
        made.root.mkdir()
        assert made.run("init").returncode == 0
        (made.root / "tenants/acme/devices.csv").write_text(
            f"name,address,port,icmp,snmp\nrt1,127.45.0.1,{number},no,\nmute,127.45.0.2,,yes,no\n"
        )
        yield made


@pytest.fixture(scope="module")
def learnt(workspace: Workspace) -> str:
    """What learning says; the profile is profiles/acme-router.yaml then."""
    done = workspace.run("profiles", "learn", "rt1", "--name", "acme-router", "--requests", "500")
    assert done.returncode == 0, done.stderr
    assert "tigctl probe acme --device rt1" in done.stderr
    return done.stdout


def test_each_proposal_has_its_reason_and_the_values(learnt: str) -> None:
    said = " ".join(learnt.split())

    assert "acme-router.yaml: from " in said
    assert "model 'XR-900' stands in sysDescr as well" in said
    assert "serial 'FX19240077AB' looks like a serial number" in said
    assert "os_version '4.2.1' looks like a version, and sysDescr has it" in said
    assert "rows are called after it ('Inlet temperature'), and 231, 402 fit as tenths" in said
    assert "rows are called after it ('Fan left'), and 3210, 3250 fit" in said
    assert "left open 3 objects that only the MIB explains" in said


def test_what_nobody_can_guess_stands_in_the_file(workspace: Workspace, learnt: str) -> None:
    text = (workspace.root / "profiles/acme-router.yaml").read_text()
    left = text.partition("# Nobody can guess these")[2]

    assert f"#   {ACME}.3.1.1.4: 650 in all 2 rows: a limit, or a setting" in left
    assert f"#   {ACME}.3.2.1.4: 2 (1 row), 4 (1 row): a state?" in left
    assert f"#   {ACME}.2.4.0: 37, a number without a name" in left
    assert learnt


def test_it_passes_the_check_and_polls_the_device(workspace: Workspace, learnt: str) -> None:
    assert learnt
    assert workspace.run("profiles", "check").stdout.startswith("1 own profile: no faults")
    assert workspace.run("probe", "acme", "--device", "rt1").returncode == 0
    said = workspace.run("explain", "acme", "rt1").stdout
    assert "rt1 (127.45.0.1 port" in said
    assert "is XR-900, 4.2.1, serial FX19240077AB" in said
    assert "+ acme-router:table_99999_3_1 (2 rows × 2 columns) → temperature" in said
    assert "+ acme-router:table_99999_3_2 (2 rows × 3 columns) → sensor" in said


def test_nothing_is_overwritten(workspace: Workspace, learnt: str) -> None:
    path = workspace.root / "profiles/acme-router.yaml"
    before = path.read_text()

    done = workspace.run("profiles", "learn", "rt1", "--name", "acme-router")

    assert learnt
    assert (done.returncode, path.read_text()) == (2, before)
    assert "nothing is overwritten" in done.stderr
    assert workspace.run("profiles", "learn", "rt1", "--name", "cisco").returncode == 2


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [(("mute",), "mute has snmp: no"), (("r9",), "no device named r9"),
     (("rt1", "--name", "../x"), "letters, digits and hyphens")],
)  # fmt: skip
def test_whom_it_cannot_learn_is_told(
    workspace: Workspace, arguments: tuple[str, ...], fault: str
) -> None:
    done = workspace.run("profiles", "learn", *arguments)

    assert done.returncode == 2
    assert fault in done.stderr


def test_learning_again_under_another_name_leaves_out_what_is_polled(
    workspace: Workspace, learnt: str
) -> None:
    assert learnt
    done = workspace.run("profiles", "learn", "rt1", "--name", "again", "--requests", "500")

    assert done.returncode == 0, done.stderr
    text = (workspace.root / "profiles/again.yaml").read_text()
    assert "extends: [acme-router]" in text
    assert "metrics:" not in text
    library = load_library([workspace.root / "profiles"])
    assert library["again"].metrics == library["acme-router"].metrics
    assert match(library, None).profile is None
