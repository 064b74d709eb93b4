"""Covers docs/workspace.md: its tables of keys are those of the models, word for word.

The tables are made from the models' docstrings and defaults; `pytest --update-golden` writes them
anew. Leaves out the prose around them.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from tigctl.spec.alerts import Contact, Exception_, Route, RuleSettings, Window
from tigctl.spec.credentials import Credential
from tigctl.spec.isolation import Destination, Source
from tigctl.spec.keys import FLEET_KEYS, aliases, bare, is_section
from tigctl.spec.login import Ldap, Oidc
from tigctl.spec.model import Fleet, TargetSettings, TenantSettings
from tigctl.spec.row import Row
from tigctl.spec.schema import descriptions
from tigctl.spec.workspace import load

PAGE = Path(__file__).parents[3] / "docs" / "workspace.md"


def rows(model: type[BaseModel], start: str = "", skip: frozenset[str] = frozenset()) -> list[str]:
    return list(_rows(model, start, skip))


def _rows(model: type[BaseModel], start: str, skip: frozenset[str]) -> Iterator[str]:
    said = descriptions(model)
    for key, name in aliases(model):
        if key in skip:
            continue
        info = model.model_fields[name]
        meaning = said[name].replace("|", "\\|")
        yield f"| `{start}{key}` | {_written(info.default)} | {meaning} |"
        below = bare(info.annotation)
        if is_section(below):
            yield from _rows(below, f"{start}{key}.", skip)


def _written(default: object) -> str:
    """A default as a person writes it; nothing where the meaning says what it is."""
    if isinstance(default, bool):
        return "`yes`" if default else "`no`"
    if isinstance(default, int) or (isinstance(default, str) and default):
        return f"`{default}`"
    return ""


TABLES = {
    "tenant": rows(TenantSettings),
    "fleet": [
        *rows(Fleet, skip=frozenset(key for key, _ in aliases(TenantSettings))),
        *rows(TargetSettings, "targets.NAME."),
    ],
    "credential": rows(Credential, "NAME."),
    "device": rows(Row),
    "egress": rows(Destination),
    "ingress": rows(Source),
    "contact": rows(Contact, "alerts.contacts.NAME."),
    "route": rows(Route),
    "rule": rows(RuleSettings, "alerts.rules.NAME."),
    "exception": rows(Exception_),
    "oidc": rows(Oidc, "login.oidc."),
    "ldap": rows(Ldap, "login.ldap."),
    "window": rows(Window, "maintenance.NAME."),
}


def filled(page: str) -> str:
    for name, lines in TABLES.items():
        table = "\n".join(("| key | default | meaning |", "|---|---|---|", *lines))
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        before, _, rest = page.partition(begin)
        page = f"{before}{begin}{table}\n{end}{rest.partition(end)[2]}"
    return page


def test_the_tables_are_those_of_the_models(update_golden: bool) -> None:
    page = PAGE.read_text()
    if update_golden:
        PAGE.write_text(filled(page))
        page = PAGE.read_text()
    assert page == filled(page)


def test_the_keys_of_the_fleet_alone() -> None:
    own = {key for key, _ in aliases(Fleet)} - {key for key, _ in aliases(TenantSettings)}
    assert own == FLEET_KEYS


@pytest.mark.parametrize("model", [TenantSettings, Fleet, Credential, Row, TargetSettings])
def test_every_key_is_in_the_page(model: type[BaseModel]) -> None:
    page = PAGE.read_text()
    for key, _ in aliases(model):
        assert re.search(rf"`([A-Za-z.]+\.)?{key}`", page), key


def examples() -> dict[str, str]:
    """The indented blocks of the page, by their first word."""
    blocks = re.findall(r"(?:^    .*\n)+", PAGE.read_text(), flags=re.MULTILINE)
    return {block.split()[0]: textwrap.dedent(block) for block in blocks}


def test_the_examples_are_valid(tmp_path: Path) -> None:
    shown = examples()
    table = next(text for word, text in shown.items() if word.startswith("name,address"))
    (tmp_path / "fleet.yaml").write_text(
        shown["credentials:"] + shown["isolation:"] + shown["alerts:"]
    )
    for tenant, name, text in (("a", "devices.csv", table), ("b", "devices.yaml", shown["-"])):
        (tmp_path / "tenants" / tenant).mkdir(parents=True)
        (tmp_path / "tenants" / tenant / name).write_text(text)
    workspace = load(tmp_path)
    for tenant in workspace.tenants.values():
        assert [device.name for device in tenant.devices] == ["core-sw1", "sw-07"]
        assert sorted(tenant.logins) == ["core", "default"]
