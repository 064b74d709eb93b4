"""Covers the search for Telegraf and InfluxDB: order, versions, plugins, what a refusal says.

Leaves out the building itself: `scripts/tools` does that, and the integration tests run what
it built.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tigctl.errors import ToolError
from tigctl.targets import tools


def program(folder: Path, name: str, version: str, plugins: tuple[str, ...] = ()) -> Path:
    """A shell script that answers `version` and `plugins` as the real program does."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    listed = "\n".join(plugins)
    path.write_text(
        f'#!/bin/sh\ncase "$1" in\nversion) echo "{version}" ;;\n'
        f"plugins) cat <<'END'\n{listed}\nEND\n;;\nesac\n"
    )
    path.chmod(0o755)
    return path


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache and a PATH with nothing of ours on it."""
    monkeypatch.delenv("TIGCTL_TOOLS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return tmp_path


def cached(world: Path, name: str) -> Path:
    tool = tools.TOOLS[name]
    return world / "cache" / "tigctl" / "tools" / f"{name}-{tool.version}"


def test_nothing_there_says_where_it_looked_and_what_to_do(world: Path) -> None:
    with pytest.raises(ToolError) as caught:
        tools.find("telegraf")
    assert "no telegraf 1.39 or later, below 2.0 found" in caught.value.message
    assert "scripts/tools telegraf" in str(caught.value)


def test_cache_serves_where_path_has_none(world: Path) -> None:
    built = program(cached(world, "influxd"), "influxd", "InfluxDB v2.9.1 (git: none)")
    assert tools.find("influxd") == built


def test_path_comes_before_the_cache(world: Path) -> None:
    program(cached(world, "influxd"), "influxd", "InfluxDB v2.9.1 (git: none)")
    installed = program(world / "bin", "influxd", "InfluxDB v2.8.0 (git: abc)")
    assert tools.find("influxd") == installed


def test_unfit_version_on_path_is_passed_over(world: Path) -> None:
    program(world / "bin", "influxd", "influxdb3-core, version 3.1.0")
    built = program(cached(world, "influxd"), "influxd", "InfluxDB v2.9.1 (git: none)")
    assert tools.find("influxd") == built


@pytest.mark.parametrize("version", ["Telegraf 1.38.9", "Telegraf 2.0.0", "Telegraf unknown"])
def test_telegraf_of_another_version_is_refused(world: Path, version: str) -> None:
    path = program(world / "bin", "telegraf", version, tools.TELEGRAF_PLUGINS)
    assert tools.unfit(tools.TOOLS["telegraf"], path)


def test_telegraf_without_a_plugin_is_refused_by_name(world: Path) -> None:
    some = tuple(name for name in tools.TELEGRAF_PLUGINS if name != "processors.starlark")
    program(world / "bin", "telegraf", "Telegraf 1.40.0", some)
    with pytest.raises(ToolError, match=r"lacks processors\.starlark"):
        tools.find("telegraf")


def test_own_folder_is_the_only_one_beside_path(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(cached(world, "influxd"), "influxd", "InfluxDB v2.9.1")
    own = program(world / "own", "influxd", "InfluxDB v2.7.12")
    monkeypatch.setenv("TIGCTL_TOOLS", str(world / "own"))
    assert tools.find("influxd") == own


def test_a_program_that_cannot_be_run_is_passed_over(world: Path) -> None:
    broken = program(world / "bin", "telegraf", "")
    broken.write_bytes(b"\x7fELF no program")
    with pytest.raises(ToolError, match="cannot be run"):
        tools.find("telegraf")


def test_command_line_answers_scripts(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tools.main(["version", "influxd"]) == 0
    assert capsys.readouterr().out == "2.9.1\n"
    assert tools.main(["find", "influxd"]) == 1
    assert tools.main(["find", "nothing"]) == 2
