"""A rule's cases: from made series to points, and whether what fires is what must.

Samples are written as in unit tests of Prometheus' rules: `50x10` is 50 and ten times more 50,
`0+5x4` counts up by 5 four times more, `_` is a sample that did not come, `_x3` three of them.
Source: Prometheus' documentation, "Unit testing for rules".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from collectors.datamodel import FieldType, field_type
from tigctl.render.alerts.flux import Watched
from tigctl.render.alerts.model import Case

_NUMBER = r"-?\d+(?:\.\d+)?"
_SAMPLE = re.compile(
    rf"(?:(?P<gap>_)|(?P<first>{_NUMBER})(?P<step>[+-]\d+(?:\.\d+)?)?|'(?P<text>[^']*)')"
    r"(?:x(?P<times>\d+))?"
)
_SERIES = re.compile(r"(?P<name>[^, ]+)(?P<tags>(?:,[^,= ]+=(?:\\.|[^,\\ ])+)*) (?P<field>\S+)")


def samples(text: str) -> Iterator[str | None]:
    """The samples of a series in order, None for one that did not come. Raises ValueError."""
    place = 0
    for found in _SAMPLE.finditer(text):
        if text[place : found.start()].strip():
            break
        place = found.end()
        times = found["times"]
        if found["gap"]:
            yield from [None] * int(times or 1)
        elif found["text"] is not None:
            yield from [found["text"]] * (int(times or 0) + 1)
        else:
            step = float(found["step"] or 0)
            for number in range(int(times or 0) + 1):
                yield repr(float(found["first"]) + number * step)
    if text[place:].strip():
        raise ValueError(
            f"{text[place:].split(maxsplit=1)[0]!r} is no sample; write 50x10, 0+5x4, _x3, 'on'"
        )


def lines(case: Case, end: int) -> Iterator[str]:
    """The points of a case as line protocol; the last sample of each series at `end` (s).

    Raises ValueError for a series or a sample that cannot be read.
    """
    for series, written in case.series.items():
        found = _SERIES.fullmatch(series)
        if not found:
            raise ValueError(f"{series!r} is no series; write MEASUREMENT,TAG=VALUE FIELD")
        kind = field_type(found["name"], found["field"])
        every = list(samples(written))
        for number, sample in enumerate(every):
            if sample is None:
                continue
            at = end - (len(every) - 1 - number) * case.every
            value = _typed(sample, kind)
            yield f"{found['name']}{found['tags']} {found['field']}={value} {at}"


def _typed(sample: str, kind: FieldType) -> str:
    if kind is FieldType.STRING:
        return '"' + sample.replace("\\", "\\\\").replace('"', '\\"') + '"'
    try:
        number = float(sample)
    except ValueError:
        raise ValueError(f"{sample!r} is a text, but the field holds numbers") from None
    return f"{int(number)}i" if kind is FieldType.INTEGER else repr(number)


def devices(case: Case) -> tuple[Watched, ...]:
    """The devices that the series of a case speak of, with site, role and parent."""
    found: dict[str, Watched] = {}
    for series in case.series:
        tags = _tags(series)
        name = tags.get("device", "")
        if name and name not in found:
            found[name] = Watched(
                name,
                tags.get("site", ""),
                tags.get("role", ""),
                case.devices.get(name, ""),
                interval=case.every,
            )
    return tuple(found.values())


def _tags(series: str) -> Mapping[str, str]:
    head = series.rpartition(" ")[0]
    pairs = (part.partition("=") for part in re.split(r"(?<!\\),", head)[1:])
    return {key: re.sub(r"\\(.)", r"\1", value) for key, _, value in pairs}
