"""Covers what the documentation promises to be complete: docs/commands.md is every command's
`--help`, each environment variable and decision is listed, each dependency has its reason, and
constraints.txt pins what pyproject.toml asks for. Settings are covered by tests/unit/spec.

`pytest --update-golden` writes docs/commands.md anew.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

import click
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.docs.pages import ROOT
from tigctl.cli.main import root

HEAD = """\
# Commands

What `--help` says of each command. Generated: `pytest tests/docs --update-golden` writes it.
"""


def _commands(command: click.Command, context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            inner = click.Context(found, info_name=name, parent=context, **found.context_settings)
            yield from _commands(found, inner)


def _reference() -> str:
    context = click.Context(root, info_name="tigctl", **root.context_settings)
    context.max_content_width = context.terminal_width = 100
    parts = [HEAD]
    for one in _commands(root, context):
        one.terminal_width = 100
        text = "\n".join(line.rstrip() for line in one.get_help().splitlines())
        parts.append(f"## {one.command_path}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def test_commands_md_is_every_command_s_help(update_golden: bool) -> None:
    page = ROOT / "docs/commands.md"
    if update_golden:
        page.write_text(_reference(), encoding="utf-8")
    assert page.read_text(encoding="utf-8") == _reference()


def _sources() -> Iterator[str]:
    for folder in ("tigctl", "collectors", "scripts"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix in {".py", ""}:
                yield path.read_text(encoding="utf-8")


def test_every_variable_of_ours_is_documented() -> None:
    used = {name for text in _sources() for name in re.findall(r"\bTIGCTL_[A-Z_]+[A-Z]\b", text)}
    table = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`(TIGCTL_[A-Z_]+)", table))
    assert used - {"TIGCTL_COMPLETE"} <= documented
    assert documented <= used


def test_decisions_are_numbered_without_gaps_and_say_so() -> None:
    found = sorted((ROOT / "docs/decisions").glob("*.md"))
    for number, path in enumerate(found, start=1):
        assert path.name.startswith(f"{number:04}-")
        assert path.read_text(encoding="utf-8").startswith(f"# {number}. ")


def _project() -> tuple[list[str], str]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    return [*data["project"]["dependencies"], *data["dependency-groups"]["dev"]], text


def test_every_dependency_has_its_reason_beside_it() -> None:
    wanted, text = _project()
    for requirement in wanted:
        assert re.search(rf'^  "{re.escape(requirement)}", *# \S', text, flags=re.MULTILINE)


def test_constraints_pin_every_dependency_within_its_bounds() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)", lines, flags=re.MULTILINE))
    for text in _project()[0]:
        requirement = Requirement(text)
        version = pinned[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version, prereleases=True), text
    assert lines.count("--hash=sha256:") >= len(pinned)


@pytest.mark.parametrize("word", ["://", "--index-url", "--find-links", "--trusted-host", " @ "])
def test_constraints_name_no_place_to_download_from(word: str) -> None:
    assert word not in (ROOT / "constraints.txt").read_text(encoding="utf-8")
