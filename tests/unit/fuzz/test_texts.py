"""Texts of devices on their way into the lock, TOML and a terminal: 4,000 spiteful ones.

What reaches InfluxDB and boards is covered where these are rendered.
"""

from __future__ import annotations

import tomllib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.facts import Facts, Found
from collectors.probe.text import clean
from collectors.snmp import ber
from collectors.snmp.message import Varbind
from collectors.telegraf.writer import Table, dump
from tigctl.cli.output import printable
from tigctl.spec import lock

MANY = settings(
    max_examples=4_000, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
SPITEFUL = (
    *(b"\x1b[2J", b"\x1b]0;x\x07", b"\x9b1m", b"\r\n", b"\x00", b"\\", b"{{", b"#", b" ,="),
    *(
        b"'''",
        b'"""',
        b"${HOME}",
        b"$$",
        b"\xe2\x80\xae",
        b"\xe2\x80\xa8",
        b"\xc3\x28",
        b"\xed\xa0\x80",
    ),
)
BYTES = st.lists(st.one_of(st.sampled_from(SPITEFUL), st.binary(max_size=12)), max_size=12).map(
    b"".join
)


@MANY
@given(BYTES)
def test_what_a_device_says_stays_a_text(said: bytes) -> None:
    text = clean(Varbind((1, 3), ber.OCTETS, said).text)
    assert printable(text) == text
    assert "\n" not in text
    read = tomllib.loads(dump(Table("inputs.x", {"value": text, "list": [text]})))
    assert read["inputs"]["x"][0] == {
        "value": text.replace("$", "$$"),
        "list": [text.replace("$", "$$")],
    }
    facts = Facts("default", "1.3.6.1.4.1.9", text, text, serial=text)
    written = lock.dumps({"sw1": Found("10.0.0.1", 161, facts)})
    assert written.isascii()
    assert len(written.splitlines()) == 16 + 3 * bool(text)


def test_a_description_of_60_kilobytes_is_cut() -> None:
    assert len(clean(Varbind((1, 3), ber.OCTETS, b"x" * 60_000).text)) == 1024
