"""What was parsed of the shipped profiles the last time, kept in the user's cache folder.

Parsing some hundred files costs more than all the rest of a short command. Whatever speaks
against the kept copy, from a changed file to a full disk, only means that they are parsed again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

_Loaded = TypeVar("_Loaded")

_DIGEST = hashlib.sha256
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_CODE = Path(__file__).parent


def remembered(folder: Path, load: Callable[[], _Loaded]) -> _Loaded:
    """What `load` makes of the files in `folder`, from the kept copy while nothing has changed."""
    place = _place(folder)
    key = _key(folder)
    if (kept := _kept(place, key)) is not None:
        with contextlib.suppress(Exception):
            # Its digest is right, so it is what this user wrote.
            loaded: _Loaded = pickle.loads(kept)  # noqa: S301 - see _kept: only our own file
            return loaded
    loaded = load()
    _keep(place, key, pickle.dumps(loaded, pickle.HIGHEST_PROTOCOL))
    return loaded


def _place(folder: Path) -> Path | None:
    """Where the copy is: one for each installation, or two would drive out each other's."""
    mark = _DIGEST(f"{sys.version} {folder}".encode()).hexdigest()[:12]
    with contextlib.suppress(RuntimeError):  # a user without a home
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return root / "tigctl" / f"profiles-{mark}.pickle"
    return None


def _key(folder: Path) -> bytes:
    """Changes with the interpreter, the code that parses, and every file that is parsed."""
    told = [sys.version, str(folder)]
    for directory in (_CODE, folder):
        with os.scandir(directory) as entries:
            files = sorted((entry for entry in entries if entry.is_file()), key=lambda it: it.name)
            seen = [(file.name, file.stat()) for file in files]
        told += [f"{name} {one.st_size} {one.st_mtime_ns}" for name, one in seen]
    return _DIGEST("\n".join(told).encode()).digest()


def _kept(place: Path | None, key: bytes) -> bytes | None:
    """The kept bytes; None where there are none, or they are stale, damaged or not our own.

    To read a pickle is to run it, so neither the file nor its folder may be another user's, or
    writable by one.
    """
    if place is None:
        return None
    try:
        if not _own(place.parent.lstat()):
            return None
        with os.fdopen(os.open(place, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            seen = os.fstat(file.fileno())
            if not (stat.S_ISREG(seen.st_mode) and _own(seen)):
                return None
            content = file.read()
    except OSError:
        return None
    head, rest = content[: len(key)], content[len(key) :]
    size = _DIGEST().digest_size
    if head != key or rest[:size] != _DIGEST(rest[size:]).digest():
        return None
    return rest[size:]


def _own(seen: os.stat_result) -> bool:
    return seen.st_uid == os.geteuid() and not seen.st_mode & _WRITABLE_BY_OTHERS


def _keep(place: Path | None, key: bytes, payload: bytes) -> None:
    """Keeps it if that can be done; another process sees the old or the new copy, whole."""
    if place is None:
        return
    with contextlib.suppress(OSError):
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _own(place.parent.lstat()):
            return
        with _temporary(place.parent) as temporary:
            with temporary.open("wb") as file:
                file.write(key + _DIGEST(payload).digest() + payload)
            temporary.replace(place)


@contextlib.contextmanager
def _temporary(folder: Path) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(prefix=".profiles-", dir=folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
