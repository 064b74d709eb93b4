"""Covers docs/isolation.md: its table is that of the reference tenant, its examples are valid,
every policy of cnp/ is named. `pytest --update-golden` writes the table anew.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import yaml

from tests.unit.kubernetes.isolated import reference_stack
from tigctl.render.kubernetes import reference
from tigctl.render.kubernetes.policies import policies
from tigctl.render.kubernetes.talks import talks
from tigctl.spec.model import Fleet

PAGE = Path(__file__).parents[3] / "docs" / "isolation.md"
BEGIN, END = "<!-- talks: begin -->\n", "<!-- talks: end -->"


def filled(page: str) -> str:
    rows = [
        (", ".join(one.sources), ", ".join(one.destinations), ", ".join(one.ports), one.why)
        for one in talks(policies(reference_stack()))
    ]
    names = [one.policy for one in talks(policies(reference_stack()))]
    lines = [f"| `{name}` | {' | '.join(row)} |" for name, row in zip(names, rows, strict=True)]
    head = ["| policy | from | to | ports | why |", "|---|---|---|---|---|"]
    before, _, rest = page.partition(BEGIN)
    return "\n".join((f"{before}{BEGIN}{head[0]}", head[1], *lines, END)) + rest.partition(END)[2]


def test_the_table_is_that_of_the_reference_tenant(update_golden: bool) -> None:
    if update_golden:
        PAGE.write_text(filled(PAGE.read_text()))
    assert PAGE.read_text() == filled(PAGE.read_text())


def test_every_policy_is_named() -> None:
    page = PAGE.read_text().partition(END)[2]
    assert [name for name in reference.policies() if f"`{name}`" not in page] == []


def test_the_examples_are_valid() -> None:
    blocks = re.findall(r"(?:^    .*\n)+", PAGE.read_text(), flags=re.MULTILINE)
    assert len(blocks) == 2
    for block in blocks:
        Fleet.model_validate(yaml.safe_load(textwrap.dedent(block)))
