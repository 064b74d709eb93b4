"""The types of single values in settings, and the base of all settings models.

A validator here refuses with a ValueError whose text is what the user reads; translate.py puts
the place before it. Limits that need a second key stand in check.py.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    WithJsonSchema,
)

from tigctl.spec import quantity

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
LABEL_PATTERN = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
HOST = r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*"
VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"

# Namespaces that belong to the cluster; a tenant in one of them would be deleted with -N.
SYSTEM_NAMESPACES = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})

# Smaller prefixes are no customer's network: a sweep of one would never end.
SHORTEST_PREFIX = 8


class Section(BaseModel):
    """Base of all settings: frozen, unknown keys refused, inputs never shown in errors."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True
    )


def setting(default: object, **options: Any) -> Any:
    """A key with its default, written as a person would write it in the file."""
    return Field(default=default, **options)


def derived(default: Callable[[Mapping[str, Any]], str]) -> Any:
    """A key whose default follows from the keys before it in the same section."""
    return Field(default_factory=default)


def network(value: object) -> str:
    """A CIDR in canonical form."""
    if not isinstance(value, str):
        raise ValueError("is not a network; write a CIDR such as 10.20.0.0/22")
    try:
        found = ipaddress.ip_network(value.strip())
    except ValueError:
        raise ValueError(f"{value!r} is not a network; {_network_hint(value)}") from None
    if found.prefixlen < SHORTEST_PREFIX:
        raise ValueError(
            f"{value!r} is far more than one customer's network; write the parts that are meant, "
            f"each /{SHORTEST_PREFIX} or smaller"
        )
    return str(found)


def _network_hint(value: str) -> str:
    try:
        return f"bits are set behind the prefix: write {ipaddress.ip_network(value, strict=False)}"
    except ValueError:
        return "write a CIDR such as 10.20.0.0/22 or 2001:db8:20::/48"


def _between(least: str, most: str) -> Callable[[int], int]:
    def check(seconds: int) -> int:
        if not quantity.duration(least) <= seconds <= quantity.duration(most):
            raise ValueError(
                f"{quantity.format_duration(seconds)!r} is out of range; write {least} to {most}"
            )
        return seconds

    return check


def _positive(count: int) -> int:
    if not count:
        raise ValueError("is zero; write a size such as 20Gi")
    return count


def size_or_none(value: object) -> int:
    """Bytes of a size; 0 for `none`."""
    return 0 if value == "none" else quantity.size(value)


def _name(value: str) -> str:
    if not re.fullmatch(NAME_PATTERN, value):
        raise ValueError(
            f"{value!r} is no name; use letters, digits, . _ - (up to 63), a letter or digit first"
        )
    return value


def _namespace(value: str) -> str:
    if value and not re.fullmatch(LABEL_PATTERN, value):
        raise ValueError(
            f"{value!r} is no namespace; use lower-case letters, digits and -, up to 63, "
            "a letter or digit at both ends"
        )
    if value in SYSTEM_NAMESPACES or value.startswith("kube-"):
        raise ValueError(f"{value!r} belongs to the cluster; give the tenant one of its own")
    return value


def _variable(value: object) -> str:
    # The value is not repeated: a secret written in the wrong place ends up here.
    if not isinstance(value, str) or not re.fullmatch(VARIABLE_PATTERN, value):
        raise ValueError(
            "is not the name of an environment variable; use letters, digits and _ only, "
            "as in {env: SNMP_COMMUNITY}"
        )
    if value.upper().startswith("TIGCTL_"):
        raise ValueError("names beginning with TIGCTL_ are tigctl's own; choose another name")
    return value


def _image(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/:@-]*", value):
        raise ValueError(f"{value!r} is no image; write NAME:TAG, such as influxdb:2.9.1")
    name = value.rpartition("/")[2]
    tag = name.partition("@")[0].partition(":")[2]
    if "@sha256:" not in name and tag in {"", "latest"}:
        raise ValueError(
            f"{value!r} is not pinned; write NAME:TAG with a version, or NAME@sha256:DIGEST"
        )
    return value


def _label(value: str) -> str:
    text = value.strip()
    if len(text) > 128:
        raise ValueError("is longer than 128 characters; shorten it")
    if not text.isprintable():
        raise ValueError(f"{text!r} holds a control character; write plain text")
    return text


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from None
    # Telegraf matches by RE2, which looks neither around nor back.
    if re.search(r"\\[1-9]|\(\?(<?[=!]|P=)", value):
        raise ValueError(f"{value!r} looks around or back, which RE2 cannot; write it without")
    if len(value) > 500 or not value.isprintable():
        raise ValueError("is no plain pattern of up to 500 characters")
    return value


def merge(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """`upper` laid over `lower`: mappings merge key by key, all else replaces."""
    result = dict(lower)
    for key, value in upper.items():
        below = result.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        result[key] = merge(below, value) if both else value  # type: ignore[arg-type]  # both says so
    return result


_DURATION = BeforeValidator(quantity.duration)
_DURATION_SCHEMA = WithJsonSchema(
    {"type": "string", "pattern": quantity.DURATION_PATTERN, "examples": ["90s", "5m", "6h", "30d"]}
)
_SIZE_SCHEMA = {"type": "string", "pattern": quantity.SIZE_PATTERN, "examples": ["20Gi"]}

Duration = Annotated[int, _DURATION, _DURATION_SCHEMA]
Interval = Annotated[int, _DURATION, AfterValidator(_between("5s", "1d")), _DURATION_SCHEMA]
SlowInterval = Annotated[int, _DURATION, AfterValidator(_between("5s", "7d")), _DURATION_SCHEMA]
Retention = Annotated[int, _DURATION, AfterValidator(_between("1h", "100y")), _DURATION_SCHEMA]
Outage = Annotated[int, _DURATION, AfterValidator(_between("5s", "7d")), _DURATION_SCHEMA]
Size = Annotated[
    int, BeforeValidator(quantity.size), AfterValidator(_positive), WithJsonSchema(_SIZE_SCHEMA)
]
SizeOrNone = Annotated[
    int,
    BeforeValidator(size_or_none),
    WithJsonSchema({"anyOf": [_SIZE_SCHEMA, {"const": "none"}]}),
]
Cpu = Annotated[
    int,
    BeforeValidator(quantity.cpu),
    AfterValidator(_positive),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": quantity.CPU_PATTERN}, {"type": "number"}]}
    ),
]
Flag = Annotated[bool, Strict()]
Whole = Annotated[int, Strict()]
Network = Annotated[
    str,
    BeforeValidator(network),
    WithJsonSchema({"type": "string", "examples": ["10.20.0.0/22", "2001:db8:20::/48"]}),
]
Name = Annotated[str, AfterValidator(_name), WithJsonSchema({"type": "string"})]
Namespace = Annotated[str, AfterValidator(_namespace)]
Variable = Annotated[
    str,
    BeforeValidator(_variable),
    WithJsonSchema({"type": "string", "pattern": VARIABLE_PATTERN}),
]
Image = Annotated[str, AfterValidator(_image)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Label = Annotated[str, AfterValidator(_label), WithJsonSchema({"type": "string", "maxLength": 128})]


def object_name(value: str) -> str:
    """The name of an object in Kubernetes, or nothing. Raises ValueError for any other text."""
    if value and not re.fullmatch(HOST, value):
        raise ValueError(f"{value!r} is no name of an object in Kubernetes; write it in lower case")
    return value
