"""Covers the adapter to Grafana and what the plan makes of it, over real HTTP.

Grafana itself cannot be had here: tests/grafana speaks its API, and says at its top
what it was modelled on. So this shows that requests are made in the right order, with the right
bodies, and that answers are understood; not that a Grafana of any version gives these answers.
Leaves out the way to a Grafana in a cluster, and loading boards from files.
"""

from __future__ import annotations

import json
import re
import socket
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import niquests.utils
import pytest

from tests.grafana.server import GrafanaServer
from tigctl.backends.errors import Refused, Unreachable
from tigctl.backends.grafana import Grafana
from tigctl.backends.grafana_model import Stale
from tigctl.errors import TargetError
from tigctl.render.boards import dumps, normal
from tigctl.render.bundle import Board, DataSource, Folder, GrafanaState
from tigctl.render.grafana import state as rendered
from tigctl.targets import grafana_state
from tigctl.targets.grafana_changes import Done, apply
from tigctl.targets.grafana_state import Found
from tigctl.targets.model import Action, Change, FieldChange

TOKEN = "a-token-that-nobody-may-see"
SOURCE, FOLDER = "DataSource InfluxDB", "Folder tigctl"


@pytest.fixture(params=["", "/grafana"], ids=["root", "sub-path"])
def server(request: pytest.FixtureRequest) -> Iterator[GrafanaServer]:
    with GrafanaServer(path_prefix=request.param) as running:
        yield running


@pytest.fixture
def grafana(server: GrafanaServer) -> Iterator[Grafana]:
    with log_in(server) as opened:
        yield opened


def log_in(server: GrafanaServer, password: str | None = None) -> Grafana:
    right = server.state.passwords["admin"]
    return Grafana(server.url, "admin", password or right, server.path_prefix, timeout=10)


def board(uid: str, title: str = "", **more: Any) -> Board:
    model = {
        "uid": uid,
        "title": title or uid,
        "tags": ["tigctl"],
        "panels": [{"id": 1, "title": "CPU", "type": "timeseries", "gridPos": {"h": 8.0}}],
        **more,
    }
    return Board(uid, title or uid, "", dumps(normal(model)))


def state(*boards: Board) -> GrafanaState:
    return rendered("acme", "raw", boards, url="http://influxdb:8086")


def plan(grafana: Grafana, wanted: GrafanaState, token: str = TOKEN) -> tuple[Change, ...]:
    return grafana_state.changes(wanted, grafana_state.look(grafana, wanted), token)


def shown(changes: tuple[Change, ...]) -> list[str]:
    return [f"{change.action} {change.kind} {change.name}" for change in changes]


# Life and log-in


def test_it_is_healthy_without_a_log_in(server: GrafanaServer) -> None:
    with log_in(server, password="wrong") as stranger:
        assert stranger.healthy()
    server.misbehave("GET", "/api/health", 503)
    with log_in(server) as opened:
        assert not opened.healthy()


def test_a_wrong_password_is_told_from_an_absent_server(server: GrafanaServer) -> None:
    with log_in(server) as opened:
        assert opened.accepts_login()
    with log_in(server, password="wrong-but-secret") as stranger:
        assert not stranger.accepts_login()
        with pytest.raises(Refused, match="401 Invalid username or password") as refused:
            stranger.data_sources()
    assert "docs/operations.md" in str(refused.value)
    assert "wrong-but-secret" not in str(refused.value)


def test_nobody_there_is_unreachable() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        with Grafana(f"http://127.0.0.1:{port}", "admin", "a-secret", timeout=5) as opened:
            assert not opened.healthy()
            with pytest.raises(Unreachable, match="does not answer") as unreachable:
                opened.accepts_login()
    assert "a-secret" not in str(unreachable.value)


def test_no_answer_in_time_is_unreachable(server: GrafanaServer) -> None:
    server.misbehave("GET", "/api/folders", "hang")
    with (
        Grafana(server.url, "admin", "right", server.path_prefix, timeout=0.3) as opened,
        pytest.raises(Unreachable, match="does not answer"),
    ):
        opened.folders()


@pytest.mark.parametrize("fault", ["lost", "page"])
def test_no_sensible_answer_is_unreachable(server: GrafanaServer, fault: Any) -> None:
    server.misbehave("GET", "/api/folders", fault)
    with log_in(server) as opened, pytest.raises(Unreachable):
        opened.folders()


