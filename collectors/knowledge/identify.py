"""From facts to the inventory: vendor, model, serial number, software. Pure.

A profile says where they stand; devices say "N/A" and "To be filled by O.E.M." there as well.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from collectors.facts import Facts
from collectors.knowledge.model import PLACEHOLDER, Condition, IdentitySource, Profile

OF_SYSTEM = {
    "1.3.6.1.2.1.1.1.0": "sys_descr",
    "1.3.6.1.2.1.1.2.0": "sys_object_id",
    "1.3.6.1.2.1.1.5.0": "sys_name",
}
"""Texts that are asked for first of all, and the attribute of the facts that holds each."""

_NOTHING = re.compile(
    r"(?i)[\s\"'.*<>?_-]*"
    r"(n/?a|not? (available|applicable|specified|present|set|asset tag)|none|null|nil|unknown|"
    r"undefined|invalid|default string|to be filled by o\.?e\.?m\.?|"
    r"chassis|(no )?such file or directory|"
    r"system (serial number|product name|version)|0+|x{4,}|(0x)?(ff)+|)"
    r"[\s\"'.*<>?_-]*"
)


def told(text: str) -> bool:
    """Whether a text tells anything."""
    return not _NOTHING.fullmatch(text)


def holds(conditions: Iterable[Condition], facts: Facts) -> bool:
    """Whether all of them hold."""
    return all(re.search(one.pattern, _text(one.oid, facts)) for one in conditions)


def identify(chain: Sequence[Profile], facts: Facts, giving: Collection[str]) -> dict[str, str]:
    """Field of `inventory` -> text. `giving` are the profiles of which anything is polled."""
    found: dict[str, str] = {}
    for profile in chain:
        # A fixed value, or a pattern that fits anyone's description, says something of a device
        # only if the profile is about it.
        fixed = not profile.capability or profile.name in giving
        about = fixed or not profile.metrics
        for fact, identity in profile.identity.items():
            if fact in found:
                continue
            sources = (one for one in identity.sources if about or one.oid not in OF_SYSTEM)
            if text := _first(sources, facts):
                found[fact] = text
            elif fact == "model" and (model := profile.models.get(facts.sys_object_id)):
                found[fact] = model
            elif fixed and identity.value:
                found[fact] = identity.value
        if "model" not in found and facts.sys_object_id in profile.models:
            found["model"] = profile.models[facts.sys_object_id]
        if "vendor" not in found and (
            vendor := profile.vendors.get(enterprise(facts.sys_object_id))
        ):
            found["vendor"] = vendor
    return found


def enterprise(sys_object_id: str) -> str:
    """The number of the device's enterprise, as IANA gives them out; empty where it has none."""
    under = re.match(r"1\.3\.6\.1\.4\.1\.(\d+)", sys_object_id)
    return under[1] if under else ""


def first_row(source: IdentitySource, columns: Mapping[str, Mapping[str, str]]) -> str | None:
    """The row that tells a fact: its index, or None.

    `columns` are the texts of a table's first rows: OID of the column -> index -> text.
    """
    assert source.rows is not None  # noqa: S101 - asked of such sources only
    beside = columns.get(source.rows.beside, {})
    rows = columns.get(source.oid, {})
    for index in sorted(rows, key=lambda index: tuple(map(int, index.split(".")))):
        fitting = not source.rows.beside or beside.get(index) in source.rows.values
        if fitting and _taken(source, rows[index]):
            return index
    return None


def _first(sources: Iterable[IdentitySource], facts: Facts) -> str:
    for source in sources:
        if source.nothing and _taken(source, _text(source.oid, facts)):
            return ""
        if text := _fact(source, facts):
            return text
    return ""


def found_rows(
    sources: Iterable[IdentitySource], columns: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    """Complete OID -> text of each row that tells a fact, and of what stands beside it."""
    found = {}
    for source in sources:
        if source.rows and (index := first_row(source, columns)) is not None:
            for column in filter(None, (source.oid, source.rows.beside)):
                found[f"{column}.{index}"] = columns[column][index]
    return found


def _fact(source: IdentitySource, facts: Facts) -> str:
    if source.rows:
        columns = {
            column: _column(column, facts) for column in (source.oid, source.rows.beside) if column
        }
        index = first_row(source, columns)
        text = columns[source.oid][index] if index is not None else ""
    else:
        text = _text(source.oid, facts)
    groups = _taken(source, text)
    if not groups:
        return ""
    if not source.text:
        return groups[0]
    parts = dict(enumerate(groups, 1)) if source.pattern else {}
    values = {str(number): part for number, part in parts.items()} | {source.name: text.strip()}
    for other in source.more:
        values[other.name] = _fact(other, facts)
        if not values[other.name]:
            return ""
    return " ".join(PLACEHOLDER.sub(lambda found: values[found[1]], source.text).split())


def _taken(source: IdentitySource, text: str) -> tuple[str, ...]:
    """What the pattern takes of a text; nothing where it does not fit or tells nothing."""
    groups: tuple[str, ...] = (text.strip(),)
    if source.pattern:
        found = re.search(source.pattern, text)
        if not found:
            return ()
        groups = tuple((group or "").strip() for group in found.groups())
        if not groups:
            # Without a group it is only asked whether it fits.
            return (text.strip(),)
    return groups if groups and told(groups[0]) else ()


def _text(oid: str, facts: Facts) -> str:
    if attribute := OF_SYSTEM.get(oid):
        return str(getattr(facts, attribute))
    return facts.texts.get(oid, "")


def _column(oid: str, facts: Facts) -> dict[str, str]:
    start = f"{oid}."
    cut = len(start)
    return {key[cut:]: text for key, text in facts.texts.items() if key.startswith(start)}
