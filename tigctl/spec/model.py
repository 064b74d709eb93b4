"""The settings of fleet and tenants, with their defaults: the only place where these stand.

Each key says in the docstring below it what it means, its unit, its default and why; the JSON
Schemas take their descriptions from there. Durations are int seconds after reading, sizes int
bytes. Keys that concern the stack on Kubernetes only are in stack.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from collectors.discovery.model import DEFAULT_RATE, MOST_RATE
from collectors.telegraf.rule import InterfaceRule
from tigctl.spec.alerts import Alerts, Window
from tigctl.spec.credentials import Credential
from tigctl.spec.exposure import Exposure, GatewayReference, Pool
from tigctl.spec.fields import (
    Duration,
    Flag,
    Interval,
    Label,
    Name,
    Namespace,
    Network,
    Outage,
    Pattern,
    Retention,
    Section,
    SlowInterval,
    Whole,
    derived,
    setting,
)
from tigctl.spec.isolation import ClusterIsolation, Isolation
from tigctl.spec.login import GrafanaLogin
from tigctl.spec.stack import Images, Placement, Resources, Storage

LOCAL = "local"


def _half(data: Mapping[str, Any]) -> str:
    """Half of the interval; 30 s where the interval itself is at fault."""
    return f"{data.get('interval', 60) // 2}s"


class Polling(Section):
    """How often devices are asked."""

    interval: Interval = setting("60s")
    """Time between two polls of a device, 5s to 1d. Default 60s: a port's load is then seen
    before somebody calls, and a slow device still has time to answer. A device can have its
    own (column `interval`)."""

    slow_interval: SlowInterval = setting("6h")
    """Time between two polls of what hardly changes (names, serials, versions), at least
    `interval`. Default 6h: often enough for an inventory, at no cost."""

    jitter: Duration = derived(_half)
    """Time over which the devices' polls are spread, at most `interval`; 0s polls all at once.
    Default: half of `interval`, so that neither the network nor InfluxDB sees a burst and the
    first data of the last device does not take a whole interval."""


class Ping(Section):
    """How devices are pinged."""

    count: Annotated[Whole, Field(ge=1, le=20)] = 4
    """Echo requests per poll, four a second, 1 to 20. Default 4: loss shows in steps of 25 %."""

    method: Literal["auto", "native", "exec"] = "auto"
    """native: Telegraf sends itself, which needs the right to raw sockets; exec: the system's
    `ping` does. Default auto: the target finds out what works and keeps to it."""


class RetentionSettings(Section):
    """How long data is kept, by bucket; each at least 1h, the least InfluxDB accepts."""

    raw: Retention = setting("30d")
    """Points as polled. Default 30d: a month back in full detail."""

    m5: Retention = setting("180d", alias="5m")
    """Means and maxima over 5 minutes. Default 180d."""

    h1: Retention = setting("2y", alias="1h")
    """Means and maxima over an hour. Default 2y: last year's same month can be compared."""

    @property
    def buckets(self) -> tuple[tuple[str, int], ...]:
        """Bucket names with seconds of retention, finest first."""
        return (("raw", self.raw), ("5m", self.m5), ("1h", self.h1))


class Discovery(Section):
    """How networks are swept by `tigctl discover`."""

    exclude: tuple[Network, ...] = ()
    """CIDRs and addresses that no sweep touches. Default: none. What a device there is listed
    for is polled all the same."""

    rate: Annotated[Whole, Field(ge=1, le=MOST_RATE)] = DEFAULT_RATE
    """Packets a second, of pings and of SNMP each, 1 to 20000. Default 1000: a /22 takes
    seconds, and no router on the way notices."""


class Interfaces(Section):
    """Which interfaces give points, on devices that have thousands of them."""

    above: Annotated[Whole, Field(ge=0)] = 2_000
    """The rule holds for devices with more interfaces than this; 0: for all. Default 2000: big
    access nodes and tunnel routers only. Others are read all the same, for SNMP reads whole
    columns, but make no series and need no volume."""

    admin_down: Flag = False
    """Whether interfaces that are switched off (ifAdminStatus) give points there. Default false."""

    types: tuple[Annotated[Whole, Field(ge=1)], ...] = ()
    """Only these numbers of ifType (6 Ethernet, 161 aggregate …). Default: all."""

    without_types: tuple[Annotated[Whole, Field(ge=1)], ...] = ()
    """None of these numbers of ifType (24 loopback, 131 tunnel, 135 VLAN …). Default: none."""

    alias: Pattern = ""
    """Only where ifAlias fits this regular expression, as in ^(UPLINK|CUST). Default: all."""

    @property
    def rule(self) -> InterfaceRule:
        """As the collectors take it."""
        return InterfaceRule(
            self.above, self.admin_down, self.types, self.without_types, self.alias
        )


