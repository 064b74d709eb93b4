"""Writes a bundle to a folder: telegraf, influxdb, grafana, kubernetes and bundle.json.

bundle.json lists the files of a render, so that the next one takes away what it no longer
has, and nothing that somebody else put there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from tigctl.errors import UsageError
from tigctl.render.bundle import Bundle, DeviceSummary, Task
from tigctl.render.grafana import grafana_files
from tigctl.render.kubernetes.model import Object
from tigctl.render.kubernetes.text import dump
from tigctl.spec.files import make_folder, refused, replace

_BUNDLE = "bundle.json"


def write(bundle: Bundle, directory: Path) -> tuple[Path, ...]:
    """Writes a bundle to `directory` and returns the files, relative to it.

    Each file is replaced atomically; files of a former render that this one lacks go. Raises
    UsageError, before anything is touched, for a folder that holds something else, and
    WorldError where the system refuses.
    """
    wanted = {f"telegraf/{shard.name}.conf": shard.config for shard in bundle.telegraf}
    wanted |= {f"influxdb/{_task_file(task)}": task.flux for task in bundle.influxdb.tasks}
    wanted |= grafana_files(bundle.grafana)
    wanted |= kubernetes_files(bundle.kubernetes)
    former = _former(directory)
    stale = sorted(former - wanted.keys())
    for folder in sorted({(directory / path).parent for path in (*wanted, _BUNDLE)}):
        make_folder(folder)
    # First the list of what is or will be here: however this ends, the next run knows it all.
    replace(directory / _BUNDLE, to_json(bundle, sorted(wanted.keys() | former)))
    for path, content in wanted.items():
        replace(directory / path, content)
    for path in stale:
        _remove(directory, path)
    if stale:
        replace(directory / _BUNDLE, to_json(bundle, sorted(wanted)))
    return (*(Path(path) for path in wanted), Path(_BUNDLE))


def kubernetes_files(objects: Sequence[Object]) -> dict[str, str]:
    """A file for each object; `kubectl apply -f` takes them in the order of their names."""
    order = {kind: at for at, kind in enumerate(dict.fromkeys(one["kind"] for one in objects), 1)}
    files = {}
    for one in objects:
        kind, name = one["kind"], one["metadata"]["name"]
        path = f"kubernetes/{order[kind]:02}-{kind.lower()}-{name}.yaml"
        files[path] = dump([one])
    return files


def to_json(bundle: Bundle, files: Sequence[str]) -> str:
    """The bundle without the contents of its files; one device, bucket and token a line."""
    home = {
        name: (shard.name, digest)
        for shard in bundle.telegraf
        for name, digest in shard.digests.items()
    }
    parts = {
        "tenant": _text(bundle.tenant),
        "files": _lines(files),
        "telegraf": _lines(
            {
                "name": shard.name,
                "devices": len(shard.devices),
                "buffer_points": shard.buffer_points,
                "memory_bytes": shard.memory_bytes,
                "variables": list(shard.variables),
            }
            for shard in bundle.telegraf
        ),
        "organization": _text(bundle.influxdb.organization),
        "buckets": _lines(
            {"name": bucket.name, "retention": bucket.retention}
            for bucket in bundle.influxdb.buckets
        ),
        "tokens": _lines(
            {"description": token.description, "read": token.read, "write": token.write}
            for token in bundle.influxdb.tokens
        ),
        "tasks": _lines(
            {"name": task.name, "every": task.every, "offset": task.offset}
            for task in bundle.influxdb.tasks
        ),
        "devices": _lines(_device(device, home) for device in bundle.devices),
        "notes": _lines(bundle.notes),
    }
    text = "{\n" + ",\n".join(f'  "{key}": {value}' for key, value in parts.items()) + "\n}\n"
    # A lock can hold a lone surrogate, which no file can.
    return text.encode("utf-8", "replace").decode()


def _task_file(task: Task) -> str:
    return task.name.partition(" ")[2].partition(" ")[2].replace(" ", "-") + ".flux"


def _device(device: DeviceSummary, home: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    telegraf, digest = home.get(device.name, ("", ""))
    return {
        "name": device.name,
        "address": device.address,
        "profile": device.profile,
        "site": device.site,
        "role": device.role,
        "snmp": device.snmp,
        "icmp": device.icmp,
        "probed": device.probed,
        "silence": device.silence,
        "expects": device.expects,
        "interval": device.budget.interval,
        "requests": device.budget.requests,
        "bytes": device.budget.bytes,
        "points": device.budget.points,
        "worst_s": round(device.budget.worst_s, 3),
        "telegraf": telegraf,
        "digest": digest,
    }


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _lines(items: Iterable[object]) -> str:
    rows = [f"    {_text(item)}" for item in items]
    return "[\n" + ",\n".join(rows) + "\n  ]" if rows else "[]"


def _former(directory: Path) -> set[str]:
    """The files of a former render in this folder. Raises UsageError for any other content."""
    try:
        if not directory.exists() or not any(map(_counts, directory.iterdir())):
            return set()
    except NotADirectoryError:
        raise UsageError(
            f"{directory} is a file, and a render needs a folder",
            hint="give -o another name",
        ) from None
    except OSError as error:
        raise refused("read", directory, error) from error
    try:
        listed = json.loads((directory / _BUNDLE).read_bytes())["files"]
        return {path for path in listed if _inside(path)}
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(
            f"{directory} holds files that no render of tigctl wrote; they stay as they are",
            hint="give -o an empty or new folder",
        ) from None


def _counts(path: Path) -> bool:
    """Whether something lies here that a render broken off at its start would not leave."""
    if path.is_dir() and not path.is_symlink():
        return any(path.iterdir())
    return not (path.name.startswith(f".{_BUNDLE}.") and path.name.endswith(".tmp"))


def _inside(path: object) -> bool:
    """Whether a listed path leads to a file below the folder, whoever wrote the list."""
    if not isinstance(path, str):
        return False
    pure = PurePosixPath(path)
    return not pure.is_absolute() and ".." not in pure.parts and path not in {"", ".", _BUNDLE}


def _remove(directory: Path, path: str) -> None:
    stale = directory / path
    try:
        stale.unlink(missing_ok=True)
        if stale.parent != directory and not any(stale.parent.iterdir()):
            stale.parent.rmdir()
    except OSError as error:
        raise refused("remove", stale, error) from error
