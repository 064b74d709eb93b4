"""Exit codes and how errors are told, by the program itself in a temporary workspace.

What single commands do on a running stack is covered by tests/integration.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from collectors.errors import MissingVariable, ProfileError, ProfileFault
from tests.unit.cli.conftest import Run
from tigctl.cli import main as program
from tigctl.cli.commands import validate
from tigctl.cli.output import when_interrupted
from tigctl.errors import UsageError, WorldError


def test_help_names_every_command_with_the_command_s_own_words(run: Run) -> None:
    said = run("--help")
    assert said.code == 0
    for name, text in program.COMMANDS.items():
        command = importlib.import_module(f"tigctl.cli.commands.{name}").command
        assert isinstance(command, click.Command)
        assert (command.help or "").splitlines()[0] == text
        assert f"  {name} " in said.out


def test_every_command_has_a_module_and_every_module_a_command() -> None:
    folder = Path(validate.__file__).parent
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == set(program.COMMANDS)


@pytest.mark.parametrize("name", program.COMMANDS)
def test_every_command_explains_itself_with_an_example(name: str, run: Run) -> None:
    said = run(name, "--help")
    assert said.code == 0
    assert "Example" in said.out or name == "profiles"
    assert max(map(len, said.out.splitlines())) <= 100


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("stauts",), "Did you mean 'status'?"),
        (("probe",), "Missing argument 'TENANT'"),
        (("validate", "--nonsense"), "No such option"),
        (("apply", "acme", "--wait", "5 min"), "write 5m"),
        (("open", "acme", "kibana"), "kibana"),
    ],
)
def test_a_wrong_call_is_told_and_ends_with_2(
    arguments: tuple[str, ...], expected: str, run: Run, workspace: Path
) -> None:
    said = run(*arguments)
    assert said.code == 2
    assert expected in said.err
    assert said.out == ""


def test_all_faults_come_at_once_with_a_closing_line(run: Run, workspace: Path) -> None:
    (workspace / "fleet.yaml").write_text("pollin: {}\n")
    (workspace / "tenants/acme/devices.csv").write_text("name,address\na,10.0.0.300\n")
    (workspace / "profiles").mkdir()
    (workspace / "profiles/own.yaml").write_text("nonsense: 1\n")
    said = run("validate")
    assert said.code == 2
    assert said.out == ""
    assert "fleet.yaml:1: " in said.err
    assert "tenants/acme/devices.csv:2: address '10.0.0.300' is not an IP address" in said.err
    assert "profiles/own.yaml" in said.err
    assert said.err.splitlines()[-1].endswith("faults in 3 files. Nothing was changed.")


def test_validate_counts_what_it_looked_at(run: Run, workspace: Path) -> None:
    said = run("validate", "acme")
    assert (said.code, said.out) == (0, "1 tenant, 2 devices: no faults\n")


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (UsageError("which tenant?", hint="name one"), 2, "which tenant?\n  next: name one"),
        (WorldError("the disk is full"), 1, "the disk is full"),
        (MissingVariable("SNMP_X", "core"), 1, "SNMP_X is not set"),
        (ProfileError([ProfileFault("a.yaml", 3, "is odd")]), 2, "a.yaml:3: is odd\n1 fault in"),
        (
            PermissionError(13, "Permission denied", "fleet.yaml"),
            1,
            "fleet.yaml: Permission denied",
        ),
        (KeyboardInterrupt(), 130, "Interrupted."),
    ],
)
def test_errors_become_text_and_an_exit_code(
    error: BaseException,
    code: int,
    text: str,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_name: str | None) -> None:
        raise error

    monkeypatch.setattr("tigctl.cli.place.checked", fail)
    said = run("validate")
    assert said.code == code
    assert text in said.err
    assert "Traceback" not in said.err


def test_an_interrupt_says_what_state_things_are_in(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_name: str | None) -> None:
        with when_interrupted("The lock is as it was."):
            raise KeyboardInterrupt

    monkeypatch.setattr("tigctl.cli.place.checked", fail)
    assert run("validate").err == "The lock is as it was.\n"


def test_a_reader_that_leaves_is_no_traceback(workspace: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "tigctl", "schema"],
        stdout=writer,
        stderr=subprocess.PIPE,
        cwd=workspace,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


def test_help_imports_nothing_heavy(workspace: Path) -> None:
    assert _imported("--help") == set()


def test_validate_imports_no_client_and_no_tables(workspace: Path) -> None:
    assert _imported("validate") == {"pydantic"}


def _imported(*arguments: str) -> set[str]:
    heavy = ("pydantic", "rich", "pysnmp", "icmplib", "influxdb_client", "asyncio", "cryptography")
    script = (
        "import sys\nfrom tigctl.cli.main import main\n"
        f"code = main({list(arguments)!r})\n"
        f"print('IMPORTED', *(name for name in {heavy!r} if name in sys.modules))\n"
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split()[1:])


def test_the_workspace_is_found_from_below_by_option_and_by_variable(
    run: Run,
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    monkeypatch.chdir(workspace / "tenants/acme")
    assert run("validate").code == 0
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert run("validate").code == 2
    assert run("--workspace", str(workspace), "validate").code == 0
    monkeypatch.setenv("TIGCTL_WORKSPACE", str(workspace))
    assert run("validate").code == 0
    assert "no such folder" in run("--workspace", str(workspace / "absent"), "validate").err


def test_a_tenant_may_be_left_out_only_where_there_is_one(run: Run, workspace: Path) -> None:
    (workspace / "tenants/globex").mkdir()
    said = run("plan")
    assert said.code == 2
    assert "acme, globex" in said.err
    assert "exclude each other" in run("plan", "acme", "--all").err
    assert "no tenant 'initech'" in run("plan", "initech").err


def test_a_cluster_that_no_kubeconfig_leads_to(
    run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(workspace / "absent"))
    (workspace / "fleet.yaml").write_text(
        "targets: {prod: {type: kubernetes}}\ntarget: prod\nexposure: {grafana: {type: none}}\n"
        "credentials: {default: {version: 2c, community: {env: SNMP_COMMUNITY}}}\n"
    )
    said = run("apply", "acme")
    assert said.code == 2
    assert "gives no way to a cluster" in said.err
    assert "targets.NAME.kubeconfig" in said.err


def test_destroy_without_terminal_and_without_yes_refuses(
    run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "nothing to remove" in run("destroy", "acme", "--yes").err
    (workspace / ".tigctl/local/acme").mkdir(parents=True)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    said = run("destroy", "acme")
    assert said.code == 2
    assert "nothing was deleted" in said.err


def test_destroy_wants_the_tenant_s_name(
    run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace / ".tigctl/local/acme").mkdir(parents=True)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _text="": "acne")
    said = run("destroy", "acme")
    assert said.code == 1
    assert "nothing was deleted" in said.err
    assert (workspace / ".tigctl/local/acme").is_dir()


def test_destroy_works_where_the_files_are_broken_or_gone(run: Run, workspace: Path) -> None:
    (workspace / "tenants/acme/tenant.yaml").write_text("nonsense: 1\n")
    assert run("destroy", "acme", "--yes").code == 2
    (workspace / ".tigctl/local/acme").mkdir(parents=True)
    assert run("destroy", "acme", "-P", "--yes").code == 0
    (workspace / ".tigctl/local/gone").mkdir(parents=True)
    assert run("destroy", "gone", "-P", "--yes").code == 0


def test_schemas_are_printed_and_written(run: Run, workspace: Path) -> None:
    assert '"title": "tigctl: tenant.yaml"' in run("schema", "tenant.yaml").out
    said = run("schema", "-o", "schemas")
    assert said.out.splitlines() == [
        f"schemas/{name}.schema.json" for name in ("fleet", "tenant", "devices")
    ]
    assert (workspace / "schemas/fleet.schema.json").read_text().startswith("{\n")


def test_render_names_what_it_wrote_and_who_was_never_probed(run: Run, workspace: Path) -> None:
    said = run("render", "acme", "-o", "rendered")
    assert said.code == 0
    first, *tasks, last = said.out.splitlines()
    assert (first, last) == ("rendered/telegraf/telegraf-0.conf", "rendered/bundle.json")
    assert {Path(one).parent.as_posix() for one in tasks} == {"rendered/influxdb"}
    assert {"rendered/influxdb/5m.flux", "rendered/influxdb/1h.flux"} <= set(tasks)
    assert "core-sw1" in said.err
    assert all(Path(line).is_file() for line in said.out.splitlines())


def test_explain_knows_the_devices_and_the_nearest_name(run: Run, workspace: Path) -> None:
    said = run("explain", "acme", "core-sw1")
    assert said.code == 0
    assert said.out.startswith("core-sw1 (10.20.0.1) is not identified\n")
    assert "tigctl probe acme --device core-sw1" in said.out
    assert "did you mean core-sw1?" in run("explain", "acme", "core-sw").err


def test_probe_refuses_unknown_devices_before_it_asks_anyone(run: Run, workspace: Path) -> None:
    said = run("probe", "acme", "--device", "core-sw9")
    assert said.code == 2
    assert "acme has no device named core-sw9" in said.err
    assert not (workspace / "tenants/acme/devices.lock.json").exists()


def test_a_plan_file_that_is_none_is_refused(run: Run, workspace: Path) -> None:
    (workspace / "odd.plan").write_text("[1]")
    assert "is no plan of tigctl" in run("apply", "--plan", "odd.plan").err
    assert run("apply", "--plan", "absent.plan").code == 2
    (workspace / "good.plan").write_text('{"tenant": "acme", "changes": []}')
    assert "neither TENANT nor --all" in run("apply", "acme", "--plan", "good.plan").err


@pytest.mark.parametrize("option", ["--keep", "--give-back", "--only"])
@pytest.mark.parametrize("other", [("--all",), ("--plan", "acme.plan")])
def test_a_choice_of_changes_is_one_of_one_tenant_and_of_no_file(
    run: Run, option: str, other: tuple[str, ...]
) -> None:
    said = run("apply", *other, option, "Bucket/raw")
    assert said.code == 2
    assert f"{option} names changes of one tenant's plan" in said.err
    assert f"tigctl apply TENANT {option} Bucket/raw" in said.err


def test_choices_exclude_each_other(run: Run) -> None:
    said = run("apply", "acme", "--keep", "Bucket/raw", "--only", "Bucket/raw")
    assert (said.code, "--keep and --only exclude each other" in said.err) == (2, True)
