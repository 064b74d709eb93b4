"""Rendered configurations in the real Telegraf: it accepts them, and what it writes is the data
model, names, tags and types, whatever the devices and the inventory say.

The devices are snmpsim agents whose objects stand here. Profiles are small ones made for tests
(tests/unit/telegraf/devices.py); what the shipped ones make of real devices is tested elsewhere.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from collectors.datamodel import COMMON_TAGS, MEASUREMENTS, FieldType
from collectors.facts import InterfaceKey
from collectors.knowledge.model import Metric, Output, State, Symbol
from collectors.login import AuthProtocol, PrivacyProtocol, Secret, User
from collectors.telegraf import limits
from collectors.telegraf.model import Poll, Settings
from collectors.telegraf.reading import Part
from collectors.telegraf.rule import InterfaceRule
from collectors.telegraf.shard import render
from collectors.telegraf.starlark import script
from collectors.telegraf.writer import Script, Table, Toml, document, dump
from tests.integration.agents import (
    COMMUNITY,
    V3_AUTH,
    V3_PRIVACY,
    V3_USER,
    Object,
    agents,
)
from tests.integration.lineprotocol import Point, parse
from tests.integration.servers import InfluxServer, influxd
from tests.integration.servers import telegraf as running
from tests.unit.telegraf.devices import IF, IFX, SYSTEM, V1, expressions, interfaces, poll
from tigctl.targets import tools

pytestmark = pytest.mark.real

ENVIRON = {
    "SNMP_COMMUNITY": COMMUNITY,
    "OLD_COMMUNITY": COMMUNITY,
    "NOC_AUTH": V3_AUTH,
    "NOC_PRIVACY": V3_PRIVACY,
    # What a text must never be able to read.
    "HOME": "/a-secret-home",
    "TIGCTL_INFLUXDB_URL": "http://127.0.0.1:9",
    "TIGCTL_INFLUXDB_TOKEN": "a-secret-token",
}
V3 = User(
    *("core", V3_USER),
    auth=AuthProtocol.SHA256,
    auth_password=Secret("NOC_AUTH"),
    privacy=PrivacyProtocol.AES,
    privacy_password=Secret("NOC_PRIVACY"),
)
SPITEFUL = "$HOME ${HOME} $$ {{.}} \"\"\" ''' # \\ \t\n\r\x01\x7f é 中 😀 end"

INTEGER, OCTETS, OID, COUNTER32, GAUGE32, TICKS, COUNTER64 = 2, 4, 6, 65, 66, 67, 70


def system(name: str, descr: str = "a switch") -> list[Object]:
    return [
        ("1.3.6.1.2.1.1.1.0", OCTETS, descr),
        ("1.3.6.1.2.1.1.2.0", OID, "1.3.6.1.4.1.9.1.1208"),
        ("1.3.6.1.2.1.1.3.0", TICKS, 123456),
        ("1.3.6.1.2.1.1.5.0", OCTETS, name),
    ]


def port(index: int, *, counter: int = 0, alias: str = "", **changes: Object) -> list[Object]:
    """One interface; `changes` replace a column's object by (oid, tag, value)."""
    columns: dict[str, Object] = {
        "ifName": (f"{IFX}.1.{index}", OCTETS, f"Gi0/{index}"),
        "ifAlias": (f"{IFX}.18.{index}", OCTETS, alias),
        "ifDescr": (f"{IF}.2.{index}", OCTETS, f"GigabitEthernet0/{index}"),
        "ifType": (f"{IF}.3.{index}", INTEGER, 6),
        "ifSpeed": (f"{IF}.5.{index}", GAUGE32, 100_000_000),
        "ifOperStatus": (f"{IF}.8.{index}", INTEGER, 1),
        "ifHCInOctets": (f"{IFX}.6.{index}", COUNTER64, counter),
        "ifHighSpeed": (f"{IFX}.15.{index}", GAUGE32, 1000),
    }
    return list((columns | changes).values())


