"""The devices of one tenant, from devices.csv or devices.yaml.

What needs more than the file itself (credentials, networks, intervals) is judged in check.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from collectors.device import SNMP_PORT, Device
from tigctl.spec import document, row, table
from tigctl.spec.document import Document
from tigctl.spec.faults import Faults, nearest
from tigctl.spec.row import COLUMNS, SECRET_COLUMN, Row
from tigctl.spec.text import MEBIBYTE
from tigctl.spec.translate import details, say

LARGEST_FILE = 32 * MEBIBYTE

# Words of other tools, and the column they mean here.
_SYNONYMS = {
    **dict.fromkeys(
        ("ip", "ip_address", "ipaddress", "ipv4", "ipv6", "host", "mgmt_ip"), "address"
    ),
    **dict.fromkeys(("hostname", "host_name", "device", "device_name", "sysname"), "name"),
    **dict.fromkeys(("location", "branch"), "site"),
    **dict.fromkeys(("type", "category", "function"), "role"),
    **dict.fromkeys(("ping",), "icmp"),
    **dict.fromkeys(("labels", "label", "tag"), "tags"),
    **dict.fromkeys(("ports", "tcp_ports"), "tcp"),
    **dict.fromkeys(("credential", "login"), "credentials"),
}


@dataclass(frozen=True, slots=True)
class Inventory:
    """Devices with the line of each; `file` is the path to name in messages.

    `names` are all names that stand in the file, those of rows at fault included.
    """

    file: str
    devices: tuple[Device, ...] = ()
    lines: tuple[int, ...] = ()
    names: frozenset[str] = frozenset()


class _Gatherer:
    """Rows of one file to devices; what is at fault is reported and left out."""

    def __init__(self, file: str, faults: Faults, parsed: Document | None = None) -> None:
        self.file = file
        self.faults = faults
        self.parsed = parsed
        self.devices: list[Device] = []
        self.lines: list[int] = []
        self.names: dict[str, tuple[str, int]] = {}
        self.addresses: dict[tuple[str, int], tuple[str, int]] = {}

    def add(self, values: dict[str, object], line: int, path: document.Path = ()) -> None:
        """One row; `values` holds only what is written, an empty name or address included."""
        try:
            device = Row.model_validate(values).device()
        except ValidationError as error:
            self._explain(error, line, path)
            self._note_broken(values, line)
            return
        self.devices.append(device)
        self.lines.append(line)
        self._note_name(device.name, line)
        self._note_address(device.name, device.address, device.port, line)

    def inventory(self) -> Inventory:
        """What was gathered."""
        names = frozenset(name for name, _ in self.names.values())
        return Inventory(self.file, tuple(self.devices), tuple(self.lines), names)

    def _explain(self, error: ValidationError, line: int, path: document.Path) -> None:
        texts = self.parsed.texts if self.parsed else {}
        for detail in details(error, texts, path):
            key = str(detail.path[0])
            where = self.parsed.line((*path, key)) if self.parsed else line
            # `address '…' is not an IP address` reads better here than with a colon.
            unknown = detail.kind == "extra_forbidden"
            said = unknown_column(key) if unknown else f"{key} {say(detail)}"
            self.faults.add(self.file, where, said)

    def _note_broken(self, values: Mapping[str, object], line: int) -> None:
        """Lets a row with a fault take part in the search for twins, as far as it is sound."""
        name, port = values.get("name"), str(values.get("port", SNMP_PORT))
        if not isinstance(name, str) or not name:
            return
        self._note_name(name, line)
        try:
            address = row.address(values.get("address"))
        except ValueError:
            return
        if port.isascii() and port.isdigit():
            self._note_address(name, address, int(port), line)

    def _note_name(self, name: str, line: int) -> None:
        other, first = self.names.setdefault(name.lower(), (name, line))
        if first == line:
            return
        how = (
            f"stands in line {first} already"
            if other == name
            else f"differs only by case from {other!r} in line {first}"
        )
        self.faults.add(
            self.file,
            line,
            f"name {name!r} {how}; names end up in boards and alerts, give each its own",
        )

    def _note_address(self, name: str, address: str, port: int, line: int) -> None:
        other, first = self.addresses.setdefault((address, port), (name, line))
        if first != line:
            self.faults.add(
                self.file,
                line,
                f"address {address} with port {port} stands in line {first} already ({other}); "
                "delete one, or give them different ports if they are behind NAT",
            )


def from_csv(text: str, file: str, faults: Faults) -> Inventory:
    """The devices of a CSV file; a row at fault is left out and reported."""
    found = table.parse(text, file, COLUMNS, faults)
    if found is None:
        return Inventory(file)
    header = found.header.cells
    if not _check_header(header, found.header.line, file, faults):
        return Inventory(file)
    known = [(index, name) for index, name in enumerate(header) if name in COLUMNS]
    gatherer = _Gatherer(file, faults)
    for line in found.rows:
        cells = line.cells
        # An empty cell means the default, but for the two columns that have none.
        values: dict[str, object] = {"name": "", "address": ""}
        values.update((name, cells[index]) for index, name in known if cells[index])
        gatherer.add(values, line.line)
    return gatherer.inventory()


def from_yaml(text: str, file: str, faults: Faults) -> Inventory:
    """The devices of a YAML file: a list of mappings, by itself or under the key `devices`."""
    parsed = document.parse(text, file, faults)
    if parsed is None or parsed.data is None:
        return Inventory(file)
    items, path = _items(parsed, faults)
    gatherer = _Gatherer(file, faults, parsed)
    for index, item in enumerate(items):
        here = (*path, index)
        line = parsed.line(here)
        if not isinstance(item, dict):
            faults.add(file, line, "is no device; write name: … and address: … below each -")
            continue
        values: dict[str, object] = {"name": "", "address": ""}
        values.update((key, value) for key, value in item.items() if value is not None)
        gatherer.add(values, line, here)
    return gatherer.inventory()


def _items(parsed: Document, faults: Faults) -> tuple[list[document.Value], document.Path]:
    data = parsed.data
    path: document.Path = ()
    if isinstance(data, dict) and set(data) == {"devices"}:
        data, path = data["devices"], ("devices",)
        data = [] if data is None else data
    if isinstance(data, list):
        return data, path
    faults.add(parsed.file, 1, "is no list of devices; write - name: … and address: … for each")
    return [], ()


def _check_header(header: tuple[str, ...], line: int, file: str, faults: Faults) -> bool:
    """Reports what is wrong with the columns; False where no row can make sense."""
    if not {"name", "address"} & set(header) and not any(
        _SYNONYMS.get(name) in {"name", "address"} for name in header
    ):
        faults.add(
            file, line, "names no columns; begin the file with a line such as name,address,site"
        )
        return False
    for index, name in enumerate(header):
        if name in header[:index]:
            faults.add(file, line, f"column {name!r} stands there twice; keep one")
        elif name not in COLUMNS:
            faults.add(file, line, unknown_column(name))
    missing = [name for name in ("name", "address") if name not in header]
    for name in missing:
        if not any(_SYNONYMS.get(other) == name for other in header):
            faults.add(file, line, f"column {name!r} is missing; every device needs it")
    return not missing


def unknown_column(name: str) -> str:
    """The message about a column, or a key of a device in YAML, that is not known."""
    if SECRET_COLUMN.search(name):
        return (
            f"column {name!r}: secrets never stand in the inventory; delete the column, name the "
            "login under credentials in fleet.yaml or tenant.yaml (community: {env: NAME}), and "
            "write that name into the column credentials"
        )
    if not name:
        return "a column has no name; name it or delete it"
    near = _SYNONYMS.get(name) or nearest(name, COLUMNS)
    hint = f"did you mean {near!r}?" if near else f"known here: {', '.join(COLUMNS)}"
    return f"unknown column {name!r}; {hint}"
