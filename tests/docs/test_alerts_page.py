"""Covers docs/alerts.md: its table is that of the shipped rules, and the rule it shows passes its
own cases on a real InfluxDB, by the command it shows.

`pytest --update-golden` writes the table anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.docs.pages import ROOT, blocks
from tigctl.cli.main import root
from tigctl.render.alerts.load import load
from tigctl.spec.init import init
from tigctl.spec.quantity import format_duration

PAGE = "docs/alerts.md"
_BEGIN, _END = "<!-- rules: begin -->\n", "<!-- rules: end -->"


def _lines() -> Iterator[str]:
    yield "| rule | severity | after | says | first step | limits |"
    yield "|---|---|---|---|---|---|"
    for name, one in load((), Path()).items():
        rule = one.rule
        limits = "; ".join(
            f"`{key}` {_amount(limit.value)}{f' {limit.unit}' if limit.unit else ''}: {limit.about}"
            for key, limit in rule.limits.items()
        )
        cells = (
            f"`{name}`",
            rule.severity,
            format_duration(rule.over),
            f"**{rule.title}.** {rule.summary}",
            rule.first,
            limits,
        )
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _amount(value: float | str) -> str:
    return f"`{value}`" if isinstance(value, str) else f"{value:g}"


def test_the_table_is_that_of_the_rules(update_golden: bool) -> None:
    path = ROOT / PAGE
    page = path.read_text(encoding="utf-8")
    before, _, rest = page.partition(_BEGIN)
    filled = f"{before}{_BEGIN}{chr(10).join(_lines())}\n{_END}{rest.partition(_END)[2]}"
    if update_golden:
        path.write_text(filled, encoding="utf-8")
        page = filled
    assert page == filled


@pytest.mark.real
def test_the_rule_shown_passes_its_cases(tmp_path: Path) -> None:
    init(tmp_path)
    (shown,) = (one for one in blocks(PAGE) if one.name)
    path = tmp_path / shown.name
    path.parent.mkdir(parents=True)
    path.write_text(shown.text)
    result = CliRunner().invoke(root, ["--workspace", str(tmp_path), "alerts", "check"])
    assert (result.exit_code, result.stdout) == (0, _said()), result.output


def _said() -> str:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    line = text.partition("$ tigctl alerts check\n")[2].partition("\n")[0]
    return f"{line.strip()}\n"