def storage(index: int, descr: str, kind: int = 4, size: int = 1000) -> list[Object]:
    entry = "1.3.6.1.2.1.25.2.3.1"
    return [
        (f"{entry}.2.{index}", OID, f"1.3.6.1.2.1.25.2.1.{kind}"),
        (f"{entry}.3.{index}", OCTETS, descr),
        (f"{entry}.4.{index}", INTEGER, 4096),
        (f"{entry}.5.{index}", INTEGER, size),
        (f"{entry}.6.{index}", INTEGER, 250),
    ]


def fan(index: str, state: Object) -> list[Object]:
    entry = "1.3.6.1.4.1.9.9.13.1.4.1"
    return [(f"{entry}.2.{index}", OCTETS, "rear"), (f"{entry}.3.{index}", *state[1:])]


SWITCH = [
    *system("sw1", "IOS $HOME ${HOME} $TIGCTL_INFLUXDB_TOKEN"),
    *port(1, counter=2**53 + 1, alias="uplink $HOME"),
    *port(2, counter=2**64 - 1),
    *storage(1, "/  data", size=1000),
    *storage(2, "RAM", kind=2),
    *storage(3, "/empty", size=0),
    *fan("1", ("", INTEGER, 1)),
    *fan("2", ("", INTEGER, 3)),
    *fan("3", ("", INTEGER, 99)),
]
# The types of half of its objects are wrong, as real agents have it.
LIAR = [
    *system("liar")[1:],
    ("1.3.6.1.2.1.1.1.0", "4x", "20200900"),  # two blanks, a tab and a NUL
    *port(1, counter=7, ifOperStatus=(f"{IF}.8.1", OCTETS, "up")),
    *port(2, counter=8, ifHighSpeed=(f"{IFX}.15.2", OCTETS, "1000")),
    *port(3, ifDescr=(f"{IF}.2.3", INTEGER, 3), ifHCInOctets=(f"{IFX}.6.3", OCTETS, "many")),
    *storage(1, "/"),
    ("1.3.6.1.2.1.25.2.3.1.5.2", OCTETS, " 1000 "),
    ("1.3.6.1.2.1.25.2.3.1.2.2", OID, "1.3.6.1.2.1.25.2.1.4"),
    ("1.3.6.1.2.1.25.2.3.1.4.2", OCTETS, "4e3"),
    ("1.3.6.1.2.1.25.2.3.1.6.2", OCTETS, "half"),
    *fan("1", ("", OCTETS, "broken")),
]
OLD = [one for one in [*system("old"), *port(1), *storage(1, "/")] if ".31.1.1.1.6." not in one[0]]
OLD = [one for one in OLD if one[0] != "1.3.6.1.2.1.1.5.0"]  # no sysName: SNMPv1 answers noSuchName


