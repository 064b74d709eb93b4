"""Replacing files atomically. A reader sees the old content or the new, never a half."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

from tigctl.errors import WorldError

_HINTS = {
    errno.ENOSPC: "free some space on that disk and run the command again",
    errno.EDQUOT: "your disk quota is used up: free some space and run the command again",
    errno.EROFS: "the file system is read-only: work on a copy of the workspace",
    errno.EACCES: "give your user the right to write there, or work on a copy you own",
    errno.EPERM: "give your user the right to write there, or work on a copy you own",
    errno.ENOENT: "make the folder first",
    errno.ENOTDIR: "a file stands where a folder is needed: rename it",
    errno.EISDIR: "a folder stands where the file belongs: rename it",
    errno.EMFILE: "too many files are open: raise `ulimit -n`",
}


def replace(path: Path, content: str | bytes, *, mode: int = 0o644) -> None:
    """Writes `content` to `path` in one step; text as UTF-8.

    The bytes are on the disk when this returns. `mode` is cut by the umask, so a file is never
    more open than asked for. A symbolic link stays and what it points to is replaced. On any
    failure the former content is still there and nothing else is left behind.

    Raises WorldError with a hint when the system refuses.
    """
    data = content.encode() if isinstance(content, str) else content
    real = Path(os.path.realpath(path))
    temporary = real.with_name(f".{real.name[:100]}.{secrets.token_hex(4)}.tmp")
    try:
        try:
            _write(temporary, data, mode)
            temporary.replace(real)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(real.parent)
    except OSError as error:
        raise refused("write", path, error) from error


def make_folder(path: Path, *, mode: int = 0o777) -> None:
    """Makes a folder and its parents; one that is there already is fine."""
    try:
        path.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        raise refused("make folder", path, error) from error


def refused(what: str, path: Path, error: OSError) -> WorldError:
    """The error for a file operation the system refused; `what` is the verb."""
    reason = (error.strerror or str(error)).lower()
    hint = _HINTS.get(error.errno or 0, "look at the path and its rights, then run it again")
    return WorldError(f"cannot {what} {path}: {reason}", hint=hint)


def _write(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - pathlib opens no descriptors
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Makes the rename itself durable, where the file system and the folder's rights allow it."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:
        return  # a folder one may write to but not read
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise
    finally:
        os.close(descriptor)
