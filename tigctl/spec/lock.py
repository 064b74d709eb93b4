"""devices.lock.json: what probing found, as text that a person can review.

One block per device, in order of names; one line per fact; the answers of one table share a
line, below the OID of its entry:

    "answers": {
      "1.3.6.1.2.1.2.2.1": {"1": 52, "2": 52},
      "1.3.6.1.2.1.31.1.1.1": {"1": 52, "6": 52}

Same entries, same bytes. The file holds no secret and no time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import astuple
from functools import lru_cache
from pathlib import Path
from typing import Any

from collectors.facts import Facts, Found, InterfaceKey, Neighbour, Reason, Silence
from tigctl.spec import files
from tigctl.spec.faults import Faults
from tigctl.spec.text import MEBIBYTE, read_text

VERSION = 1
LARGEST_FILE = 512 * MEBIBYTE

_AGAIN = "delete the file and run tigctl probe"


class _Damaged(ValueError):
    """An entry that no tigctl wrote; the text says which part of it."""


def read(path: Path) -> dict[str, Found]:
    """The entries by device name; none where there is no file.

    Raises InvalidFiles where it is corrupt, damaged or of another version.
    """
    if not path.exists() and not path.is_symlink():
        return {}
    faults = Faults()
    entries = _read(path, _shown(path), faults)
    faults.raise_all()
    return entries


def write(path: Path, entries: Mapping[str, Found]) -> None:
    """Writes the entries, atomically. Raises WorldError where the system refuses."""
    files.replace(path, dumps(entries))


def dumps(entries: Mapping[str, Found]) -> str:
    """The text of a lock."""
    lines = ["{", f'  "version": {VERSION},', '  "devices": {']
    blocks = [",\n".join(_device(name, entries[name])) + "\n    }" for name in sorted(entries)]
    if not blocks:
        return "\n".join((*lines[:-1], '  "devices": {}', "}", ""))
    return "\n".join((*lines, ",\n".join(blocks), "  }", "}", ""))


def _device(name: str, found: Found) -> Iterator[str]:
    yield f'    {json.dumps(name)}: {{\n      "address": {json.dumps(found.address)}'
    yield f'      "port": {found.port}'
    if found.silence:
        silence = {"reason": found.silence.reason.value, "text": found.silence.text}
        yield f'      "silence": {json.dumps(silence)}'
    if found.facts:
        yield '      "facts": {\n' + ",\n".join(_facts(found.facts)) + "\n      }"


def _facts(facts: Facts) -> Iterator[str]:
    for key in ("credentials", "sys_object_id", "sys_descr", "sys_name", "engine_id", "serial"):
        if text := getattr(facts, key):
            yield f'        "{key}": {json.dumps(text)}'
    yield f'        "interface_key": "{facts.interface_key.value}"'
    yield f'        "max_repetitions": {facts.max_repetitions}'
    yield f'        "answer_ms": {facts.answer_ms}'
    if facts.fastest:
        yield f'        "fastest": {facts.fastest}'
    if facts.interfaces:
        yield f'        "interfaces": {json.dumps(facts.interfaces)}'
    if facts.enterprises:
        yield f'        "enterprises": {json.dumps(facts.enterprises)}'
    if facts.names:
        lines = [
            f"          {json.dumps(key)}: {json.dumps(list(facts.names[key]))}"
            for key in sorted(facts.names)
        ]
        yield '        "names": {\n' + ",\n".join(lines) + "\n        }"
    if facts.neighbours:
        lines = [f"          {json.dumps(list(astuple(one)))}" for one in facts.neighbours]
        yield '        "neighbours": [\n' + ",\n".join(lines) + "\n        ]"
    if facts.texts:
        lines = [
            f"          {json.dumps(oid)}: {json.dumps(facts.texts[oid])}"
            for oid in sorted(facts.texts, key=_oid)
        ]
        yield '        "texts": {\n' + ",\n".join(lines) + "\n        }"
    if facts.answers:
        tables: dict[str, dict[str, int]] = {}
        for oid in sorted(facts.answers, key=_oid):
            entry, _, column = oid.rpartition(".")
            tables.setdefault(entry, {})[column] = facts.answers[oid]
        lines = [
            f"          {json.dumps(entry)}: {json.dumps(columns)}"
            for entry, columns in tables.items()
        ]
        yield '        "answers": {\n' + ",\n".join(lines) + "\n        }"


@lru_cache(maxsize=100_000)
def _oid(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def _read(path: Path, shown: str, faults: Faults) -> dict[str, Found]:
    text = read_text(path, shown, faults, limit=LARGEST_FILE)
    if text is None:
        return {}
    try:
        data = json.loads(text, object_pairs_hook=_no_twins)
    except json.JSONDecodeError as error:
        line = text.split("\n")[error.lineno - 1]
        marks = line.lstrip().startswith(("<<<<<<<", "=======", ">>>>>>>"))
        what = "a merge conflict stands here" if marks else "is no JSON"
        faults.add(shown, error.lineno, f"{what}; {_AGAIN}")
        return {}
    except RecursionError:
        faults.add(shown, 0, f"is nested too deeply; {_AGAIN}")
        return {}
    except _Damaged as error:
        faults.add(shown, 0, f"{error}; {_AGAIN}")
        return {}
    version = data.get("version") if isinstance(data, dict) else None
    devices = data.get("devices") if isinstance(data, dict) else None
    if version != VERSION or not isinstance(devices, dict):
        newer = isinstance(version, int) and version > VERSION
        what = (
            f"is of version {version}, this tigctl writes {VERSION}"
            if newer
            else "is no lock of tigctl"
        )
        faults.add(shown, 1, f"{what}; {_AGAIN}{', or use a newer tigctl' if newer else ''}")
        return {}
    entries: dict[str, Found] = {}
    for name, entry in devices.items():
        try:
            entries[name] = _found(entry)
        except _Damaged as error:
            faults.add(shown, _line(text, name), f"entry {name!r} {error}; {_AGAIN}")
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            why = f"lacks {error}" if isinstance(error, KeyError) else "is damaged"
            faults.add(shown, _line(text, name), f"entry {name!r} {why}; {_AGAIN}")
    return entries


def _found(entry: dict[str, Any]) -> Found:
    _only(entry, {"address", "port", "silence", "facts"})
    silence = None
    if "silence" in entry:
        _only(entry["silence"], {"reason", "text"})
        silence = Silence(Reason(entry["silence"]["reason"]), _text(entry["silence"]["text"]))
    facts = _read_facts(dict(entry["facts"])) if "facts" in entry else None
    return Found(_text(entry["address"]), _number(entry["port"]), facts, silence)


def _read_facts(entry: dict[str, Any]) -> Facts:
    answers: dict[str, int] = {}
    for table, columns in entry.pop("answers", {}).items():
        for column, rows in columns.items():
            answers[_joined(table, column)] = rows
    texts = {_joined(oid): _text(text) for oid, text in entry.pop("texts", {}).items()}
    beside = tuple(Neighbour(*map(_text, one)) for one in entry.pop("neighbours", ()))
    if not set(map(type, answers.values())) <= {int} or min(answers.values(), default=0) < 0:
        raise _Damaged("counts rows by something else than numbers")
    numbers = {key: _number(entry.pop(key)) for key in ("max_repetitions", "answer_ms")}
    fastest = _number(entry.pop("fastest", 0))
    interfaces = tuple(map(_text, entry.pop("interfaces", ())))
    enterprises = tuple(map(_text, entry.pop("enterprises", ())))
    names = {key: tuple(map(_text, found)) for key, found in entry.pop("names", {}).items()}
    key = InterfaceKey(entry.pop("interface_key"))
    named = {
        key: _text(entry.pop(key, ""))
        for key in ("credentials", "sys_object_id", "sys_descr", "sys_name", "engine_id", "serial")
    }
    _only(entry, set())
    return Facts(
        credentials=named["credentials"],
        sys_object_id=named["sys_object_id"],
        sys_descr=named["sys_descr"],
        sys_name=named["sys_name"],
        engine_id=named["engine_id"],
        serial=named["serial"],
        answers=answers,
        texts=texts,
        interface_key=key,
        max_repetitions=numbers["max_repetitions"],
        answer_ms=numbers["answer_ms"],
        fastest=fastest,
        interfaces=interfaces,
        neighbours=beside,
        names=names,
        enterprises=enterprises,
    )


@lru_cache(maxsize=100_000)
def _joined(*parts: str) -> str:
    """An OID from its parts; devices share most of them, so each is checked and kept once."""
    oid = ".".join(filter(None, parts))
    if not re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,10})*", oid):
        raise _Damaged("names an OID that is none")
    return oid


def _only(entry: dict[str, Any], known: set[str]) -> None:
    if odd := sorted(set(entry) - known):
        raise _Damaged(f"has a key {odd[0]!r} that is not known")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _Damaged("holds something else where a text belongs")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _Damaged("holds something else where a number belongs")
    return value


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise _Damaged(f"holds {twin!r} twice")
    return found


def _line(text: str, name: str) -> int:
    """Where an entry begins, 0 if somebody laid the file out anew."""
    at = text.find(f"\n    {json.dumps(name)}: {{")
    return text.count("\n", 0, at) + 2 if at >= 0 else 0


def _shown(path: Path) -> str:
    """The path relative to the workspace, where it lies at its place in one."""
    tenants = path.parent.parent
    return path.relative_to(tenants.parent).as_posix() if tenants.name == "tenants" else str(path)