def test_a_failing_server_is_refused_with_its_words(
    server: GrafanaServer, grafana: Grafana
) -> None:
    server.misbehave("GET", "/api/folders", 500)
    with pytest.raises(Refused, match="500 as the test wanted") as refused:
        grafana.folders()
    assert refused.value.status == 500
    assert "log" in str(refused.value)


def test_the_wrong_path_is_named_as_the_cause() -> None:
    with (
        GrafanaServer(path_prefix="/grafana") as server,
        Grafana(server.url, "admin", "right") as opened,
        pytest.raises(Unreachable, match="another address") as unreachable,
    ):
        opened.create_folder("tigctl", "Network")
    assert "exposure.grafana.path" in str(unreachable.value)
    assert not server.state.folders


def test_a_proxy_of_the_environment_is_not_asked(
    grafana: Grafana, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    for name in ("getproxies", "getproxies_environment"):
        # niquests remembers what it found there first; here that has to be what was set above.
        monkeypatch.setattr(niquests.utils, name, getattr(urllib.request, name))
    assert grafana.accepts_login()


# One plan, one apply


def test_a_new_grafana_gets_all_of_it_and_then_nothing_is_to_do(
    server: GrafanaServer, grafana: Grafana
) -> None:
    wanted = state(board("tigctl-one", "One"), board("tigctl-two", "Two"))
    assert shown(plan(grafana, wanted)) == [
        "create DataSource InfluxDB",
        "create Folder tigctl",
        "create Board tigctl-one",
        "create Board tigctl-two",
    ]

    done = apply(grafana, wanted, TOKEN)

    boards = ("Board tigctl-one", "Board tigctl-two")
    assert done == Done(created=(SOURCE, FOLDER, *boards))
    (source,) = server.state.sources.values()
    assert source["url"] == "http://influxdb:8086"
    assert source["access"] == "proxy"
    assert {"version": "Flux", "organization": "acme", "defaultBucket": "raw"}.items() <= (
        source["jsonData"].items()
    )
    assert server.state.secrets["tigctl-influxdb"] == {"token": TOKEN}
    assert {one["folder"] for one in server.state.boards.values()} == {"tigctl"}
    assert plan(grafana, wanted) == ()
    assert apply(grafana, wanted, TOKEN) == Done()


def test_a_plan_costs_few_requests_and_changes_nothing(
    server: GrafanaServer, grafana: Grafana
) -> None:
    wanted = state(*(board(f"tigctl-{number}") for number in range(9)))
    apply(grafana, wanted, TOKEN)
    server.requests.clear()
    assert plan(grafana, wanted) == ()
    assert len(server.requests) == 8 + 1 + 9
    assert {request.split()[0] for request in server.requests} == {"GET"}


def test_without_boards_there_is_no_folder(server: GrafanaServer, grafana: Grafana) -> None:
    apply(grafana, state(), TOKEN)
    assert list(server.state.sources) == ["tigctl-influxdb"]
    assert not server.state.folders


def test_a_new_title_and_panel_are_told_field_by_field(grafana: Grafana) -> None:
    apply(grafana, state(board("tigctl-one", "One")), TOKEN)
    panels = [{"id": 1, "title": "CPU", "type": "gauge"}, {"id": 2, "title": "Memory"}]
    newer = state(board("tigctl-one", "Number one", panels=panels, refresh="1m"))
    (change,) = plan(grafana, newer)
    assert (change.action, change.manager) == (Action.UPDATE, "")
    fields = {one.path: (one.live, one.wanted) for one in change.fields}
    assert set(fields) == {"title", "refresh", "panels.CPU", "panels.Memory", "content"}
    assert fields["title"] == ("One", "Number one")
    assert fields["panels.Memory"][0] is None
    assert apply(grafana, newer, TOKEN) == Done(changed=("Board tigctl-one",))
    assert plan(grafana, newer) == ()


def test_what_is_ours_and_not_wanted_any_more_goes(server: GrafanaServer, grafana: Grafana) -> None:
    former = state(board("tigctl-one"), board("own-two"))
    more = replace(
        former,
        data_sources=(*former.data_sources, replace(former.data_sources[0], uid="x", name="X")),
        folders=(*former.folders, Folder("tigctl-more", "More")),
    )
    apply(grafana, more, TOKEN)
    wanted = state(board("tigctl-one"))
    gone = ["delete Board own-two", "delete Folder tigctl-more", "delete DataSource X"]
    found = [change for change in plan(grafana, wanted) if change.action is Action.DELETE]
    assert shown(tuple(found)) == gone
    done = apply(grafana, wanted, TOKEN)
    assert done.deleted == ("Board own-two", "Folder tigctl-more", "DataSource X")
    assert list(server.state.boards) == ["tigctl-one"]
    assert list(server.state.folders) == ["tigctl"]
    assert list(server.state.sources) == ["tigctl-influxdb"]
    assert plan(grafana, wanted) == ()


def test_what_people_made_stays(server: GrafanaServer, grafana: Grafana) -> None:
    def by_hand(path: str, body: dict[str, Any]) -> None:
        server.by_hand("anna", "POST", path, body)

    by_hand("/api/folders", {"uid": "hers", "title": "Network"})
    by_hand("/api/dashboards/db", {"dashboard": {"uid": "hers", "title": "Mine"}})
    by_hand("/api/datasources", {"uid": "hers", "name": "Prometheus", "type": "prometheus"})
    apply(grafana, state(board("tigctl-one")), TOKEN)
    apply(grafana, state(), TOKEN)
    assert set(server.state.boards) == {"hers"}
    assert set(server.state.folders) == {"hers"}
    assert set(server.state.sources) == {"hers", "tigctl-influxdb"}


def test_a_folder_with_a_board_of_somebody_else_is_kept(
    server: GrafanaServer, grafana: Grafana
) -> None:
    apply(grafana, state(board("tigctl-one")), TOKEN)
    hers = {"dashboard": {"uid": "hers", "title": "Mine"}, "folderUid": "tigctl"}
    server.by_hand("anna", "POST", "/api/dashboards/db", hers)
    assert apply(grafana, state(), TOKEN).deleted == ("Board tigctl-one",)
    assert set(server.state.boards) == {"hers"}
    assert set(server.state.folders) == {"tigctl"}
    assert plan(grafana, state()) == ()


# Drift


def test_a_board_changed_with_the_mouse_is_told_with_who_and_when(
    server: GrafanaServer, grafana: Grafana
) -> None:
    wanted = state(board("tigctl-one", "One"))
    apply(grafana, wanted, TOKEN)
    server.change_board("anna", "tigctl-one", title="Anna's", time={"from": "now-7d", "to": "now"})
    (change,) = plan(grafana, wanted)
    assert change.action is Action.UPDATE
    assert re.fullmatch(r"anna, 2026-11-20 14:02", change.manager)
    assert FieldChange("title", "Anna's", "One") in change.fields
    assert FieldChange("time", "now-7d to now", "") in change.fields
    apply(grafana, wanted, TOKEN)
    assert server.state.boards["tigctl-one"]["model"]["title"] == "One"
    assert plan(grafana, wanted) == ()


def test_a_save_that_changes_nothing_is_no_drift(server: GrafanaServer, grafana: Grafana) -> None:
    wanted = state(board("tigctl-one"))
    apply(grafana, wanted, TOKEN)
    server.change_board("anna", "tigctl-one", links=[], description="", editable=None)
    assert server.state.boards["tigctl-one"]["version"] == 2
    assert plan(grafana, wanted) == ()


def test_a_board_moved_or_deleted_comes_back(server: GrafanaServer, grafana: Grafana) -> None:
    wanted = state(board("tigctl-one"), board("tigctl-two"))
    apply(grafana, wanted, TOKEN)
    server.change_board("anna", "tigctl-one", folder="")
    server.by_hand("anna", "DELETE", "/api/dashboards/uid/tigctl-two")
    update, create = plan(grafana, wanted)
    assert update.fields == (FieldChange("folder", "", "tigctl"),)
    assert (create.action, create.name) == (Action.CREATE, "tigctl-two")
    apply(grafana, wanted, TOKEN)
    assert plan(grafana, wanted) == ()


def test_a_board_whose_tag_was_taken_away_is_found_and_adopted(
    server: GrafanaServer, grafana: Grafana
) -> None:
    wanted = state(board("tigctl-one"))
    apply(grafana, wanted, TOKEN)
    server.change_board("anna", "tigctl-one", tags=[])
    (change,) = plan(grafana, wanted)
    assert change.action is Action.ADOPT
    assert change.manager.startswith("anna, ")
    assert FieldChange("tags", "", "tigctl") in change.fields
    assert apply(grafana, wanted, TOKEN) == Done(changed=("Board tigctl-one",))
    assert plan(grafana, wanted) == ()


def test_a_folder_renamed_and_put_into_another_comes_back(
    server: GrafanaServer, grafana: Grafana
) -> None:
    wanted = state(board("tigctl-one"))
    apply(grafana, wanted, TOKEN)
    server.by_hand("anna", "POST", "/api/folders", {"uid": "hers", "title": "Hers"})
    server.by_hand("anna", "PUT", "/api/folders/tigctl", {"title": "Net", "overwrite": True})
    server.by_hand("anna", "POST", "/api/folders/tigctl/move", {"parentUid": "hers"})
    (change,) = plan(grafana, wanted)
    assert change.fields == (
        FieldChange("title", "Net", "Network"),
        FieldChange("parent", "hers", ""),
    )
    apply(grafana, wanted, TOKEN)
    assert plan(grafana, wanted) == ()
    assert set(server.state.boards) == {"tigctl-one"}


def test_a_deleted_folder_comes_back_with_its_boards(
    server: GrafanaServer, grafana: Grafana
) -> None:
    wanted = state(board("tigctl-one"))
    apply(grafana, wanted, TOKEN)
    server.by_hand("anna", "DELETE", "/api/folders/tigctl")
    assert apply(grafana, wanted, TOKEN) == Done(created=(FOLDER, "Board tigctl-one"))
    assert plan(grafana, wanted) == ()


def edit_source(server: GrafanaServer, **change: Any) -> None:
    found = server.by_hand("anna", "GET", "/api/datasources/uid/tigctl-influxdb")
    server.by_hand("anna", "PUT", "/api/datasources/uid/tigctl-influxdb", {**found, **change})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (
            {"url": "http://elsewhere"},
            FieldChange("url", "http://elsewhere", "http://influxdb:8086"),
        ),
        ({"access": "direct"}, FieldChange("access", "direct", "proxy")),
        ({"isDefault": False}, FieldChange("default", False, True)),
        ({"name": "Renamed"}, FieldChange("name", "Renamed", "InfluxDB")),
        ({"secureJsonData": {"token": ""}}, FieldChange("token", "missing", "stored")),
    ],
)
def test_a_data_source_changed_with_the_mouse_is_repaired(
    server: GrafanaServer, grafana: Grafana, change: dict[str, Any], field: FieldChange
) -> None:
    apply(grafana, state(), TOKEN)
    edit_source(server, **change)
    (found,) = plan(grafana, state())
    assert (found.action, found.name, found.fields) == (Action.UPDATE, "InfluxDB", (field,))
    assert apply(grafana, state(), TOKEN) == Done(changed=(SOURCE,))
    assert plan(grafana, state()) == ()
    assert server.state.secrets["tigctl-influxdb"] == {"token": TOKEN}


