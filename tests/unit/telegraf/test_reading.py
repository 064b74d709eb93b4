"""Which symbols are read often and which seldom, and what each instance needs besides."""

from __future__ import annotations

import pytest

from collectors.device import Device
from collectors.facts import InterfaceKey
from collectors.knowledge.expression import Expression
from collectors.knowledge.model import Chosen, Match, Metric, Output, Symbol
from collectors.telegraf import limits
from collectors.telegraf.model import Poll
from collectors.telegraf.reading import Instance, Reader
from tests.unit.telegraf.devices import FANS, STORAGE, SYSTEM, facts, interfaces, poll


def names(instance: Instance) -> list[list[str]]:
    return [[symbol.name for symbol in read.part.symbols] for read in instance.reads]


def test_slow_symbols_are_read_seldom_with_what_names_their_rows() -> None:
    fast, slow = Reader().split(poll("sw1", SYSTEM, interfaces()))

    assert names(fast) == [
        ["sysUpTime"],
        ["ifName", "ifAlias", "ifOperStatus", "ifHighSpeed", "ifHCInOctets"],
    ]
    assert names(slow) == [
        ["sysDescr", "sysObjectID", "sysName"],
        ["ifName", "ifAlias", "ifDescr", "ifType"],
    ]


def test_what_a_condition_needs_is_read() -> None:
    fast, slow = Reader().split(poll("sw1", STORAGE))

    assert names(fast)[0][0] == "hrStorageType"
    assert not slow


def test_symbols_no_point_is_made_of_are_not_read() -> None:
    spare = Symbol("1.3.6.1.4.1.1", "spare")
    used = Symbol("1.3.6.1.4.1.2", "used")
    output = Output("cpu", fields={"usage_percent": Expression.parse("used", ["used"])})
    metric = Metric("p", "t", scalar=False, symbols=(spare, used), outputs=(output,))

    fast, _ = Reader().split(poll("sw1", metric))

    assert names(fast) == [["used"]]


@pytest.mark.parametrize(
    ("key", "known", "raw_name", "columns"),
    [
        (InterfaceKey.NAME, True, "interface", ["ifName", "ifAlias"]),
        (InterfaceKey.DESCR, True, "interface", ["ifAlias", "ifDescr"]),
        (InterfaceKey.INDEX, True, "if-mib:ifTable#index", ["ifAlias"]),
        (InterfaceKey.NAME, False, "if-mib:ifTable#any", ["ifName", "ifAlias", "ifDescr"]),
    ],
)
def test_interfaces_are_named_by_what_the_probe_found_unique(
    key: InterfaceKey, known: bool, raw_name: str, columns: list[str]
) -> None:
    fast, _ = Reader().split(poll("sw1", interfaces(), known=known, key=key))

    (read,) = fast.tables
    assert read.part.raw_name == raw_name
    named = [symbol.name for symbol in read.part.symbols if symbol.name in columns]
    assert named == columns


def test_a_derived_speed_takes_the_interface_through_the_script() -> None:
    fast, _ = Reader().split(poll("sw1", interfaces(derived=True)))

    assert fast.tables[0].part.raw_name == "if-mib:ifTable~1#ifName"


def test_a_symbol_that_does_not_answer_is_not_read() -> None:
    metric = interfaces()
    answered = tuple(symbol for symbol in metric.symbols if symbol.name != "ifHCInOctets")
    chosen = Chosen(metric, answered, 7)
    one = poll("sw1", metric)

    fast, _ = Reader().split(Poll(one.device, one.login, facts(), Match(None, "", (chosen,))))

    assert "ifHCInOctets" not in names(fast)[0]
    assert fast.tables[0].part.native
    assert fast.tables[0].points == 7


def test_rows_nobody_counted_are_guessed() -> None:
    fast, _ = Reader().split(poll("new", interfaces(), rows=0, known=False))

    assert set(fast.tables[0].counts) == {limits.UNKNOWN_ROWS}


def test_a_known_identity_is_carried_even_without_slow_scalars() -> None:
    _, slow = Reader().split(poll("sw1", FANS, identity={"vendor": "Cisco"}))

    assert names(slow) == [["sysObjectID"]]
    assert not Reader().split(poll("sw1", FANS))[1]


def test_without_snmp_nothing_is_read() -> None:
    asked = poll("sw1")
    mute = Poll(Device("sw1", "127.0.0.1", snmp=False), asked.login, asked.facts, asked.match)
    stranger = Poll(asked.device, None, None, asked.match)

    assert Reader().split(mute) == Reader().split(stranger) == (Instance(), Instance())


def test_devices_that_answer_alike_share_their_parts() -> None:
    reader = Reader()
    metric = interfaces()

    first, second = (reader.split(poll(name, metric))[0].tables[0] for name in ("a", "b"))

    assert first.part is second.part


def test_a_text_of_an_interface_is_read_seldom_whatever_the_profile_says() -> None:
    metric = interfaces()
    symbols = tuple(
        Symbol(symbol.oid, symbol.name) if symbol.name == "ifDescr" else symbol
        for symbol in metric.symbols
    )
    hasty = Metric("if-mib", "ifTable", scalar=False, symbols=symbols, outputs=metric.outputs)

    fast, slow = Reader().split(poll("sw1", hasty))

    assert "ifDescr" not in names(fast)[0]
    assert "ifDescr" in names(slow)[0]
    assert fast.tables[0].part.native
