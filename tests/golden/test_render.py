"""Each folder of tests/golden/render is a workspace; `expected/` is what rendering makes of it.

Covers the whole way from files to files, with the shipped profiles. Whether Telegraf likes the
result is checked here as well; what it then tells is in tests/integration/test_telegraf.py.
After a change on purpose: pytest tests/golden --update-golden, and read the difference.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from collectors.knowledge.load import load_library
from tigctl.render.tenant import render
from tigctl.render.write import write
from tigctl.spec import lock, workspace
from tigctl.targets import tools

CASES = sorted(path.parent for path in Path(__file__).parent.glob("render/*/fleet.yaml"))


def make(case: Path, directory: Path) -> None:
    """What `tigctl render acme -o DIR` does."""
    tenant = workspace.load(case).tenants["acme"]
    library = load_library(tenant.profile_folders)
    found = lock.read(tenant.lock_path)
    method = tenant.settings.ping.method.replace("auto", "native")
    write(render(tenant, found, library, ping_method=method), directory)


def contents(directory: Path) -> dict[str, str]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes().decode() for path in files}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rendering_gives_the_expected_files(
    case: Path, tmp_path: Path, update_golden: bool
) -> None:
    make(case, tmp_path)

    if update_golden:
        shutil.rmtree(case / "expected", ignore_errors=True)
        shutil.copytree(tmp_path, case / "expected")
    made, expected = contents(tmp_path), contents(case / "expected")
    assert made.keys() == expected.keys()
    for name, text in expected.items():
        assert made[name] == text, name


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rendering_again_gives_the_same_bytes(case: Path, tmp_path: Path) -> None:
    make(case, tmp_path / "once")
    make(case, tmp_path / "twice")
    make(case, tmp_path / "twice")

    assert contents(tmp_path / "once") == contents(tmp_path / "twice")


@pytest.mark.real
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_telegraf_accepts_the_expected_files(case: Path) -> None:
    for path in sorted((case / "expected" / "telegraf").glob("*.conf")):
        done = subprocess.run(
            [tools.find("telegraf"), "--strict-env-handling", "config", "check", "--config", path],
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert " E! " not in done.stderr, done.stderr
