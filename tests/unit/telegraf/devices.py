"""Small invented profiles and devices for the tests of rendering. No recording, no file."""

from __future__ import annotations

from dataclasses import replace

from collectors.device import Device
from collectors.facts import Facts, InterfaceKey
from collectors.knowledge.expression import Expression
from collectors.knowledge.model import Chosen, Match, Metric, Output, State, Symbol
from collectors.login import AuthProtocol, Community, Login, PrivacyProtocol, Secret, User
from collectors.telegraf.model import Poll, Settings

SETTINGS = Settings("acme")
V2C = Community("default", "2c", Secret("SNMP_COMMUNITY"))
V1 = Community("old", "1", Secret("OLD_COMMUNITY"))
V3 = User(
    "core",
    "noc",
    context="vlan-7",
    auth=AuthProtocol.SHA256,
    auth_password=Secret("NOC_AUTH"),
    privacy=PrivacyProtocol.AES256C,
    privacy_password=Secret("NOC_PRIVACY"),
)

IF, IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"


def expressions(symbols: tuple[Symbol, ...], **fields: str) -> dict[str, Expression]:
    known = [symbol.name for symbol in symbols]
    return {field: Expression.parse(text, known) for field, text in fields.items()}


_INTERFACE_SYMBOLS = (
    Symbol(f"{IFX}.1", "ifName", "IF-MIB"),
    Symbol(f"{IFX}.18", "ifAlias", "IF-MIB"),
    Symbol(f"{IF}.2", "ifDescr", "IF-MIB", slow=True),
    Symbol(f"{IF}.3", "ifType", "IF-MIB", slow=True),
    Symbol(f"{IF}.8", "ifOperStatus", "IF-MIB"),
    Symbol(f"{IFX}.15", "ifHighSpeed", "IF-MIB"),
    Symbol(f"{IF}.5", "ifSpeed", "IF-MIB", unless=("ifHighSpeed",)),
    Symbol(f"{IFX}.6", "ifHCInOctets", "IF-MIB"),
)


def interfaces(*, derived: bool = False) -> Metric:
    """ifTable with ifXTable; `derived`: the speed has to be computed from ifSpeed."""
    speed = "ifSpeed / 1000000" if derived else "ifHighSpeed"
    unwanted = "ifHighSpeed" if derived else "ifSpeed"
    symbols = tuple(symbol for symbol in _INTERFACE_SYMBOLS if symbol.name != unwanted)
    plain = {name: name for name in ("ifDescr", "ifType", "ifOperStatus", "ifHCInOctets")}
    return Metric(
        "if-mib",
        "ifTable~1" if derived else "ifTable",
        scalar=False,
        symbols=symbols,
        outputs=(
            Output(
                "interface",
                tags={"ifName": "{ifName}", "ifAlias": "{ifAlias}"},
                fields=expressions(symbols, ifHighSpeed=speed, **plain),
            ),
        ),
    )


_SYSTEM_SYMBOLS = (
    Symbol("1.3.6.1.2.1.1.3", "sysUpTime", "SNMPv2-MIB"),
    Symbol("1.3.6.1.2.1.1.1", "sysDescr", "SNMPv2-MIB", slow=True),
    Symbol("1.3.6.1.2.1.1.2", "sysObjectID", "SNMPv2-MIB", slow=True),
    Symbol("1.3.6.1.2.1.1.5", "sysName", "SNMPv2-MIB", slow=True),
)
SYSTEM = Metric(
    "system",
    "system",
    scalar=True,
    symbols=_SYSTEM_SYMBOLS,
    outputs=(
        Output(
            "system",
            fields=expressions(
                _SYSTEM_SYMBOLS,
                uptime_seconds="sysUpTime / 100",
                sysDescr="sysDescr",
                sysObjectID="sysObjectID",
                sysName="sysName",
            ),
        ),
    ),
)

_STORAGE = "1.3.6.1.2.1.25.2.3.1"
_STORAGE_SYMBOLS = (
    Symbol(f"{_STORAGE}.2", "hrStorageType", "HOST-RESOURCES-MIB"),
    Symbol(f"{_STORAGE}.3", "hrStorageDescr", "HOST-RESOURCES-MIB"),
    Symbol(f"{_STORAGE}.4", "hrStorageAllocationUnits", "HOST-RESOURCES-MIB"),
    Symbol(f"{_STORAGE}.5", "hrStorageSize", "HOST-RESOURCES-MIB"),
    Symbol(f"{_STORAGE}.6", "hrStorageUsed", "HOST-RESOURCES-MIB"),
)
STORAGE = Metric(
    "host-resources",
    "hrStorageTable",
    scalar=False,
    symbols=_STORAGE_SYMBOLS,
    outputs=(
        Output(
            "storage",
            tags={"storage": "{hrStorageDescr}"},
            fields=expressions(
                _STORAGE_SYMBOLS,
                used_bytes="hrStorageUsed * hrStorageAllocationUnits",
                total_bytes="hrStorageSize * hrStorageAllocationUnits",
                used_percent="100 * hrStorageUsed / hrStorageSize",
            ),
            where=Expression.parse("hrStorageType == '1.3.6.1.2.1.25.2.1.4'", ["hrStorageType"]),
        ),
    ),
)

_STATE_SYMBOLS = (
    Symbol("1.3.6.1.4.1.9.9.13.1.4.1.2", "ciscoEnvMonFanStatusDescr", "CISCO-ENVMON-MIB"),
    Symbol("1.3.6.1.4.1.9.9.13.1.4.1.3", "ciscoEnvMonFanState", "CISCO-ENVMON-MIB"),
)
FANS = Metric(
    "cisco",
    "ciscoEnvMonFanStatusTable",
    scalar=False,
    symbols=_STATE_SYMBOLS,
    outputs=(
        Output(
            "sensor",
            tags={"class": "state", "sensor": "Fan {index.1} {ciscoEnvMonFanStatusDescr}"},
            state=State(
                "ciscoEnvMonFanState",
                {1: (0, "normal"), 2: (1, "warning"), 3: (2, "it's critical")},
            ),
        ),
    ),
)


def facts(**changes: object) -> Facts:
    return replace(
        Facts("default", "1.3.6.1.4.1.9.1.1208", "Cisco IOS", "sw1"),
        **changes,  # type: ignore[arg-type]  # the fields' own types, checked where they are used
    )


def poll(
    name: str = "sw1",
    *metrics: Metric,
    rows: int = 48,
    known: Facts | bool | None = True,
    login: Login | None = V2C,
    identity: dict[str, str] | None = None,
    key: InterfaceKey = InterfaceKey.NAME,
    **device: object,
) -> Poll:
    """A device that answers these metrics (all of them, if none is given)."""
    answered = metrics or (SYSTEM, interfaces(), STORAGE, FANS)
    chosen = tuple(
        Chosen(metric, metric.symbols, 1 if metric.scalar else rows) for metric in answered
    )
    if known is True:
        known = facts(interface_key=key)
    return Poll(
        Device(name, **{"address": "127.0.0.1", **device}),  # type: ignore[arg-type]  # as above
        login,
        known or None,
        Match(None, "test", chosen, identity=identity or {}),
    )


def switch(ports: int, small: int = 3, **changes: object) -> Poll:
    """A switch whose `answers` say that its storage and fan tables are smaller than its ports."""
    metrics = (SYSTEM, interfaces(), STORAGE, FANS)
    rows = {
        symbol.oid: ports if metric is metrics[1] else small
        for metric in metrics
        for symbol in metric.symbols
    }
    known = facts(max_repetitions=50, answers=rows, **changes)
    return poll("sw1", *metrics, rows=small, known=known)