def telegraf(*arguments: str | Path, environ: Mapping[str, str] = ENVIRON) -> str:
    """Runs Telegraf to its end and returns what it says; fails the test where it fails."""
    done = subprocess.run(
        [tools.find("telegraf"), "--strict-env-handling", *arguments],
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def once(config: str, directory: Path, **environ: str) -> tuple[list[Point], str]:
    """What Telegraf writes when each input is asked once, and its log."""
    lines, path = directory / "points.lp", directory / "telegraf.conf"
    path.write_text(to_file(config, lines))
    log = telegraf("--config", path, "--once", environ=ENVIRON | environ)
    return parse(lines.read_bytes().decode() if lines.exists() else ""), log


def to_file(config: str, lines: Path) -> str:
    """The configuration with a file in the place of InfluxDB."""
    output = dump(Table("outputs.file", {"files": [str(lines)], "data_format": "influx"}))
    section = r"\[\[outputs\.influxdb_v2\]\]\n(?:[^\[].*\n|\n|\[\n)*?(?=\n\[)"
    replaced, count = re.subn(section, output, config, count=1)
    assert count == 1
    return replaced


def whole_lines(lines: Path) -> str:
    """What was written so far, up to the last complete point."""
    text = lines.read_bytes().decode() if lines.exists() else ""
    return text[: text.rfind("\n") + 1]


def rendered(*polls: Poll, **settings: object) -> str:
    (shard,) = render(polls, Settings("acme", **settings))  # type: ignore[arg-type]  # its fields
    return shard.config


def assert_in_data_model(points: Sequence[Point]) -> None:
    types = {FieldType.INTEGER: int, FieldType.FLOAT: float, FieldType.STRING: str}
    for point in points:
        measurement = MEASUREMENTS[point.measurement]
        assert point.tags.keys() <= {*COMMON_TAGS, *measurement.tags}, point
        for field, value in point.fields.items():
            assert type(value) is types[measurement.fields[field]], (field, point)


def of(points: Sequence[Point], device: str, measurement: str) -> dict[str, dict[str, object]]:
    """Tags besides `device` -> all fields of that series."""
    found: dict[str, dict[str, object]] = {}
    for point in points:
        if point.measurement == measurement and point.tags.get("device") == device:
            tags = {key: value for key, value in point.tags.items() if key != "device"}
            key = ",".join(f"{key}={value}" for key, value in sorted(tags.items()))
            found.setdefault(key, {}).update(point.fields)
    return found


ADDRESSES = ("127.0.1.1", "127.0.1.2", "127.0.1.3", "127.0.1.4")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A switch by community, one by user, a liar and an old device; yields their UDP port."""
    directory = tmp_path_factory.mktemp("network")
    devices = dict(zip(ADDRESSES, (SWITCH, SWITCH, LIAR, OLD), strict=True))
    with agents(directory, devices, v3=[ADDRESSES[1]]) as port:
        yield port


@pytest.fixture(scope="module")
def polled(network: int, tmp_path_factory: pytest.TempPathFactory) -> list[Point]:
    """What Telegraf tells of all of them after one round."""
    at = dict(zip(("sw1", "v3", "liar", "old"), ADDRESSES, strict=True))
    config = rendered(
        poll("sw1", address=at["sw1"], port=network, identity={"vendor": "Cisco", "model": "$X"}),
        poll("descr", address=at["sw1"], port=network, key=InterfaceKey.DESCR),
        poll("index", address=at["sw1"], port=network, key=InterfaceKey.INDEX),
        poll("new", address=at["sw1"], port=network, known=False),
        poll("derived", interfaces(derived=True), address=at["sw1"], port=network),
        poll("v3", address=at["v3"], port=network, login=V3),
        poll("liar", address=at["liar"], port=network),
        poll("liar-new", address=at["liar"], port=network, known=False),
        poll("old", address=at["old"], port=network, login=V1),
        poll("closed", address="127.0.1.1", port=1, icmp=False),
    )
    points, _ = once(config, tmp_path_factory.mktemp("polled"))
    return points


def test_every_point_is_of_the_data_model(polled: list[Point]) -> None:
    assert_in_data_model(polled)
    measurements = {point.measurement for point in polled}
    wanted = {"ping", "system", "interface", "storage", "sensor", "inventory", "collector"}
    assert measurements == wanted


def test_interfaces_have_integers_and_their_names(polled: list[Point]) -> None:
    ports = of(polled, "sw1", "interface")

    assert ports == {
        "ifAlias=uplink $HOME,ifName=Gi0/1": {
            "ifIndex": 1,
            "ifOperStatus": 1,
            "ifHighSpeed": 1000,
            "ifHCInOctets": 2**53 + 1,
            "ifDescr": "GigabitEthernet0/1",
            "ifType": 6,
        },
        "ifName=Gi0/2": {
            "ifIndex": 2,
            "ifOperStatus": 1,
            "ifHighSpeed": 1000,
            "ifHCInOctets": -1,  # 2^64 - 1: differences stay right
            "ifDescr": "GigabitEthernet0/2",
            "ifType": 6,
        },
    }


def test_version_3_and_never_probed_devices_tell_the_same(polled: list[Point]) -> None:
    for measurement in ("interface", "storage", "system", "sensor"):
        assert of(polled, "v3", measurement) == of(polled, "sw1", measurement)
        assert of(polled, "new", measurement) == of(polled, "sw1", measurement)


@pytest.mark.parametrize(
    ("device", "names"),
    [
        ("descr", {"ifName=GigabitEthernet0/2", "ifAlias=uplink $HOME,ifName=GigabitEthernet0/1"}),
        ("index", {"ifName=2", "ifAlias=uplink $HOME,ifName=1"}),
    ],
)
def test_interfaces_are_named_by_what_is_unique(
    polled: list[Point], device: str, names: set[str]
) -> None:
    ports = of(polled, device, "interface")

    assert set(ports) == names
    assert all({"ifIndex", "ifHCInOctets", "ifDescr"} <= set(fields) for fields in ports.values())


def test_a_speed_in_bits_becomes_megabits(polled: list[Point]) -> None:
    assert of(polled, "derived", "interface")["ifName=Gi0/2"]["ifHighSpeed"] == 100


def test_scalars_texts_and_identity(polled: list[Point]) -> None:
    assert of(polled, "sw1", "system")[""] == {
        "uptime_seconds": 1234.56,
        "sysDescr": "IOS $HOME ${HOME} $TIGCTL_INFLUXDB_TOKEN",
        "sysObjectID": "1.3.6.1.4.1.9.1.1208",
        "sysName": "sw1",
    }
    assert of(polled, "sw1", "inventory") == {"": {"vendor": "Cisco", "model": "$X"}}
    assert not of(polled, "v3", "inventory")


def test_expressions_conditions_and_divisions_by_zero(polled: list[Point]) -> None:
    assert of(polled, "sw1", "storage") == {
        "storage=/ data": {
            "used_bytes": 250.0 * 4096,
            "total_bytes": 1000.0 * 4096,
            "used_percent": 25.0,
        },
        "storage=/empty": {"used_bytes": 250.0 * 4096, "total_bytes": 0.0},
    }


def test_states(polled: list[Point]) -> None:
    assert of(polled, "sw1", "sensor") == {
        "class=state,sensor=Fan 1 rear": {"value": 1.0, "status": 0, "text": "normal"},
        "class=state,sensor=Fan 2 rear": {"value": 3.0, "status": 2, "text": "it's critical"},
        "class=state,sensor=Fan 3 rear": {"value": 99.0, "status": 3, "text": "99"},
    }
    assert of(polled, "liar", "sensor") == {
        "class=state,sensor=Fan 1 rear": {"status": 3, "text": "broken"},
    }


def test_wrong_types_cost_their_field_and_no_more(polled: list[Point]) -> None:
    ports = of(polled, "liar", "interface")

    assert ports["ifName=Gi0/2"]["ifHighSpeed"] == 1000  # a number in a text is a number
    assert [ports[f"ifName=Gi0/{index}"].get("ifHCInOctets") for index in (1, 2, 3)] == [7, 8, None]
    assert "ifOperStatus" not in ports["ifName=Gi0/1"]
    assert ports["ifName=Gi0/3"]["ifDescr"] == "3"
    assert "sysDescr" not in of(polled, "liar", "system")[""]  # blanks tell nothing
    assert of(polled, "liar", "storage")["storage=2"] == {"total_bytes": 4_000_000.0}
    by_script = of(polled, "liar-new", "interface")
    assert by_script["ifName=Gi0/2"]["ifOperStatus"] == 1  # the script takes row by row
    assert "ifOperStatus" not in by_script["ifName=Gi0/1"]


def test_what_an_old_device_lacks_does_not_cost_the_rest(polled: list[Point]) -> None:
    assert of(polled, "old", "system")[""].keys() == {"uptime_seconds", "sysDescr", "sysObjectID"}
    assert of(polled, "old", "interface")["ifName=Gi0/1"]["ifHighSpeed"] == 1000
    assert of(polled, "old", "storage").keys() == {"storage=/"}


@pytest.mark.parametrize("key", [InterfaceKey.NAME, InterfaceKey.INDEX])
def test_a_rule_lets_only_some_interfaces_through(key: InterfaceKey, tmp_path: Path) -> None:
    admin = Symbol(f"{IF}.7", "ifAdminStatus", "IF-MIB")
    metric = interfaces()
    symbols = (*metric.symbols, admin)
    fields = {**metric.outputs[0].fields, **expressions(symbols, ifAdminStatus="ifAdminStatus")}
    metric = replace(metric, symbols=symbols, outputs=(replace(metric.outputs[0], fields=fields),))
    objects = [
        *system("sw1"),
        *port(1, alias='up "1"'),
        *port(2),
        *port(3, alias="up", ifType=(f"{IF}.3.3", INTEGER, 24)),
        *port(4, alias="up"),
        *((f"{IF}.7.{number}", INTEGER, 2 if number == 4 else 1) for number in range(1, 5)),
    ]
    rule = InterfaceRule(above=3, without_types=(24,), alias='^up( "1")?$')
    with agents(tmp_path / "agents", {"127.0.1.9": objects}) as udp:
        listed = poll("sw1", SYSTEM, metric, rows=4, address="127.0.1.9", port=udp, key=key)
        points, log = once(rendered(listed, interfaces=rule), tmp_path)
        everything, _ = once(
            rendered(listed, interfaces=replace(rule, above=4)), tmp_path / "agents"
        )
    assert "E!" not in log, log
    found = of(points, "sw1", "interface")
    assert [one["ifIndex"] for one in found.values()] == [1]
    assert {"ifType", "ifDescr", "ifAdminStatus", "ifHCInOctets"} <= next(
        iter(found.values())
    ).keys()
    assert of(points, "sw1", "system") == of(everything, "sw1", "system")
    assert sorted(one["ifIndex"] for one in of(everything, "sw1", "interface").values()) == [
        *range(1, 5)
    ]
    assert_in_data_model(points)


def test_how_polling_fares_is_told(network: int, tmp_path: Path) -> None:
    lines, path = tmp_path / "points.lp", tmp_path / "telegraf.conf"
    config = rendered(
        poll("sw1", address=ADDRESSES[0], port=network, site="hall", role="access", tcp=(1,)),
        poll("closed", address=ADDRESSES[0], port=1, icmp=False),
        interval=1,
        jitter=0,
    )
    path.write_text(to_file(config, lines))
    with running(path, tmp_path, ENVIRON):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            points = parse(whole_lines(lines))
            failures = of(points, "closed", "collector").get("input=snmp", {}).get("errors", 0)
            if failures >= 2 and len(of(points, "sw1", "collector")) == 2:
                break
            time.sleep(0.2)

    assert_in_data_model(points)
    own = of(points, "sw1", "collector")
    # Ping and TCP checks tell how they fare in points of their own.
    assert own.keys() == {f"input={name},role=access,site=hall" for name in ("snmp", "snmp:slow")}
    assert all(fields["errors"] == 0 for fields in own.values())
    # Nothing is told of an input that was not asked yet.
    about = [one for one in points if one.measurement == "collector" and "device" in one.tags]
    assert all(one.fields["gather_ms"] > 0 for one in about if one.fields["timeouts"] == 0)
    # A closed port costs one error per poll, not one per table.
    polls = [one.fields["errors"] for one in about if one.tags["device"] == "closed"]
    assert set(polls) <= {1.0, 2.0, 3.0}
    assert not of(points, "closed", "system")
    (itself,) = (
        {key for one in points if one.tags == {"input": "telegraf-0"} for key in one.fields},
    )
    wanted = {"buffer_size", "buffer_limit", "metrics_dropped", "write_ms", "memory_bytes"}
    assert wanted <= itself


def test_a_silent_device_is_asked_one_thing_only(tmp_path: Path) -> None:
    """As often as retries say, then no more: the rest of its tables would not answer either."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.1.8", 0))
        address, number = silent.getsockname()
        config = rendered(
            poll("silent", SYSTEM, interfaces(), address=address, port=number, icmp=False)
        )
        once(config, tmp_path)
        silent.setblocking(False)
        asked = []
        with contextlib.suppress(BlockingIOError):
            while True:
                asked.append(silent.recv(2000))

    # The fast and the slow instance, each its first scalar.
    assert len(asked) == 2 * (1 + limits.RETRIES)