class Reserved(Section):
    """A key that takes nothing yet; it is known so that its name is not used otherwise."""


class TenantSettings(Section):
    """What can be set for a tenant, in `tenant.yaml`, in a class or for all in `fleet.yaml`."""

    target: Name = LOCAL
    """Where the tenant runs: a name in `targets` of fleet.yaml. Default local: this machine."""

    class_: str = setting("", alias="class")
    """Service class: a name in `classes` of fleet.yaml, whose keys lie between the fleet's and
    the tenant's own. Default: none."""

    namespace: Namespace = ""
    """Kubernetes namespace. Default tig-NAME; never shared by two tenants of one target."""

    networks: tuple[Network, ...] = ()
    """CIDRs that may be swept and polled: a device outside of them is a fault. Default: none,
    which allows every address in the inventory and no sweep."""

    discovery: Discovery = setting({})
    """How networks are swept by `tigctl discover`."""

    credentials: Mapping[Name, Credential] = setting({})
    """How to log in to devices, by name. A device without `credentials` uses the one named
    default, else tries all in order. One of the same name in a higher layer replaces the lower
    one as a whole."""

    polling: Polling = setting({})
    """How often devices are asked."""

    interfaces: Interfaces = setting({})
    """Which interfaces give points, on devices that have thousands of them."""

    ping: Ping = setting({})
    """How devices are pinged."""

    retention: RetentionSettings = setting({})
    """How long data is kept, by bucket."""

    outage: Outage = setting("15m")
    """How long InfluxDB may be away without a sample being lost, 5s to 7d: Telegraf's buffers
    are sized by it. Default 15m: a restart or a node's loss; more costs memory."""

    size: Literal["auto", "small", "medium", "large"] = "auto"
    """Size of InfluxDB: small, medium, large, or from the number of series (docs/sizing.md).
    Default auto. Telegraf follows from its devices in every size."""

    resources: Resources = setting({})
    """Processor and memory by component, where `size` does not fit."""

    storage: Storage = setting({})
    """Volumes."""

    exposure: Exposure = setting({})
    """Entrances."""

    isolation: Isolation = setting({})
    """Who may talk to the tenant's pods beyond what every stack needs."""

    login: GrafanaLogin = setting({})
    """Who may log in to Grafana."""

    placement: Placement = setting({})
    """Spread over failure domains."""

    alerts: Alerts = setting({})
    """Thresholds and routes of alerts."""

    maintenance: dict[Name, Window] = setting({})
    """Maintenance windows by name: times in which no alert speaks of the devices."""

    boards: Reserved = setting({})
    """Choice of boards. Takes no keys in this version."""

    recovery: Reserved = setting({})
    """Backups and behaviour at the loss of a node. Takes no keys in this version."""


class TargetSettings(Section):
    """A place where tenants run."""

    type: Literal["local", "kubernetes"]
    """local: processes of this machine; kubernetes: a cluster."""

    context: Label = ""
    """kubernetes: context of the kubeconfig. Default: its current context."""

    kubeconfig: str = ""
    """kubernetes: path of the kubeconfig. Default: KUBECONFIG, else ~/.kube/config."""

    gateway: GatewayReference = setting({})
    """kubernetes: the Gateway that entrances of type gateway are attached to."""

    ingress_class: Label = ""
    """kubernetes: class of entrances of type ingress. Default: the cluster's default class."""

    pool: Pool = setting({})
    """kubernetes: addresses for entrances of type loadbalancer."""

    isolation: ClusterIsolation = setting({})
    """kubernetes: where the parts of the cluster are that tenants' pods talk to."""

    @model_validator(mode="after")
    def _fits_type(self) -> TargetSettings:
        if self.type == "local" and (self.context or self.kubeconfig):
            raise ValueError("context and kubeconfig belong to type kubernetes; delete them")
        return self


class Fleet(TenantSettings):
    """What holds for all tenants: every tenant key as their default, and what only stands here."""

    defaults: TenantSettings = setting({})
    """Tenant keys, as they may stand at the top level too; not the same key at both."""

    targets: Mapping[Name, TargetSettings] = setting({})
    """Places where tenants run, by name. `local` (type local) is built in."""

    classes: Mapping[Name, TenantSettings] = setting({})
    """Service classes: name -> tenant keys. Order: built in, fleet, class, tenant."""

    images: Images = setting({})
    """Container images."""

    def target_named(self, name: str) -> TargetSettings | None:
        """A target by name, the built-in one included."""
        if name == LOCAL and name not in self.targets:
            return TargetSettings(type="local")
        return self.targets.get(name)
