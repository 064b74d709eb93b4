"""The variables of boards: site, role, device, interface."""

from __future__ import annotations

from tests.boards.model import SOURCE, Json


def variable(name: str, label: str, flux: str, *, multi: bool = True, says: str = "") -> Json:
    """A variable whose values are asked from the data."""
    chosen = {"selected": True, "text": ["All"], "value": ["$__all"]} if multi else {}
    return {
        "name": name,
        "label": label,
        "description": says,
        "type": "query",
        "datasource": SOURCE,
        "query": flux,
        "definition": flux,
        "refresh": 2,
        "regex": "",
        "sort": 7,
        "multi": multi,
        "includeAll": multi,
        **({"allValue": ".*"} if multi else {}),
        "hide": 0,
        "options": [],
        "current": chosen,
        "skipUrlSync": False,
    }


def _values(tag: str, condition: str) -> str:
    return (
        'import "influxdata/influxdb/schema"\n\n'
        f'schema.tagValues(bucket: "raw", tag: "{tag}", start: -7d, predicate: (r) => {condition})'
    )


_ANY = '(r._measurement == "ping" or r._measurement == "system")'
_SCOPED = f"{_ANY} and r.site =~ /^${{site:regex}}$/ and r.role =~ /^${{role:regex}}$/"

SITE = variable("site", "Site", _values("site", _ANY))
ONE_SITE = variable("site", "Site", _values("site", _ANY), multi=False)
ROLE = variable("role", "Role", _values("role", f"{_ANY} and r.site =~ /^${{site:regex}}$/"))
DEVICE = variable("device", "Device", _values("device", _SCOPED), multi=False)
ALL_DEVICES = variable("device", "Device", _values("device", _SCOPED))
INTERFACE = variable(
    "interface",
    "Interface",
    _values("ifName", 'r._measurement == "interface" and r.device == "${device}"'),
)
