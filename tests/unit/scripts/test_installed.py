"""What `make venv` installs beside each other: urllib3 is urllib3.

grafana-client brings urllib3-future, whose ready-made wheel takes the place of urllib3 for every
package of the environment, and puts itself there again at each start of Python.
"""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import urllib3

from tests.docs.pages import ROOT

_REMEDY = "rm -r .venv && make venv; by hand: URLLIB3_NO_OVERRIDE=1 and --no-binary urllib3-future"


def test_urllib3_is_the_real_one() -> None:
    assert urllib3.__version__ == metadata.version("urllib3"), _REMEDY
    files = {str(path) for path in metadata.files("urllib3-future") or ()}
    assert not {path for path in files if path.startswith("urllib3/")}, _REMEDY
    assert not {path for path in files if path.endswith(".pth")}, _REMEDY


def test_both_are_there_at_once() -> None:
    # In a process of its own: the heavy clients are not to be loaded into the tests'.
    code = "import urllib3, urllib3_future, niquests; print(urllib3.__file__, niquests.Session)"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert str(Path("urllib3/__init__.py")) in said


def test_constraints_ask_for_the_source_of_urllib3_future() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert "--no-binary urllib3-future" in lines
    assert "URLLIB3_NO_OVERRIDE=1" in "\n".join(lines[:6])
