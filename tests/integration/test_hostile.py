"""Devices that mean harm, all the way: served by a simulator, probed, matched by the shipped
profiles, rendered, polled by the real Telegraf. What they say arrives as texts, and beside harmless
devices of the same kind not one point is more or less. And InfluxDB reads a string of Flux as it
was meant.

What a renderer does with 10,000 of them: tests/unit/fuzz/test_devices.py.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest

from collectors.device import Device
from collectors.knowledge.load import load_library
from collectors.probe.model import Options
from tests.integration.agents import Object, agents
from tests.integration.chain import polled
from tests.integration.lineprotocol import Point
from tests.integration.servers import InfluxServer, influxd
from tests.integration.test_telegraf import assert_in_data_model, port, storage, system
from tests.unit.fuzz.test_texts import SPITEFUL
from tigctl.render.alerts.flux import text

pytestmark = pytest.mark.real

PAIRS = 12
HARM = (
    *SPITEFUL,
    b'",x=1i 1\nevil,a=b c=1',
    b"\\",
    b"\\\n",
    b"a=b,c d",
    b"'''\n[[outputs.exec]]\n",
)


def objects(chance: random.Random | None, number: int) -> list[Object]:
    """A switch; with `chance` it means harm in each of its texts."""
    length = 60_000 if number == 0 else 0
    own: list[Object] = [
        *system("sw"),
        *port(1),
        *port(2),
        *storage(1, "/"),
        *((f"1.3.6.1.2.1.47.1.1.1.1.7.{row}", 4, "sensor") for row in (1, 2)),
        *((f"1.3.6.1.2.1.99.1.1.1.1.{row}", 2, 8) for row in (1, 2)),
        *((f"1.3.6.1.2.1.99.1.1.1.4.{row}", 2, 41) for row in (1, 2)),
        *((f"1.3.6.1.2.1.99.1.1.1.5.{row}", 2, 1) for row in (1, 2)),
        ("1.3.6.1.2.1.47.1.1.1.1.11.1", 4, "FX123"),
        ("1.3.6.1.2.1.47.1.1.1.1.13.1", 4, "XR-900"),
    ]
    return [one if chance is None else harmful(one, chance, length) for one in own]


def harmful(one: Object, chance: random.Random, length: int) -> Object:
    oid, tag, _ = one
    if tag != 4:
        return one
    pieces = [chance.choice(HARM) for _ in range(chance.randint(1, 4))]
    said = b"x" + b"".join(pieces) + oid.encode()
    if length and oid == "1.3.6.1.2.1.1.1.0":
        said = (said * length)[:length]
    return oid, "4x", said.hex()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[Point]:
    directory = tmp_path_factory.mktemp("hostile")
    library, chance = load_library(), random.Random(7)  # noqa: S311 - no secret
    served = {}
    for number in range(PAIRS):
        served[f"127.46.0.{number + 1}"] = objects(chance, number)
        served[f"127.46.1.{number + 1}"] = objects(None, number)
    names = {address: address.replace("127.46.", "d").replace(".", "-") for address in served}
    with agents(directory, served) as udp:
        devices = [Device(name, at, port=udp, icmp=False) for at, name in names.items()]
        # With 60 kB in it an answer outgrows UDP, which the simulator meets with silence.
        options = Options(timeout=3, deadline=200, concurrency=4)
        return polled(devices, library, options, directory)


def test_what_they_say_arrives_in_the_data_model(told: list[Point]) -> None:
    assert_in_data_model(told)


@pytest.mark.parametrize("number", range(PAIRS))
def test_they_tell_as_much_as_harmless_ones(told: list[Point], number: int) -> None:
    def counts(device: str) -> Counter[str]:
        mine = (one for one in told if one.tags.get("device") == device)
        return Counter(one.measurement for one in mine if one.measurement != "collector")

    hostile, harmless = counts(f"d0-{number + 1}"), counts(f"d1-{number + 1}")

    assert hostile == harmless
    assert harmless["temperature"] == harmless["interface"] / 2 == 2


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> InfluxServer:
    with influxd(tmp_path_factory.mktemp("influx")) as server:
        yield server


def test_influxdb_reads_a_string_as_it_was_meant(influx: InfluxServer) -> None:
    singles = [chr(code) for code in (*range(1, 0x100), 0x2028, 0xFEFF, 0x1F600)]
    pieces = ["$", "${", "${x}", "}", '"', "\\", "\\x41", "\n", "\r\n", "//", "/", "|>"]
    texts = [*singles, *(one + other for one in pieces for other in pieces)]
    rows = ", ".join(f"{{n: {number}, v: {text(one)}}}" for number, one in enumerate(texts))

    # Line breaks would be lost in the answer, which is CSV.
    answered = influx.query(f"""\
import "array"
import "strings"

array.from(rows: [{rows}])
    |> map(fn: (r) => ({{r with v: strings.replaceAll(v: r.v, t: "\\n", u: "<LF>")}}))
    |> map(fn: (r) => ({{r with v: strings.replaceAll(v: r.v, t: "\\r", u: "<CR>")}}))
""")

    assert {int(row["n"]): row["v"] for row in answered} == {
        number: one.replace("\n", "<LF>").replace("\r", "<CR>") for number, one in enumerate(texts)
    }
