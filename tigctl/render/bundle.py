"""Everything rendered for one tenant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from collectors.telegraf.model import Budget, Shard


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of InfluxDB; `retention` in seconds, at least 3,600."""

    name: str
    retention: int


@dataclass(frozen=True, slots=True)
class Token:
    """An authorization of InfluxDB, found again by its description.

    `read` and `write` name the buckets it may read or write, and nothing else.
    """

    description: str
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """A task of InfluxDB, found again by its name.

    `flux` is the whole script; its option `task` repeats name, `every` and `offset`.
    """

    name: str
    every: str
    offset: str
    flux: str


@dataclass(frozen=True, slots=True)
class InfluxState:
    """What InfluxDB must hold for a tenant."""

    organization: str
    buckets: tuple[Bucket, ...]
    tokens: tuple[Token, ...]
    tasks: tuple[Task, ...] = ()


@dataclass(frozen=True, slots=True)
class DataSource:
    """InfluxDB as a data source of Grafana, asked in Flux.

    `bucket` is asked where a query names none. The token is no part of it: whoever applies has
    it.
    """

    uid: str
    name: str
    url: str
    organization: str
    bucket: str


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of Grafana, at the top level."""

    uid: str
    title: str


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard of Grafana in the folder with the uid `folder`.

    `json` is its JSON model in the normal form of `tigctl.render.boards.normal`, as text; `file`
    is where it stands, as shown to people.
    """

    uid: str
    title: str
    folder: str
    json: str
    file: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class AlertRule:
    """An alert rule of Grafana in a folder; rules of a `group` are run together.

    `interval` in seconds is that of the group. `json` is the rule as Grafana's API takes it,
    without uid, folder and group, as text in normal form.
    """

    uid: str
    title: str
    folder: str
    group: str
    interval: int
    json: str


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """A way to reach people. `type` and `settings` (JSON) are Grafana's.

    `secret` is the key of the settings whose value is that of the environment variable
    `variable`; both are "" where nothing about it is secret.
    """

    name: str
    type: str
    settings: str
    secret: str = ""
    variable: str = ""


@dataclass(frozen=True, slots=True)
class Alerting:
    """What Grafana must hold so that people are called.

    `policy` is the tree of notification policies as JSON; "": whatever is there stays, for
    nobody is to be reached.
    """

    rules: tuple[AlertRule, ...] = ()
    contacts: tuple[ContactPoint, ...] = ()
    policy: str = ""


@dataclass(frozen=True, slots=True)
class GrafanaState:
    """What Grafana must hold for a tenant.

    `secrets` are keys that its own Secret holds, each with the environment variable that has the
    value. `files`: it has no volume, so it is built from files at each start and not through its
    API.
    """

    data_sources: tuple[DataSource, ...] = ()
    folders: tuple[Folder, ...] = ()
    boards: tuple[Board, ...] = ()
    alerting: Alerting = Alerting()
    secrets: tuple[tuple[str, str], ...] = ()
    files: bool = False

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that have to be set to carry this out."""
        contacts = (one.variable for one in self.alerting.contacts if one.variable)
        return tuple(dict.fromkeys((*contacts, *(variable for _, variable in self.secrets))))


@dataclass(frozen=True, slots=True)
class DeviceSummary:
    """What the bundle expects of one device; `status` and `verify` judge by it.

    `expects` names the measurements that should arrive (`ping`, `system`, `interface` …), `may`
    those that its profile gives under a condition only, which nobody misses.
    `silence` says why probing got no answer, empty where it did or was not done. `parent` is the
    device it hangs on, by the inventory or else by its neighbours: then `link` says which link.
    """

    name: str
    address: str
    profile: str
    site: str
    role: str
    snmp: bool
    icmp: bool
    probed: bool
    expects: tuple[str, ...]
    budget: Budget
    silence: str = ""
    parent: str = ""
    link: str = ""
    may: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """All of one tenant, ready for a target.

    `settings` are what its files say in effect (`spec.said`), for comparing with an earlier bundle.
    `kubernetes` holds its objects as plain data, in the order in which they are made; empty for
    a tenant of another target.
    """

    tenant: str
    telegraf: tuple[Shard, ...]
    influxdb: InfluxState
    devices: tuple[DeviceSummary, ...]
    notes: tuple[str, ...] = ()
    kubernetes: tuple[dict[str, Any], ...] = ()
    grafana: GrafanaState = GrafanaState()
    settings: dict[str, str] = field(default_factory=dict)
