"""A Grafana without a volume: built from the files of its ConfigMaps, verified through its API.

Covers that a whole tenant's boards, rules, contacts and policies are in place after a start that
tigctl knows nothing of, that the plan sees so, and what an apply does where they are not. Behind
it is the small server that reads files as Grafana's documentation says (tests/grafana/files.py).
Leaves out: that the pod mounts them, which tests/integration/kubernetes tries.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.grafana.files import GrafanaFromFiles
from tests.integration.test_grafana import board
from tests.integration.test_grafana_alerts import CONTACTS
from tests.integration.test_grafana_alerts import state as with_alerts
from tigctl.backends.errors import Refused
from tigctl.backends.grafana import Grafana
from tigctl.errors import TargetError
from tigctl.render.bundle import GrafanaState
from tigctl.render.grafana import HOME, grafana_files
from tigctl.targets import grafana_state
from tigctl.targets.grafana_changes import Done, apply
from tigctl.targets.model import Action, Change

TOKEN = "reader$token"
ENVIRON = {
    "TIGCTL_INFLUXDB_READER_TOKEN": TOKEN,
    "ONCALL_URL": "https://hooks.example/with$dollar${ONCALL_URL}",
}


def state(given: dict[str, Any] | None = None, *names: str) -> GrafanaState:
    """Alerts as these settings say, and boards of these names."""
    alerts = with_alerts(given or {})
    boards = tuple(replace(board(name), folder="tigctl") for name in names or ("tigctl-one",))
    return replace(alerts, boards=boards, files=True)


def written(wanted: GrafanaState, root: Path) -> Path:
    for name, text in grafana_files(wanted).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root / "grafana"


@pytest.fixture
def server() -> Iterator[GrafanaFromFiles]:
    with GrafanaFromFiles() as running:
        yield running


@pytest.fixture
def grafana(server: GrafanaFromFiles) -> Iterator[Grafana]:
    with Grafana(server.url, "admin", server.state.passwords["admin"], timeout=10) as opened:
        yield opened


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    monkeypatch.setenv("ONCALL_URL", ENVIRON["ONCALL_URL"])
    return ENVIRON


def plan(grafana: Grafana, wanted: GrafanaState) -> tuple[Change, ...]:
    return grafana_state.changes(wanted, grafana_state.look(grafana, wanted), TOKEN)


def test_a_start_builds_everything_and_nothing_is_left_to_do(
    server: GrafanaFromFiles, grafana: Grafana, tmp_path: Path
) -> None:
    wanted = state(CONTACTS, "tigctl-one", "tigctl-two")
    assert {one.action for one in plan(grafana, wanted)} == {Action.CREATE}
    root = written(wanted, tmp_path)
    server.start(root, ENVIRON, HOME)
    assert plan(grafana, wanted) == ()
    server.requests.clear()
    assert apply(grafana, wanted, TOKEN) == Done()
    assert {one.split()[0] for one in server.requests} == {"GET"}
    server.start(root, ENVIRON, HOME)  # its pod is another one
    assert plan(grafana, wanted) == ()
    # What the files name is what Grafana has.
    (source,) = server.state.secrets.values()
    assert source == {"token": TOKEN}
    urls = {one["settings"].get("url") for one in server.state.alerting.contacts.values()}
    assert ENVIRON["ONCALL_URL"] in urls
    rules = json.dumps(list(server.state.alerting.rules.values()))
    assert "$labels" in rules
    assert "$$labels" not in rules
    titles = sorted(one["title"] for one in server.state.folders.values())
    assert titles == ["Network", "Network alerts"]


def test_what_is_not_as_its_file_says_is_read_again(
    server: GrafanaFromFiles, grafana: Grafana, tmp_path: Path
) -> None:
    wanted = state(CONTACTS)
    server.start(written(wanted, tmp_path), ENVIRON, HOME)
    del server.state.boards["tigctl-one"]
    del server.state.alerting.rules["tigctl-cpu-high"]
    next(iter(server.state.sources.values()))["url"] = "http://elsewhere"
    names = {f"{one.kind} {one.name}" for one in plan(grafana, wanted)}
    assert names == {"DataSource InfluxDB", "Board tigctl-one", "AlertRule tigctl-cpu-high"}
    assert set(apply(grafana, wanted, TOKEN).changed) == names
    assert plan(grafana, wanted) == ()


def test_what_is_ours_and_in_no_file_goes(
    server: GrafanaFromFiles, grafana: Grafana, tmp_path: Path
) -> None:
    wanted = state()
    server.start(written(wanted, tmp_path), ENVIRON, HOME)
    model = {"uid": "copy", "title": "A copy", "tags": ["tigctl"], "panels": []}
    server.by_hand("anna", "POST", "/api/dashboards/db", {"dashboard": model})
    assert apply(grafana, wanted, TOKEN).deleted == ("Board copy",)
    assert plan(grafana, wanted) == ()


def test_files_that_say_something_else_are_an_error_that_names_what(
    server: GrafanaFromFiles, grafana: Grafana, tmp_path: Path
) -> None:
    server.start(written(state({}, "tigctl-one"), tmp_path), ENVIRON, HOME)
    newer = state({}, "tigctl-one", "tigctl-two")
    with pytest.raises(TargetError, match="is not as they say: Board tigctl-two"):
        apply(grafana, newer, TOKEN)


def test_a_token_that_influxdb_refuses_is_seen(
    server: GrafanaFromFiles, grafana: Grafana, tmp_path: Path
) -> None:
    wanted = state()
    server.start(written(wanted, tmp_path), ENVIRON, HOME)
    server.state.tokens = {"another"}
    (change,) = plan(grafana, wanted)
    assert [(one.path, one.live) for one in change.fields] == [
        ("token", "not accepted by InfluxDB")
    ]


def test_the_api_changes_nothing_that_came_from_a_file(
    server: GrafanaFromFiles, grafana: Grafana, tmp_path: Path
) -> None:
    """So it is one way or the other."""
    wanted = state(CONTACTS)
    server.start(written(wanted, tmp_path), ENVIRON, HOME)
    server.state.alerting.rules["tigctl-cpu-high"]["title"] = "Mine"
    with pytest.raises(Refused, match=r"read-only|provisioned|provenance|folder"):
        apply(grafana, replace(wanted, files=False, boards=()), TOKEN)


def test_rules_and_boards_cannot_share_a_folder_that_files_make(
    server: GrafanaFromFiles, tmp_path: Path
) -> None:
    root = written(state(), tmp_path)
    path = root / "provisioning/alerting/tigctl.yaml"
    document = yaml.safe_load(path.read_text())
    for group in document["groups"]:
        group["folder"] = "Network"
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(AssertionError, match="same name already exists"):
        server.start(root, ENVIRON, HOME)
