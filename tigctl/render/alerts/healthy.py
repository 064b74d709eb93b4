"""A healthy device beside each case of a rule, which tells what the case does not speak of.

A rule that reads more than it should, since its query lacks a condition, fires for it or fails.
"""

from __future__ import annotations

from collections.abc import Iterator

from tigctl.render.alerts.model import Case

NAME = "bystander"

# Measurement and tags; then fields, each with its value at first and what it rises by in a second.
_SERIES: tuple[tuple[str, str, dict[str, tuple[float, float] | str]], ...] = (
    (
        "ping",
        "",
        {
            "average_response_ms": (2, 0),
            "percent_packet_loss": (0, 0),
            "packets_transmitted": (4, 0),
            "packets_received": (4, 0),
            "result_code": (0, 0),
        },
    ),
    ("tcp", ",port=443", {"response_ms": (2, 0), "result_code": (0, 0)}),
    ("system", "", {"uptime_seconds": (864_000, 1), "sysName": NAME}),
    ("collector", ",input=snmp", {"gather_ms": (200, 0), "errors": (0, 0), "timeouts": (0, 0)}),
    (
        "interface",
        ",ifName=Gi1,ifAlias=uplink",
        {
            "ifAdminStatus": (1, 0),
            "ifOperStatus": (1, 0),
            "ifHighSpeed": (1000, 0),
            **dict.fromkeys(("ifHCInOctets", "ifHCOutOctets"), (10**9, 1000)),
            **dict.fromkeys(("ifHCInUcastPkts", "ifHCOutUcastPkts"), (10**6, 10)),
            **dict.fromkeys(("ifInErrors", "ifOutErrors"), (7, 0)),
            **dict.fromkeys(("ifInDiscards", "ifOutDiscards"), (7, 0)),
        },
    ),
    ("cpu", ",cpu=0", {"usage_percent": (20, 0)}),
    ("memory", ",pool=main", {"used_percent": (40, 0), "used_bytes": (4e9, 0)}),
    ("storage", ",storage=flash", {"used_percent": (50, 0), "used_bytes": (5e9, 0)}),
    ("temperature", ",sensor=board", {"celsius": (35, 0)}),
    ("supply", ",supply=black", {"used_percent": (30, 0), "level": (7000, 0)}),
    ("sensor", ",class=state,sensor=Fan\\ 1", {"status": (0, 0), "text": "ok"}),
    ("sensor", ",class=fanspeed,sensor=Fan\\ 1", {"value": (4200, 0)}),
    ("sensor", ",class=voltage,sensor=Input", {"value": (230, 0)}),
    ("sensor", ",class=humidity,sensor=Room", {"value": (45, 0)}),
    ("sensor", ",class=load,sensor=Output", {"value": (40, 0)}),
    ("sensor", ",class=charge,sensor=Battery", {"value": (100, 0)}),
    ("sensor", ",class=runtime,sensor=Battery", {"value": (120, 0)}),
    ("sensor", ",class=dbm,sensor=Gi1", {"value": (-5, 0)}),
)
_INTEGERS = ("if", "packets_", "result_code", "status")
# Who tells one of these tells the others: what is missing there is what rules are about.
_ALIVE = "life"
_LIFE = frozenset({"ping", "tcp", "system", "collector"})
# No case is told for longer by it: what lasts for days is told by the hour.
_MOST = 120


def beside(case: Case, samples: int, end: int) -> Iterator[str]:
    """Its points as line protocol, beside a case of that many samples up to `end` (s)."""
    spoken = set(_spoken(case))
    count = min(samples, _MOST)
    for name, tags, fields in _SERIES:
        group = _group(name, tags)
        left = {
            field: given
            for field, given in fields.items()
            if (group, field) not in spoken and (group not in spoken or isinstance(given, str))
        }
        for number in range(count if left else 0):
            ago = (count - 1 - number) * case.every
            told = (f"{field}={_value(field, given, ago)}" for field, given in left.items())
            yield f"{name},device={NAME}{tags} {','.join(told)} {end - ago}"


def _spoken(case: Case) -> Iterator[str | tuple[str, str]]:
    """What a case speaks of: signs of life as a whole, but for texts; else fields of a group."""
    for series in case.series:
        head, _, field = series.rpartition(" ")
        group = _group(*head.partition(",")[::2])
        yield group if group == _ALIVE else (group, field)


def _group(name: str, tags: str) -> str:
    """Signs of life together, a class of sensors, or a measurement."""
    if name in _LIFE:
        return _ALIVE
    classes = [one for one in tags.split(",") if one.startswith("class=")]
    return " ".join((name, *classes))


def _value(field: str, given: tuple[float, float] | str, ago: int) -> str:
    if isinstance(given, str):
        return f'"{given}"'
    value = given[0] - given[1] * ago
    return f"{int(value)}i" if field.startswith(_INTEGERS) else repr(float(value))
