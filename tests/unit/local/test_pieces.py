"""Covers the parts of the local target that need no server: state, ports, supervisor's file,
configurations' digests, unset variables, ping method, folders' rights, words for durations.

Leaves out: everything that runs (test_launch, test_local).
"""

from __future__ import annotations

import configparser
import json
import os
import shlex
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.telegraf.model import Shard
from tigctl.errors import TargetError, UsageError, WorldError
from tigctl.targets import environment, influxdb_state
from tigctl.targets.local import boot, network, ping, polling, programs, resources, supervisor
from tigctl.targets.local.layout import Layout, disk_errors
from tigctl.targets.local.state import State
from tigctl.targets.local.target import LocalTarget


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout.of(tmp_path, "acme")
    made.make()
    return made


# State


def test_state_comes_back_as_it_was_saved(layout: Layout) -> None:
    kept = ({"kind": "Bucket", "name": "raw", "since": "", "fields": {}, "values": {}},)
    seen = {"Bucket raw": dict[str, object]()}
    state = State(8086, "exec", {"influxdb": "influxd 2.9.1"}, {"read": "r"}, seen, kept)
    state.save(layout)
    assert State.load(layout) == state
    assert layout.state.stat().st_mode & 0o077 == 0


def test_no_state_is_an_empty_state(layout: Layout) -> None:
    assert State.load(layout) == State()


