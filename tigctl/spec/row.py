"""One row of the inventory: what each column may hold, whether it comes from CSV or YAML."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, ConfigDict, WithJsonSchema

from collectors.device import SNMP_PORT, Device
from tigctl.spec.fields import Interval, Label, Section

DEVICE_NAME_PATTERN = r"^[A-Za-z0-9._+-]{1,128}$"

# Columns that hold a secret somewhere; the pattern looks at the column's name only.
SECRET_COLUMN = re.compile(r"commun|passw|passphrase|secret|(auth|priv)[a-z]*_?key|^(ro|rw)$")

_LISTED = re.compile(r"[;,\s]+")


def _name(value: str) -> str:
    if not value:
        raise ValueError("is empty; every device needs a name of its own")
    if len(value) > 128:
        raise ValueError(f"'{value[:20]}…' has {len(value)} characters; 128 are allowed")
    if not re.fullmatch(DEVICE_NAME_PATTERN, value):
        odd = next(sign for sign in value if not re.fullmatch(r"[A-Za-z0-9._+-]", sign))
        raise ValueError(f"{value!r} holds {odd!r}; use letters a-z A-Z, digits, . _ - +")
    return value


def address(value: object) -> str:
    """An IPv4 or IPv6 address in canonical form; an IPv4-mapped one as the IPv4 it stands for."""
    if not isinstance(value, str):
        raise ValueError("is not an IP address; write it in quotes")
    try:
        found = ipaddress.ip_address(value)
    except ValueError:
        raise ValueError(_address_hint(value)) from None
    if isinstance(found, ipaddress.IPv6Address):
        if found.scope_id is not None:
            raise ValueError(f"{value!r} has a zone (%…); a routable address is needed")
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
    return str(found)


_BRACKETS = "has brackets; write the address alone, a port into the column port"
_WITH_PORT = "holds a port; write the port into the column port"
_HOST_NAME = (
    "is a host name; write its IP address (polling must not depend on DNS, and tigctl looks no "
    "names up)"
)

# What people write instead of an address, and the end of the message about it.
_NOT_ADDRESSES = (
    (r"\[[^\]]*\](:[0-9]+)?", _BRACKETS),
    (r"[0-9.]+:[0-9]+", _WITH_PORT),
    (r"[0-9A-Fa-f.:]+/[0-9.]+", "is a network; write the address of one device"),
    (r"(?=.*[A-Za-z])[^:]*", _HOST_NAME),
)


def _address_hint(value: str) -> str:
    if not value:
        return "is empty; write the device's IP address"
    shown = repr(value[:60])
    for pattern, end in _NOT_ADDRESSES:
        if re.fullmatch(pattern, value):
            return f"{shown} {end}"
    plain = re.sub(r"\b0+(?=[0-9])", "", value)
    if plain != value and re.fullmatch(r"[0-9.]+", value):
        with suppress(ValueError):
            ipaddress.IPv4Address(plain)
            return f"{shown} has leading zeros, which some read as octal; write {plain}"
    return f"{shown} is not an IP address"


def _number(value: object) -> int:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,6}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 65_535:
        shown = f"{value!r} " if isinstance(value, str | int) else ""
        raise ValueError(f"{shown}is no port; write a number from 1 to 65535")
    return value


def _ports(value: object) -> tuple[int, ...]:
    if isinstance(value, str):
        items: Iterable[object] = [item for item in _LISTED.split(value) if item]
    elif isinstance(value, list | tuple):
        items = value
    else:
        items = [value]
    ports = tuple(_number(item) for item in items)
    for index, port in enumerate(ports):
        if port in ports[:index]:
            raise ValueError(f"names port {port} twice; write it once")
    return ports


def _yes(value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = value.lower() if isinstance(value, str) else ""
    if text not in {"yes", "no"}:
        shown = f"{value!r} is not known here; " if isinstance(value, str) else ""
        raise ValueError(f"{shown}write yes or no")
    return text == "yes"


def _tags(value: object) -> tuple[tuple[str, str], ...]:
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, str):
        pairs = [_pair(item.strip()) for item in value.split(";") if item.strip()]
    else:
        raise ValueError("is no set of tags; write k=v;k=v, in YAML {k: v}")
    tags: dict[str, str] = {}
    for key, text in pairs:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,62}", key):
            raise ValueError(f"holds the key {key!r}; use letters, digits, . _ - / (up to 63)")
        if not isinstance(text, str) or len(text) > 128 or not text.isprintable():
            raise ValueError(f"{key} is no plain text of up to 128 characters; quote it in YAML")
        if key in tags:
            raise ValueError(f"names {key} twice; write it once")
        tags[key] = text
    return tuple(tags.items())


def _pair(item: str) -> tuple[str, str]:
    key, sign, text = item.partition("=")
    if not sign:
        raise ValueError(f"{item[:60]!r} is no tag; write k=v;k=v")
    return key.strip(), text.strip()


Port = Annotated[
    int,
    BeforeValidator(_number),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 65_535}),
]
Yes = Annotated[
    bool,
    BeforeValidator(_yes),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"enum": ["yes", "no"]}]}),
]
Ports = Annotated[
    tuple[int, ...],
    BeforeValidator(_ports),
    WithJsonSchema(
        {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 65_535}}
    ),
]
Tags = Annotated[
    tuple[tuple[str, str], ...],
    BeforeValidator(_tags),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "string"}}),
]
DeviceName = Annotated[
    str,
    AfterValidator(_name),
    WithJsonSchema({"type": "string", "pattern": DEVICE_NAME_PATTERN}),
]
Address = Annotated[
    str,
    BeforeValidator(address),
    WithJsonSchema({"type": "string", "examples": ["10.20.0.1", "2001:db8::1"]}),
]


class Row(Section):
    """One device."""

    # The defaults below are values as they are; checking them for every row costs time.
    model_config = ConfigDict(validate_default=False)

    name: DeviceName
    """Name, kept as written: letters, digits, . _ - +, up to 128. Two that differ only by case
    are refused, because names end up in boards and alerts."""

    address: Address
    """IPv4 or IPv6 address. The same one twice needs another port (NAT)."""

    port: Port = SNMP_PORT
    """UDP port of SNMP. Default 161."""

    site: Label = ""
    """Where it stands; tag of every point."""

    role: Label = ""
    """What it is for (core, access, ups …); tag of every point."""

    parent: str = ""
    """Name of the device it hangs on, for root causes in alerts. Default: what LLDP and CDP say,
    where that is sure."""

    credentials: str = ""
    """Name of the credentials to log in with. Default: the one named default, else all are
    tried in order."""

    snmp: Yes = True
    """Whether it is asked by SNMP: yes or no. Default yes."""

    icmp: Yes = True
    """Whether it is pinged: yes or no. Default yes."""

    tcp: Ports = ()
    """TCP ports whose handshake is timed: 80;443 in CSV, [80, 443] in YAML. Default none."""

    interval: Interval | None = None
    """Time between two polls. Default: `polling.interval` of the tenant."""

    tags: Tags = ()
    """Labels to choose devices by, k=v;k=v in CSV, {k: v} in YAML; never tags of points."""

    def device(self) -> Device:
        """The device this row describes."""
        return Device(**self.__dict__)


COLUMNS = tuple(Row.model_fields)