def test_settings_of_a_data_source_are_compared(server: GrafanaServer, grafana: Grafana) -> None:
    apply(grafana, state(), TOKEN)
    former = server.state.sources["tigctl-influxdb"]["jsonData"]
    edit_source(server, jsonData={**former, "version": "InfluxQL", "defaultBucket": "1h"})
    (change,) = plan(grafana, state())
    assert change.fields == (
        FieldChange("bucket", "1h", "raw"),
        FieldChange("language", "InfluxQL", "Flux"),
    )


def test_a_hand_made_data_source_of_the_same_name_is_adopted(
    server: GrafanaServer, grafana: Grafana
) -> None:
    body = {"uid": "hers", "name": "InfluxDB", "type": "influxdb", "access": "proxy", "url": "u"}
    server.by_hand("anna", "POST", "/api/datasources", body)
    (change,) = plan(grafana, state())
    assert (change.action, change.kind, change.name) == (Action.ADOPT, "DataSource", "InfluxDB")
    assert FieldChange("uid", "hers", "tigctl-influxdb") in change.fields
    apply(grafana, state(), TOKEN)
    assert list(server.state.sources) == ["tigctl-influxdb"]
    assert plan(grafana, state()) == ()


def test_a_taken_name_is_a_clear_refusal(server: GrafanaServer, grafana: Grafana) -> None:
    apply(grafana, state(), TOKEN)
    edit_source(server, name="Renamed")
    body = {"uid": "hers", "name": "InfluxDB", "type": "prometheus", "url": ""}
    server.by_hand("anna", "POST", "/api/datasources", body)
    with pytest.raises(Refused, match="same name already exists") as refused:
        apply(grafana, state(), TOKEN)
    assert "rename it in Grafana" in str(refused.value)
    assert set(server.state.sources) == {"hers", "tigctl-influxdb"}


