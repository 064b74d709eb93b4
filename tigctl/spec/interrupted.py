"""What an interrupted sweep had found: WORKSPACE/.tigctl/discover/TENANT.json. No secrets.

It can be done without: a file that is damaged, old, or of another sweep counts as none.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from collectors.discovery.model import Kept, Seen
from tigctl.spec import files

_VERSION = 1
_LONGEST_S = 86_400  # what answered yesterday may be another device today


def path(root: Path, tenant: str) -> Path:
    """Where it lies."""
    return root / ".tigctl" / "discover" / f"{tenant}.json"


def key(*parts: Sequence[object]) -> str:
    """What tells sweeps apart: the same addresses, logins and order give the same key."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def read(place: Path, sweep: str) -> Kept | None:
    """What is kept of the sweep of this key; None where there is nothing to go on from."""
    try:
        if time.time() - place.stat().st_mtime > _LONGEST_S:
            return None
        found = json.loads(place.read_bytes())
        if found.pop("version") != _VERSION or found.pop("sweep") != sweep:
            return None
        found["flags"] = zlib.decompress(base64.b64decode(found["flags"]))
        found["seen"] = tuple(Seen(**one) for one in found["seen"])
        return Kept(**found)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, zlib.error):
        return None


def write(place: Path, sweep: str, kept: Kept) -> None:
    """Keeps it, atomically and for its owner only. Raises WorldError."""
    files.make_folder(place.parent, mode=0o700)
    content = asdict(kept) | {"version": _VERSION, "sweep": sweep}
    content["flags"] = base64.b64encode(zlib.compress(kept.flags, 1)).decode()
    files.replace(place, json.dumps(content), mode=0o600)


def forget(place: Path) -> None:
    """The sweep was finished."""
    place.unlink(missing_ok=True)
