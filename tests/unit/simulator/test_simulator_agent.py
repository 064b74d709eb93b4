"""The simulated agent: what it answers to GET, GETNEXT and GETBULK of v1 and v2c.

Covers the objects of a switch and the protocol, without sockets. Leaves out SNMPv3, which it
does not speak.
"""

from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulator import ber, model
from tests.simulator.agent import NO_SUCH_NAME, NOT_WRITABLE, Agent

PORTS = 6
COMMUNITY = "secret"
IF_DESCR = f"{model.IF_ENTRY}.2"
HC_IN = f"{model.IF_X_ENTRY}.6"


def ask(agent: Agent, kind: int, names: list[str], seconds: float = 0.0, **options):
    data = ber.request(kind, names, community=COMMUNITY, **options)
    reply = agent.reply(data, 3, seconds)
    assert reply is not None
    number, status, rows = ber.answer(reply)
    assert number == options.get("number", 1)
    return status, rows


@pytest.fixture
def agent() -> Agent:
    return Agent(model.switch(PORTS), COMMUNITY)


def number(row: tuple[str, int, bytes]) -> int:
    return int.from_bytes(row[2], "big", signed=True)


def walk(agent: Agent, root: str, *, repetitions: int, columns: int = 1) -> list[str]:
    names, at = [], [root] * columns
    while True:
        _, rows = ask(agent, ber.GET_BULK, at, second=repetitions)
        assert rows
        for row in rows[::columns]:
            if row[1] == 0x82 or not row[0].startswith(f"{root}."):
                return names
            names.append(row[0])
        at = [rows[-1][0]] * columns


@pytest.mark.parametrize("repetitions", [1, 10, 200])
def test_a_walk_by_getbulk_finds_every_object_once_in_order(agent, repetitions):
    names = walk(agent, "1.3.6", repetitions=repetitions)
    assert names == [ber.dotted(name) for name in agent.objects.names]


def test_all_columns_of_both_tables_are_there(agent):
    for table, columns in ((model.IF_ENTRY, 22), (model.IF_X_ENTRY, 19)):
        names = walk(agent, table, repetitions=50)
        assert names == [f"{table}.{c}.{p}" for c in range(1, columns + 1) for p in range(1, 7)]


def test_a_walk_by_getnext_gives_what_getbulk_gives(agent):
    names, at = [], "1.3.6"
    while True:
        _, [row] = ask(agent, ber.GET_NEXT, [at])
        if row[1] == 0x82:
            break
        at = row[0]
        names.append(at)
    assert names == walk(agent, "1.3.6", repetitions=25)


def test_v1_walks_past_64_bit_counters_and_ends_with_no_such_name(agent):
    tags, at = set(), "1.3.6.1.2.1.31"
    while True:
        status, [row] = ask(agent, ber.GET_NEXT, [at], version=ber.V1)
        if status:
            break
        tags.add(row[1])
        at = row[0]
    assert status == NO_SUCH_NAME
    assert at == f"{model.IF_X_ENTRY}.19.{PORTS}"
    assert ber.COUNTER64 not in tags
    assert ask(agent, ber.GET, [f"{HC_IN}.1"], version=ber.V1)[0] == NO_SUCH_NAME


def test_what_is_missing_says_how(agent):
    _, rows = ask(agent, ber.GET, [f"{IF_DESCR}.1", f"{IF_DESCR}.99", "1.3.6.1.2.1.99.1"])
    assert [row[1] for row in rows] == [ber.OCTETS, 0x81, 0x80]


def test_getbulk_past_the_end_names_what_was_asked(agent):
    _, rows = ask(agent, ber.GET_BULK, ["1.3.7"], second=5)
    assert rows == [("1.3.7", 0x82, b"")]


def test_getbulk_takes_non_repeaters(agent):
    names = ["1.3.6.1.2.1.1.5", IF_DESCR, HC_IN]
    _, rows = ask(agent, ber.GET_BULK, names, first=1, second=2)
    assert [row[0] for row in rows] == [
        "1.3.6.1.2.1.1.5.0",
        f"{IF_DESCR}.1",
        f"{HC_IN}.1",
        f"{IF_DESCR}.2",
        f"{HC_IN}.2",
    ]


def test_answers_fit_the_frame():
    agent = Agent(model.switch(48), COMMUNITY, max_size=600)
    data = ber.request(ber.GET_BULK, [IF_DESCR], community=COMMUNITY, second=100)
    reply = agent.reply(data, 1, 0.0)
    assert 500 < len(reply) <= 600


def test_counters_run_with_time_where_the_port_is_up(agent):
    def at(seconds: float, port: int) -> int:
        return number(ask(agent, ber.GET, [f"{HC_IN}.{port}"], seconds)[1][0])

    assert at(0, 1) < at(60, 1) < at(120, 1)
    assert at(60, 1) - at(0, 1) == at(120, 1) - at(60, 1)
    assert at(0, 4) == at(60, 4)  # every fourth port is down


def test_32_bit_counters_wrap(agent):
    name = f"{model.IF_ENTRY}.10.1"
    seen = [number(ask(agent, ber.GET, [name], day * 86_400.0)[1][0]) for day in range(30)]
    assert all(0 <= value < 1 << 32 for value in seen)
    assert any(after < before for before, after in itertools.pairwise(seen))


def test_each_device_has_its_own_name_and_uptime(agent):
    data = ber.request(ber.GET, ["1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.3.0"], community=COMMUNITY)
    answers = {agent.reply(data, device, 0.0) for device in range(5)}
    assert len(answers) == 5


def test_set_is_refused_and_strangers_hear_nothing(agent):
    assert ask(agent, ber.SET, [f"{IF_DESCR}.1"])[0] == NOT_WRITABLE
    assert agent.reply(ber.request(ber.GET, [IF_DESCR], community="other"), 1, 0.0) is None
    assert agent.reply(ber.discovery(), 1, 0.0) is None


@given(st.binary(max_size=60))
def test_no_bytes_are_answered_wrongly(data):
    agent = Agent(model.switch(1), COMMUNITY)
    with contextlib.suppress(IndexError, ValueError):
        agent.reply(data, 1, 0.0)


@given(st.lists(st.integers(0, 2**32 - 1), max_size=20))
def test_oids_come_back(arcs):
    dotted = ".".join(map(str, (1, 3, *arcs)))
    assert ber.dotted(ber.oid(dotted)) == dotted


@given(st.integers(-(2**31), 2**64 - 1))
def test_integers_come_back_in_their_shortest_form(value):
    encoded = ber.integer(value)
    content = encoded[2:]
    assert int.from_bytes(content, "big", signed=True) == value
    assert (
        len(content) == 1
        or content[:1] not in (b"\0", b"\xff")
        or ((content[0] == 0) == bool(content[1] & 0x80))
    )
