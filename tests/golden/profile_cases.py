"""The recorded case of each shipped profile, read from tests/golden/profiles/NAME/.

device.snmprec    what the device answers, one `OID|tag|value` per line; values are invented
expected.yaml     the profile that fits, the metrics that are polled, the points that come of them

A profile may have more cases: NAME~VARIANT.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from collectors.facts import Facts
from collectors.knowledge.identify import found_rows
from collectors.knowledge.match import questions
from collectors.knowledge.model import Library, NameColumn
from collectors.knowledge.naming import clashing
from collectors.knowledge.stranger import AGENTS, ENTERPRISES

FOLDER = Path(__file__).with_name("profiles")
# Each worker of the tests reads hundreds of them: the compiled loader is ten times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Object = tuple[str, int, str]


@dataclass(frozen=True)
class Wanted:
    """One point that has to come out, without the tag `device`."""

    measurement: str
    tags: dict[str, str]
    fields: dict[str, float | str]


@dataclass(frozen=True)
class Case:
    """One device. `metrics` leaves out those of the profiles system and if-mib, but in their own
    cases; `profile` is None where only capabilities fit.
    """

    name: str
    objects: tuple[Object, ...]
    profile: str | None
    metrics: tuple[str, ...]
    points: tuple[Wanted, ...]

    def facts(self, library: Library) -> Facts:
        """What a probe with this library would find out (the real one is tested elsewhere)."""
        told = {oid: value for oid, _, value in self.objects}
        object_id, descr, name = (told[f"1.3.6.1.2.1.1.{column}.0"] for column in (2, 1, 5))
        asked = questions(library, object_id, descr)
        enterprises: tuple[str, ...] = ()
        if asked.stranger:
            start = f"{ENTERPRISES}."
            below = {
                oid.removeprefix(start).partition(".")[0] for oid in told if oid.startswith(start)
            }
            enterprises = tuple(sorted(below - AGENTS, key=int))
            asked = questions(library, object_id, descr, enterprises)
        answers = Counter(
            column for oid in told for column in asked.columns if oid.startswith(f"{column}.")
        )
        answers.update(oid for oid in asked.exact if oid in told)
        texts = {oid: told[oid] for oid in asked.texts if oid in told}
        wanted = {oid for one in asked.rows if one.rows for oid in (one.oid, one.rows.beside)}
        columns = {
            column: {
                oid.removeprefix(f"{column}."): text
                for oid, text in told.items()
                if oid.startswith(f"{column}.")
            }
            for column in wanted - {""}
        }
        texts |= found_rows(asked.rows, columns)
        repeated = clashing({one: self._named(one, told) for one in asked.names})
        repeated = {key: rows for key, rows in repeated.items() if key.partition("/")[0] in answers}
        return Facts(
            "default",
            object_id,
            descr,
            name,
            answers=answers,
            texts=texts,
            names=repeated,
            enterprises=enterprises,
        )

    def _named(self, names: NameColumn, told: Mapping[str, str]) -> dict[str, str]:
        beside = names.beside or names.column
        start = f"{names.column}."
        rows = {
            oid.removeprefix(start): text for oid, text in told.items() if oid.startswith(start)
        }
        return {row: text for row, text in rows.items() if f"{beside}.{row}" in told}


def about(name: str) -> str:
    """The profile that the case of this name is one of."""
    return name.partition("~")[0]


def names() -> list[str]:
    """Of all cases, sorted. No file is read: a worker collects them all and runs only some."""
    return sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir())


@cache
def case(name: str) -> Case:
    """The case of that name."""
    folder = FOLDER / name
    lines = (folder / "device.snmprec").read_text(encoding="utf-8").splitlines()
    objects = [line.split("|", 2) for line in lines]
    text = (folder / "expected.yaml").read_text(encoding="utf-8")
    expected = yaml.load(text, _LOADER)  # noqa: S506 - either one is safe
    return Case(
        name=name,
        objects=tuple((oid, int(tag), value) for oid, tag, value in objects),
        profile=expected["profile"],
        metrics=tuple(expected["metrics"]),
        points=tuple(
            Wanted(point["measurement"], point.get("tags", {}), point["fields"])
            for point in expected["points"]
        ),
    )
