"""Covers devices.csv and devices.yaml: what spreadsheets and people write, what is refused.

Leaves out what needs the tenant's settings (test_workspace.py) and undecodable files
(test_text.py).
"""

from __future__ import annotations

import csv
import io
import ipaddress
import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from collectors.device import Device
from tigctl.spec.faults import Faults
from tigctl.spec.inventory import Inventory, from_csv, from_yaml
from tigctl.spec.quantity import format_duration
from tigctl.spec.row import COLUMNS, SECRET_COLUMN


def read_csv(text: str) -> tuple[Inventory, list[str]]:
    faults = Faults()
    return from_csv(text, "d.csv", faults), [str(fault) for fault in faults.found]


def read_yaml(text: str) -> tuple[Inventory, list[str]]:
    faults = Faults()
    return from_yaml(text, "d.yaml", faults), [str(fault) for fault in faults.found]


FULL = Device(
    name="sw-07",
    address="10.20.1.7",
    port=1161,
    site="hq",
    role="access",
    parent="core-sw1",
    credentials="core",
    snmp=True,
    icmp=False,
    tcp=(80, 443),
    interval=30,
    tags=(("floor", "3"), ("rack", "b 2")),
)


def test_all_columns() -> None:
    inventory, faults = read_csv(
        "name,address,port,site,role,parent,credentials,snmp,icmp,tcp,interval,tags\n"
        "sw-07,10.20.1.7,1161,hq,access,core-sw1,core,yes,no,80;443,30s,floor=3;rack=b 2\n"
    )
    assert faults == []
    assert inventory.devices == (FULL,)
    assert inventory.lines == (2,)


def test_all_keys_in_yaml() -> None:
    text = (
        "- name: sw-07\n  address: 10.20.1.7\n  port: 1161\n  site: hq\n  role: access\n"
        "  parent: core-sw1\n  credentials: core\n  snmp: yes\n  icmp: no\n  tcp: [80, 443]\n"
        '  interval: 30s\n  tags: {floor: "3", rack: b 2}\n'
    )
    for written in (
        text,
        "devices:\n" + text.replace("- name", "  - name").replace("\n ", "\n   "),
    ):
        inventory, faults = read_yaml(written)
        assert faults == []
        assert inventory.devices == (FULL,)


def test_only_name_and_address_are_needed() -> None:
    inventory, faults = read_csv("address,name\n10.0.0.0,a\n")
    assert faults == []
    assert inventory.devices == (Device("a", "10.0.0.0"),)


@pytest.mark.parametrize(
    "text",
    [
        "Name;ADDRESS;Tcp\nsw-1;10.0.0.1;80 443\n",
        'name;address;tcp\nsw-1;10.0.0.1;"80;443"\n',
        "name\taddress\ttcp\nsw-1\t10.0.0.1\t80;443\n",
        'sep=;\nname;address;tcp\nsw-1;10.0.0.1;"80;443"\n',
        'name,address,tcp\nsw-1,10.0.0.1,"80,443"\n',
        "name,address,tcp\r\nsw-1,10.0.0.1,80;443\r\n",
        "name,address,tcp\rsw-1,10.0.0.1,80;443",
        '"name","address","tcp"\n"sw-1","10.0.0.1","80;443"\n',
        "\n# devices of acme, \"all\n\nname,address,tcp\n\n# don't\nsw-1,10.0.0.1,80;443\n,,\n",
        "name,address,tcp,,\nsw-1,10.0.0.1,80;443,,\n",
        " name , address , tcp \n sw-1 , 10.0.0.1 , 80;443 \n",
        "name,address,tcp,site\nsw-1,10.0.0.1,80;443\n",
    ],
)
def test_what_spreadsheets_write(text: str) -> None:
    inventory, faults = read_csv(text)
    assert faults == []
    assert inventory.devices == (Device("sw-1", "10.0.0.1", tcp=(80, 443)),)


