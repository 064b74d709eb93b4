"""From folders of YAML to a library. All faults of all files are reported at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from collectors.datamodel import MEASUREMENTS, SENSOR_CLASSES
from collectors.errors import ProfileError, ProfileFault
from collectors.knowledge.cache import remembered
from collectors.knowledge.document import Faults, Map, maps, read, texts
from collectors.knowledge.family import Parent, family_faults, inherit, parents
from collectors.knowledge.identity import identities, models, vendors
from collectors.knowledge.metrics import metric
from collectors.knowledge.model import Library, Metric, Profile
from collectors.knowledge.values import conditions, oid, regex, yes

SHIPPED = Path(__file__).resolve().parent.parent / "profiles"

_PROFILE_KEYS = ("sysobjectid", "extends", "metadata", "metrics", "metric_tags", "device", "tigctl")
_EXTENSION_KEYS = (
    "capability",
    "rank",
    "sysdescr",
    "answers",
    "description",
    "when",
    "models",
    "models_below",
    "vendors",
)
_PATTERN = re.compile(r"\*|[0-2](\.\d+)+(\.\*)?")


def load_library(own: Sequence[Path] = ()) -> Library:
    """All profiles: those of the folders `own`, earlier folders first, then the shipped ones.

    A profile of an earlier folder hides one of the same name in a later one. Folders that do
    not exist hold none. Raises ProfileError with every fault of every file.
    """
    found: dict[str, Profile] = {}
    extends: dict[str, tuple[Parent, ...]] = {}
    faults: list[ProfileFault] = []
    for folder in own:
        profiles, families, wrong = _folder(folder, own=True)
        faults += wrong
        for name, profile in profiles.items():
            if name not in found:
                found[name], extends[name] = profile, families[name]
    profiles, families, wrong = _shipped()
    faults += wrong
    for name, profile in profiles.items():
        found.setdefault(name, profile)
        extends.setdefault(name, families[name])
    faults += family_faults(found, extends)
    if faults:
        raise ProfileError(faults)
    profiles = {name: inherit(name, found, extends) for name in sorted(found)}
    if faults := list(_unless_faults(profiles)):
        raise ProfileError(faults)
    return Library(tuple(profiles.values()))


_Loaded = tuple[dict[str, Profile], dict[str, tuple[Parent, ...]], tuple[ProfileFault, ...]]


@cache
def _shipped() -> _Loaded:
    return remembered(SHIPPED, lambda: _folder(SHIPPED, own=False))


def _folder(folder: Path, *, own: bool) -> _Loaded:
    profiles: dict[str, Profile] = {}
    extends: dict[str, tuple[Parent, ...]] = {}
    faults: list[ProfileFault] = []
    for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        mine = Faults(str(path))
        if path.stem in profiles:
            mine.add(0, f"is a second profile {path.stem!r}, beside {profiles[path.stem].file}")
        document = read(path, mine)
        if document is not None:
            profiles[path.stem] = _profile(path, document, mine, own=own)
            extends[path.stem] = parents(document, mine)
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
        regex(descr, extension.lines["sysdescr"], faults)
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
        when=conditions(extension, faults),
        answers=tuple(number for number in answers if number),
        capability=yes(extension.get("capability", "")),
        rank=int(rank),
        identity=identities(document, faults),
        models=models(extension, object_ids, faults),
        vendors=vendors(extension, faults),
        metrics=tuple(metrics),
        own=own,
        description=str(extension.get("description", "")),
    )


def _unless_faults(profiles: Mapping[str, Profile]) -> Iterator[ProfileFault]:
    """Names in `unless` of a metric that stand for nothing."""
    classes = {f"sensor/{name}" for name in SENSOR_CLASSES}
    everywhere = {f"*:{one.name}" for profile in profiles.values() for one in profile.metrics}
    everywhere |= {one.id for profile in profiles.values() for one in profile.metrics}
    known = {*MEASUREMENTS, *classes, *everywhere}
    for profile in profiles.values():
        mine = {one.name for one in profile.metrics}
        for one in profile.metrics:
            # An inherited metric was checked where it stands.
            if one.profile != profile.name:
                continue
            for name in one.unless:
                if name in {one.name, one.id} or name not in mine | known:
                    candidates = known if ":" in name or "/" in name else mine - {one.name}
                    near = difflib.get_close_matches(name, candidates, 1)
                    advice = f"; did you mean {near[0]!r}?" if near else ""
                    message = f"{one.name}: `unless: {name}` is no other metric here{advice}"
                    yield ProfileFault(profile.file, 0, message)
