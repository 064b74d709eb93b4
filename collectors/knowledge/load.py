"""From folders of YAML to a library. All faults of all files are reported at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from collectors.errors import ProfileError, ProfileFault
from collectors.knowledge.document import Faults, Map, maps, read, texts
from collectors.knowledge.metrics import metric, oid, yes
from collectors.knowledge.model import Identity, IdentitySource, Library, Metric, Profile

SHIPPED = Path(__file__).resolve().parent.parent / "profiles"

_PROFILE_KEYS = ("sysobjectid", "extends", "metadata", "metrics", "metric_tags", "device", "tigctl")
_EXTENSION_KEYS = ("capability", "rank", "sysdescr", "answers", "description")
# What the open schema calls a fact, and what the data model calls it.
_IDENTITY = {
    "vendor": "vendor",
    "model": "model",
    "serial_number": "serial",
    "version": "os_version",
    "os_version": "os_version",
}
_PATTERN = re.compile(r"[0-2](\.\d+)+(\.\*)?")
# RE2 has neither look-around nor back-references.
_NOT_RE2 = re.compile(r"\(\?[=!<]|\\[1-9]|\(\?P=")


def load_library(own: Sequence[Path] = ()) -> Library:
    """All profiles: those of the folders `own`, earlier folders first, then the shipped ones.

    A profile of an earlier folder hides one of the same name in a later one. Folders that do
    not exist hold none. Raises ProfileError with every fault of every file.
    """
    found: dict[str, Profile] = {}
    extends: dict[str, tuple[str, ...]] = {}
    faults: list[ProfileFault] = []
    for folder in own:
        profiles, parents, wrong = _folder(folder, own=True)
        faults += wrong
        for name, profile in profiles.items():
            if name not in found:
                found[name], extends[name] = profile, parents[name]
    profiles, parents, wrong = _shipped()
    faults += wrong
    for name, profile in profiles.items():
        found.setdefault(name, profile)
        extends.setdefault(name, parents[name])
    faults += _family_faults(found, extends)
    if faults:
        raise ProfileError(faults)
    profiles = {name: _inherit(name, found, extends) for name in sorted(found)}
    if faults := [fault for profile in profiles.values() for fault in _unless_faults(profile)]:
        raise ProfileError(faults)
    return Library(tuple(profiles.values()))


_Loaded = tuple[dict[str, Profile], dict[str, tuple[str, ...]], tuple[ProfileFault, ...]]


@cache
def _shipped() -> _Loaded:
    return _folder(SHIPPED, own=False)


def _folder(folder: Path, *, own: bool) -> _Loaded:
    profiles: dict[str, Profile] = {}
    extends: dict[str, tuple[str, ...]] = {}
    faults: list[ProfileFault] = []
    for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        mine = Faults(str(path))
        if path.stem in profiles:
            mine.add(0, f"is a second profile {path.stem!r}, beside {profiles[path.stem].file}")
        document = read(path, mine)
        if document is not None:
            profiles[path.stem] = _profile(path, document, mine, own=own)
            extends[path.stem] = tuple(
                re.sub(r"\.ya?ml$", "", parent) for parent in texts(document.get("extends", []))
            )
        faults += mine.found
    return profiles, extends, tuple(faults)


def _profile(path: Path, document: Map, faults: Faults, *, own: bool) -> Profile:
    faults.unknown_keys(document, _PROFILE_KEYS, "a profile")
    extension: Any = document.get("tigctl") or {}
    if isinstance(extension, Map):
        faults.unknown_keys(extension, _EXTENSION_KEYS, "`tigctl` of a profile")
    elif extension:
        faults.add(document.lines["tigctl"], "`tigctl` of a profile must be a mapping")
        extension = {}
    line = document.lines.get("sysobjectid", 0)
    object_ids = texts(document.get("sysobjectid", []))
    for pattern in object_ids:
        if not _PATTERN.fullmatch(pattern):
            faults.add(line, f"sysobjectid {pattern!r}: write numbers, at most `.*` at the end")
    descr = str(extension.get("sysdescr", "")) or None
    if descr is not None:
        _regex(descr, extension.lines["sysdescr"], faults)
    answers = [
        oid(number, extension.lines["answers"], faults).removesuffix(".0")
        for number in texts(extension.get("answers", []))
    ]
    rank = str(extension.get("rank", "50"))
    if not rank.isdigit():
        faults.add(extension.lines["rank"], f"rank {rank!r} is no whole number")
        rank = "50"
    metrics: list[Metric] = []
    for entry in maps(
        document.get("metrics", []), faults, document.lines.get("metrics", 0), "metrics"
    ):
        if found := metric(entry, path.stem, faults):
            if any(found.name == other.name for other in metrics):
                faults.add(entry.line, f"metric {found.name!r} stands here twice; join the two")
            metrics.append(found)
    return Profile(
        name=path.stem,
        file=str(path),
        object_ids=object_ids,
        descr_pattern=descr,
        answers=tuple(number for number in answers if number),
        capability=yes(extension.get("capability", "")),
        rank=int(rank),
        identity=_identity(document, faults),
        metrics=tuple(metrics),
        own=own,
        description=str(extension.get("description", "")),
    )


def _identity(document: Map, faults: Faults) -> Mapping[str, Identity]:
    fields: Any = document.get("metadata", {})
    for key in ("device", "fields"):
        fields = fields.get(key, {}) if isinstance(fields, Map) else {}
    found: dict[str, Identity] = {}
    for name, given in fields.items() if isinstance(fields, Map) else ():
        if name not in _IDENTITY:
            # The open schema has more facts (name, location, type …); we have no use for them.
            continue
        line = fields.lines[name]
        if not isinstance(given, Map):
            faults.add(line, f"{name} must be a mapping: `value:`, `symbol:` or `symbols:`")
            continue
        faults.unknown_keys(given, ("value", "symbol", "symbols"), f"metadata of {name}")
        sources = [given["symbol"]] if "symbol" in given else []
        sources += given.get("symbols") or []
        found[_IDENTITY[name]] = Identity(
            value=str(given.get("value", "")),
            sources=tuple(
                source
                for item in maps(sources, faults, line, f"symbols of {name}")
                if (source := _source(item, faults))
            ),
        )
    return found


def _source(item: Map, faults: Faults) -> IdentitySource | None:
    number = oid(item.get("OID", ""), item.lines.get("OID", item.line), faults)
    pattern = str(item.get("extract_value", "")) or None
    if pattern is not None:
        _regex(pattern, item.lines["extract_value"], faults, group=True)
    return IdentitySource(number, str(item.get("name", "")), pattern) if number else None


def _regex(pattern: str, line: int, faults: Faults, *, group: bool = False) -> None:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        faults.add(line, f"{pattern!r} is no regular expression ({error})")
        return
    if _NOT_RE2.search(pattern):
        faults.add(line, f"{pattern!r}: look-around and back-references are not in RE2")
    if group and compiled.groups != 1:
        faults.add(line, f"{pattern!r} needs exactly one group (…): what is taken")


def _family_faults(
    profiles: Mapping[str, Profile], extends: Mapping[str, tuple[str, ...]]
) -> Iterator[ProfileFault]:
    """Parents that are not there, and profiles that are among their own forebears."""
    for name, profile in profiles.items():
        for parent in extends[name]:
            if parent not in profiles:
                near = difflib.get_close_matches(parent, profiles, 1)
                advice = f"; did you mean {near[0]!r}?" if near else ""
                message = f"extends {parent!r}: no such profile{advice}"
                yield ProfileFault(profile.file, 0, message)
        if chain := _way_back(name, extends):
            yield ProfileFault(profile.file, 0, f"extends itself: {' → '.join(chain)}")


def _way_back(name: str, extends: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """How a profile comes to extend itself; empty where it does not."""
    ways: list[tuple[str, ...]] = [(name,)]
    seen: set[str] = set()
    for way in ways:  # grows while it is gone through
        for parent in extends.get(way[-1], ()):
            if parent == name:
                return (*way, name)
            if parent not in seen:
                seen.add(parent)
                ways.append((*way, parent))
    return ()


def _unless_faults(profile: Profile) -> Iterator[ProfileFault]:
    known = {one.name for one in profile.metrics}
    for one in profile.metrics:
        for name in one.unless:
            # An inherited metric was checked where it stands.
            if one.profile == profile.name and (name not in known or name == one.name):
                near = difflib.get_close_matches(name, known - {one.name}, 1)
                advice = f"; did you mean {near[0]!r}?" if near else ""
                message = f"{one.name}: `unless: {name}` is no other metric here{advice}"
                yield ProfileFault(profile.file, 0, message)


def _inherit(
    name: str, profiles: Mapping[str, Profile], extends: Mapping[str, tuple[str, ...]]
) -> Profile:
    """The profile with what it extends: own metrics and facts first, then the parents'."""
    profile = profiles[name]
    metrics: dict[str, Metric] = {metric.name: metric for metric in profile.metrics}
    identity = dict(profile.identity)
    for parent in extends[name]:
        inherited = _inherit(parent, profiles, extends)
        for metric_ in inherited.metrics:
            metrics.setdefault(metric_.name, metric_)
        for fact, where in inherited.identity.items():
            mine = identity.get(fact)
            identity[fact] = (
                Identity(mine.value or where.value, mine.sources + where.sources) if mine else where
            )
    return replace(profile, metrics=tuple(metrics.values()), identity=identity)