def test_lines_count_what_is_skipped() -> None:
    inventory, _ = read_csv("\nname,address\n# x\n\na,10.0.0.1\n,\nb,10.0.0.2\n")
    assert inventory.lines == (5, 7)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "d.csv:1: is empty; the first line names the columns: name,address,…"),
        ("\n#x\n", "d.csv:1: is empty"),
        ("a,10.0.0.1\nb,10.0.0.2\n", "d.csv:1: names no columns; begin the file with"),
        ("name,site\na,b\n", "d.csv:1: column 'address' is missing; every device needs it"),
        ("name,ip\na,10.0.0.1\n", "d.csv:1: unknown column 'ip'; did you mean 'address'?"),
        ("hostname,address\n", "d.csv:1: unknown column 'hostname'; did you mean 'name'?"),
        ("name,address,Location\n", "d.csv:1: unknown column 'location'; did you mean 'site'?"),
        ("name,address,sitte\n", "d.csv:1: unknown column 'sitte'; did you mean 'site'?"),
        ("name,address,zzzzzz\n", "unknown column 'zzzzzz'; known here: name, address, port"),
        ("name,address,name\n", "d.csv:1: column 'name' stands there twice; keep one"),
        ("name,,address\n", "d.csv:1: a column has no name; name it or delete it"),
        ("name,address\na,10.0.0.1,x\n", "d.csv:2: 3 cells, but the header names 2 columns; put"),
        ("name;address;tcp\na;10.0.0.1;80;443\n", "or part its items by spaces"),
        ('name,address\n"a,10.0.0.1\nb,10.0.0.2\n', "d.csv:2: a quote is not closed"),
        ('name,address\n"a"b,10.0.0.1\n', "d.csv:2: a quote is not closed"),
        ("name,address\n,10.0.0.1\n", "d.csv:2: name is empty; every device needs a name"),
        ("name,address\na\n", "d.csv:2: address is empty; write the device's IP address"),
        ("name,address\na b,10.0.0.1\n", "d.csv:2: name 'a b' holds ' '; use letters"),
        ("name,address\ngrün,10.0.0.1\n", "d.csv:2: name 'grün' holds 'ü'; use letters"),
        (f"name,address\n{'n' * 129},10.0.0.1\n", "has 129 characters; 128 are allowed"),
        ("name,address,port\na,10.0.0.1,0\n", "d.csv:2: port 0 is no port; write a number"),
        ("name,address,port\na,10.0.0.1,65536\n", "port 65536 is no port"),
        ("name,address,snmp\na,10.0.0.1,true\n", "snmp 'true' is not known here; write yes or no"),
        ("name,address,tcp\na,10.0.0.1,80;80\n", "tcp names port 80 twice; write it once"),
        ("name,address,tcp\na,10.0.0.1,https\n", "tcp 'https' is no port; write a number"),
        ("name,address,interval\na,10.0.0.1,60\n", "d.csv:2: interval '60' is not a duration; it"),
        ("name,address,interval\na,10.0.0.1,1s\n", "interval '1s' is out of range; write 5s to 1d"),
        ("name,address,tags\na,10.0.0.1,x\n", "d.csv:2: tags 'x' is no tag; write k=v;k=v"),
        ("name,address,tags\na,10.0.0.1,k=1;k=2\n", "d.csv:2: tags names k twice; write it once"),
        (f"name,address,site\na,10.0.0.1,{'s' * 129}\n", "site is longer than 128 characters"),
        ("name,address,site\na,10.0.0.1,a\x07b\n", "site 'a\\x07b' holds a control character"),
    ],
)
def test_what_is_refused_in_csv(text: str, message: str) -> None:
    _, faults = read_csv(text)
    assert any(message in fault for fault in faults), faults


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("10.20.0.300", "address '10.20.0.300' is not an IP address"),
        ("010.1.1.1", "has leading zeros, which some read as octal; write 10.1.1.1"),
        ("10.1.1.08", "has leading zeros, which some read as octal; write 10.1.1.8"),
        ("sw1.acme.example", "'sw1.acme.example' is a host name; write its IP address"),
        ("localhost", "is a host name"),
        ("10.0.0.1:161", "holds a port; write the port into the column port"),
        ("[2001:db8::1]", "has brackets; write the address alone"),
        ("[2001:db8::1]:161", "has brackets"),
        ("10.0.0.0/24", "is a network; write the address of one device"),
        ("fe80::1%eth0", "has a zone"),
        ("10.0.0", "is not an IP address"),
        ("10.0.0.1.5", "is not an IP address"),
        ("167772161", "is not an IP address"),
        ("\u0660.0.0.1", "is not an IP address"),
        ("2001:db8:::1", "is not an IP address"),
    ],
)
def test_addresses_that_are_none(address: str, message: str) -> None:
    _, faults = read_csv(f"name,address\na,{address}\n")
    assert len(faults) == 1
    assert message in faults[0]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("10.0.0.0", "10.0.0.0"),
        ("2001:DB8:0:0::0001", "2001:db8::1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::FFFF:0a00:0001", "10.0.0.1"),
        ("::1", "::1"),
    ],
)
def test_addresses_become_canonical(written: str, read: str) -> None:
    inventory, faults = read_csv(f"name,address\na,{written}\n")
    assert faults == []
    assert inventory.devices[0].address == read


