"""Settings of the stack around the data: sizes, volumes, entrances, placement, images.

The local target reads none of these. They are checked all the same, so that a tenant can move to
Kubernetes as it is.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field

from tigctl.spec.fields import (
    Cpu,
    Flag,
    Image,
    Label,
    Section,
    Size,
    SizeOrNone,
    Whole,
    setting,
)
from tigctl.spec.ranges import pool_range

_HOST = r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*"
_LABEL_KEY = rf"({_HOST}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?"
_ZONE = "topology.kubernetes.io/zone"

# Of load balancers, by component: the web's own, and InfluxDB's own.
PUBLIC_PORTS = {"grafana": 80, "influxdb": 8086}

# Stands for the tenant's name in hosts and paths, so that one line of fleet.yaml serves all.
TENANT = "{tenant}"


def check_host(value: str) -> str:
    """The host name, empty or with {tenant} in it too. Raises ValueError for any other text."""
    if value and not re.fullmatch(_HOST, _named(value)):
        raise ValueError(f"{value!r} is no host name; write it in lower case, without a scheme")
    return value


def _path(value: str) -> str:
    if not re.fullmatch(r"/([A-Za-z0-9._~-]+/?)*", _named(value)):
        raise ValueError(f"{value!r} is no path; write / or something like /grafana")
    return value


def _named(value: str) -> str:
    """The text with some tenant's name in it."""
    named = value.replace(TENANT, "t")
    if found := re.search(r"\{[^{}]*\}", named):
        raise ValueError(f"{found[0]} is unknown; only {TENANT} is filled in")
    return named


def _node_label(value: str) -> str:
    if not re.fullmatch(_LABEL_KEY, value):
        raise ValueError(f"{value!r} is no node label; write one such as {_ZONE}")
    return value


def _registry(value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:-]*(/[A-Za-z0-9._-]+)*/?", value):
        raise ValueError(f"{value!r} is no prefix; write it as registry.example/mirror")
    return value


def _object_name(value: str) -> str:
    if value and not re.fullmatch(_HOST, value):
        raise ValueError(f"{value!r} is no name of an object in Kubernetes; write it in lower case")
    return value


def _address(value: str) -> str:
    if not value:
        return value
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise ValueError(f"{value!r} is not an IP address") from None


class Share(Section):
    """Processor and memory of one component; what is left out follows from `size`."""

    cpu: Cpu | None = None
    """Processor: 500m, 0.5 or 2. In thousandths after reading."""

    memory: Size | None = None
    """Memory: 512Mi, 2Gi. In bytes after reading."""


class Component(Section):
    """Requests and limits of one component, in the words of Kubernetes."""

    requests: Share = setting({})
    """What the component is sure to get; the scheduler counts it."""

    limits: Share = setting({})
    """What it may use at most. A processor limit slows Telegraf down: rather leave it out."""


class Resources(Section):
    """Processor and memory by component, where `size` does not fit."""

    telegraf: Component = setting({})
    """Each Telegraf process."""

    influxdb: Component = setting({})
    """InfluxDB."""

    grafana: Component = setting({})
    """Grafana."""


def _tag(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][-A-Za-z0-9_.]*", value):
        raise ValueError(f"{value!r} is no tag; use letters, digits, -, _ and .")
    return value


Tag = Annotated[str, AfterValidator(_tag)]


class Storage(Section):
    """Volumes. They grow but never shrink."""

    class_: Label = setting("", alias="class")
    """Storage class; default: the cluster's default class."""

    replicas: Annotated[Whole, Field(ge=1, le=10)] = 3
    """Copies of each volume that Longhorn keeps on different nodes. 3 survives the loss of one
    node without a pause in redundancy; fewer saves space. This and the next three keys make a
    storage class of their own, so they do not go with `class`; without any of them volumes are
    as their class says."""

    data_locality: Literal["", "disabled", "best-effort", "strict-local"] = ""
    """Whether Longhorn keeps a copy on the node whose pod uses the volume. strict-local reads
    and writes without the network, but only with one copy. Default: as Longhorn is set."""

    node_tags: tuple[Tag, ...] = ()
    """Longhorn's tags of the storage nodes that may hold copies. Default: any node."""

    disk_tags: tuple[Tag, ...] = ()
    """Longhorn's tags of the disks that may hold copies. Default: any disk."""

    influxdb: Size = setting("20Gi")
    """Volume of InfluxDB. Default 20Gi: it can grow, but never shrink, so it begins small."""

    grafana: SizeOrNone = setting("1Gi")
    """Volume for what people make in Grafana by hand; `none`: nothing of that is kept."""


# Keys of `storage` that a storage class of its own follows from.
LONGHORN_KEYS = ("data_locality", "disk_tags", "node_tags", "replicas")


class Tls(Section):
    """Where the certificate of an entrance comes from; none of these keys: no TLS."""

    issuer: Label = ""
    """ClusterIssuer of cert-manager that makes the certificate."""

    secret: Label = ""
    """Secret of type kubernetes.io/tls in the tenant's namespace that somebody else keeps."""

    outside: Flag = False
    """true: TLS ends before the tenant, with somebody else's certificate: at the Gateway's own
    listener, at the ingress controller's default certificate, at a proxy before it all. Grafana
    then writes links with https, and its cookie goes by https only. Default false."""

    @property
    def own(self) -> bool:
        """Whether the entrance has a certificate of its own."""
        return bool(self.issuer or self.secret)

    @property
    def used(self) -> bool:
        """Whether people come by https."""
        return self.own or self.outside


