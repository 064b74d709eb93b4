"""Loading boards from JSON, their normal form, and the provisioning files made of them.

Leaves out what a plan makes of boards (tests/integration/test_grafana.py), and whether Grafana
draws them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tigctl.errors import Fault, InvalidFiles
from tigctl.render import boards
from tigctl.render.boards import dumps, load, normal
from tigctl.render.bundle import Board, GrafanaState
from tigctl.render.grafana import grafana_files, state

MODEL: dict[str, Any] = {"uid": "switches", "title": "Switches", "panels": [{"id": 1}]}


@pytest.fixture(autouse=True)
def nothing_shipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """What is shipped is not under test here; its folder is this one."""
    boards._shipped.cache_clear()
    monkeypatch.setattr(boards, "SHIPPED", tmp_path / "shipped")
    return tmp_path / "shipped"


@pytest.fixture(autouse=True)
def forgotten() -> Any:
    yield
    boards._shipped.cache_clear()


def put(folder: Path, name: str, content: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def faults(tmp_path: Path, content: object) -> list[Fault]:
    folder = put(tmp_path / "dashboards", "a.json", content)
    with pytest.raises(InvalidFiles) as invalid:
        load([folder], tmp_path, folder="tigctl")
    return list(invalid.value.faults)


def test_boards_are_loaded_by_uid(tmp_path: Path) -> None:
    folder = put(tmp_path / "dashboards", "b.json", {**MODEL, "tags": ["net"]})
    put(folder, "a.json", {**MODEL, "uid": "ups", "title": "USV – Ö"})
    put(folder, "README.md", "not a board")
    first, second = load([folder, tmp_path / "none"], tmp_path, folder="tigctl")
    assert (first.uid, first.title, first.folder) == ("switches", "Switches", "tigctl")
    assert json.loads(first.json) == {**MODEL, "tags": ["net", "tigctl"]}
    assert json.loads(second.json)["title"] == second.title == "USV – Ö"


def test_earlier_folders_hide_later_ones_and_the_shipped(
    tmp_path: Path, nothing_shipped: Path
) -> None:
    own = put(tmp_path / "own", "any-name.json", {**MODEL, "title": "Ours"})
    fleet = put(tmp_path / "fleet", "a.json", {**MODEL, "title": "The fleet's"})
    put(fleet, "b.json", {**MODEL, "uid": "ups", "title": "The fleet's"})
    for uid in ("switches", "ups", "ports"):
        put(nothing_shipped, f"{uid}.json", {**MODEL, "uid": uid, "title": "Shipped"})
    found = load([own, fleet], tmp_path, folder="tigctl")
    assert {one.uid: one.title for one in found} == {
        "switches": "Ours",
        "ups": "The fleet's",
        "ports": "Shipped",
    }


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ('{"uid": "a",\n "title": }', 2, "is not JSON: Expecting value at column 11"),
        ("", 1, "is not JSON"),
        ('{"uid": "a", "title": "A", "x": NaN}', 0, "NaN is no number of JSON"),
        ([MODEL], 0, "is a list; the JSON model of one board is expected"),
        ("7", 0, "is a plain value"),
        ({"title": "A"}, 0, 'has no uid, by which it is found again; add one, such as "uid": "a"'),
        ({**MODEL, "uid": None}, 0, "has no uid"),
        ({**MODEL, "uid": "a b"}, 0, "uid 'a b' is not 1 to 40 letters"),
        ({**MODEL, "uid": "a" * 41}, 0, "is not 1 to 40 letters"),
        ({**MODEL, "uid": "../a"}, 0, "is not 1 to 40 letters"),
        ({**MODEL, "uid": 7}, 0, "uid 7 is not"),
        ({"uid": "a"}, 0, 'has no title; add one, such as "title": "Switches"'),
        ({**MODEL, "title": " "}, 0, "has no title"),
        ({**MODEL, "tags": "net"}, 0, "tags are a list of texts"),
        ({**MODEL, "panels": {"a": {}}}, 0, "panels are a list of objects"),
        ({"dashboard": MODEL, "meta": {}}, 0, "keep only what stands under `dashboard`"),
        ({**MODEL, "__inputs": []}, 0, "was exported for sharing"),
        ({"apiVersion": "dashboard.grafana.app/v2", "spec": {}}, 0, "is a board of schema 2"),
        ('{"uid": "a", "title": "\\ud800"}', 0, "holds half a character"),
        ("[" * 100_000, 0, "is nested too deeply"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    tmp_path: Path, content: object, line: int, message: str
) -> None:
    (fault,) = faults(tmp_path, content)
    assert (fault.file, fault.line) == ("dashboards/a.json", line)
    assert message in fault.message


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    folder = put(tmp_path / "dashboards", "a.json", {})
    put(folder, "b.json", "no json")
    (folder / "c.json").mkdir()
    put(folder, "d.json", MODEL)
    put(folder, "e.json", MODEL)
    other = put(tmp_path / "other", "f.json", "{")
    with pytest.raises(InvalidFiles) as invalid:
        load([folder, other], tmp_path, folder="tigctl")
    found = [f"{one.file}: {one.message}" for one in invalid.value.faults]
    assert [text.split(":")[0].split("/")[-1] for text in found] == [
        *("a.json", "a.json", "b.json", "c.json", "e.json", "f.json")
    ]
    assert "uid 'switches' is that of dashboards/d.json; give each its own" in found[4]


# The normal form

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
models = st.dictionaries(st.text(), json_values, max_size=6).filter(lambda one: "tags" not in one)


@given(models)
def test_the_normal_form_stays_as_it_is(model: dict[str, Any]) -> None:
    once = normal(model)
    assert dumps(normal(once)) == dumps(once)
    assert dumps(normal(json.loads(json.dumps(model)))) == dumps(once)


@given(models, st.integers(), st.integers(min_value=0))
def test_what_grafana_counts_plays_no_part(model: dict[str, Any], id_: int, version: int) -> None:
    counted = {**model, "id": id_, "version": version, "iteration": 1}
    assert "id" in model or dumps(normal(counted)) == dumps(normal({**model, "version": None}))


def test_the_normal_form_knows_equal_numbers_and_order_of_tags() -> None:
    one = normal({"a": [8.0, 1.5, -0.0, 1e300, True], "tags": ["b", "a", "b"], "links": []})
    assert dumps(one) == '{"a":[8,1.5,0,1e+300,true],"tags":["a","b"]}'


def test_what_is_off_is_not_taken_for_absent() -> None:
    assert normal({"editable": False, "panels": [{"title": ""}], "version": 3}) == {
        "editable": False,
        "panels": [{"title": ""}],
    }


# Files


def made(*found: Board, url: str = "http://influxdb:8086") -> GrafanaState:
    return state("acme", "raw", found, url=url)


def board(uid: str) -> Board:
    return Board(uid, uid, "", dumps(normal({**MODEL, "uid": uid, "title": f"$ {uid}"})))


def test_provisioning_files_say_the_whole_state() -> None:
    files = grafana_files(made(board("ports"), board("ups")))
    assert list(files) == [
        "grafana/provisioning/datasources/tigctl.yaml",
        "grafana/provisioning/dashboards/tigctl.yaml",
        "grafana/boards/tigctl/ports.json",
        "grafana/boards/tigctl/ups.json",
    ]
    (source,) = yaml.safe_load(files["grafana/provisioning/datasources/tigctl.yaml"])["datasources"]
    assert source["uid"] == "tigctl-influxdb"
    assert source["url"] == "http://influxdb:8086"
    assert source["jsonData"]["organization"] == "acme"
    assert source["secureJsonData"] == {"token": "$TIGCTL_INFLUXDB_READER_TOKEN"}
    (provider,) = yaml.safe_load(files["grafana/provisioning/dashboards/tigctl.yaml"])["providers"]
    assert provider["folderUid"] == "tigctl"
    # The mount that the files' first lines ask for, and the files below it.
    assert provider["options"]["path"] == "/etc/tigctl/grafana/boards/tigctl"
    assert "/etc/tigctl/grafana" in files["grafana/provisioning/dashboards/tigctl.yaml"]
    model = json.loads(files["grafana/boards/tigctl/ports.json"])
    assert model == {**MODEL, "uid": "ports", "title": "$ ports", "id": None}


def test_no_files_where_there_is_nothing() -> None:
    assert grafana_files(GrafanaState()) == {}
    assert list(grafana_files(made())) == ["grafana/provisioning/datasources/tigctl.yaml"]


def test_only_our_own_variables_are_put_in() -> None:
    (text,) = grafana_files(state("ac$HOME", "raw", (), url="")).values()
    (source,) = yaml.safe_load(text)["datasources"]
    assert source["jsonData"]["organization"] == "ac$$HOME"
    assert source["url"] == "$TIGCTL_INFLUXDB_URL"
