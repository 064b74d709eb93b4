"""Covers the JSON Schemas and the workspace of `tigctl init`, and that the two fit.

Leaves out the commands around them: the tests of the command line have these.
"""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from tigctl.errors import UsageError, WorldError
from tigctl.spec import files
from tigctl.spec.init import FILES, init
from tigctl.spec.schema import schemas
from tigctl.spec.workspace import load


def accepts(name: str, data: object) -> bool:
    return jsonschema.Draft202012Validator(schemas()[name]).is_valid(data)


def written(path: Path) -> dict[str, str]:
    return {str(p.relative_to(path)): p.read_text() for p in path.rglob("*") if p.is_file()}


def test_init_writes_a_valid_workspace(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "noc"
    paths = init(directory)
    assert {str(path.relative_to(directory)) for path in paths} == set(FILES)
    workspace = load(directory)
    assert list(workspace.tenants) == ["acme"]
    assert workspace.warnings == ()
    acme = workspace.tenants["acme"]
    assert acme.target.type == "local"
    assert acme.logins["default"].variables == ("SNMP_COMMUNITY",)
    assert acme.devices == ()
    assert (directory / ".gitignore").read_text().endswith(".tigctl/\n")


def test_every_comment_of_init_is_valid_when_it_is_no_comment(tmp_path: Path) -> None:
    init(tmp_path)
    # An example begins with a key or is a row of the table; the rest is prose.
    example = re.compile(r"^( *)# ( *[a-z_]+:( .*)?|[a-z]+-[a-z0-9]+,.*)$", re.MULTILINE)
    for name in ("fleet.yaml", "tenants/acme/tenant.yaml", "tenants/acme/devices.csv"):
        text = (tmp_path / name).read_text()
        (tmp_path / name).write_text(example.sub(r"\1\2", text))
    acme = load(tmp_path).tenants["acme"]
    assert [device.name for device in acme.devices] == ["core-sw1", "access-sw7"]
    assert sorted(acme.logins) == ["core", "default"]
    assert acme.settings.networks == ("10.20.0.0/22",)
    assert acme.settings.polling.interval == 30
    assert sorted(load(tmp_path).fleet.targets) == ["local", "prod"]
    assert sorted(load(tmp_path).fleet.classes) == ["gold"]


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    init(tmp_path)
    (tmp_path / "fleet.yaml").write_text("polling: {interval: 5m}\n")
    before = written(tmp_path)
    with pytest.raises(UsageError, match=r"holds fleet\.yaml and tenants/acme/tenant\.yaml"):
        init(tmp_path)
    assert written(tmp_path) == before


def test_init_beside_other_files(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / ".gitignore").write_text("mine")
    paths = init(tmp_path)
    assert (tmp_path / ".gitignore").read_text() == "mine"
    assert tmp_path / ".gitignore" not in paths


def test_init_into_a_file(tmp_path: Path) -> None:
    (tmp_path / "noc").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        init(tmp_path / "noc")


def test_init_takes_back_what_it_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace, calls = files.replace, []

    def fail_late(path: Path, content: str, *, mode: int = 0o644) -> None:
        calls.append(path)
        if len(calls) == 3:
            raise WorldError("disk full")
        replace(path, content, mode=mode)

    monkeypatch.setattr(files, "replace", fail_late)
    with pytest.raises(WorldError):
        init(tmp_path)
    assert written(tmp_path) == {}
    monkeypatch.undo()
    init(tmp_path)


def test_schemas_are_schemas() -> None:
    assert list(schemas()) == ["fleet.yaml", "tenant.yaml", "devices.yaml"]
    for schema in schemas().values():
        jsonschema.Draft202012Validator.check_schema(dict(schema))


def test_every_key_is_described() -> None:
    for name, schema in schemas().items():
        for model, definition in schema["$defs"].items():
            for key, value in definition.get("properties", {}).items():
                assert value.get("description"), f"{name}: {model}.{key}"


def test_schemas_accept_the_workspace_of_init(tmp_path: Path) -> None:
    init(tmp_path)
    assert accepts("fleet.yaml", yaml.safe_load((tmp_path / "fleet.yaml").read_text()))
    tenant = yaml.safe_load((tmp_path / "tenants/acme/tenant.yaml").read_text())
    assert tenant is None
    assert accepts("tenant.yaml", tenant)


@pytest.mark.parametrize(
    ("name", "data", "fine"),
    [
        ("tenant.yaml", {"retention": {"raw": "30d", "5m": "180d", "1h": "2y"}}, True),
        ("tenant.yaml", {"retention": {"m5": "180d"}}, False),
        ("tenant.yaml", {"polling": {"interval": "60s", "jitter": "5s"}}, True),
        ("tenant.yaml", {"polling": {"interval": 60}}, False),
        ("tenant.yaml", {"storage": {"class": "longhorn", "grafana": "none"}}, True),
        ("tenant.yaml", {"expsoure": {}}, False),
        ("tenant.yaml", {"targets": {}}, False),
        ("tenant.yaml", {"class": "gold", "networks": ["10.0.0.0/8"]}, True),
        ("tenant.yaml", {"credentials": {"a": {"version": 3, "user": "noc"}}}, True),
        ("tenant.yaml", {"credentials": {"a": {"version": "2c", "community": "x"}}}, False),
        ("tenant.yaml", {"credentials": {"a": {"version": 2, "user": "noc"}}}, False),
        ("fleet.yaml", {"targets": {"prod": {"type": "kubernetes", "context": "p"}}}, True),
        ("fleet.yaml", {"targets": {"prod": {"context": "p"}}}, False),
        ("fleet.yaml", {"classes": {"gold": {"size": "large"}}, "outage": "1h"}, True),
        ("devices.yaml", [{"name": "a", "address": "10.0.0.1", "tcp": [80], "snmp": "no"}], True),
        ("devices.yaml", {"devices": [{"name": "a", "address": "::1", "tags": {"k": "v"}}]}, True),
        ("devices.yaml", [{"name": "a"}], False),
        ("devices.yaml", [{"name": "a b", "address": "::1"}], False),
        ("devices.yaml", [{"name": "a", "address": "::1", "community": "x"}], False),
        ("devices.yaml", None, True),
    ],
)
def test_schemas_judge_as_validate_does(
    name: str, data: object, fine: bool, tmp_path: Path
) -> None:
    assert accepts(name, data) == fine
    folder = tmp_path / "tenants" / "acme"
    folder.mkdir(parents=True)
    (tmp_path / "fleet.yaml").write_text("credentials: {d: {version: 1, community: {env: C}}}\n")
    if name == "tenant.yaml" and isinstance(data, dict) and "class" in data:
        (tmp_path / "fleet.yaml").write_text("classes: {gold: {}}\n")
    place = tmp_path if name == "fleet.yaml" else folder
    (place / name).write_text(yaml.safe_dump(data))
    try:
        load(tmp_path)
    except Exception:
        assert not fine
        if fine:
            raise
    else:
        assert fine
