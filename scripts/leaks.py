"""No file of the project may tell where it was written, or pin where packages come from.

Looks through all files git knows or would know for: this checkout's path, the home folder,
hosts of the package indexes that this machine is set up with,
and lock files of tools the project does not use, which carry download addresses.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

LOCK_FILES = {
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "package-lock.json",
    "yarn.lock",
}
PIP_OPTIONS = re.compile(
    r"^\s*--(index-url|extra-index-url|find-links|trusted-host)\b|https?://", re.MULTILINE
)
ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Prints what was found, a line each."""
    told = sorted(set(_told()))
    found = list(_findings(told))
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


def _findings(told: list[str]) -> Iterator[str]:
    for path in _files():
        if path.name in LOCK_FILES:
            yield f"{path}: a lock file of a tool the project does not use"
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            yield from (f"{path}:{number}: tells '{word}'" for word in told if word in line)
        if path.name == "constraints.txt" and (match := PIP_OPTIONS.search(text)):
            yield f"{path}: names a place to download from: {match[0].strip()}"


def _told() -> Iterator[str]:
    """What would give this machine away. Short paths such as / or /root say nothing."""
    for folder in (ROOT, Path.home()):
        if len(folder.parts) > 2:
            yield f"{folder}/"
    for command in (
        [sys.executable, "-m", "pip", "config", "list"],
        ["go", "env", "GOPROXY", "GONOSUMDB"],
    ):
        for host in re.findall(r"https?://[^\s,'|]+", _run(command)):
            if name := urlsplit(host).hostname:
                yield name
    for variable in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "GOPROXY"):
        for host in re.findall(r"https?://[^\s,'|]+", os.environ.get(variable, "")):
            if name := urlsplit(host).hostname:
                yield name


def _run(command: list[str]) -> str:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def _files() -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [Path(name) for name in listed.split("\0") if name]


if __name__ == "__main__":
    raise SystemExit(main())