def test_ping_has_exactly_its_fields(polled: list[Point]) -> None:
    (fields,) = of(polled, "sw1", "ping").values()

    assert fields.keys() == MEASUREMENTS["ping"].fields.keys()
    assert (fields["packets_transmitted"], fields["result_code"]) == (4, 0)


@pytest.mark.parametrize("method", ["native", "exec"])
def test_hostile_texts_of_the_inventory_arrive_as_they_are(method: str, tmp_path: Path) -> None:
    quiet = poll("sw1", snmp=False, site=SPITEFUL, role="$$${HOME}", address="127.0.1.9", tcp=(1,))

    points, log = once(rendered(quiet, ping_method=method, ping_count=1), tmp_path)

    arrived = [point.tags for point in points if point.measurement in {"ping", "tcp"}]
    assert len(arrived) == 2
    for tags in arrived:
        # Line protocol knows no tab and no line break in a tag: Telegraf writes two characters.
        white = {ord("\t"): "\\t", ord("\n"): "\\n", ord("\r"): "\\r"}
        assert tags["site"] == SPITEFUL.translate(white)
        assert tags["role"] == "$$${HOME}"
    assert "a-secret" not in log


def test_telegrafs_parser_reads_any_text(tmp_path: Path) -> None:
    """Each text is a constant of a script that gives it back as a field."""
    singles = [chr(code) for code in (*range(0x250), 0x2028, 0xFEFF, 0xFFFD, 0x1F600, 0x10FFFF)]
    pieces = ["$", "$$", "${HOME}", "$HOME", '"""', "'''", "\\", "\\u0041", "\n", "\r\n", "#", "{{"]
    texts = [*singles, *(one + other for one in pieces for other in pieces), SPITEFUL]
    constants = {f"t{number}": text for number, text in enumerate(texts)}
    source = Script(
        "def apply(metric):\n"
        '    return [Metric("m", tags = {"name": n}, fields = {"text": t})'
        " for n, t in TEXTS.items()]\n"
    )
    table = Table("processors.starlark.constants.TEXTS", constants, array=False)
    parts: list[Toml] = [
        dump(Table("agent", {"omit_hostname": True, "metric_buffer_limit": 5000}, array=False)),
        dump(Table("outputs.influxdb_v2", {"urls": ["http://127.0.0.1:9"]})),
        dump(Table("inputs.exec", {"commands": ["echo m a=1"], "data_format": "influx"})),
        dump(Table("processors.starlark", {"source": source}, children=(table,))),
    ]

    points, _ = once(document("any text", parts), tmp_path)

    arrived = {point.tags["name"]: point.fields.get("text") for point in points}
    assert len(arrived) == len(texts)
    wrong = {n: (text, arrived[n]) for n, text in constants.items() if arrived[n] != text}
    assert not wrong


