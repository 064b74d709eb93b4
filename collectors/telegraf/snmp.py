"""One device's instances of inputs.snmp: the fast one and the slow one.

Numeric OIDs with a leading dot only, so that no MIB is read; each with the MIB's own name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from collectors.device import Device
from collectors.knowledge.model import Symbol
from collectors.login import Community, Login
from collectors.telegraf.budget import Pace
from collectors.telegraf.reading import SCALARS, Instance, Naming, Part
from collectors.telegraf.writer import Table, Toml, Value, Variable, dump


class SnmpWriter:
    """Writes instances; what many devices have in common is dumped once."""

    def __init__(self) -> None:
        self._shared: dict[tuple[Part, ...], tuple[Toml, ...]] = {}

    def instance(
        self,
        device: Device,
        login: Login,
        instance: Instance,
        pace: Pace,
        *,
        alias: str,
        offset_ms: int,
        tags: Mapping[str, str],
        condition: str = "",
    ) -> Toml:
        """One instance, complete. `tags` go to every raw point; empty ones are left out.

        `condition` says which raw points go on; empty: all.
        """
        return dump(
            Table(
                "inputs.snmp",
                {
                    "alias": alias,
                    "agents": [agent(device)],
                    "interval": f"{pace.interval}s",
                    "collection_offset": f"{offset_ms}ms",
                    "timeout": f"{pace.timeout_ms}ms",
                    "retries": pace.retries,
                    **_login(login),
                    "max_repetitions": pace.max_repetitions,
                    "path": [],
                    "agent_host_tag": "source",
                    "tagexclude": ["source"],
                    # A device that has stopped answering is not asked for all the rest.
                    "stop_on_error": True,
                    "name": SCALARS,
                    **({"metricpass": condition} if condition else {}),
                },
                children=(
                    *self._read(instance),
                    Table("inputs.snmp.tags", _known(tags), array=False),
                ),
            )
        )

    def _read(self, instance: Instance) -> tuple[Toml, ...]:
        key = tuple(read.part for read in instance.reads)
        if key not in self._shared:
            scalars = [
                _field("inputs.snmp.field", symbol, name=f"{read.part.raw_name}/{symbol.name}")
                for read in instance.scalars
                for symbol in read.part.symbols
            ]
            tables = [_table(read.part) for read in instance.tables]
            self._shared[key] = tuple(dump(table) for table in (*scalars, *tables))
        return self._shared[key]


def agent(device: Device) -> str:
    """The agent's address as Telegraf's URL."""
    host = f"[{device.address}]" if ":" in device.address else device.address
    return f"udp://{host}:{device.port}"


def _known(tags: Mapping[str, str]) -> dict[str, Value]:
    return {name: value for name, value in tags.items() if value}


def _login(login: Login) -> dict[str, Value]:
    if isinstance(login, Community):
        version = 1 if login.version == "1" else 2
        return {"version": version, "community": Variable(login.community.env)}
    values: dict[str, Value] = {
        "version": 3,
        "sec_name": login.user,
        "sec_level": login.level,
    }
    if login.context:
        values["context_name"] = login.context
    if login.auth and login.auth_password:
        values["auth_protocol"] = login.auth.value
        values["auth_password"] = Variable(login.auth_password.env)
    if login.privacy and login.privacy_password:
        values["priv_protocol"] = login.privacy.value
        values["priv_password"] = Variable(login.privacy_password.env)
    return values


def _table(part: Part) -> Table:
    columns = _native_columns(part) if part.native else _raw_columns(part)
    return Table(
        "inputs.snmp.table",
        {"name": part.raw_name, "index_as_tag": True},
        children=tuple(columns),
    )


_COLUMN = "inputs.snmp.table.field"


def _raw_columns(part: Part) -> Iterator[Table]:
    for symbol in part.symbols:
        yield _field(_COLUMN, symbol, name=symbol.name)


def _native_columns(part: Part) -> Iterator[Table]:
    named = {symbol.name: symbol for symbol in part.symbols}
    source = "ifDescr" if part.naming is Naming.DESCR else "ifName"
    if source in named:
        yield _field(_COLUMN, named[source], name="ifName", is_tag=True)
    if "ifAlias" in named:
        yield _field(_COLUMN, named["ifAlias"], name="ifAlias", is_tag=True)
    for field, symbol in part.columns.items():
        # A value of another type ends its column's walk instead of spoiling the bucket. A
        # Counter64 above 2^63 turns negative; its differences stay right.
        yield _field(_COLUMN, symbol, name=field, conversion="int")


def _field(path: str, symbol: Symbol, **values: Value) -> Table:
    oid = symbol.instance if path == "inputs.snmp.field" else symbol.oid
    return Table(path, {"oid": f".{oid}", **values})
