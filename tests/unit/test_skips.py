"""The plugin that makes an unlisted skip a failure in CI; run on a small suite of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.skips import allowed

SUITE = """
import pytest

def test_runs():
    pass

def test_skips():
    pytest.skip("there is no such thing here")

@pytest.mark.xfail
def test_known_to_fail():
    assert False
"""


@pytest.mark.parametrize(
    ("ci", "listed", "code"),
    [
        ("true", "", 1),
        ("true", "test_suite.py::test_skips  needs a thing\n", 0),
        ("true", "*test_ski*  needs a thing\n", 0),
        ("true", "test_suite.py::test_runs  another one\n", 1),
        ("", "", 0),
    ],
)
def test_only_ci_minds_and_only_what_is_not_listed(
    tmp_path: Path, ci: str, listed: str, code: int
) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    plugin = Path(__file__).parents[1] / "skips.py"
    (tmp_path / "skips.py").write_bytes(plugin.read_bytes())
    (tmp_path / "allowed_skips.txt").write_text(listed)
    environ = {**os.environ, "CI": ci, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "skips", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout
    assert ("FAILED test_suite.py::test_skips was skipped" in done.stdout) == (code == 1)


def test_a_pattern_without_a_reason_is_refused() -> None:
    with pytest.raises(pytest.UsageError, match="no reason"):
        allowed("test_a.py::test_b\n")