HOSTILE_VALUES = [
    *('""', '" "', '"+"', '"-."', '"."', '"1."', '".5"', '"-4.5"', '"+3"', '"1e3"', '"1E-2"'),
    *('"1e"', '"e5"', '"1e999"', '"--1"', '"1.2.3"', '"nan"', '"inf"', '"0x10"', '"1_000"'),
    *('"٣"', '"½"', '"23 %"', '"9' + "9" * 60 + '"', '"\\\\"', '"é中😀"'),
    *("0i", "-1i", f"{2**63 - 1}i", f"{-(2**63)}i", "0", "-0.5", "1e300", "1e-300", "true", "f"),
]


def test_the_script_survives_any_value(tmp_path: Path) -> None:
    """Raw points with every value in every symbol go through the rules; none makes an error."""
    config = rendered(poll("sw1", icmp=False, known=False), poll("sw2", icmp=False))
    lines = []
    for number, value in enumerate(HOSTILE_VALUES):
        for name in (
            *("hrStorageType", "hrStorageDescr", "hrStorageAllocationUnits"),
            *("hrStorageSize", "hrStorageUsed"),
        ):
            kind = '"1.3.6.1.2.1.25.2.1.4"'
            fields = {"hrStorageType": kind, "hrStorageSize": "4000i", "hrStorageUsed": "2i"}
            fields |= {"hrStorageAllocationUnits": "8i", name: value}
            told = ",".join(f"{key}={value}" for key, value in fields.items())
            lines.append(f"host-resources:hrStorageTable,index={number}.{name} {told} {number}")
        for measurement, name in (
            ("cisco:ciscoEnvMonFanStatusTable", "ciscoEnvMonFanState"),
            ("if-mib:ifTable#any", "ifHCInOctets"),
            ("if-mib:ifTable#any", "ifName"),
            (":scalars", "system:system/sysUpTime"),
            (":scalars", "nobody:knows/this"),
            (":scalars", "odd"),
        ):
            lines.append(f"{measurement},device=sw1,index={number} {name}={value} {number}")
        lines.append(f"if-mib:ifTable#any,device=sw1,index=x.{number} ifName={value} {number}")
    raw = tmp_path / "raw.lp"
    raw.write_text("\n".join(lines))
    exec_ = Table("inputs.exec", {"commands": [f"cat {raw}"], "data_format": "influx"})
    only_rules = re.sub(r"\n\[\[inputs\.snmp\]\].*", "\n", config, flags=re.DOTALL)

    points, log = once(only_rules + "\n" + dump(exec_), tmp_path)

    assert " E! " not in log
    assert_in_data_model(points)
    assert not any(":" in point.measurement for point in points)
    numbers = {
        HOSTILE_VALUES[int(tag.partition(".")[0])]: point.fields.get("used_bytes")
        for point in points
        if (tag := point.tags.get("storage", "")).endswith(".hrStorageUsed")
    }
    assert numbers['".5"'] == 4.0
    assert numbers['"1e3"'] == 8000.0
    assert not {'"-4.5"', "-1i"} & set(numbers), "less than nothing is used"
    for none in ('""', '"e5"', '"1e999"', '"nan"', '"0x10"', '"٣"', '"23 %"', "true"):
        assert numbers[none] is None, none