@given(st.ip_addresses())
def test_any_address_is_valid(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    inventory, faults = read_csv(f"name,address\na,{address}\n")
    mapped = getattr(address, "ipv4_mapped", None)
    assert faults == []
    assert inventory.devices[0].address == str(mapped or address)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            "SW-07,10.0.0.1\nb,10.0.0.2\nsw-07,10.0.0.3",
            "d.csv:4: name 'sw-07' differs only by case from 'SW-07' in line 2; names end up in",
        ),
        ("a,10.0.0.1\na,10.0.0.2", "d.csv:3: name 'a' stands in line 2 already; names end up"),
        (
            "a,2001:db8::1\nb,2001:DB8:0::1",
            "d.csv:3: address 2001:db8::1 with port 161 stands in line 2 already (a); delete one",
        ),
        ("a,10.0.0.1\nb,::ffff:10.0.0.1", "d.csv:3: address 10.0.0.1 with port 161 stands in line"),
        # A row with another fault still counts.
        ("a,10.0.0.300\nA,10.0.0.2", "d.csv:3: name 'A' differs only by case from 'a' in line 2"),
        ("a b,10.0.0.1\nb,10.0.0.1", "d.csv:3: address 10.0.0.1 with port 161 stands in line 2"),
    ],
)
def test_twins(rows: str, message: str) -> None:
    _, faults = read_csv(f"name,address\n{rows}\n")
    assert any(message in fault for fault in faults), faults


def test_one_address_with_two_ports_is_fine() -> None:
    inventory, faults = read_csv("name,address,port\na,10.0.0.1,\nb,10.0.0.1,1161\n")
    assert faults == []
    assert [device.port for device in inventory.devices] == [161, 1161]


@pytest.mark.parametrize(
    "column",
    [
        *("community", "Communities", "snmp_community", "password", "auth_password", "passphrase"),
        *("secret", "auth_key", "privkey", "ro", "rw", "SNMP Community"),
    ],
)
def test_a_secret_column_is_refused_without_its_cells(column: str) -> None:
    _, faults = read_csv(f"name,address,{column}\na,10.0.0.1,hunter2\nb,x,hunter3\n")
    assert "secrets never stand in the inventory" in faults[0]
    assert len(faults) == 2
    assert not any("hunter" in fault for fault in faults)
    _, faults = read_yaml(f"- {{name: a, address: 10.0.0.1, {column.replace(' ', '_')}: hunter2}}")
    assert not any("hunter" in fault for fault in faults)
    assert faults


