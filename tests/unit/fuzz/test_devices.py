"""Whole devices that mean harm, rendered: 10,000 of them. Whatever they say, a configuration has
the shape it has for a harmless device, a query the shape it has for harmless values, and each line
for a terminal is one line.

A few hundred of them are matched by the shipped profiles, with answers at random. Left out: what
Telegraf and InfluxDB make of it (tests/integration/test_hostile.py), and how bytes become texts
(test_texts.py).
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from collectors.device import Device
from collectors.facts import Facts, Found, InterfaceKey, Neighbour
from collectors.knowledge.load import load_library
from collectors.knowledge.match import match, questions
from collectors.knowledge.model import Match
from collectors.knowledge.naming import name_of
from collectors.probe.text import clean
from collectors.snmp import ber
from collectors.snmp.message import Varbind
from collectors.telegraf.layout import _clean
from collectors.telegraf.model import Poll, Settings
from collectors.telegraf.shard import render
from tests.unit.fuzz.test_texts import SPITEFUL
from tests.unit.telegraf.devices import V2C
from tigctl.cli import explaining
from tigctl.cli.output import printable
from tigctl.cli.probing import needy
from tigctl.render.alerts.flux import text as flux_text
from tigctl.render.board_queries import Span, fill, panels, variables
from tigctl.render.boards import load as load_boards

LIBRARY = load_library()
KINDS = sorted({one for profile in LIBRARY.profiles for one in profile.object_ids if one != "*"})
AT_ONCE = 10
# A seed cannot be made simpler, so nothing is shrunk.
FEW = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
SEEDS = st.integers(0, 2**32)
IDENTITY = ("vendor", "model", "serial", "os_version")
PIECES = (*SPITEFUL, b"Cisco IOS", b"Version 1.2", b'"', b"]]\n[[outputs.exec]]", b"x" * 300)


def said(chance: random.Random) -> str:
    """What a device says somewhere, as the probe keeps it."""
    return clean(raw(chance))


def raw(chance: random.Random) -> str:
    """What a device says somewhere."""
    pieces = [chance.choice(PIECES) for _ in range(chance.randint(0, 6))]
    octets = b"".join(chance.choice((one, chance.randbytes(4))) for one in pieces)
    return Varbind((1, 3), ber.OCTETS, octets * (1 if chance.random() < 0.9 else 900)).text


def facts(chance: random.Random) -> Facts:
    """A device of some kind, which answers some of what it is asked for, and means harm."""
    object_id = chance.choice(KINDS).removesuffix(".*")
    asked = questions(LIBRARY, object_id, descr := said(chance))
    columns = chance.sample(asked.columns, chance.randint(0, min(40, len(asked.columns))))
    return Facts(
        "default",
        object_id,
        descr,
        said(chance),
        serial=said(chance),
        answers={oid: chance.randint(0, 300) for oid in (*columns, *asked.exact[:3])},
        texts={oid: said(chance) for oid in asked.texts if chance.random() < 0.5},
        interface_key=chance.choice(list(InterfaceKey)),
        names={one.key: (name_of(raw(chance)), name_of(raw(chance))) for one in asked.names[:3]},
        neighbours=tuple(
            Neighbour("lldp", said(chance), said(chance), said(chance))
            for _ in range(chance.randint(0, 2))
        ),
    )


Pair = tuple[Poll, Poll]
"""A device and its harmless twin: of the same kind, with words in place of its texts."""


def pair(number: int, known: Facts, found: Match, chance: random.Random) -> Pair:
    device = Device(f"sw{number}", "127.0.0.1", icmp=False, site=said(chance), role=said(chance))
    calm = replace(device, site=_word(device.site), role=_word(device.role))
    identity = {name: _word(_clean(text)) for name, text in found.identity.items()}
    return (
        Poll(device, V2C, known, found),
        Poll(calm, V2C, known, replace(found, identity=identity)),
    )


def _word(text: str) -> str:
    return text and "word"


@FEW
@given(seed=SEEDS)
def test_a_device_of_any_kind_is_rendered_like_a_harmless_one(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    known = [facts(chance) for _ in range(AT_ONCE)]
    same([pair(number, one, match(LIBRARY, one), chance) for number, one in enumerate(known)])


# Half a minute of one core: too long for the quick tests, which ask the same of some.
@pytest.mark.real
@settings(FEW, max_examples=10)
@given(seed=SEEDS)
def test_so_are_ten_thousand(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    known = Facts("default", "1.3.6.1.4.1.9.1", "", "")
    found = [
        Match(None, "", (), identity={name: said(chance) for name in IDENTITY})
        for _ in range(1_000)
    ]
    same([pair(number, known, one, chance) for number, one in enumerate(found)])


def same(pairs: Sequence[Pair]) -> None:
    """Both sides of these are rendered alike, but for the texts."""
    (hostile,), (harmless,) = (render(side, Settings("acme")) for side in zip(*pairs, strict=True))

    assert all(sign == "\n" or ord(sign) >= 32 for sign in hostile.config)
    texts = {poll.device.site for poll, _ in pairs} | {poll.device.role for poll, _ in pairs}
    texts |= {_clean(text) for poll, _ in pairs for text in poll.match.identity.values()}
    # A dollar sign is doubled, so that Telegraf reads it as one.
    allowed = {text.replace("$", "$$") for text in texts} | {"word"}
    for one, other in differing(tomllib.loads(hostile.config), tomllib.loads(harmless.config)):
        assert other == "word"
        assert one in allowed


def differing(one: Any, other: Any) -> Iterator[tuple[Any, Any]]:
    """The leaves in which two documents of the same shape differ."""
    pending = [(one, other)]
    while pending:
        one, other = pending.pop()
        if isinstance(one, dict):
            assert list(one) == list(other)
            pending += [(one[key], other[key]) for key in one]
        elif isinstance(one, list):
            assert len(one) == len(other)
            pending += list(zip(one, other, strict=True))
        elif one != other:
            yield one, other


@FEW
@given(seed=SEEDS)
def test_a_terminal_shows_lines_and_obeys_nothing(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    for number in range(AT_ONCE):
        known = facts(chance)
        found = Found("127.0.0.1", 161, known)
        device = Device(f"sw{number}", "127.0.0.1")
        lines = [
            explaining._who(device, match(LIBRARY, known), found),
            *explaining._beside(known),
            *(one.text for one in needy("acme", {device.name: found}, LIBRARY)),
        ]
        assert lines == [printable(line) for line in lines]


# -- Flux ---------------------------------------------------------------------------------

_LITERALS = re.compile(
    r'"(?:[^"\\]|\\(?:["\\nrt]|\$\{|x[0-9a-f]{2}))*"'  # a string
    r"|(?<=[~(,:] )/(?:[^/\\\n]|\\[^\n])+/"  # a regular expression
    r"|//[^\n]*"  # a comment
)
_ESCAPES = {'\\"': '"', "\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\t": "\t", "\\${": "${"}


def shape(flux: str) -> str:
    """A query without what stands in its literals; what is left has to be of printable signs."""
    return _LITERALS.sub("…", flux)


def read(literal: str) -> str:
    """What InfluxDB reads of a string literal; raises AssertionError where it is none."""
    assert _LITERALS.fullmatch(literal), literal
    return re.sub(
        r'\\(?:\$\{|x([0-9a-f]{2})|["\\nrt])',
        lambda found: chr(int(found[1], 16)) if found[1] else _ESCAPES[found[0]],
        literal[1:-1],
    )


TEXTS = st.lists(
    st.text(max_size=5) | st.sampled_from(['"', "\\", "${", "$", "{", "\n", "\x1b", "\x7f", "/"]),
    max_size=8,
).map("".join)


@settings(FEW, max_examples=500)
@given(text=TEXTS)
def test_a_string_of_flux_is_what_it_was(text: str) -> None:
    assert read(flux_text(text)) == text


@cache
def queries() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The queries of all boards, with the variables that hold what devices and people say."""
    return tuple(
        (flux, tuple(one.name for one in variables(board) if one.name != "device"))
        for board in load_boards((), Path(), folder="acme")
        for panel in panels(board)
        for flux in panel.queries.values()
        if "${" in flux
    )


@settings(FEW, max_examples=50)
@given(values=st.lists(TEXTS, min_size=1, max_size=3), seed=SEEDS)
def test_a_board_asks_the_same_whatever_is_chosen(values: list[str], seed: int) -> None:
    # A tag is one line: Telegraf writes a line break as two characters.
    chosen = [" ".join(text.split()) or "x" for text in values]
    span = Span(0, 3600)
    for flux, names in random.Random(seed).sample(queries(), 40):  # noqa: S311 - no secret
        hostile = fill(flux, {"device": "sw1", **dict.fromkeys(names, chosen)}, span)
        harmless = fill(flux, {"device": "sw1", **{name: ["x"] for name in names}}, span)
        assert shape(hostile) == shape(harmless)


def test_there_are_queries_and_their_literals_are_seen() -> None:
    assert len(queries()) >= 40
    assert all('"' not in shape(flux) for flux, _ in queries())
