"""Telegraf's configurations: checked before they replace the running ones, and compared."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collectors.telegraf.model import Shard
from tigctl.errors import TargetError, ToolError
from tigctl.render.bundle import Bundle
from tigctl.spec.files import replace
from tigctl.targets.local.layout import PRIVATE_FILE, Layout

_CHECK_SECONDS = 300
# Enough to tell two contents apart in a plan.
_SHORT = 12


@dataclass(frozen=True, slots=True)
class AppliedShard:
    """What tigctl wrote for one shard; `content` is the digest of the whole file."""

    content: str
    settings: str
    devices: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Applied:
    """The bundle that was applied last, as far as a plan needs it."""

    shards: Mapping[str, AppliedShard] = field(default_factory=dict)

    @classmethod
    def load(cls, layout: Layout) -> Applied:
        """What was applied last; nothing where the record is missing or makes no sense."""
        try:
            found: dict[str, Any] = json.loads(layout.applied.read_bytes())["shards"]
            return cls({name: AppliedShard(**shard) for name, shard in found.items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls()


def settings(shard: Shard) -> str:
    """Digest of what stands before the first input: agent, output, processors."""
    return short(shard.config.partition("\n[[inputs.")[0])


def short(content: str | bytes) -> str:
    """The beginning of a content's SHA-256."""
    data = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()[:_SHORT]


def content_of(path: Path) -> str:
    """Digest of a file's content, "" where there is no such file."""
    try:
        return short(path.read_bytes())
    except OSError:
        return ""


def check(telegraf: Path, shards: Sequence[Shard], layout: Layout) -> None:
    """Has Telegraf itself read each configuration that differs from the one in use.

    Raises TargetError with what Telegraf said. Nothing in use is touched.
    """
    new = [
        shard for shard in shards if content_of(layout.config(shard.name)) != short(shard.config)
    ]
    if not new:
        return
    with tempfile.TemporaryDirectory(dir=layout.run) as folder:
        for shard in new:
            file = Path(folder) / f"{shard.name}.conf"
            file.write_text(shard.config)
            _check(telegraf, file, shard.name)


def _check(telegraf: Path, file: Path, name: str) -> None:
    command = [str(telegraf), "config", "check", "--strict-env-handling", "--config", str(file)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_CHECK_SECONDS, check=False, env={}
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolError(
            f"{telegraf} config check cannot be run: {error}", hint="run scripts/tools telegraf"
        ) from error
    if done.returncode:
        said = [line[:300] for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise TargetError(
            f"Telegraf refuses the configuration {name}:\n"
            + "\n".join(f"    {line}" for line in said[-8:]),
            hint="this is a fault of tigctl or of a profile; nothing was changed",
        )


def install(layout: Layout, bundle: Bundle) -> None:
    """Puts the configurations in place of the former ones and notes what was written."""
    for shard in bundle.telegraf:
        path = layout.config(shard.name)
        if content_of(path) != short(shard.config):
            replace(path, shard.config, mode=PRIVATE_FILE)
    shards = {
        shard.name: {
            "content": short(shard.config),
            "settings": settings(shard),
            "devices": dict(shard.digests),
        }
        for shard in bundle.telegraf
    }
    record = {"tenant": bundle.tenant, "shards": shards}
    replace(layout.applied, json.dumps(record, indent=1) + "\n", mode=PRIVATE_FILE)


def remove_stale(layout: Layout, keep: Sequence[str]) -> None:
    """Removes configurations of shards that are no longer there."""
    there = {path.stem for path in layout.telegraf.glob("*.conf")}
    there |= {path.stem for path in layout.run.glob("telegraf-*.json")}
    for name in there - set(keep):
        for left in (layout.config(name), layout.spec(name), layout.started(name)):
            left.unlink(missing_ok=True)
