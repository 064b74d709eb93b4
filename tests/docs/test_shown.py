"""Covers what README and docs show: blocks `console` are run and compared, commands in blocks `sh`
and in the prose exist with the options shown, links lead somewhere, make targets exist.

Leaves out what needs devices or servers: tests/integration runs `make demo` and the target.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.docs.pages import PAGES, ROOT, blocks, prose
from tigctl.cli.main import root

_WRITTEN = [page for page in PAGES if any(block.language == "console" for block in blocks(page))]


@pytest.mark.parametrize("page", _WRITTEN)
def test_what_a_page_shows_is_what_happens(page: str, tmp_path: Path) -> None:
    here, code = tmp_path, 0
    for block in blocks(page):
        if block.name and block.language in {"csv", "yaml"}:
            file = here / block.name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text + "\n", encoding="utf-8")
        elif block.language == "console":
            for command, expected in _dialogue(block.text):
                if command.startswith("cd "):
                    here /= command[3:]
                    continue
                code, said = _run(command, here, code)
                assert _fits(said, expected), f"{page}:{block.line}: $ {command}\n{said}"


def _dialogue(text: str) -> Iterator[tuple[str, str]]:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected.strip("\n")


def _run(command: str, here: Path, code: int) -> tuple[int, str]:
    binaries = Path(sys.executable).parent
    environ = {
        key: value for key, value in os.environ.items() if not key.startswith(("TIGCTL_", "SNMP_"))
    }
    environ["PATH"] = f"{binaries}:{environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", f"(exit {code})\n{command}"],
        cwd=here,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.strip("\n")


def _fits(said: str, expected: str) -> bool:
    """Whether the output is what is shown, where `…` stands for anything."""
    pattern = ".*".join(re.escape(part) for part in expected.split("…"))
    return re.fullmatch(pattern, said, flags=re.DOTALL) is not None


def test_an_ellipsis_stands_for_anything_and_nothing_else_does() -> None:
    assert _fits("a\nb\nc", "a\n…\nc")
    assert _fits("it is so", "it is…")
    assert not _fits("a\nb", "a")
    assert not _fits("x.y", "x…z")


def _commands() -> Iterator[tuple[str, str]]:
    """Every command a page shows: in blocks `sh` and `console`, and as code in the prose."""
    for page in PAGES:
        for block in blocks(page):
            if block.language == "sh":
                lines = block.text.replace("\\\n", " ").splitlines()
            elif block.language == "console":
                lines = [command for command, _ in _dialogue(block.text)]
            else:
                continue
            for line in lines:
                yield from ((page, part.strip()) for part in re.split(r"&&|\|", line))
        for code in re.findall(r"`([^`\n]+)`", prose(page)):
            if re.match(r"(\.venv/bin/)?tigctl [a-z]|make [a-z-]+( |$)|scripts/[a-z-]+", code):
                yield page, code


COMMANDS = sorted(set(_commands()))


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_a_command_that_is_shown_exists(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words.pop(0)
    if not words:
        return
    program = Path(words[0]).name
    if program == "tigctl":
        _parse(root, words[1:])
    elif program == "make":
        targets = [word for word in words[1:] if "=" not in word]
        known = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
        assert set(targets) <= set(known)
    elif words[0].startswith("scripts/"):
        assert os.access(ROOT / words[0], os.X_OK)


def _parse(command: click.Command, words: list[str]) -> None:
    """Parses as the program does, without running anything."""
    if isinstance(command, click.Group):
        if words[:1] == ["--workspace"]:
            words = words[2:]
        if words in ([], ["--help"], ["--version"]):
            return
        found = command.get_command(click.Context(command), words[0])
        assert found is not None, f"there is no command {words[0]}"
        _parse(found, words[1:])
        return
    # In the prose a command is often named without what it works on: that is no fault.
    with contextlib.suppress(click.MissingParameter):
        command.make_context(command.name, [word for word in words if word != "--help"])


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = prose(page)
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not target.startswith("https://"):
            assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}"


@pytest.mark.parametrize("page", PAGES)
def test_folders_and_files_that_are_named_exist(page: str) -> None:
    for named in re.findall(
        r"`((?:docs|tests|scripts|examples|tigctl|collectors)/[\w./-]+)`", prose(page)
    ):
        assert (ROOT / named).exists(), f"{page} names {named}"


def test_the_readme_begins_with_demo_and_test() -> None:
    first = next(block for block in blocks("README.md") if block.language == "sh")
    assert first.text.splitlines() == ["make demo", "make test"]