# The token


def test_a_new_token_is_given_to_the_data_source(server: GrafanaServer, grafana: Grafana) -> None:
    apply(grafana, state(), TOKEN)
    (change,) = plan(grafana, state(), "a-newer-one")
    assert change.fields == (FieldChange("token", "a former one", "stored"),)
    apply(grafana, state(), "a-newer-one")
    assert server.state.secrets["tigctl-influxdb"] == {"token": "a-newer-one"}
    assert plan(grafana, state(), "a-newer-one") == ()


def test_a_token_that_influxdb_refuses_is_drift(server: GrafanaServer, grafana: Grafana) -> None:
    apply(grafana, state(), TOKEN)
    edit_source(server, secureJsonData={"token": "typed by hand"})
    server.state.tokens = {TOKEN}
    (change,) = plan(grafana, state())
    assert change.fields == (FieldChange("token", "not accepted by InfluxDB", "stored"),)
    apply(grafana, state(), TOKEN)
    assert plan(grafana, state()) == ()


def test_other_trouble_of_the_data_source_is_no_drift(
    server: GrafanaServer, grafana: Grafana
) -> None:
    apply(grafana, state(), TOKEN)
    server.misbehave("GET", "/api/datasources/uid/tigctl-influxdb/health", 502)
    assert plan(grafana, state()) == ()


