"""The real Telegraf with what a pod mounts and is allowed: configuration in parts, as a projected
volume shows them; no file system to write to; the answer that probes ask for; pings without any
capability.

Leaves out kubelet: that it mounts, probes and sets the sysctl as told is its own business.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from collectors.telegraf.model import Shard
from tests.integration.readonly import read_only
from tests.integration.servers import end, free_port, request
from tests.unit.kubernetes.stacks import pod_of, stack, switches, variables, workloads
from tests.unit.telegraf.devices import V3, poll
from tigctl.render.kubernetes import configs
from tigctl.targets import tools

pytestmark = pytest.mark.real

ENVIRON = {
    "PATH": os.environ["PATH"],
    "TIGCTL_INFLUXDB_URL": "http://127.0.0.1:9",  # nobody is there: an outage from the start
    "TIGCTL_INFLUXDB_TOKEN": "a-token",
    "SNMP_COMMUNITY": "public",
    "NOC_AUTH": "password-for-tests",
    "NOC_PRIVACY": "password-for-tests",
}
SHARD = stack([*switches(30, ports=4), poll("v3", login=V3, tcp=(443,))]).shards[0]


def projected(folder: Path, files: Sequence[tuple[str, str]]) -> Path:
    """Files as kubelet shows them: links through `..data` to a folder with a time in its name."""
    held = folder / "..2026_01_01_00_00_00.1"
    held.mkdir(parents=True)
    (folder / "..data").symlink_to(held.name)
    for name, text in files:
        (held / name).write_text(text, encoding="utf-8")
        (folder / name).symlink_to(f"..data/{name}")
    return folder


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(str(tools.find("telegraf")), "config", "check", "--strict-env-handling"),
            *("--config-directory", str(folder)),
        ],
        env=ENVIRON,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextlib.contextmanager
def running(folder: Path, log: Path) -> Iterator[Path]:
    """Telegraf started as a pod starts it, where we may with nothing to write to; gives its log."""
    command = [str(tools.find("telegraf")), "--strict-env-handling", "--config-directory"]
    command.append(str(folder))
    with log.open("wb") as output:
        process = subprocess.Popen(
            read_only(command) if os.geteuid() == 0 else command,
            env=ENVIRON,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield log
    finally:
        end(process)


def until(ask: object, what: str, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not (callable(ask) and ask()):
        assert time.monotonic() < deadline, f"no {what} after {seconds:.0f} s"
        time.sleep(0.1)


def loaded(log: Path) -> list[str]:
    """What Telegraf says it has loaded: agent, plugins with how many of each."""
    text = log.read_text(errors="replace")
    return re.findall(r"I! (Loaded [^\n]*|\[agent\] Config:[^\n]*|Tags enabled[^\n]*)", text)


def whole_and_parts(shard: Shard) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    parts = configs.parts(shard, most=24 * 1024)
    assert len(parts) > 2
    return [("00.conf", shard.config)], parts


def test_the_parts_are_accepted(tmp_path: Path) -> None:
    _, parts = whole_and_parts(SHARD)
    done = check(projected(tmp_path / "parts", [*parts, ("health.conf", _health(8888))]))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_part_that_is_broken_is_refused(tmp_path: Path) -> None:
    """Else the test above would prove nothing."""
    _, parts = whole_and_parts(SHARD)
    name, text = parts[-1]
    broken = [*parts[:-1], (name, text.replace("[[inputs.", "[[inputs.no_", 1))]
    assert check(projected(tmp_path / "parts", broken)).returncode != 0


def test_the_parts_together_are_the_whole(tmp_path: Path) -> None:
    said = []
    for number, files in enumerate(whole_and_parts(SHARD)):
        folder = projected(tmp_path / str(number), files)
        with running(folder, tmp_path / f"{number}.log") as log:
            until(lambda log=log: any("[agent]" in line for line in loaded(log)), "start")
            said.append(loaded(log))
    assert said[0] == said[1]
    assert any(re.search(r"Loaded inputs: .*ping \(31x\)", line) for line in said[0])


def _health(port: int) -> str:
    text = configs.health(SHARD, 60)
    assert text.count(f":{configs.HEALTH_PORT}") == 1
    return text.replace(f":{configs.HEALTH_PORT}", f"127.0.0.1:{port}")


def test_the_probes_are_answered_in_an_outage_of_influxdb(tmp_path: Path) -> None:
    port = free_port()
    folder = projected(
        tmp_path / "conf", [("00.conf", SHARD.config), ("health.conf", _health(port))]
    )

    def answer() -> int:
        try:
            return request("GET", f"http://127.0.0.1:{port}/")[0]
        except (OSError, urllib.error.URLError):
            return 0

    with running(folder, tmp_path / "log") as log:
        until(lambda: answer() == 503, "answer before it has polled")
        until(lambda: answer() == 200, "answer after it has polled")
        until(lambda: "connection refused" in log.read_text(errors="replace"), "failed write")
        assert answer() == 200


# Pings

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="makes a network namespace, as root")

CONFIG = """
[agent]
omit_hostname = true
[[inputs.ping]]
urls = ["127.0.0.1", "::1"]
method = "exec"
count = 2
ping_interval = 0.2
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user can read; those of pytest belong to one."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@needs_root
@pytest.mark.parametrize("group", ["as rendered", "as by default"])
def test_a_copy_of_ping_needs_the_group_s_right_and_no_capability(
    open_folder: Path, group: str
) -> None:
    """What the pod does, with the user, the group, the sysctl and the commands of the pod."""
    pod = pod_of(workloads(stack(switches(1))), "Deployment telegraf-0")
    (init,) = pod["initContainers"]
    security = pod["securityContext"]
    (sysctl,) = security["sysctls"]
    programs = open_folder / "programs"
    programs.mkdir()
    subprocess.run([*init["command"][:-1], str(programs)], check=True)
    shutil.copy(tools.find("telegraf"), open_folder / "telegraf")
    (open_folder / "00.conf").write_text(CONFIG)
    path = variables(pod["containers"][0])["PATH"].replace("/opt/tigctl", str(programs))
    setting = sysctl["value"] if group == "as rendered" else "1 0"
    file = "/proc/sys/" + sysctl["name"].replace(".", "/")
    script = (
        f"ip link set lo up && echo {setting} >{file} && exec setpriv"
        f" --reuid {security['runAsUser']} --regid {security['runAsGroup']} --clear-groups"
        " --inh-caps=-all --bounding-set=-all --no-new-privs"
        f" {open_folder}/telegraf --config-directory {open_folder} --test"
    )
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", script],
        env={**ENVIRON, "PATH": path, "HOME": str(open_folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if group == "as rendered":
        assert done.stdout.count("packets_received=2i") == 2, done.stdout + done.stderr
    else:
        assert "packets_received=2i" not in done.stdout
        assert "missing cap_net_raw" in done.stdout + done.stderr
