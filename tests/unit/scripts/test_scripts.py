"""The scripts of the house that need no servers: what `make check` finds as leaks, what
`make coverage` says where recordings are missing, what the scripts for scripts run, and that every
script says what it is for."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import ROOT


def leaks(top: Path, name: str, text: str) -> str:
    """What scripts/leaks.py says of a repository with this one file; HOME is beside it."""
    folder, home = top / "checkout", top / "home"
    home.mkdir()
    (folder / name).parent.mkdir(parents=True)
    (folder / name).write_text(text.format(root=folder, home=home))
    (folder / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/leaks.py", folder / "scripts/leaks.py")
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    environ = {**os.environ, "HOME": str(home), "PIP_INDEX_URL": "https://index.example/simple"}
    done = subprocess.run(
        [ROOT / ".venv/bin/python", "scripts/leaks.py"],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (1 if done.stderr else 0)
    return done.stderr


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("notes.md", "see {root}/docs", "notes.md:1: tells '{root}/'"),
        ("notes.md", "\nfrom {home}/x", "notes.md:2: tells '{home}/'"),
        ("a.txt", "get it from index.example", "a.txt:1: tells 'index.example'"),
        ("constraints.txt", "--index-url somewhere\n", "constraints.txt: names a place"),
        ("constraints.txt", "a @ https://pypi.org/a.whl\n", "constraints.txt: names a place"),
        ("uv.lock", "", "uv.lock: a lock file"),
        ("fine.md", "https://pypi.org and /usr/bin", ""),
        # What git ignores is nobody's business.
        (".gitignore", ".gitignore {root}/x\n.gitignore\n", ""),
    ],
)
def test_leaks_are_found_and_nothing_else(tmp_path: Path, name: str, text: str, found: str) -> None:
    said = leaks(tmp_path, name, text)
    assert said.startswith(found.format(root=tmp_path / "checkout", home=tmp_path / "home"))
    assert bool(said) == bool(found)


def test_coverage_says_what_is_missing(tmp_path: Path) -> None:
    done = subprocess.run(
        [ROOT / "scripts/coverage", tmp_path / "none", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "RECORDINGS=DIR" in done.stderr
    assert f"{tmp_path}/simfarm.py" in done.stderr


@pytest.mark.parametrize(
    ("script", "said"),
    [("deploy", "apply acme -P -C"), ("cleanup", "destroy acme -P -C --yes")],
)
def test_the_scripts_for_scripts_ask_nothing(tmp_path: Path, script: str, said: str) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / script, tmp_path / "scripts" / script)
    program = tmp_path / ".venv/bin/tigctl"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "$@"\nexit 3\n')
    program.chmod(0o755)
    done = subprocess.run(
        [tmp_path / "scripts" / script, "acme", "-P", "-C"],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, f"{said}\n")


def _scripts() -> list[Path]:
    return sorted(path for path in (ROOT / "scripts").iterdir() if path.is_file())


@pytest.mark.parametrize("path", [*_scripts(), ROOT / ".ci/run"], ids=lambda path: path.name)
def test_every_script_says_what_it_is_for(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    if path.suffix == ".py":
        assert lines[0].startswith('"""')
    else:
        assert lines[0] == "#!/usr/bin/env bash"
        assert lines[1].startswith("# ")
        assert os.access(path, os.X_OK)