def test_no_known_column_looks_like_a_secret() -> None:
    assert not [name for name in COLUMNS if SECRET_COLUMN.search(name)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n", "d.yaml:1: is no list of devices; write - name: … and address: …"),
        ("- a\n", "d.yaml:1: is no device; write name: … and address: …"),
        ("- name: a\n", "d.yaml:1: address is empty; write the device's IP address"),
        ("- address: 10.0.0.1\n", "d.yaml:1: name is empty"),
        ("- name: 12\n  address: ::1\n", 'name 12 is a number to YAML; write it in quotes: "12"'),
        ("- name: on\n  address: ::1\n", 'name on is a boolean to YAML; write it in quotes: "on"'),
        (
            "- name: a\n  address: 10\n",
            "d.yaml:2: address 10 is not an IP address; write it in quotes",
        ),
        ("- name: a\n  address: ::1\n  tcp: {a: 1}\n", "d.yaml:3: tcp is no port; write a number"),
        ("- name: a\n  address: ::1\n  tcp: [80, x]\n", "d.yaml:3: tcp 'x' is no port"),
        ("- name: a\n  address: ::1\n  tags: [x]\n", "d.yaml:3: tags is no set of tags; write"),
        ("- name: a\n  address: ::1\n  tags: {x: 1}\n", "d.yaml:3: tags x is no plain text"),
        ("- name: a\n  address: ::1\n  snmp: maybe\n", "d.yaml:3: snmp 'maybe' is not known here"),
        ("- name: a\n  address: ::1\n  interval: 60\n", "d.yaml:3: interval 60 has no unit; write"),
        ("- name: a\n  address: ::1\n  sitte: x\n", "d.yaml:3: unknown column 'sitte'; did you"),
        ("- name: a\n  address: ::1\n  name: b\n", "d.yaml:3: key 'name' stands in line 1"),
    ],
)
def test_what_is_refused_in_yaml(text: str, message: str) -> None:
    _, faults = read_yaml(text)
    assert any(message in fault for fault in faults), faults


@pytest.mark.parametrize("text", ["", "[]\n", "devices:\n", "devices: []\n", "# later\n"])
def test_no_devices_in_yaml(text: str) -> None:
    assert read_yaml(text) == (Inventory("d.yaml"), [])


NAMES = st.text("abcXYZ019._+-", min_size=1, max_size=12)
# What a cell keeps: no control characters, no space at its ends.
LABELS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=12)
TAGS = st.dictionaries(st.text("abc09", min_size=1, max_size=4), st.text("xyz =", max_size=4))


@st.composite
def devices(draw: st.DrawFn) -> list[Device]:
    names = draw(st.lists(NAMES, max_size=6, unique_by=str.lower))
    return [
        Device(
            name=name,
            address=str(ipaddress.ip_address(0x0A000000 + index)),
            port=draw(st.integers(1, 65_535)),
            site=draw(LABELS),
            role=draw(LABELS),
            snmp=draw(st.booleans()),
            icmp=draw(st.booleans()),
            tcp=tuple(draw(st.lists(st.integers(1, 65_535), max_size=3, unique=True))),
            interval=draw(st.none() | st.integers(5, 86_400)),
            tags=tuple((key, value.strip()) for key, value in draw(TAGS).items()),
        )
        for index, name in enumerate(names)
    ]


def cells(device: Device) -> dict[str, str]:
    return {
        "name": device.name,
        "address": device.address,
        "port": str(device.port),
        "site": device.site,
        "role": device.role,
        "snmp": "yes" if device.snmp else "NO",
        "icmp": "Yes" if device.icmp else "no",
        "tcp": ";".join(map(str, device.tcp)),
        "interval": format_duration(device.interval) if device.interval else "",
        "tags": ";".join(f"{key}={value}" for key, value in device.tags),
    }


@given(devices(), st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_csv_round_trip(wanted: list[Device], separator: str, end: str, quoted: bool) -> None:
    file = io.StringIO()
    writer = csv.DictWriter(
        file,
        cells(FULL),
        delimiter=separator,
        lineterminator=end,
        quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL,
    )
    writer.writeheader()
    writer.writerows(map(cells, wanted))
    inventory, faults = read_csv(file.getvalue())
    assert faults == []
    assert list(inventory.devices) == wanted


@given(devices())
def test_yaml_round_trip(wanted: list[Device]) -> None:
    items = [
        {
            **cells(device),
            "snmp": device.snmp,
            "tcp": list(device.tcp),
            "interval": format_duration(device.interval) if device.interval else None,
            "tags": dict(device.tags),
        }
        for device in wanted
    ]
    for text in (
        yaml.safe_dump(items, allow_unicode=True, sort_keys=False),
        json.dumps(items, ensure_ascii=False),
    ):
        inventory, faults = read_yaml(text)
        assert faults == []
        assert list(inventory.devices) == wanted


@given(st.text())
def test_no_text_raises(text: str) -> None:
    read_csv(text)
    read_csv("name,address,tcp,tags\n" + text)
    read_yaml(text)
