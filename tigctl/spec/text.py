"""Reading a file of the workspace as text: what is no readable UTF-8 text is a fault."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tigctl.spec.faults import Faults

MEBIBYTE = 2**20

# First bytes of what people rename to .csv or .yaml, and what it is.
_FOREIGN = {
    b"PK\x03\x04": "a zip file, perhaps a spreadsheet (.xlsx, .ods)",
    b"\xd0\xcf\x11\xe0": "an old Office file (.xls)",
    b"\x1f\x8b": "a gzip file",
    b"%PDF": "a PDF",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


def read_text(path: Path, shown: str, faults: Faults, *, limit: int) -> str | None:
    """The text of a file without its byte-order mark, or None and a fault.

    `shown` is the path to name in messages; `limit` is in bytes.
    """
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            faults.add(shown, 0, "is a folder, a file is expected; rename the folder")
            return None
        if not stat.S_ISREG(kind):
            faults.add(shown, 0, "is no regular file; write the content into a plain file")
            return None
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        faults.add(shown, 0, f"cannot be read: {reason.lower()}; make it readable for your user")
        return None
    if len(raw) > limit:
        faults.add(shown, 0, f"is larger than {limit // MEBIBYTE} MiB; is it the right file?")
        return None
    return _decode(raw, shown, faults)


def _decode(raw: bytes, shown: str, faults: Faults) -> str | None:
    for start, what in _FOREIGN.items():
        if raw.startswith(start):
            faults.add(shown, 0, f"is {what}, not UTF-8 text; {_save_as(shown)}")
            return None
    if b"\0" in raw:
        faults.add(shown, 0, f"is a binary file or UTF-16, not UTF-8 text; {_save_as(shown)}")
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        byte = raw[error.start] if error.start < len(raw) else 0
        faults.add(
            shown,
            line,
            f"byte 0x{byte:02x} is not UTF-8 (Latin-1 or Windows-1252, perhaps); {_save_as(shown)}",
        )
        return None


def _save_as(shown: str) -> str:
    if shown.endswith(".csv"):
        return "save it from the spreadsheet as 'CSV UTF-8'"
    return "save it as UTF-8"
