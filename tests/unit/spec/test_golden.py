"""Covers `validate` on whole workspaces: each folder of tests/golden/validate is one case.

`workspace/` is what a person wrote, `expected/messages.txt` all faults with the closing line, or
the warnings of a valid one. `pytest --update-golden` writes the latter anew. Leaves out files
that git would change or refuse (other encodings, folders in the way): the other tests have these.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tigctl.errors import InvalidFiles
from tigctl.spec.workspace import load

CASES = Path(__file__).parents[2] / "golden" / "validate"


def messages(workspace: Path) -> str:
    try:
        loaded = load(workspace)
    except InvalidFiles as error:
        return f"{error}\n{error.summary}\n"
    devices = {name: len(tenant.devices) for name, tenant in loaded.tenants.items()}
    return "\n".join((*loaded.warnings, f"valid; devices: {devices}", ""))


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_messages(case: str, update_golden: bool) -> None:
    expected = CASES / case / "expected" / "messages.txt"
    found = messages(CASES / case / "workspace")
    if update_golden:
        expected.parent.mkdir(exist_ok=True)
        expected.write_text(found)
    assert found == expected.read_text()


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_no_secret_is_repeated(case: str) -> None:
    # Whatever is a secret in a case holds this word.
    assert "hunter2" not in messages(CASES / case / "workspace")
