"""Covers docs/profiles.md: each key and function of the format that tigctl adds is named there.

Leaves out the page's examples, which test_shown.py runs.
"""

from __future__ import annotations

import re

from collectors.knowledge import expression, load, metrics
from tests.docs.pages import ROOT

TEXT = (ROOT / "docs/profiles.md").read_text(encoding="utf-8")


def test_every_key_and_function_is_named() -> None:
    known = (
        *load._EXTENSION_KEYS,
        *metrics._EXTENSION_KEYS,
        *metrics._OUTPUT_KEYS,
        *expression.FUNCTIONS,
    )
    assert [word for word in known if not re.search(rf"\b{word}\b", TEXT)] == []