def test_of_bits_the_worst_count(tmp_path: Path) -> None:
    """As Telegraf hands them over: as they are where they are UTF-8, else in hexadecimal."""
    states = {-1: (0, "none"), 0: (1, "low"), 1: (2, "out"), 5: (2, "jam"), 9: (1, "tray")}
    output = Output("sensor", {"sensor": "{index}"}, state=State("errors", states))
    symbol = Symbol("1.3.6.1.4.1.99999.1", "errors", bits=True)
    metric = Metric("acme", "t", scalar=False, symbols=(symbol,), outputs=(output,))
    told = {
        '""': (0.0, 0, "none"),
        '"\0"': (0.0, 0, "none"),
        '"@"': (64.0, 2, "out"),
        '"D"': (68.0, 2, "out, jam"),
        '"8040"': (32832.0, 1, "low, tray"),
        '"c0"': (192.0, 2, "out"),
        '" "': (32.0, 3, "bit 2"),
        "1i": None,
    }
    raw = tmp_path / "raw.lp"
    lines = (f"acme:t,index={number} errors={said}" for number, said in enumerate(told))
    raw.write_text("\n".join(lines))
    exec_ = Table("inputs.exec", {"commands": [f"cat {raw}"], "data_format": "influx"})
    source = Script(script([Part(metric, (symbol,))]))
    names = Table("processors.starlark.constants.NAMES", {}, array=False)
    rules = Table("processors.starlark", {"source": source}, children=(names,))

    points_file, path = tmp_path / "points.lp", tmp_path / "telegraf.conf"
    output_ = Table("outputs.file", {"files": [str(points_file)], "data_format": "influx"})
    path.write_text("\n".join(map(dump, (output_, rules, exec_))))

    log = telegraf("--config", path, "--once", environ=ENVIRON)
    points = parse(points_file.read_text())

    assert " E! " not in log
    got = {
        int(point.tags["sensor"]): tuple(point.fields[name] for name in ("value", "status", "text"))
        for point in points
    }
    assert got == {number: wanted for number, wanted in enumerate(told.values()) if wanted}