class Entrance(Section):
    """How people reach one component from outside of the cluster."""

    type: Literal["gateway", "ingress", "loadbalancer", "none"] = "none"
    """gateway (HTTPRoute), ingress, loadbalancer (an address of its own) or none."""

    host: Annotated[str, AfterValidator(check_host)] = ""
    """Host name; needed by gateway and ingress. {tenant} in it is the tenant's name, so that one
    line of fleet.yaml serves all tenants."""

    path: Annotated[str, AfterValidator(_path)] = "/"
    """Path under the host, so that several tenants can share one: /{tenant} gives each its own
    by its name. InfluxDB can have one at a gateway only, which takes it away from requests: its
    API works so, its pages do not."""

    address: Annotated[str, AfterValidator(_address)] = ""
    """Address of a loadbalancer; default: the next free one of the pool."""

    port: Annotated[Whole, Field(ge=1, le=65_535)] | None = None
    """Port of a loadbalancer that people connect to. Default 80 for Grafana, 8086 for InfluxDB."""

    shared: Flag = False
    """true: the `address` of a loadbalancer may be that of other entrances too, of any tenant,
    where all of them say so and each has its own port. The price: pods see a node's address in
    place of the client's. Default false."""

    tls: Tls = setting({})
    """Certificate."""


class GrafanaEntrance(Entrance):
    """How people reach Grafana."""

    type: Literal["gateway", "ingress", "loadbalancer", "none"] = "gateway"
    """gateway (HTTPRoute), ingress, loadbalancer (an address of its own) or none. Default:
    gateway, because Gateway API is what Kubernetes goes on with."""


class Exposure(Section):
    """Entrances of the tenant."""

    grafana: GrafanaEntrance = setting({})
    """Grafana's entrance."""

    influxdb: Entrance = setting({})
    """InfluxDB's entrance. Default none: Grafana and tigctl reach it inside."""

    def of(self, tenant: str) -> Self:
        """The entrances with the tenant's name filled in."""
        return self.model_copy(
            update={
                component: getattr(self, component).model_copy(update=filled)
                for component in ("grafana", "influxdb")
                if (filled := _filled(getattr(self, component), tenant))
            }
        )


def _filled(entrance: Entrance, tenant: str) -> dict[str, str]:
    written = {"host": entrance.host, "path": entrance.path}
    return {key: text.replace(TENANT, tenant) for key, text in written.items() if TENANT in text}


def _pool_part(value: str) -> str:
    try:
        pool_range(value)
    except ValueError:
        raise ValueError(
            f"{value!r} is no part of a pool; write 192.0.2.0/28 or 192.0.2.10-192.0.2.20"
        ) from None
    return value


PoolPart = Annotated[str, AfterValidator(_pool_part)]


class GatewayReference(Section):
    """The Gateway that entrances of type gateway are attached to."""

    name: Annotated[str, AfterValidator(_object_name)] = "public"
    """Its name. Default public; `tigctl doctor` says when there is none of this name."""

    namespace: Annotated[str, AfterValidator(_object_name)] = "gateways"
    """Its namespace, which has to allow routes from the tenants'. Default gateways."""

    section: Annotated[str, AfterValidator(_object_name)] = ""
    """Its listener. Default: any that fits the host name."""


class Pool(Section):
    """Addresses that entrances of type loadbalancer take, given out by MetalLB."""

    name: Annotated[str, AfterValidator(_object_name)] = ""
    """MetalLB's IPAddressPool. Default: any pool that gives out addresses by itself."""

    addresses: tuple[PoolPart, ...] = ()
    """What is in it: CIDRs and ranges. With it, `validate` says when the pool is used up and
    when a fixed address lies outside of it. Default: not known here."""


class Placement(Section):
    """How the tenant's pods spread over the cluster."""

    spread_by: Annotated[str, AfterValidator(_node_label)] = _ZONE
    """Node label of the failure domain, such as one for the physical host of virtual nodes; nodes
    without it count by host name."""

    required: Flag = False
    """true: InfluxDB and the Telegrafs rather wait than share a domain, which needs as many
    domains as they are, and one more to move to. Default false, because a cluster of one domain
    would then run nothing. Grafana, which holds no sample, never waits."""


class Images(Section):
    """Container images, pinned: the same plan gives the same programs tomorrow."""

    registry: Annotated[str, AfterValidator(_registry)] = ""
    """Prefix for all images, such as registry.example/mirror; default: as the names say."""

    pull_secret: Annotated[str, AfterValidator(_object_name)] = ""
    """Name of the Secret to pull with, which has to be in the tenant's namespace; default: none."""

    telegraf: Image = "telegraf:1.39.3"
    """Telegraf. The version the rendered configurations are tested with."""

    influxdb: Image = "influxdb:2.9.1"
    """InfluxDB 2. The tag `latest` means version 3, which speaks another language."""

    grafana: Image = "grafana/grafana:12.2.0"
    """Grafana."""
