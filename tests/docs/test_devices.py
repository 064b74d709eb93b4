"""Covers docs/devices.md: it is the table of what the shipped profiles know, and has every one of
them that fits a device. Leaves out whether they are right: tests/golden/profiles.

`pytest tests/docs --update-golden` writes the page anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from collectors.datamodel import MEASUREMENTS
from collectors.knowledge.load import SHIPPED, load_library
from collectors.knowledge.model import Profile
from tests.docs.pages import ROOT

PAGE = ROOT / "docs/devices.md"
HEAD = """\
# Supported devices

What tigctl knows beyond the standards, vendor by vendor, from its profiles. Generated:
`pytest tests/docs --update-golden` writes it; the profiles lie in `collectors/profiles/`.

A device that stands nowhere here is polled as well: whatever of the
[standard MIBs](#any-device) it answers, interfaces first of all. What stands here comes on top of
that, or in place of it where the vendor's own figures are better. An empty column therefore means:
only what the standards tell.

**Known by itself** is what the inventory gets from the vendor's own objects, texts and product
numbers. **Figures** are measurements of the [data model](data-model.md); of sensors the classes.
A device has those that it answers. `tigctl profiles show NAME` tells every object of a profile,
`tigctl explain TENANT DEVICE` what comes of it on a device of yours, and
[profiles](profiles.md) how to teach tigctl another one.
"""
STALE = "docs/devices.md is not what the profiles say: pytest tests/docs --update-golden -q"

_FACTS = {"model": "model", "serial": "serial number", "os_version": "version"}
_MIB = re.compile(r"\b[A-Za-z][A-Za-z0-9-]*-(?:MIB|SMI)\b")


def _page(profiles: Iterable[Profile]) -> str:
    fitting = [one for one in profiles if one.object_ids or one.capability]
    kinds = sorted((one for one in fitting if one.object_ids), key=_order)
    parts = [HEAD]
    for letter, group in groupby(kinds, key=_letter):
        parts += [f"## {letter}\n", *_table("vendor", group), ""]
    any_device = [one for one in fitting if one.capability]
    parts += ["## Any device\n", "Asked of every device, and used where it answers.\n"]
    parts += _table("", sorted(any_device, key=lambda one: (one.rank, one.name)))
    return "\n".join(parts) + "\n"


def _table(first: str, profiles: Iterable[Profile]) -> Iterator[str]:
    lead = [first] if first else []
    yield _line(*lead, "devices", "profile", "known by itself", "figures", "from")
    yield "|" + "---|" * (len(lead) + 5)
    for one in profiles:
        vendor = [_vendor(one)] if first else []
        known = (
            text for fact, text in _FACTS.items() if fact in one.identity or _listed(one, fact)
        )
        mibs = ", ".join(_mibs(one))
        yield _line(
            *vendor,
            one.description,
            f"`{one.name}`",
            ", ".join(known),
            "; ".join(_gives(one)),
            mibs,
        )


def _line(*cells: str) -> str:
    return f"| {' | '.join(cell.strip().replace('|', chr(92) + '|') for cell in cells)} |"


def _vendor(profile: Profile) -> str:
    """As the inventory will have it; what the device tells itself is none of the page's."""
    known = profile.identity.get("vendor")
    return known.value if known and known.value else "any"


def _order(profile: Profile) -> tuple[str, str, str]:
    return _letter(profile), _vendor(profile).casefold(), profile.name


def _letter(profile: Profile) -> str:
    first = _vendor(profile)[0].upper()
    return first if first.isascii() and first.isalpha() else "0–9"


def _listed(profile: Profile, fact: str) -> bool:
    return fact == "model" and bool(profile.models)


def _gives(profile: Profile) -> Iterator[str]:
    outputs = [output for metric in profile.metrics for output in metric.outputs]
    given = {output.measurement for output in outputs}
    if plain := [name for name in MEASUREMENTS if name in given - {"sensor"}]:
        yield ", ".join(plain)
    classes = {one.tags.get("class", "state") for one in outputs if one.measurement == "sensor"}
    if classes:
        yield f"sensors: {', '.join(sorted(classes))}"


def _mibs(profile: Profile) -> Iterator[str]:
    """The modules its metrics are read from; where it has none, those its file names as source."""
    metrics = (metric for metric in profile.metrics if metric.outputs)
    read = {symbol.mib for metric in metrics for symbol in metric.symbols if symbol.mib}
    if not read:
        text = (SHIPPED / f"{profile.name}.yaml").read_text(encoding="utf-8")
        read = set(_MIB.findall("\n".join(re.findall(r"^#.*", text, flags=re.MULTILINE))))
    yield from sorted(read, key=str.casefold)


def test_the_page_is_what_the_profiles_know(update_golden: bool) -> None:
    page = _page(load_library().profiles)
    if update_golden:
        PAGE.write_text(page, encoding="utf-8")
    # Not compared by pytest: its difference of two long pages says less.
    if PAGE.read_text(encoding="utf-8") != page:
        raise AssertionError(STALE)


def test_every_profile_that_fits_a_device_has_one_line() -> None:
    named = re.findall(r"^\|.* \| `([\w-]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    fitting = [one.name for one in load_library().profiles if one.object_ids or one.capability]

    assert sorted(named) == sorted(fitting), STALE