def test_every_kind_of_configuration_is_accepted(tmp_path: Path) -> None:
    cases = {
        "probed": [poll("sw1", site="hall", role="switch")],
        "never-probed": [poll("new", known=False)],
        "v1": [poll("old", login=V1)],
        "v3": [poll("v3", login=V3, address="::1")],
        "checks": [poll("web", snmp=False, tcp=(80, 443))],
        "checks-ipv6": [poll("web", snmp=False, tcp=(80,), address="2001:db8::1")],
        "hostile": [poll("x+y.z_1-2", site=SPITEFUL, role=SPITEFUL, identity={"model": SPITEFUL})],
        "many": [poll(f"sw{number}", known=bool(number % 2)) for number in range(50)],
    }
    for name, polls in cases.items():
        for shard in render(polls, Settings("acme", ping_method="exec")):
            (tmp_path / f"{name}.conf").write_text(shard.config)

    for path in sorted(tmp_path.glob("*.conf")):
        # Unset on purpose: the check must not need them.
        log = telegraf("config", "check", "--config", path, environ={})
        assert " E! " not in log, log


def test_nothing_is_refused_in_one_bucket_of_all_devices(
    network: int, influx: InfluxServer, tmp_path: Path
) -> None:
    first = [
        poll("liar", address=ADDRESSES[2], port=network, tcp=(1,)),
        poll("liar-new", address=ADDRESSES[2], port=network, known=False),
    ]
    second = [
        poll("sw1", address=ADDRESSES[0], port=network, identity={"vendor": "Cisco"}, tcp=(1,)),
        poll("derived", interfaces(derived=True), address=ADDRESSES[0], port=network),
        poll("v3", address=ADDRESSES[1], port=network, login=V3),
        poll("old", address=ADDRESSES[3], port=network, login=V1),
    ]
    access = {"TIGCTL_INFLUXDB_URL": influx.url, "TIGCTL_INFLUXDB_TOKEN": influx.token}
    for name, polls in (("first", first), ("second", second)):
        path = tmp_path / f"{name}.conf"
        path.write_text(rendered(*polls))
        log = telegraf("--config", path, "--once", environ=ENVIRON | access)
        assert "dropped" not in log, log
        assert " E! " not in log, log

    # Telegraf rounds times to the next second, so the last ones may lie ahead.
    rows = influx.query(
        'import "types"\nfrom(bucket: "raw") |> range(start: -1h, stop: 1h) |> last()'
        " |> map(fn: (r) => ({m: r._measurement, f: r._field, d: r.device, "
        'int: types.isType(v: r._value, type: "int"), '
        'float: types.isType(v: r._value, type: "float")}))'
    )
    kinds = {(row["m"], row["f"]): (row["int"], row["float"]) for row in rows}
    for (measurement, field), kind in kinds.items():
        wanted = MEASUREMENTS[measurement].fields[field]
        assert kind == (
            json.dumps(wanted is FieldType.INTEGER),
            json.dumps(wanted is FieldType.FLOAT),
        ), (measurement, field)
    seen = {(row["d"], row["m"]) for row in rows}
    for device in ("liar", "liar-new", "sw1", "v3", "old"):
        assert {(device, name) for name in ("ping", "system", "interface", "storage")} <= seen


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    with influxd(tmp_path_factory.mktemp("influx")) as server:
        yield server