def test_without_a_known_token_what_is_stored_counts(grafana: Grafana) -> None:
    apply(grafana, state(), TOKEN)
    assert plan(grafana, state(), "") == ()
    with pytest.raises(ValueError, match="no token"):
        apply(grafana, state(), "")


def test_the_token_is_in_no_plan_and_no_error(server: GrafanaServer, grafana: Grafana) -> None:
    wanted = state(board("tigctl-one"))
    said = [repr(plan(grafana, wanted))]
    for method, path in (
        ("POST", "/api/datasources"),
        ("PUT", "/api/datasources/uid/tigctl-influxdb"),
    ):
        server.misbehave(method, path, 500)
        with pytest.raises(Refused) as refused:
            apply(grafana, wanted, TOKEN)
        said.append(f"{refused.value!r} {refused.value} {refused.value.__context__!r}")
        apply(grafana, wanted, TOKEN)
        edit_source(server, url="http://elsewhere")
    said.append(repr(grafana_state.look(grafana, wanted)))
    said.append(repr(plan(grafana, wanted, "another")))
    assert TOKEN not in " ".join(said)


def test_a_wrong_password_is_the_whole_plan_and_stops_an_apply(server: GrafanaServer) -> None:
    with log_in(server, password="wrong") as stranger:
        (change,) = plan(stranger, state())
        assert (change.action, change.kind, change.name) == (Action.UPDATE, "GrafanaLogin", "admin")
        assert change.fields == (FieldChange("password", "not accepted", "accepted"),)
        server.requests.clear()
        with pytest.raises(TargetError, match="does not accept the password of admin") as error:
            apply(stranger, state(), TOKEN)
    assert "docs/operations.md" in str(error.value)
    assert server.requests == ["GET /api/user"], "each wrong one brings the lock-out nearer"


# At the same time, and again


def test_a_save_between_reading_and_writing_is_not_lost(
    server: GrafanaServer, grafana: Grafana
) -> None:
    apply(grafana, state(board("tigctl-one", "One")), TOKEN)
    found = grafana.board("tigctl-one")
    assert found is not None
    server.change_board("anna", "tigctl-one", title="Anna's")
    with pytest.raises(Stale, match="412 The dashboard has been changed") as stale:
        grafana.put_board(found.json, found.folder, version=found.version)
    assert "tigctl plan" in str(stale.value)
    with pytest.raises(Stale):
        grafana.put_board(found.json, found.folder, version=0)
    assert server.state.boards["tigctl-one"]["model"]["title"] == "Anna's"


