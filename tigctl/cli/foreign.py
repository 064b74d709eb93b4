"""`tigctl profiles check FOLDER` of others' profiles: a line per file, then the reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from collectors.knowledge.foreign import Foreign, Judged, Verdict
from tigctl.cli import output, place, tables
from tigctl.targets.model import Json

_METRICS = ("symbol", "metric")
_SHOWN = 3


def show(found: Sequence[Foreign]) -> None:
    """The table and the reasons, to standard output."""
    columns = (
        tables.Column("FILE", fold=True, most=34),
        tables.Column("FITS", right=True),
        tables.Column("FACTS", right=True),
        *(tables.Column(str(verdict).upper(), right=True) for verdict in Verdict),
        tables.Column("OURS", fold=True),
    )
    rows = [
        (
            place.shown(one.file),
            str(one.count(Verdict.USABLE, "sysobjectid")),
            str(one.count(Verdict.USABLE, "fact")),
            *(str(one.count(verdict, *_METRICS)) for verdict in Verdict),
            output.listed(one.rivals, 2),
        )
        for one in found
    ]
    tables.show(tables.table(columns, rows))
    for one in found:
        if lines := list(_reasons(one.judged)):
            output.data(place.shown(one.file))
            for line in lines:
                output.data(line)
    objects = {verdict: sum(one.count(verdict, *_METRICS) for one in found) for verdict in Verdict}
    said = ", ".join(f"{number} {verdict}" for verdict, number in objects.items())
    output.data(f"{output.count(len(found), 'foreign profile')}, of their objects: {said}")


def _reasons(judged: Sequence[Judged]) -> Iterator[str]:
    """What has the same verdict for the same reason, together; what is known needs no word."""
    groups: dict[tuple[str, Verdict, str], list[str]] = {}
    for one in judged:
        if one.verdict is not Verdict.KNOWN and one.reason:
            where = f"{one.name} (line {one.line})" if one.line else one.name
            groups.setdefault((one.part, one.verdict, one.reason), []).append(where)
    for (part, verdict, reason), names in groups.items():
        label = part if part not in _METRICS else ""
        text = f"{label} {output.listed(names, _SHOWN)}: {reason}".strip()
        yield from output.beside(str(verdict), text, width=12)


def as_json(found: Sequence[Foreign]) -> list[Json]:
    """Everything, for programs."""
    return [
        {
            "file": one.file,
            "ours": list(one.rivals),
            "parts": [
                {
                    "part": part.part,
                    "name": part.name,
                    "line": part.line,
                    "verdict": str(part.verdict),
                    "reason": part.reason,
                }
                for part in one.judged
            ],
        }
        for one in found
    ]
