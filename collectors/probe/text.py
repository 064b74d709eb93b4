"""Texts of devices, made fit for files and terminals."""

from __future__ import annotations

import re
import unicodedata

from collectors.snmp.ber import OBJECT_ID
from collectors.snmp.message import Varbind

LONGEST = 1024

_OID = re.compile(r"\.?\d+(\.\d+)+")


def clean(text: str) -> str:
    """The text without control characters (each a space), trimmed, at most 1,024 characters.

    Line and paragraph separators count as control characters, and so do the marks that
    change the direction of writing: they could make a terminal show something else.
    """
    # A device may send 60 kB; what lies far behind the cut need not be looked at.
    text = "".join(
        " " if unicodedata.category(character) in _UNFIT else character
        for character in text[: 4 * LONGEST]
    )
    return text.strip()[:LONGEST].rstrip()


_UNFIT = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def engine_id(varbind: Varbind | None) -> str:
    """The engine ID a varbind holds, in hexadecimal; empty where it cannot be one (RFC 3411)."""
    return varbind.value.hex() if varbind and 5 <= len(varbind.value) <= 32 else ""


def object_id(varbind: Varbind) -> str:
    """The OID a varbind holds, also where the device sends it as a string; else empty."""
    if varbind.tag == OBJECT_ID:
        # 0.0 is how a device says that it has none (RFC 3418).
        return "" if varbind.text == "0.0" else varbind.text
    text = varbind.text.strip()
    return text.removeprefix(".") if _OID.fullmatch(text, endpos=LONGEST) else ""