def test_a_data_source_saved_meanwhile_is_not_overwritten(
    server: GrafanaServer, grafana: Grafana, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(grafana, state(), TOKEN)
    real = grafana_state.look

    def slow(*args: Any) -> Found:
        found = real(*args)
        edit_source(server, url="http://hers")
        return found

    monkeypatch.setattr(grafana_state, "look", slow)
    with pytest.raises(Stale, match="updated by someone else"):
        apply(grafana, state(), "a-newer-one")
    assert server.state.sources["tigctl-influxdb"]["url"] == "http://hers"


@pytest.mark.parametrize("fault", [500, "lost"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/datasources"),
        ("POST", "/api/folders"),
        ("POST", "/api/dashboards/db"),
        ("DELETE", "/api/dashboards/uid/tigctl-old"),
    ],
)
def test_a_run_that_broke_off_is_finished_by_the_next(
    server: GrafanaServer, grafana: Grafana, method: str, path: str, fault: Any
) -> None:
    old = board("tigctl-old")
    server.by_hand("admin", "POST", "/api/dashboards/db", {"dashboard": json.loads(old.json)})
    wanted = state(board("tigctl-one"), board("tigctl-two"))
    server.misbehave(method, path, fault)
    with pytest.raises((Refused, Unreachable)):
        apply(grafana, wanted, TOKEN)
    apply(grafana, wanted, TOKEN)
    assert plan(grafana, wanted) == ()
    assert set(server.state.boards) == {"tigctl-one", "tigctl-two"}
    assert len(server.state.sources) == len(server.state.folders) == 1


def test_only_the_chosen_changes_are_made(server: GrafanaServer, grafana: Grafana) -> None:
    wanted = state(board("tigctl-one", "One"), board("tigctl-two", "Two"))
    apply(grafana, wanted, TOKEN)
    for uid in ("tigctl-one", "tigctl-two"):
        server.change_board("anna", uid, title="Anna's")
    chosen = [change for change in plan(grafana, wanted) if change.name == "tigctl-two"]
    assert apply(grafana, wanted, TOKEN, chosen) == Done(changed=("Board tigctl-two",))
    titles = {uid: one["model"]["title"] for uid, one in server.state.boards.items()}
    assert titles == {"tigctl-one": "Anna's", "tigctl-two": "Two"}
    assert apply(grafana, wanted, TOKEN, chosen) == Done(), "what is right already stays"
    assert apply(grafana, wanted, TOKEN, []) == Done()


def test_what_is_gone_already_need_not_be_deleted(grafana: Grafana) -> None:
    grafana.delete_board("none")
    grafana.delete_folder("none")
    grafana.delete_data_source("none")
    assert grafana.board("none") is None
    assert grafana.folder("none") is None


def test_boards_from_files_cannot_be_changed_and_the_error_says_so(
    server: GrafanaServer, grafana: Grafana
) -> None:
    apply(grafana, state(board("tigctl-one")), TOKEN)
    server.state.boards["tigctl-one"]["provisioned"] = True
    with pytest.raises(Refused, match="400 Cannot save provisioned dashboard") as refused:
        apply(grafana, state(board("tigctl-one", "New")), TOKEN)
    assert "a file that Grafana reads" in str(refused.value)


# Reading


def test_all_are_seen_however_many(
    server: GrafanaServer, grafana: Grafana, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tigctl.backends.grafana._PAGE", 7)
    for number in range(21):
        model = {"uid": f"many-{number:02}", "title": "Many", "tags": ["tigctl"]}
        server.by_hand("anna", "POST", "/api/dashboards/db", {"dashboard": model})
        server.by_hand("anna", "POST", "/api/folders", {"uid": f"f{number:02}", "title": "F"})
    assert len(grafana.boards(tag="tigctl")) == len(grafana.folders()) == 21
    assert grafana.boards(tag="other") == ()


def test_a_board_is_listed_and_read(server: GrafanaServer, grafana: Grafana) -> None:
    apply(grafana, state(board("tigctl-one", "Örtlich – 52 × Ports")), TOKEN)
    (listed,) = grafana.boards(folder="tigctl")
    assert (listed.uid, listed.title) == ("tigctl-one", "Örtlich – 52 × Ports")
    assert (listed.folder, listed.tags) == ("tigctl", ("tigctl",))
    found = grafana.board("tigctl-one")
    assert found is not None
    assert (found.title, found.folder) == (listed.title, "tigctl")
    assert (found.version, found.updated_by, found.provisioned) == (1, "admin", False)
    assert server.state.boards["tigctl-one"]["message"] == "tigctl"


def test_odd_uids_stay_one_part_of_the_path(server: GrafanaServer, grafana: Grafana) -> None:
    body = {"uid": "a/b ü?", "name": "Odd", "type": "influxdb"}
    server.by_hand("anna", "POST", "/api/datasources", body)
    assert [one.uid for one in grafana.data_sources()] == ["a/b ü?"]
    grafana.delete_data_source("a/b ü?")
    assert grafana.data_sources() == ()


def test_a_data_source_at_an_address_nobody_knows_yet_is_planned() -> None:
    wanted = GrafanaState(data_sources=(DataSource("tigctl-influxdb", "InfluxDB", "", "a", "b"),))
    (change,) = grafana_state.changes(wanted, Found(), "")
    assert change.action is Action.CREATE
