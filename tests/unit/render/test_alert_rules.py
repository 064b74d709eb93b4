"""Covers reading alert rules (faults with their line, own before shipped) and what in a tenant's
settings fits no rule. Queries are tried in tests/integration/test_alert_rules.py.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tigctl.errors import InvalidFiles
from tigctl.render.alerts import settings
from tigctl.render.alerts.flux import text
from tigctl.render.alerts.load import load
from tigctl.spec.alerts import Alerts, Window

RULE = """\
title: Busy
severity: warning
summary: "{device} is busy: {value}"
first: Look.
limits: {percent: {value: 90, about: use}}
query: |
  from(bucket: "raw") |> range(start: -over)
"""


def _write(folder: Path, content: str, name: str = "busy") -> None:
    path = folder / "dashboards/alerts" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def _load(*folders: Path, root: Path) -> set[str]:
    return set(load([folder / "dashboards" for folder in folders], root))


def test_own_rules_come_before_those_of_the_workspace_and_the_shipped_ones(tmp_path: Path) -> None:
    tenant = tmp_path / "tenants/acme"
    _write(tenant, RULE.replace("Busy", "Mine"), "cpu-high")
    _write(tmp_path, RULE.replace("Busy", "Ours"), "cpu-high")
    _write(tmp_path, RULE)
    found = load([tenant / "dashboards", tmp_path / "dashboards"], tmp_path)
    assert (found["cpu-high"].rule.title, found["busy"].rule.title) == ("Mine", "Busy")
    assert found["memory-high"].shipped
    assert not found["cpu-high"].shipped


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("severity: warning", "severity: loud"), "busy.yaml:2: severity: 'loud' is not known"),
        (("first: Look.\n", ""), "first"),
        (("{device} is", "{devise} is"), "{devise} is no label; there are device"),
        (("percent:", "over:"), "'over' is no name for a limit"),
        (("first:", "include: [steddy]\nfirst:"), "'steddy' is no file steddy.flux beside it"),
        (("title: Busy", "title: Busy\nowner: me"), "busy.yaml:2: unknown key 'owner'"),
        (("title: Busy", "title: [Busy"), "busy.yaml:"),
    ],
)
def test_faults_name_file_line_and_what_is_expected(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    _write(tmp_path, RULE.replace(*change))
    with pytest.raises(InvalidFiles) as caught:
        _load(tmp_path, root=tmp_path)
    assert said in "\n".join(str(one) for one in caught.value.faults)


RULES = load((), Path())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rules": {"cpu-hihg": {}}}, "'cpu-hihg' is no rule; did you mean 'cpu-high'?"),
        (
            {"rules": {"cpu-high": {"limits": {"percnt": 5}}}},
            "'percnt' is no limit of cpu-high; did you mean 'percent'?",
        ),
        ({"rules": {"cpu-high": {"limits": {"percent": "5"}}}}, "a number is expected"),
        (
            {"exceptions": [{"rule": "interface-down", "limits": {"alias": 5}}]},
            "a regular expression is expected",
        ),
        (
            {"exceptions": [{"rule": "interface-down", "limits": {"alias": "("}}]},
            "'(' is no regular expression",
        ),
        ({"routes": [{"contact": "desk"}]}, "'desk' is not in alerts.contacts; there is none"),
        ({"contact": "desk"}, "alerts.contact: 'desk' is not in alerts.contacts"),
        ({"contacts": {"desk": {"email": ["a@b.example"]}}}, "mail needs a server"),
    ],
)
def test_what_in_settings_fits_no_rule(given: dict[str, object], said: str) -> None:
    (found,) = settings.faults(Alerts.model_validate(given), RULES)
    assert said in found


def test_settings_that_fit() -> None:
    given = {
        "mail": {"host": "mail.noc.example"},
        "contacts": {"desk": {"email": ["desk@noc.example"]}},
        "contact": "desk",
        "routes": [{"contact": "desk", "rule": ["cpu-high"], "site": ["hq"]}],
        "rules": {"cpu-high": {"limits": {"percent": 95}, "over": "30m"}},
        "exceptions": [{"rule": "interface-down", "limits": {"alias": "^wan"}}],
    }
    assert not list(settings.faults(Alerts.model_validate(given), RULES))


def test_a_rule_can_be_switched_off_and_all_of_them() -> None:
    off = Alerts.model_validate({"rules": {"cpu-high": {"enabled": False}}})
    assert {one.name for one in settings.enabled(RULES, off)} == set(RULES) - {"cpu-high"}
    assert settings.enabled(RULES, Alerts(enabled=False)) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "is once (from, to) or every week"),
        ({"from": "2026-01-01T10:00"}, "needs both from and to"),
        ({"weekly": ["sun"]}, "needs both weekly and at"),
        ({"from": "2026-01-02", "to": "2026-01-01"}, "before it begins"),
        ({"from": "tomorrow", "to": "2026-01-01"}, "'tomorrow' is no time"),
        ({"weekly": ["sun"], "at": "2:00"}, "'2:00' is no time of day"),
        ({"weekly": ["sun"], "at": "02:00", "lasts": "2d"}, "lasts is 1m to 1d"),
        ({"weekly": ["sun"], "at": "02:00", "timezone": "Mars/North"}, "is no time zone"),
    ],
)
def test_what_is_no_window(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        Window.model_validate(given)


def test_texts_end_where_they_end() -> None:
    assert text('a "b" \\ ${c}') == '"a \\"b\\" \\\\ \\x24{c}"'