@given(
    st.one_of(
        st.binary(),
        st.recursive(
            st.one_of(st.none(), st.integers(), st.text()),
            lambda inner: st.dictionaries(
                st.sampled_from(["version", "port", "tokens", "influxdb", "other"]), inner
            ),
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_a_damaged_state_is_an_empty_state_that_says_so(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    layout = Layout(tmp_path_factory.mktemp("state"))
    layout.state.write_bytes(content)
    found = State.load(layout)
    if found.damaged:
        assert found == State(damaged=True)
    else:
        found.save(layout)
        assert State.load(layout) == found


def test_a_plan_names_a_damaged_state(layout: Layout, tmp_path: Path) -> None:
    layout.state.write_text("{")
    live = LocalTarget(tmp_path, "acme").live()
    assert [dict(one.fields) for one in live if one.kind == "State"] == [{"file": "damaged"}]


# Ports


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        made.listen()
        yield made


def test_a_taken_port_is_not_chosen(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = listener.getsockname()[1]
    assert not network.is_free(port)
    monkeypatch.setenv(network.PORTS_VARIABLE, f"{port}")
    with pytest.raises(TargetError, match=f"{port} to {port} of 127.0.0.1 are all taken"):
        network.choose(None, frozenset())


def test_the_kept_port_comes_first_and_refused_ones_never(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = listener.getsockname()[1]
    monkeypatch.setattr(network, "is_free", lambda port: port != taken)
    monkeypatch.setenv(network.PORTS_VARIABLE, "9000-9002")
    assert network.choose(9500, frozenset()) == 9500
    assert network.choose(taken, frozenset()) == 9000
    assert network.choose(None, frozenset({9000, 9001})) == 9002


@pytest.mark.parametrize("text", ["many", "0", "5-3", "1-70000", "-1", "1-2-3"])
def test_a_range_of_ports_that_is_none(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(network.PORTS_VARIABLE, text)
    with pytest.raises(UsageError, match=network.PORTS_VARIABLE):
        network.ports()


def test_who_listens(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    assert network.listens(os.getpid(), port)
    assert not network.listens(os.getppid(), port)
    listener.close()
    assert not network.listens(os.getpid(), port)


# The supervisor's configuration


def test_supervisor_keeps_the_programs_running() -> None:
    parser = configparser.RawConfigParser()
    parser.read_string(supervisor.configuration(["influxdb", "telegraf-0"]))
    program = parser["program:telegraf-0"]
    assert program["autorestart"] == "true"
    assert shlex.split(program["command"])[-1] == "run/telegraf-0.json"
    for name in ("influxdb", "telegraf-0"):
        section = parser[f"program:{name}"]
        assert section["stdout_logfile_maxbytes"] == "5MB"
    assert parser["unix_http_server"]["chmod"] == "0600"


def test_odd_paths_survive_the_supervisor_s_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = "/opt/100% 'pure'/python"
    monkeypatch.setattr(supervisor.sys, "executable", odd)
    parser = configparser.RawConfigParser()
    parser.read_string(supervisor.configuration(["influxdb"]))
    command = parser["program:influxdb"]["command"]
    assert shlex.split(command % {})[0] == odd


# Configurations of Telegraf


def shard(config: str, *variables: str) -> Shard:
    return Shard("telegraf-0", config, (), {}, variables, 1, 1)


def test_all_unset_variables_are_named_at_once() -> None:
    shards = [
        shard("", "TIGCTL_INFLUXDB_URL", "TIGCTL_INFLUXDB_TOKEN", "COMMUNITY", "AUTH"),
        shard("", "PRIV", "AUTH"),
    ]
    unset = "COMMUNITY, AUTH, PRIV are not set"
    with pytest.raises(environment.UnsetVariables, match=unset) as error:
        environment.refuse_unset(shards, {"COMMUNITY": ""})
    assert "export COMMUNITY=… AUTH=… PRIV=…" in str(error.value.hint)
    with pytest.raises(environment.UnsetVariables, match="AUTH is not set"):
        environment.refuse_unset(shards, {"COMMUNITY": "a", "PRIV": "b"})
    environment.refuse_unset(shards, {"COMMUNITY": "a", "PRIV": "b", "AUTH": "c"})


def test_settings_are_what_stands_before_the_first_input() -> None:
    one = shard('[agent]\n\n[[inputs.snmp]]\nalias = "a"\n')
    other = shard('[agent]\n\n[[inputs.snmp]]\nalias = "b"\n')
    assert polling.settings(one) == polling.settings(other)
    assert polling.settings(one) != polling.settings(shard("[agent]\nx = 1\n\n[[inputs.snmp]]\n"))


def test_an_edit_by_hand_shows(layout: Layout) -> None:
    wanted = shard("[agent]\n")
    layout.config("telegraf-0").write_text("[agent]\n# mine\n")
    layout.applied.write_text(
        json.dumps(
            {
                "shards": {
                    "telegraf-0": {
                        "content": polling.short(wanted.config),
                        "settings": polling.settings(wanted),
                        "devices": {"sw1": "abc"},
                    }
                }
            }
        )
    )
    (found,) = resources.live_configs(layout)
    assert "changed by hand" in str(found.fields["content"])
    assert found.fields["devices.sw1"] == "abc"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"shards": []}', '{"shards": {"a": {}}}'])
def test_a_damaged_record_counts_as_none(layout: Layout, content: str) -> None:
    layout.applied.write_text(content)
    assert polling.Applied.load(layout) == polling.Applied()


def test_influxdb_reports_fetches_and_shows_nothing(layout: Layout) -> None:
    command = programs.influxdb(layout, Path("/bin/influxd"), 8086).command
    assert {"--reporting-disabled", "--hardening-enabled", "--pprof-disabled"} <= set(command)


def test_the_environment_of_a_telegraf(layout: Layout) -> None:
    made = programs.telegraf(
        layout,
        Path("/bin/telegraf"),
        shard("", "TIGCTL_INFLUXDB_URL", "TIGCTL_INFLUXDB_TOKEN", "COMMUNITY"),
        port=8086,
        token="write-only",
        environ={"COMMUNITY": "c", "OTHER_SECRET": "not for it", "PATH": "/mine"},
    )
    assert set(made.environment) == {
        *("PATH", "HOME", "LANG", "GOMEMLIMIT", "COMMUNITY"),
        *("TIGCTL_INFLUXDB_URL", "TIGCTL_INFLUXDB_TOKEN"),
    }
    made.write(layout)
    assert layout.spec("telegraf-0").stat().st_mode & 0o077 == 0


def test_a_changed_secret_shows_by_its_variable_s_name_only(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout.spec("telegraf-0").write_text(
        json.dumps({"environment": {"COMMUNITY": "former", "PATH": "x"}})
    )
    monkeypatch.setenv("COMMUNITY", "present")
    (found,) = resources.live_processes(layout, State())
    assert found.fields["secrets"] == "former value of COMMUNITY"
    monkeypatch.delenv("COMMUNITY")
    (found,) = resources.live_processes(layout, State())
    assert found.fields["secrets"] == "current"


# The rest


def test_folders_are_private_and_kept_from_git(tmp_path: Path) -> None:
    (tmp_path / ".tigctl").mkdir(mode=0o755)
    layout = Layout.of(tmp_path, "acme")
    layout.make()
    for folder in (tmp_path / ".tigctl", layout.home, layout.secrets, layout.run, layout.influxdb):
        assert folder.stat().st_mode & 0o077 == 0, folder
    assert (tmp_path / ".tigctl" / ".gitignore").read_text() == "*\n"


def test_a_full_disk_is_no_traceback(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="no space left"), disk_errors(tmp_path):
        raise OSError(28, "No space left on device", str(tmp_path / "x"))


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / ".tigctl").write_text("")
    with pytest.raises(WorldError, match=r"\.tigctl"), disk_errors(tmp_path):
        Layout.of(tmp_path, "acme").make()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (30 * 86_400, "30d"),
        (730 * 86_400, "2y"),
        (3600, "1h"),
        (90, "90s"),
        (129_600, "36h"),
        (0, "for ever"),
    ],
)
def test_durations(seconds: int, text: str) -> None:
    assert influxdb_state.duration(seconds) == text


def test_the_ping_method_is_resolved_once(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = LocalTarget(tmp_path, "acme")
    assert target.ping_method("exec") == "exec"
    monkeypatch.setattr(ping, "_may_ping", lambda: True)
    assert target.ping_method("auto") == "native"
    assert not layout.state.exists(), "asking alone must write nothing"
    State(ping_method="exec").save(layout)
    assert target.ping_method("auto") == "exec"


def test_a_machine_that_cannot_ping_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ping, "_may_ping", lambda: False)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(TargetError, match="cannot ping") as error:
        ping.resolve()
    assert "setcap" in str(error.value.hint)


def test_after_a_reboot_is_told_with_the_commands(tmp_path: Path) -> None:
    text = boot.after_reboot(tmp_path / "my % folder", "acme")
    assert "tigctl apply acme" in text
    assert "@reboot" in text
    assert "my \\% folder" in text
    assert "my %% folder" in text


def test_nothing_applied_nothing_there(tmp_path: Path) -> None:
    target = LocalTarget(tmp_path, "acme")
    assert target.live() == ()
    assert target.components() == ()
    assert target.access() is None
    assert target.destroy(volumes=True, observe=lambda _step: None) == {}
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(TargetError, match="nothing was applied"):
        target.start()
    with pytest.raises(UsageError, match="no grafana"):
        target.opening("grafana")
